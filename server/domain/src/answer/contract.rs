//! Our agent contract's findings, and JSON that is like them under other common key names.

use super::collect::{Collector, split_text};
use super::fields::{Fields, normalise};
use super::{Format, place, plain};
use crate::finding::{RawFinding, Severity};
use serde_json::Value;

pub(super) use fix::{append, suggestion_block};
pub(super) use item::confidence_of;

mod fix;
mod item;

/// Keys of lists of findings.
const LISTS: &[&str] = &[
    "findings",
    "issues",
    "comments",
    "problems",
    "reviewcomments",
    "diagnostics",
    "violations",
    "results",
    "errors",
    "warnings",
    "vulnerabilities",
    "defects",
    "bugs",
    "remarks",
    "annotations",
    "suggestions",
    "items",
    "critical",
    "high",
    "medium",
    "low",
    "important",
    "minor",
    "nits",
];
pub(crate) const PATH: &[&str] = &[
    "path",
    "file",
    "filename",
    "filepath",
    "absolutefilepath",
    "absolutepath",
    "relativepath",
    "relativefile",
    "uri",
    "sourcefile",
    "resource",
];
const NESTED: &[&str] = &[
    "codelocation",
    "location",
    "place",
    "loc",
    "region",
    "span",
    "range",
    "position",
    "linerange",
];
const LINE: &[&str] = &[
    "line",
    "lines",
    "startline",
    "linestart",
    "linenumber",
    "lineno",
    "linerange",
];
/// Where the title comes from: the first that is there.
const TITLE: &[&str] = &[
    "title",
    "shortsummary",
    "headline",
    "subject",
    "name",
    "summary",
    "issue",
    "problem",
    "finding",
    "message",
    "description",
    "body",
    "details",
    "explanation",
    "comment",
    "text",
    "content",
    "note",
    "reason",
];
const QUOTE: &[&str] = &[
    "quote",
    "codequote",
    "snippet",
    "codesnippet",
    "existingcode",
    "originalcode",
    "oldcode",
    "currentcode",
    "original",
    "linecontent",
    "beforecode",
    "before",
];

/// True for JSON that holds findings in this sense.
pub(super) fn fits(value: &Value) -> bool {
    match value {
        Value::Array(items) => {
            items.is_empty()
                || items
                    .iter()
                    .take(20)
                    .any(|it| is_finding(it) || is_group(it))
        }
        Value::Object(map) => {
            is_finding(value)
                || lists(value).next().is_some()
                || (!map.is_empty() && map.iter().all(is_file_entry))
        }
        _ => false,
    }
}

/// An entry of `{"src/a.rs": [findings]}`.
fn is_file_entry((key, value): (&String, &Value)) -> bool {
    place::is_path(key)
        && value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_object))
}

/// The lists of findings in an object: empty ones, and those with at least one item that is like a finding.
fn lists(value: &Value) -> impl Iterator<Item = (&str, &Vec<Value>)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, list)| {
            let list = list.as_array()?;
            let name = normalise(key);
            let known = LISTS.contains(&name.as_str()) || name == "files";
            // Only names that say it may stand for "nothing found".
            let filled = list
                .iter()
                .take(20)
                .any(|it| is_finding(it) || is_group(it) || (it.is_string() && name == "findings"));
            let empty = list.is_empty()
                && matches!(
                    name.as_str(),
                    "findings"
                        | "issues"
                        | "comments"
                        | "problems"
                        | "reviewcomments"
                        | "diagnostics"
                        | "violations"
                        | "bugs"
                        | "vulnerabilities"
                );
            (known && (filled || empty || name == "findings")).then_some((key.as_str(), list))
        })
}

/// An object with text and something that makes it a remark on code.
fn is_finding(value: &Value) -> bool {
    let Some(fields) = Fields::of(value) else {
        return false;
    };
    let text = fields.text(TITLE).is_some();
    let about = fields.has(PATH) || fields.has(NESTED) || fields.has(LINE) || fields.has(QUOTE);
    let rated = fields.has(&["severity", "priority", "level"])
        && fields
            .text(&["title", "message", "description", "body"])
            .is_some();
    text && (about || rated) && !fields.has(&["findings", "issues", "runs"])
}

