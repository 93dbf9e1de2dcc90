//! Ready fixes: an agent's replacement as an edit, only where it certainly fits.

use super::place::{Found, Views, has_both_ends};
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
    views: &Views<'_>,
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
    let source = views.source;
    let read = source.seen();
    let (said, found) = match &raw.replacement_place {
        None => (&raw.place, place),
        Some(said) => match views.find(said, message, numbers_count) {
            Located::At { range, tier } => (said, Found { range, tier }),
            Located::Ambiguous { .. } | Located::Nowhere => return Err("its place was not found"),
        },
    };
    if !found.tier.allows_edit() {
        return Err("its place is not certain");
    }
    let old = read.slice(found.range);
    if source.read.is_none() && source.now.slice(found.range) != old {
        return Err("it covers a secret that the agent was not shown");
    }
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
    let (range, _) = views
        .carry(found.range, found.tier)
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
    if !same_lines(old, quote) {
        // Whatever makes the text out of the quote makes the right text out of the replacement.
        let quote = quote.trim_matches(['\n', '\r']);
        let indents = Indents::of(text, found, quote);
        if !same_lines(&indents.moved(quote)?, old) {
            return None;
        }
        new = Cow::Owned(indents.moved(replacement)?);
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

/// Equal but for the form of line ends and the space before them.
fn same_lines(a: &str, b: &str) -> bool {
    let lines = |text| str::lines(text).map(str::trim_end);
    lines(a.trim_end()).eq(lines(b.trim_end()))
}

/// How a quote and the text it stands for differ in indentation.
struct Indents {
    /// That of the quote's first line.
    quoted: String,
    /// That of the text's lines.
    actual: String,
    /// What the found place covers of that in its first line.
    covered: String,
}

impl Indents {
    fn of(text: &Text, found: Found, quote: &str) -> Self {
        let line = text.line_of(found.range.start);
        let content = text.line(line);
        let actual = indent(&content);
        let start = text.line_range(line).map_or(0, |it| it.start);
        let covered = actual.get(found.range.start - start..).unwrap_or_default();
        Self {
            quoted: indent(quote).to_owned(),
            actual: actual.to_owned(),
            covered: covered.to_owned(),
        }
    }
    /// Moves lines from the quote's indentation to the text's; `None` for lines that stand left of the quote.
    fn moved(&self, text: &str) -> Option<String> {
        let lines: Vec<&str> = text.split('\n').collect();
        let is_single = lines.iter().filter(|it| !it.trim().is_empty()).count() <= 1;
        let mut moved = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let bare = match line.strip_prefix(self.quoted.as_str()) {
                Some(bare) => bare,
                // A single line is often told without its indentation.
                None if is_single || line.trim().is_empty() => line.trim_start(),
                None => return None,
            };
            let indent = if number == 0 {
                &self.covered
            } else {
                &self.actual
            };
            moved.push(if bare.trim().is_empty() {
                String::new()
            } else {
                format!("{indent}{bare}")
            });
        }
        Some(moved.join("\n"))
    }
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// Whether the lines there end in CR LF.
fn ends_in_crlf(text: &Text, found: Found) -> bool {
    let line = text.line_range(text.line_of(found.range.start));
    let end = line.map_or(0, |it| it.end);
    text.slice(TextRange::new(end, (end + 2).min(text.len()))) == "\r\n"
}

/// True when the new text has control or direction characters that the old one had not: what cannot be seen in a
/// preview is not offered.
pub(super) fn has_hidden(new: &str, old: &str) -> bool {
    let hidden = |it: &char| {
        (it.is_control() && !matches!(it, '\t' | '\n' | '\r'))
            || matches!(it, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    new.chars().filter(hidden).any(|it| !old.contains(it))
}
