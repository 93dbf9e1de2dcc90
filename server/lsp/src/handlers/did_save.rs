//! `textDocument/didSave`: settled findings are settled for good, configuration is read anew, and the file is
//! reviewed if the user configured that.

use crate::commands::review;
use crate::configuration;
use crate::proto::from::OfDocument;
use crate::state::State;

pub(super) fn handle(state: &mut State, params: &OfDocument) {
    let uri = &params.text_document.uri;
    let Some((document, root)) = state.placed(uri) else {
        return;
    };
    let Ok(place) = document.place.clone() else {
        return;
    };
    let settled = root.findings.take_settled(&place.path);
    let file = root.path_of(&place.path);
    let is_wanted = match &root.loaded {
        Some(loaded) => loaded.config.review.on_save,
        None => {
            root.saved_early.insert(place.path.clone());
            false
        }
    };
    if !settled.is_empty()
        && let Some(engine) = state.engine()
    {
        engine.resolve(&place.root, settled);
    }
    configuration::file_changed(state, &file);
    if is_wanted {
        review::on_save(state, &place.root, &place.path);
    }
}
