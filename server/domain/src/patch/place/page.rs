//! A text as lines, in the forms in which hunks are compared.

use crate::diff::Lines;
use crate::locate::{Tier, line_in_form};
use crate::text::{Text, TextRange};
use rustc_hash::FxHashMap;
use std::cell::{Cell, OnceCell};

/// From the strictest comparison to the laxest that still allows an edit.
const TIERS: [Tier; 5] = [
    Tier::Exact,
    Tier::TrailingSpace,
    Tier::Trimmed,
    Tier::Unicode,
    Tier::WhitespaceFree,
];

/// Most lines compared to find the places of one answer's hunks in one text: real ones need a few thousand. Keeps hostile
/// ones from taking long; a hunk that comes after is refused.
pub(super) const MAX_COMPARED: usize = 20_000_000;
/// Most places looked at where some lines stand very often; with more, nothing decides between them.
pub(super) const MAX_PLACES: usize = 2000;

/// The lines of a text.
pub(super) struct Page<'t> {
    pub(super) text: &'t Text,
    whole: String,
    /// The bytes of each line without its end. An empty last line, which is no line to people, is left out.
    ranges: Vec<TextRange>,
    forms: [OnceCell<Form>; 5],
    /// For each line the one after the block that it begins, by indentation.
    blocks: OnceCell<Vec<usize>>,
    compared: Cell<usize>,
}

/// All lines in one form.
struct Form {
    /// The number of each line; equal lines have the same.
    lines: Vec<u32>,
    numbers: FxHashMap<String, u32>,
    /// Where the lines of each number stand.
    places: Vec<Vec<usize>>,
}

/// Where some lines stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// How strictly they are the same.
    pub(super) tier: Tier,
    /// The number of the first line, 0-based, for each place.
    pub(super) lines: Vec<usize>,
    /// There are more than [`MAX_PLACES`].
    pub(super) more: bool,
}

impl<'t> Page<'t> {
    /// The lines of a text; so many lines were compared before.
    pub(super) fn new(text: &'t Text, compared: usize) -> Self {
        let whole = text.to_string();
        let mut at = 0;
        let lines = Lines::of(&whole);
        let range = |line: &&str| {
            let start = at;
            at += line.len();
            let content = line.strip_suffix('\n').unwrap_or(line);
            let content = content.strip_suffix('\r').unwrap_or(content);
            TextRange::new(start, start + content.len())
        };
        let ranges: Vec<TextRange> = lines.all().iter().map(range).collect();
        Self {
            text,
            whole,
            compared: Cell::new(compared.saturating_add(ranges.len())),
            ranges,
            forms: Default::default(),
            blocks: OnceCell::new(),
        }
    }

    /// Number of lines.
    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The whole text.
    pub(super) fn whole(&self) -> &str {
        &self.whole
    }

    /// The line (0-based) without its end.
    pub(super) fn line(&self, line: usize) -> &str {
        let range = self.ranges.get(line).copied().unwrap_or_default();
        self.whole.get(range.as_range()).unwrap_or_default()
    }

    /// The byte a line begins at; the end of the text for the line after the last.
    pub(super) fn start(&self, line: usize) -> usize {
        self.ranges
            .get(line)
            .map_or(self.whole.len(), |it| it.start)
    }

    /// The end of a line as it is in the file: of the last line with none, of the one before; `\n` in a file of one line.
    pub(super) fn line_end(&self, line: usize) -> &str {
        let end_of = |line: usize| {
            let from = self.ranges.get(line)?.end;
            let end = self.whole.get(from..self.start(line + 1))?;
            (!end.is_empty()).then_some(end)
        };
        end_of(line)
            .or_else(|| end_of(line.checked_sub(1)?))
            .or_else(|| end_of(0))
            .unwrap_or("\n")
    }

    /// True when the last line has an end.
    pub(super) fn is_ended(&self) -> bool {
        self.ranges
            .last()
            .is_none_or(|last| last.end < self.whole.len())
    }

    /// True when a line stands somewhere, white space aside.
    pub(super) fn has(&self, line: &str) -> bool {
        let (last, tier) = (TIERS.len() - 1, TIERS[TIERS.len() - 1]);
        self.form(last)
            .numbers
            .contains_key(&line_in_form(tier, line))
    }

    /// The lines that are this one but for white space around it.
    pub(super) fn like(&self, line: &str) -> &[usize] {
        let form = self.form(2);
        let number = form.numbers.get(&line_in_form(TIERS[2], line));
        number
            .and_then(|it| form.places.get(*it as usize))
            .map_or(&[], Vec::as_slice)
    }

    /// Where some lines stand, compared as strictly as possible, and no laxer than told.
    pub(super) fn find(&self, lines: &[&str], laxest: Tier) -> Option<Standing> {
        let tiers = TIERS.iter().enumerate().filter(|it| *it.1 <= laxest);
        tiers.into_iter().find_map(|(index, tier)| {
            let (lines, more) = self.find_in(self.form(index), *tier, lines);
            (!lines.is_empty()).then_some(Standing {
                tier: *tier,
                lines,
                more,
            })
        })
    }

