//! The answer of a review, from the last message of a turn.

use super::call::Outcome;
use crate::contract::{AskAnswer, ReviewAnswer};
use crate::server::{CallError, spoken, structured};
use rmcp::model::CallToolResult;

/// The contract's answer where the text is one, else the text, for a client that reads leniently.
pub(super) fn review(outcome: Outcome) -> Result<CallToolResult, CallError> {
    let Outcome {
        text,
        usage,
        session,
    } = outcome;
    let session = Some(session);
    match serde_json::from_str::<ReviewAnswer>(&text) {
        Ok(answer) => structured(&ReviewAnswer {
            usage,
            session,
            ..answer
        }),
        Err(_) => spoken(AskAnswer {
            text,
            usage,
            session,
        }),
    }
}
