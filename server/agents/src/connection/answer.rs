//! Reading the result of a tool call: raw JSON, so that nothing in it is lost because one part is not known.

use serde_json::{Map, Value};

/// Longest error text of an agent, in characters.
const ERROR: usize = 1000;
/// Most left-out parts named; the rest is counted.
const LEFT_OUT: usize = 20;
/// Longest piece of an agent's words in a description, in characters.
const SHOWN: usize = 100;

/// What an answer holds.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) structured: Option<Value>,
    pub(crate) texts: Vec<String>,
    pub(crate) left_out: Vec<String>,
}

/// Why a call on a connection has no answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Failure {
    /// The connection ended, or the call could not be sent.
    Gone(String),
    /// The server wants authorization, or more of it.
    Unauthorized(String),
    /// The agent answered with an error: its words.
    Refused(String),
    /// The answer is none.
    Unusable(String),
}

/// The agent wants input before it goes on.
#[derive(Debug, PartialEq)]
pub(super) struct InputRequired {
    /// Its requests by its names for them.
    pub(super) requests: Map<String, Value>,
    /// To be sent back unread.
    pub(super) state: Option<String>,
}

impl InputRequired {
    /// The methods of its requests.
    pub(super) fn methods(&self) -> impl Iterator<Item = &str> {
        self.requests.values().map(method)
    }
}

/// The method of a request for input.
pub(super) fn method(request: &Value) -> &str {
    let method = request.get("method").and_then(Value::as_str);
    method.unwrap_or_default()
}

/// Takes a result apart that is no answer yet.
pub(super) fn input_required(result: &mut Value) -> Option<InputRequired> {
    if result.get("resultType")?.as_str() != Some("input_required") {
        return None;
    }
    let requests = match result.get_mut("inputRequests").map(Value::take) {
        Some(Value::Object(requests)) => requests,
        _ => Map::new(),
    };
    let state = result
        .get("requestState")
        .and_then(Value::as_str)
        .map(str::to_owned);
    Some(InputRequired { requests, state })
}

/// Reads the result of a tool call.
pub(crate) fn read(result: Value) -> Result<Reading, Failure> {
    let Value::Object(mut result) = result else {
        return Err(Failure::Unusable("it is no MCP tool result".to_owned()));
    };
    if result.get("resultType").and_then(Value::as_str) == Some("task") {
        let reason = "it is a task to be asked about later, which is not supported";
        return Err(Failure::Unusable(reason.to_owned()));
    }
    let is_error = result
        .get("isError")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    let structured = result
        .remove("structuredContent")
        .or_else(|| result.remove("toolResult"));
    let structured = structured.filter(|value| !value.is_null());
    let content = result.remove("content");
    let failed = result.remove("error").filter(|error| !error.is_null());
    if content.is_none() && structured.is_none() && !is_error {
        // Old servers fail like this.
        return Err(match failed {
            Some(error) => Failure::Refused(words(&error)),
            None => Failure::Unusable("it has neither content nor structured content".to_owned()),
        });
    }
    let mut reading = Reading {
        structured,
        ..Reading::default()
    };
    match content {
        Some(Value::Array(parts)) => parts.into_iter().for_each(|part| reading.add(part)),
        Some(Value::Null) | None => {}
        Some(part) => reading.add(part),
    }
    reading.count_left_out();
    if is_error {
        Err(Failure::Refused(reading.error()))
    } else {
        Ok(reading)
    }
}

/// An agent's error text, for people.
pub(super) fn error_text(text: &str) -> String {
    let text = domain::sanitize::line(text, ERROR);
    if text.is_empty() {
        "it gives no reason".to_owned()
    } else {
        text
    }
}

impl Reading {
    fn add(&mut self, mut part: Value) {
        if let Value::String(text) = part {
            self.texts.push(text);
            return;
        }
        let text = |key: &str| {
            let text = part.get(key).and_then(Value::as_str).unwrap_or("unknown");
            domain::sanitize::line(text, SHOWN)
        };
        let kind = text("type");
        let left_out = match kind.as_str() {
            "image" => format!("an image ({})", text("mimeType")),
            "audio" => format!("an audio recording ({})", text("mimeType")),
            "resource_link" => format!("a link to {}", text("uri")),
            "resource" => match part.pointer_mut("/resource/text").map(Value::take) {
                Some(Value::String(text)) => return self.texts.push(text),
                _ => "an embedded resource that is no text".to_owned(),
            },
            // Text, or a kind that is yet to be invented and has text.
            _ => match part.get_mut("text").map(Value::take) {
                Some(Value::String(text)) => return self.texts.push(text),
                _ => format!("content of type `{kind}`"),
            },
        };
        self.left_out.push(left_out);
    }

