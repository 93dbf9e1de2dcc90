//! `textDocument/didClose`: the file on disk counts again.

use crate::proto::from::OfDocument;
use crate::state::State;

pub(super) fn handle(state: &mut State, params: &OfDocument) {
    let uri = &params.text_document.uri;
    if !close(state, uri) {
        tracing::debug!("a document that is not open was closed: {uri}");
        return;
    }
    // The same file may be open under another name, too.
    for uri in state.place_unplaced() {
        super::did_open::recall(state, &uri);
    }
    state.close_unused_roots();
}

/// Closes a document; false when it is not open.
pub(super) fn close(state: &mut State, uri: &str) -> bool {
    let Some(document) = state.documents.close(uri) else {
        return false;
    };
    state.proposals.closed(&document);
    let root = document
        .place
        .as_ref()
        .ok()
        .and_then(|it| state.roots.get_mut(&it.root));
    if let (Some(root), Ok(place)) = (root, &document.place) {
        if root.uri_of(&place.path) != *uri {
            // From now on the file goes by the name that its path gives it.
            state.published.withdraw(&mut state.client, uri);
        }
        root.findings.closed(&place.path, &document.text);
        state.published.touch(&place.root, &place.path);
    }
    true
}
