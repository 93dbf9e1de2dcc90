//! Hunks: the places in which two texts differ, as whole lines.

use crate::diff::{Lines, differences};
use crate::edit::TextEdit;
use crate::text::{Text, TextRange};
use serde::{Deserialize, Serialize};

/// Changes with at most so many unchanged lines between them are one hunk: nobody wants to decide on them apart.
const JOINED: usize = 2;

/// A place that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The text that must stand there for the hunk to make sense, in bytes of the base: the lines that change or go;
    /// where lines only come, the line before and the line after them. Always whole lines with their ends.
    pub range: TextRange,
    /// What changes, in bytes of the base: in order, none touching another, all of them inside of `range`.
    pub edits: Vec<TextEdit>,
}

impl Hunk {
    /// The text at [`Hunk::range`] after the hunk. `base` is the text that it is for.
    pub fn result(&self, base: &Text) -> String {
        let mut out = String::new();
        let mut from = self.range.start;
        for edit in &self.edits {
            out.push_str(&base.slice(TextRange::new(from, edit.range.start)));
            out.push_str(&edit.new_text);
            from = edit.range.end;
        }
        out.push_str(&base.slice(TextRange::new(from, self.range.end)));
        out
    }
}

/// The hunks that make `new` out of `base`.
pub(super) fn between(base: &Text, new: &Text) -> Vec<Hunk> {
    let (old_text, new_text) = (base.to_string(), new.to_string());
    let (old, new) = (Lines::of(&old_text), Lines::of(&new_text));
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut last_line = 0;
    for (going, coming) in differences(old.all(), new.all()) {
        let edit = TextEdit {
            range: old.bytes(&going),
            new_text: new_text[new.bytes(&coming).as_range()].to_owned(),
        };
        let range = if going.is_empty() {
            let neighbours = going.start.saturating_sub(1)..(going.end + 1).min(old.all().len());
            old.bytes(&neighbours)
        } else {
            edit.range
        };
        match hunks.last_mut() {
            Some(hunk) if going.start - last_line <= JOINED => {
                hunk.range.end = hunk.range.end.max(range.end);
                hunk.edits.push(edit);
            }
            _ => hunks.push(Hunk {
                range,
                edits: vec![edit],
            }),
        }
        last_line = going.end;
    }
    hunks
}
