//! `textDocument/hover`: the full explanation of the findings at a place.

use crate::proto::from;
use crate::proto::to::{self, View};
use crate::state::State;
use domain::text::TextRange;
use tower_lsp::gen_lsp_types::{Contents, Hover, HoverParams, MarkupContent, MarkupKind};

/// Most findings explained at once.
const MAX_EXPLAINED: usize = 10;

pub(super) fn handle(state: &mut State, params: &HoverParams) -> Option<Hover> {
    let State {
        documents,
        roots,
        capabilities,
        ..
    } = state;
    let position = &params.text_document_position_params;
    let document = documents.get(&position.text_document.uri.0)?;
    let place = document.place.as_ref().ok()?;
    let root = roots.get_mut(&place.root)?;
    let offset = document
        .text
        .offset(from::position(position.position), capabilities.encoding);
    let clusters = root
        .findings
        .at(&place.path, TextRange::new(offset, offset));
    let first = clusters.first()?;
    let view = View {
        uri: &document.uri,
        text: &document.text,
        client: capabilities,
    };
    let mut parts: Vec<String> = clusters
        .iter()
        .take(MAX_EXPLAINED)
        .map(|it| to::explanation(it))
        .collect();
    if clusters.len() > MAX_EXPLAINED {
        parts.push(format!(
            "{} more findings stand here.",
            clusters.len() - MAX_EXPLAINED
        ));
    }
    let explained = parts.join("\n\n---\n\n");
    let (kind, value) = if capabilities.markdown_hover {
        (MarkupKind::Markdown, explained)
    } else {
        (MarkupKind::PlainText, to::plain(&explained))
    };
    let contents = Contents::MarkupContent(MarkupContent { kind, value });
    Some(Hover {
        contents,
        range: Some(view.range(first.range)),
    })
}
