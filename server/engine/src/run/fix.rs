//! Ready fixes: an agent's replacement as an edit, only where it certainly fits.

use super::files::Source;
use super::place::{Found, carry, find, has_both_ends};
use domain::edit::TextEdit;
use domain::finding::RawFinding;
use domain::locate::Located;
use domain::text::{Text, TextRange};
use std::borrow::Cow;

/// Longest replacement offered, in bytes.
const MAX_REPLACEMENT: usize = 64 * 1024;

/// The edit that a finding's replacement means. `place` is the finding's own place in the text that the agent read.
///
/// # Errors
/// Why there is a replacement that cannot be offered.
pub(super) fn make(
    source: &Source,
    raw: &RawFinding,
    place: Found,
    message: &str,
    numbers_count: bool,
) -> Result<Option<TextEdit>, &'static str> {
    let Some(replacement) = &raw.replacement else {
        return Ok(None);
    };
    if replacement.len() > MAX_REPLACEMENT {
        return Err("it is too long");
    }
    let read = source.read.as_ref().unwrap_or(&source.now);
    let (said, found) = match &raw.replacement_place {
        None => (&raw.place, place),
        Some(said) => match find(read, said, message, numbers_count) {
            Located::At { range, tier } => (said, Found { range, tier }),
            Located::Ambiguous { .. } | Located::Nowhere => return Err("its place was not found"),
        },
    };
    if !found.tier.allows_edit() {
        return Err("its place is not certain");
    }
    let old = read.slice(found.range);
    let new = match &said.quote {
        Some(quote) => {
            fitted(read, found, &old, quote, replacement).ok_or("it is for a text that differs")?
        }
        None if numbers_count && has_both_ends(said) => Cow::Borrowed(replacement.as_str()),
        None => return Err("its place is not exact to the character"),
    };
    if new == old {
        return Ok(None);
    }
    if has_hidden(&new, &old) {
        return Err("it has invisible characters");
    }
    let (range, _) = carry(source, found.range, found.tier)
        .filter(|(range, tier)| tier.allows_edit() && source.now.slice(*range) == old)
        .ok_or("the open document no longer has its text")?;
    let new_text = new.into_owned();
    Ok(Some(TextEdit { range, new_text }))
}

/// The replacement in the form of the text it replaces: its indentation and its line ends. `None` when the quote was
/// read so loosely that it is unclear what the replacement stands for.
fn fitted<'a>(
    text: &Text,
    found: Found,
    old: &str,
    quote: &str,
    replacement: &'a str,
) -> Option<Cow<'a, str>> {
    let mut new = Cow::Borrowed(replacement);
    if old != quote && !same_lines(old, quote) {
        let bare = |it: &str| {
            it.chars()
                .filter(|it| !it.is_whitespace())
                .collect::<String>()
        };
        if bare(old) != bare(quote)
            || old.trim_end().lines().count() != quote.trim().lines().count()
        {
            return None;
        }
        new = Cow::Owned(indented(text, found, quote, replacement)?);
    }
    if !old.ends_with(['\n', '\r'])
        && let Some(shorter) = new.strip_suffix('\n')
    {
        new = Cow::Owned(shorter.strip_suffix('\r').unwrap_or(shorter).to_owned());
    }
    if ends_in_crlf(text, found) && new.contains('\n') {
        new = Cow::Owned(new.replace("\r\n", "\n").replace('\n', "\r\n"));
    }
    Some(new)
}

fn same_lines(a: &str, b: &str) -> bool {
    a.lines().eq(b.lines()) && a.ends_with('\n') == b.ends_with('\n')
}

/// Moves the lines of a replacement from the indentation of the quote to that of the text.
fn indented(text: &Text, found: Found, quote: &str, replacement: &str) -> Option<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let first = quote.lines().find(|it| !it.trim().is_empty())?;
    let said = &first[..indent(first)];
    let line = text.line_range(text.line_of(found.range.start))?;
    let content = text.slice(line);
    let actual = &content[..indent(&content)];
    // What the range itself covers of its line's indentation must come back, nothing more.
    let covered = actual
        .get(found.range.start.saturating_sub(line.start)..)
        .unwrap_or_default();
    let mut lines = Vec::new();
    for (number, line) in replacement.split('\n').enumerate() {
        let blank = line.trim().is_empty();
        let bare = match line.strip_prefix(said) {
            Some(bare) => bare,
            None if blank => "",
            // The first line often starts where the quote's words do.
            None if number == 0 && indent(line) == 0 => line,
            None => return None,
        };
        let indent = if number == 0 { covered } else { actual };
        lines.push(if blank {
            String::new()
        } else {
            format!("{indent}{bare}")
        });
    }
    Some(lines.join("\n"))
}

/// Whether the lines there end in CR LF.
fn ends_in_crlf(text: &Text, found: Found) -> bool {
    let line = text.line_range(text.line_of(found.range.start));
    let end = line.map_or(0, |it| it.end);
    text.slice(TextRange::new(end, (end + 2).min(text.len()))) == "\r\n"
}

/// True when the new text has control or direction characters that the old one had not: what cannot be seen in a
/// preview is not offered.
fn has_hidden(new: &str, old: &str) -> bool {
    let hidden = |it: &char| {
        (it.is_control() && !matches!(it, '\t' | '\n' | '\r'))
            || matches!(it, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    new.chars().filter(hidden).any(|it| !old.contains(it))
}
