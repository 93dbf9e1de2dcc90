//! The answer of a review, from the last message of a turn.

use super::call::Outcome;
use crate::contract::ReviewAnswer;
use crate::server::{CallError, structured};
use rmcp::model::{CallToolResult, ContentBlock};

/// The contract's answer where the text is one, else the text, for a client that reads leniently.
pub(super) fn review(outcome: Outcome) -> Result<CallToolResult, CallError> {
    match serde_json::from_str::<ReviewAnswer>(&outcome.text) {
        Ok(answer) => structured(&ReviewAnswer {
            usage: outcome.usage,
            session: Some(outcome.session),
            ..answer
        }),
        Err(_) => Ok(CallToolResult::success(vec![ContentBlock::text(
            outcome.text,
        )])),
    }
}
