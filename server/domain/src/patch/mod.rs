//! Answers that change files: read from any of the formats in use, then placed in the files' texts.
//!
//! Two steps. [`read`] and [`parse`] read what is to happen to which file, in the agent's words: lenient on form, strict on
//! meaning. [`place`] finds the place of each hunk in the text of its file: by text, and by number alone only where a program
//! counted. Neither fails: what cannot be read or placed is among the problems, and an edit that is doubtful is a problem, not
//! a guess.

mod apply_patch;
mod draft;
mod fenced;
mod hunk;
mod json;
mod lines;
mod names;
mod place;
mod search_replace;
#[cfg(test)]
mod tests;
mod unified;

use draft::Draft;
pub use hunk::{Hunk, Line, LineHunk, Piece};
use lines::Lines;
pub use place::{Outcome, Placed, place};

/// Most files taken from one answer; the rest is counted among the problems.
pub const MAX_FILES: usize = 1000;
/// Most hunks taken from one answer; the rest is counted among the problems.
pub const MAX_HUNKS: usize = 10_000;
/// Longest answer read, in bytes; a longer one is refused, because half a change is none.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Most problems told one by one; the rest is counted.
pub const MAX_PROBLEMS: usize = 500;

/// What an answer wants to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// The changes, in the answer's order. One file may come several times.
    pub files: Vec<FilePatch>,
    /// What could not be read, in words for a person.
    pub problems: Vec<String>,
    /// What the agent says beside the changes, as it said it; nothing is sanitized.
    pub prose: String,
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
        /// The format has the text letter by letter, with or without a line end at its end.
        exact: bool,
    },
    /// It goes.
    Delete,
}

impl Patch {
    /// True when nothing was understood and nothing was in doubt.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.problems.is_empty()
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

/// Reads the changes in an answer: from its structured content, else from its texts. See [`parse`].
pub fn read(structured: Option<&serde_json::Value>, texts: &[impl AsRef<str>]) -> Patch {
    let mut told = Draft::default();
    if let Some(value) = structured {
        json::read_value(value, &mut told);
    }
    let said = told.said.take();
    if !told.is_empty() {
        told.patch.prose = said.unwrap_or_default();
        return told.finish();
    }
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    let mut patch = parse(&texts.join("\n"));
    if let Some(said) = said.filter(|it| !it.trim().is_empty()) {
        patch.prose = said;
    }
    patch
}

/// Reads the changes in a text: unified and git diffs, search/replace blocks, `apply_patch`, whole files and suggestions in
/// fences, several of them and in any order, with prose between; or JSON that tells edits, whole files, an LSP
/// `WorkspaceEdit`, fixes of SARIF, rdjson and ESLint, or findings with a replacement.
pub fn parse(answer: &str) -> Patch {
    let mut draft = Draft::default();
    if answer.len() > MAX_BYTES {
        draft.problem(format!(
            "the answer has {} bytes; more than {MAX_BYTES} are not read as changes",
            answer.len()
        ));
        return draft.finish();
    }
    if answer.trim_start().starts_with(['{', '[']) && json::read_text(answer, &mut draft) {
        draft.patch.prose = draft.said.take().unwrap_or_default();
        return draft.finish();
    }
    let mut lines = Lines::new(answer);
    read_lines(&mut lines, &mut draft);
    let mut prose = lines.words();
    if draft.is_empty()
        && answer.contains('{')
        && let Some(before) = json::read_scattered(answer, &mut draft)
    {
        before.clone_into(&mut prose);
    }
    if let Some(said) = draft.said.take().filter(|_| prose.is_empty()) {
        prose = said;
    }
    draft.patch.prose = prose;
    draft.finish()
}

fn read_lines(lines: &mut Lines<'_>, draft: &mut Draft) {
    while lines.peek().is_some() {
        let from = lines.mark();
        let read = apply_patch::read(lines, draft)
            || unified::read(lines, draft)
            || search_replace::read(lines, draft)
            || fenced::read(lines, draft);
        if read {
            lines.belong_to_edit(from..lines.mark());
        } else {
            lines.next();
        }
    }
}
