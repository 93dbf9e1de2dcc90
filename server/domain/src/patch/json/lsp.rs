//! LSP's `WorkspaceEdit` and `TextEdit`. Their ranges count lines and UTF-16 units from 0 in the text that was sent; where an
//! edit also says what is there, that decides.

use super::super::draft::Draft;
use super::super::{Action, Hunk};
use crate::answer::contract::PATH;
use crate::answer::fields::Fields;
use crate::answer::lsp;
use crate::finding::RawPlace;
use rustc_hash::FxHashMap;
use serde_json::Value;

/// Reads a `WorkspaceEdit`; false when it is none.
pub(super) fn read(value: &Value, draft: &mut Draft) -> bool {
    if let Some(changes) = value.get("documentChanges").and_then(Value::as_array) {
        let is_one = |it: &Value| it.get("textDocument").is_some() || it.get("kind").is_some();
        let fits = !changes.is_empty() && changes.iter().all(is_one);
        return fits && {
            let mut files = Files::default();
            changes.iter().for_each(|it| files.change(it, draft));
            true
        };
    }
    let Some(changes) = value.get("changes").and_then(Value::as_object) else {
        return false;
    };
    let is_list = |it: &Value| it.as_array().is_some_and(|it| it.iter().all(is_text_edit));
    let fits = !changes.is_empty() && changes.values().all(is_list);
    fits && {
        for (uri, edits) in changes {
            text_edits(uri, edits, draft);
        }
        true
    }
}

/// True for a `TextEdit`.
pub(super) fn is_text_edit(value: &Value) -> bool {
    let text = value.get("newText").or_else(|| value.get("new_text"));
    text.is_some_and(Value::is_string) && value.pointer("/range/start/line").is_some()
}

/// Reads a `TextEdit` of a file.
pub(super) fn text_edit(path: &str, edit: &Value, draft: &mut Draft) {
    match place_of(edit) {
        Some((place, new_text)) => {
            let counted = true;
            draft.edit(
                path,
                Hunk::Place {
                    place,
                    new_text,
                    counted,
                },
            );
        }
        None => draft.problem(format!("an edit of `{path}` has no range that can be read")),
    }
}

fn place_of(edit: &Value) -> Option<(RawPlace, String)> {
    let text = edit.get("newText").or_else(|| edit.get("new_text"))?;
    let mut place = lsp::range(edit.get("range")?)?;
    place.end_line?;
    place.end_column?;
    let fields = Fields::of(edit)?;
    place.quote = fields.text(&["oldtext", "old"]).map(str::to_owned);
    Some((place, text.as_str()?.to_owned()))
}

/// Reads the edits of one document; texts that are inserted in one place come in their order.
fn text_edits(path: &str, edits: &Value, draft: &mut Draft) {
    let mut merged: Vec<(RawPlace, String)> = Vec::new();
    let mut inserted: FxHashMap<(u32, u32), usize> = FxHashMap::default();
    for edit in edits.as_array().into_iter().flatten() {
        let Some((place, text)) = place_of(edit) else {
            draft.problem(format!("an edit of `{path}` has no range that can be read"));
            continue;
        };
        let start = place.start_line.zip(place.start_column.map(|it| it.value));
        let end = place.end_line.zip(place.end_column.map(|it| it.value));
        let at = start.filter(|_| start == end && place.quote.is_none());
        let before = at.and_then(|at| inserted.get(&at).copied());
        match before.and_then(|it| merged.get_mut(it)) {
            Some((_, before)) => *before += &text,
            None => {
                if let Some(at) = at {
                    inserted.insert(at, merged.len());
                }
                merged.push((place, text));
            }
        }
    }
    for (place, new_text) in merged {
        let counted = true;
        draft.edit(
            path,
            Hunk::Place {
                place,
                new_text,
                counted,
            },
        );
    }
}

/// What has happened to files in the changes before.
#[derive(Default)]
struct Files {
    /// Texts of new files.
    created: FxHashMap<String, usize>,
    /// Old names by new ones.
    renamed: FxHashMap<String, String>,
}

impl Files {
    fn change(&mut self, change: &Value, draft: &mut Draft) {
        let text = |name: &str| change.get(name).and_then(Value::as_str);
        let uri = text("uri").or_else(|| Fields::of(change)?.text(PATH));
        match (text("kind"), uri) {
            (Some("create"), Some(uri)) => {
                let (text, executable) = (String::new(), false);
                self.created.insert(uri.to_owned(), draft.patch.files.len());
                draft.push(uri, Action::Create { text, executable });
            }
            (Some("delete"), Some(uri)) => draft.push(uri, Action::Delete),
            (Some("rename"), _) => match text("oldUri").zip(text("newUri")) {
                Some((old, new)) => {
                    self.renamed.insert(new.to_owned(), old.to_owned());
                    draft.edits(old, Vec::new(), Some(new.to_owned()), None);
                }
                None => draft.problem("a file is renamed, and it is not said which one"),
            },
            (Some(_), _) => draft.problem("a change of a file is of an unknown kind"),
            (None, _) => self.edit(change, draft),
        }
    }

    fn edit(&mut self, change: &Value, draft: &mut Draft) {
        let Some(uri) = change.pointer("/textDocument/uri").and_then(Value::as_str) else {
            return draft.problem("an edit names no file");
        };
        let edits = change.get("edits").unwrap_or(&Value::Null);
        if let Some(at) = self.created.get(uri) {
            let inserted = edits.as_array().into_iter().flatten().map(place_of);
            let inserted = inserted.collect::<Option<Vec<_>>>();
            let file = draft.patch.files.get_mut(*at).map(|it| &mut it.action);
            return match (inserted, file) {
                (Some(inserted), Some(Action::Create { text, .. })) => {
                    text.extend(inserted.into_iter().map(|it| it.1));
                }
                _ => draft.problem(format!("an edit of `{uri}` has no range that can be read")),
            };
        }
        let path = self.renamed.get(uri).map_or(uri, String::as_str);
        text_edits(path, edits, draft);
    }
}
