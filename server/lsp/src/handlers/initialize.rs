//! `initialize`: learns what the client can do, and touches nothing else, so that the answer is there at once.

use crate::capabilities::{self, Capabilities};
use crate::state::{Lifecycle, State};
use std::path::Path;
use tower_lsp::gen_lsp_types::{InitializeParams, InitializeResult, RootPath, WorkspaceFolders};

pub(super) fn handle(state: &mut State, params: &InitializeParams) -> InitializeResult {
    state.capabilities = Capabilities::of(params);
    state
        .settings
        .set_initial(params.initialization_options.clone());
    state.client_process = state
        .client_process
        .or(params.process_id.and_then(|it| u32::try_from(it).ok()));
    for folder in folders(params) {
        if let Err(error) = state.roots.add_folder(&folder) {
            tracing::warn!("the workspace folder {folder} cannot be used: {error}");
        }
    }
    state.lifecycle = Lifecycle::Initialized;
    capabilities::offer(&state.capabilities, params)
}

/// The workspace folders, else the one root that older clients name.
#[expect(deprecated, reason = "older clients name their root in no other way")]
fn folders(params: &InitializeParams) -> Vec<String> {
    if let Some(WorkspaceFolders::WorkspaceFolderList(folders)) =
        &params.workspace_folders_initialize_params.workspace_folders
        && !folders.is_empty()
    {
        return folders.iter().map(|it| it.uri.0.clone()).collect();
    }
    if let Some(uri) = &params.root_uri {
        return vec![uri.0.clone()];
    }
    match &params.root_path {
        Some(RootPath::String(path)) if Path::new(path).is_absolute() => {
            vec![crate::uri::from_path(Path::new(path))]
        }
        _ => Vec::new(),
    }
}
