//! `initialized`: now the engine may read the configuration, and the client may be asked for its settings.

use crate::configuration;
use crate::state::State;

pub(super) fn handle(state: &mut State) {
    state.open_roots();
    configuration::ask_for_settings(state);
}
