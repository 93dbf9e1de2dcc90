//! `textDocument/didChange`: on the path of every keystroke, so it does no more than keep the text and move findings.

use crate::proto::from::DidChange;
use crate::state::State;
use tokio::time::Instant;
use tower_lsp::gen_lsp_types::MessageType;

pub(super) fn handle(state: &mut State, params: &DidChange) {
    let uri = &params.text_document.uri;
    let encoding = state.capabilities.encoding;
    match state
        .documents
        .change(uri, params.version(), &params.content_changes, encoding)
    {
        Ok((document, changes)) => {
            if let Ok(place) = &document.place
                && let Some(root) = state.roots.get_mut(&place.root)
                && root.findings.knows(&place.path)
            {
                root.findings.edit(&place.path, &changes, Instant::now());
            }
        }
        Err(ignored) => state.client.log(MessageType::Warning, &ignored.to_string()),
    }
}
