//! `workspace/didChangeConfiguration`: asks the client for its settings, or takes those that it sent.

use crate::configuration;
use crate::proto::from::DidChangeConfiguration;
use crate::state::State;

pub(super) fn handle(state: &mut State, params: DidChangeConfiguration) {
    if state.capabilities.configuration {
        configuration::ask_for_settings(state);
    } else {
        configuration::take_settings(state, params.settings);
    }
}