    /// The line after the block that a line begins, by its indentation.
    pub(super) fn block_end(&self, line: usize) -> usize {
        let ends = self.blocks.get_or_init(|| self.block_ends());
        ends.get(line).copied().unwrap_or(self.len())
    }

    /// Notes that so many lines were compared; false when that was too much.
    pub(super) fn spend(&self, lines: usize) -> bool {
        if !self.is_spent() {
            self.compared.set(self.compared.get().saturating_add(lines));
        }
        !self.is_spent()
    }

    /// True when so much was compared that the search was given up.
    pub(super) fn is_spent(&self) -> bool {
        self.compared.get() > MAX_COMPARED
    }

    /// How many lines were compared.
    pub(super) fn spent(&self) -> usize {
        self.compared.get()
    }

    fn find_in(&self, form: &Form, tier: Tier, lines: &[&str]) -> (Vec<usize>, bool) {
        if !self.spend(lines.len()) {
            return (Vec::new(), false);
        }
        let numbers = lines
            .iter()
            .map(|line| form.numbers.get(&line_in_form(tier, line)).copied());
        let Some(needle) = numbers.collect::<Option<Vec<u32>>>() else {
            return (Vec::new(), false);
        };
        // The rarest line has the fewest places to look at.
        let places = |number: u32| {
            form.places
                .get(number as usize)
                .map_or(&[][..], Vec::as_slice)
        };
        let rarest = needle
            .iter()
            .enumerate()
            .min_by_key(|(_, number)| places(**number).len());
        let Some((offset, number)) = rarest else {
            return (Vec::new(), false);
        };
        let places = places(*number);
        let direct = places.len().saturating_mul(needle.len());
        if !self.spend(direct.min(form.lines.len())) {
            return (Vec::new(), false);
        }
        let mut found = if direct <= form.lines.len() {
            let starts = places.iter().filter_map(|place| place.checked_sub(offset));
            let is_there = |start: &usize| {
                let there = form.lines.get(*start..*start + needle.len());
                there.is_some_and(|it| it == needle)
            };
            starts.filter(is_there).take(MAX_PLACES + 1).collect()
        } else {
            occurrences(&form.lines, &needle)
        };
        let more = found.len() > MAX_PLACES;
        found.truncate(MAX_PLACES);
        (found, more)
    }

    fn block_ends(&self) -> Vec<usize> {
        let mut ends = vec![self.len(); self.len()];
        // Lines further down that may end a block, the nearest last; none is indented more than the next.
        let mut enders: Vec<(usize, usize)> = Vec::new();
        for line in (0..self.len()).rev() {
            let text = self.line(line);
            let content = text.trim_start();
            let own = text.len() - content.len();
            let nearest = enders.partition_point(|it| it.0 <= own);
            ends[line] = enders[..nearest].last().map_or(self.len(), |it| it.1);
            let closes = content.starts_with(['}', ')', ']', '{']);
            if !content.is_empty() && !closes {
                enders.truncate(enders.partition_point(|it| it.0 < own));
                enders.push((own, line));
            }
        }
        ends
    }

    fn form(&self, index: usize) -> &Form {
        self.forms[index].get_or_init(|| {
            let mut form = Form {
                lines: Vec::with_capacity(self.len()),
                numbers: FxHashMap::default(),
                places: Vec::new(),
            };
            for line in 0..self.len() {
                let text = line_in_form(TIERS[index], self.line(line));
                let next = u32::try_from(form.places.len()).unwrap_or(u32::MAX);
                let number = *form.numbers.entry(text).or_insert(next);
                match form.places.get_mut(number as usize) {
                    Some(places) => places.push(line),
                    None => form.places.push(vec![line]),
                }
                form.lines.push(number);
            }
            form
        })
    }
}

/// Where a needle that is not empty stands, overlapping places too, at most one more than are looked at. In linear time
/// (Knuth, Morris and Pratt).
fn occurrences(lines: &[u32], needle: &[u32]) -> Vec<usize> {
    // For each beginning of the needle, how long the longest beginning is that it ends with.
    let mut borders = vec![0; needle.len()];
    let mut length = 0;
    for at in 1..needle.len() {
        while length > 0 && needle[at] != needle[length] {
            length = borders[length - 1];
        }
        if needle[at] == needle[length] {
            length += 1;
        }
        borders[at] = length;
    }
    let mut found = Vec::new();
    let mut length = 0;
    for (at, line) in lines.iter().enumerate() {
        while length > 0 && *line != needle[length] {
            length = borders[length - 1];
        }
        if *line == needle[length] {
            length += 1;
        }
        if length == needle.len() {
            found.push(at + 1 - length);
            length = borders[length - 1];
            if found.len() > MAX_PLACES {
                break;
            }
        }
    }
    found
}
