//! `textDocument/didOpen`: takes the text, and asks the ledger what it remembers of the file.

use crate::proto::from::DidOpen;
use crate::state::State;

pub(super) fn handle(state: &mut State, params: &DidOpen) {
    let document = &params.text_document;
    let (uri, version) = (document.uri.as_str(), document.version());
    // One that is open already is opened anew: its findings must find their places in the new text.
    super::did_close::close(state, uri);
    state.published.push_again(uri);
    let place = state.place(uri);
    state.documents.open(uri, version, &document.text, place);
    state.open_roots();
    recall(state, uri);
}

/// Asks what the ledger remembers of an open document.
pub(super) fn recall(state: &mut State, uri: &str) {
    let Some((document, root)) = state.placed(uri) else {
        return;
    };
    let Ok(place) = document.place.clone() else {
        return;
    };
    let (text, revision) = (document.text.clone(), document.revision);
    root.findings.opened(&place.path, &text);
    let file = root.path_of(&place.path);
    state.proposals.touch(&file);
    state.published.touch(&place.root, &place.path);
    if let Some(engine) = state.engine() {
        engine.recall(&place.root, &place.path, text, Some(revision));
    }
}
