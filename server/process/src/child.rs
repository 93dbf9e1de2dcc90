//! A running program and its end.

use crate::sys::Process;
use crate::{SpawnError, Spec, Tail, which};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long the last words on standard error are waited for when a program has ended: something it started
/// may hold the pipe open for ever.
const DRAIN: Duration = Duration::from_millis(250);
/// How long the end of a killed program is waited for; only the system can delay it.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// After which time a group whose leader has ended is first looked at; the time doubles with each look, because
/// a look may have to read the whole list of processes.
const POLL: Duration = Duration::from_millis(2);

/// A running program in its own process group, its standard error always drained into a [`Tail`].
/// Dropping it kills the group.
#[derive(Debug)]
pub struct Child {
    process: Process,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Tail,
    drain: Option<JoinHandle<()>>,
    exit: Option<Exit>,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with a code.
    Code(i32),
    /// By a signal (Unix).
    Signal(i32),
    /// It is not known how.
    Unknown,
}

/// How long each step of a shutdown may take.
#[derive(Clone, Copy, Debug)]
pub struct Shutdown {
    /// After closing standard input.
    pub close: Duration,
    /// After SIGTERM to the group (on Windows: none, straight to termination of the job).
    pub terminate: Duration,
}

impl Child {
    /// Starts a program with piped standard streams. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub fn spawn(spec: &Spec) -> Result<Self, SpawnError> {
        if !spec.cwd.is_dir() {
            return Err(SpawnError::NoDirectory(spec.cwd.clone()));
        }
        let program = which::resolve(spec)?;
        #[expect(clippy::disallowed_methods, reason = "this is the place")]
        let mut command = Command::new(&program);
        command
            .args(&spec.args)
            .current_dir(&spec.cwd)
            .env_clear()
            .envs(spec.environment.iter())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Process::spawn(command).map_err(|error| SpawnError::Other {
            program: spec.program.to_string_lossy().into_owned(),
            source: explain(error),
        })?;
        tracing::debug!(program = %program.display(), id = process.id(), "started");
        let stderr = Tail::default();
        let drain = process
            .take_stderr()
            .map(|pipe| tokio::spawn(drain(pipe, stderr.clone())));
        Ok(Self {
            stdin: process.take_stdin(),
            stdout: process.take_stdout(),
            process,
            stderr,
            drain,
            exit: None,
        })
    }

    /// Its standard input; `Some` once. Dropping it closes it.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.stdin.take()
    }

    /// Its standard output; `Some` once.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.stdout.take()
    }

    /// The last lines of its standard error, shared and still growing.
    pub fn stderr(&self) -> Tail {
        self.stderr.clone()
    }

    /// Process id while it runs.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Waits for its end and for its last words on standard error; then kills what is left of its group. May be
    /// called again and after cancellation.
    pub async fn wait(&mut self) -> Exit {
        let exit = self.ended().await;
        self.process.kill();
        self.drained().await;
        exit
    }

    /// Ends it by steps: closes standard input (if it was taken, its taker must have dropped it), SIGTERM to the
    /// group, SIGKILL to the group. Each step also waits for the rest of the group. Always returns soon after
    /// the last step, with nothing of the group left.
    pub async fn shutdown(mut self, steps: Shutdown) -> Exit {
        drop(self.stdin.take());
        if timeout(steps.close, self.gone()).await.is_err() {
            self.process.terminate();
            let _ = timeout(steps.terminate, self.gone()).await;
        }
        self.process.kill();
        let exit = timeout(LAST_WAIT, self.ended())
            .await
            .unwrap_or(Exit::Unknown);
        self.drained().await;
        exit
    }

    /// Kills the group at once.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Waits for the program itself.
    async fn ended(&mut self) -> Exit {
        if let Some(exit) = &self.exit {
            return exit.clone();
        }
        let exit = self.process.wait().await;
        self.exit = Some(exit.clone());
        exit
    }

    /// Waits until the program and everything in its group has ended.
    async fn gone(&mut self) {
        self.ended().await;
        let mut pause = POLL;
        while self.process.remains() {
            sleep(pause).await;
            pause *= 2;
        }
    }

    /// Waits, but not for long, until everything was read from standard error.
    async fn drained(&mut self) {
        if let Some(task) = &mut self.drain {
            let _ = timeout(DRAIN, &mut *task).await;
            task.abort();
            self.drain = None;
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(task) = &self.drain {
            task.abort();
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit code {code}"),
            Exit::Signal(signal) => write!(f, "signal {signal}"),
            Exit::Unknown => f.write_str("an unknown status"),
        }
    }
}

async fn drain(mut pipe: ChildStderr, tail: Tail) {
    let mut buffer = vec![0; 8 * 1024];
    while let Ok(read) = pipe.read(&mut buffer).await {
        if read == 0 {
            return;
        }
        tail.push(&buffer[..read]);
    }
}

/// The program was seen to exist, so `not found` speaks of the interpreter in its first line.
fn explain(error: std::io::Error) -> std::io::Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        let text =
            "the interpreter that its first line names, or the loader it needs, was not found";
        return std::io::Error::new(error.kind(), text);
    }
    error
}

#[cfg(all(test, unix))]
mod tests;
