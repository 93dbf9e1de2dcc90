//! A running program and its end.

use crate::{Spec, SpawnError, Tail};
use std::time::Duration;
use tokio::process::{ChildStdin, ChildStdout};

/// A running program in its own process group, its standard error always drained into a [`Tail`].
/// Dropping it kills the group.
#[derive(Debug)]
pub struct Child {
    _private: (),
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
    /// Starts a program with piped standard streams.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub fn spawn(spec: &Spec) -> Result<Self, SpawnError> {
        let _ = spec;
        unimplemented!()
    }
    /// Its standard input; `Some` once.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        unimplemented!()
    }
    /// Its standard output; `Some` once.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        unimplemented!()
    }
    /// The last lines of its standard error, shared and still growing.
    pub fn stderr(&self) -> Tail {
        unimplemented!()
    }
    /// Process id while it runs.
    pub fn id(&self) -> Option<u32> {
        unimplemented!()
    }
    /// Waits for its end; may be called again and after cancellation.
    pub async fn wait(&mut self) -> Exit {
        unimplemented!()
    }
    /// Ends it by steps: closes standard input, SIGTERM to the group, SIGKILL to the group. Always returns
    /// soon after the last step, with nothing of the group left.
    pub async fn shutdown(self, steps: Shutdown) -> Exit {
        let _ = steps;
        unimplemented!()
    }
    /// Kills the group at once.
    pub fn kill(&mut self) {
        unimplemented!()
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
