//! `crosscheck.revert`: takes back what was applied, also in an earlier session.

use super::refuse;
use crate::proposals::applying::{self, Purpose};
use crate::proposals::{Held, PartState, undone, words};
use crate::state::State;
use engine::Application;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tower_lsp::gen_lsp_types::MessageType;
use tower_lsp::jsonrpc::Result;

#[derive(Default, Deserialize)]
pub(super) struct Argument {
    /// The application; the newest one where there is none.
    id: Option<i64>,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: &Argument) -> Result<Value> {
    let Some((root, application)) = find(state, argument.id) else {
        return Ok(refuse(
            state,
            "There is nothing to take back: no change was applied here.",
        ));
    };
    let Some(mut held) = Held::of_inverse(&root, &application) else {
        let text = format!(
            "{}'s change was too large to keep what takes it back; use the undo of the editor, or git.",
            application.agent
        );
        return Ok(refuse(state, &text));
    };
    held.look(&state.documents);
    let agent = &application.agent;
    let title = words::short(&held.proposal);
    if held.is_settled() {
        undone::reverted(state, &root, &application);
        let text = format!("{agent}'s change “{title}” is taken back already.");
        state.client.show(MessageType::Info, &text);
        return Ok(json!({"id": application.id, "reverted": true}));
    }
    if held.numbers(PartState::Open).is_empty() {
        let text = format!(
            "You edited everything that {agent} changed for “{title}” since; take it back by hand."
        );
        return Ok(refuse(state, &text));
    }
    let sent = applying::send(state, held, Purpose::Revert(application.id), None);
    Ok(match sent {
        Ok(mut about) => {
            about["id"] = application.id.into();
            about
        }
        Err(why) => refuse(state, &why),
    })
}

/// The application meant: the named one, else the newest that was not taken back.
fn find(state: &State, id: Option<i64>) -> Option<(Arc<Path>, Application)> {
    let all = state.roots.iter().flat_map(|root| {
        let applications = state.proposals.applications(&root.path).iter();
        applications.map(|it| (Arc::clone(&root.path), it))
    });
    let meant = all.filter(|(_, it)| match id {
        Some(id) => it.id == id,
        None => !it.reverted,
    });
    let newest = meant.max_by_key(|(_, it)| it.id);
    newest.map(|(root, it)| (root, it.clone()))
}
