//! Why there is no worktree, in words for people.

use crate::git::GitError;
use crate::read::bytes_in_words;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why there is no worktree, or none any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorktreeError {
    /// A bare repository, or one whose working tree is elsewhere.
    #[error("{} is in a git repository without a working tree; open a checkout of it instead", .0.display())]
    NoWorkTree(PathBuf),
    /// git is missing, failed or took too long.
    #[error("git could not be asked for the files of {}: {reason}", .root.display())]
    Git { root: PathBuf, reason: String },
    /// All of them are in use, and there may be no more.
    #[error(
        "all {worktrees} worktrees that agents may have at once were in use for {} s; wait until another run has ended, \
         or allow more worktrees",
        .waited.as_secs()
    )]
    Busy { worktrees: usize, waited: Duration },
    /// The files alone are more than is allowed.
    #[error(
        "a copy of {} would have {} in {files} files, and worktrees may have {} altogether; allow more, or ignore what \
         agents need not have",
        .top.display(), bytes_in_words(*.bytes), bytes_in_words(*.max)
    )]
    TooLarge {
        top: PathBuf,
        bytes: u64,
        files: usize,
        max: u64,
    },
    /// More files than anybody expects.
    #[error("{} has {files} files; at most {max} are copied", .top.display())]
    TooMany {
        top: PathBuf,
        files: usize,
        max: usize,
    },
    /// The disk is full.
    #[error(
        "the disk of {} is full: the copy needs {}; what was written of it is deleted again. Make room there, or set \
         CROSSCHECK_STATE_DIR to another place",
        .directory.display(), bytes_in_words(*.needed)
    )]
    DiskFull { directory: PathBuf, needed: u64 },
    /// Our own place cannot be used.
    #[error("{} cannot be used for worktrees: {source}; set CROSSCHECK_STATE_DIR to a place that can be written", .path.display())]
    Place { path: PathBuf, source: io::Error },
    /// A file that must be there did not stop changing.
    #[error("{0} did not stop changing while it was copied; try again when nothing writes it")]
    Changing(PathBuf),
    /// A file of the copy cannot be read or written.
    #[error("{} in the worktree cannot be used: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// Somebody deleted it.
    #[error("the worktree {} was deleted while an agent worked in it; its changes are lost, so run the agent again", .0.display())]
    Gone(PathBuf),
    /// It took too long.
    #[error("copying the files of {} was stopped after {} s", .top.display(), .after.as_secs())]
    Deadline { top: PathBuf, after: Duration },
    /// The caller gave up.
    #[error("cancelled")]
    Cancelled,
}

impl WorktreeError {
    /// What git said of a root.
    pub(super) fn git(root: &Path, error: GitError) -> Self {
        match error {
            GitError::Cancelled => Self::Cancelled,
            GitError::NoWorkTree => Self::NoWorkTree(root.to_owned()),
            error => Self::Git {
                root: root.to_owned(),
                reason: error.to_string(),
            },
        }
    }

    /// What the system said of a file of ours.
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        if is_full(&source) {
            return Self::DiskFull {
                directory: path.parent().unwrap_or(path).to_owned(),
                needed: 0,
            };
        }
        match source.kind() {
            io::ErrorKind::Interrupted => Self::Cancelled,
            io::ErrorKind::ReadOnlyFilesystem => Self::Place {
                path: path.to_owned(),
                source,
            },
            _ => Self::File {
                path: path.to_owned(),
                source,
            },
        }
    }

    /// What the system said of our own place.
    pub(super) fn place(path: &Path, source: io::Error) -> Self {
        if is_full(&source) {
            return Self::file(path, source);
        }
        Self::Place {
            path: path.to_owned(),
            source,
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
