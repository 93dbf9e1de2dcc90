//! Structured answers: findings themselves, or wrappers around them that also tell session and use.

use super::collect::Collector;
use super::contract;
use super::detect;
use super::fields::{Fields, number};
use serde_json::Value;

/// Deepest wrapper looked into.
pub(super) const MAX_DEPTH: usize = 8;
/// Keys under which answers put what they carry, surest first.
pub(super) const CARRIERS: &[&str] = &[
    "structuredoutput",
    "structuredcontent",
    "reviewoutput",
    "result",
    "output",
    "response",
    "answer",
    "expertanalysis",
    "rawanalysis",
    "data",
    "item",
    "report",
    "review",
    "content",
    "text",
    "message",
];

/// Reads a structured answer; false when nothing in it was understood and the text should be tried.
pub(super) fn read(value: &Value, out: &mut Collector) -> bool {
    read_at(value, 0, out)
}

/// Reads JSON that was found in text, where it may be a wrapper too.
pub(super) fn read_at(value: &Value, depth: usize, out: &mut Collector) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    note(value, out);
    if detect::read_value(value, out) {
        return true;
    }
    match value {
        Value::String(text) => detect::read_text(text, depth + 1, out),
        Value::Array(parts) => {
            let mut any = false;
            for part in parts
                .iter()
                .filter(|it| it.get("type").is_some_and(Value::is_string))
            {
                any |= read_at(part, depth + 1, out);
            }
            any
        }
        Value::Object(_) => {
            let Some(fields) = Fields::of(value) else {
                return false;
            };
            if fields.get(&["iserror"]).and_then(Value::as_bool) == Some(true) {
                let why = fields
                    .text(&["result", "error", "text", "message"])
                    .unwrap_or("no reason given");
                out.lost(&format!("the agent says that it failed: {why}"));
                return true;
            }
            let read = CARRIERS.iter().any(|name| {
                fields
                    .get(&[name])
                    .is_some_and(|it| read_at(it, depth + 1, out))
            });
            if read {
                contract::note_skipped(value, out);
            }
            read
        }
        _ => false,
    }
}

/// Takes session and use from an object, wherever they stand in it.
fn note(value: &Value, out: &mut Collector) {
    let Some(fields) = Fields::of(value) else {
        return;
    };
    if let Some(session) = fields.text(&["session", "sessionid", "threadid", "conversationid"]) {
        out.session(session);
    }
    if let Some(cost) = fields.number(&["totalcostusd", "costusd"]) {
        out.usage().cost_usd.get_or_insert(cost);
    }
    let Some(usage) = fields.object(&["usage", "tokenusage"]) else {
        return;
    };
    let tokens = |names: &[&str]| {
        usage
            .get(names)
            .and_then(number)
            .filter(|it| (0.0..1e15).contains(it))
    };
    // What was read from a cache was read too.
    let cached = ["cachecreationinputtokens", "cachereadinputtokens"]
        .iter()
        .filter_map(|name| tokens(&[name]))
        .sum::<f64>();
    let input = tokens(&["inputtokens", "prompttokens"]).map(|it| it + cached);
    let output = tokens(&["outputtokens", "completiontokens"]);
    let cost = usage.number(&["costusd", "totalcostusd", "cost"]);
    let model = usage.text(&["model"]).or_else(|| fields.text(&["model"]));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be within the range"
    )]
    let whole = |it: f64| it as u64;
    let to = out.usage();
    to.input_tokens = to.input_tokens.or(input.map(whole));
    to.output_tokens = to.output_tokens.or(output.map(whole));
    to.cost_usd = to.cost_usd.or(cost);
    to.model = to.model.take().or_else(|| model.map(str::to_owned));
}
