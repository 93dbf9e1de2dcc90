//! `workspace/textDocumentContent`: the text of a preview.

use crate::preview;
use crate::state::State;
use tower_lsp::gen_lsp_types::{TextDocumentContentParams, TextDocumentContentResult};
use tower_lsp::jsonrpc::{Error, Result};

pub(super) fn handle(
    state: &mut State,
    params: &TextDocumentContentParams,
) -> Result<TextDocumentContentResult> {
    let uri = &params.uri.0;
    let text = preview::content(state, uri);
    let text = text.ok_or_else(|| Error::invalid_params(format!("there is no document {uri}")))?;
    Ok(TextDocumentContentResult { text })
}
