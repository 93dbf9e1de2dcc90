//! From "review this" to texts: which files, which lines, and what must stay on this machine.

use crate::config::Config;
use crate::event::Skipped;
use crate::request::{OpenBuffers, Scope};
use domain::path::RelPath;
use domain::text::Text;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// What a run will look at.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The files, sorted by path.
    pub targets: Vec<Target>,
    /// For changes: the unified diff of all targets.
    pub diff: Option<String>,
    /// For changes: what they are against, in words (`HEAD`, `the index`, `main (merge base 1a2b3c4)`).
    pub base: Option<String>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// Remarks a person should see.
    pub notes: Vec<String>,
}

/// A file to look at.
#[derive(Clone, Debug)]
pub struct Target {
    /// The file.
    pub path: RelPath,
    /// Its text: the open buffer's, else the disk's (for staged changes: the index's).
    pub text: Text,
    /// The open buffer's version.
    pub version: Option<i32>,
    /// The lines to look at; `None` for all of them.
    pub ranges: Option<Vec<LineRange>>,
    /// The text on disk when it differs from `text`, for agents that read the disk.
    pub disk: Option<Text>,
}

/// Lines, 1-based and inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct LineRange {
    /// First.
    pub start_line: u32,
    /// Last.
    pub end_line: u32,
}

/// Why there is nothing to look at at all.
#[derive(Debug, thiserror::Error)]
pub enum ScopeError {
    /// Changes were asked for outside of a repository.
    #[error("{0} is not in a git repository; name files to review instead")]
    NotARepository(std::path::PathBuf),
    /// The base does not exist.
    #[error("`{0}` is no revision of this repository")]
    NoSuchRevision(String),
    /// git is missing, failed or took too long.
    #[error("git could not be asked: {0}")]
    Git(String),
    /// The run was cancelled meanwhile.
    #[error("cancelled")]
    Cancelled,
}

/// Gathers what `scope` means. Files that cannot be looked at are in `skipped`, with the reason.
///
/// # Errors
/// When nothing can be gathered at all.
pub async fn gather(
    root: &Path,
    scope: &Scope,
    open: &OpenBuffers,
    config: &Config,
    cancel: &CancellationToken,
) -> Result<Gathered, ScopeError> {
    let _ = (root, scope, open, config, cancel);
    unimplemented!()
}
