//! The code that should stand at a finding's place, told from advice in words.

use super::super::fields::Fields;
use super::super::lsp;
use crate::finding::RawFinding;
use serde_json::Value;

/// Always code.
const REPLACEMENT: &[&str] = &[
    "replacement",
    "suggestedcode",
    "fixedcode",
    "newcode",
    "improvedcode",
    "newtext",
    "replacementcode",
    "aftercode",
    "after",
];
/// Code or advice.
const ADVICE: &[&str] = &[
    "suggestion",
    "fix",
    "suggestedfix",
    "recommendation",
    "remediation",
    "solution",
    "suggestedchange",
];

/// Sets what should replace the place. Blank text is how agents with a fixed schema say "nothing", so it
/// is never taken for a deletion; advice in words goes to the body.
pub(super) fn replacement(fields: &Fields<'_>, finding: &mut RawFinding) {
    let certain = REPLACEMENT.iter().find_map(|name| fields.text(&[name]));
    if let Some(code) = certain {
        finding.replacement = Some(unfenced(code).to_owned());
    }
    for name in ADVICE {
        match fields.get(&[name]) {
            Some(Value::String(text)) => advice(text, finding),
            Some(value @ Value::Object(_)) => {
                let Some(inner) = Fields::of(value) else {
                    continue;
                };
                let text = inner
                    .text(REPLACEMENT)
                    .or_else(|| inner.text(&["text", "code"]));
                if let (None, Some(code)) = (&finding.replacement, text) {
                    finding.replacement = Some(code.to_owned());
                    finding.replacement_place = inner.get(&["range"]).and_then(lsp::range);
                }
            }
            _ => {}
        }
    }
    if finding.replacement.is_none() {
        finding.replacement = suggestion_block(&finding.body);
    }
}

/// Takes a suggestion as code where it clearly is, else as words.
fn advice(text: &str, finding: &mut RawFinding) {
    let trimmed = text.trim();
    if trimmed.is_empty() || finding.replacement.as_deref().map(str::trim) == Some(trimmed) {
        return;
    }
    if finding.replacement.is_none() && is_code_for(finding.place.quote.as_deref(), text) {
        finding.replacement = Some(unfenced(text).to_owned());
    } else if !finding.body.contains(trimmed) {
        append(&mut finding.body, &format!("Suggestion: {trimmed}"));
    }
}

/// Adds a paragraph.
pub(in super::super) fn append(body: &mut String, text: &str) {
    if !body.is_empty() {
        body.push_str("\n\n");
    }
    body.push_str(text);
}

/// The content of the only fenced block in `text` that is marked as a suggestion.
pub(in super::super) fn suggestion_block(text: &str) -> Option<String> {
    let mut blocks = text.split("```suggestion").skip(1).filter_map(|it| {
        let (info, rest) = it.split_once('\n')?;
        let (code, _) = rest.split_once("```")?;
        info.trim()
            .is_empty()
            .then(|| code.strip_suffix('\n').unwrap_or(code).to_owned())
    });
    let first = blocks.next().filter(|it| !it.trim().is_empty());
    if blocks.next().is_some() { None } else { first }
}

/// True when `text` is code that may stand where `quote` stands: mostly the same words and signs.
fn is_code_for(quote: Option<&str>, text: &str) -> bool {
    let Some(quote) = quote.map(str::trim) else {
        return false;
    };
    let text = unfenced(text).trim();
    if !quote.contains(char::is_whitespace) && !text.contains(char::is_whitespace) {
        return true;
    }
    let (a, mut b) = (signs(quote), signs(text));
    let total = a.len() + b.len();
    let mut common = 0;
    for sign in a {
        if let Some(at) = b.iter().position(|it| *it == sign) {
            b.swap_remove(at);
            common += 1;
        }
        if total > 2000 {
            return false;
        }
    }
    total > 0 && common * 2 * 10 >= total * 6
}

/// Words and single signs.
fn signs(text: &str) -> Vec<&str> {
    let mut signs = Vec::new();
    let mut rest = text;
    while let Some(it) = rest.chars().next() {
        let is_word = |it: char| it.is_alphanumeric() || it == '_';
        let len = if is_word(it) {
            rest.find(|it| !is_word(it)).unwrap_or(rest.len())
        } else {
            it.len_utf8()
        };
        if !it.is_whitespace() {
            signs.push(&rest[..len]);
        }
        rest = &rest[len..];
    }
    signs
}

/// Code without a fence around it.
pub(super) fn unfenced(text: &str) -> &str {
    let trimmed = text.trim();
    let inner = trimmed
        .strip_prefix("```")
        .and_then(|it| it.strip_suffix("```"))
        .and_then(|it| it.split_once('\n'));
    match inner {
        Some((_, code)) if !code.contains("```") => code.strip_suffix('\n').unwrap_or(code),
        _ => text,
    }
}
