//! A text as lines, in the forms in which hunks are compared.

use crate::locate::{Tier, line_in_form};
use crate::text::{Text, TextRange};
use std::cell::OnceCell;
use std::collections::HashMap;

/// From the strictest comparison to the laxest that still allows an edit.
pub(super) const TIERS: [Tier; 5] = [
    Tier::Exact,
    Tier::TrailingSpace,
    Tier::Trimmed,
    Tier::Unicode,
    Tier::WhitespaceFree,
];

/// The lines of a text.
pub(super) struct Page<'t> {
    pub(super) text: &'t Text,
    /// The bytes of each line without its end. An empty last line, which is no line to people, is left out.
    ranges: Vec<TextRange>,
    forms: [OnceCell<Forms>; 5],
}

/// All lines in one form, and where each stands.
struct Forms {
    lines: Vec<String>,
    places: HashMap<String, Vec<usize>>,
}

impl<'t> Page<'t> {
    pub(super) fn new(text: &'t Text) -> Self {
        let mut ranges: Vec<TextRange> = (0..text.line_count())
            .filter_map(|line| text.line_range(line))
            .collect();
        if ranges.last().is_some_and(|last| last.is_empty()) {
            ranges.pop();
        }
        Self {
            text,
            ranges,
            forms: Default::default(),
        }
    }

    /// Number of lines.
    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The line (0-based) without its end.
    pub(super) fn line(&self, line: usize) -> &str {
        self.form(0).lines.get(line).map_or("", String::as_str)
    }

    /// The byte a line begins at; the end of the text for the line after the last.
    pub(super) fn start(&self, line: usize) -> usize {
        self.ranges.get(line).map_or(self.text.len(), |it| it.start)
    }

    /// The end of a line as it is in the file: of the last line with none, of the one before; `\n` in a file of one line.
    pub(super) fn line_end(&self, line: usize) -> String {
        let end_of = |line: usize| {
            let from = self.ranges.get(line)?.end;
            let end = self.text.slice(TextRange::new(from, self.start(line + 1)));
            (!end.is_empty()).then(|| end.to_string())
        };
        end_of(line)
            .or_else(|| end_of(line.checked_sub(1)?))
            .or_else(|| end_of(0))
            .unwrap_or_else(|| "\n".to_owned())
    }

    /// True when the last line has an end.
    pub(super) fn is_ended(&self) -> bool {
        self.ranges
            .last()
            .is_none_or(|last| last.end < self.text.len())
    }

    /// Where some lines stand, compared as strictly as possible.
    pub(super) fn find(&self, lines: &[&str]) -> Option<(Tier, Vec<usize>)> {
        TIERS.iter().enumerate().find_map(|(index, tier)| {
            let needle: Vec<String> = lines.iter().map(|line| line_in_form(*tier, line)).collect();
            let found = self.form(index).find(&needle);
            (!found.is_empty()).then_some((*tier, found))
        })
    }

    fn form(&self, index: usize) -> &Forms {
        self.forms[index].get_or_init(|| {
            let lines: Vec<String> = self
                .ranges
                .iter()
                .map(|range| line_in_form(TIERS[index], &self.text.slice(*range)))
                .collect();
            let mut places: HashMap<String, Vec<usize>> = HashMap::new();
            for (number, line) in lines.iter().enumerate() {
                places.entry(line.clone()).or_default().push(number);
            }
            Forms { lines, places }
        })
    }
}

impl Forms {
    fn find(&self, needle: &[String]) -> Vec<usize> {
        // The rarest line has the fewest places to look at.
        let rarest = needle
            .iter()
            .enumerate()
            .map(|(offset, line)| (self.places.get(line).map_or(0, Vec::len), offset, line))
            .min();
        let Some((_, offset, line)) = rarest else {
            return Vec::new();
        };
        let places = self.places.get(line).into_iter().flatten();
        let starts = places.filter_map(|place| place.checked_sub(offset));
        let is_there = |start: &usize| {
            self.lines
                .get(*start..*start + needle.len())
                .is_some_and(|lines| lines == needle)
        };
        starts.filter(is_there).collect()
    }
}
