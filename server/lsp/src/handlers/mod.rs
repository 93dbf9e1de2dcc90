//! What each message does to the state: one file per LSP method.

pub(crate) mod code_action;
mod diagnostic;
mod did_change;
mod did_change_configuration;
mod did_change_watched_files;
mod did_change_workspace_folders;
mod did_close;
mod did_open;
mod did_save;
mod engine_event;
mod execute_command;
mod hover;
mod initialize;
mod initialized;
mod response;
mod shutdown;
mod text_document_content;
mod work_done_progress_cancel;

use crate::event::{Event, Notification, Reply, Request};
use crate::state::{Lifecycle, State};
use tower_lsp::jsonrpc::Result;

/// Reacts to one event.
pub(crate) fn handle(state: &mut State, event: Event) {
    match event {
        Event::Notification(notification) => notified(state, notification),
        Event::Request(request) => asked(state, request),
        Event::Response { id, result } => response::handle(state, id, result),
        Event::Engine(event) => engine_event::handle(state, event),
    }
}

fn notified(state: &mut State, notification: Notification) {
    match notification {
        Notification::DidChange(params) => did_change::handle(state, &params),
        Notification::Initialized => initialized::handle(state),
        Notification::DidOpen(params) => did_open::handle(state, &params),
        Notification::DidSave(params) => did_save::handle(state, &params),
        Notification::DidClose(params) => did_close::handle(state, &params),
        Notification::DidChangeConfiguration(params) => {
            did_change_configuration::handle(state, params)
        }
        Notification::DidChangeWatchedFiles(params) => {
            did_change_watched_files::handle(state, &params)
        }
        Notification::DidChangeWorkspaceFolders(params) => {
            did_change_workspace_folders::handle(state, &params)
        }
        Notification::ProgressCancel(params) => work_done_progress_cancel::handle(state, &params),
        Notification::Exit => state.exit = Some(i32::from(state.lifecycle != Lifecycle::ShutDown)),
    }
}

fn asked(state: &mut State, request: Request) {
    match request {
        Request::Initialize(params, reply) => answer(reply, Ok(initialize::handle(state, &params))),
        Request::Shutdown(reply) => {
            shutdown::handle(state);
            answer(reply, Ok(()));
        }
        Request::CodeAction(params, reply) => {
            answer(reply, Ok(code_action::handle(state, &params)))
        }
        Request::Hover(params, reply) => answer(reply, Ok(hover::handle(state, &params))),
        Request::Diagnostic(params, reply) => answer(reply, Ok(diagnostic::handle(state, &params))),
        Request::TextDocumentContent(params, reply) => {
            answer(reply, text_document_content::handle(state, &params));
        }
        Request::ExecuteCommand(params, reply) => {
            answer(reply, execute_command::handle(state, params))
        }
    }
}

/// Nobody waits any more when the request was cancelled; then it was answered already.
fn answer<T>(reply: Reply<T>, result: Result<T>) {
    let _ = reply.send(result);
}
