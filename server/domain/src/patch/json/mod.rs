//! Changes told in JSON: lists of edits, whole files, LSP's `WorkspaceEdit`, what tools would fix, findings with a
//! replacement, and any of the text formats in a string.

mod edits;
mod lsp;
mod tools;

use super::draft::Draft;
use super::lines::Lines;
use crate::answer::contract::PATH;
use crate::answer::fields::Fields;
use crate::answer::json;
use serde_json::Value;

/// Deepest wrapper looked into.
const MAX_DEPTH: usize = 6;
/// Most values of one text that are looked at, where there are several after each other or among words.
const MAX_VALUES: usize = 1000;
/// Keys under which answers put what they carry, surest first.
const CARRIERS: &[&str] = &[
    "structuredoutput",
    "structuredcontent",
    "workspaceedit",
    "edit",
    "result",
    "output",
    "response",
    "answer",
    "data",
    "content",
    "text",
    "message",
];
/// Keys of what is said to a person.
const SUMMARY: &[&str] = &[
    "summary",
    "explanation",
    "description",
    "overview",
    "reasoning",
    "title",
];

/// Reads text that is JSON of a known shape; false for any other.
pub(super) fn read_text(text: &str, draft: &mut Draft) -> bool {
    let found = json::whole(text).map(|it| it.values).unwrap_or_default();
    read_values(&found, draft)
}

/// Reads JSON in the midst of prose; what stands before it is what the agent says.
pub(super) fn read_scattered<'t>(text: &'t str, draft: &mut Draft) -> Option<&'t str> {
    let read = read_values(&json::scattered(text).values, draft);
    let start = text.find(['{', '['])?;
    read.then(|| text[..start].trim())
}

fn read_values(values: &[Value], draft: &mut Draft) -> bool {
    let looked_at = values.iter().take(MAX_VALUES);
    let read = looked_at.fold(false, |any, it| read_value(it, draft) | any);
    let more = values.len().saturating_sub(MAX_VALUES);
    if read && more > 0 {
        draft.problem(format!(
            "{more} JSON values were not looked at; the limit is {MAX_VALUES}"
        ));
    }
    read
}

/// Reads the changes in a value; false when there are none in it that were understood.
pub(super) fn read_value(value: &Value, draft: &mut Draft) -> bool {
    read_at(value, 0, draft)
}

fn read_at(value: &Value, depth: usize, draft: &mut Draft) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let read = lsp::read(value, draft) || edits::read(value, draft) || tools::read(value, draft);
    let read = match value {
        _ if read => true,
        Value::String(text) => read_string(text, draft),
        Value::Array(parts) => {
            let parts = parts
                .iter()
                .filter(|it| it.get("type").is_some_and(Value::is_string));
            parts.fold(false, |any, it| read_at(it, depth + 1, draft) | any)
        }
        Value::Object(_) => {
            let Some(fields) = Fields::of(value) else {
                return false;
            };
            let patch = fields.text(&["patch", "diff", "unifieddiff"]);
            patch.is_some_and(|it| read_string(it, draft))
                || CARRIERS.iter().any(|name| {
                    let carried = fields.get(&[name]);
                    carried.is_some_and(|it| read_at(it, depth + 1, draft))
                })
        }
        _ => false,
    };
    note_summary(value, draft);
    read
}

/// Reads text in a string, which may be JSON once more.
fn read_string(text: &str, draft: &mut Draft) -> bool {
    if text.trim_start().starts_with(['{', '[']) && read_text(text, draft) {
        return true;
    }
    let before = (draft.patch.files.len(), draft.problems());
    let hunks = draft.hunks;
    let mut lines = Lines::new(text);
    super::read_lines(&mut lines, draft);
    let words = lines.words();
    if !words.is_empty() {
        draft.said.get_or_insert(words);
    }
    before != (draft.patch.files.len(), draft.problems()) || hunks != draft.hunks
}

/// Takes what an object says to a person; outer ones are noted last, and win.
fn note_summary(value: &Value, draft: &mut Draft) {
    let is_one_change = value.get("range").is_some() || value.get("kind").is_some();
    let fields = Fields::of(value).filter(|it| !it.has_path() && !is_one_change);
    if let Some(text) = fields.as_ref().and_then(|it| it.text(SUMMARY)) {
        draft.said = Some(text.trim().to_owned());
    }
}

impl Fields<'_> {
    fn has_path(&self) -> bool {
        self.get(PATH).is_some()
    }
}
