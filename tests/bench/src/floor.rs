//! The floor: an empty language server on the same libraries. It keeps text in a rope, answers `hover` with nothing,
//! and trusts its client; what Crosscheck needs more than this is the price of being Crosscheck.

use serde_json::Value;
use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tower_lsp::gen_lsp_types::{
    Hover, HoverParams, HoverProvider, InitializeParams, InitializeResult, ServerCapabilities,
    TextDocumentSync, TextDocumentSyncKind,
};
use tower_lsp::jsonrpc::{Request, Response, Result};
use tower_lsp::{LanguageServer, LspService};
use tower_service::Service;

/// Open documents.
type Documents = Arc<Mutex<HashMap<String, domain::text::Text>>>;

struct Empty;

impl LanguageServer for Empty {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        let capabilities = ServerCapabilities {
            text_document_sync: Some(TextDocumentSync::Kind(TextDocumentSyncKind::Incremental)),
            hover_provider: Some(HoverProvider::Bool(true)),
            ..ServerCapabilities::default()
        };
        Ok(InitializeResult {
            capabilities,
            ..InitializeResult::default()
        })
    }

    async fn hover(&self, _: HoverParams) -> Result<Option<Hover>> {
        Ok(None)
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

/// Serves until its input ends.
pub(crate) fn serve() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(listen());
    ExitCode::SUCCESS
}

async fn listen() {
    let mut input = pipe::OpenOptions::new()
        .open_receiver("/proc/self/fd/0")
        .unwrap();
    let mut output = pipe::OpenOptions::new()
        .open_sender("/proc/self/fd/1")
        .unwrap();
    let (mut service, _socket) = LspService::new(|_| Empty);
    let documents = Documents::default();
    let mut buffer = Vec::with_capacity(1 << 16);
    let mut start = 0;
    loop {
        while let Some((body, end)) = frame(&buffer[start..]) {
            let request: Request = serde_json::from_slice(&buffer[start..][body]).unwrap();
            start += end;
            if let Some(response) = handle(&mut service, &documents, request).await {
                let body = serde_json::to_vec(&response).unwrap();
                let mut message = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
                message.extend_from_slice(&body);
                output.write_all(&message).await.unwrap();
            }
        }
        buffer.drain(..start);
        start = 0;
        if input.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
            break;
        }
    }
}

/// Where the body of the first message is, and where that message ends.
fn frame(bytes: &[u8]) -> Option<(std::ops::Range<usize>, usize)> {
    let header = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..header]).ok()?;
    let length: usize = text.strip_prefix("Content-Length: ")?.trim().parse().ok()?;
    let body = header + 4..header + 4 + length;
    (bytes.len() >= body.end).then(|| (body.clone(), body.end))
}

async fn handle(
    service: &mut LspService<Empty>,
    documents: &Documents,
    request: Request,
) -> Option<Response> {
    if !matches!(
        request.method(),
        "textDocument/didOpen" | "textDocument/didChange"
    ) {
        return service.call(request).await.ok().flatten();
    }
    let (_, _, params) = request.into_parts();
    let params = params?;
    let document = &params["textDocument"];
    let uri = document["uri"].as_str()?;
    let mut documents = documents.lock().unwrap();
    if let Some(text) = document["text"].as_str() {
        documents.insert(uri.to_owned(), domain::text::Text::new(text));
    } else {
        let text = documents.get_mut(uri)?;
        for change in params["contentChanges"].as_array()? {
            let start = position(&change["range"]["start"])?;
            let end = position(&change["range"]["end"])?;
            let range = text.range_of(start, end, domain::text::Encoding::Utf8);
            text.replace(range, change["text"].as_str()?);
        }
    }
    None
}

fn position(value: &Value) -> Option<domain::text::Position> {
    Some(domain::text::Position {
        line: u32::try_from(value["line"].as_u64()?).ok()?,
        character: u32::try_from(value["character"].as_u64()?).ok()?,
    })
}
