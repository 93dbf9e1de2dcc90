//! Tests of worktrees with real git: what a copy holds, what an agent's work in it comes to, and that nothing of the
//! user's changes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod copy;
mod edits;
mod faults;
mod isolated;
mod repositories;
mod speed;
mod warm;

use super::*;
use crate::git::testing::{Repo, block_on};
use crate::request::Buffer;
use domain::text::Text;
use std::collections::BTreeMap;
use std::fs;

/// A repository and a place for worktrees.
struct Desk {
    repo: Repo,
    worktrees: Worktrees,
}

impl Desk {
    fn new(repo: Repo) -> Self {
        let worktrees = Worktrees::new(repo.beside("state").join("worktrees"));
        Self { repo, worktrees }
    }

    fn with(files: &[(&str, &str)]) -> Self {
        Self::new(Repo::with(files))
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            root: self.repo.root.clone(),
            environment: self.repo.environment(),
            named: Vec::new(),
            open: OpenBuffers::new(),
            link: Vec::new(),
            copy: Vec::new(),
            exclude: Vec::new(),
            file_bytes: 1024 * 1024,
            max_worktrees: 4,
            max_bytes: 1 << 30,
        }
    }

    fn acquire(&self) -> Worktree {
        self.acquire_as(self.wanted()).unwrap()
    }

    fn acquire_as(&self, wanted: Wanted) -> Result<Worktree, WorktreeError> {
        block_on(self.worktrees.acquire(wanted, &CancellationToken::new()))
    }
}

fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

fn buffer(text: &str) -> Buffer {
    Buffer {
        text: Text::new(text),
        version: 1,
    }
}

/// Everything below a directory but for `.git` at its top, by path: mode and content.
fn contents(root: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    add_contents(root, root, &mut all);
    all
}

fn add_contents(root: &Path, directory: &Path, all: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        let about = fs::symlink_metadata(&path).unwrap();
        if name == ".git" {
            continue;
        }
        let shown = if about.is_dir() {
            add_contents(root, &path, all);
            if fs::read_dir(&path).unwrap().next().is_some() {
                continue;
            }
            "empty".to_owned()
        } else if about.is_symlink() {
            format!("-> {}", fs::read_link(&path).unwrap().display())
        } else {
            use std::os::unix::fs::PermissionsExt;
            let mode = about.permissions().mode() & 0o777;
            let bytes = fs::read(&path).unwrap();
            format!("{mode:o} {}", String::from_utf8_lossy(&bytes))
        };
        all.insert(name, shown);
    }
}
