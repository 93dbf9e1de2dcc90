//! Answers that change files: read from any of the formats in use, then placed in the files' texts.
//!
//! Two steps. [`parse`] reads what is to happen to which file, in the agent's words: lenient on form, strict on meaning.
//! [`place`] finds the place of each hunk in the text of its file: by text, never by number alone. Neither fails: what
//! cannot be read or placed is among the problems, and an edit that is doubtful is a problem, not a guess.

mod apply_patch;
mod fenced;
mod lines;
mod place;
mod search_replace;
#[cfg(test)]
mod tests;
mod unified;

use crate::diff::differences;
use crate::finding::{RawFinding, RawPlace};
use lines::Lines;
pub use place::{Outcome, Placed, place};

/// Most files taken from one answer; the rest is counted among the problems.
pub const MAX_FILES: usize = 1000;
/// Most hunks taken from one answer; the rest is counted among the problems.
pub const MAX_HUNKS: usize = 10_000;
/// Longest answer read, in bytes; a longer one is refused, because half a change is none.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What an answer wants to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// The changes, in the answer's order. One file may come several times.
    pub files: Vec<FilePatch>,
    /// What could not be read, in words for a person.
    pub problems: Vec<String>,
}

/// What is to happen to one file.
#[derive(Clone, Debug, PartialEq)]
pub struct FilePatch {
    /// The file, in the agent's words, without the marks of its format; nothing about it is checked.
    pub path: String,
    /// What is to happen.
    pub action: Action,
}

/// What is to happen to a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Some places change; the file may get another name or mode.
    Edit {
        /// In the answer's order.
        hunks: Vec<Hunk>,
        /// The new name, in the agent's words.
        rename: Option<String>,
        /// Whether it shall be executable, where that is said.
        executable: Option<bool>,
    },
    /// It is new, with this text.
    Create {
        /// The whole text, lines ended by `\n`.
        text: String,
        /// It shall be executable.
        executable: bool,
    },
    /// It gets this text, whether it exists or not.
    Rewrite {
        /// The whole text, lines ended by `\n`.
        text: String,
    },
    /// It goes.
    Delete,
}

/// One place that changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Hunk {
    /// Lines among lines.
    Lines(LineHunk),
    /// A place in the words of a finding, and what shall stand there.
    Place {
        /// Where.
        place: RawPlace,
        /// What shall stand there.
        new_text: String,
    },
}

/// Lines that change, among lines that stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineHunk {
    /// In order, without line ends.
    pub lines: Vec<Line>,
    /// The number of the first old line, 1-based, where one is told. Only chooses between equal places.
    pub line: Option<usize>,
    /// Lines that stand above the place, outermost first: a class, a function. They choose between equal places.
    pub anchors: Vec<String>,
    /// The place is at the end of the file.
    pub at_end: bool,
    /// Whether the new last line ends with a line end, where the hunk says that it does not.
    pub ends_without_newline: bool,
}

/// One line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// It is there and stays.
    Context(String),
    /// It is there and goes.
    Removed(String),
    /// It comes.
    Added(String),
}

impl LineHunk {
    /// The lines that must be there.
    pub fn old(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            Line::Context(text) | Line::Removed(text) => Some(text.as_str()),
            Line::Added(_) => None,
        })
    }

    /// True when it changes something.
    pub fn changes(&self) -> bool {
        self.lines
            .iter()
            .any(|line| !matches!(line, Line::Context(_)))
    }

    /// The hunk that puts `new` where `old` stands; what both share is context.
    pub fn replacing(old: &[&str], new: &[&str]) -> Self {
        let mut lines = Vec::new();
        let mut from = 0;
        let owned = |it: &&str| (*it).to_owned();
        for (going, coming) in differences(old, new) {
            let same = old[from..going.start].iter();
            lines.extend(same.map(owned).map(Line::Context));
            from = going.end;
            lines.extend(old[going].iter().map(owned).map(Line::Removed));
            lines.extend(new[coming].iter().map(owned).map(Line::Added));
        }
        lines.extend(old[from..].iter().map(owned).map(Line::Context));
        Self {
            lines,
            ..Self::default()
        }
    }
}

impl Patch {
    /// The changes that findings bring along.
    pub fn of_findings(findings: &[RawFinding]) -> Self {
        let mut patch = Self::default();
        for finding in findings {
            let (Some(path), Some(new_text)) = (&finding.path, &finding.replacement) else {
                continue;
            };
            let place = finding.replacement_place.as_ref().unwrap_or(&finding.place);
            let hunk = Hunk::Place {
                place: place.clone(),
                new_text: new_text.clone(),
            };
            patch.edit(path, hunk);
        }
        patch
    }

    /// True when nothing was understood and nothing was in doubt.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.problems.is_empty()
    }

    fn push(&mut self, path: &str, action: Action) {
        let path = path.to_owned();
        self.files.push(FilePatch { path, action });
    }

    /// Adds a hunk to the last file where it is the same, else begins one.
    fn edit(&mut self, path: &str, hunk: Hunk) {
        if let Some(FilePatch {
            path: last,
            action: Action::Edit { hunks, .. },
        }) = self.files.last_mut()
            && last == path
        {
            return hunks.push(hunk);
        }
        let action = Action::Edit {
            hunks: vec![hunk],
            rename: None,
            executable: None,
        };
        self.push(path, action);
    }

    fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    /// Drops what is too much, and says so.
    fn limit(mut self) -> Self {
        let hunks = |file: &FilePatch| match &file.action {
            Action::Edit { hunks, .. } => hunks.len(),
            _ => 1,
        };
        let mut total = 0;
        let kept = self.files.iter().take(MAX_FILES).take_while(|file| {
            total += hunks(file);
            total <= MAX_HUNKS
        });
        let (kept, all) = (kept.count(), self.files.len());
        if kept < all {
            self.files.truncate(kept);
            self.problems.push(format!(
                "{} of {all} changed files were left out: more than {MAX_FILES} files or {MAX_HUNKS} hunks are not taken",
                all - kept
            ));
        }
        self
    }
}

/// Reads the changes in an answer: unified and git diffs, search/replace blocks, `apply_patch`, whole files and
/// suggestions in fences, several of them and in any order, with prose between.
pub fn parse(answer: &str) -> Patch {
    let mut patch = Patch::default();
    if answer.len() > MAX_BYTES {
        patch.problem(format!(
            "the answer has {} bytes; more than {MAX_BYTES} are not read as changes",
            answer.len()
        ));
        return patch;
    }
    let mut lines = Lines::new(answer);
    while lines.peek().is_some() {
        let read = apply_patch::read(&mut lines, &mut patch)
            || unified::read(&mut lines, &mut patch)
            || search_replace::read(&mut lines, &mut patch)
            || fenced::read(&mut lines, &mut patch);
        if !read {
            lines.next();
        }
    }
    patch.limit()
}
