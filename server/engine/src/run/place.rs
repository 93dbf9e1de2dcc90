//! Where a finding is: in the text that the agent read, then in the text that stands there now.
//!
//! A quote decides, then a symbol; a line number alone gives an approximate place. There is one exception: a linter
//! counts, it does not guess. When the configuration promises one of the linters' formats, the answer has it, and the
//! text that the tool read is known byte for byte, then its lines, columns and offsets are as good as a quote of that
//! text, and the place counts as exact.

use super::files::Source;
use super::fix;
use domain::anchor::Anchor;
use domain::answer::Format;
use domain::edit::TextEdit;
use domain::finding::{RawColumn, RawFinding, RawPlace};
use domain::locate::{Located, Locator, Tier};
use domain::sanitize;
use domain::text::{Position, Text, TextRange};

/// Longest symbol kept, in characters.
const MAX_SYMBOL: usize = 200;

/// A finding's place in the text that stands there now.
pub(super) struct Placed {
    pub(super) range: TextRange,
    pub(super) tier: Tier,
    pub(super) anchor: Anchor,
    pub(super) fix: Option<TextEdit>,
    /// A sentence about the place for the reader of the finding.
    pub(super) note: Option<String>,
    /// A sentence about what could not be taken over, for the report.
    pub(super) remark: Option<String>,
}

/// True for formats that programs write and models seldom do.
pub(super) fn is_tool_format(format: Format) -> bool {
    matches!(
        format,
        Format::Eslint
            | Format::Semgrep
            | Format::Sarif
            | Format::Rdjson
            | Format::Rdjsonl
            | Format::Checkstyle
    )
}

/// A file in which several findings are placed; what the searches share is prepared once.
pub(super) struct Views<'a> {
    pub(super) source: &'a Source,
    seen: Locator<'a>,
    now: Locator<'a>,
}

impl<'a> Views<'a> {
    pub(super) fn of(source: &'a Source) -> Self {
        Self {
            source,
            seen: Locator::new(source.seen()),
            now: Locator::new(&source.now),
        }
    }
    /// A place in the text that the agent saw.
    pub(super) fn find(&self, place: &RawPlace, message: &str, numbers_count: bool) -> Located {
        if numbers_count
            && place.quote.is_none()
            && let Some(range) = by_numbers(self.source.seen(), place)
        {
            return Located::At {
                range,
                tier: Tier::Exact,
            };
        }
        self.seen.locate(place, message)
    }
    /// The same place in the text that stands there now.
    pub(super) fn carry(&self, range: TextRange, tier: Tier) -> Option<(TextRange, Tier)> {
        match &self.source.read {
            None => Some((range, tier)),
            Some(read) => {
                let (here, found) = Anchor::of(read, range, None).find_with(&self.now)?;
                Some((here, tier.max(found)))
            }
        }
    }
}

/// Places a finding. `numbers_count`: the answer comes from a tool that counts.
///
/// # Errors
/// When the finding is about text that the user has changed since the agent read it.
pub(super) fn place(
    views: &Views<'_>,
    raw: &RawFinding,
    message: &str,
    numbers_count: bool,
) -> Result<Placed, String> {
    let Views { source, .. } = views;
    let numbers_count = numbers_count && source.known;
    let symbol = raw
        .place
        .symbol
        .as_deref()
        .map(|it| sanitize::line(it, MAX_SYMBOL));
    let symbol = symbol.filter(|it| !it.is_empty());
    match views.find(&raw.place, message, numbers_count) {
        Located::At { range, tier } if tier != Tier::File => {
            let (here, tier) = views
                .carry(range, tier)
                .ok_or("the open document no longer has the text that it is about")?;
            let fix = fix::make(views, raw, Found { range, tier }, message, numbers_count);
            let (fix, remark) = match fix {
                Ok(fix) => (fix, None),
                Err(reason) => (
                    None,
                    Some(format!("its replacement cannot be offered: {reason}")),
                ),
            };
            let anchor = Anchor::of(&source.now, here, symbol);
            Ok(Placed {
                range: here,
                tier,
                anchor,
                fix,
                note: None,
                remark,
            })
        }
        Located::Ambiguous { candidates, .. } => {
            let lines = candidates
                .iter()
                .map(|it| source.seen().line_of(it.start) + 1);
            Ok(whole_file(source, symbol, Some(several(lines))))
        }
        Located::At { .. } | Located::Nowhere => Ok(whole_file(source, symbol, None)),
    }
}

