//! What an agent changed in a copy: found by file attributes, then read.

use super::base::{Bases, bases};
use super::directory::{Directory, Handle, Kind, Stat, Walker};
use super::manifest::{self, Content};
use super::path::{self, Path};
use super::survey::{self, Unknown, stop_if};
use super::verdict::Verdict;
use super::{Changed, Inner, Worktree, WorktreeError, blocking};
use crate::git::listing::ListedKind;
use std::collections::{BTreeSet, HashSet};
use std::io::{self, Read};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Most changed files that are taken over; the same as of an answer in text.
const MAX_FILES: usize = domain::patch::MAX_FILES;
/// Most bytes of changed files that are taken over.
const MAX_BYTES: u64 = 128 * 1024 * 1024;
/// Most new files that are looked for outside of a repository.
const MAX_NEW: usize = 20_000;
/// How deep they are looked for.
const MAX_DEPTH: usize = 64;

impl Worktree {
    /// What differs now from what the agent found. What is not taken over is told among the problems.
    ///
    /// # Errors
    /// When the copy is gone or cannot be read, or when cancelled.
    pub(crate) async fn changes(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Changed, WorktreeError> {
        let (here, token) = (Arc::clone(&self.inner), cancel.clone());
        let looked = blocking(move || here.look(&token)).await?;
        let new = self.new_files(&looked.unknown, cancel).await?;
        let mut wanted = looked.changed.clone();
        wanted.extend(looked.gone.iter().cloned());
        let bases = bases(&self.inner, wanted, cancel).await?;
        let sparse = self.sparse(!new.files.is_empty(), cancel).await?;
        let (here, token) = (Arc::clone(&self.inner), cancel.clone());
        blocking(move || here.judge(&looked, new, bases, &sparse, &token)).await
    }

    /// What is new, as git sees it: by the ignore rules as they are in the copy now.
    async fn new_files(
        &self,
        unknown: &[Unknown],
        cancel: &CancellationToken,
    ) -> Result<New, WorktreeError> {
        if unknown.is_empty() {
            return Ok(New::default());
        }
        let paths: Vec<Path> = unknown.iter().map(|it| it.path.clone()).collect();
        let Some((git, repository)) = &self.inner.git else {
            let (here, token) = (Arc::clone(&self.inner), cancel.clone());
            return blocking(move || here.all_new(paths, &token)).await;
        };
        // Without an index: what an agent did to its own does not matter, and what the user's has is none of its files.
        let none = self.inner.slot.path().join("no-index");
        let git = git.until(cancel);
        let git = git.elsewhere(&repository.git_dir, &self.inner.tree, &none);
        let listed = git.untracked().await;
        let listed = listed.map_err(|it| WorktreeError::git(&self.inner.users_root, it))?;
        let mut new = New::default();
        let mut seen: HashSet<Path> = HashSet::new();
        for listed in listed.split(|it| *it == 0).filter(|it| !it.is_empty()) {
            let (path, files) = match listed.strip_suffix(b"/") {
                Some(path) => (path, &mut new.repositories),
                None => (listed, &mut new.files),
            };
            if manifest::is_in(&paths, path) {
                seen.insert(path.to_vec());
                seen.extend(path::directories(path).map(<[u8]>::to_vec));
                files.push(path.to_vec());
            }
        }
        new.ignored = paths.into_iter().filter(|it| !seen.contains(it)).collect();
        Ok(new)
    }

    /// The files of the index that are not checked out, where that matters.
    async fn sparse(
        &self,
        matters: bool,
        cancel: &CancellationToken,
    ) -> Result<BTreeSet<Path>, WorktreeError> {
        let Some((git, _)) = &self.inner.git else {
            return Ok(BTreeSet::new());
        };
        if !matters || !self.inner.manifest.sparse {
            return Ok(BTreeSet::new());
        }
        let listing = git.until(cancel).listing().await;
        let listing = listing.map_err(|it| WorktreeError::git(&self.inner.users_root, it))?;
        let sparse = listing
            .into_iter()
            .filter(|it| it.kind == ListedKind::Sparse);
        Ok(sparse.map(|it| it.path).collect())
    }
}

/// What file attributes say.
#[derive(Debug, Default)]
struct Looked {
    /// Files that may have changed.
    changed: Vec<Path>,
    /// Files that are gone.
    gone: Vec<Path>,
    /// What was a file or link and is something else now, a changed link among them, with what it is.
    other: Vec<(Path, Kind)>,
    /// What was not there. Sorted.
    unknown: Vec<Unknown>,
}

/// What was not there before.
#[derive(Debug, Default)]
struct New {
    files: Vec<Path>,
    /// Other repositories.
    repositories: Vec<Path>,
    /// What git ignores. A directory stands for all in it.
    ignored: Vec<Path>,
}

impl Inner {
    fn look(&self, cancel: &CancellationToken) -> Result<Looked, WorktreeError> {
        let error = |it: io::Error| match it.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                WorktreeError::Gone(self.tree.clone())
            }
            _ => WorktreeError::file(&self.tree, it),
        };
        let tree = Directory::open(&self.tree).map_err(error)?;
        let found = survey::copy(&tree, &self.manifest, cancel).map_err(error)?;
        let mut walker = Walker::from(tree);
        let mut looked = Looked::default();
        for (entry, now) in self.manifest.entries.iter().zip(&found.entries) {
            let path = || entry.path.clone();
            let is_same = *now == Some(entry.ours);
            match (now.map(|it| it.kind), &entry.content) {
                (None, _) if found.is_directory(&entry.path) => {
                    looked.other.push((path(), Kind::Directory));
                }
                (None, _) => looked.gone.push(path()),
                (Some(_), Content::Link(_)) if is_same => {}
                (Some(Kind::File), Content::File { hash, .. }) => {
                    let is_certain = !entry.ours_racy || hash.is_none();
                    let is_same =
                        is_same && (is_certain || has_hash(&mut walker, &entry.path, *hash));
                    if !is_same {
                        looked.changed.push(path());
                    }
                }
                (Some(kind), _) => looked.other.push((path(), kind)),
            }
        }
        looked.unknown = found.unknown;
        looked.unknown.retain(|it| {
            let manifest = &self.manifest;
            !manifest.is_kept(&it.path) && !manifest.is_linked(&it.path)
        });
        Ok(looked)
    }

    /// What is new where no git says what is ignored.
    fn all_new(&self, paths: Vec<Path>, cancel: &CancellationToken) -> Result<New, WorktreeError> {
        let mut new = New::default();
        let error = |it| WorktreeError::file(&self.tree, it);
        let mut tree = Walker::new(&self.tree).map_err(error)?;
        let mut waiting = paths;
        while let Some(path) = waiting.pop() {
            stop_if(cancel).map_err(error)?;
            let (directory, name) = path::split(&path);
            let here = tree.enter(directory).map_err(error)?;
            let is_directory = here.stat(name).is_ok_and(|it| it.kind == Kind::Directory);
            if path::is_git(name) {
                new.repositories.push(path);
            } else if !is_directory {
                new.files.push(path);
            } else if path::directories(&path).count() < MAX_DEPTH && waiting.len() < MAX_NEW {
                let below = here
                    .child_allowed(name)
                    .and_then(|it| it.names())
                    .map_err(error)?;
                waiting.extend(below.into_iter().map(|it| path::join(&path, &it.0)));
            }
            if new.files.len() >= MAX_NEW {
                break;
            }
        }
        new.files.sort();
        Ok(new)
    }

    /// Reads what has changed and says what becomes of it.
    fn judge(
        &self,
        looked: &Looked,
        new: New,
        mut bases: Bases,
        sparse: &BTreeSet<Path>,
        cancel: &CancellationToken,
    ) -> Result<Changed, WorktreeError> {
        let mut tree =
            Walker::new(&self.tree).map_err(|_| WorktreeError::Gone(self.tree.clone()))?;
        let mut verdict = Verdict::new(self, sparse);
        for (path, kind) in &looked.other {
            verdict.other(path, *kind);
        }
        for path in &new.repositories {
            verdict.repository(path);
        }
        for path in new.ignored {
            verdict.ignored(path, &mut tree);
        }
        let files = looked.unknown.iter().filter(|it| !it.is_directory);
        let files: Vec<Path> = files.map(|it| it.path.clone()).collect();
        let mut budget = Budget::default();
        for path in &looked.gone {
            if budget.takes() {
                // `files` are sorted, as the unknown are.
                let blocked = manifest::is_in(&files, path::split(path).0);
                verdict.deleted(path, bases.remove(path), blocked);
            }
        }
        for path in looked.changed.iter().chain(&new.files) {
            stop_if(cancel).map_err(|_| WorktreeError::Cancelled)?;
            if !budget.takes() {
                continue;
            }
            let found = read(&mut tree, path, self.file_bytes);
            budget.bytes += found.as_ref().map_or(0, |it| it.bytes.len() as u64);
            match bases.remove(path) {
                Some(base) => verdict.changed(path, base, found),
                None => verdict.created(path, found),
            }
        }
        Ok(verdict.close(budget.refused))
    }
}