/// `{"file": …, "findings": […]}`.
fn is_group(value: &Value) -> bool {
    Fields::of(value).is_some_and(|it| it.has(PATH)) && lists(value).next().is_some()
}

/// Reads JSON for which [`fits`] is true.
pub(super) fn read(value: &Value, out: &mut Collector) {
    out.format(Format::Findings);
    note_summary(value, out);
    note_skipped(value, out);
    walk(value, &Context::default(), out);
}

/// What a group says for all of its findings.
#[derive(Clone, Default)]
struct Context {
    path: Option<String>,
    severity: Option<Severity>,
}

fn walk(value: &Value, context: &Context, out: &mut Collector) {
    match value {
        Value::Array(items) => read_list(items, context, out),
        Value::Object(map) => {
            let path = Fields::of(value)
                .and_then(|it| it.text(PATH))
                .map(str::to_owned)
                .or_else(|| context.path.clone());
            let mut any = false;
            for (key, list) in lists(value) {
                any = true;
                let severity = Severity::parse(key.trim_end_matches('s')).or(context.severity);
                read_list(
                    list,
                    &Context {
                        path: path.clone(),
                        severity,
                    },
                    out,
                );
            }
            if any {
                return;
            }
            if is_finding(value) {
                return item(value, context, out);
            }
            for (key, list) in map {
                walk(
                    list,
                    &Context {
                        path: Some(key.clone()),
                        severity: None,
                    },
                    out,
                );
            }
        }
        _ => out.broken("it is no object"),
    }
}

fn read_list(items: &[Value], context: &Context, out: &mut Collector) {
    if items.is_empty() {
        out.nothing_found();
    }
    for value in items {
        if is_group(value) {
            walk(value, context, out)
        } else {
            item(value, context, out)
        }
    }
}

/// The overall words of an answer.
fn note_summary(value: &Value, out: &mut Collector) {
    let Some(fields) = Fields::of(value) else {
        return;
    };
    if is_finding(value) {
        return;
    }
    if let Some(text) = fields.text(&[
        "summary",
        "overallexplanation",
        "overview",
        "overallsummary",
        "conclusion",
        "assessment",
    ]) {
        out.summary(text);
    }
}

/// The files that were not reviewed: `{path, reason}`, or only the path.
pub(super) fn note_skipped(value: &Value, out: &mut Collector) {
    let skipped = Fields::of(value).and_then(|it| it.list(&["skipped"]));
    for entry in skipped.into_iter().flatten() {
        let fields = Fields::of(entry);
        let text = |names: &[&str]| fields.as_ref().and_then(|it| it.text(names));
        match entry.as_str().or_else(|| text(PATH)) {
            Some(path) => out.skipped(
                path,
                text(&["reason", "why", "message"]).unwrap_or_default(),
            ),
            None => out.lost("something was skipped, and it is not said what"),
        }
    }
}

fn item(value: &Value, context: &Context, out: &mut Collector) {
    let Some(fields) = Fields::of(value) else {
        return match value.as_str() {
            Some(text) => sentence(text, context, out),
            None => out.broken("it is no object"),
        };
    };
    let mut finding = item::finding(&fields, out);
    finding.path = finding.path.or_else(|| context.path.clone());
    finding.severity = finding.severity.or(context.severity);
    out.finding(finding);
}

/// A finding that is only text: `src/a.rs:12: message`.
fn sentence(text: &str, context: &Context, out: &mut Collector) {
    let mut finding = plain::line(text).unwrap_or_else(|| {
        let (title, body) = split_text(text);
        RawFinding {
            title,
            body,
            ..RawFinding::default()
        }
    });
    finding.path = finding.path.or_else(|| context.path.clone());
    finding.severity = finding.severity.or(context.severity);
    out.finding(finding);
}
