//! `crosscheck.undismiss` and `crosscheck.accept`: taking a dismissal back, and saying that a finding is right.

use super::refuse;
use crate::documents::Place;
use crate::state::State;
use domain::finding::FindingId;
use domain::path::RelPath;
use engine::Engine;
use engine::request::{Dismissal, Reach};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tower_lsp::jsonrpc::{Error, Result};

#[derive(Deserialize)]
pub(super) struct Undismiss {
    /// The finding, by its name.
    id: Option<FindingId>,
    /// Or the decision, by its number.
    verdict: Option<i64>,
}

/// Takes decisions back; what they hid is shown again in the open documents.
pub(super) fn undismiss(state: &mut State, argument: &Undismiss) -> Result<Value> {
    if argument.id.is_none() && argument.verdict.is_none() {
        let text = "name a finding (`id`) or the number of a decision (`verdict`)";
        return Err(Error::invalid_params(text));
    }
    let Some(engine) = state.engine().cloned() else {
        return Ok(Value::Null);
    };
    let mut roots: Vec<Arc<Path>> = Vec::new();
    for root in state.roots.iter_mut() {
        if let Some(id) = &argument.id {
            engine.undo_verdicts_of(&root.path, id);
        }
        if let Some(number) = argument.verdict {
            engine.undo_verdicts(&root.path, &[number]);
        }
        root.findings.forget_dismissals();
        roots.push(Arc::clone(&root.path));
    }
    recall_open(state, &engine, &roots);
    Ok(json!({"undismissed": roots.len()}))
}

#[derive(Deserialize)]
pub(super) struct Accept {
    id: FindingId,
    reach: Option<Reach>,
}

/// Notes that a finding is right. One that is shown stays where it is; one that was refuted or hidden is shown again.
#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn accept(state: &mut State, argument: &Accept) -> Result<Value> {
    let on_board = state.roots.iter_mut().find_map(|root| {
        let (_, cluster) = root.findings.cluster(&argument.id)?;
        root.findings.accept(&cluster);
        Some((Arc::clone(&root.path), cluster.findings))
    });
    let is_hidden = on_board.is_none();
    let found = on_board.or_else(|| {
        let (root, finding) = state.hidden.listed(&argument.id)?;
        Some((Arc::clone(root), vec![finding.clone()]))
    });
    let Some((root, findings)) = found else {
        let text = "There is no such finding here any more. `crosscheck.hidden` lists those that are hidden, with their names.";
        return Ok(refuse(state, text));
    };
    let path = findings[0].path.clone();
    let text = state.documents.at(&root, &path).map(|it| it.text.clone());
    let texts = text.map(|it| -> (RelPath, _) { (path, it) });
    if let Some(engine) = state.engine().cloned() {
        let acceptance = Dismissal {
            findings,
            texts: texts.into_iter().collect(),
            reach: argument.reach.unwrap_or(Reach::Here),
            reason: None,
        };
        engine.accept(&root, acceptance);
        if is_hidden {
            if let Some(root) = state.roots.get_mut(&root) {
                root.findings.forget_dismissals();
            }
            recall_open(state, &engine, &[root]);
        }
    }
    Ok(json!({"accepted": true}))
}

/// Asks anew what the ledger remembers of the open documents of these roots.
fn recall_open(state: &mut State, engine: &Engine, roots: &[Arc<Path>]) {
    let open = state.documents.iter().filter_map(|it| {
        let place = it.place.as_ref().ok()?;
        let is_meant = roots.contains(&place.root);
        is_meant.then(|| (place.clone(), it.text.clone(), it.revision))
    });
    let open: Vec<_> = open.collect();
    for (Place { root, path }, text, revision) in open {
        if let Some(root) = state.roots.get_mut(&root) {
            root.findings.opened(&path, &text);
        }
        engine.recall(&root, &path, text, Some(revision));
    }
}
