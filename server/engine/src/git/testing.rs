//! Repositories for tests, independent of the user's own git configuration.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use process::run::Limits;
use process::{Environment, Exit, Spec};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A directory that may be a repository, removed at the end.
pub(crate) struct Repo {
    directory: TempDir,
    /// The root, symbolic links resolved.
    pub(crate) root: PathBuf,
}

impl Repo {
    /// A directory without a repository.
    pub(crate) fn none() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap().join("root");
        std::fs::create_dir(&root).unwrap();
        Self { directory, root }
    }

    /// A repository without commits.
    pub(crate) fn empty() -> Self {
        let repo = Self::none();
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// A repository with these files committed.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let repo = Self::empty();
        files.iter().for_each(|(path, text)| repo.write(path, text));
        repo.commit("first");
        repo
    }

    /// A directory beside the root.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits everything.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// Makes a named pipe, which is never written to.
    pub(crate) fn pipe(&self, path: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path, kind, 0o600.into(), 0).unwrap();
    }

    /// Runs git in the root, which must succeed.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.root, args)
    }

    /// Runs git in another directory, which must succeed.
    pub(crate) fn git_in(&self, directory: &Path, args: &[&str]) -> String {
        let spec = Spec {
            program: "git".into(),
            args: args.iter().map(Into::into).collect(),
            cwd: directory.to_owned(),
            environment: self.environment(),
        };
        let limits = Limits {
            deadline: Duration::from_secs(60),
            stdout: 1 << 20,
            cancel: CancellationToken::new(),
        };
        let output = block_on(process::run(&spec, b"", &limits)).unwrap();
        assert_eq!(
            output.exit,
            Exit::Code(0),
            "git {args:?}: {}",
            output.stderr
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// An environment in which only this directory's own configuration counts.
    pub(crate) fn environment(&self) -> Environment {
        let home = self.directory.path();
        let set = [
            ("HOME", home.as_os_str()),
            ("XDG_CONFIG_HOME", home.as_os_str()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".as_ref()),
            ("GIT_CONFIG_NOSYSTEM", "1".as_ref()),
            ("GIT_AUTHOR_NAME", "A".as_ref()),
            ("GIT_AUTHOR_EMAIL", "a@example.org".as_ref()),
            ("GIT_COMMITTER_NAME", "A".as_ref()),
            ("GIT_COMMITTER_EMAIL", "a@example.org".as_ref()),
        ];
        set.iter()
            .fold(Environment::inherited(), |all, (name, value)| {
                all.with(name, value)
            })
    }
}

/// Runs a future to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
