//! Asking git: what changed against a base, earlier texts, which files there are. Bounded, never interactive, and
//! nothing of the user's is written.
//!
//! A repository is hostile until the user trusted it, and its `.git/config` can name programs. None of them
//! runs here:
//!
//! * only plumbing commands are used, which know no pager, editor, external diff or text conversion;
//! * hooks and the file system monitor are off, and nothing is written (no index refresh; the one index that is changed
//!   is a copy of ours);
//! * every clean, smudge and process filter that any configuration defines is overridden with nothing before
//!   a command that compares files runs (git compares by content where time stamps do not decide);
//! * submodules are compared by their recorded commit only, so that no git runs inside of them;
//! * no transport is allowed, so a missing object of a partial clone is an error, not a download.
//!
//! What remains: git parses the repository's own files, and a configuration may include other files. A file
//! that a filter keeps in another form (Git LFS, git-crypt) looks changed, and is skipped with that reason
//! where it can be told.

pub(crate) mod changes;
pub(crate) mod ignored;
pub(crate) mod listing;
pub(crate) mod objects;
pub(crate) mod repository;
pub(crate) mod settings;

use process::run::Limits;
use process::{Environment, Exit, Output, RunError, Spec};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longest time of one git command.
const DEADLINE: Duration = Duration::from_secs(30);
/// Most bytes read from a git command that lists something.
const MAX_LISTING: usize = 64 * 1024 * 1024;
/// Lines of git's standard error shown to people.
const ERROR_LINES: usize = 3;

/// Options of every command.
const OPTIONS: &[&str] = &[
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.allow=never",
    "-c",
    "safe.bareRepository=explicit",
    "-c",
    "submodule.recurse=false",
];

/// Environment of every command: English messages, no questions, no network.
const VARIABLES: &[(&str, &str)] = &[
    ("LC_ALL", "C"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// Variables that would lead git to another repository or start something.
const UNSET: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
];

/// Git for one directory.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    root: PathBuf,
    environment: Environment,
    cancel: CancellationToken,
}

/// Why git did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GitError {
    /// Not inside of a repository.
    #[error("not a git repository")]
    NotARepository,
    /// A bare repository, or its inside: there are no files to look at.
    #[error("a git repository without a working tree here")]
    NoWorkTree,
    /// There is no commit yet.
    #[error("the repository has no commits yet")]
    NoCommits,
    /// No such revision.
    #[error("`{0}` is no revision of this repository")]
    NoSuchRevision(String),
    /// The caller gave up.
    #[error("cancelled")]
    Cancelled,
    /// It failed without a word.
    #[error("it ended with {0} and said nothing")]
    Silent(Exit),
    /// Anything else, a sentence for people.
    #[error("{0}")]
    Other(String),
}

/// What git found.
struct Found {
    stdout: Vec<u8>,
    /// More than the limit came.
    cut: bool,
}

impl Git {
    /// Git for the directory `root`.
    pub(crate) fn new(root: &Path, environment: Environment, cancel: &CancellationToken) -> Self {
        let set = VARIABLES
            .iter()
            .fold(environment, |all, (name, value)| all.with(name, value));
        let environment = UNSET.iter().fold(set, |all, name| all.without(name));
        Self {
            root: root.to_owned(),
            environment,
            cancel: cancel.clone(),
        }
    }

    /// The same repository with another working tree and another index, which need not exist: an absent index is an
    /// empty one.
    pub(crate) fn elsewhere(&self, git_dir: &Path, work_tree: &Path, index: &Path) -> Self {
        let set = [
            ("GIT_DIR", git_dir),
            ("GIT_WORK_TREE", work_tree),
            ("GIT_INDEX_FILE", index),
        ];
        let environment = set
            .iter()
            .fold(self.environment.clone(), |all, (name, value)| {
                all.with(name, value)
            });
        Self {
            root: work_tree.to_owned(),
            environment,
            cancel: self.cancel.clone(),
        }
    }

    /// The same, for a run of its own.
    pub(crate) fn until(&self, cancel: &CancellationToken) -> Self {
        Self {
            cancel: cancel.clone(),
            ..self.clone()
        }
    }

    /// The same git in another directory.
    pub(crate) fn within(&self, directory: &Path) -> Self {
        Self {
            root: directory.to_owned(),
            ..self.clone()
        }
    }

    /// Runs one command with `config` (`key=value`) laid over every other configuration.
    async fn run(&self, config: &[String], args: &[&str]) -> Result<Found, GitError> {
        let found = self.run_with(config, args, b"", MAX_LISTING).await?;
        if found.cut {
            let command = args.first().copied().unwrap_or_default();
            return Err(GitError::Other(format!(
                "`git {command}` listed more than {} MB",
                MAX_LISTING / 1024 / 1024
            )));
        }
        Ok(found)
    }

    async fn run_with(
        &self,
        config: &[String],
        args: &[&str],
        input: &[u8],
        stdout: usize,
    ) -> Result<Found, GitError> {
        let settings = config.iter().flat_map(|setting| ["-c", setting.as_str()]);
        let all = OPTIONS
            .iter()
            .copied()
            .chain(settings)
            .chain(args.iter().copied());
        let spec = Spec {
            program: "git".into(),
            args: all.map(Into::into).collect(),
            cwd: self.root.clone(),
            environment: self.environment.clone(),
        };
        let limits = Limits {
            deadline: DEADLINE,
            stdout,
            cancel: self.cancel.clone(),
        };
        match process::run(&spec, input, &limits).await {
            Ok(output) if output.exit == Exit::Code(0) => Ok(Found {
                stdout: output.stdout,
                cut: output.stdout_cut > 0,
            }),
            Ok(output) => Err(diagnose(&output)),
            Err(RunError::Cancelled(_)) => Err(GitError::Cancelled),
            Err(error) => Err(GitError::Other(error.to_string())),
        }
    }
}

/// What a failed command means; git's messages are in English because of `LC_ALL`.
fn diagnose(output: &Output) -> GitError {
    let said = output.stderr.as_str();
    let has = |words: &str| said.contains(words);
    if has("dubious ownership") {
        GitError::Other(
            "git refuses this repository because it belongs to another user; if you trust it, run \
             `git config --global --add safe.directory <its directory>`"
                .to_owned(),
        )
    } else if has("not a git repository") {
        GitError::NotARepository
    } else if has("must be run in a work tree") || has("cannot use bare repository") {
        GitError::NoWorkTree
    } else if has("bad revision 'HEAD'") {
        GitError::NoCommits
    } else if said.trim().is_empty() {
        GitError::Silent(output.exit.clone())
    } else {
        let lines: Vec<&str> = said.lines().filter(|it| !it.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(ERROR_LINES)..];
        GitError::Other(domain::sanitize::line(&last.join("; "), 500))
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
