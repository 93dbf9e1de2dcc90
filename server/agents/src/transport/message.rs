//! One message as it was read, before anybody understands it.

use super::id;
use rmcp::model::{ErrorCode, ErrorData, RequestId};
use serde_json::{Map, Value};

/// Longest piece of an error's data shown when it has no message, in characters.
const SHOWN: usize = 300;

/// One message from a server.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    Request {
        id: RequestId,
        method: String,
        params: Option<Value>,
    },
    Notification {
        method: String,
        params: Value,
    },
    Response {
        id: RequestId,
        result: Value,
    },
    Error {
        id: Option<RequestId>,
        error: ErrorData,
    },
}

/// Reads a line: a message, or several in a batch. `Err` says why it is none.
pub(super) fn read(line: &[u8]) -> Result<Vec<Message>, String> {
    let value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(error) => match mend(line).map(|mended| serde_json::from_str(&mended)) {
            Some(Ok(value)) => value,
            _ => return Err(error.to_string()),
        },
    };
    let messages: Option<Vec<Message>> = match value {
        Value::Object(object) => message(object).map(|message| vec![message]),
        Value::Array(batch) if !batch.is_empty() => batch.into_iter().map(member).collect(),
        _ => None,
    };
    messages.ok_or_else(|| "it is JSON, but no JSON-RPC message".to_owned())
}

fn member(value: Value) -> Option<Message> {
    match value {
        Value::Object(object) => message(object),
        _ => None,
    }
}

fn message(mut object: Map<String, Value>) -> Option<Message> {
    let id = object.get("id").and_then(id::from_json);
    if let Some(Value::String(method)) = object.get_mut("method") {
        let method = std::mem::take(method);
        let params = object.remove("params");
        return Some(match id {
            Some(id) => Message::Request { id, method, params },
            None => Message::Notification {
                method,
                params: params.unwrap_or_default(),
            },
        });
    }
    if let Some(error) = object.remove("error").filter(|error| !error.is_null()) {
        return Some(Message::Error {
            id,
            error: self::error(&error),
        });
    }
    let result = object.remove("result")?;
    Some(Message::Response { id: id?, result })
}

/// Servers put all kinds of things there.
fn error(value: &Value) -> ErrorData {
    let code = value
        .get("code")
        .and_then(Value::as_i64)
        .and_then(|code| i32::try_from(code).ok());
    let message = match (value.get("message"), value) {
        (Some(Value::String(message)), _) | (None, Value::String(message)) => message.clone(),
        _ => value.to_string().chars().take(SHOWN).collect(),
    };
    let code = code.map_or(ErrorCode::INTERNAL_ERROR, ErrorCode);
    ErrorData::new(code, message, value.get("data").cloned())
}

/// Makes JSON of what JavaScript and careless servers write: half of a surrogate pair, and bytes that are not
/// UTF-8, become `U+FFFD`. `None` when there was nothing to mend.
fn mend(line: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(line);
    let mut mended = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at..];
        mended.push_str(&rest[..at]);
        let length = match surrogate(escape) {
            Some(Half::High) if matches!(escape.get(6..).and_then(surrogate), Some(Half::Low)) => {
                mended.push_str(&escape[..12]);
                12
            }
            Some(_) => {
                mended.push('\u{fffd}');
                6
            }
            None => {
                // The backslash and what it escapes; a line may end after the backslash.
                let length = escape.chars().take(2).map(char::len_utf8).sum();
                mended.push_str(&escape[..length]);
                length
            }
        };
        rest = &escape[length..];
    }
    mended.push_str(rest);
    (mended.as_bytes() != line).then_some(mended)
}

enum Half {
    High,
    Low,
}

/// Whether an escape is half of a surrogate pair.
fn surrogate(escape: &str) -> Option<Half> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use rmcp::model::NumberOrString::Number;
    use serde_json::json;

    #[test]
    fn lines_are_read() {
        let response = |result| Message::Response {
            id: Number(1),
            result,
        };
        let cases = [
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"a":1}}"#,
                response(json!({"a": 1})),
            ),
            (r#"{"result":null,"id":1}"#, response(Value::Null)),
            (
                r#"{"id":1,"result":"half \ud83d pair"}"#,
                response(json!("half \u{fffd} pair")),
            ),
            (
                r#"{"id":1,"result":"\ud83d\ude00\\ud83d"}"#,
                response(json!("😀\\ud83d")),
            ),
            (
                r#"{"method":"ping","id":"x"}"#,
                Message::Request {
                    id: id::from_json(&json!("x")).unwrap(),
                    method: "ping".into(),
                    params: None,
                },
            ),
            (
                r#"{"method":"n","params":[1]}"#,
                Message::Notification {
                    method: "n".into(),
                    params: json!([1]),
                },
            ),
            (
                r#"{"id":null,"error":"broken"}"#,
                Message::Error {
                    id: None,
                    error: ErrorData::internal_error("broken", None),
                },
            ),
            (
                r#"{"id":1,"error":{"code":-5,"message":"no","data":2}}"#,
                Message::Error {
                    id: Some(Number(1)),
                    error: ErrorData::new(ErrorCode(-5), "no", Some(json!(2))),
                },
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(read(line.as_bytes()).unwrap(), [expected], "{line}");
        }
    }

    #[test]
    fn batches_are_read_and_other_things_are_not() {
        let batch = br#"[{"id":1,"result":1},{"method":"n"}]"#;
        assert_eq!(read(batch).unwrap().len(), 2);
        assert_eq!(read(b"{\"id\":1,\"result\":\"\xff\"}").unwrap().len(), 1);
        for line in [
            "",
            "Listening on stdio",
            "42",
            "[]",
            "[1]",
            "{}",
            r#"{"id":1}"#,
            r#"{"result":1}"#,
            "{\"id\":1,\\",
        ] {
            assert!(read(line.as_bytes()).is_err(), "{line}");
        }
    }
}
