//! Places that are known only by numbers: lines, columns, offsets, and names in the message.

use super::choose::{Edge, Hint, column_offset, told_lines};
use super::symbol::has_word;
use crate::finding::RawPlace;
use crate::text::{Text, TextRange};

/// How far from the hinted line a line that holds the message's names may be.
const REACH: usize = 10;
/// Most lines of a place that is known by line numbers only; a longer one keeps its first lines.
const MAX_LINES: usize = 10;
/// Most bytes of a message that are searched for names, and most names used.
const MAX_MESSAGE: usize = 16 * 1024;
const MAX_NAMES: usize = 32;

/// The place by columns or offsets.
pub(super) fn by_columns(text: &Text, place: &RawPlace, message: &str) -> Option<TextRange> {
    let told = columns(text, place);
    if !place.maybe_zero_based {
        return told.or_else(|| offsets(text, place));
    }
    let names = names(message);
    let score = |range: TextRange| count(&names, &text.line(text.line_of(range.start)));
    let shifted = one_less(place).and_then(|place| columns(text, &place));
    match (told, shifted) {
        (Some(told), Some(shifted)) if score(shifted) > score(told) => Some(shifted),
        (None, shifted) => shifted.or_else(|| offsets(text, place)),
        (told, _) => told,
    }
}

fn columns(text: &Text, place: &RawPlace) -> Option<TextRange> {
    let (first, last) = told_lines(place)?;
    let start = column_offset(text, first, place.start_column?)?;
    let end = match place.end_column {
        Some(column) => column_offset(text, last, column),
        None if last > first => text.line_range(last).map(|line| line.end),
        None => None,
    };
    Some(not_empty(text, start, end.unwrap_or(start)))
}

fn offsets(text: &Text, place: &RawPlace) -> Option<TextRange> {
    let offsets = place.offsets?;
    let byte = |units: u64| text.offset_of_units(usize::try_from(units).ok()?, offsets.unit);
    let start = byte(offsets.start)?;
    Some(not_empty(text, start, byte(offsets.end).unwrap_or(start)))
}

/// The place as if all its numbers were one too high.
fn one_less(place: &RawPlace) -> Option<RawPlace> {
    let less = |line: Option<u32>| line.map(|line| line.saturating_sub(1));
    let mut place = place.clone();
    place.start_line = Some(place.start_line?.checked_sub(1)?);
    place.end_line = less(place.end_line);
    for column in [&mut place.start_column, &mut place.end_column]
        .into_iter()
        .flatten()
    {
        column.value = column.value.saturating_sub(1);
    }
    Some(place)
}

/// A range that shows: where nothing is between `start` and `end`, the word or character at `start`.
fn not_empty(text: &Text, start: usize, end: usize) -> TextRange {
    if end > start {
        return TextRange::new(start, end);
    }
    let Some(line) = text.line_range(text.line_of(start)) else {
        return TextRange::new(start, start);
    };
    let content = text.slice(line);
    let at = start.saturating_sub(line.start).min(content.len());
    let edge = |offset: usize| Edge::of(&content, TextRange::new(offset, offset));
    let next = |offset: usize| content.ceil_char_boundary((offset + 1).min(content.len()));
    let mut from = at;
    while from > 0 && edge(from) < Edge::Word {
        from = content.floor_char_boundary(from - 1);
    }
    let mut to = next(at);
    while to < content.len() && edge(to) < Edge::Word {
        to = next(to);
    }
    let range = TextRange::new(line.start + from, line.start + to);
    if text.slice(range).trim().is_empty() {
        TextRange::new(start, start)
    } else {
        range
    }
}

/// The place by line numbers. Names in the message choose among the lines near the hint.
pub(super) fn by_line(text: &Text, hint: &Hint, message: &str) -> Option<TextRange> {
    let (first, last) = hint.lines?;
    let names = names(message);
    if first >= text.line_count() {
        return None;
    }
    let last = last.min(text.line_count() - 1);
    let to = last
        .min(first + MAX_LINES)
        .saturating_add(REACH)
        .min(text.line_count() - 1);
    let scored: Vec<(usize, usize)> = (first.saturating_sub(REACH)..=to)
        .map(|line| (line, count(&names, &text.line(line))))
        .collect();
    let best = scored.iter().map(|it| it.1).max().filter(|best| *best > 0);
    let told = || trimmed(text, first, last.min(first + MAX_LINES - 1));
    let Some(best) = best else {
        return Some(told());
    };
    let distance = |line: usize| hint.distance(line).unwrap_or(usize::MAX);
    let holding = || scored.iter().filter(|it| it.1 == best).map(|it| it.0);
    if holding().any(|line| (first..=last).contains(&line)) {
        let short = last - first < MAX_LINES;
        let line = holding()
            .find(|line| (first..=last).contains(line))
            .unwrap_or(first);
        return Some(if short {
            told()
        } else {
            trimmed(text, line, line)
        });
    }
    let nearest = holding().map(distance).min()?;
    let mut nearest = holding().filter(|line| distance(*line) == nearest);
    match (nearest.next(), nearest.next()) {
        (Some(line), None) => Some(trimmed(text, line, line)),
        _ => Some(told()),
    }
}

/// From the first to the last line, without the white space at both ends.
fn trimmed(text: &Text, first: usize, last: usize) -> TextRange {
    let (Some(head), Some(tail)) = (text.line_range(first), text.line_range(last)) else {
        return TextRange::default();
    };
    let lines = text.slice(TextRange::new(head.start, tail.end));
    let content = lines.trim();
    let indent = lines.len() - lines.trim_start().len();
    let start = head.start + if content.is_empty() { 0 } else { indent };
    TextRange::new(start, start + content.len())
}

/// The names in backticks, each once.
fn names(message: &str) -> Vec<&str> {
    let message = &message[..message.floor_char_boundary(MAX_MESSAGE)];
    let mut names = Vec::new();
    for code in message
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| !code.contains('\n'))
    {
        for word in code.split(|c: char| !super::choose::is_word(c)) {
            let name = word.starts_with(|c: char| !c.is_numeric()) && word.chars().nth(1).is_some();
            if name && !names.contains(&word) && names.len() < MAX_NAMES {
                names.push(word);
            }
        }
    }
    names
}

/// How many of the names stand in a line as words.
fn count(names: &[&str], line: &str) -> usize {
    names.iter().filter(|name| has_word(line, name)).count()
}
