//! `textDocument/didClose`: the file on disk counts again.

use crate::proto::from::OfDocument;
use crate::state::State;

pub(super) fn handle(state: &mut State, params: &OfDocument) {
    let uri = &params.text_document.uri;
    let Some(document) = state.documents.close(uri) else {
        tracing::debug!("a document that is not open was closed: {uri}");
        return;
    };
    let root = document
        .place
        .as_ref()
        .ok()
        .and_then(|it| state.roots.get_mut(&it.root));
    let (Some(root), Ok(place)) = (root, &document.place) else {
        return;
    };
    if root.uri_of(&place.path) != *uri {
        // From now on the file goes by the name that its path gives it.
        state.published.withdraw(&mut state.client, uri);
    }
    root.findings.closed(&place.path, &document.text);
    state.published.touch(&place.root, &place.path);
}
