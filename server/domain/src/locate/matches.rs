//! Where a quote stands in a text, compared in one form.

use super::choose::{Edge, Hint, Match, WINDOW};
use super::form::Form;
use super::quote::Reading;
use super::source::Source;
use super::{MAX_CANDIDATES, MAX_MATCHES, Tier};
use crate::text::TextRange;
use std::ops::Range;

/// From the strictest comparison to the laxest: `None` is letter by letter.
pub(super) const STRICT_TO_LAX: [Option<Form>; 5] = [
    None,
    Some(Form::TrailingSpace),
    Some(Form::Trimmed),
    Some(Form::Unicode),
    Some(Form::WhitespaceFree),
];

/// The places where a quote stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) tier: Tier,
    pub(crate) matches: Vec<Match>,
    /// There are more than could be looked at, so that none of them is the only one.
    pub(crate) more: bool,
}

/// The places where one of the readings stands, compared as strictly as one of them allows.
pub(super) fn find(source: &Source, hint: &Hint, readings: &[Reading]) -> Option<Found> {
    for form in STRICT_TO_LAX {
        for reading in readings {
            let found = find_in_form(source, hint, reading, form);
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

fn find_in_form(
    source: &Source,
    hint: &Hint,
    reading: &Reading,
    form: Option<Form>,
) -> Option<Found> {
    let needle = form.map_or_else(|| reading.text.clone(), |form| form.quote(&reading.text));
    if needle.is_empty() {
        return None;
    }
    let hay = form.map_or(&source.whole, |form| &source.normal(form).text);
    let mut starts = occurrences(hay, &needle, 0..hay.len());
    let mut more = starts.len() >= most(needle.len());
    if more && let Some((first, last)) = hint.window(source, WINDOW) {
        // Only matches near the hint can be chosen; look at all of those.
        let lines = source.lines_range(first, last);
        let region = form.map_or(lines.as_range(), |form| source.normal(form).region(lines));
        let near = occurrences(hay, &needle, region);
        if !near.is_empty() {
            more = near.len() >= most(needle.len());
            starts = near;
        }
    }
    let matches: Vec<Match> = starts
        .into_iter()
        .map(|start| {
            let end = start + needle.len();
            let range = form.map_or(TextRange::new(start, end), |form| {
                source.original(form, start, end)
            });
            let edge = Edge::of(&source.whole, range);
            Match { range, edge }
        })
        .filter(|it| form.is_none() || it.edge > Edge::Inside)
        .filter(|it| !reading.whole_lines || covers_whole_lines(source, it.range))
        .collect();
    let tier = form.map_or(Tier::Exact, Form::tier);
    (!matches.is_empty()).then_some(Found {
        tier,
        matches,
        more,
    })
}

/// Most bytes of matches looked at: what repeats itself has many long matches that overlap.
const MAX_MATCHED: usize = 4 * 1024 * 1024;

/// At most how many places of a quote of `len` bytes are looked at.
fn most(len: usize) -> usize {
    (MAX_MATCHED / len.max(1)).clamp(MAX_CANDIDATES, MAX_MATCHES)
}

/// The offsets of `needle` in a part of `hay`, overlapping ones too, at most as many as are looked at.
pub(super) fn occurrences(hay: &str, needle: &str, within: Range<usize>) -> Vec<usize> {
    let most = most(needle.len());
    let mut found = Vec::new();
    let mut from = within.start;
    let step = needle.chars().next().map_or(1, char::len_utf8);
    while found.len() < most
        && let Some(part) = hay.get(from..within.end)
        && let Some(offset) = part.find(needle)
    {
        found.push(from + offset);
        from += offset + step;
    }
    found
}

fn covers_whole_lines(source: &Source, range: TextRange) -> bool {
    let (first, last) = (source.line_of(range.start), source.line_of(range.end));
    let lines = source.lines_range(first, last);
    let outside = [lines.start..range.start, range.end..lines.end];
    outside.into_iter().all(|part| {
        source
            .whole
            .get(part)
            .is_none_or(|text| text.trim().is_empty())
    })
}
