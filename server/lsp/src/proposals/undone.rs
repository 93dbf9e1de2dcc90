//! What was applied is undone, or done again, by the editor's undo or by what takes it back: the ledger is told, and the findings
//! that were settled by it are open again.

use super::applying;
use crate::state::State;
use domain::finding::FindingId;
use domain::proposal::ProposalId;
use engine::{Application, Which};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Most applications of earlier sessions that are followed, newest first.
const MAX_FOLLOWED: usize = 8;
/// How old they are at most: what was applied and never saved is missed soon, if at all.
const RECENT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What became of the parts of a proposal that were applied at some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stand {
    /// Those that are in the files.
    pub(super) parts: BTreeSet<usize>,
    /// Whether nothing of the proposal is left open.
    pub(super) done: bool,
}

/// A proposal that the ledger is asked for by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Expected {
    /// The parts that were applied at some time.
    pub(super) parts: BTreeSet<usize>,
    /// Whether they were taken back.
    pub(super) is_reverted: bool,
}

/// Tells the ledger where proposals stand, once the editor is through with them. True when findings may be others for it.
pub(crate) fn tell(state: &mut State) -> bool {
    let restated = state.proposals.take_restated();
    let is_news = !restated.is_empty();
    for (held, was) in restated {
        let (root, id) = (Arc::clone(&held.root), held.proposal.id.clone());
        let now = held.stand();
        let (is_undone, is_done_again) = (was.done && !now.done, !was.done && now.done);
        if let Some(engine) = state.engine() {
            engine.proposal_stands(&root, id, now.parts, now.done);
            engine.recall_applications(&root);
        }
        if is_undone {
            reopen(state, &root, &held.settles());
        } else if is_done_again {
            applying::settle(state, &held);
        }
    }
    is_news
}

/// An application was taken back, or is seen to be: its proposal is offered again, and its findings are open.
pub(crate) fn reverted(state: &mut State, root: &Path, application: &Application) {
    let id = application.proposal.clone();
    if let Some(engine) = state.engine() {
        engine.application_reverted(root, id, application.id);
        engine.recall_applications(root);
    }
    expect(state, root, application, true);
}

/// The ledger tells what was applied in a root. When it does so first, that may not be so any more: who closes an editor
/// without saving takes back what it applied, and some editors undo across sessions. So the latest are followed, too.
pub(crate) fn told(state: &mut State, root: &Path, applications: Vec<Application>) {
    let Some(root) = state.roots.get(root).map(|it| Arc::clone(&it.path)) else {
        return;
    };
    let oldest = SystemTime::now().checked_sub(RECENT);
    let is_recent = |it: &&Application| oldest.is_none_or(|oldest| it.applied >= oldest);
    let latest = applications
        .iter()
        .filter(|it| !it.reverted)
        .filter(is_recent);
    let latest: Vec<Application> = latest.take(MAX_FOLLOWED).cloned().collect();
    if state.proposals.set_applications(&root, applications) {
        for it in latest {
            if state.proposals.get(&it.proposal).is_none() {
                expect(state, &root, &it, false);
            }
        }
    }
}

/// Asks the ledger for the proposal of an application, whatever became of it.
fn expect(state: &mut State, root: &Path, application: &Application, is_reverted: bool) {
    let id = &application.proposal;
    let parts = application.parts.iter().copied();
    let expected = Expected {
        parts: parts.collect(),
        is_reverted,
    };
    if let Some(engine) = state.engine() {
        engine.recall_proposals(root, Which::Named(id.0.clone()));
        state.proposals.expect(id, expected);
    }
}

/// A proposal that was asked for is told by the ledger. When it was taken back, what it settled is open again.
pub(super) fn recalled(
    state: &mut State,
    root: &Arc<Path>,
    id: &ProposalId,
    expected: &Expected,
    findings: &[FindingId],
) {
    state.proposals.note_once_applied(id, &expected.parts);
    if expected.is_reverted {
        reopen(state, root, findings);
    }
}

/// Opens findings again that an applied proposal settled, and asks for those of open documents.
fn reopen(state: &mut State, root: &Arc<Path>, findings: &[FindingId]) {
    if findings.is_empty() {
        return;
    }
    let Some(engine) = state.engine().cloned() else {
        return;
    };
    engine.reopen(root, findings.to_vec());
    // Of roots that lie in each other the inner one shows a file.
    for it in state.roots.iter_mut() {
        it.findings.reopened(findings);
    }
    for document in state.documents.iter() {
        if let Ok(place) = &document.place
            && place.root == *root
        {
            let text = document.text.clone();
            engine.recall(root, &place.path, text, Some(document.revision));
        }
    }
}
