//! The service's handlers: they hold no state, ask the main loop, and wait for its answer.

use crate::event::{Event, Reply, Request};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tower_lsp::gen_lsp_types::{
    CodeActionParams, CodeActionResponse, DocumentDiagnosticParams, DocumentDiagnosticReport,
    ExecuteCommandParams, Hover, HoverParams, InitializeParams, InitializeResult,
    TextDocumentContentParams, TextDocumentContentResult,
};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::{LanguageServer, LspService};

/// The server as the framework sees it.
#[derive(Debug)]
pub(crate) struct Backend {
    events: mpsc::UnboundedSender<Event>,
}

/// The service with exactly the requests that we answer. Notifications never reach it, and nothing is sent
/// through its client socket: both are the main loop's.
pub(crate) fn service(events: mpsc::UnboundedSender<Event>) -> LspService<Backend> {
    let (service, _socket) = LspService::build_with_lifecycle_methods(|_| Backend { events })
        .custom_method("textDocument/codeAction", Backend::code_actions)
        .custom_method("textDocument/hover", Backend::hover_at)
        .custom_method("textDocument/diagnostic", Backend::diagnostics)
        .custom_method("workspace/textDocumentContent", Backend::content)
        .custom_method("workspace/executeCommand", Backend::command)
        .finish();
    service
}

impl Backend {
    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        // Both ways of failing mean that nobody will answer: the loop has ended, or the handler panicked.
        let _ = self.events.send(Event::Request(request(reply)));
        answer
            .await
            .unwrap_or_else(|_| Err(Error::internal_error()))
    }

    async fn code_actions(&self, params: CodeActionParams) -> Result<Vec<CodeActionResponse>> {
        self.ask(|reply| Request::CodeAction(Box::new(params), reply))
            .await
    }

    async fn hover_at(&self, params: HoverParams) -> Result<Option<Hover>> {
        self.ask(|reply| Request::Hover(params, reply)).await
    }

    async fn diagnostics(
        &self,
        params: DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReport> {
        self.ask(|reply| Request::Diagnostic(params, reply)).await
    }

    async fn content(
        &self,
        params: TextDocumentContentParams,
    ) -> Result<TextDocumentContentResult> {
        self.ask(|reply| Request::TextDocumentContent(params, reply))
            .await
    }

    async fn command(&self, params: ExecuteCommandParams) -> Result<Value> {
        self.ask(|reply| Request::ExecuteCommand(params, reply))
            .await
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        self.ask(|reply| Request::Initialize(Box::new(params), reply))
            .await
    }

    async fn shutdown(&self) -> Result<()> {
        self.ask(Request::Shutdown).await
    }
}
