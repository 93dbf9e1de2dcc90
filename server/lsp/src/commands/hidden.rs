//! `crosscheck.hidden`: lists what is not shown, by whom and why, and how it is shown again.

use super::{ENDING, refuse};
use crate::documents::Place;
use crate::hidden;
use crate::state::State;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::time::Instant;
use tower_lsp::jsonrpc::Result;

#[derive(Default, Deserialize)]
pub(super) struct Argument {
    /// Only this file; all of all roots where there is none.
    uri: Option<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: &Argument) -> Result<Value> {
    let only = match argument.uri.as_deref().map(|it| place(state, it)) {
        Some(Err(why)) => return Ok(refuse(state, &why)),
        Some(Ok(place)) => Some(place),
        None => None,
    };
    let roots: Vec<Arc<Path>> = match &only {
        Some(place) => vec![Arc::clone(&place.root)],
        None => state.roots.iter().map(|it| Arc::clone(&it.path)).collect(),
    };
    if roots.is_empty() {
        return Ok(refuse(state, "Nothing is open here."));
    }
    state.open_roots();
    if state.engine().is_none() {
        return Ok(refuse(state, ENDING));
    }
    let asked = roots.len();
    hidden::ask(state, roots, only, Instant::now());
    Ok(json!({"asked": asked}))
}

/// Where a file is, open or not.
fn place(state: &mut State, uri: &str) -> std::result::Result<Place, String> {
    match state.documents.get(uri) {
        Some(document) => document.place.clone(),
        None => state.roots.place(uri),
    }
}
