//! Ids of requests, compared as servers write them.

use rmcp::model::{NumberOrString, RequestId};
use serde_json::Value;

/// Our ids are numbers; some servers answer with the number in a string.
pub(super) fn canonical(id: RequestId) -> RequestId {
    match &id {
        NumberOrString::String(text) => text
            .parse()
            .map_or_else(|_| id.clone(), NumberOrString::Number),
        NumberOrString::Number(_) => id,
    }
}

/// Whether an answer's id is that of a request of ours.
pub(crate) fn same_id(ours: &RequestId, answered: &RequestId) -> bool {
    *ours == canonical(answered.clone())
}

/// Our ids in the order in which they were given.
pub(super) fn number(ours: &RequestId) -> Option<i64> {
    match ours {
        NumberOrString::Number(number) => Some(*number),
        NumberOrString::String(_) => None,
    }
}

/// An id as it stands in a message; `None` for what is no id.
pub(super) fn from_json(value: &Value) -> Option<RequestId> {
    match value {
        Value::String(text) => Some(NumberOrString::String(text.as_str().into())),
        Value::Number(number) => number.as_i64().map(NumberOrString::Number),
        _ => None,
    }
}
