//! One finding under any of the usual key names.

use super::super::collect::{Collector, split_text};
use super::super::fields::Fields;
use super::super::place::{self, Spot};
use super::super::{codex, lsp, report_findings};
use super::fix;
use super::{NESTED, PATH, QUOTE, TITLE};
use crate::finding::{Category, RawFinding, Severity};
use serde_json::Value;

/// What is explanation besides.
const BODY: &[&str] = &[
    "body",
    "description",
    "message",
    "summary",
    "details",
    "detail",
    "explanation",
    "comment",
    "failurescenario",
    "rationale",
    "reason",
    "reasoning",
    "why",
    "impact",
    "note",
    "text",
    "content",
];

/// Reads one object under any key names.
pub(super) fn finding(fields: &Fields<'_>, out: &mut Collector) -> RawFinding {
    let spot = spot(fields);
    let (title, body) = words(fields);
    let (title, tag) = codex::split_priority(&title);
    let mut finding = RawFinding {
        path: spot.path,
        place: spot.place,
        title,
        body,
        ..RawFinding::default()
    };
    finding.severity = severity(fields, out).or(tag);
    finding.category = category(fields);
    finding.code = code(fields);
    finding.confidence = confidence(fields, out);
    finding.place.quote = quote(fields);
    finding.place.symbol = fields
        .text(&["symbol", "function", "functionname", "method", "methodname"])
        .map(str::to_owned);
    fix::replacement(fields, &mut finding);
    finding
}

fn spot(fields: &Fields<'_>) -> Spot {
    let nested = fields.object(NESTED);
    let path = fields
        .text(PATH)
        .or_else(|| nested.as_ref()?.text(PATH))
        .or_else(|| fields.text(&["location"]));
    let said = path.map(place::split_path).unwrap_or_default();
    let lines = fields
        .get(&["range", "location", "place", "loc", "span"])
        .and_then(lsp::range)
        .or_else(|| {
            nested
                .as_ref()?
                .get(&["range", "linerange"])
                .and_then(lsp::range)
        })
        .or_else(|| place::from_object(fields))
        .or_else(|| place::from_object(nested.as_ref()?));
    match lines {
        Some(place) => {
            // The lines are told apart from the path, so a number behind the path repeats them.
            let path = if said.place.start_line == place.start_line {
                said.path
            } else {
                path.map(|it| it.trim().to_owned())
            };
            Spot { path, place }
        }
        None => said,
    }
}

/// Title and body.
fn words(fields: &Fields<'_>) -> (String, String) {
    let source = fields.text(TITLE).unwrap_or_default().trim();
    let (title, rest) = split_text(source);
    let mut parts: Vec<&str> = Vec::new();
    if !rest.is_empty() {
        parts.push(&rest);
    }
    for name in BODY {
        if let Some(text) = fields.text(&[name]).map(str::trim)
            && text != source
            && !parts.contains(&text)
        {
            parts.push(text);
        }
    }
    let body = parts.join("\n\n");
    (title, body)
}

fn severity(fields: &Fields<'_>, out: &mut Collector) -> Option<Severity> {
    let mut unknown = None;
    for name in [
        "severity",
        "level",
        "priority",
        "importance",
        "type",
        "kind",
    ] {
        let Some(value) = fields.get(&[name]) else {
            continue;
        };
        let found = match value {
            Value::Number(number) if name == "priority" => {
                number.as_i64().and_then(Severity::from_priority)
            }
            Value::Number(number) => number
                .as_i64()
                .and_then(Severity::from_lsp)
                .or_else(|| number.as_f64().and_then(Severity::from_score)),
            Value::String(word) => {
                report_findings::severity(word).or_else(|| Severity::parse(word))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        if !matches!(name, "type" | "kind") {
            unknown.get_or_insert(value);
        }
    }
    if let Some(value) = unknown {
        out.note(&format!("unknown severity {value}"));
    }
    None
}

fn category(fields: &Fields<'_>) -> Option<Category> {
    let names = [
        "category",
        "kind",
        "type",
        "categories",
        "tags",
        "cwe",
        "cweid",
        "labels",
    ];
    let words = names
        .iter()
        .filter_map(|name| fields.get(&[name]))
        .filter_map(|value| match value {
            Value::Array(list) => list.first()?.as_str(),
            value => value.as_str(),
        });
    let mut words = words.filter(|it| {
        Severity::parse(it).is_none() || Category::parse(it) == Some(Category::Correctness)
    });
    words
        .find(|it| !it.trim().is_empty() && *it != "issue")
        .and_then(Category::parse)
}

fn code(fields: &Fields<'_>) -> Option<String> {
    let code = fields.word(&["rule", "ruleid", "code", "check", "checkid", "checkname"])?;
    (!code.contains(char::is_whitespace) && code.len() <= 100).then_some(code)
}

fn confidence(fields: &Fields<'_>, out: &mut Collector) -> Option<f32> {
    let value = fields.get(&["confidence", "confidencescore", "certainty", "probability"])?;
    let said = confidence_of(value);
    if said.is_none() {
        out.note(&format!("unknown confidence {value}"));
    }
    said
}

/// `0.8`, `80`, `"80%"`, `"high"`.
pub(in super::super) fn confidence_of(value: &Value) -> Option<f32> {
    let number = match value {
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "certain" | "confirmed" | "very high" => 0.95,
            "high" => 0.85,
            "medium" | "moderate" | "plausible" => 0.6,
            "low" => 0.3,
            "very low" => 0.1,
            other => match other.strip_suffix('%') {
                Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
                None => other.parse().ok()?,
            },
        },
        other => other.as_f64()?,
    };
    let number = if number > 1.0 { number / 100.0 } else { number };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a share needs no precision"
    )]
    (0.0..=1.0).contains(&number).then_some(number as f32)
}

fn quote(fields: &Fields<'_>) -> Option<String> {
    let text = fields.text(QUOTE).or_else(|| {
        // `code` is a rule's name or the code itself.
        fields
            .text(&["code"])
            .filter(|it| it.contains(char::is_whitespace) || it.len() > 100)
    })?;
    Some(fix::unfenced(text).to_owned())
}
