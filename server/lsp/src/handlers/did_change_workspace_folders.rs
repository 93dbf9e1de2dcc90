//! `workspace/didChangeWorkspaceFolders`: roots come and go, and the open documents find their place anew.

use crate::proto::from::DidChangeWorkspaceFolders;
use crate::publish;
use crate::state::State;

pub(super) fn handle(state: &mut State, params: &DidChangeWorkspaceFolders) {
    for folder in &params.event.removed {
        if let Some(root) = state.roots.remove_folder(&folder.uri) {
            if let Some(engine) = state.engine() {
                engine.close(&root.path);
            }
            publish::retract(state, root);
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
    let mut moved = Vec::new();
    for document in state.documents.iter_mut() {
        let place = state.roots.place(&document.uri);
        if document.place != place {
            document.place = place;
            moved.push(document.uri.clone());
        }
    }
    drop_unused_roots(state);
    state.open_roots();
    for uri in moved {
        super::did_open::recall(state, &uri);
    }
}

/// Roots that only documents led to go with the last of them.
fn drop_unused_roots(state: &mut State) {
    let used: Vec<_> = state
        .documents
        .iter()
        .filter_map(|it| it.place.as_ref().ok())
        .map(|it| it.root.clone())
        .collect();
    let unused = state
        .roots
        .iter()
        .filter(|it| !it.is_folder && !used.contains(&it.path));
    let unused: Vec<_> = unused.map(|it| it.path.clone()).collect();
    for path in unused {
        if let Some(engine) = state.engine() {
            engine.close(&path);
        }
        if let Some(root) = state.roots.remove(&path) {
            publish::retract(state, root);
        }
    }
}
