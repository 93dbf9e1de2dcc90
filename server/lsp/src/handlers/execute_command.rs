//! `workspace/executeCommand`: starts what was asked for and answers at once.

use crate::commands;
use crate::state::State;
use serde_json::Value;
use tower_lsp::gen_lsp_types::ExecuteCommandParams;
use tower_lsp::jsonrpc::Result;

pub(super) fn handle(state: &mut State, params: ExecuteCommandParams) -> Result<Value> {
    let argument = params
        .arguments
        .into_iter()
        .flatten()
        .next()
        .unwrap_or_default();
    commands::run(state, &params.command, argument)
}
