//! Codex review: its JSON, and the marks of its text form.

use super::collect::Collector;
use super::fields::Fields;
use super::place::regex;
use super::{Format, contract};
use crate::finding::Severity;
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// True for `{findings: [{code_location, …}], overall_correctness, …}`.
pub(super) fn fits(value: &Value) -> bool {
    let Some(fields) = Fields::of(value) else {
        return false;
    };
    let Some(findings) = fields.list(&["findings"]) else {
        return false;
    };
    fields.has(&["overallcorrectness", "overallconfidencescore"])
        || findings
            .iter()
            .take(20)
            .any(|it| Fields::of(it).is_some_and(|it| it.has(&["codelocation"])))
}

/// Reads JSON for which [`fits`] is true.
pub(super) fn read(value: &Value, out: &mut Collector) {
    out.format(Format::CodexReview);
    contract::read(value, out);
}

static PRIORITY: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^\s*(?:\*\*)?[\[(]?P(?P<level>[0-4])[\])]?(?::|\s|\*\*|$)\s*"));
static HEADER: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?m)^(?:Full review comments|Review comments?):\s*$"));

/// Takes `[P1]` off a title.
pub(super) fn split_priority(title: &str) -> (String, Option<Severity>) {
    if !title.trim_start().starts_with(['[', '(', '*', 'P']) {
        return (title.to_owned(), None);
    }
    let Some(found) = PRIORITY.captures(title) else {
        return (title.to_owned(), None);
    };
    let rest = title[found[0].len()..].trim();
    if rest.is_empty() {
        return (title.to_owned(), None);
    }
    let severity = found["level"]
        .parse()
        .ok()
        .and_then(Severity::from_priority);
    (rest.to_owned(), severity)
}

/// The explanation and the comments of a review in its text form.
pub(super) fn split_text(text: &str) -> Option<(&str, &str)> {
    let header = HEADER.find(text)?;
    Some((text[..header.start()].trim(), &text[header.end()..]))
}

/// True for text that follows a review's form: titles with a priority.
pub(super) fn is_text(text: &str) -> bool {
    static TITLE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^\s*(?:[-*]\s+)?\[P[0-4]\]\s+\S"));
    HEADER.is_match(text) || TITLE.is_match(text)
}
