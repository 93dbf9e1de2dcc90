//! What a door can ask of the engine.

use domain::finding::Finding;
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A review to run.
#[derive(Clone, Debug)]
pub struct Review {
    /// The workspace root; absolute, symbolic links resolved.
    pub root: PathBuf,
    /// What to look at.
    pub scope: Scope,
    /// Which agents; the configured ones (`[review] agents`) when empty.
    pub agents: Vec<String>,
    /// The editor's open documents of this root; they win over the disk.
    pub open: OpenBuffers,
    /// What the user wants looked at in particular.
    pub instructions: Option<String>,
}

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The changed hunks, untracked files among them.
    Changes {
        /// What the changes are measured against.
        base: Base,
        /// Only below these files and directories, absolute or relative to the root; everywhere when empty.
        paths: Vec<PathBuf>,
    },
    /// These files and directories, absolute or relative to the root.
    Files(Vec<PathBuf>),
    /// A part of one file.
    Selection {
        /// The file.
        path: RelPath,
        /// Bytes of its text (the open buffer's where it is open).
        range: TextRange,
    },
}

/// What changes are measured against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Everything not committed: working tree and open buffers against `HEAD` (the empty tree in a repository
    /// without commits).
    Uncommitted,
    /// The index against `HEAD`.
    Staged,
    /// Working tree and open buffers against the merge base of `HEAD` and this revision.
    Ref(String),
}

/// Open documents by path.
pub type OpenBuffers = BTreeMap<RelPath, Buffer>;

/// An open document.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// Its text now.
    pub text: Text,
    /// The door's name for this state of it; never the same for two texts of one path.
    pub version: i32,
}

/// Which findings a dismissal takes away, and keeps away.
#[derive(Clone, Debug, PartialEq)]
pub struct Dismissal {
    /// The findings of the dismissed cluster.
    pub findings: Vec<Finding>,
    /// How far it reaches.
    pub reach: Reach,
    /// The user's reason.
    pub reason: Option<String>,
}

/// How far a dismissal reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// This very finding: same file, same text.
    Here,
    /// The same text with the same category anywhere in this root.
    Text,
    /// The same category and title (or code) anywhere in this root.
    Kind,
}
