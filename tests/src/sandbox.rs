//! A user of our own: home, configuration, state and one workspace in a temporary directory.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A user with one workspace. Everything is gone when it is dropped.
pub struct Sandbox {
    directory: tempfile::TempDir,
    program: PathBuf,
    fake_agent: PathBuf,
    config: String,
    environment: Vec<(String, OsString)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; -1 for a signal.
    pub code: i32,
    /// Standard output, the sandbox's directory replaced by `[sandbox]`.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
}

impl Sandbox {
    /// A sandbox that runs these binaries. Tests call `sandbox!()`, which knows them.
    pub fn with(program: &str, fake_agent: &str) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("crosscheck-")
            .tempdir()
            .unwrap();
        for name in ["home", "config", "state", "work", "agents", "bin", "tmp"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        Self {
            directory,
            program: program.into(),
            fake_agent: fake_agent.into(),
            config: String::new(),
            environment: Vec::new(),
        }
    }

    /// The sandbox's directory, without symbolic links.
    pub fn path(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    /// The workspace root.
    pub fn root(&self) -> PathBuf {
        self.path().join("work")
    }

    /// Where the ledger and the trust file are.
    pub fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// The binary under test.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Writes a file of the workspace.
    pub fn file(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self.root().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    /// Reads a file of the workspace.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Adds to the user's configuration file.
    pub fn config(&mut self, text: &str) {
        writeln!(self.config, "{text}").unwrap();
        std::fs::write(self.path().join("config/config.toml"), &self.config).unwrap();
    }

    /// Configures a fake agent that follows the agent contract.
    pub fn agent(&mut self, name: &str, script: &str) {
        self.agent_with(name, script, "");
    }

    /// The same with further keys of the agent.
    pub fn agent_with(&mut self, name: &str, script: &str, keys: &str) {
        let file = self.path().join("agents").join(name);
        let script = script.replace("[sandbox]", self.path().to_str().unwrap());
        std::fs::write(&file, script).unwrap();
        let log = self.agent_log(name);
        let text = format!(
            "[agents.{name}]\npreset = \"contract\"\nprovider = \"{name}\"\ncommand = [{:?}, {file:?}, {log:?}]\n{keys}",
            self.fake_agent
        );
        self.config(&text);
    }

    /// Where a fake agent notes what it is sent.
    pub fn agent_log(&self, name: &str) -> PathBuf {
        self.path().join("agents").join(format!("{name}.log"))
    }

    /// What a fake agent was sent, one message a line; empty if it was never started.
    pub fn sent_to(&self, name: &str) -> String {
        std::fs::read_to_string(self.agent_log(name)).unwrap_or_default()
    }

    /// Puts a program on the `PATH` of the sandbox's user, as package managers do.
    #[cfg(unix)]
    pub fn install(&self, name: &str, program: &Path) {
        std::os::unix::fs::symlink(program, self.path().join("bin").join(name)).unwrap();
    }

    /// Sets a variable of the user's environment.
    pub fn env(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.push((name.to_owned(), value.into()));
    }

    /// Runs git in the workspace; it must succeed.
    pub fn git(&self, args: &[&str]) -> String {
        let output = self.command("git").args(args).output().unwrap();
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes the workspace a git repository with everything in it committed.
    pub fn commit(&self) {
        if !self.root().join(".git").exists() {
            self.git(&["init", "-q", "-b", "main"]);
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "a commit"]);
    }

    /// Runs `crosscheck` in the workspace to its end.
    pub fn crosscheck(&self, args: &[&str]) -> Ran {
        let output = self
            .command(&self.program)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        self.ran(&output)
    }

    /// Replaces the sandbox's directory in text.
    pub fn mask(&self, text: &str) -> String {
        text.replace(self.path().to_str().unwrap(), "[sandbox]")
    }

    /// A command in the workspace with the sandbox's environment and nothing else.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests start the programs they test"
    )]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let at = |name: &str| self.path().join(name);
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.root());
        for (name, value) in [
            ("HOME", at("home")),
            ("XDG_CONFIG_HOME", at("home/.config")),
            ("XDG_STATE_HOME", at("home/.state")),
            ("CROSSCHECK_CONFIG_DIR", at("config")),
            ("CROSSCHECK_STATE_DIR", at("state")),
            ("TMPDIR", at("tmp")),
        ] {
            command.env(name, value);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(at("bin")).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(path).unwrap());
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@example.org"),
        ] {
            command.env(name, value);
        }
        command.envs(self.environment.iter().cloned());
        command
    }

    fn ran(&self, output: &Output) -> Ran {
        let text = |bytes: &[u8]| self.mask(&String::from_utf8_lossy(bytes));
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// A [`Sandbox`] that runs the binaries of this package.
#[macro_export]
macro_rules! sandbox {
    () => {
        $crate::Sandbox::with(
            env!("CARGO_BIN_EXE_crosscheck-under-test"),
            env!("CARGO_BIN_EXE_fake-agent"),
        )
    };
}