/// How much is taken over.
#[derive(Default)]
struct Budget {
    files: usize,
    bytes: u64,
    /// Files that were too much.
    refused: usize,
}

impl Budget {
    fn takes(&mut self) -> bool {
        self.files += 1;
        let fits = self.files <= MAX_FILES && self.bytes <= MAX_BYTES;
        self.refused += usize::from(!fits);
        fits
    }
}

/// What a file of the copy has now.
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    pub(super) about: Stat,
}

/// Reads a file of the copy, but for one byte more than is allowed.
fn read(tree: &mut Walker, path: &[u8], max: u64) -> Result<Found, String> {
    let (directory, name) = path::split(path);
    let opened = tree.enter(directory).and_then(|here| {
        if here.stat(name)?.kind == Kind::Link {
            return Ok(None);
        }
        here.open_file(name).map(Some)
    });
    let error = |it: io::Error| match it.kind() {
        io::ErrorKind::InvalidInput => "is not a regular file".to_owned(),
        _ => format!("cannot be read: {it}"),
    };
    let Some((file, about)) = opened.map_err(error)? else {
        return Err("is a symbolic link".to_owned());
    };
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(error)?;
    Ok(Found { bytes, about })
}

fn has_hash(tree: &mut Walker, path: &[u8], hash: Option<manifest::Hash>) -> bool {
    let found = read(tree, path, u64::MAX - 1);
    found.is_ok_and(|it| Some(manifest::hash(&it.bytes)) == hash)
}
