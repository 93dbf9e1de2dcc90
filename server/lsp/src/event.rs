//! Everything that can happen to the server: the only things the main loop reacts to.

use crate::proto::from::{
    DidChange, DidChangeConfiguration, DidChangeWatchedFiles, DidChangeWorkspaceFolders, DidOpen,
    OfDocument, ProgressCancel,
};
use serde_json::Value;
use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types::{
    CodeActionParams, CodeActionResponse, DocumentDiagnosticParams, DocumentDiagnosticReport,
    ExecuteCommandParams, Hover, HoverParams, InitializeParams, InitializeResult,
    TextDocumentContentParams, TextDocumentContentResult,
};
use tower_lsp::jsonrpc::Result;

/// Where a request's answer goes. Dropping it answers with an internal error.
pub(crate) type Reply<T> = oneshot::Sender<Result<T>>;

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The client tells.
    Notification(Notification),
    /// The client asks.
    Request(Request),
    /// The client answers.
    Response {
        /// The id of our request.
        id: i64,
        /// Its answer.
        result: std::result::Result<Value, String>,
    },
    /// The engine tells.
    Engine(engine::Event),
}

/// What the client tells, in the order it was told.
#[derive(Debug)]
pub(crate) enum Notification {
    Initialized,
    DidOpen(DidOpen),
    DidChange(DidChange),
    DidSave(OfDocument),
    DidClose(OfDocument),
    DidChangeConfiguration(DidChangeConfiguration),
    DidChangeWatchedFiles(DidChangeWatchedFiles),
    DidChangeWorkspaceFolders(DidChangeWorkspaceFolders),
    ProgressCancel(ProgressCancel),
    Exit,
}

/// What the client asks.
#[derive(Debug)]
pub(crate) enum Request {
    Initialize(Box<InitializeParams>, Reply<InitializeResult>),
    Shutdown(Reply<()>),
    CodeAction(Box<CodeActionParams>, Reply<Vec<CodeActionResponse>>),
    Hover(HoverParams, Reply<Option<Hover>>),
    Diagnostic(DocumentDiagnosticParams, Reply<DocumentDiagnosticReport>),
    TextDocumentContent(TextDocumentContentParams, Reply<TextDocumentContentResult>),
    ExecuteCommand(ExecuteCommandParams, Reply<Value>),
}
