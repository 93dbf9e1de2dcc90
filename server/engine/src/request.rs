//! What a door can ask of the engine.

pub use crate::config::AfterReview;
use domain::finding::{Finding, FindingId, Severity};
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
    /// What is checked by other agents at the end; what the configuration says (`[review] verify`) when `None`.
    pub verify: Option<AfterReview>,
}

/// A change to have proposed.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The workspace root; absolute, symbolic links resolved.
    pub root: PathBuf,
    /// What it is about, for people: one line. Becomes the title of the proposals.
    pub title: String,
    /// What the user wants, in their words; may be empty where there are remarks.
    pub instructions: String,
    /// What is to be settled.
    pub remarks: Vec<Remark>,
    /// The files and places that it is about, beside those of the remarks. With neither it is about the whole root.
    pub targets: Vec<EditTarget>,
    /// Which agents; each makes a proposal of its own, at the same time. The first one of `[fix] agents` when empty.
    pub agents: Vec<String>,
    /// The editor's open documents of this root; they win over the disk.
    pub open: OpenBuffers,
}

/// A file that a change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditTarget {
    /// The file.
    pub path: RelPath,
    /// The part of it that is meant, in bytes of its text (the open buffer's where it is open); all of it when `None`.
    pub range: Option<TextRange>,
}

/// Findings to have checked: another agent is told to refute them.
#[derive(Clone, Debug)]
pub struct Verify {
    /// The workspace root; absolute, symbolic links resolved.
    pub root: PathBuf,
    /// What is to be checked, one call for each: findings that are the same remark, the one that words it first. Their ranges are
    /// bytes of the files' texts as they are now.
    pub clusters: Vec<Vec<Finding>>,
    /// Who may check: for each cluster the first one whose provider has not said it itself. Those of the configuration
    /// (`[verify] agents`, else `[review] agents`) when empty.
    pub agents: Vec<String>,
    /// The agent or the provider that wrote the code, where that is known: it does not check what it wrote.
    pub author: Option<String>,
    /// The editor's open documents of this root; they win over the disk.
    pub open: OpenBuffers,
}

/// Something that is wrong at a place: a finding, or what another tool says there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The file.
    pub path: RelPath,
    /// Where, in bytes of its text (the open buffer's where it is open).
    pub range: TextRange,
    /// How bad.
    pub severity: Severity,
    /// Who says so: an agent, a compiler, a linter.
    pub source: String,
    /// Its rule or code.
    pub code: Option<String>,
    /// What is wrong: plain text or markdown.
    pub message: String,
    /// The finding that it is, for remarks that are ours.
    pub finding: Option<FindingId>,
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
