//! Cutting files into pieces that fit into one prompt.

use super::code::{line_count, numbered_lens};
use super::{File, Input};
use crate::scope::LineRange;
use agents::spec::Reads;
use domain::text::Text;
use std::ops::Range;

/// Lines shown around a changed one.
const CONTEXT: usize = 20;
/// A file of so many lines is shown whole.
const SMALL: usize = 200;
/// Lines of the part before that are shown again.
const OVERLAP: usize = 20;
/// Lines in which a blank one is looked for to cut at.
const CUT_SEARCH: usize = 60;
/// Bytes of headings around a piece.
const HEADINGS: usize = 400;
/// Bytes that name one range of lines.
const RANGE: usize = 24;

/// A file, or a part of one, in one prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Index of the file.
    pub(super) file: usize,
    /// The lines shown, 0-based, sorted and apart.
    pub(super) shown: Vec<Range<usize>>,
    /// The lines to report on; `None` for all.
    pub(super) ranges: Option<Vec<LineRange>>,
    /// Which part it is and of how many, both from 1; `None` for an undivided file.
    pub(super) part: Option<(usize, usize)>,
    /// Most bytes of its diff that are shown.
    pub(super) diff_limit: usize,
    /// Bytes it takes of a prompt, at most.
    pub(super) bytes: usize,
}

/// The pieces of a file, each at most `budget` bytes of the prompt where that can be.
pub(super) fn of(input: &Input<'_>, index: usize, file: &File<'_>, budget: usize) -> Vec<Piece> {
    let target = file.target;
    let shown = shown(&file.text, target.ranges.as_deref());
    let diff = file
        .diff
        .filter(|_| target.ranges.is_some())
        .map_or(0, str::len);
    let ranges = target.ranges.as_ref().map_or(0, Vec::len);
    let heading = HEADINGS + file.path().len() + ranges * RANGE;
    let whole = |bytes: usize, diff_limit: usize| Piece {
        file: index,
        shown: shown.clone(),
        ranges: target.ranges.clone(),
        part: None,
        diff_limit,
        bytes: bytes + heading,
    };
    if !input.needs_prompt {
        let sent = if input.reads == Reads::Text {
            file.text.len()
        } else {
            0
        };
        return vec![whole(sent, diff)];
    }
    let budget = budget.saturating_sub(heading);
    if input.reads == Reads::Disk {
        let diff_limit = diff.min(budget);
        return vec![whole(diff_limit, diff_limit)];
    }
    let lens = numbered_lens(&file.text);
    let code: usize = shown.iter().flat_map(|it| &lens[it.clone()]).sum();
    if code + diff <= budget {
        return vec![whole(code + diff, diff)];
    }
    let diff_limit = diff.min(budget / 2);
    let parts = split(
        &file.text,
        &lens,
        &shown,
        target.ranges.as_deref(),
        budget - diff_limit,
    );
    if parts.is_empty() {
        // The ranges are on no line that can be shown, such as the empty one after the last line end.
        return vec![Piece {
            shown: Vec::new(),
            ..whole(diff_limit, diff_limit)
        }];
    }
    let place = |part: Piece| Piece {
        file: index,
        diff_limit,
        bytes: part.bytes + diff_limit + heading,
        ..part
    };
    parts.into_iter().map(place).collect()
}

/// The lines to show for `ranges`: all of a small file, else those around the ranges.
fn shown(text: &Text, ranges: Option<&[LineRange]>) -> Vec<Range<usize>> {
    let count = line_count(text);
    let Some(ranges) = ranges.filter(|_| count > SMALL) else {
        return vec![Range {
            start: 0,
            end: count,
        }];
    };
    let mut spans: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        let start = (range.start_line as usize)
            .saturating_sub(1 + CONTEXT)
            .min(count);
        let end = (range.end_line as usize + CONTEXT).min(count);
        match spans.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => spans.push(start..end),
        }
    }
    spans
}

