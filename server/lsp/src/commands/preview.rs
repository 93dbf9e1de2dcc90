//! `crosscheck.preview`: shows a proposal, or one part of it, as a diff.

use super::refuse;
use crate::preview::{self, Subject};
use crate::state::State;
use domain::proposal::ProposalId;
use serde::Deserialize;
use serde_json::Value;
use tower_lsp::jsonrpc::Result;

#[derive(Deserialize)]
pub(super) struct Argument {
    id: ProposalId,
    part: Option<usize>,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: Argument) -> Result<Value> {
    state.proposals.doubt();
    state.proposals.look(&state.documents);
    let Some(held) = state.proposals.get(&argument.id) else {
        return Ok(refuse(state, super::GONE));
    };
    let is_there = |part: usize| held.parts().any(|it| it.part.number == part);
    if let Some(part) = argument.part.filter(|it| !is_there(*it)) {
        return Ok(refuse(state, &format!("There is no change {part} in it.")));
    }
    let Argument { id, part } = argument;
    Ok(preview::show(state, Subject::Proposal { id, part }))
}
