//! Where a repository is: its working tree, its own directory, and what it keeps there.

use super::{Git, GitError};
use std::path::{Path, PathBuf};

/// Most bytes read of a file that names a directory.
const MAX_POINTER: u64 = 8 * 1024;

/// A repository with a working tree. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// The top of the working tree, symbolic links resolved.
    pub(crate) top: PathBuf,
    /// What belongs to this working tree alone.
    pub(crate) git_dir: PathBuf,
    /// What it shares with the repository's other working trees; else the same.
    pub(crate) common_dir: PathBuf,
    /// The objects.
    pub(crate) objects: PathBuf,
    /// The index; need not exist.
    pub(crate) index: PathBuf,
    /// Ignore rules of this repository; need not exist.
    pub(crate) exclude: PathBuf,
    /// Attributes of this repository; need not exist.
    pub(crate) attributes: PathBuf,
    /// Which files a sparse checkout has; need not exist.
    pub(crate) sparse_checkout: PathBuf,
    /// The commits whose parents are missing on purpose; need not exist.
    pub(crate) shallow: PathBuf,
    /// The commit that is checked out; `None` where there is none yet.
    pub(crate) head: Option<String>,
}

/// Asked for in the order of the answer.
const ARGS: &[&str] = &[
    "rev-parse",
    "--show-toplevel",
    "--absolute-git-dir",
    "--git-common-dir",
    "--git-path",
    "objects",
    "--git-path",
    "index",
    "--git-path",
    "info/exclude",
    "--git-path",
    "info/attributes",
    "--git-path",
    "info/sparse-checkout",
    "--git-path",
    "shallow",
    "--revs-only",
    "HEAD",
];

impl Git {
    /// The repository around the directory.
    ///
    /// # Errors
    /// Also when its configuration says that the working tree is somewhere else, as no repository does that a directory
    /// above has.
    pub(crate) async fn repository(&self) -> Result<Repository, GitError> {
        let found = self.run(&[], ARGS).await?;
        let text = String::from_utf8(found.stdout).map_err(|_| odd())?;
        let lines: Vec<&str> = text.lines().collect();
        let (places, head) = lines.split_at_checked(9).ok_or_else(odd)?;
        let head = match head {
            [] => None,
            [head] => Some((*head).to_owned()),
            _ => return Err(odd()),
        };
        let place = |index: usize| self.root.join(places[index]);
        let found = Repository {
            top: place(0),
            git_dir: place(1),
            common_dir: place(2),
            objects: place(3),
            index: place(4),
            exclude: place(5),
            attributes: place(6),
            sparse_checkout: place(7),
            shallow: place(8),
            head,
        };
        if self.root.starts_with(&found.top) && leads_to(&found.top, &found.git_dir) {
            Ok(found)
        } else {
            Err(GitError::NoWorkTree)
        }
    }
}

/// True when `.git` in `top` is that directory, or a file that names it.
fn leads_to(top: &Path, git_dir: &Path) -> bool {
    let own = top.join(".git");
    let named = if own.is_dir() {
        own
    } else {
        let text = crate::read::text(&own, MAX_POINTER).ok();
        let line = text.as_ref().map(|it| it.line(0));
        match line.as_deref().and_then(|it| it.strip_prefix("gitdir: ")) {
            Some(named) => top.join(named),
            None => return false,
        }
    };
    matches!((named.canonicalize(), git_dir.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn odd() -> GitError {
    GitError::Other(
        "the paths of the repository have line breaks in them or are not UTF-8".to_owned(),
    )
}
