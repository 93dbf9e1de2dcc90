//! What a door can ask of the engine.

pub use crate::config::AfterReview;
use domain::finding::{Finding, FindingId, Severity};
use domain::path::RelPath;
use domain::proposal::Proposal;
use domain::text::{Text, TextRange};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// Who wrote what is looked at, where that is known: the name of an agent or of a provider. Agents of that provider do not
    /// review it.
    pub author: Option<String>,
    /// Who wants it, and whether what is remembered counts.
    pub occasion: Occasion,
    /// What is checked by other agents at the end; what the configuration says (`[review] verify`) when `None`.
    pub verify: Option<AfterReview>,
}

/// Who wants a review, and whether what is remembered counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Occasion {
    /// The user asks: what an agent answered before is told again without a call.
    #[default]
    Asked,
    /// The user asks for new answers: everything is asked.
    Afresh,
    /// Nobody asked (a file was saved): as [`Occasion::Asked`], and what was reviewed twice like this is not asked again
    /// until the user asks.
    Automatic,
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
#[derive(Clone, Debug, PartialEq)]
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
    /// What a proposal would change: the files on disk as they would be if all of it that can be applied were, against the files as
    /// they are. Agents of other providers are asked than the one of its author, where there are any. What is found is told, and
    /// not kept: its text stands in no file.
    Proposal {
        /// The proposal.
        proposal: Arc<Proposal>,
        /// Numbers of the parts that were applied and not taken back: they are no part of it any more.
        applied: Vec<usize>,
    },
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
#[derive(Clone, Debug)]
pub struct Dismissal {
    /// The findings of the dismissed cluster.
    pub findings: Vec<Finding>,
    /// The texts of their files as the findings are placed in them, as far as the door has them.
    pub texts: BTreeMap<RelPath, Text>,
    /// How far it reaches.
    pub reach: Reach,
    /// The user's reason: one of [`REASONS`], or their own words.
    pub reason: Option<String>,
}

/// The reasons that are offered, with what each means.
pub const REASONS: [(&str, &str); 4] = [
    ("wrong", "it is wrong"),
    ("intended", "it is meant to be so"),
    (NOT_NOW, "not now"),
    ("style", "it is a matter of taste"),
];

/// The reason that says nothing against findings of the kind.
pub const NOT_NOW: &str = "not-now";

/// Longest reason kept, in characters.
pub const MAX_REASON: usize = 500;

/// How far a dismissal reaches, whoever says it again and in whatever words.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// This very place, wherever it moves, for as long as its text is the same.
    Here,
    /// The same text anywhere in this root.
    Text,
    /// The same kind (category, and code or like words) in this file.
    KindInFile,
    /// The same kind in this file's directory and below.
    KindInDirectory,
    /// The same kind anywhere in this root.
    Kind,
}

impl Reach {
    /// True for those that are about a kind.
    pub fn is_kind(self) -> bool {
        matches!(self, Self::KindInFile | Self::KindInDirectory | Self::Kind)
    }
    /// In words that follow `dismissed`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Text => "for this text everywhere",
            Self::KindInFile => "for everything of this kind in this file",
            Self::KindInDirectory => "for everything of this kind in this directory",
            Self::Kind => "for everything of this kind",
        }
    }
}
