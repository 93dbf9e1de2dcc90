//! Worktrees: disposable copies of a working tree that agents may edit.
//!
//! A worktree holds what the user has in front of them: the files as they are on disk, uncommitted changes and untracked
//! files among them, byte for byte, and over them the unsaved text of open buffers. It is made of the files and not by
//! git, so that no filter runs and nothing is converted; git only lists them. Its own repository ([`own`]) borrows the
//! user's objects and nothing else, so whatever an agent does there with git or without, it does not do to the user.
//!
//! Copies stay for the next run ([`slots`]) and are brought up to date by difference ([`plan`]): what file attributes say
//! is unchanged, on the user's side and in the copy, is not touched. What the user's rules ignore stays in a copy between
//! runs, so that a build needs not start anew; everything else that an agent leaves is gone before the next one starts.
//! Outside of a repository there is nothing that lists files: then the copy holds the files that were named, and is used
//! once.

mod acquire;
mod base;
mod changes;
mod directory;
mod error;
mod lists;
mod manifest;
mod names;
mod notes;
mod own;
mod path;
mod plan;
mod slots;
mod survey;
mod transfer;
mod update;
mod verdict;
mod want;
mod write;

use crate::git::Git;
use crate::git::repository::Repository;
use crate::request::OpenBuffers;
use directory::{Handle as _, Kind, Walker};
use domain::path::RelPath;
use domain::proposal::FileChange;
pub(crate) use error::WorktreeError;
use manifest::Manifest;
use process::Environment;
use slots::{Slot, Slots};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// All worktrees of one user. Several processes share them.
#[derive(Clone, Debug)]
pub(crate) struct Worktrees {
    slots: Slots,
}

/// What a worktree is wanted for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The workspace root; absolute, symbolic links resolved.
    pub(crate) root: PathBuf,
    /// The environment that git gets.
    pub(crate) environment: Environment,
    /// The files that the agent is sent to. They are copied also when they are ignored or when their names say that they
    /// hold secrets; outside of a repository, nothing else is copied.
    pub(crate) named: Vec<RelPath>,
    /// The editor's open documents of this root; they win over the disk.
    pub(crate) open: OpenBuffers,
    /// Ignored files and directories that are linked to the user's own: paths relative to the root.
    pub(crate) link: Vec<String>,
    /// Ignored files and directories that are copied: paths relative to the root.
    pub(crate) copy: Vec<String>,
    /// The globs of `review.exclude`.
    pub(crate) exclude: Vec<String>,
    /// The largest file that can be edited, in bytes.
    pub(crate) file_bytes: u64,
    /// Most worktrees there may be at once.
    pub(crate) max_worktrees: usize,
    /// Most bytes that all worktrees together may have; counted when they are brought up to date.
    pub(crate) max_bytes: u64,
}

/// A copy that an agent may edit. It is the caller's alone until it and all that was started with it are dropped.
#[derive(Debug)]
pub(crate) struct Worktree {
    inner: Arc<Inner>,
    notes: Vec<String>,
}

/// What an agent changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Changed {
    /// The changes, told against the texts that the agent found; sorted by path.
    pub(crate) files: Vec<FileChange>,
    /// What could not be taken over, a sentence each.
    pub(crate) problems: Vec<String>,
}

/// What a worktree is while it is used.
#[derive(Debug)]
struct Inner {
    slot: Arc<Slot>,
    /// The copy.
    tree: PathBuf,
    /// The root in the copy.
    root: PathBuf,
    /// The top of the user's working tree, and its root.
    users_top: PathBuf,
    users_root: PathBuf,
    /// The root below the top.
    prefix: path::Path,
    /// What the copy was when the agent got it.
    manifest: Manifest,
    /// git at the user's top; `None` outside of a repository.
    git: Option<(Git, Repository)>,
    exclude: Vec<String>,
    file_bytes: u64,
    /// Ends the counting of bytes.
    counting: CancellationToken,
}

impl Worktrees {
    /// Worktrees in `directory`, which need not exist. Nothing is done before the first use.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self {
            slots: Slots::new(directory),
        }
    }

    /// A worktree that holds what the user has now.
    ///
    /// # Errors
    /// See [`WorktreeError`]. Nothing half-written stays.
    pub(crate) async fn acquire(
        &self,
        wanted: Wanted,
        cancel: &CancellationToken,
    ) -> Result<Worktree, WorktreeError> {
        acquire::acquire(&self.slots, wanted, cancel).await
    }

    /// Deletes what crashed processes left and what nobody used for long. Returns remarks a person should see.
    pub(crate) async fn tidy(&self) -> Vec<String> {
        let slots = self.slots.clone();
        let tidied = blocking(move || slots.tidy()).await;
        tidied.unwrap_or_else(|error| vec![error.to_string()])
    }
}

impl Worktree {
    /// The root in the copy: where the agent works.
    pub(crate) fn root(&self) -> &Path {
        &self.inner.root
    }

    /// What is not in the copy, and other remarks a person should see.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Worktree {
    /// Counts what builds left in the copy, while the agent works: that is much at times, and counts for the limit.
    fn count(&self) {
        let inner = &self.inner;
        if inner.manifest.kept.is_empty() {
            return;
        }
        let known = update::bytes(&inner.manifest);
        let (tree, kept) = (inner.tree.clone(), inner.manifest.kept.clone());
        let (note, cancel) = (inner.slot.bytes_file(), inner.counting.clone());
        tokio::task::spawn_blocking(move || {
            if let Ok(bytes) = survey::bytes(&tree, &kept, &cancel) {
                slots::note_bytes(&note, known.saturating_add(bytes));
            }
        });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.counting.cancel();
        if self.manifest.linked.is_empty() {
            return;
        }
        // What they lead to is the user's own: nothing that walks or deletes here shall meet them.
        let Ok(mut tree) = Walker::new(&self.tree) else {
            return;
        };
        for path in &self.manifest.linked {
            let (directory, name) = path::split(path);
            if let Ok(here) = tree.enter(directory)
                && here.stat(name).is_ok_and(|it| it.kind == Kind::Link)
            {
                let _ = here.unlink(name);
            }
        }
    }
}

/// Runs file access on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorktreeError> + Send + 'static,
) -> Result<T, WorktreeError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // Only a runtime that shuts down drops such a task.
        Err(_) => Err(WorktreeError::Cancelled),
    }
}

#[cfg(test)]
mod tests;
