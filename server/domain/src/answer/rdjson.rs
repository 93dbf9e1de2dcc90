//! reviewdog's rdjson, and rdjsonl with one diagnostic per line.

use super::Format;
use super::collect::{Collector, split_text};
use super::fields::count;
use crate::finding::{RawColumn, RawFinding, RawPlace, Severity};
use crate::text::Encoding;
use serde_json::Value;

/// True for `{diagnostics: [{message, location: {path, …}}, …]}`.
pub(super) fn fits(value: &Value) -> bool {
    let Some(items) = value.get("diagnostics").and_then(Value::as_array) else {
        return false;
    };
    items.iter().take(20).any(fits_line) || (items.is_empty() && value.get("source").is_some())
}

/// True for one diagnostic.
pub(super) fn fits_line(value: &Value) -> bool {
    let location = value.get("location");
    let place = location
        .is_some_and(|it| it.get("path").is_some() && it.get("range").is_none_or(Value::is_object));
    let message = value.get("message").is_some_and(Value::is_string);
    place && message && value.get("range").is_none()
}

/// Reads JSON for which [`fits`] is true.
pub(super) fn read(value: &Value, out: &mut Collector) {
    out.format(Format::Rdjson);
    let severity = value.get("severity").and_then(severity);
    let items = value
        .get("diagnostics")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        out.nothing_found();
    }
    for item in items {
        read_item(item, severity, out);
    }
}

/// Reads JSON for which [`fits_line`] is true.
pub(super) fn read_line(value: &Value, out: &mut Collector) {
    out.format(Format::Rdjsonl);
    read_item(value, None, out);
}

fn read_item(item: &Value, default: Option<Severity>, out: &mut Collector) {
    let Some(message) = item.get("message").and_then(Value::as_str) else {
        return out.broken("it has no message");
    };
    let (title, body) = split_text(message);
    let mut finding = RawFinding {
        title,
        body,
        ..RawFinding::default()
    };
    finding.path = item
        .pointer("/location/path")
        .and_then(Value::as_str)
        .map(str::to_owned);
    finding.place = item
        .pointer("/location/range")
        .map(|it| range(it, false))
        .unwrap_or_default();
    finding.code = item
        .pointer("/code/value")
        .and_then(Value::as_str)
        .filter(|it| !it.is_empty())
        .map(str::to_owned);
    if let Some(said) = item.get("severity") {
        finding.severity = severity(said);
        if finding.severity.is_none() && !is_unknown(said) {
            out.note(&format!("unknown severity {said}"));
        }
    }
    finding.severity = finding.severity.or(default);
    match item
        .get("suggestions")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([only]) => {
            finding.replacement = Some(
                only.get("text")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
            );
            finding.replacement_place = only.get("range").map(|it| range(it, true));
        }
        Some([_, _, ..]) => {
            out.note("it has several suggestions to choose from, which are left out")
        }
        _ => {}
    }
    out.finding(finding);
}

fn severity(value: &Value) -> Option<Severity> {
    match value {
        Value::String(word) => Severity::parse(word),
        value => value
            .as_i64()
            .filter(|it| *it < 4)
            .and_then(Severity::from_lsp),
    }
}

/// The format's own way to leave the severity open.
fn is_unknown(value: &Value) -> bool {
    value.as_i64() == Some(0) || matches!(value.as_str(), Some("UNKNOWN_SEVERITY" | ""))
}

/// Reads a range. Without an end it is empty, which matters only where text is put in.
fn range(range: &Value, exact: bool) -> RawPlace {
    let number = |pointer| range.pointer(pointer).and_then(count);
    let column = |pointer| {
        number(pointer).map(|value| RawColumn {
            value,
            unit: Encoding::Utf8,
        })
    };
    let mut place = RawPlace {
        start_line: number("/start/line"),
        start_column: column("/start/column"),
        end_line: number("/end/line"),
        end_column: column("/end/column"),
        ..RawPlace::default()
    };
    if exact && place.end_line.is_none() && place.start_column.is_some() {
        place.end_line = place.start_line;
        place.end_column = place.start_column;
    }
    place
}
