//! From an action to edits of a text: each hunk is found by its lines, and what stays is the file's own.

mod anchor;
mod edits;
mod elision;
mod indent;
mod page;
mod piece;
mod search;
mod whole;
mod work;

use super::Action;
use crate::edit::TextEdit;
use crate::text::{Text, TextRange};

#[cfg(test)]
pub(super) use work::compared;

/// What an action does to a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    /// What becomes of the file.
    pub outcome: Outcome,
    /// Hunks that were placed.
    pub placed: usize,
    /// Why others were not, each with its hunk.
    pub problems: Vec<String>,
}

/// What becomes of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Outcome {
    /// Nothing.
    #[default]
    Same,
    /// Its text changes so: in order, none touching another.
    Edits(Vec<TextEdit>),
    /// It comes to be, with this text.
    Created(String),
    /// It goes.
    Deleted,
}

/// Finds out what `action` does to a file with this text; `None` when there is no such file. `path` is for messages, and its
/// ending says what the file is.
pub fn place(path: &str, action: &Action, text: Option<&Text>) -> Placed {
    match (action, text) {
        (Action::Edit { hunks, .. }, Some(text)) => work::place_hunks(path, hunks, text),
        (Action::Create { text: new, .. }, Some(text)) if text.to_string() == *new => {
            Placed::default()
        }
        (Action::Create { .. }, Some(text)) if !text.is_empty() => {
            problem(format!("`{path}` exists already"))
        }
        (Action::Create { text: new, .. } | Action::Rewrite { text: new, .. }, None) => {
            match elision::find(path, new.lines(), |_| false) {
                Some(line) => not_taken(path, &elision::told(line)),
                None => Placed {
                    outcome: Outcome::Created(new.clone()),
                    placed: 1,
                    problems: Vec::new(),
                },
            }
        }
        (Action::Create { text: new, .. }, Some(_)) => {
            match elision::find(path, new.lines(), |_| false) {
                Some(line) => not_taken(path, &elision::told(line)),
                None => {
                    let (range, new_text) = (TextRange::default(), new.clone());
                    Placed::of(vec![TextEdit { range, new_text }], 1, Vec::new())
                }
            }
        }
        (Action::Rewrite { text: new, exact }, Some(text)) => {
            match whole::rewrite(path, text, new, *exact) {
                Ok(edits) => Placed::of(edits, 1, Vec::new()),
                Err(reason) => not_taken(path, &reason),
            }
        }
        (Action::Delete, Some(_)) => Placed {
            outcome: Outcome::Deleted,
            placed: 1,
            problems: Vec::new(),
        },
        (Action::Edit { .. } | Action::Delete, None) => {
            problem(format!("there is no file `{path}`"))
        }
    }
}

impl Placed {
    fn of(edits: Vec<TextEdit>, placed: usize, problems: Vec<String>) -> Self {
        let outcome = if edits.is_empty() {
            Outcome::Same
        } else {
            Outcome::Edits(edits)
        };
        Self {
            outcome,
            placed,
            problems,
        }
    }
}

fn not_taken(path: &str, reason: &str) -> Placed {
    problem(format!("the new text of `{path}` is not taken: {reason}"))
}

fn problem(text: String) -> Placed {
    Placed {
        problems: vec![text],
        ..Placed::default()
    }
}
