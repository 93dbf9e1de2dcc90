//! JSON-RPC messages as they come in: told apart without reading their parameters.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id};

#[cfg(test)]
mod tests;

/// A message from the client.
#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    /// Wants exactly one response.
    Request {
        /// Its id.
        id: Id,
        /// Its method.
        method: Cow<'a, str>,
        /// Its parameters, unread.
        params: Option<&'a RawValue>,
    },
    /// Wants none.
    Notification {
        /// Its method.
        method: Cow<'a, str>,
        /// Its parameters, unread.
        params: Option<&'a RawValue>,
    },
    /// The answer to a request of ours.
    Response {
        /// The id that we gave; `None` when it cannot be one of ours.
        id: Option<i64>,
        /// What came back.
        result: Result<Value, String>,
    },
}

/// A message that is none, and how to answer it.
#[derive(Debug)]
pub(crate) struct Invalid {
    /// The id as it stood there, JSON; `null` when there is none to be found.
    pub(crate) id: String,
    /// What is wrong.
    pub(crate) error: Error,
    /// True when it was not even JSON, so that the framing may be at fault.
    pub(crate) is_garbage: bool,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// Keeps `null` apart from "not there".
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Tells what kind of message a body is.
///
/// # Errors
/// When it is none; the error says how to answer.
pub(crate) fn parse(body: &[u8]) -> Result<Incoming<'_>, Invalid> {
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(invalid(
            None,
            ErrorCode::InvalidRequest,
            "LSP has no batches; send the messages one by one",
        ));
    }
    let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(|error| {
        let is_garbage = !error.is_data();
        let code = if is_garbage {
            ErrorCode::ParseError
        } else {
            ErrorCode::InvalidRequest
        };
        Invalid {
            is_garbage,
            ..invalid(None, code, format!("not a message: {error}"))
        }
    })?;
    let Some(method) = envelope.method else {
        return response(&envelope);
    };
    let Some(method) = string(method) else {
        return Err(invalid(
            envelope.id,
            ErrorCode::InvalidRequest,
            "`method` is not a string",
        ));
    };
    let params = envelope.params;
    Ok(match envelope.id {
        None => Incoming::Notification { method, params },
        Some(raw) => {
            let id = request_id(raw).ok_or_else(|| {
                invalid(
                    Some(raw),
                    ErrorCode::InvalidRequest,
                    "`id` is neither an integer of 64 bits nor a string",
                )
            })?;
            Incoming::Request { id, method, params }
        }
    })
}

/// Reads parameters. Lone surrogates, which JSON cannot mean, become U+FFFD.
///
/// # Errors
/// When they have another shape, in words.
pub(crate) fn params<T: DeserializeOwned>(raw: Option<&RawValue>) -> Result<T, String> {
    let json = raw.map_or("null", RawValue::get);
    serde_json::from_str(json).or_else(|error| match repair_surrogates(json) {
        Some(repaired) => serde_json::from_str(&repaired).map_err(|error| error.to_string()),
        None => Err(error.to_string()),
    })
}

fn response<'a>(envelope: &Envelope<'a>) -> Result<Incoming<'a>, Invalid> {
    if envelope.result.is_none() && envelope.error.is_none() {
        return Err(invalid(
            envelope.id,
            ErrorCode::InvalidRequest,
            "neither a request nor a response",
        ));
    }
    let result = match (
        envelope.error.filter(|it| it.get() != "null"),
        envelope.result,
    ) {
        (Some(error), _) => Err(error_text(error)),
        (None, result) => params::<Value>(result),
    };
    let id = envelope.id.and_then(|it| it.get().parse().ok());
    Ok(Incoming::Response { id, result })
}

fn error_text(raw: &RawValue) -> String {
    let error = params::<Value>(Some(raw)).unwrap_or_default();
    let message = error.get("message").and_then(Value::as_str);
    message.unwrap_or("the client gave no reason").to_owned()
}

fn request_id(raw: &RawValue) -> Option<Id> {
    match raw.get() {
        "null" => Some(Id::Null),
        text if text.starts_with('"') => serde_json::from_str(text).ok().map(Id::String),
        text => text.parse().ok().map(Id::Number),
    }
}

/// A JSON string; without a copy where it holds no escapes.
fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

fn invalid(
    id: Option<&RawValue>,
    code: ErrorCode,
    message: impl Into<Cow<'static, str>>,
) -> Invalid {
    // Only numbers and strings may be sent back as an id.
    let id = id
        .map(RawValue::get)
        .filter(|it| it.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit()));
    let error = Error {
        code,
        message: message.into(),
        data: None,
    };
    Invalid {
        id: id.unwrap_or("null").to_owned(),
        error,
        is_garbage: false,
    }
}

/// `json` with every lone `\uD800` to `\uDFFF` replaced; `None` when there is none.
fn repair_surrogates(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let unit = |at: usize| -> Option<u16> {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut repaired = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => {
                repaired.push_str(&json[copied..at]);
                repaired.push_str("\\ufffd");
                at += 6;
                copied = at;
            }
            // The character after a backslash is never the start of another escape.
            _ => at += 2,
        }
    }
    (copied > 0).then(|| repaired + &json[copied..])
}
