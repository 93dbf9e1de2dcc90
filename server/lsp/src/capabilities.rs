//! What this client can do, reduced to the questions that we ask, and what we offer to it.

use crate::commands;
use domain::text::Encoding;
use tower_lsp::gen_lsp_types::{
    ChangeNotifications, CodeActionKind, CodeActionOptions, CodeActionProvider, DiagnosticOptions,
    DiagnosticProvider, ExecuteCommandOptions, HoverProvider, InitializeParams, InitializeResult,
    MarkupKind, PositionEncodingKind, ResourceOperationKind, Save, SaveOptions, ServerCapabilities,
    ServerInfo, TextDocumentContent, TextDocumentContentOptions, TextDocumentSync,
    TextDocumentSyncKind, TextDocumentSyncOptions, WorkspaceFoldersServerCapabilities,
    WorkspaceOptions,
};

#[cfg(test)]
mod tests;

/// The client's abilities. Everything is off until `initialize` says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Capabilities {
    /// How positions count characters.
    pub(crate) encoding: Encoding,
    /// Takes versioned edits. Whoever takes operations on files takes these, too: they come in the same list, and
    /// Neovim names no more than those.
    pub(crate) document_changes: bool,
    /// Creates files as part of an edit.
    pub(crate) create_files: bool,
    /// Renames files as part of an edit.
    pub(crate) rename_files: bool,
    /// Deletes files as part of an edit.
    pub(crate) delete_files: bool,
    /// Takes an empty file for one line that ends, so that what is put there needs no end of its own. This is no declared
    /// ability but how Neovim is; elsewhere the file would lack its last line end.
    pub(crate) empty_is_a_line: bool,
    /// Shows what an edit is for, and asks about it where the edit says so.
    pub(crate) change_annotations: bool,
    /// Takes edits at our request.
    pub(crate) apply_edit: bool,
    /// Takes code actions; otherwise only commands.
    pub(crate) action_literals: bool,
    /// Knows a preferred action.
    pub(crate) preferred_actions: bool,
    /// Knows the tag for actions that a model made.
    pub(crate) action_tags: bool,
    /// Asks for diagnostics, and asks again when told to; otherwise they are pushed.
    pub(crate) pull_diagnostics: bool,
    /// Shows other places beside a diagnostic.
    pub(crate) related_information: bool,
    /// Renders markdown in diagnostics.
    pub(crate) markdown_diagnostics: bool,
    /// Renders markdown in hovers.
    pub(crate) markdown_hover: bool,
    /// Shows progress.
    pub(crate) progress: bool,
    /// Shows messages with buttons, and says which one was chosen. Every client is asked so by agents; one that does not
    /// declare it may never answer when a prompt is closed (Emacs).
    pub(crate) ask: bool,
    /// Opens files and pages at our request.
    pub(crate) show_document: bool,
    /// Asks us for the text of documents that are no files.
    pub(crate) document_content: bool,
    /// Answers `workspace/configuration`.
    pub(crate) configuration: bool,
    /// Watches files at our request.
    pub(crate) watch_files: bool,
    /// Watches files outside of the workspace, too.
    pub(crate) watch_relative: bool,
    /// Wants `crosscheck/status`.
    pub(crate) status: bool,
}

impl Capabilities {
    /// Reads them from the `initialize` request.
    pub(crate) fn of(params: &InitializeParams) -> Self {
        let client = &params.capabilities;
        let name = params.client_info.as_ref().map(|it| it.name.as_str());
        let workspace = client.workspace.as_ref();
        let document = client.text_document.as_ref();
        let edit = workspace.and_then(|it| it.workspace_edit.as_ref());
        let operations = edit.and_then(|it| it.resource_operations.as_deref());
        let operations = operations.unwrap_or_default();
        let action = document.and_then(|it| it.code_action.as_ref());
        let pull = document.and_then(|it| it.diagnostic.as_ref());
        let push = document.and_then(|it| it.publish_diagnostics.as_ref());
        let hover = document.and_then(|it| it.hover.as_ref());
        let watch = workspace.and_then(|it| it.did_change_watched_files.as_ref());
        let refresh = workspace.and_then(|it| it.diagnostics.as_ref()?.refresh_support);
        let encodings = client
            .general
            .as_ref()
            .and_then(|it| it.position_encodings.as_deref());
        // Without a refresh a client would not ask again when findings arrive, so it gets them pushed.
        let pull_diagnostics = pull.is_some() && refresh == Some(true);
        let shown = if pull_diagnostics {
            pull.map(|it| &it.diagnostics_capabilities)
        } else {
            push.map(|it| &it.diagnostics_capabilities)
        };
        Self {
            encoding: choose_encoding(encodings.unwrap_or_default()),
            document_changes: edit.and_then(|it| it.document_changes) == Some(true)
                || !operations.is_empty(),
            create_files: operations.contains(&ResourceOperationKind::Create),
            rename_files: operations.contains(&ResourceOperationKind::Rename),
            delete_files: operations.contains(&ResourceOperationKind::Delete),
            empty_is_a_line: name == Some("Neovim"),
            change_annotations: edit.is_some_and(|it| it.change_annotation_support.is_some()),
            apply_edit: workspace.and_then(|it| it.apply_edit) == Some(true),
            action_literals: action.is_some_and(|it| it.code_action_literal_support.is_some()),
            preferred_actions: action.and_then(|it| it.is_preferred_support) == Some(true),
            action_tags: action.is_some_and(|it| it.tag_support.is_some()),
            pull_diagnostics,
            related_information: shown.and_then(|it| it.related_information) == Some(true),
            markdown_diagnostics: pull_diagnostics
                && pull.and_then(|it| it.markup_message_support) == Some(true),
            markdown_hover: hover
                .and_then(|it| it.content_format.as_ref())
                .is_some_and(|it| it.contains(&MarkupKind::Markdown)),
            show_document: client
                .window
                .as_ref()
                .and_then(|it| it.show_document.as_ref())
                .is_some_and(|it| it.support),
            ask: client
                .window
                .as_ref()
                .is_some_and(|it| it.show_message.is_some()),
            progress: client.window.as_ref().and_then(|it| it.work_done_progress) == Some(true),
            document_content: workspace.is_some_and(|it| it.text_document_content.is_some()),
            configuration: workspace.and_then(|it| it.configuration) == Some(true),
            watch_files: watch.and_then(|it| it.dynamic_registration) == Some(true),
            watch_relative: watch.and_then(|it| it.relative_pattern_support) == Some(true),
            status: client
                .experimental
                .as_ref()
                .is_some_and(|it| it["crosscheckStatus"] == true),
        }
    }
}