/// Cuts lines into parts of at most `room` bytes, at blank lines where that is possible. Every line to report on
/// is in exactly one part's ranges.
fn split(
    text: &Text,
    lens: &[usize],
    shown: &[Range<usize>],
    ranges: Option<&[LineRange]>,
    room: usize,
) -> Vec<Piece> {
    let lines: Vec<usize> = shown.iter().cloned().flatten().collect();
    let cost = |line: &usize| lens[*line];
    let mut parts: Vec<Piece> = Vec::new();
    let mut start = 0;
    while start < lines.len() {
        let before = overlap(&lines, start, |it| cost(it), room / 4);
        let mut bytes: usize = lines[before..start].iter().map(cost).sum();
        let mut end = start;
        while end < lines.len() && (end == start || bytes + cost(&lines[end]) <= room) {
            bytes += cost(&lines[end]);
            end += 1;
        }
        if end < lines.len() {
            end = cut_at_blank(text, &lines, start, end);
        }
        let own = &lines[start..end];
        let own_ranges = intersect(own, ranges);
        if !own_ranges.is_empty() {
            parts.push(Piece {
                file: 0,
                shown: spans(&lines[before..end]),
                ranges: Some(own_ranges),
                part: None,
                diff_limit: 0,
                bytes,
            });
        }
        start = end;
    }
    let count = parts.len();
    for (index, part) in parts.iter_mut().enumerate() {
        part.part = Some((index + 1, count));
    }
    parts
}

/// Index of the first line shown again before `start`.
fn overlap(lines: &[usize], start: usize, cost: impl Fn(&usize) -> usize, room: usize) -> usize {
    let (mut before, mut bytes) = (start, 0);
    while before > 0 && start - before < OVERLAP {
        bytes += cost(&lines[before - 1]);
        if bytes > room {
            break;
        }
        before -= 1;
    }
    before
}

/// The end of a part: after the last blank line near `end`, or `end`.
fn cut_at_blank(text: &Text, lines: &[usize], start: usize, end: usize) -> usize {
    let first = end
        .saturating_sub(CUT_SEARCH)
        .max(start + (end - start) / 2)
        .max(start + 1);
    (first..=end)
        .rev()
        .find(|it| text.line(lines[it - 1]).trim().is_empty())
        .unwrap_or(end)
}

/// Sorted lines as spans.
fn spans(lines: &[usize]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for &line in lines {
        match spans.last_mut() {
            Some(last) if last.end == line => last.end += 1,
            _ => spans.push(line..line + 1),
        }
    }
    spans
}

/// The part of `ranges` (of everything when `None`) that is in `lines`.
fn intersect(lines: &[usize], ranges: Option<&[LineRange]>) -> Vec<LineRange> {
    let number = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    let mut found = Vec::new();
    for span in spans(lines) {
        let (first, last) = (number(span.start + 1), number(span.end));
        match ranges {
            None => found.push(LineRange {
                start_line: first,
                end_line: last,
            }),
            Some(ranges) => found.extend(ranges.iter().filter_map(|it| {
                let (start_line, end_line) = (it.start_line.max(first), it.end_line.min(last));
                (start_line <= end_line).then_some(LineRange {
                    start_line,
                    end_line,
                })
            })),
        }
    }
    found
}

impl Piece {
    /// The hunks of its file's diff that touch it; all of them for an undivided file.
    pub(super) fn diff_of(&self, diff: &str) -> String {
        let Some(ranges) = self.ranges.as_deref().filter(|_| self.part.is_some()) else {
            return diff.to_owned();
        };
        let kept = hunks_in(diff, ranges);
        kept.into_iter().filter_map(|it| diff.get(it)).collect()
    }
}

/// The bytes of a file's diff that are its head and the hunks that touch `lines`, in order.
pub(crate) fn hunks_in(diff: &str, lines: &[LineRange]) -> Vec<Range<usize>> {
    let mut kept: Vec<Range<usize>> = Vec::new();
    let (mut at, mut keep) = (0, true);
    for line in diff.split_inclusive('\n') {
        if line.starts_with("@@ ") {
            keep = new_lines(line).is_none_or(|(first, last)| {
                lines
                    .iter()
                    .any(|it| it.start_line <= last && first <= it.end_line)
            });
        }
        let end = at + line.len();
        match kept.last_mut() {
            Some(last) if keep && last.end == at => last.end = end,
            _ if keep => kept.push(at..end),
            _ => {}
        }
        at = end;
    }
    kept
}

/// First and last line of the new side in `@@ -a,b +c,d @@`.
fn new_lines(header: &str) -> Option<(u32, u32)> {
    let side = header.split(' ').find_map(|it| it.strip_prefix('+'))?;
    let (start, count) = side.split_once(',').unwrap_or((side, "1"));
    let (start, count): (u32, u32) = (start.parse().ok()?, count.trim().parse().ok()?);
    Some((start, start.saturating_add(count.saturating_sub(1))))
}
