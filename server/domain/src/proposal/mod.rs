//! Proposals: what an agent wants to change, file by file and hunk by hunk, told against the texts that it worked on.
//!
//! A proposal is plain data. It never changes after it was made; what has become of it since is found out by holding it
//! against the texts as they are now.

mod compare;
mod follow;
mod hunk;
mod rebase;
pub mod render;

use crate::answer::Usage;
use crate::finding::FindingId;
use crate::path::RelPath;
use crate::text::Text;
pub use compare::{Relation, compare};
pub use follow::{Follower, Standing};
pub use hunk::Hunk;
pub use rebase::rebase;
pub use render::render;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Name of a proposal: 8 lower-case letters and digits, unique in a ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProposalId(pub String);

/// What an agent wants to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its name.
    pub id: ProposalId,
    /// The agent that made it.
    pub agent: String,
    /// The agent's provider.
    pub provider: String,
    /// What it is for, in one line of plain text.
    pub title: String,
    /// The agent's own words, markdown, sanitized; may be empty.
    pub summary: String,
    /// The findings that it is to settle.
    pub findings: Vec<FindingId>,
    /// The files, sorted by path; each path once, and no file is renamed to the path of another.
    pub files: Vec<FileChange>,
    /// What the configured command said of the result; `None` when none is configured.
    pub check: Option<Check>,
    /// What could not be taken over, and other remarks a person should see before applying.
    pub problems: Vec<String>,
    /// What making it used.
    pub usage: Option<Usage>,
}

/// What is to happen to one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileChange {
    /// The file.
    pub path: RelPath,
    /// What is to happen to it.
    pub action: FileAction,
}

/// What is to happen to a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileAction {
    /// Its text changes in some places, or its name, or its mode; at least one of them.
    Edit {
        /// The text that the agent worked on.
        base: Text,
        /// The places, in order; none touches another.
        hunks: Vec<Hunk>,
        /// Its new path.
        rename: Option<RelPath>,
        /// Whether it shall be executable, where that changes.
        executable: Option<bool>,
    },
    /// It comes to be.
    Create {
        /// Its text.
        text: Text,
        /// Whether it shall be executable.
        executable: bool,
    },
    /// It goes.
    Delete {
        /// The text that it had.
        base: Text,
    },
}

/// What a command said of the proposed result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The command, for people.
    pub command: String,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// The end of its output, both streams, sanitized; empty when it passed.
    pub output: String,
    /// How long it took.
    pub elapsed: Duration,
    /// The agent got the output of a first failure and tried again.
    pub repaired: bool,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckOutcome {
    /// With success.
    Passed,
    /// Without: how, in words for people (`exit code 101`).
    Failed(String),
    /// It could not be run, or not to its end: why.
    NotRun(String),
}

/// One thing that can be taken or left: a hunk, or what happens to a file as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'p> {
    /// Its number in the proposal, from 1.
    pub number: usize,
    /// Its file.
    pub file: &'p FileChange,
    /// What it is.
    pub kind: PartKind<'p>,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PartKind<'p> {
    /// A place in the text; the number of the hunk in its file, from 0.
    Hunk(usize, &'p Hunk),
    /// Another name.
    Rename(&'p RelPath),
    /// Executable from now on, or not any more.
    Mode(bool),
    /// A new file.
    Create,
    /// The file goes.
    Delete,
}

impl Proposal {
    /// All parts, in the order of files and places.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let parts = self.files.iter().flat_map(|file| {
            let kinds = file.parts();
            kinds.into_iter().map(move |kind| (file, kind))
        });
        (1..)
            .zip(parts)
            .map(|(number, (file, kind))| Part { number, file, kind })
    }
}

impl FileChange {
    /// The change that makes `new` out of `base`; `None` when they are the same.
    pub fn edit(path: RelPath, base: Text, new: &Text) -> Option<Self> {
        Self::between(path, base, new, None, None)
    }
    /// As [`FileChange::edit`], of a file that may get another name or mode as well.
    pub fn between(
        path: RelPath,
        base: Text,
        new: &Text,
        rename: Option<RelPath>,
        executable: Option<bool>,
    ) -> Option<Self> {
        let hunks = hunk::between(&base, new);
        let action = FileAction::Edit {
            base,
            hunks,
            rename,
            executable,
        };
        Some(Self { path, action }).filter(|it| !it.parts().is_empty())
    }
    /// The text that the agent worked on; `None` for a new file.
    pub fn base(&self) -> Option<&Text> {
        match &self.action {
            FileAction::Edit { base, .. } | FileAction::Delete { base } => Some(base),
            FileAction::Create { .. } => None,
        }
    }
    /// What can be taken or left of it, in order.
    pub fn parts(&self) -> Vec<PartKind<'_>> {
        match &self.action {
            FileAction::Create { .. } => vec![PartKind::Create],
            FileAction::Delete { .. } => vec![PartKind::Delete],
            FileAction::Edit {
                hunks,
                rename,
                executable,
                ..
            } => {
                let hunks = hunks.iter().enumerate();
                let hunks = hunks.map(|(index, hunk)| PartKind::Hunk(index, hunk));
                hunks
                    .chain(rename.iter().map(PartKind::Rename))
                    .chain(executable.iter().map(|it| PartKind::Mode(*it)))
                    .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