    fn count_left_out(&mut self) {
        if let Some(more @ 1..) = self.left_out.len().checked_sub(LEFT_OUT) {
            self.left_out.truncate(LEFT_OUT);
            self.left_out.push(format!("{more} more parts"));
        }
    }

    fn error(self) -> String {
        match self.structured {
            Some(structured) if self.texts.is_empty() => words(&structured),
            _ => error_text(&self.texts.join("\n")),
        }
    }
}

fn words(value: &Value) -> String {
    match value
        .as_str()
        .or_else(|| value.get("message").and_then(Value::as_str))
    {
        Some(text) => error_text(text),
        None => error_text(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn check(result: Value, expected: &Expect) {
        expected.assert_eq(&match read(result) {
            Ok(reading) => {
                let structured = reading
                    .structured
                    .map_or("-".to_owned(), |value| value.to_string());
                format!("{structured} {:?} {:?}", reading.texts, reading.left_out)
            }
            Err(failure) => format!("{failure:?}"),
        });
    }

    #[test]
    fn answers_of_all_kinds() {
        let text = |text: &str| json!({ "type": "text", "text": text });
        check(
            json!({ "content": [text("a"), text("b")] }),
            &expect![[r#"- ["a", "b"] []"#]],
        );
        check(
            json!({ "content": [text("{}")], "structuredContent": { "findings": [] }, "isError": false }),
            &expect![[r#"{"findings":[]} ["{}"] []"#]],
        );
        check(json!({ "structuredContent": [1] }), &expect!["[1] [] []"]);
        check(json!({ "content": [] }), &expect!["- [] []"]);
        check(json!({ "content": "bare" }), &expect![[r#"- ["bare"] []"#]]);
        check(
            json!({ "content": [
                { "type": "resource", "resource": { "uri": "file:///a", "text": "embedded" } },
                { "type": "resource", "resource": { "uri": "file:///a", "blob": "AA==" } },
                { "type": "hologram", "text": "kept" },
                { "type": "hologram", "waves": 3 },
                { "type": "image", "data": "AA==", "mimeType": "image/png" },
                { "type": "audio", "data": "AA==", "mimeType": "audio/wav" },
                { "type": "resource_link", "uri": "file:///b", "name": "b" },
                7,
            ] }),
            &expect![[
                r#"- ["embedded", "kept"] ["an embedded resource that is no text", "content of type `hologram`", "an image (image/png)", "an audio recording (audio/wav)", "a link to file:///b", "content of type `unknown`"]"#
            ]],
        );
        check(
            json!({ "toolResult": { "old": 1 } }),
            &expect![[r#"{"old":1} [] []"#]],
        );
    }

    #[test]
    fn answers_that_are_none() {
        check(
            json!({ "isError": true, "content": [{ "type": "text", "text": "no\u{7} key" }] }),
            &expect![[r#"Refused("no key")"#]],
        );
        check(
            json!({ "isError": true, "structuredContent": { "message": "no key" } }),
            &expect![[r#"Refused("no key")"#]],
        );
        check(
            json!({ "isError": true }),
            &expect![[r#"Refused("it gives no reason")"#]],
        );
        check(
            json!({ "error": "old way" }),
            &expect![[r#"Refused("old way")"#]],
        );
        check(
            json!({}),
            &expect![[r#"Unusable("it has neither content nor structured content")"#]],
        );
        check(
            json!([]),
            &expect![[r#"Unusable("it is no MCP tool result")"#]],
        );
        check(
            json!({ "resultType": "task", "task": {} }),
            &expect![[
                r#"Unusable("it is a task to be asked about later, which is not supported")"#
            ]],
        );
    }

    #[test]
    fn left_out_parts_are_counted() {
        let parts = vec![json!({ "type": "image", "mimeType": "image/png" }); LEFT_OUT + 5];
        let reading = read(json!({ "content": parts })).unwrap();
        assert_eq!(reading.left_out.len(), LEFT_OUT + 1);
        assert_eq!(reading.left_out.last().unwrap(), "5 more parts");
    }
}
