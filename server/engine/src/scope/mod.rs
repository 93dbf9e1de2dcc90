//! From "review this" to texts: which files, which lines, and what must stay on this machine.
//!
//! What may leave the machine:
//!
//! * A file matched by an AI-ignore file ([`ignored::FILES`]) or by `review.exclude` is never sent, also when
//!   it was named.
//! * A file whose name says that it holds secrets ([`secrets::is_secret_file`]) is sent only when it was named.
//! * Secrets inside of other files are replaced by `*` of equal length ([`secrets::masked`]) for every agent
//!   but the embedded one. An agent that reads the disk by itself sees the files as they are: it is a program
//!   that the user configured for that.
//! * `.gitignore`, `.ignore` and `.git/info/exclude` only say what a named directory does not contain. A file
//!   that was named itself is reviewed.

mod changes;
mod compare;
pub(crate) mod diff;
mod exclude;
mod files;
pub(crate) mod ignored;
mod proposed;
pub(crate) mod renames;
pub(crate) mod secrets;

use crate::config::Config;
use crate::event::Skipped;
use crate::git::{Git, GitError};
use crate::request::{OpenBuffers, Scope};
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use process::Environment;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// What a run will look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    /// The files, sorted by path.
    pub(crate) targets: Vec<Target>,
    /// For changes: the unified diff of all targets, one section for each. It is for reading: line ends are `\n`
    /// whatever the files have.
    pub(crate) diff: Option<String>,
    /// `diff` with the secrets hidden, byte for byte as long; `None` when there are none.
    pub(crate) masked_diff: Option<String>,
    /// For changes: what they are against, in words (`HEAD`, `main (merge base 1a2b3c4)`).
    pub(crate) base: Option<String>,
    /// For changes: the files that are gone, sorted.
    pub(crate) deleted: Vec<RelPath>,
    /// What was left out.
    pub(crate) skipped: Vec<Skipped>,
    /// Remarks a person should see.
    pub(crate) notes: Vec<String>,
}

/// A file to look at.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The file.
    pub(crate) path: RelPath,
    /// Its text: the open buffer's, else the disk's (for staged changes: the index's).
    pub(crate) text: Text,
    /// The open buffer's version.
    pub(crate) version: Option<i32>,
    /// The lines to look at; `None` for all of them.
    pub(crate) ranges: Option<Vec<LineRange>>,
    /// The text on disk when it differs from `text`, for agents that read the disk.
    pub(crate) disk: Option<Text>,
    /// For changes: the bytes of [`Gathered::diff`] that are this file's section.
    pub(crate) diff: Option<TextRange>,
}

/// Lines, 1-based and inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub(crate) struct LineRange {
    /// First.
    pub(crate) start_line: u32,
    /// Last.
    pub(crate) end_line: u32,
}

/// Why there is nothing to look at at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScopeError {
    /// Changes were asked for outside of a repository.
    #[error("{0} is not in a git repository; name files to review instead")]
    NotARepository(PathBuf),
    /// Changes were asked for in a bare repository.
    #[error("{0} is in a git repository without a working tree; name files to review instead")]
    NoWorkTree(PathBuf),
    /// The base does not exist.
    #[error("`{0}` is no revision of this repository")]
    NoSuchRevision(String),
    /// git is missing, failed or took too long.
    #[error("git could not be asked: {0}")]
    Git(String),
    /// A proposal cannot be held against the files.
    #[error("it cannot be told what the files would be: {0}")]
    Proposal(String),
    /// The run was cancelled meanwhile.
    #[error("cancelled")]
    Cancelled,
}

/// Gathers what `scope` means. Files that cannot be looked at are in `skipped`, with the reason. Starts git for
/// changes only.
///
/// # Errors
/// When nothing can be gathered at all.
pub(crate) async fn gather(
    root: &Path,
    scope: &Scope,
    open: &OpenBuffers,
    config: &Config,
    cancel: &CancellationToken,
) -> Result<Gathered, ScopeError> {
    let place = Place {
        root: root.to_owned(),
        open: open.clone(),
        exclude: config.review.exclude.clone(),
        file_bytes: config.limits.file_bytes,
        files: config.limits.files,
        cancel: cancel.clone(),
    };
    gather_in(place, scope, Environment::inherited).await
}

/// As [`gather`], with the environment that git gets.
async fn gather_in(
    place: Place,
    scope: &Scope,
    environment: impl FnOnce() -> Environment,
) -> Result<Gathered, ScopeError> {
    let cancel = &place.cancel.clone();
    match scope {
        Scope::Changes { base, paths } => {
            let git = Git::new(&place.root, environment(), cancel);
            let gathered = changes::gather(&git, place, base, paths).await?;
            blocking(cancel, move || finish(gathered)).await
        }
        Scope::Files(paths) => {
            let paths = paths.clone();
            blocking(cancel, move || files::gather(&place, &paths).map(finish)).await?
        }
        Scope::Proposal { proposal, applied } => {
            let (proposal, applied) = (proposal.clone(), applied.clone());
            let work = move || proposed::gather(&place, &proposal, &applied).map(finish);
            blocking(cancel, work).await?
        }
        Scope::Selection { path, range } => {
            let (path, range) = (path.clone(), *range);
            blocking(cancel, move || {
                finish(files::selection(&place, &path, range))
            })
            .await
        }
    }
}

/// What gathering needs to know, owned so that it can move to another thread.
#[derive(Clone, Debug)]
struct Place {
    root: PathBuf,
    open: OpenBuffers,
    exclude: Vec<String>,
    file_bytes: u64,
    files: usize,
    cancel: CancellationToken,
}

/// Runs file access on a thread that may block. Returns at once when the run is cancelled.
async fn blocking<T: Send + 'static>(
    cancel: &CancellationToken,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ScopeError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(ScopeError::Cancelled),
        done = tokio::task::spawn_blocking(work) => match done {
            Ok(done) => Ok(done),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Only a runtime that shuts down drops such a task.
            Err(_) => Err(ScopeError::Cancelled),
        },
    }
}

/// Puts everything in its order and counts the secrets.
fn finish(mut gathered: Gathered) -> Gathered {
    gathered
        .skipped
        .sort_by(|a, b| (&a.path, &a.reason).cmp(&(&b.path, &b.reason)));
    gathered.skipped.dedup();
    for target in &gathered.targets {
        let count = secrets::count(&target.text);
        if count > 0 {
            let them = if count == 1 {
                "a secret".to_owned()
            } else {
                format!("{count} secrets")
            };
            gathered.notes.push(format!(
                "{} holds {them}; agents other than the embedded one get `*` in place of it.",
                target.path
            ));
        }
    }
    gathered
}

fn scope_error(error: GitError, root: &Path) -> ScopeError {
    match error {
        GitError::NotARepository => ScopeError::NotARepository(root.to_owned()),
        GitError::NoWorkTree => ScopeError::NoWorkTree(root.to_owned()),
        GitError::NoSuchRevision(name) => ScopeError::NoSuchRevision(name),
        GitError::Cancelled => ScopeError::Cancelled,
        error @ (GitError::NoCommits | GitError::Silent(_) | GitError::Other(_)) => {
            ScopeError::Git(error.to_string())
        }
    }
}

fn skipped(path: &(impl ToString + ?Sized), reason: impl Into<String>, asked_for: bool) -> Skipped {
    Skipped {
        path: path.to_string(),
        reason: reason.into(),
        asked_for,
    }
}

#[cfg(test)]
mod tests;
