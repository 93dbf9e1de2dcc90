//! From LSP's shapes to ours.
//!
//! The notifications of document sync are read into shapes of our own: they are on the path of every keystroke,
//! and a change whose range is malformed must not pass for a change of the whole document.

use domain::finding::{FindingId, Severity};
use domain::path::RelPath;
use domain::proposal::ProposalId;
use domain::text::{Encoding, Position, Text, TextRange};
use engine::Remark;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;

/// Longest message of another tool that is passed on to agents, in bytes.
const MAX_MESSAGE: usize = 8 << 10;
/// Most remarks about other places passed on with it.
const MAX_RELATED: usize = 10;

/// `textDocument/didOpen`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DidOpen {
    pub(crate) text_document: OpenedDocument,
}

/// A document as it is opened.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenedDocument {
    pub(crate) uri: String,
    #[serde(default)]
    version: Option<i64>,
    pub(crate) text: String,
}

impl OpenedDocument {
    /// Its version; 0 where it has no usable one.
    pub(crate) fn version(&self) -> i32 {
        to_version(self.version).unwrap_or_default()
    }
}

/// `textDocument/didChange`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DidChange {
    pub(crate) text_document: VersionedDocument,
    pub(crate) content_changes: Vec<ContentChange>,
}

/// The document that changed.
#[derive(Debug, Deserialize)]
pub(crate) struct VersionedDocument {
    pub(crate) uri: String,
    #[serde(default)]
    version: Option<i64>,
}

impl DidChange {
    /// The version it leads to, where it names a usable one.
    pub(crate) fn version(&self) -> Option<i32> {
        to_version(self.text_document.version)
    }
}

/// One change of a document; of all of it where there is no range.
#[derive(Debug, Deserialize)]
pub(crate) struct ContentChange {
    #[serde(default, deserialize_with = "range")]
    pub(crate) range: Option<(Position, Position)>,
    pub(crate) text: String,
}

/// `textDocument/didClose` and `textDocument/didSave`, of which only the document matters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfDocument {
    pub(crate) text_document: DocumentId,
}

/// The name of a document.
#[derive(Debug, Deserialize)]
pub(crate) struct DocumentId {
    pub(crate) uri: String,
}

/// `workspace/didChangeWatchedFiles`.
#[derive(Debug, Deserialize)]
pub(crate) struct DidChangeWatchedFiles {
    pub(crate) changes: Vec<DocumentId>,
}

/// `workspace/didChangeWorkspaceFolders`.
#[derive(Debug, Deserialize)]
pub(crate) struct DidChangeWorkspaceFolders {
    pub(crate) event: FolderChanges,
}

/// The folders that came and went.
#[derive(Debug, Deserialize)]
pub(crate) struct FolderChanges {
    #[serde(default)]
    pub(crate) added: Vec<DocumentId>,
    #[serde(default)]
    pub(crate) removed: Vec<DocumentId>,
}

/// `workspace/didChangeConfiguration`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct DidChangeConfiguration {
    #[serde(default)]
    pub(crate) settings: Value,
}

/// `window/workDoneProgress/cancel`.
#[derive(Debug, Deserialize)]
pub(crate) struct ProgressCancel {
    pub(crate) token: Value,
}

/// A position.
pub(crate) fn position(it: lsp::Position) -> Position {
    Position {
        line: it.line,
        character: it.character,
    }
}

/// A range of a text; its ends may come in any order and lie outside of the text.
pub(crate) fn text_range(it: lsp::Range, text: &Text, encoding: Encoding) -> TextRange {
    text.range_of(position(it.start), position(it.end), encoding)
}

/// The finding that a diagnostic of ours stands for.
pub(crate) fn finding_id(diagnostic: &lsp::Diagnostic) -> Option<FindingId> {
    let data = diagnostic.data.as_ref().filter(|_| is_ours(diagnostic));
    Some(FindingId(data?.as_str()?.to_owned()))
}

/// The proposal that a diagnostic of ours stands for.
pub(crate) fn proposal_id(diagnostic: &lsp::Diagnostic) -> Option<ProposalId> {
    let data = diagnostic.data.as_ref().filter(|_| is_ours(diagnostic));
    Some(ProposalId(data?.get("proposal")?.as_str()?.to_owned()))
}

/// Whether a diagnostic comes from us and not from another tool.
pub(crate) fn is_ours(diagnostic: &lsp::Diagnostic) -> bool {
    let source = diagnostic.source.as_deref();
    source.is_some_and(|it| it.starts_with(super::to::SOURCE))
}

/// What another tool says about a file, for an agent to settle. `text` is the file's.
pub(crate) fn remark(
    diagnostic: &lsp::Diagnostic,
    path: &RelPath,
    text: &Text,
    encoding: Encoding,
) -> Remark {
    let severity = match diagnostic.severity {
        Some(lsp::DiagnosticSeverity::Error) => Severity::Error,
        Some(lsp::DiagnosticSeverity::Information) => Severity::Info,
        Some(lsp::DiagnosticSeverity::Hint) => Severity::Hint,
        _ => Severity::Warning,
    };
    let code = diagnostic.code.as_ref().map(|it| match it {
        lsp::Code::String(code) => code.clone(),
        lsp::Code::Int(code) => code.to_string(),
    });
    let source = diagnostic.source.as_deref();
    Remark {
        path: path.clone(),
        range: text_range(diagnostic.range, text, encoding),
        severity,
        source: source.unwrap_or("another tool").to_owned(),
        code,
        message: full_message(diagnostic),
        finding: None,
    }
}

/// The message of a diagnostic.
pub(crate) fn message(diagnostic: &lsp::Diagnostic) -> &str {
    match &diagnostic.message {
        lsp::Message::String(message) => message,
        lsp::Message::MarkupContent(markup) => &markup.value,
    }
}

/// The message with what else the tool says: the Rust compiler's own words, and remarks about other places.
pub(crate) fn full_message(diagnostic: &lsp::Diagnostic) -> String {
    let rendered = diagnostic.data.as_ref().and_then(|it| it.get("rendered"));
    let rendered = rendered.and_then(Value::as_str);
    let message = message(diagnostic);
    let mut out = rendered
        .filter(|it| it.len() > message.len())
        .map_or_else(|| message.to_owned(), |it| format!("{message}\n\n{it}"));
    let related = diagnostic.related_information.iter().flatten();
    for it in related.take(MAX_RELATED) {
        let line = it.location.range.start.line.saturating_add(1);
        let name = it.location.uri.0.rsplit('/').next().unwrap_or_default();
        out.push_str(&format!("\n{name}:{line}: {}", it.message));
    }
    if out.len() > MAX_MESSAGE {
        out.truncate(out.floor_char_boundary(MAX_MESSAGE));
        out.push('…');
    }
    out
}

fn to_version(version: Option<i64>) -> Option<i32> {
    version.and_then(|it| i32::try_from(it).ok())
}

fn range<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<(Position, Position)>, D::Error> {
    #[derive(Deserialize)]
    struct Range {
        start: Place,
        end: Place,
    }
    #[derive(Deserialize)]
    struct Place {
        line: u64,
        character: u64,
    }
    let position = |it: Place| Position {
        line: saturate(it.line),
        character: saturate(it.character),
    };
    let range = Option::<Range>::deserialize(deserializer)?;
    Ok(range.map(|it| (position(it.start), position(it.end))))
}

fn saturate(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
