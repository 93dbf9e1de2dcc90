//! Lists of LSP diagnostics, in the shapes in which LSP and editors' tools wrap them.

use super::Format;
use super::collect::{Collector, split_text};
use super::contract::PATH;
use super::fields::{Fields, count_from_zero, normalise};
use crate::finding::{RawColumn, RawFinding, RawPlace, Severity};
use crate::text::Encoding;
use serde_json::Value;

/// Deepest nesting of reports looked into.
const MAX_DEPTH: usize = 4;

/// True when a list of diagnostics is in it.
pub(super) fn fits(value: &Value) -> bool {
    fits_at(value, 0)
}

fn fits_at(value: &Value, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    if is_diagnostic(value) {
        return true;
    }
    match value {
        Value::Array(items) => items.iter().take(20).any(|it| fits_at(it, depth + 1)),
        Value::Object(map) => map.iter().any(|(key, it)| {
            let is_report =
                it.is_array() && value.get("kind").and_then(Value::as_str) == Some("full");
            let is_published = it.is_array() && key == "diagnostics" && value.get("uri").is_some();
            let known = matches!(normalise(key).as_str(), "diagnostics" | "items")
                || key.starts_with("file:");
            (known && (is_report || is_published))
                || (known && it.is_array() && fits_at(it, depth + 1))
        }),
        _ => false,
    }
}

fn is_diagnostic(value: &Value) -> bool {
    value.get("message").is_some() && value.get("range").is_some_and(|it| range(it).is_some())
}

/// Reads JSON for which [`fits`] is true.
pub(super) fn read(value: &Value, out: &mut Collector) {
    out.format(Format::Lsp);
    walk(value, None, 0, out);
}

fn walk(value: &Value, path: Option<&str>, depth: usize, out: &mut Collector) {
    if depth > MAX_DEPTH {
        return out.lost("the diagnostics are nested too deeply");
    }
    match value {
        Value::Array(items) => {
            if items.is_empty() {
                out.nothing_found();
            }
            for item in items {
                walk(item, path, depth + 1, out);
            }
        }
        Value::Object(map) => {
            let path = Fields::of(value).and_then(|it| it.text(PATH)).or(path);
            let lists = || {
                map.iter().filter(|(key, it)| {
                    it.is_array()
                        && (key.starts_with("file:")
                            || matches!(normalise(key).as_str(), "diagnostics" | "items"))
                })
            };
            if is_diagnostic(value) || lists().next().is_none() {
                return diagnostic(value, path, out);
            }
            for (key, list) in lists() {
                let path = if key.starts_with("file:") {
                    Some(key.as_str())
                } else {
                    path
                };
                walk(list, path, depth + 1, out);
            }
        }
        _ => out.broken("it is no object"),
    }
}

fn diagnostic(value: &Value, path: Option<&str>, out: &mut Collector) {
    let text = value
        .get("message")
        .and_then(|it| it.as_str().or_else(|| it.get("value")?.as_str()));
    let (title, body) = split_text(text.unwrap_or_default());
    let mut finding = RawFinding {
        title,
        body,
        path: path.map(str::to_owned),
        ..RawFinding::default()
    };
    match value.get("range") {
        Some(said) => match range(said) {
            Some(place) => finding.place = place,
            None => out.note("its range cannot be read"),
        },
        None => out.note("it has no range"),
    }
    let severity = value.get("severity").filter(|it| !it.is_null());
    finding.severity = severity.and_then(|it| match it {
        Value::String(word) => Severity::parse(word),
        it => it.as_i64().and_then(Severity::from_lsp),
    });
    if let (Some(said), None) = (severity, finding.severity) {
        out.note(&format!("unknown severity {said}"));
    }
    let code = value.get("code").map(|it| it.get("value").unwrap_or(it));
    finding.code = code.and_then(|it| {
        it.as_str()
            .map(str::to_owned)
            .or_else(|| it.as_i64().map(|it| it.to_string()))
    });
    out.finding(finding);
}

/// A range with 0-based lines and characters, told 1-based. Agents that write it often count lines from 1.
pub(crate) fn range(value: &Value) -> Option<RawPlace> {
    let number = |pointer| value.pointer(pointer).and_then(count_from_zero);
    let column = |pointer| {
        number(pointer).map(|value| RawColumn {
            value,
            unit: Encoding::Utf16,
        })
    };
    let start_line = number("/start/line");
    let start_column = column("/start/character");
    start_line.and(start_column)?;
    let end_line = number("/end/line").filter(|it| Some(*it) >= start_line);
    Some(RawPlace {
        start_line,
        end_line,
        start_column,
        end_column: column("/end/character").filter(|_| end_line.is_some()),
        maybe_zero_based: true,
        ..RawPlace::default()
    })
}
