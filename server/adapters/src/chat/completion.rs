//! What a model has answered so far, out of the chunks of a stream or one whole message.

use crate::contract::Usage;
use serde_json::Value;

/// Most bytes of an answer that are taken.
pub(super) const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// What a model has answered so far.
#[derive(Debug, Default)]
pub(super) struct Completion {
    /// What it said.
    pub(super) text: String,
    /// Why it refused, in its own words.
    pub(super) refusal: String,
    /// Bytes of what it thought aloud, which is no part of the answer.
    pub(super) thoughts: usize,
    /// Why it ended: `stop`, `length`, `content_filter` …
    pub(super) finish: Option<String>,
    /// True when there was more than [`MAX_ANSWER`].
    pub(super) is_too_long: bool,
    /// What it used.
    pub(super) usage: Usage,
}

impl Completion {
    /// Takes a chunk or a whole completion; false when it is neither.
    pub(super) fn take(&mut self, value: &Value) -> bool {
        if let Some(model) = value.get("model").and_then(Value::as_str) {
            self.usage.model = Some(domain::sanitize::line(model, 100));
        }
        let counted = value.get("usage").filter(|usage| usage.is_object());
        if let Some(usage) = counted {
            self.count(usage);
        }
        let Some(choices) = value.get("choices").and_then(Value::as_array) else {
            return counted.is_some();
        };
        if let Some(choice) = choices.first() {
            for said in ["delta", "message"]
                .iter()
                .filter_map(|key| choice.get(key))
            {
                self.hear(said);
            }
            if let Some(finish) = choice.get("finish_reason").and_then(Value::as_str) {
                self.finish = Some(finish.to_owned());
            }
        }
        true
    }

    fn hear(&mut self, said: &Value) {
        let text = |key: &str| said.get(key).and_then(Value::as_str).unwrap_or_default();
        match said.get("content") {
            Some(Value::String(text)) => self.say(text),
            Some(Value::Array(parts)) => parts
                .iter()
                .filter_map(|part| part.get("text")?.as_str())
                .for_each(|text| self.say(text)),
            _ => {}
        }
        self.thoughts += text("reasoning_content").len().max(text("reasoning").len());
        if self.refusal.len() < MAX_ANSWER {
            self.refusal += text("refusal");
        }
    }

    fn say(&mut self, text: &str) {
        let room = text.floor_char_boundary(MAX_ANSWER - self.text.len().min(MAX_ANSWER));
        self.text += &text[..room];
        self.is_too_long |= room < text.len();
    }

    fn count(&mut self, usage: &Value) {
        let number = |key: &str| usage.get(key).and_then(Value::as_u64);
        self.usage.input_tokens = number("prompt_tokens").or(self.usage.input_tokens);
        self.usage.output_tokens = number("completion_tokens").or(self.usage.output_tokens);
        let cost = usage.get("cost").and_then(Value::as_f64);
        self.usage.cost_usd = cost.or(self.usage.cost_usd);
    }
}
