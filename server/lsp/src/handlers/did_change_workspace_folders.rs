//! `workspace/didChangeWorkspaceFolders`: roots come and go, and the open documents find their place anew.

use crate::proto::from::DidChangeWorkspaceFolders;
use crate::state::State;
use std::collections::BTreeSet;

pub(super) fn handle(state: &mut State, params: &DidChangeWorkspaceFolders) {
    let mut homeless = BTreeSet::new();
    for folder in &params.event.removed {
        if let Some(path) = state.roots.folder(&folder.uri) {
            // The repository around a document may become a root with the very same path again.
            let documents = state
                .documents
                .iter()
                .filter(|it| matches!(&it.place, Ok(place) if place.root == path));
            homeless.extend(documents.map(|it| it.uri.clone()));
            state.close_root(&path);
        }
    }
    for folder in &params.event.added {
        if let Err(error) = state.roots.add_folder(&folder.uri) {
            tracing::warn!(
                "the workspace folder {} cannot be used: {error}",
                folder.uri
            );
        }
    }
    homeless.extend(state.place_documents());
    move_findings(state);
    state.close_unused_roots();
    state.open_roots();
    for uri in homeless {
        super::did_open::recall(state, &uri);
    }
}

/// Findings go with their files from one root to another.
fn move_findings(state: &mut State) {
    let mut moved = Vec::new();
    for root in state.roots.iter() {
        for path in root.findings.paths() {
            let home = state.roots.home(&root.path, &path);
            if home.root != root.path {
                moved.push((root.path.clone(), path, home));
            }
        }
    }
    for (root, path, home) in moved {
        let taken = state.roots.get_mut(&root).map(|it| it.findings.take(&path));
        if let Some(root) = state.roots.get_mut(&home.root) {
            root.findings.adopt(&home.path, taken.unwrap_or_default());
        }
    }
}
