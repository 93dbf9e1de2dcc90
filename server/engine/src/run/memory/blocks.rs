//! Where a file falls apart into hunks, and what encloses a hunk, told by indentation and blank lines alone: so it holds for
//! any language, and an edit moves no border but those of the block that it is in.

use std::borrow::Cow;
use std::ops::Range;

/// A file of at most so many lines is one hunk.
const SMALL: usize = 60;
/// A block of more lines is cut at the blank lines inside.
const LARGE: usize = 100;
/// Most hunks of one file; one that would have more is a single hunk.
const MAX_HUNKS: usize = 2000;
/// Longest block around a hunk, in lines, of which all text counts; of larger ones the first line does.
const MAX_BLOCK: usize = 100;
/// Most lines that count on each side where nothing encloses a hunk; a blank line ends them, one at its edge, too.
const MAX_NEIGHBOURS: usize = 20;
/// Most enclosing blocks of which the first line counts.
const MAX_DEPTH: usize = 8;
/// Columns to the next tab stop.
const TAB: usize = 4;

/// The lines of a text, with their indentation.
pub(super) struct Lines<'a> {
    lines: Vec<Cow<'a, str>>,
    /// Columns before the first character; `None` for a blank line.
    indents: Vec<Option<usize>>,
}

/// What is around a hunk. Lines are 0-based.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Surroundings {
    /// The first lines of the blocks around it, the outermost first, at most [`MAX_DEPTH`] of the innermost.
    pub(super) heads: Vec<usize>,
    /// The largest block around it that is not too large; the lines next to it where there is none.
    pub(super) block: Range<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(lines: impl Iterator<Item = Cow<'a, str>>) -> Self {
        let mut lines: Vec<Cow<'a, str>> = lines.collect();
        // The empty line after the last line end is none.
        if lines.len() > 1 && lines.last().is_some_and(|it| it.is_empty()) {
            lines.pop();
        }
        let indents = lines.iter().map(|it| indent(it)).collect();
        Self { lines, indents }
    }
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }
    pub(super) fn get(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", |it| it)
    }
    /// The hunks of a whole file: every line is in exactly one.
    pub(super) fn hunks(&self) -> Vec<Range<usize>> {
        let all = 0..self.len();
        let mut hunks = Vec::new();
        if self.len() <= SMALL {
            return vec![all];
        }
        self.split(all.clone(), &mut hunks);
        if hunks.len() > MAX_HUNKS {
            return vec![all];
        }
        hunks
    }
    /// Cuts where a line follows a blank one, at the least indentation that there is.
    fn split(&self, block: Range<usize>, hunks: &mut Vec<Range<usize>>) {
        let begins = |at: usize| match (self.indents[at - 1], self.indents[at]) {
            (None, Some(indent)) => Some(indent),
            _ => None,
        };
        let inner = block.start + 1..block.end;
        let Some(least) = inner.clone().filter_map(begins).min() else {
            return hunks.push(block);
        };
        let cuts = inner.filter(|at| begins(*at) == Some(least));
        let mut start = block.start;
        for cut in cuts.chain([block.end]) {
            let part = start..cut;
            if part.len() > LARGE && part != block {
                self.split(part, hunks);
            } else {
                hunks.push(part);
            }
            start = cut;
        }
    }
    /// What is around a hunk.
    pub(super) fn around(&self, hunk: &Range<usize>) -> Surroundings {
        let own = self.indents.get(hunk.clone()).unwrap_or_default();
        let mut indent = own.iter().flatten().min().copied();
        let mut block = hunk.clone();
        let mut heads = Vec::new();
        let mut grows = true;
        let mut above = hunk.start;
        while let Some(inner) = indent.filter(|it| *it > 0)
            && let Some(head) = self.head(above, inner)
        {
            heads.push(head);
            above = head;
            indent = self.indents[head];
            let outer = head..self.end(hunk.end, indent.unwrap_or_default());
            grows = grows && outer.len() <= MAX_BLOCK;
            if grows {
                block = outer;
            }
        }
        heads.truncate(MAX_DEPTH);
        heads.reverse();
        if block == *hunk {
            block = self.neighbours(hunk);
        }
        Surroundings { heads, block }
    }
    /// The line that names a hunk: its first one that is no attribute and no comment, else its first one.
    pub(super) fn name(&self, hunk: &Range<usize>) -> &str {
        const OTHERS: &[&str] = &["#[", "@", "//", "/*", "*", "\"\"\"", "--", "}", ")", "]"];
        let mut lines = hunk
            .clone()
            .map(|it| self.get(it).trim())
            .filter(|it| !it.is_empty());
        let named = lines
            .clone()
            .find(|line| !OTHERS.iter().any(|it| line.starts_with(it)));
        named.or_else(|| lines.next()).unwrap_or_default()
    }
    /// The nearest line above that is indented less.
    fn head(&self, above: usize, indent: usize) -> Option<usize> {
        let is_head = |line: &usize| self.indents[*line].is_some_and(|it| it < indent);
        (0..above.min(self.len())).rev().find(is_head)
    }
    /// The end of a block with this indentation, its closing line among it.
    fn end(&self, below: usize, indent: usize) -> usize {
        let is_out = |line: &usize| self.indents[*line].is_some_and(|it| it <= indent);
        let Some(end) = (below..self.len()).find(is_out) else {
            return self.len();
        };
        let line = self.get(end).trim_start();
        let closes =
            line.starts_with(['}', ')', ']']) || line.starts_with("end") || line.starts_with("</");
        if closes { end + 1 } else { end }
    }
    fn neighbours(&self, hunk: &Range<usize>) -> Range<usize> {
        let is_blank = |line: &usize| self.indents.get(*line).is_none_or(Option::is_none);
        let (mut start, mut end) = (hunk.start, hunk.end);
        let is_open = |edge: usize| hunk.contains(&edge) && !is_blank(&edge);
        if hunk.is_empty() || is_open(hunk.start) {
            let first = hunk.start.saturating_sub(MAX_NEIGHBOURS);
            let above = (first..hunk.start).rev().find(is_blank);
            start = above.map_or(first, |it| it + 1);
        }
        if hunk.is_empty() || is_open(hunk.end - 1) {
            let last = hunk.end.saturating_add(MAX_NEIGHBOURS).min(self.len());
            end = (hunk.end..last).find(is_blank).unwrap_or(last.max(end));
        }
        start..end
    }
}

