//! `workspace/didChangeWatchedFiles`: only configuration files are watched; they are read anew.

use crate::proto::from::DidChangeWatchedFiles;
use crate::state::State;
use crate::{configuration, roots, uri};

pub(super) fn handle(state: &mut State, params: &DidChangeWatchedFiles) {
    for change in &params.changes {
        if let Ok(path) = uri::to_path(&change.uri) {
            configuration::file_changed(state, &roots::canonical(&path));
        }
    }
}
