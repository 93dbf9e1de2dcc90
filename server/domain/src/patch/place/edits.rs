//! The edits that a placed hunk means. Only lines that change are touched; lines that come get the indentation and the
//! line ends of the file.

use super::super::{Line, LineHunk};
use super::indent::Indents;
use super::page::Page;
use super::search::At;
use crate::edit::TextEdit;
use crate::text::TextRange;

/// Blocks whose lines have a larger product than this are not compared line by line: all of one takes the place of all of
/// the other, which is as right.
const MAX_DIFFED: usize = 1_000_000;

/// The edits of a hunk whose old lines stand at a place.
pub(super) fn of_lines(page: &Page<'_>, hunk: &LineHunk, at: At) -> Vec<TextEdit> {
    let told = hunk.in_turn.then(|| refined(page, hunk));
    let hunk = told.as_ref().unwrap_or(hunk);
    let indents = Indents::of(page, hunk, at);
    let mut edits = Vec::new();
    let (mut line, mut run) = (at.line, Run::at(at.line));
    for (index, of_hunk) in hunk.lines.iter().enumerate() {
        match of_hunk {
            Line::Context(_) => {
                run.finish(page, &mut edits);
                line += 1;
                run = Run::at(line);
            }
            Line::Removed(_) => {
                line += 1;
                run.to = line;
            }
            Line::Added(text) => run.added.push(indents.fitted(index, text)),
        }
    }
    run.finish(page, &mut edits);
    if (hunk.old_is_cut || hunk.new_is_cut) && line == page.len() {
        end_as_told(page, !hunk.new_is_cut, &mut edits);
    }
    edits
}

/// A block of lines that takes the place of another one; what both share is context.
fn refined(page: &Page<'_>, hunk: &LineHunk) -> LineHunk {
    let (old, new): (Vec<&str>, Vec<&str>) = (hunk.old().collect(), hunk.result().collect());
    let product = old.len().saturating_mul(new.len());
    if product > MAX_DIFFED || !page.spend(product / 4) {
        return hunk.clone();
    }
    LineHunk {
        lines: LineHunk::replacing(&old, &new).lines,
        ..hunk.clone()
    }
}

/// Lines that go, and the lines that come in their place.
struct Run {
    from: usize,
    to: usize,
    added: Vec<String>,
}

impl Run {
    fn at(line: usize) -> Self {
        Self {
            from: line,
            to: line,
            added: Vec::new(),
        }
    }

    fn finish(self, page: &Page<'_>, edits: &mut Vec<TextEdit>) {
        let Self { from, to, added } = self;
        if from >= to && added.is_empty() {
            return;
        }
        let mut range = TextRange::new(page.start(from), page.start(to).max(page.start(from)));
        let end = page.line_end(from.min(page.len().saturating_sub(1)));
        let mut new_text: String = added.iter().flat_map(|line| [line.as_str(), end]).collect();
        if to == page.len() && !page.is_ended() {
            // The last line of the file has no end, and keeps none.
            if from == to {
                new_text.insert_str(0, end);
            }
            new_text.truncate(new_text.len().saturating_sub(end.len()));
            if added.is_empty() && from > 0 {
                // Its end goes with the lines after it.
                range.start = page.start(from) - page.line_end(from - 1).len();
            }
        }
        if page.text.slice(range) != new_text {
            edits.push(TextEdit { range, new_text });
        }
    }
}

/// Gives the last line of the file a line end, or takes it away, where a hunk that reaches there says so.
fn end_as_told(page: &Page<'_>, wants_end: bool, edits: &mut Vec<TextEdit>) {
    if wants_end == page.is_ended() {
        return;
    }
    let length = page.text.len();
    let last = page.len().saturating_sub(1);
    let at_end = edits.last_mut().filter(|it| it.range.end == length);
    match (at_end, wants_end) {
        (Some(edit), true) => edit.new_text.push_str(page.line_end(last)),
        (Some(edit), false) if !edit.new_text.is_empty() => {
            let shorter = without_end(&edit.new_text);
            edit.new_text.truncate(shorter);
        }
        (Some(edit), false) => {
            // The line before those that go is the last one now.
            let before = page.text.slice(TextRange::new(0, edit.range.start));
            edit.range.start = without_end(&before);
        }
        (None, true) => edits.push(TextEdit {
            range: TextRange::new(length, length),
            new_text: page.line_end(last).to_owned(),
        }),
        (None, false) => {
            let range = TextRange::new(page.start(last) + page.line(last).len(), length);
            let new_text = String::new();
            if !range.is_empty() {
                edits.push(TextEdit { range, new_text });
            }
        }
    }
}

/// Length of a text without its last line end.
fn without_end(text: &str) -> usize {
    let shorter = text.strip_suffix('\n').unwrap_or(text);
    shorter.strip_suffix('\r').unwrap_or(shorter).len()
}
