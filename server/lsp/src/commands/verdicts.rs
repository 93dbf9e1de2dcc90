//! `crosscheck.undismiss` and `crosscheck.accept`: taking a dismissal back, and saying that a finding is right.

use super::refuse;
use crate::state::State;
use domain::finding::FindingId;
use domain::path::RelPath;
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
    let open = state.documents.iter().filter_map(|it| {
        let place = it.place.as_ref().ok()?;
        Some((
            place.root.clone(),
            place.path.clone(),
            it.text.clone(),
            it.revision,
        ))
    });
    let open: Vec<_> = open.collect();
    for (root, path, text, revision) in open {
        if let Some(root) = state.roots.get_mut(&root) {
            root.findings.opened(&path, &text);
        }
        engine.recall(&root, &path, text, Some(revision));
    }
    Ok(json!({"undismissed": roots.len()}))
}

#[derive(Deserialize)]
pub(super) struct Accept {
    id: FindingId,
    reach: Option<Reach>,
}

/// Notes that a finding is right. It stays where it is.
#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn accept(state: &mut State, argument: &Accept) -> Result<Value> {
    let mut found = None;
    for root in state.roots.iter_mut() {
        if let Some((path, cluster)) = root.findings.cluster(&argument.id) {
            found = Some((Arc::clone(&root.path), path, cluster));
            break;
        }
    }
    let Some((root, path, cluster)) = found else {
        return Ok(refuse(state, "This finding is gone already."));
    };
    let text = state.documents.at(&root, &path).map(|it| it.text.clone());
    let texts = text.map(|it| -> (RelPath, _) { (path, it) });
    if let Some(engine) = state.engine() {
        let acceptance = Dismissal {
            findings: cluster.findings,
            texts: texts.into_iter().collect(),
            reach: argument.reach.unwrap_or(Reach::Here),
            reason: None,
        };
        engine.accept(&root, acceptance);
    }
    Ok(json!({"accepted": true}))
}