/// A place in the text that the agent read.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) range: TextRange,
    pub(super) tier: Tier,
}

fn whole_file(source: &Source, symbol: Option<String>, note: Option<String>) -> Placed {
    let range = TextRange::default();
    let anchor = Anchor::of(&source.now, range, symbol);
    Placed {
        range,
        tier: Tier::File,
        anchor,
        fix: None,
        note,
        remark: None,
    }
}

fn several(lines: impl Iterator<Item = usize>) -> String {
    let mut lines: Vec<String> = lines.map(|it| it.to_string()).collect();
    lines.dedup();
    match lines.pop() {
        Some(last) if lines.is_empty() => format!("It may be about several places in line {last}."),
        Some(last) => format!(
            "It may be about any of the lines {} and {last}.",
            lines.join(", ")
        ),
        None => "It may be about several places.".to_owned(),
    }
}

/// The place that lines, columns and offsets name exactly; `None` when they do not fit the text.
fn by_numbers(text: &Text, place: &RawPlace) -> Option<TextRange> {
    if place.maybe_zero_based {
        return None;
    }
    if let Some(offsets) = place.offsets {
        let offset = |units| text.offset_of_units(usize::try_from(units).ok()?, offsets.unit);
        let (start, end) = (offset(offsets.start)?, offset(offsets.end)?);
        return (start <= end).then_some(TextRange::new(start, end));
    }
    let start_line = place.start_line?.checked_sub(1)?;
    let end_line = place
        .end_line
        .map_or(Some(start_line), |it| it.checked_sub(1))?;
    let first = text.line_range(usize::try_from(start_line).ok()?)?;
    let last = text.line_range(usize::try_from(end_line).ok()?)?;
    let range = match (place.start_column, place.end_column) {
        (Some(start), Some(end)) => (
            column(text, start_line, start)?,
            column(text, end_line, end)?,
        ),
        // A start alone: the word that begins there.
        (Some(start), None) => {
            let start = column(text, start_line, start)?;
            (
                start,
                start + word_at(&text.slice(TextRange::new(start, first.end.max(start)))),
            )
        }
        (None, _) => {
            let content = text.line(usize::try_from(start_line).ok()?);
            (
                first.start + (content.len() - content.trim_start().len()),
                last.end,
            )
        }
    };
    (range.0 <= range.1).then_some(TextRange::new(range.0, range.1))
}

/// True when numbers name both ends to the character, as a replacement needs them.
pub(super) fn has_both_ends(place: &RawPlace) -> bool {
    place.offsets.is_some() || (place.start_column.is_some() && place.end_column.is_some())
}

/// The byte offset of a column; `None` past the end of its line.
fn column(text: &Text, line: u32, column: RawColumn) -> Option<usize> {
    let character = column.value.checked_sub(1)?;
    let offset = text.offset(Position { line, character }, column.unit);
    // Offsets are clamped to the line; one that was is none of this text.
    let exact = text.position(offset, column.unit) == Position { line, character };
    exact.then_some(offset)
}

/// Length in bytes of the identifier at the start of `text`, else of its first character.
fn word_at(text: &str) -> usize {
    let word = text
        .find(|it: char| !it.is_alphanumeric() && it != '_')
        .unwrap_or(text.len());
    if word > 0 {
        word
    } else {
        text.chars().next().map_or(0, char::len_utf8)
    }
}

#[cfg(test)]
mod tests;
