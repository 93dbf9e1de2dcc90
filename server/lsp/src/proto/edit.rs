//! Edits of the workspace, in the shape that this client takes.

use crate::capabilities::Capabilities;
use crate::proto::to::{self, View};
use domain::edit::TextEdit;
use domain::text::Text;
use std::collections::HashMap;
use tower_lsp::gen_lsp_types as lsp;

#[cfg(test)]
mod tests;

/// The name of the one annotation of an edit; it is seen by nobody.
const ANNOTATION: &str = "crosscheck";

/// One step of an edit; the client does them in their order.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A text changes.
    Text {
        /// The document's URI.
        uri: String,
        /// The version that it has; `None` for one that is not open.
        version: Option<i32>,
        /// Its text before.
        text: Text,
        /// What changes, in bytes of it; none overlap.
        edits: Vec<TextEdit>,
    },
    /// A file comes to be, with this text. It must not be there.
    Create(String, Text),
    /// A file gets another name, which must be free.
    Rename(String, String),
    /// A file goes.
    Delete(String),
}

impl Step {
    /// What this client cannot do of it: the middle of a sentence, `create files`.
    pub(crate) fn missing(&self, client: &Capabilities) -> Option<&'static str> {
        let (is_there, what) = match self {
            Self::Text { .. } => return None,
            Self::Create(..) => (client.create_files, "create files"),
            Self::Rename(..) => (client.rename_files, "rename files"),
            Self::Delete(_) => (client.delete_files, "delete files"),
        };
        (!is_there).then_some(what)
    }
}

/// The edits of one document.
pub(crate) fn of_document(edits: &[&TextEdit], version: i32, view: View<'_>) -> lsp::WorkspaceEdit {
    let step = Step::Text {
        uri: view.uri.to_owned(),
        version: Some(version),
        text: view.text.clone(),
        edits: edits.iter().map(|it| (*it).clone()).collect(),
    };
    of_steps(&[step], None, view.client)
}

/// One edit of several steps. A client for which [`Step::missing`] names something must not get such a step. Where there
/// is a `question`, which says what the edit is for, the user is to be asked, if the client can do that.
pub(crate) fn of_steps(
    steps: &[Step],
    question: Option<&str>,
    client: &Capabilities,
) -> lsp::WorkspaceEdit {
    if !client.document_changes {
        return lsp::WorkspaceEdit {
            changes: Some(texts_only(steps, client)),
            ..Default::default()
        };
    }
    // An annotation without a question is only noise: Neovim would show a message about each file.
    let question = question.filter(|_| client.change_annotations);
    let id = question.map(|_| ANNOTATION);
    let changes = steps.iter().flat_map(|it| changes(it, id, client));
    lsp::WorkspaceEdit {
        document_changes: Some(changes.collect()),
        change_annotations: question.map(|it| {
            let annotation = lsp::ChangeAnnotation {
                label: it.to_owned(),
                needs_confirmation: Some(true),
                description: None,
            };
            HashMap::from([(ANNOTATION.to_owned(), annotation)])
        }),
        ..Default::default()
    }
}

fn changes(
    step: &Step,
    annotation: Option<&str>,
    client: &Capabilities,
) -> Vec<lsp::DocumentChange> {
    let annotation_id = annotation.map(str::to_owned);
    match step {
        Step::Text {
            uri,
            version,
            text,
            edits,
        } => {
            let edits = edits.iter().map(|it| text_edit(it, text, client));
            vec![text_change(uri, *version, edits, annotation)]
        }
        Step::Create(uri, text) => {
            let create = lsp::DocumentChange::CreateFile(lsp::CreateFile {
                uri: uri.as_str().into(),
                options: Some(lsp::CreateFileOptions {
                    overwrite: Some(false),
                    ignore_if_exists: Some(false),
                }),
                annotation_id,
            });
            let edit = lsp::TextEdit {
                range: lsp::Range::default(),
                new_text: text_of_new(text, client),
            };
            let has_text = !edit.new_text.is_empty();
            let fill = has_text.then(|| text_change(uri, None, [edit].into_iter(), annotation));
            std::iter::once(create).chain(fill).collect()
        }
        Step::Rename(from, to) => vec![lsp::DocumentChange::RenameFile(lsp::RenameFile {
            old_uri: from.as_str().into(),
            new_uri: to.as_str().into(),
            options: Some(lsp::RenameFileOptions {
                overwrite: Some(false),
                ignore_if_exists: Some(false),
            }),
            annotation_id,
        })],
        Step::Delete(uri) => vec![lsp::DocumentChange::DeleteFile(lsp::DeleteFile {
            uri: uri.as_str().into(),
            options: Some(lsp::DeleteFileOptions {
                recursive: Some(false),
                ignore_if_not_exists: Some(false),
            }),
            annotation_id,
        })],
    }
}

fn text_change(
    uri: &str,
    version: Option<i32>,
    edits: impl Iterator<Item = lsp::TextEdit>,
    annotation: Option<&str>,
) -> lsp::DocumentChange {
    let edits = edits.map(|text_edit| match annotation {
        Some(id) => lsp::Edit::AnnotatedTextEdit(lsp::AnnotatedTextEdit {
            annotation_id: id.to_owned(),
            text_edit,
        }),
        None => lsp::Edit::TextEdit(text_edit),
    });
    let text_document = lsp::OptionalVersionedTextDocumentIdentifier {
        version,
        text_document_identifier: lsp::TextDocumentIdentifier { uri: uri.into() },
    };
    lsp::DocumentChange::TextDocumentEdit(lsp::TextDocumentEdit {
        text_document,
        edits: edits.collect(),
    })
}

/// What is to be put into a file that was just made.
fn text_of_new(text: &Text, client: &Capabilities) -> String {
    let mut text = text.to_string();
    if client.empty_is_a_line && text.ends_with('\n') {
        let end = if text.ends_with("\r\n") { 2 } else { 1 };
        text.truncate(text.len() - end);
    }
    text
}

fn texts_only(steps: &[Step], client: &Capabilities) -> HashMap<lsp::Uri, Vec<lsp::TextEdit>> {
    let mut changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> = HashMap::new();
    for step in steps {
        if let Step::Text {
            uri, text, edits, ..
        } = step
        {
            let edits = edits.iter().map(|it| text_edit(it, text, client));
            changes
                .entry(uri.as_str().into())
                .or_default()
                .extend(edits);
        }
    }
    changes
}

fn text_edit(edit: &TextEdit, text: &Text, client: &Capabilities) -> lsp::TextEdit {
    lsp::TextEdit {
        range: to::range(edit.range, text, client.encoding),
        new_text: edit.new_text.clone(),
    }
}
