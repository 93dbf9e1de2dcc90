//! `textDocument/didChange`: on the path of every keystroke, so it does no more than keep the text, and move findings and
//! proposals.

use crate::proposals::applying;
use crate::proto::from::DidChange;
use crate::state::State;
use tokio::time::Instant;
use tower_lsp::gen_lsp_types::MessageType;

pub(super) fn handle(state: &mut State, params: &DidChange) {
    let uri = &params.text_document.uri;
    let encoding = state.capabilities.encoding;
    let before = state.documents.get(uri).map(|it| it.revision);
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
            let before = before.unwrap_or_default();
            let now = Instant::now();
            state.proposals.edit(document, before, &changes, now);
            // What the user types next may already be inside of what was just applied.
            applying::check(state, now);
        }
        Err(ignored) => state.client.log(MessageType::Warning, &ignored.to_string()),
    }
}
