//! Proposals arrive: from a run, or from the ledger.

use super::{Held, PartState, undone, words};
use crate::runs::count;
use crate::state::State;
use domain::path::RelPath;
use domain::proposal::Proposal;
use engine::{Kept, ProposalState, RunId};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tower_lsp::gen_lsp_types::MessageType;

/// An agent proposes something.
pub(crate) fn proposed(
    state: &mut State,
    run: RunId,
    proposal: Arc<Proposal>,
    versions: &BTreeMap<RelPath, i32>,
) {
    let Some(root) = state.runs.root(run) else {
        return;
    };
    if state.roots.get(&root).is_none() {
        tracing::debug!("a proposal of {} came too late", proposal.agent);
        return;
    }
    let id = proposal.id.clone();
    let State {
        proposals,
        documents,
        runs,
        client,
        ..
    } = state;
    let gone = proposals.add(&root, proposal, Some(run), versions, documents);
    if let Some(held) = proposals.get(&id) {
        runs.proposed(run, held.parts().count());
        let has_trouble = held.is_check_passed() == Some(false)
            || words::deception(held).is_some()
            || !held.numbers(PartState::Conflict).is_empty();
        let kind = if has_trouble {
            MessageType::Warning
        } else {
            MessageType::Info
        };
        client.show(kind, &words::arrival(held));
    }
    tell_of(state, &gone);
}

/// The ledger tells which proposals of earlier sessions are open, the newest first, and how many more there are.
pub(crate) fn recalled(state: &mut State, root: &Path, proposals: Vec<Kept>, left_out: usize) {
    let Some(root) = state.roots.get(root).map(|it| Arc::clone(&it.path)) else {
        return;
    };
    if left_out > 0 {
        let more = count(left_out, "older proposal");
        let text = format!("{more} of {} cannot be shown", root.display());
        state.client.log(MessageType::Warning, &text);
    }
    let mut gone = Vec::new();
    for kept in proposals.into_iter().rev() {
        let id = kept.proposal.id.clone();
        let State {
            proposals,
            documents,
            client,
            ..
        } = state;
        let expected = proposals.expected.remove(&id);
        let findings = kept.proposal.findings.clone();
        let is_applied = kept.state == ProposalState::Applied;
        // Of those that were asked for by name, also what was applied as a whole is followed.
        let is_wanted = kept.state == ProposalState::Open || (is_applied && expected.is_some());
        if is_wanted && proposals.get(&id).is_none() {
            gone.extend(proposals.recall(&root, kept.proposal, &kept.applied, documents));
            proposals.note_done(&id, is_applied);
        }
        if let Some(held) = proposals.get(&id).filter(|it| !it.is_settled()) {
            let title = words::title(&held.proposal);
            let text = format!("{} proposed earlier: {title}", held.proposal.agent);
            client.log(MessageType::Info, &text);
        }
        if let Some(expected) = expected {
            undone::recalled(state, &root, &id, &expected, &findings);
        }
    }
    tell_of(state, &gone);
}

/// Says which proposals had to make room.
fn tell_of(state: &mut State, gone: &[Held]) {
    for held in gone.iter().filter(|it| !it.is_settled()) {
        let proposal = &held.proposal;
        let text = format!(
            "There are too many open proposals; {}'s older one is not shown any more: {}. {} still applies it.",
            proposal.agent,
            words::title(proposal),
            words::in_terminal(proposal),
        );
        state.client.show(MessageType::Warning, &text);
    }
}
