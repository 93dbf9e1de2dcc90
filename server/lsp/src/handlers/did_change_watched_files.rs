//! `workspace/didChangeWatchedFiles`: configuration is read anew, and findings and proposals of files that are not open
//! follow the disk.

use crate::proto::from::DidChangeWatchedFiles;
use crate::state::State;
use crate::{configuration, roots, uri};
use std::path::Path;

pub(super) fn handle(state: &mut State, params: &DidChangeWatchedFiles) {
    for change in &params.changes {
        if let Ok(path) = uri::to_path(&change.uri) {
            let path = roots::canonical(&path);
            configuration::file_changed(state, &path);
            findings_follow(state, &path);
            state.proposals.touch(&path);
        }
    }
}

/// What is shown of a file that is not open stands where its text is now; of one that is, the editor's text counts.
fn findings_follow(state: &mut State, file: &Path) {
    let Some(place) = state.roots.locate(file) else {
        return;
    };
    let has_findings = state
        .roots
        .get(&place.root)
        .is_some_and(|it| it.findings.knows(&place.path));
    if has_findings && state.documents.at(&place.root, &place.path).is_none() {
        state.published.touch(&place.root, &place.path);
    }
}