/// UTF-8 costs us nothing; UTF-16 is what every client must know.
fn choose_encoding(offered: &[PositionEncodingKind]) -> Encoding {
    if offered.contains(&PositionEncodingKind::UTF8) {
        Encoding::Utf8
    } else if offered.contains(&PositionEncodingKind::UTF16)
        || !offered.contains(&PositionEncodingKind::UTF32)
    {
        Encoding::Utf16
    } else {
        Encoding::Utf32
    }
}

/// The scheme of documents whose text comes from us.
pub(crate) const SCHEME: &str = "crosscheck";
/// The kind of the actions that start a review.
pub(crate) const KIND_REVIEW: CodeActionKind = CodeActionKind::new("source.crosscheck.review");
/// The kind of the actions that are about reviews otherwise.
pub(crate) const KIND_MANAGE: CodeActionKind = CodeActionKind::new("source.crosscheck");
/// The kind of the action that applies all ready fixes.
pub(crate) const KIND_FIX_ALL: CodeActionKind = CodeActionKind::new("source.fixAll.crosscheck");

/// The answer to `initialize`.
pub(crate) fn offer(client: &Capabilities, params: &InitializeParams) -> InitializeResult {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Incremental),
        save: Some(Save::SaveOptions(SaveOptions {
            include_text: Some(false),
        })),
        ..Default::default()
    };
    let actions = CodeActionOptions {
        code_action_kinds: Some(vec![
            CodeActionKind::QuickFix,
            CodeActionKind::RefactorRewrite,
            KIND_REVIEW,
            KIND_MANAGE,
            KIND_FIX_ALL,
        ]),
        resolve_provider: Some(false),
        ..Default::default()
    };
    // `workspaceDiagnostics` stays off: findings of files that are not open are pushed, so that clients which
    // pull show them, too, and Neovim, which on a refresh re-pulls either the workspace or the open files, pulls the latter.
    let pull = DiagnosticOptions {
        identifier: Some("crosscheck".to_owned()),
        ..Default::default()
    };
    let commands = commands::NAMES.iter().map(|it| (*it).to_owned()).collect();
    let folders = WorkspaceFoldersServerCapabilities {
        supported: Some(true),
        change_notifications: Some(ChangeNotifications::Bool(true)),
    };
    let encodings = params
        .capabilities
        .general
        .as_ref()
        .and_then(|it| it.position_encodings.as_ref());
    InitializeResult {
        capabilities: ServerCapabilities {
            position_encoding: encodings.map(|_| encoding_kind(client.encoding)),
            text_document_sync: Some(TextDocumentSync::Options(sync)),
            hover_provider: Some(HoverProvider::Bool(true)),
            code_action_provider: Some(if client.action_literals {
                CodeActionProvider::CodeActionOptions(actions)
            } else {
                CodeActionProvider::Bool(true)
            }),
            execute_command_provider: Some(ExecuteCommandOptions {
                commands,
                ..Default::default()
            }),
            diagnostic_provider: client
                .pull_diagnostics
                .then_some(DiagnosticProvider::DiagnosticOptions(pull)),
            workspace: Some(WorkspaceOptions {
                workspace_folders: Some(folders),
                text_document_content: client.document_content.then(|| {
                    let schemes = vec![SCHEME.to_owned()];
                    TextDocumentContent::Options(TextDocumentContentOptions { schemes })
                }),
                ..Default::default()
            }),
            ..Default::default()
        },
        server_info: Some(ServerInfo {
            name: "crosscheck".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    }
}

fn encoding_kind(encoding: Encoding) -> PositionEncodingKind {
    match encoding {
        Encoding::Utf8 => PositionEncodingKind::UTF8,
        Encoding::Utf16 => PositionEncodingKind::UTF16,
        Encoding::Utf32 => PositionEncodingKind::UTF32,
    }
}
