//! Semgrep's results.

use super::Format;
use super::collect::{Collector, split_text};
use super::contract::confidence_of;
use super::fields::count;
use crate::finding::{Category, RawColumn, RawFinding, RawPlace, Severity};
use crate::text::Encoding;
use serde_json::Value;

/// True for `{results: [{check_id, path, start, …}, …]}`, and for no results with the paths that were scanned.
pub(super) fn fits(value: &Value) -> bool {
    let Some(results) = value.get("results").and_then(Value::as_array) else {
        return false;
    };
    results.iter().take(20).any(is_result)
        || (results.is_empty() && value.pointer("/paths/scanned").is_some())
}

fn is_result(value: &Value) -> bool {
    let text = |key| value.get(key).is_some_and(Value::is_string);
    text("check_id") && text("path") && value.pointer("/start/line").is_some()
}

/// Reads JSON for which [`fits`] is true.
pub(super) fn read(value: &Value, out: &mut Collector) {
    out.format(Format::Semgrep);
    let list = |key| {
        let items = value.get(key).and_then(Value::as_array);
        items.map_or(&[][..], Vec::as_slice)
    };
    for result in list("results") {
        read_result(result, out);
    }
    for error in list("errors") {
        read_error(error, out);
    }
    let skipped = value.pointer("/paths/skipped").and_then(Value::as_array);
    for skipped in skipped.into_iter().flatten() {
        let text = |key| skipped.get(key).and_then(Value::as_str);
        if let Some(path) = text("path") {
            let reason = text("details").or_else(|| text("reason"));
            out.skipped(path, reason.unwrap_or_default());
        }
    }
    out.nothing_found();
}

fn read_result(result: &Value, out: &mut Collector) {
    let text = |pointer| result.pointer(pointer).and_then(Value::as_str);
    let rule = text("/check_id");
    let Some(message) = text("/extra/message").or(rule) else {
        return out.broken("it has no message");
    };
    let (title, body) = split_text(message);
    let metadata = result.pointer("/extra/metadata");
    let said = |key: &str| metadata.and_then(|it| it.get(key));
    let severity = text("/extra/severity").and_then(|word| severity(word, out));
    out.finding(RawFinding {
        path: text("/path").map(str::to_owned),
        title,
        body,
        place: place(result),
        severity,
        category: category(said("category"), said("cwe")),
        code: rule.map(str::to_owned),
        confidence: said("confidence").and_then(confidence_of),
        replacement: text("/extra/fix").map(str::to_owned),
        ..RawFinding::default()
    });
}

/// Lines and columns count from 1, columns in bytes; the end is after the last character.
fn place(result: &Value) -> RawPlace {
    let number = |pointer| result.pointer(pointer).and_then(count);
    let column = |pointer| {
        number(pointer).map(|value| RawColumn {
            value,
            unit: Encoding::Utf8,
        })
    };
    RawPlace {
        start_line: number("/start/line"),
        start_column: column("/start/col"),
        end_line: number("/end/line"),
        end_column: column("/end/col"),
        ..RawPlace::default()
    }
}

fn severity(word: &str, out: &mut Collector) -> Option<Severity> {
    match word {
        // Its own words beside the usual ones.
        "INVENTORY" | "EXPERIMENT" => Some(Severity::Hint),
        word => Severity::parse(word).or_else(|| {
            out.note(&format!("unknown severity {word}"));
            None
        }),
    }
}

/// The rule's category where it is one that we know, else that of its weakness, else the rule's own word.
fn category(named: Option<&Value>, weaknesses: Option<&Value>) -> Option<Category> {
    let named = named.and_then(Value::as_str).and_then(Category::parse);
    if let Some(known) = named
        .as_ref()
        .filter(|it| !matches!(it, Category::Other(_)))
    {
        return Some(known.clone());
    }
    let weakness = match weaknesses {
        Some(Value::Array(items)) => items.first(),
        other => other,
    };
    let weakness = weakness.and_then(Value::as_str).and_then(Category::parse);
    weakness.or(named)
}

/// A rule or a file that could not be dealt with: what it would have found is missing.
fn read_error(error: &Value, out: &mut Collector) {
    let text = |key| error.get(key).and_then(Value::as_str);
    let message = text("message").or_else(|| text("long_msg"));
    let message = message.or_else(|| text("short_msg")).unwrap_or("an error");
    match text("path") {
        Some(path) => out.lost(&format!("{path}: {message}")),
        None => out.lost(message),
    }
}
