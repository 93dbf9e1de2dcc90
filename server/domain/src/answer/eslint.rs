//! ESLint's results: one object per file, with its messages.

use super::collect::{Collector, split_text};
use super::contract::append;
use super::fields::count;
use super::{Format, Replacement, Replacements};
use crate::finding::{RawColumn, RawFinding, RawOffsets, RawPlace, Severity};
use crate::text::Encoding;
use serde_json::Value;

/// True for a result or a list of results.
pub(crate) fn fits(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(is_result),
        value => is_result(value),
    }
}

fn is_result(value: &Value) -> bool {
    value.get("filePath").is_some_and(Value::is_string)
        && value.get("messages").is_some_and(Value::is_array)
}

/// Reads JSON for which [`fits`] is true.
pub(super) fn read(value: &Value, out: &mut Collector) {
    out.format(Format::Eslint);
    let results = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    for result in results {
        let path = result
            .get("filePath")
            .and_then(Value::as_str)
            .unwrap_or_default();
        for message in result
            .get("messages")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            read_message(path, message, out);
        }
    }
    out.nothing_found();
}

fn read_message(path: &str, message: &Value, out: &mut Collector) {
    let text = message
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let rule = message.get("ruleId").and_then(Value::as_str);
    let number = |name| message.get(name).and_then(count);
    let line = number("line");
    if rule.is_none() && line.is_none() && text.starts_with("File ignored") {
        return out.skipped(path, text);
    }
    let (title, body) = split_text(text);
    let mut finding = RawFinding {
        path: Some(path.to_owned()),
        title,
        body,
        ..RawFinding::default()
    };
    let column = |name| {
        line.and_then(|_| number(name)).map(|value| RawColumn {
            value,
            unit: Encoding::Utf16,
        })
    };
    finding.place = RawPlace {
        start_line: line,
        start_column: column("column"),
        end_line: number("endLine").filter(|it| Some(*it) >= line),
        end_column: column("endColumn"),
        ..RawPlace::default()
    };
    finding.code = rule.map(str::to_owned);
    let fatal = message.get("fatal").and_then(Value::as_bool) == Some(true);
    finding.severity = match message.get("severity").and_then(Value::as_i64) {
        Some(1) if !fatal => Some(Severity::Warning),
        Some(2) => Some(Severity::Error),
        _ if fatal => Some(Severity::Error),
        _ => None,
    };
    fix(message, &mut finding);
    for suggestion in message
        .get("suggestions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(5)
    {
        // ESLint keeps these apart from fixes because they change what the code does.
        if let Some(text) = suggestion.get("desc").and_then(Value::as_str) {
            append(&mut finding.body, &format!("Suggestion: {text}"));
        }
    }
    out.finding(finding);
}

fn fix(message: &Value, finding: &mut RawFinding) {
    let Some(fix) = message.get("fix") else {
        return;
    };
    let offset = |index| fix.pointer(index).and_then(Value::as_u64);
    // An offset of -1 means the byte order mark, which is no part of the text here.
    let (Some(start), Some(end), Some(text)) = (
        offset("/range/0"),
        offset("/range/1"),
        fix.get("text").and_then(Value::as_str),
    ) else {
        return;
    };
    if start <= end {
        finding.replacement = Some(text.to_owned());
        let offsets = Some(RawOffsets {
            start,
            end,
            unit: Encoding::Utf16,
        });
        finding.replacement_place = Some(RawPlace {
            offsets,
            ..RawPlace::default()
        });
    }
}

/// What the fixes in results replace, and suggestions where there is no fix and just one of them.
pub(crate) fn replacements(value: &Value) -> Replacements {
    let mut all = Replacements::default();
    let results = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    let list = |value: &Value, name| value.get(name).and_then(Value::as_array).cloned();
    for result in results {
        let path = result.get("filePath").and_then(Value::as_str);
        for message in list(result, "messages").unwrap_or_default() {
            let mut finding = RawFinding::default();
            let suggestions = list(&message, "suggestions").unwrap_or_default();
            match suggestions.as_slice() {
                _ if message.get("fix").is_some() => fix(&message, &mut finding),
                [only] => fix(only, &mut finding),
                [] => continue,
                _ => {
                    let line = message.get("line").and_then(count).unwrap_or(0);
                    all.problems.push(format!(
                        "suggestions for line {line} of `{}` are left out: there are several to choose from",
                        path.unwrap_or_default()
                    ));
                    continue;
                }
            }
            if let (Some(path), Some(new_text), Some(place)) =
                (path, finding.replacement, finding.replacement_place)
            {
                let path = path.to_owned();
                all.taken.push(Replacement {
                    path,
                    place,
                    new_text,
                });
            }
        }
    }
    all
}
