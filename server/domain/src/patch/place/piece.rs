//! The edits of pieces of text: what is told letter by letter, and places in the words of a finding.

use super::super::{LineHunk, Piece};
use super::page::{MAX_PLACES, Page};
use super::search::{At, GIVEN_UP};
use super::{edits, whole};
use crate::edit::TextEdit;
use crate::finding::{RawColumn, RawPlace};
use crate::locate::{Located, Locator, Tier};
use crate::text::{Encoding, Position, Text, TextRange};

/// Less of the text than this in common means that the numbers are wrong, in percent.
const LEAST_COMMON: usize = 40;
/// How many lines above and below the told ones are held against the text that comes: agents miscount by a few.
const NEIGHBOURS: usize = 3;
/// Fewest letters and digits of a piece inside of lines.
const LEAST_LETTERS: usize = 3;

/// The edits of a piece that stands there letter by letter, line ends aside.
///
/// # Errors
/// Why it has no place, or several.
pub(super) fn of_piece(page: &Page<'_>, piece: &Piece) -> Result<Vec<TextEdit>, String> {
    let (places, length, more) = occurrences(page, &piece.old);
    let edit = |start: &usize| edit_at(page, TextRange::new(*start, start + length), &piece.new);
    if piece.all && !more && !places.is_empty() {
        let mut end = 0;
        let apart = places.iter().filter(|start| {
            let is_apart = end <= **start;
            if is_apart {
                end = *start + length;
            }
            is_apart
        });
        return Ok(apart.filter_map(edit).collect());
    }
    let nearest = || {
        let told = piece.line.filter(|_| !more)?.saturating_sub(1);
        let line = |start: &usize| page.text.line_of(*start);
        let mut near: Vec<(usize, usize)> = places
            .iter()
            .map(|it| (line(it).abs_diff(told), *it))
            .collect();
        near.sort_unstable();
        match near[..] {
            [(0, first), (next, _), ..] if next > 0 => Some(first),
            _ => None,
        }
    };
    match places.as_slice() {
        [] if page.is_spent() => Err(GIVEN_UP.to_owned()),
        [] => Err("its text is not in the file".to_owned()),
        [one] if !more => Ok(edit(one).into_iter().collect()),
        several => match nearest() {
            Some(one) => Ok(edit(&one).into_iter().collect()),
            None => Err(format!(
                "its text stands in {}{} places and nothing says which one is meant",
                if more { "more than " } else { "" },
                several.len()
            )),
        },
    }
}

/// A piece as lines, to be compared less strictly.
pub(super) fn as_lines(piece: &Piece) -> Option<LineHunk> {
    let is_blank = piece.old.trim().is_empty();
    let hunk = LineHunk {
        line: piece.line,
        in_turn: true,
        ..LineHunk::swapping(piece.old.lines(), piece.new.lines())
    };
    (!is_blank && !piece.all).then_some(hunk)
}

/// A hunk whose old lines may be a piece of a line, or begin and end inside of lines.
pub(super) fn inside_lines(hunk: &LineHunk) -> Option<Piece> {
    let joined = |lines: Vec<&str>| lines.join("\n");
    let old = joined(hunk.old().collect());
    let letters = old.chars().filter(|c| c.is_alphanumeric());
    let has_words = letters.take(LEAST_LETTERS).count() == LEAST_LETTERS;
    (has_words && hunk.line.is_none() && hunk.anchors.is_empty()).then(|| Piece {
        old,
        new: joined(hunk.result().collect()),
        line: None,
        all: false,
    })
}

/// Where a text stands, how long it is there, and whether there are more places than were looked at.
fn occurrences(page: &Page<'_>, text: &str) -> (Vec<usize>, usize, bool) {
    let as_told = occurrences_of(page, text);
    if !as_told.0.is_empty() || !text.contains('\n') || !page.whole().contains("\r\n") {
        return (as_told.0, text.len(), as_told.1);
    }
    let other = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let (places, more) = occurrences_of(page, &other);
    (places, other.len(), more)
}

/// Overlapping places are among them: of two, neither is the only one.
fn occurrences_of(page: &Page<'_>, text: &str) -> (Vec<usize>, bool) {
    let whole = page.whole();
    // So many bytes are searched in the time that a line is compared.
    let Some(first) = text.chars().next().filter(|_| page.spend(whole.len() / 16)) else {
        return (Vec::new(), false);
    };
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = whole.get(from..).and_then(|it| it.find(text)) {
        if found.len() == MAX_PLACES {
            return (found, true);
        }
        found.push(from + at);
        from += at + first.len_utf8();
    }
    (found, false)
}

/// The edit that puts text in a place, with the file's line ends; `None` when it stands there already.
fn edit_at(page: &Page<'_>, range: TextRange, new_text: &str) -> Option<TextEdit> {
    let end = page.line_end(
        page.text
            .line_of(range.start)
            .min(page.len().saturating_sub(1)),
    );
    let mut new_text = new_text.replace("\r\n", "\n");
    if end != "\n" {
        new_text = new_text.replace('\n', end);
    }
    (page.text.slice(range) != new_text).then_some(TextEdit { range, new_text })
}

/// The edit of a place in the words of a finding.
///
/// # Errors
/// Why it is doubtful.
pub(super) fn of_place(
    page: &Page<'_>,
    locator: &Locator<'_>,
    place: &RawPlace,
    new_text: &str,
    counted: bool,
) -> Result<Vec<TextEdit>, String> {
    let quote = place.quote.as_deref().filter(|it| !it.trim().is_empty());
    if let Some(quote) = quote {
        return of_quote(page, locator, place, quote, new_text);
    }
    if counted && let Some(range) = exact(page.text, place) {
        let range = range.ok_or("its place is not in the text that was sent")?;
        return Ok(edit_at(page, range, new_text).into_iter().collect());
    }
    of_numbers(page, place, new_text)
}

