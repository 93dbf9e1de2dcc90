//! `crosscheck.dismiss`: takes a finding away, at once here and for good in the ledger.

use super::refuse;
use crate::state::State;
use domain::finding::FindingId;
use engine::request::{Dismissal, Reach};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tower_lsp::jsonrpc::Result;

#[derive(Deserialize)]
pub(super) struct Argument {
    id: FindingId,
    reach: Option<Reach>,
    reason: Option<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: &Argument) -> Result<Value> {
    let reach = argument.reach.unwrap_or(Reach::Here);
    let mut dismissed: Option<(Arc<Path>, Dismissal)> = None;
    for root in state.roots.iter_mut() {
        let findings = root.findings.dismiss(&argument.id, reach);
        if !findings.is_empty() {
            let path = &findings[0].path;
            let document = state.documents.at(&root.path, path);
            let texts = document.map(|it| (path.clone(), it.text.clone()));
            let dismissal = Dismissal {
                texts: texts.into_iter().collect(),
                findings,
                reach,
                reason: argument.reason.clone(),
            };
            dismissed = Some((Arc::clone(&root.path), dismissal));
            break;
        }
    }
    let Some((root, dismissal)) = dismissed else {
        return Ok(refuse(state, "This finding is gone already."));
    };
    if let Some(engine) = state.engine() {
        engine.dismiss(&root, dismissal);
    }
    Ok(json!({"dismissed": true}))
}
