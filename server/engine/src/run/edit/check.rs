//! The configured command, run on the proposed result in the copy.

use domain::proposal::{Check, CheckOutcome};
use process::run::Limits;
use process::{Environment, Exit, Output, RunError, Spec};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Most bytes of its standard output that are read; what comes first is kept.
const MAX_STDOUT: usize = 8 * 1024 * 1024;
/// Longest end of each stream that is shown and told to the agent, in bytes.
const MAX_SHOWN: usize = 16 * 1024;
/// Lines of standard error that are shown.
const MAX_LINES: usize = 200;

/// Runs `command` (program and arguments) in `root`.
pub(super) async fn run(
    command: &[String],
    root: &Path,
    deadline: Duration,
    cancel: &CancellationToken,
) -> Check {
    let started = Instant::now();
    let (outcome, output) = outcome(command, root, deadline, cancel).await;
    Check {
        command: command.join(" "),
        outcome,
        output,
        elapsed: started.elapsed(),
        repaired: false,
    }
}

async fn outcome(
    command: &[String],
    root: &Path,
    deadline: Duration,
    cancel: &CancellationToken,
) -> (CheckOutcome, String) {
    let Some((program, args)) = command.split_first() else {
        return (
            CheckOutcome::NotRun("no command is given".to_owned()),
            String::new(),
        );
    };
    let spec = Spec {
        program: program.into(),
        args: args.iter().map(Into::into).collect(),
        cwd: root.to_owned(),
        environment: Environment::inherited(),
    };
    let limits = Limits {
        deadline,
        stdout: MAX_STDOUT,
        cancel: cancel.clone(),
    };
    match process::run(&spec, b"", &limits).await {
        Ok(output) if output.exit == Exit::Code(0) => (CheckOutcome::Passed, String::new()),
        Ok(output) => (
            CheckOutcome::Failed(output.exit.to_string()),
            shown(&output),
        ),
        Err(RunError::Deadline { after, stderr, .. }) => {
            let why = format!("it did not end within {} s", after.as_secs());
            (CheckOutcome::NotRun(why), stderr)
        }
        Err(error) => (CheckOutcome::NotRun(error.to_string()), String::new()),
    }
}

/// The ends of both streams.
fn shown(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    let from = text.ceil_char_boundary(text.len().saturating_sub(MAX_SHOWN));
    let lines = text[from..]
        .lines()
        .map(|it| domain::sanitize::line(it, MAX_SHOWN));
    let stdout: Vec<String> = lines.collect();
    let streams = [stdout.join("\n"), output.tail.last(MAX_LINES)];
    let streams: Vec<&str> = streams
        .iter()
        .map(|it| it.trim_end())
        .filter(|it| !it.is_empty())
        .collect();
    streams.join("\n")
}