fn of_quote(
    page: &Page<'_>,
    locator: &Locator<'_>,
    place: &RawPlace,
    quote: &str,
    new_text: &str,
) -> Result<Vec<TextEdit>, String> {
    if !page.spend(page.whole().len() / 8) {
        return Err(
            "the search for its place was given up: too much had to be compared".to_owned(),
        );
    }
    let (range, tier) = match locator.locate(place, "") {
        Located::At { range, tier } if tier.allows_edit() => (range, tier),
        Located::Ambiguous { candidates, .. } => {
            return Err(format!(
                "its text stands in {} places and nothing says which one is meant",
                candidates.len()
            ));
        }
        Located::At { .. } | Located::Nowhere => {
            return Err("its text is not in the file".to_owned());
        }
    };
    if tier == Tier::Exact {
        // The quote is found without blank lines around it.
        let ends = page.text.slice(range).ends_with('\n');
        let new_text = match new_text.strip_suffix('\n') {
            Some(shorter) if !ends => shorter,
            _ => new_text,
        };
        return Ok(edit_at(page, range, new_text).into_iter().collect());
    }
    // Not letter by letter what stands there: as lines.
    let line = page.text.line_of(range.start);
    let hunk = LineHunk {
        in_turn: true,
        ..LineHunk::swapping(lines(quote), lines(new_text))
    };
    let quoted: Vec<&str> = lines(quote).collect();
    match page.find(&quoted, Tier::WhitespaceFree) {
        Some(found) if found.lines.contains(&line) => {
            let tier = found.tier;
            Ok(edits::of_lines(page, &hunk, At { line, tier }))
        }
        _ => Err("its text is not in the file as it was quoted".to_owned()),
    }
}

/// Lines that only their numbers name are taken where they are clearly those that are meant.
fn of_numbers(page: &Page<'_>, place: &RawPlace, new_text: &str) -> Result<Vec<TextEdit>, String> {
    let (first, last) = named_lines(place).ok_or("it does not say which lines it is for")?;
    if last >= page.len() {
        return Err("the file has no lines with its numbers".to_owned());
    }
    let likeness = |first: usize, last: usize| {
        let range = TextRange::new(page.start(first), page.start(last + 1));
        whole::likeness(&page.text.slice(range), new_text)
    };
    let Some(common) = likeness(first, last) else {
        return Err("only line numbers say what it is for, which proves nothing".to_owned());
    };
    if common < LEAST_COMMON {
        return Err("it has nothing in common with the lines whose numbers it gives".to_owned());
    }
    let mut others = (1..=NEIGHBOURS).flat_map(|by| {
        let above = first.checked_sub(by).map(|it| (it, last - by));
        let below = (last + by < page.len()).then_some((first + by, last + by));
        [above, below].into_iter().flatten()
    });
    if others.any(|(first, last)| likeness(first, last).is_some_and(|it| it > common)) {
        return Err(
            "lines beside those whose numbers it gives have more in common with it".to_owned(),
        );
    }
    let old = (first..=last).map(|line| page.line(line));
    let hunk = LineHunk {
        in_turn: true,
        ..LineHunk::swapping(old, lines(new_text))
    };
    let (line, tier) = (first, Tier::Exact);
    Ok(edits::of_lines(page, &hunk, At { line, tier }))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim_matches(['\n', '\r']).lines()
}

/// The lines whose numbers a place gives, 0-based, both inclusive.
fn named_lines(place: &RawPlace) -> Option<(usize, usize)> {
    let first = place.start_line?.checked_sub(1)? as usize;
    let last = place
        .end_line
        .map_or(first, |line| (line as usize).saturating_sub(1));
    Some((first, last.max(first)))
}

/// The place that columns or offsets name; `Some(None)` when there is no such place in the text.
fn exact(text: &Text, place: &RawPlace) -> Option<Option<TextRange>> {
    let between = |start: Option<usize>, end: Option<usize>| {
        let (start, end) = (start?, end?);
        (start <= end).then(|| TextRange::new(start, end))
    };
    if let Some(offsets) = place.offsets {
        let byte = |units: u64| text.offset_of_units(usize::try_from(units).ok()?, offsets.unit);
        return Some(between(byte(offsets.start), byte(offsets.end)));
    }
    if place.start_column.is_none() && place.end_column.is_none() {
        return None;
    }
    let (first, last) = named_lines(place)?;
    let start = place.start_column.map_or_else(
        || text.line_range(first).map(|it| it.start),
        |column| at_column(text, first, column),
    );
    let end = place.end_column.map_or_else(
        || text.line_range(last).map(|it| it.end),
        |column| at_column(text, last, column),
    );
    Some(between(start, end))
}

/// The byte at a column, if the line has that column and no character spans it.
fn at_column(text: &Text, line: usize, column: RawColumn) -> Option<usize> {
    let character = column.value.checked_sub(1)?;
    if line == text.line_count() && character == 0 {
        return Some(text.len());
    }
    let line = u32::try_from(line).ok()?;
    let position = Position { line, character };
    let unit: Encoding = column.unit;
    let offset = text.offset(position, unit);
    ((line as usize) < text.line_count() && text.position(offset, unit) == position)
        .then_some(offset)
}
