//! The indentation of lines that come, where the hunk is indented otherwise than the file.

use super::super::{Line, LineHunk};
use super::page::Page;
use super::search::At;
use crate::locate::Tier;
use rustc_hash::FxHashMap;

/// How a hunk and the file differ in indentation.
#[derive(Default)]
pub(super) struct Indents {
    /// For each old line that is not blank, in order. Empty where lines that come are right as they are.
    pairs: Vec<Pair>,
    /// For each indentation in the hunk, which of the pairs have it.
    alike: FxHashMap<String, Vec<usize>>,
    /// Blanks that stand for one tab, where the hunk has blanks and the file has tabs.
    blanks_for_tab: Option<usize>,
    /// The same the other way round.
    blanks_of_tab: Option<usize>,
}

/// One old line.
struct Pair {
    /// Its index in the hunk.
    index: usize,
    is_context: bool,
    hunk: String,
    file: String,
}

impl Indents {
    pub(super) fn of(page: &Page<'_>, hunk: &LineHunk, at: At) -> Self {
        if at.tier <= Tier::TrailingSpace {
            return Self::default();
        }
        let mut pairs = Vec::new();
        let mut line = at.line;
        for (index, of_hunk) in hunk.lines.iter().enumerate() {
            let Some(text) = of_hunk.old() else {
                continue;
            };
            if !text.trim().is_empty() {
                pairs.push(Pair {
                    index,
                    is_context: matches!(of_hunk, Line::Context(_)),
                    hunk: indent(text).to_owned(),
                    file: indent(page.line(line)).to_owned(),
                });
            }
            line += 1;
        }
        let is_same = pairs.iter().all(|it| it.hunk == it.file);
        if is_same || (!hunk.in_turn && lost_marks(&pairs)) {
            return Self::default();
        }
        pairs.retain(|it| it.hunk.chars().all(|c| matches!(c, ' ' | '\t')));
        let mut alike: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (number, pair) in pairs.iter().enumerate() {
            alike.entry(pair.hunk.clone()).or_default().push(number);
        }
        let only = |text: &str, c| !text.is_empty() && text.chars().all(|it| it == c);
        let width = |blanks: &str, tabs: &str| {
            (only(blanks, ' ') && only(tabs, '\t') && blanks.len().is_multiple_of(tabs.len()))
                .then(|| blanks.len() / tabs.len())
        };
        Self {
            blanks_for_tab: pairs.iter().find_map(|it| width(&it.hunk, &it.file)),
            blanks_of_tab: pairs.iter().find_map(|it| width(&it.file, &it.hunk)),
            pairs,
            alike,
        }
    }

    /// A line that comes, as the file would have it. `index` is its place in the hunk.
    pub(super) fn fitted(&self, index: usize, line: &str) -> String {
        let own = indent(line);
        let rest = &line[own.len()..];
        if rest.is_empty() || self.pairs.is_empty() {
            return line.to_owned();
        }
        // A line as deep as this one says how deep it is in the file.
        let alike = self.alike.get(own).map_or(&[][..], Vec::as_slice);
        let place = alike.partition_point(|it| self.pairs[*it].index < index);
        let numbers = alike[place.saturating_sub(1)..].iter().take(2);
        if let Some(pair) = nearest(numbers.map(|it| &self.pairs[*it]), index) {
            return format!("{}{rest}", pair.file);
        }
        let place = self.pairs.partition_point(|it| it.index < index);
        let near = self.pairs[place.saturating_sub(1)..].iter().take(2);
        let Some(Pair { hunk, file, .. }) = nearest(near, index) else {
            return line.to_owned();
        };
        if let Some(deeper) = own.strip_prefix(hunk.as_str()) {
            let deeper = self.converted(deeper, hunk, file);
            return format!("{file}{deeper}{rest}");
        }
        let shallower = hunk.strip_prefix(own).and_then(|missing| {
            let missing = self.converted(missing, hunk, file);
            file.strip_suffix(missing.as_str())
        });
        format!("{}{rest}", shallower.unwrap_or(own))
    }

    /// More indentation, in the file's way of writing it.
    fn converted(&self, deeper: &str, hunk: &str, file: &str) -> String {
        let uses_tabs = file.contains('\t') || (file.is_empty() && self.blanks_for_tab.is_some());
        if let Some(blanks) = self.blanks_for_tab.filter(|_| uses_tabs)
            && !hunk.contains('\t')
        {
            return deeper.replace(&" ".repeat(blanks), "\t");
        }
        if let Some(blanks) = self.blanks_of_tab.filter(|_| !file.contains('\t')) {
            return deeper.replace('\t', &" ".repeat(blanks));
        }
        deeper.to_owned()
    }
}

/// True when lines that stay have lost the blank that marks them in a diff, and the others have their marks: then what
/// comes is indented as in the file.
fn lost_marks(pairs: &[Pair]) -> bool {
    let is_short = |it: &Pair| it.file.strip_prefix(' ') == Some(it.hunk.as_str());
    pairs.iter().any(|it| it.is_context && is_short(it))
        && pairs
            .iter()
            .all(|it| it.hunk == it.file || (it.is_context && is_short(it)))
}

fn nearest<'p>(pairs: impl Iterator<Item = &'p Pair>, index: usize) -> Option<&'p Pair> {
    pairs.min_by_key(|it| it.index.abs_diff(index))
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}
