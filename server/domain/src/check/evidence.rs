//! Whether an agent's evidence is there: a mechanical test that outranks whatever the agent says.

use super::{Evidence, Verdict};
use crate::answer::Statement;
use crate::locate::Locator;
use crate::path::RelPath;
use crate::sanitize;
use crate::text::Text;

/// Longest explanation kept, in bytes.
const MAX_WHY: usize = 8 * 1024;
/// Longest failing input kept, in bytes.
const MAX_INPUT: usize = 2 * 1024;
/// Longest quote kept, in bytes.
const MAX_QUOTE: usize = 4 * 1024;
/// Most parts of a quote with gaps; one with more is no quote.
const MAX_PARTS: usize = 10;
/// All quotes together must have this many characters, white space not counted: a bracket stands in every file.
const MIN_WEIGHT: usize = 8;

/// What a statement is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The verdict that counts.
    pub verdict: Verdict,
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
/// A verdict counts when there is evidence, all of it stands in the files named, letter by letter or but for white space, and it
/// is more than a few characters. Otherwise it is [`Verdict::Unsure`], and the caveat says why.
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
    let caveat = match said.verdict {
        None => {
            let why = said.problems.first();
            let why = why.map_or("it gives no verdict", String::as_str);
            Some(sanitize::line(why, 200))
        }
        Some(Verdict::Unsure) => None,
        Some(verdict) => doubt(&said.quotes, &missing)
            .map(|why| format!("it says {}, but {why}", verdict.as_str())),
    };
    let verdict = match (&caveat, said.verdict) {
        (None, Some(verdict)) => verdict,
        _ => Verdict::Unsure,
    };
    let input = said.failing_input.as_deref().unwrap_or_default();
    let input = sanitize::markdown(input, MAX_INPUT);
    Weighed {
        verdict,
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
    let locator = Locator::new(text);
    let parts = parts(quote);
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
