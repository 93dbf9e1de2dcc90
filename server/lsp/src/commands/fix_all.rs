//! `crosscheck.fixAll`: applies the ready fixes of a file in one edit.

use super::refuse;
use crate::client::Asked;
use crate::proto::edit;
use crate::proto::to::View;
use crate::state::State;
use domain::edit::TextEdit;
use domain::finding::FindingId;
use domain::merge::Cluster;
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;

#[derive(Deserialize)]
pub(super) struct Argument {
    uri: String,
    /// Only these; all where there are none.
    ids: Option<Vec<FindingId>>,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: &Argument) -> Result<Value> {
    let State {
        documents,
        roots,
        capabilities,
        client,
        ..
    } = state;
    let document = documents.get(&argument.uri);
    let place = document.and_then(|it| it.place.as_ref().ok());
    let root = place.and_then(|it| roots.get_mut(&it.root));
    let (Some(document), Some(place), Some(root)) = (document, place, root) else {
        return Ok(refuse(
            state,
            &format!("{} is not open; open it to fix it.", argument.uri),
        ));
    };
    if !capabilities.apply_edit {
        return Ok(refuse(
            state,
            "This editor takes no edits from the server; use the quick fixes one by one.",
        ));
    }
    let ids = argument.ids.as_deref().unwrap_or_default();
    let wanted = |cluster: &&Cluster| {
        ids.is_empty() || cluster.findings.iter().any(|it| ids.contains(&it.id))
    };
    let edits = ready_fixes(root.findings.shown(&place.path).filter(wanted));
    if edits.is_empty() {
        return Ok(refuse(state, "No finding of this file has a ready fix."));
    }
    let view = View {
        uri: &document.uri,
        text: &document.text,
        client: capabilities,
    };
    let edit = edit::of_document(&edits, document.version, view);
    let params = json!({"label": "Crosscheck: apply all fixes", "edit": edit});
    client.request("workspace/applyEdit", Some(params), Asked::Edit);
    Ok(json!({"edits": edits.len()}))
}

/// The fixes of these clusters that can be applied together, in text order; of two that overlap the first.
pub(crate) fn ready_fixes<'a>(clusters: impl Iterator<Item = &'a Cluster>) -> Vec<&'a TextEdit> {
    let mut fixes: Vec<&TextEdit> = clusters
        .filter_map(|it| it.primary().fix.as_ref())
        .collect();
    fixes.sort_by_key(|it| it.range);
    let mut end = None;
    fixes.retain(|it| {
        let is_free = end.is_none_or(|end| {
            it.range.start > end || (it.range.start == end && !it.range.is_empty())
        });
        if is_free {
            end = Some(it.range.end);
        }
        is_free
    });
    fixes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracked::tests::misspelling;
    use domain::merge::{Circumstances, merge};
    use domain::text::{Text, TextRange};

    #[test]
    fn overlapping_fixes_are_left_out() {
        let text = Text::new("aa bb cc");
        let cluster = |word: &str, range: Option<TextRange>| {
            let mut finding = misspelling("a", "f", &text, word, "x");
            if let (Some(range), Some(fix)) = (range, &mut finding.fix) {
                fix.range = range;
            }
            merge([&finding], Circumstances::default()).remove(0)
        };
        let clusters = [
            cluster("cc", None),
            cluster("aa", None),
            cluster("bb", Some(TextRange::new(1, 5))),
            cluster("bb", Some(TextRange::new(2, 3))),
            cluster("bb", Some(TextRange::new(3, 3))),
        ];
        let fixes: Vec<TextRange> = ready_fixes(clusters.iter())
            .into_iter()
            .map(|it| it.range)
            .collect();
        assert_eq!(
            fixes,
            [
                TextRange::new(0, 2),
                TextRange::new(2, 3),
                TextRange::new(6, 8)
            ]
        );
    }
}
