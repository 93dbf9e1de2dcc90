//! Whether an agent's evidence is there: a mechanical test that outranks whatever the agent says.

use super::{Evidence, Outcome};
use crate::answer::Statement;
use crate::locate::Locator;
use crate::path::RelPath;
use crate::sanitize;
use crate::text::Text;
use std::borrow::Cow;

/// Longest explanation kept, in bytes.
const MAX_WHY: usize = 8 * 1024;
/// Longest failing input kept, in bytes.
const MAX_INPUT: usize = 2 * 1024;
/// Longest quote kept, in bytes.
const MAX_QUOTE: usize = 4 * 1024;
/// Most parts of a quote with gaps; one with more is no quote.
const MAX_PARTS: usize = 10;
/// So many asterisks in a quote stand for a secret that is not to be shown.
const SHORTEST_MASK: usize = 8;
/// All quotes together must have this many characters, white space not counted: a bracket stands in every file.
const MIN_WEIGHT: usize = 8;

/// What a statement is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The outcome that counts.
    pub outcome: Outcome,
    /// Why, in the agent's words: markdown, sanitized.
    pub why: String,
    /// The quotes that are where they are said to be.
    pub evidence: Vec<Evidence>,
    /// See [`super::Check::failing_input`].
    pub failing_input: Option<String>,
    /// See [`super::Check::caveat`].
    pub caveat: Option<String>,
}

/// Holds a statement against the files. `snapshot` gives the file that an agent names (`None`: the one that it was asked
/// about) as the agent saw it, or says in words that follow the name why there is none.
///
/// What is said counts when there is evidence, all of it stands in the files named, letter by letter or but for white space, and it
/// is more than a few characters. Otherwise it is [`Outcome::Unsure`], and the caveat says why.
pub fn weigh(
    said: &Statement,
    mut snapshot: impl FnMut(Option<&str>) -> Result<(RelPath, Text), String>,
) -> Weighed {
    let mut evidence = Vec::new();
    let mut missing: Vec<String> = Vec::new();
    for quote in &said.quotes {
        match snapshot(quote.path.as_deref()) {
            Ok((path, text)) if has_quote(&text, &quote.text) => evidence.push(Evidence {
                path,
                quote: shown(&quote.text),
            }),
            Ok((path, _)) => missing.push(format!("not in `{path}`")),
            Err(why) => missing.push(format!("not to be found: {why}")),
        }
    }
    let caveat = match said.outcome {
        None => {
            let why = said.problems.first();
            let why = why.map_or("it gives no verdict", String::as_str);
            Some(sanitize::line(why, 200))
        }
        Some(Outcome::Unsure) => None,
        Some(outcome) => doubt(&said.quotes, &missing)
            .map(|why| format!("it says {}, but {why}", outcome.as_str())),
    };
    let outcome = match (&caveat, said.outcome) {
        (None, Some(outcome)) => outcome,
        _ => Outcome::Unsure,
    };
    let input = said.failing_input.as_deref().unwrap_or_default();
    let input = sanitize::markdown(input, MAX_INPUT);
    Weighed {
        outcome,
        why: sanitize::markdown(&said.why, MAX_WHY),
        evidence,
        failing_input: Some(input).filter(|it| !it.is_empty()),
        caveat,
    }
}

/// Why quotes prove nothing, if so.
fn doubt(quotes: &[crate::answer::Quote], missing: &[String]) -> Option<String> {
    let weight: usize = quotes.iter().map(|it| weight(&it.text)).sum();
    match (quotes.len(), missing) {
        (0, _) => Some("it quotes nothing that shows it".to_owned()),
        (1, [why]) => Some(format!("its quote is {why}")),
        (all, [why, ..]) if missing.len() == all => Some(format!("its quotes are {why}")),
        (all, [why, ..]) => Some(format!("{} of its {all} quotes are {why}", missing.len())),
        (_, []) if weight < MIN_WEIGHT => Some("what it quotes is too short to show it".to_owned()),
        (_, []) => None,
    }
}

/// True when a quote stands in a text, letter by letter or but for white space (and typographic dashes and quotes). Line numbers
/// and fences around it do not count. Lines that are only `…` stand for lines left out: then each part must stand there, in order.
pub fn has_quote(text: &Text, quote: &str) -> bool {
    stands(quote, &Locator::new(text))
}

/// As [`has_quote`], in the text that `locator` is for.
pub(super) fn stands(quote: &str, locator: &Locator<'_>) -> bool {
    let parts = parts(&unmasked(quote));
    let mut from = 0;
    !parts.is_empty()
        && parts.len() <= MAX_PARTS
        && parts.iter().all(|part| {
            let Some(found) = locator.verbatim(part) else {
                return false;
            };
            let next = found.iter().filter(|it| it.start >= from).min();
            from = next.map_or(from, |it| it.end);
            next.is_some()
        })
}

/// A quote with a gap in place of each secret, which was masked before it was kept.
fn unmasked(quote: &str) -> Cow<'_, str> {
    let mask = "*".repeat(SHORTEST_MASK);
    if !quote.contains(&mask) {
        return Cow::Borrowed(quote);
    }
    let pieces = quote.split(&mask).map(|it| it.trim_start_matches('*'));
    let pieces: Vec<&str> = pieces.filter(|it| !it.is_empty()).collect();
    Cow::Owned(pieces.join("\n...\n"))
}

/// The parts of a quote between lines that only say that something is left out.
fn parts(quote: &str) -> Vec<String> {
    let is_gap = |line: &str| {
        let bare = line.trim().trim_start_matches(['/', '#', ' ']).trim();
        matches!(bare, "..." | "…" | "[...]" | "[…]")
    };
    let mut parts: Vec<Vec<&str>> = vec![Vec::new()];
    for line in quote.lines() {
        match parts.last_mut() {
            Some(part) if !is_gap(line) => part.push(line),
            _ => parts.push(Vec::new()),
        }
    }
    let parts = parts.into_iter().map(|it| it.join("\n"));
    parts.filter(|it| !it.trim().is_empty()).collect()
}

/// A quote without what cannot be seen, cut at the limit.
fn shown(quote: &str) -> String {
    let quote = quote.trim_matches(['\n', '\r']);
    let cut = &quote[..quote.floor_char_boundary(MAX_QUOTE)];
    sanitize::visible(cut).into_owned()
}

/// Characters that are not white space.
fn weight(text: &str) -> usize {
    text.chars().filter(|it| !it.is_whitespace()).count()
}

#[cfg(test)]
mod tests;
