//! Doors into the house for the bench, which measures what no user sees alone.

use crate::request::OpenBuffers;
use crate::worktree::{Wanted, Worktrees};
use process::Environment;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long a worktree of `root`, kept under `state`, takes until an agent can work in it, and how long it takes to find
/// what `edit` changes there; with the number of changed files.
///
/// # Errors
/// Why there is no worktree.
pub async fn worktree(
    root: &Path,
    state: &Path,
    edit: impl FnOnce(&Path),
) -> Result<(Duration, Duration, usize), String> {
    let config = crate::config::LimitsConfig::default();
    let wanted = Wanted {
        root: root.to_owned(),
        environment: Environment::inherited(),
        named: Vec::new(),
        open: OpenBuffers::new(),
        link: Vec::new(),
        copy: Vec::new(),
        exclude: Vec::new(),
        file_bytes: config.file_bytes,
        max_worktrees: config.worktrees,
        max_bytes: config.worktree_bytes,
    };
    let cancel = CancellationToken::new();
    let start = Instant::now();
    let worktrees = Worktrees::new(state.to_owned());
    let acquired = worktrees.acquire(wanted, &cancel).await;
    let worktree = acquired.map_err(|error| error.to_string())?;
    let ready = start.elapsed();
    edit(worktree.root());
    let start = Instant::now();
    let changed = worktree.changes(&cancel).await;
    let changed = changed.map_err(|error| error.to_string())?;
    Ok((ready, start.elapsed(), changed.files.len()))
}
