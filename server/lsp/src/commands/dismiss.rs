//! `crosscheck.dismiss`: takes a finding away, at once here and for good in the ledger.

use super::refuse;
use crate::questions::dismissal;
use crate::state::State;
use domain::finding::FindingId;
use engine::request::{Dismissal, Reach};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::time::Instant;
use tower_lsp::gen_lsp_types::MessageType;
use tower_lsp::jsonrpc::Result;

/// What is said of a finding that is not there.
const GONE: &str = "This finding is gone already.";

#[derive(Deserialize)]
pub(super) struct Argument {
    id: FindingId,
    reach: Option<Reach>,
    reason: Option<String>,
    /// Whether the user is asked for what of the two is missing.
    #[serde(default)]
    ask: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: &Argument) -> Result<Value> {
    let is_said = argument.reach.is_some() && argument.reason.is_some();
    if argument.ask && !is_said {
        return Ok(ask(state, argument));
    }
    let reach = argument.reach.unwrap_or(Reach::Here);
    Ok(dismiss(
        state,
        &argument.id,
        reach,
        argument.reason.as_deref(),
    ))
}

/// Dismisses a finding. Returns what the command answers.
pub(crate) fn dismiss(
    state: &mut State,
    id: &FindingId,
    reach: Reach,
    reason: Option<&str>,
) -> Value {
    let mut dismissed: Option<(Arc<Path>, Dismissal)> = None;
    for root in state.roots.iter_mut() {
        let findings = root.findings.dismiss(id, reach);
        if !findings.is_empty() {
            let path = &findings[0].path;
            let document = state.documents.at(&root.path, path);
            let texts = document.map(|it| (path.clone(), it.text.clone()));
            let dismissal = Dismissal {
                texts: texts.into_iter().collect(),
                findings,
                reach,
                reason: reason.map(str::to_owned),
            };
            dismissed = Some((Arc::clone(&root.path), dismissal));
            break;
        }
    }
    let Some((root, dismissal)) = dismissed else {
        return refuse(state, GONE);
    };
    if let Some(engine) = state.engine() {
        engine.dismiss(&root, dismissal);
    }
    json!({"dismissed": true})
}

/// Asks the user how the finding is to be dismissed.
fn ask(state: &mut State, argument: &Argument) -> Value {
    if !state.capabilities.ask {
        let text = "This editor cannot ask how a finding is to be dismissed: name the reach and the reason with the command, or use `crosscheck dismiss` in a terminal.";
        return refuse(state, text);
    }
    let found = state.roots.iter_mut().find_map(|root| {
        let (path, cluster) = root.findings.cluster(&argument.id)?;
        Some(dismissal::Dismissal {
            id: argument.id.clone(),
            root: Arc::clone(&root.path),
            path,
            title: cluster.primary().title.clone(),
            reach: argument.reach,
            reason: argument.reason.clone(),
        })
    });
    let Some(dismissal) = found else {
        return refuse(state, GONE);
    };
    let now = Instant::now();
    let is_next = state
        .questions
        .ask_how_to_dismiss(dismissal, now, &mut state.client);
    if !is_next {
        let text = "An agent waits for your answer; then you are asked how the finding is to be dismissed.";
        state.client.show(MessageType::Info, text);
    }
    json!({"asking": true})
}
