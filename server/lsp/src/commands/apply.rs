//! `crosscheck.apply`: has the editor make the changes of a proposal.

use super::refuse;
use crate::proposals::applying::{self, Purpose};
use crate::state::State;
use domain::proposal::ProposalId;
use serde::Deserialize;
use serde_json::Value;
use tower_lsp::jsonrpc::Result;

#[derive(Deserialize)]
pub(super) struct Argument {
    id: ProposalId,
    /// Only these, by number; all that can be applied where there are none.
    parts: Option<Vec<usize>>,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: &Argument) -> Result<Value> {
    let Some(held) = state.proposals.get(&argument.id).cloned() else {
        return Ok(refuse(state, super::GONE));
    };
    let parts = argument.parts.as_deref().filter(|it| !it.is_empty());
    let sent = applying::send(state, held, Purpose::Apply, parts);
    Ok(sent.unwrap_or_else(|why| refuse(state, &why)))
}
