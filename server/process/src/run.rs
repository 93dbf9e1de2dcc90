//! Running a program to its end: input in, output out, within limits.

use crate::{Exit, Spec, SpawnError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What a finished program left.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// Its standard output, at most the limit.
    pub stdout: Vec<u8>,
    /// Bytes of standard output beyond the limit that were read and thrown away.
    pub stdout_cut: u64,
    /// The last lines of its standard error.
    pub stderr: String,
}

/// Why there is no [`Output`].
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It did not start.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// It took too long and was killed with its group.
    #[error("`{program}` did not end within {} s and was stopped{}", .after.as_secs_f32(), tail(.stderr))]
    Deadline {
        /// As configured.
        program: String,
        /// The deadline.
        after: Duration,
        /// The last lines of its standard error.
        stderr: String,
    },
    /// The caller gave up; it was killed with its group.
    #[error("`{0}` was cancelled")]
    Cancelled(String),
}

/// Limits of one run.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest time.
    pub deadline: Duration,
    /// Most bytes kept of standard output.
    pub stdout: usize,
    /// Ends the run when cancelled.
    pub cancel: CancellationToken,
}

/// Runs a program: writes `input`, closes its standard input, reads until it ends. The whole group is gone
/// when this returns, also when the future is dropped.
///
/// # Errors
/// See [`RunError`]. A non-zero exit is no error here.
pub async fn run(spec: &Spec, input: &[u8], limits: &Limits) -> Result<Output, RunError> {
    let _ = (spec, input, limits);
    unimplemented!()
}

fn tail(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("; its last words: {stderr}") }
}
