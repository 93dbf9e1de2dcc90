//! `textDocument/hover`: the full explanation of the findings at a place, and what agents want to change there.

use crate::proto::to::{self, View};
use crate::proto::{from, proposal};
use crate::state::State;
use domain::text::TextRange;
use tower_lsp::gen_lsp_types::{Contents, Hover, HoverParams, MarkupContent, MarkupKind};

/// Most findings and changes explained at once.
const MAX_EXPLAINED: usize = 10;

pub(super) fn handle(state: &mut State, params: &HoverParams) -> Option<Hover> {
    state.proposals.look(&state.documents);
    let State {
        documents,
        roots,
        proposals,
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
    let here = TextRange::new(offset, offset);
    let file = root.path_of(&place.path);
    let marks = proposals.iter();
    let mut marks: Vec<_> = marks
        .flat_map(|it| proposal::marks(it, &file, &document.text))
        .filter(|it| it.range.intersects(here))
        .collect();
    let clusters = root.findings.at(&place.path, here);
    let first = clusters.first().map(|it| it.range);
    let range = first.or(marks.first().map(|it| it.range))?;
    let total = clusters.len() + marks.len();
    let mut parts: Vec<String> = clusters
        .iter()
        .take(MAX_EXPLAINED)
        .map(|it| to::explanation(it))
        .collect();
    marks.truncate(MAX_EXPLAINED - parts.len());
    parts.extend(marks.iter().map(proposal::explanation));
    if total > parts.len() {
        let more = total - parts.len();
        parts.push(format!("{more} more remarks and changes stand here."));
    }
    let explained = parts.join("\n\n---\n\n");
    let (kind, value) = if capabilities.markdown_hover {
        (MarkupKind::Markdown, explained)
    } else {
        (MarkupKind::PlainText, to::plain(&explained))
    };
    let contents = Contents::MarkupContent(MarkupContent { kind, value });
    let view = View {
        uri: &document.uri,
        text: &document.text,
        client: capabilities,
    };
    Some(Hover {
        contents,
        range: Some(view.range(range)),
    })
}
