//! What `claude` says, line by line, and what it is told. Unknown messages, keys and shapes are passed over.

use super::outcome::Outcome;
use super::permission::Request;
use serde_json::{Value, json};
use std::time::Duration;

/// Something that a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Message {
    /// The model thinks, or is asked.
    Thinking,
    /// The model writes what is for the user.
    Writing,
    /// The model has written this.
    Said(String),
    /// The model uses a tool.
    Using {
        id: String,
        tool: String,
        input: Value,
    },
    /// A tool has ended.
    Used { id: String },
    /// The service did not answer well; it is asked again after a while.
    Retrying {
        attempt: u64,
        most: u64,
        delay: Duration,
        error: String,
    },
    /// The conversation became too long and is made shorter.
    Compacting,
    /// What kind of trouble the end is about, in the program's own terms.
    Trouble(String),
    /// The model wants to do what has to be allowed.
    Permission(Request),
    /// A request for permission that no longer matters.
    Withdrawn { id: String },
    /// A request that we know nothing about, but that waits for an answer.
    Unknown { id: String, request: String },
    /// The turn has ended.
    Ended(Box<Outcome>),
}

/// What a line says; `None` when it is not JSON.
pub(super) fn read(line: &[u8]) -> Option<Vec<Message>> {
    match serde_json::from_slice(line).ok()? {
        // Other output formats wrap everything in one array.
        Value::Array(messages) => Some(messages.iter().flat_map(messages_of).collect()),
        message @ Value::Object(_) => Some(messages_of(&message)),
        _ => None,
    }
}

/// The prompt.
pub(super) fn prompt(text: &str) -> String {
    // A prompt that begins with a slash would be taken for a command of the program.
    let content = format!("\n{text}");
    json!({ "type": "user", "message": { "role": "user", "content": content } }).to_string()
}

/// The answer to a control request.
pub(super) fn response(id: &str, response: &Value) -> String {
    json!({ "type": "control_response", "response": {
        "subtype": "success", "request_id": id, "response": response,
    }})
    .to_string()
}

/// The answer to a control request that cannot be answered.
pub(super) fn error(id: &str, error: &str) -> String {
    json!({ "type": "control_response", "response": {
        "subtype": "error", "request_id": id, "error": error,
    }})
    .to_string()
}

/// A string in an object; empty when it is not there.
pub(super) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn messages_of(message: &Value) -> Vec<Message> {
    match text(message, "type") {
        "assistant" => said(message),
        "user" => used(message),
        "stream_event" => begun(&message["event"]).into_iter().collect(),
        "system" => noted(message).into_iter().collect(),
        "control_request" => vec![requested(message)],
        "control_cancel_request" => vec![Message::Withdrawn {
            id: text(message, "request_id").to_owned(),
        }],
        "result" => vec![Message::Ended(Box::new(Outcome::read(message)))],
        _ => Vec::new(),
    }
}

fn blocks(message: &Value) -> impl Iterator<Item = &Value> {
    let content = message.pointer("/message/content");
    content.and_then(Value::as_array).into_iter().flatten()
}

fn said(message: &Value) -> Vec<Message> {
    let trouble = match text(message, "error") {
        "" => None,
        error => Some(Message::Trouble(error.to_owned())),
    };
    let blocks = blocks(message).filter_map(|block| match text(block, "type") {
        "text" => Some(Message::Said(text(block, "text").to_owned())),
        "tool_use" => Some(Message::Using {
            id: text(block, "id").to_owned(),
            tool: text(block, "name").to_owned(),
            input: block["input"].clone(),
        }),
        _ => None,
    });
    trouble.into_iter().chain(blocks).collect()
}

fn used(message: &Value) -> Vec<Message> {
    blocks(message)
        .filter(|block| text(block, "type") == "tool_result")
        .map(|block| Message::Used {
            id: text(block, "tool_use_id").to_owned(),
        })
        .collect()
}

/// What the model has begun to write, where that is told in parts.
fn begun(event: &Value) -> Option<Message> {
    if text(event, "type") != "content_block_start" {
        return None;
    }
    match text(&event["content_block"], "type") {
        "thinking" | "redacted_thinking" => Some(Message::Thinking),
        "text" => Some(Message::Writing),
        _ => None,
    }
}

fn noted(message: &Value) -> Option<Message> {
    let number = |key: &str| message[key].as_u64().unwrap_or_default();
    match text(message, "subtype") {
        "thinking_tokens" => Some(Message::Thinking),
        "status" => match text(message, "status") {
            "requesting" => Some(Message::Thinking),
            "compacting" => Some(Message::Compacting),
            _ => None,
        },
        "api_retry" => Some(Message::Retrying {
            attempt: number("attempt"),
            most: number("max_retries"),
            delay: Duration::from_millis(number("retry_delay_ms")),
            error: text(message, "error").to_owned(),
        }),
        _ => None,
    }
}

fn requested(message: &Value) -> Message {
    let id = text(message, "request_id").to_owned();
    let request = &message["request"];
    match text(request, "subtype") {
        "can_use_tool" => Message::Permission(Request::read(id, request)),
        other => Message::Unknown {
            id,
            request: other.to_owned(),
        },
    }
}
