//! The commands behind `workspace/executeCommand`: each takes one JSON object and answers at once.

mod apply;
mod ask;
mod discard;
pub(crate) mod dismiss;
mod findings;
pub(crate) mod fix;
pub(crate) mod fix_all;
mod hidden;
mod preview;
mod proposals;
mod revert;
pub(crate) mod review;
mod start;
mod status;
mod verdicts;
mod verify;

use crate::roots;
use crate::state::State;
use engine::RunId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tower_lsp::jsonrpc::{Error, Result};

pub(crate) const REVIEW: &str = "crosscheck.review";
pub(crate) const DISMISS: &str = "crosscheck.dismiss";
pub(crate) const UNDISMISS: &str = "crosscheck.undismiss";
pub(crate) const ACCEPT: &str = "crosscheck.accept";
pub(crate) const CANCEL: &str = "crosscheck.cancel";
pub(crate) const STATUS: &str = "crosscheck.status";
pub(crate) const TRUST: &str = "crosscheck.trust";
pub(crate) const RESTART: &str = "crosscheck.restart";
pub(crate) const FIX_ALL: &str = "crosscheck.fixAll";
pub(crate) const FINDINGS: &str = "crosscheck.findings";
pub(crate) const HIDDEN: &str = "crosscheck.hidden";
pub(crate) const FIX: &str = "crosscheck.fix";
pub(crate) const ASK: &str = "crosscheck.ask";
pub(crate) const PROPOSALS: &str = "crosscheck.proposals";
pub(crate) const APPLY: &str = "crosscheck.apply";
pub(crate) const DISCARD: &str = "crosscheck.discard";
pub(crate) const PREVIEW: &str = "crosscheck.preview";
pub(crate) const REVERT: &str = "crosscheck.revert";
pub(crate) const VERIFY: &str = "crosscheck.verify";

/// All of them, as offered to the client.
pub(crate) const NAMES: [&str; 19] = [
    REVIEW, DISMISS, UNDISMISS, ACCEPT, CANCEL, STATUS, TRUST, RESTART, FIX_ALL, FINDINGS, HIDDEN,
    FIX, ASK, PROPOSALS, APPLY, DISCARD, PREVIEW, REVERT, VERIFY,
];

/// What is said when nothing can be started any more.
const ENDING: &str = "The server is ending; nothing can be started any more.";
/// What is said of a proposal that is not there.
const GONE: &str = "This proposal is gone already.";

/// Runs a command.
///
/// # Errors
/// When there is no such command or its argument has another shape. What goes wrong later is shown to the user.
pub(crate) fn run(state: &mut State, name: &str, argument: Value) -> Result<Value> {
    match name {
        REVIEW => review::run(state, read(argument)?),
        DISMISS => dismiss::run(state, &read(argument)?),
        UNDISMISS => verdicts::undismiss(state, &read(argument)?),
        ACCEPT => verdicts::accept(state, &read(argument)?),
        CANCEL => Ok(cancel(state, &read(argument)?)),
        STATUS => Ok(status::run(state)),
        TRUST => Ok(trust(state, &read(argument)?)),
        RESTART => Ok(restart(state, &read(argument)?)),
        FIX_ALL => fix_all::run(state, &read(argument)?),
        FINDINGS => Ok(findings::run(state, &read(argument)?)),
        HIDDEN => hidden::run(state, &read(argument)?),
        FIX => fix::run(state, read(argument)?),
        ASK => ask::run(state, read(argument)?),
        PROPOSALS => Ok(proposals::run(state)),
        APPLY => apply::run(state, &read(argument)?),
        DISCARD => discard::run(state, &read(argument)?),
        PREVIEW => preview::run(state, read(argument)?),
        REVERT => revert::run(state, &read(argument)?),
        VERIFY => verify::run(state, &read(argument)?),
        other => Err(Error::invalid_params(format!(
            "there is no command `{other}`; there are {}",
            NAMES.join(", ")
        ))),
    }
}

#[derive(Default, Deserialize)]
struct Cancel {
    run: Option<RunId>,
}

/// Cancels a run, or all of them.
fn cancel(state: &mut State, argument: &Cancel) -> Value {
    let mut runs = state.runs.running();
    if let Some(run) = argument.run {
        runs.retain(|it| *it == run);
    }
    if !runs.is_empty()
        && let Some(engine) = state.engine()
    {
        runs.iter().for_each(|it| engine.cancel(*it));
    }
    json!({"cancelled": runs})
}

#[derive(Default, Deserialize)]
struct Trust {
    root: Option<PathBuf>,
}

/// Trusts what a workspace brings, or all of them, exactly as it was last read.
fn trust(state: &mut State, argument: &Trust) -> Value {
    let named = argument.root.as_deref().map(roots::canonical);
    let wanted = |root: &Path| named.as_deref().is_none_or(|it| it == root);
    let untrusted = state.roots.iter().filter_map(|root| {
        let untrusted = root.loaded.as_ref()?.untrusted.as_ref()?;
        wanted(&root.path).then(|| (Arc::clone(&root.path), untrusted.hash.clone()))
    });
    let untrusted: Vec<(Arc<Path>, String)> = untrusted.collect();
    if let Some(engine) = state.engine() {
        untrusted
            .iter()
            .for_each(|(root, hash)| engine.trust(root, hash));
    }
    json!({"trusted": untrusted.into_iter().map(|it| it.0).collect::<Vec<_>>()})
}

#[derive(Default, Deserialize)]
struct Restart {
    agent: Option<String>,
}

/// Ends an agent, or all of them; the next call starts it anew.
fn restart(state: &mut State, argument: &Restart) -> Value {
    let Some(engine) = state.engine() else {
        return Value::Null;
    };
    let mut agents: Vec<String> = match &argument.agent {
        Some(agent) => vec![agent.clone()],
        None => engine.agents().into_iter().map(|it| it.name).collect(),
    };
    agents.sort();
    agents.dedup();
    agents.iter().for_each(|it| engine.restart(it));
    json!({"restarted": agents})
}

/// Reads an argument; a missing one is an empty object.
fn read<T: DeserializeOwned>(argument: Value) -> Result<T> {
    // In Lua an empty object and an empty list are the same, and arrive as a list.
    let is_empty = argument.is_null() || argument.as_array().is_some_and(Vec::is_empty);
    let argument = if is_empty { json!({}) } else { argument };
    serde_json::from_value(argument)
        .map_err(|error| Error::invalid_params(format!("the argument: {error}")))
}

/// Tells the user why a command does nothing. It is no error of the protocol: clients that show those would show it
/// twice, and others not at all.
fn refuse(state: &mut State, why: &str) -> Value {
    state
        .client
        .show(tower_lsp::gen_lsp_types::MessageType::Error, why);
    json!({"error": why})
}
