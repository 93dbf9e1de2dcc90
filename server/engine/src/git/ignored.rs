//! Which paths the ignore rules of a working tree ignore, and keeping paths out of git's sight.

use super::{Git, GitError};
use process::Exit;
use std::collections::HashSet;

impl Git {
    /// Those of `paths` (relative to the directory) that are ignored. What is in the index never is. None of the paths may
    /// lie beyond a symbolic link or in a submodule.
    pub(crate) async fn ignored(&self, paths: &[Vec<u8>]) -> Result<HashSet<Vec<u8>>, GitError> {
        if paths.is_empty() {
            return Ok(HashSet::new());
        }
        // It refuses paths that are told to be literal. Those that begin with a dot are, whatever comes then.
        let args = ["--no-literal-pathspecs", "check-ignore", "-z", "--stdin"];
        let input: Vec<Vec<u8>> = paths
            .iter()
            .map(|it| [b"./", it.as_slice()].concat())
            .collect();
        let input = ended(&input);
        let found = self.run_with(&[], &args, &input, super::MAX_LISTING);
        match found.await {
            Ok(found) => {
                let paths = found.stdout;
                let paths = paths.split(|it| *it == 0);
                let paths = paths.filter_map(|it| it.strip_prefix(b"./"));
                Ok(paths.map(<[u8]>::to_vec).collect())
            }
            // None is.
            Err(GitError::Silent(Exit::Code(1))) => Ok(HashSet::new()),
            Err(error) => Err(error),
        }
    }

    /// Marks files of the index as not checked out, so that their absence is no change. Writes the index: it must be one
    /// of ours.
    pub(crate) async fn hide(&self, paths: &[Vec<u8>]) -> Result<(), GitError> {
        let args = ["update-index", "-z", "--skip-worktree", "--stdin"];
        self.run_with(&[], &args, &ended(paths), super::MAX_LISTING)
            .await
            .map(|_| ())
    }
}

/// Each path ended by NUL.
fn ended(paths: &[Vec<u8>]) -> Vec<u8> {
    let mut all = Vec::new();
    for path in paths {
        all.extend_from_slice(path);
        all.push(0);
    }
    all
}
