//! The changes read so far, while an answer is read.

use super::{Action, FilePatch, Hunk, MAX_PROBLEMS, Patch};
use rustc_hash::FxHashMap;

/// What has been read.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) patch: Patch,
    /// The last change of each file, by its place among all.
    latest: FxHashMap<String, usize>,
    /// The file that hunks without a name go on with.
    pub(super) last: Option<Last>,
    /// What JSON says to a person.
    pub(super) said: Option<String>,
    /// How many hunks were read.
    pub(super) hunks: usize,
    untold: usize,
}

/// The file that was changed last, by its format.
#[derive(Clone, Debug)]
pub(super) enum Last {
    /// A unified diff.
    Diff(String),
    /// `apply_patch`.
    Codex(String),
    /// Search/replace blocks.
    Blocks(String),
}

impl Draft {
    pub(super) fn push(&mut self, path: &str, action: Action) {
        self.last = None;
        let path = path.to_owned();
        self.latest.insert(path.clone(), self.patch.files.len());
        self.patch.files.push(FilePatch { path, action });
    }

    /// Adds a hunk to the last change of the file where that is an edit, too; else begins one.
    pub(super) fn edit(&mut self, path: &str, hunk: Hunk) {
        self.hunks += 1;
        let latest = self.latest.get(path).copied();
        if let Some(FilePatch {
            action: Action::Edit { hunks, .. },
            ..
        }) = latest.and_then(|at| self.patch.files.get_mut(at))
        {
            return hunks.push(hunk);
        }
        let (rename, executable) = (None, None);
        let hunks = vec![hunk];
        self.push(
            path,
            Action::Edit {
                hunks,
                rename,
                executable,
            },
        );
    }

    /// Adds all that changes in a file.
    pub(super) fn edits(
        &mut self,
        path: &str,
        hunks: Vec<Hunk>,
        rename: Option<String>,
        executable: Option<bool>,
    ) {
        if rename.is_none() && executable.is_none() {
            hunks.into_iter().for_each(|it| self.edit(path, it));
        } else {
            self.push(
                path,
                Action::Edit {
                    hunks,
                    rename,
                    executable,
                },
            );
        }
    }

    pub(super) fn problem(&mut self, text: impl Into<String>) {
        if self.patch.problems.len() < MAX_PROBLEMS {
            self.patch.problems.push(text.into());
        } else {
            self.untold += 1;
        }
    }

    /// How many problems were met.
    pub(super) fn problems(&self) -> usize {
        self.patch.problems.len() + self.untold
    }

    /// True when nothing was understood and nothing was in doubt.
    pub(super) fn is_empty(&self) -> bool {
        self.patch.is_empty()
    }

    /// What was read, within the limits.
    pub(super) fn finish(self) -> Patch {
        let mut patch = self.patch.limit();
        if self.untold > 0 {
            patch
                .problems
                .push(format!("{} more problems", self.untold));
        }
        patch
    }
}