fn indent(line: &str) -> Option<usize> {
    let mut column = 0;
    for it in line.chars() {
        match it {
            '\t' => column += TAB - column % TAB,
            it if it.is_whitespace() => column += 1,
            _ => return Some(column),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Lines<'_> {
        Lines::new(text.split('\n').map(Cow::Borrowed))
    }

    /// Functions of a few lines, each with a blank line after it.
    fn functions(count: usize) -> String {
        (0..count)
            .map(|it| format!("fn f{it}() {{\n    let a = {it};\n\n    a;\n}}\n\n"))
            .collect()
    }

    #[test]
    fn a_small_file_is_one_hunk_and_a_larger_one_falls_apart_between_its_blocks() {
        let text = functions(10);
        let small = lines(&text).hunks();
        assert_eq!((small.len(), small[0].clone()), (1, 0..60));
        let text = functions(20);
        let hunks = lines(&text).hunks();
        let expected: Vec<_> = (0..20).map(|it| it * 6..it * 6 + 6).collect();
        assert_eq!(hunks, expected);
    }

    #[test]
    fn a_large_block_falls_apart_inside() {
        let method =
            |it: usize| format!("    void f{it}() {{\n        int a;\n\n        a++;\n    }}\n\n");
        let text: String = (0..30).map(method).collect();
        let text = format!("package p;\n\nclass A {{\n\n{text}}}\n");
        let hunks = lines(&text).hunks();
        assert_eq!(hunks.len(), 33, "{hunks:?}");
        assert_eq!(hunks[3], 10..16);
    }

    #[test]
    fn an_edit_leaves_the_other_hunks_as_they_are() {
        let before = functions(30);
        let after = before.replacen("let a = 7;", "let a = 7;\n\n    let b = 8;", 1);
        let texts = |text: &str| -> Vec<String> {
            let lines = lines(text);
            let hunks = lines.hunks().into_iter();
            hunks
                .map(|it| it.map(|line| lines.get(line).to_owned()).collect())
                .collect()
        };
        let (before, after) = (texts(&before), texts(&after));
        let same = after.iter().filter(|it| before.contains(it)).count();
        assert_eq!((before.len(), after.len(), same), (30, 30, 29));
    }

    #[test]
    fn the_block_around_a_hunk_and_the_heads_of_larger_ones() {
        let body: String = (0..120).map(|it| format!("        {it};\n")).collect();
        let text = format!(
            "mod a {{\n    fn first() {{\n        one();\n        two();\n    }}\n    fn second() {{\n{body}    }}\n}}\n"
        );
        let lines = lines(&text);
        let around = lines.around(&(3..4));
        assert_eq!((around.heads, around.block), (vec![0, 1], 1..5));
        let around = lines.around(&(10..11));
        // The whole function is too much; the lines next to the hunk count.
        assert_eq!((around.heads, around.block), (vec![0, 5], 0..31));
    }

    proptest! {
        #[test]
        fn every_line_is_in_exactly_one_hunk(
            text in prop::collection::vec(prop_oneof![Just(""), Just("a"), Just("    b"), Just("\tc"), Just("}")], 0..400),
            at in 0_usize..400, len in 0_usize..9,
        ) {
            let text = text.join("\n");
            let lines = lines(&text);
            let mut end = 0;
            for hunk in lines.hunks() {
                prop_assert_eq!(hunk.start, end);
                prop_assert!(hunk.start <= hunk.end);
                end = hunk.end;
            }
            prop_assert_eq!(end, lines.len());
            let start = at.min(lines.len());
            let hunk = start..(start + len).min(lines.len());
            let around = lines.around(&hunk);
            prop_assert!(around.block.start <= hunk.start && hunk.end <= around.block.end);
            prop_assert!(around.block.end <= lines.len());
            lines.name(&hunk);
        }
    }
}
