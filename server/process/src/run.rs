//! Running a program to its end: input in, output out, within limits.

use crate::{Child, Exit, Shutdown, SpawnError, Spec, Tail};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdout;
use tokio_util::sync::CancellationToken;

/// How long a program that is stopped gets to end by itself, after SIGTERM.
pub const GRACE: Duration = Duration::from_millis(500);
/// How long output is waited for after the program has ended.
const DRAIN: Duration = Duration::from_millis(250);
/// Lines of standard error that are kept.
const TAIL_LINES: usize = 20;

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
    /// All that is kept of its standard error, for who needs more lines.
    pub tail: Tail,
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
/// when this returns, also when the future is dropped. At a deadline or cancel the group gets SIGTERM and
/// [`GRACE`] to end by itself.
///
/// # Errors
/// See [`RunError`]. A non-zero exit is no error here.
pub async fn run(spec: &Spec, input: &[u8], limits: &Limits) -> Result<Output, RunError> {
    let program = || spec.program.to_string_lossy().into_owned();
    if limits.cancel.is_cancelled() {
        return Err(RunError::Cancelled(program()));
    }
    let mut child = Child::spawn(spec)?;
    let stderr = child.stderr();
    let stopped = tokio::select! {
        output = communicate(&mut child, input, limits.stdout) => return Ok(output),
        () = tokio::time::sleep(limits.deadline) => Stopped::Deadline,
        () = limits.cancel.cancelled() => Stopped::Cancelled,
    };
    child
        .shutdown(Shutdown {
            close: Duration::ZERO,
            terminate: GRACE,
        })
        .await;
    Err(match stopped {
        Stopped::Deadline => RunError::Deadline {
            program: program(),
            after: limits.deadline,
            stderr: stderr.last(TAIL_LINES),
        },
        Stopped::Cancelled => RunError::Cancelled(program()),
    })
}

enum Stopped {
    Deadline,
    Cancelled,
}

/// Writes, reads and waits at the same time, so that no full pipe can stop both sides.
async fn communicate(child: &mut Child, input: &[u8], limit: usize) -> Output {
    let (stdin, stdout) = (child.take_stdin(), child.take_stdout());
    let ended = CancellationToken::new();
    let write = async {
        if let Some(mut stdin) = stdin {
            // A program need not read its input.
            tokio::select! {
                _ = stdin.write_all(input) => {}
                () = ended.cancelled() => {}
            }
        }
    };
    let read = async {
        match stdout {
            Some(stdout) => read(stdout, limit, &ended).await,
            None => (Vec::new(), 0),
        }
    };
    let wait = async {
        let exit = child.wait().await;
        ended.cancel();
        exit
    };
    let ((), (stdout, stdout_cut), exit) = tokio::join!(write, read, wait);
    Output {
        exit,
        stdout,
        stdout_cut,
        stderr: child.stderr().last(TAIL_LINES),
        tail: child.stderr(),
    }
}

/// Reads to the end, or, when the program has ended, until nothing comes any more: a process that left the
/// group may hold the pipe open.
async fn read(mut stdout: ChildStdout, limit: usize, ended: &CancellationToken) -> (Vec<u8>, u64) {
    let mut kept = Vec::new();
    let mut cut = 0;
    let mut buffer = vec![0; 64 * 1024];
    let silence = async || {
        ended.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    loop {
        let read = tokio::select! {
            biased;
            read = stdout.read(&mut buffer) => read.unwrap_or(0),
            () = silence() => 0,
        };
        if read == 0 {
            return (kept, cut);
        }
        let room = read.min(limit - kept.len());
        kept.extend_from_slice(&buffer[..room]);
        cut += (read - room) as u64;
    }
}

fn tail(stderr: &str) -> String {
    if stderr.is_empty() {
        String::new()
    } else {
        format!("; its last words: {stderr}")
    }
}

#[cfg(all(test, unix))]
mod tests;
