//! `shutdown`: everything that runs is cancelled; `exit` will follow.

use crate::questions;
use crate::state::{Lifecycle, State};

pub(super) fn handle(state: &mut State) {
    state.lifecycle = Lifecycle::ShutDown;
    questions::end(state);
    let running = state.runs.running();
    if running.is_empty() {
        return;
    }
    if let Some(engine) = state.engine() {
        for run in running {
            engine.cancel(run);
        }
    }
}
