//! `initialized`: now the engine may read the configuration, the client may be asked for its settings, and there is time
//! for tidying up.

use crate::configuration;
use crate::state::State;

pub(super) fn handle(state: &mut State) {
    state.open_roots();
    configuration::ask_for_settings(state);
    state.preview_files.sweep();
}
