//! `crosscheck.discard`: forgets a proposal, or all of them.

use super::refuse;
use crate::state::State;
use domain::proposal::ProposalId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tower_lsp::jsonrpc::Result;

#[derive(Default, Deserialize)]
pub(super) struct Argument {
    id: Option<ProposalId>,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: &Argument) -> Result<Value> {
    let ids: Vec<ProposalId> = match &argument.id {
        Some(id) => vec![id.clone()],
        None => {
            let all = state.proposals.iter();
            all.map(|it| it.proposal.id.clone()).collect()
        }
    };
    if ids.iter().any(|it| state.proposals.is_busy(it)) {
        return Ok(refuse(
            state,
            "The editor is still busy with this proposal; try again when it is through.",
        ));
    }
    let mut by_root: BTreeMap<Arc<Path>, Vec<ProposalId>> = BTreeMap::new();
    for id in &ids {
        if let Some(held) = state.proposals.remove(id) {
            by_root.entry(held.root).or_default().push(id.clone());
        }
    }
    if by_root.is_empty() && argument.id.is_some() {
        return Ok(refuse(state, super::GONE));
    }
    let discarded: Vec<ProposalId> = by_root.values().flatten().cloned().collect();
    if !by_root.is_empty()
        && let Some(engine) = state.engine()
    {
        for (root, ids) in by_root {
            engine.discard_proposals(&root, ids);
        }
    }
    Ok(json!({"discarded": discarded}))
}
