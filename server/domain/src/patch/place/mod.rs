//! From an action to edits of a text: each hunk is found by its lines, and what stays is the file's own.

mod edits;
mod indent;
mod page;
mod search;
mod whole;

use super::{Action, Hunk};
use crate::edit::{self, TextEdit};
use crate::locate::{Located, Locator};
use crate::text::Text;
use page::Page;

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

/// Finds out what `action` does to a file with this text; `None` when there is no such file. `path` is for messages.
pub fn place(path: &str, action: &Action, text: Option<&Text>) -> Placed {
    match (action, text) {
        (Action::Edit { hunks, .. }, Some(text)) => place_hunks(path, hunks, text),
        (Action::Create { text: new, .. }, Some(text)) if text.to_string() == *new => {
            Placed::default()
        }
        (Action::Create { .. }, Some(_)) => problem(format!("`{path}` exists already")),
        (Action::Create { text, .. } | Action::Rewrite { text }, None) => Placed {
            outcome: Outcome::Created(text.clone()),
            placed: 1,
            problems: Vec::new(),
        },
        (Action::Rewrite { text: new }, Some(text)) => match whole::rewrite(text, new) {
            Ok(edits) => Placed::of(edits, 1, Vec::new()),
            Err(reason) => problem(format!("the new text of `{path}` is not taken: {reason}")),
        },
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

fn problem(text: String) -> Placed {
    Placed {
        problems: vec![text],
        ..Placed::default()
    }
}

fn place_hunks(path: &str, hunks: &[Hunk], text: &Text) -> Placed {
    let page = Page::new(text);
    let found = search::find(&page, hunks);
    let locator = Locator::new(text);
    let (mut edits, mut placed, mut problems) = (Vec::new(), 0, Vec::new());
    for (index, (hunk, found)) in hunks.iter().zip(found).enumerate() {
        let made = match (hunk, found) {
            (Hunk::Lines(hunk), Some(Ok(at))) => Ok(edits::of_lines(&page, hunk, at)),
            (Hunk::Lines(hunk), Some(Err(reason))) => {
                edits::inside_a_line(text, hunk).ok_or(reason)
            }
            (Hunk::Place { place, new_text }, _) => edits::of_place(&locator, place, new_text),
            (Hunk::Lines(_), None) => Err("it has no lines".to_owned()),
        };
        let made = made.and_then(|made| fits(text, &edits, &made).map(|()| made));
        match made {
            Ok(made) => {
                placed += 1;
                edits.extend(made);
            }
            Err(reason) => problems.push(format!(
                "change {} of `{path}` is not taken: {reason}",
                index + 1
            )),
        }
    }
    edits.sort_by_key(|edit: &TextEdit| edit.range);
    Placed::of(edits, placed, problems)
}

/// Whether edits fit the text and those that are there already.
fn fits(text: &Text, taken: &[TextEdit], made: &[TextEdit]) -> Result<(), String> {
    let is_taken = made
        .iter()
        .any(|it| taken.iter().any(|other| it.range.intersects(other.range)));
    if is_taken {
        return Err("another change touches the same place".to_owned());
    }
    edit::in_order(text, made)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// How a place that was not found is told.
fn not_found(located: &Located) -> String {
    match located {
        Located::Ambiguous { candidates, .. } => {
            format!(
                "its text stands in {} places and nothing says which one is meant",
                candidates.len()
            )
        }
        _ => "its text is not in the file".to_owned(),
    }
}
