//! The result of a turn, as the last message of `claude` tells it.

use super::message::text;
use crate::contract::Usage;
use serde_json::{Map, Value};

/// The result of a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// How it ended. Says `success` also of errors of the service.
    pub(super) kind: String,
    pub(super) is_error: bool,
    /// The answer in words, or the error in words.
    pub(super) text: String,
    /// The answer by the schema, where there was one and the model kept to it.
    pub(super) structured: Option<Value>,
    /// The program's own words on what went wrong.
    pub(super) errors: Vec<String>,
    /// The status of the HTTP answer that ended the turn.
    pub(super) status: Option<u64>,
    /// What was not allowed.
    pub(super) denials: Vec<Denial>,
    pub(super) usage: Usage,
    pub(super) session: Option<String>,
}

/// A use of a tool that was not allowed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Denial {
    pub(super) tool: String,
    pub(super) input: Value,
}

impl Outcome {
    /// Reads a message of type `result`.
    pub(super) fn read(message: &Value) -> Self {
        let list = |key: &str| message[key].as_array().into_iter().flatten();
        let denials = list("permission_denials").map(|denial| Denial {
            tool: text(denial, "tool_name").to_owned(),
            input: denial["tool_input"].clone(),
        });
        let kind = text(message, "subtype").to_owned();
        Self {
            is_error: message["is_error"].as_bool().unwrap_or(kind != "success"),
            kind,
            text: text(message, "result").to_owned(),
            structured: message
                .get("structured_output")
                .filter(|it| it.is_object())
                .cloned(),
            errors: list("errors")
                .filter_map(|error| error.as_str().map(str::to_owned))
                .collect(),
            status: message["api_error_status"].as_u64(),
            denials: denials.collect(),
            usage: usage(message),
            session: message["session_id"].as_str().map(str::to_owned),
        }
    }
}

/// What this turn cost. Totals are of the whole conversation, so that they count only where there is nothing better.
fn usage(message: &Value) -> Usage {
    let tokens = |key: &str| message["usage"][key].as_u64();
    let read = [
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
    ];
    let read = read
        .iter()
        .filter_map(|key| tokens(key))
        .reduce(u64::saturating_add);
    let turn = models(message, "model_usage_since_last_result");
    let whole = models(message, "modelUsage");
    let cost = |model: &Value| model["costUSD"].as_f64().unwrap_or_default();
    Usage {
        input_tokens: read,
        output_tokens: tokens("output_tokens"),
        cost_usd: turn
            .map(|models| models.values().map(cost).sum())
            .or_else(|| message["total_cost_usd"].as_f64()),
        model: turn.or(whole).and_then(main_model),
    }
}

fn models<'a>(message: &'a Value, key: &str) -> Option<&'a Map<String, Value>> {
    message[key].as_object().filter(|it| !it.is_empty())
}

/// The model that wrote the most; small ones may have done side work.
fn main_model(models: &Map<String, Value>) -> Option<String> {
    let written = |model: &Value| model["outputTokens"].as_u64().unwrap_or_default();
    let most = models.iter().max_by_key(|(_, model)| written(model));
    most.map(|(name, _)| name.clone())
}
