//! From LSP's shapes to ours.
//!
//! The notifications of document sync are read into shapes of our own: they are on the path of every keystroke,
//! and a change whose range is malformed must not pass for a change of the whole document.

use domain::finding::FindingId;
use domain::text::{Encoding, Position, Text, TextRange};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;

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
    let is_ours = diagnostic
        .source
        .as_deref()
        .is_some_and(|it| it.starts_with(super::to::SOURCE));
    let id = diagnostic.data.as_ref().filter(|_| is_ours)?.as_str()?;
    Some(FindingId(id.to_owned()))
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
