//! Lists of edits with the old and the new text, and of whole files, under the usual key names.

use super::super::draft::Draft;
use super::super::{Action, Hunk, Piece};
use super::lsp;
use crate::answer::contract::PATH;
use crate::answer::fields::{Fields, count};
use crate::finding::RawPlace;
use serde_json::Value;

const LISTS: &[&str] = &[
    "edits",
    "changes",
    "replacements",
    "modifications",
    "operations",
    "fileedits",
    "codechanges",
];
const FILES: &[&str] = &["files", "newfiles", "filechanges"];
const OLD: &[&str] = &[
    "oldtext",
    "oldstring",
    "oldstr",
    "search",
    "old",
    "find",
    "original",
    "originaltext",
    "oldcode",
    "originalcode",
    "before",
];
const NEW: &[&str] = &[
    "newtext",
    "newstring",
    "newstr",
    "replace",
    "new",
    "replacewith",
    "replacement",
    "updated",
    "newcode",
    "after",
];
const CONTENT: &[&str] = &["content", "contents", "newcontent", "filecontent"];
const KIND: &[&str] = &["action", "operation", "kind", "type", "op"];

/// Reads a value of such a shape; false when it has none.
pub(super) fn read(value: &Value, draft: &mut Draft) -> bool {
    match value {
        Value::Array(items) => read_list(items, None, draft),
        Value::Object(_) => {
            let Some(fields) = Fields::of(value) else {
                return false;
            };
            let path = path(&fields);
            let mut lists = LISTS
                .iter()
                .chain(FILES)
                .filter_map(|it| fields.list(&[it]));
            if lists.any(|items| read_list(items, path.as_deref(), draft)) {
                return true;
            }
            if let Some(Value::Object(files)) = fields.get(FILES) {
                return read_map(files, draft);
            }
            is_change(value, None) && {
                change(value, None, 1, draft);
                true
            }
        }
        _ => false,
    }
}

/// Reads changes, where at least one of them is one.
fn read_list(items: &[Value], path: Option<&str>, draft: &mut Draft) -> bool {
    if !items.iter().any(|it| is_change(it, path)) {
        return false;
    }
    for (number, item) in items.iter().enumerate() {
        change(item, path, number + 1, draft);
    }
    true
}

/// Reads `{"src/a.rs": "its whole text"}`.
fn read_map(files: &serde_json::Map<String, Value>, draft: &mut Draft) -> bool {
    if files.is_empty() || !files.values().all(Value::is_string) {
        return false;
    }
    for (path, text) in files {
        let text = text.as_str().unwrap_or_default().to_owned();
        draft.push(path, Action::Rewrite { text, exact: true });
    }
    true
}

/// True for an object that says what changes, and where.
fn is_change(value: &Value, path_of_all: Option<&str>) -> bool {
    let Some(fields) = Fields::of(value) else {
        return false;
    };
    let in_file = path_of_all.is_some() || path(&fields).is_some();
    let has = |names: &[&str]| fields.get(names).is_some_and(Value::is_string);
    let nested = || {
        let lists = LISTS.iter().filter_map(|it| fields.list(&[it]));
        lists.flatten().any(|it| is_change(it, Some("")))
    };
    let says = (has(OLD) && has(NEW))
        || lsp::is_text_edit(value)
        || (has(CONTENT) && !is_remark(&fields))
        || is_deletion(&fields)
        || nested();
    says && in_file
}

/// True for a finding, whose text is no file's.
fn is_remark(fields: &Fields<'_>) -> bool {
    fields
        .get(&[
            "severity",
            "title",
            "message",
            "line",
            "startline",
            "priority",
            "role",
        ])
        .is_some()
}

fn is_deletion(fields: &Fields<'_>) -> bool {
    let word = fields.text(KIND).map(str::to_lowercase);
    let flag = fields
        .get(&["delete", "deleted", "remove"])
        .and_then(Value::as_bool);
    matches!(word.as_deref(), Some("delete" | "remove")) && fields.get(OLD).is_none()
        || flag == Some(true)
}

fn path(fields: &Fields<'_>) -> Option<String> {
    let names = [PATH, &["targetfile", "target"]].concat();
    fields.text(&names).map(str::to_owned)
}

fn change(value: &Value, path_of_all: Option<&str>, number: usize, draft: &mut Draft) {
    let Some(fields) = Fields::of(value) else {
        return draft.problem(format!("edit {number} is no object"));
    };
    let Some(path) = path(&fields).or_else(|| path_of_all.map(str::to_owned)) else {
        return draft.problem(format!("edit {number} names no file"));
    };
    let text = |names: &[&str]| fields.get(names).and_then(Value::as_str).map(str::to_owned);
    let mut lists = LISTS.iter().filter_map(|it| fields.list(&[it]));
    if lists.any(|items| read_list(items, Some(&path), draft)) {
        return;
    }
    if lsp::is_text_edit(value) {
        return lsp::text_edit(&path, value, draft);
    }
    if is_deletion(&fields) {
        return draft.push(&path, Action::Delete);
    }
    let is_new = fields
        .text(KIND)
        .is_some_and(|it| matches!(it.to_lowercase().as_str(), "create" | "add" | "new"));
    match (text(OLD), text(NEW), text(CONTENT)) {
        (Some(old), Some(new), _) if old.is_empty() => create(&path, new, draft),
        (Some(old), Some(new), _) if old == new => {
            draft.problem(format!("edit {number} of `{path}` changes nothing"));
        }
        (Some(old), Some(new), _) => {
            let all = fields.get(&["replaceall", "all", "global"]);
            let line = fields.get(&["startline", "line"]).and_then(count);
            let piece = Piece {
                old,
                new,
                line: line.map(|it| it as usize),
                all: all.and_then(Value::as_bool) == Some(true),
            };
            draft.edit(&path, Hunk::Piece(piece));
        }
        (None, Some(new), _) if fields.get(&["startline", "line"]).is_some() => {
            let number = |names: &[&str]| fields.get(names).and_then(count);
            let place = RawPlace {
                start_line: number(&["startline", "line"]),
                end_line: number(&["endline"]),
                ..RawPlace::default()
            };
            let (new_text, counted) = (new, false);
            draft.edit(
                &path,
                Hunk::Place {
                    place,
                    new_text,
                    counted,
                },
            );
        }
        (None, None, Some(text)) | (None, Some(text), None) if is_new => create(&path, text, draft),
        (None, None, Some(text)) => draft.push(&path, Action::Rewrite { text, exact: true }),
        (Some(_), None, _) => {
            draft.problem(format!(
                "edit {number} of `{path}` does not say what shall be there"
            ));
        }
        _ => draft.problem(format!(
            "edit {number} of `{path}` does not say what is there now"
        )),
    }
}

fn create(path: &str, text: String, draft: &mut Draft) {
    let executable = false;
    draft.push(path, Action::Create { text, executable });
}
