//! `window/workDoneProgress/cancel`: ends the run behind a progress.

use crate::proto::from::ProgressCancel;
use crate::runs;
use crate::state::State;

pub(super) fn handle(state: &mut State, params: &ProgressCancel) {
    if let Some(run) = runs::run_of(&params.token)
        && let Some(engine) = state.engine()
    {
        engine.cancel(run);
    }
}
