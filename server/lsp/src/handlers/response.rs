//! The client's answers to our own requests.

use crate::client::Asked;
use crate::proposals::applying;
use crate::state::State;
use crate::{configuration, preview, questions};
use serde_json::Value;
use tower_lsp::gen_lsp_types::MessageType;

pub(super) fn handle(state: &mut State, id: i64, result: Result<Value, String>) {
    let Some(asked) = state.client.take_asked(id) else {
        tracing::debug!("a response to nothing was ignored: {id}");
        return;
    };
    match asked {
        Asked::Nothing | Asked::Refresh => {
            if let Err(error) = result {
                tracing::debug!("the client refused a request: {error}");
            }
        }
        Asked::Settings => configuration::settings_answered(state, result),
        Asked::Progress(run) => {
            state
                .runs
                .progress_answered(run, result.is_ok(), &mut state.client)
        }
        Asked::Trust { root, hash } => configuration::trust_answered(state, &root, &hash, result),
        Asked::Edit => edit_answered(state, result),
        Asked::Change => applying::answered(state, id, result),
        Asked::Preview { subject, grade } => preview::answered(state, subject, grade, result),
        Asked::Question => questions::answered(state, id, result),
    }
}

fn edit_answered(state: &mut State, result: Result<Value, String>) {
    let refusal = match result {
        Ok(value) if value.get("applied").and_then(Value::as_bool) == Some(false) => {
            let reason = value.get("failureReason").and_then(Value::as_str);
            reason.unwrap_or("the editor gave no reason").to_owned()
        }
        Ok(_) => return,
        Err(error) => error,
    };
    state.client.show(
        MessageType::Warning,
        &format!("The fixes were not applied: {refusal}"),
    );
}
