//! One run of the command: prompt in, answer out, within its limits, with its last line as progress.

use super::Options;
use crate::server::{CallError, PROGRESS_INTERVAL, Progress};
use process::{Child, Environment, Exit, SpawnError, Spec, Tail};
use std::path::Path;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, ChildStdout};

/// How long output may still come after the command has ended, from what it left running.
const DRAIN: Duration = Duration::from_millis(250);

/// Lines of standard error, and of standard output, that an error message tells.
const LAST_LINES: usize = 10;

/// Longest progress message, in characters.
const MAX_PROGRESS: usize = 200;

/// Bytes of output in which the last line is looked for.
const MAX_LAST_LINE: usize = 1024;

/// What the command answered.
pub(super) struct Answer {
    pub(super) text: String,
    /// In words, that and by how much it was cut.
    pub(super) cut: Option<String>,
}

/// Runs the command once. Whatever it started is gone when this ends, also when the future is dropped.
pub(super) async fn run(
    options: &Options,
    root: &Path,
    prompt: &str,
    progress: Progress,
) -> Result<Answer, CallError> {
    let spec = Spec {
        program: options.program.clone(),
        args: options.args.clone(),
        cwd: root.to_owned(),
        environment: Environment::inherited(),
    };
    let mut child = Child::spawn(&spec).map_err(|error| CallError::Failed(not_started(&error)))?;
    let (stdin, stdout) = (child.take_stdin(), child.take_stdout());
    let mut run = Run {
        stderr: child.stderr(),
        options,
        output: Vec::new(),
        cut: 0,
        tail: Vec::new(),
        progress,
        unsaid: String::new(),
        told: 0,
        heard: Instant::now(),
        heard_errors: String::new(),
        heard_output: false,
    };
    let exit = match tokio::time::timeout(
        options.timeout,
        run.finish(&mut child, stdin, stdout, prompt),
    )
    .await
    {
        Ok(exit) => exit?,
        Err(_) => {
            let limit = options.timeout.as_secs_f32();
            return Err(run.failed(&format!("did not end within {limit} s and was stopped")));
        }
    };
    run.answer(&exit)
}

/// The program's name for messages.
pub(super) fn name(options: &Options) -> String {
    let program = Path::new(&options.program);
    let name = program.file_name().unwrap_or(program.as_os_str());
    domain::sanitize::line(&name.to_string_lossy(), MAX_PROGRESS)
}

struct Run<'a> {
    options: &'a Options,
    stderr: Tail,
    /// At most `max_output` bytes.
    output: Vec<u8>,
    /// Bytes beyond those.
    cut: u64,
    /// The last [`MAX_LAST_LINE`] bytes of all output.
    tail: Vec<u8>,
    progress: Progress,
    /// The last line, while nobody was told of it.
    unsaid: String,
    told: usize,
    /// When there was a sign of life.
    heard: Instant,
    /// The last line of standard error when it was looked at.
    heard_errors: String,
    /// Output came since the last look.
    heard_output: bool,
}

impl Run<'_> {
    /// Feeds the prompt and collects the output until the command has ended.
    async fn finish(
        &mut self,
        child: &mut Child,
        stdin: Option<ChildStdin>,
        stdout: Option<ChildStdout>,
        prompt: &str,
    ) -> Result<Exit, CallError> {
        let mut feeding = pin!(feed(stdin, prompt));
        let (mut fed, mut stdout, mut exit, mut drained) =
            (false, stdout, None, tokio::time::Instant::now());
        let mut chunk = vec![0; 64 * 1024];
        let interval = self
            .options
            .idle
            .map_or(PROGRESS_INTERVAL, |idle| PROGRESS_INTERVAL.min(idle / 2));
        let mut ticks = tokio::time::interval(interval.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if stdout.is_none()
                && let Some(exit) = exit
            {
                return Ok(exit);
            }
            let ended = exit.is_some();
            tokio::select! {
                read = read(&mut stdout, &mut chunk), if stdout.is_some() => match read {
                    0 => stdout = None,
                    length => self.take(&chunk[..length]),
                },
                () = &mut feeding, if !fed => fed = true,
                status = child.wait(), if !ended => {
                    exit = Some(status);
                    drained = tokio::time::Instant::now() + DRAIN;
                }
                () = tokio::time::sleep_until(drained), if ended => stdout = None,
                _ = ticks.tick() => self.look().await?,
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let room = self.options.max_output - self.output.len();
        let (kept, rest) = bytes.split_at(room.min(bytes.len()));
        self.output.extend_from_slice(kept);
        self.cut += rest.len() as u64;
        self.tail.extend_from_slice(bytes);
        self.tail
            .drain(..self.tail.len().saturating_sub(MAX_LAST_LINE));
        self.heard_output = true;
    }

    /// Looks for signs of life: tells them as progress, or ends the run when there was none for too long.
    async fn look(&mut self) -> Result<(), CallError> {
        let errors = self.stderr.last(1);
        let is_quiet = !self.heard_output && errors == self.heard_errors;
        if let (true, Some(idle)) = (is_quiet, self.options.idle)
            && self.heard.elapsed() >= idle
        {
            let limit = idle.as_secs_f32();
            return Err(self.failed(&format!("wrote nothing for {limit} s and was stopped")));
        }
        if !is_quiet {
            let line = if self.heard_output {
                last_lines(&self.tail, 1)
            } else {
                errors.clone()
            };
            self.unsaid = domain::sanitize::line(&line, MAX_PROGRESS);
            (self.heard, self.heard_output, self.heard_errors) = (Instant::now(), false, errors);
        }
        if !self.unsaid.is_empty() && self.progress.tell(self.told + 1, None, &self.unsaid).await {
            self.told += 1;
            self.unsaid.clear();
        }
        Ok(())
    }

    fn answer(self, exit: &Exit) -> Result<Answer, CallError> {
        if *exit != Exit::Code(0) {
            return Err(self.failed(&format!("ended with {exit}")));
        }
        let text = String::from_utf8_lossy(&self.output);
        if text.trim().is_empty() {
            return Err(self.failed("ended well but answered nothing"));
        }
        let cut = (self.cut > 0).then(|| {
            let kept = self.output.len();
            format!(
                "the answer was cut after {kept} bytes, {} more were left out",
                self.cut
            )
        });
        Ok(Answer {
            text: text.into_owned(),
            cut,
        })
    }

    /// An error that says what happened to the command, with its last words.
    fn failed(&self, what: &str) -> CallError {
        let mut message = format!("`{}` {what}", name(self.options));
        let words = [
            ("standard error", self.stderr.last(LAST_LINES)),
            ("output", last_lines(&self.tail, LAST_LINES)),
        ];
        for (stream, words) in words
            .into_iter()
            .filter(|(_, words)| !words.trim().is_empty())
        {
            message += &format!("; the end of its {stream}:\n{}", words.trim_end());
        }
        CallError::Failed(message)
    }
}

/// Writes the prompt and closes the pipe. A command that does not want all of it closes it first, which is its right.
async fn feed(stdin: Option<ChildStdin>, prompt: &str) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(prompt.as_bytes()).await;
        let _ = stdin.shutdown().await;
    }
}

/// Reads some output; 0 at its end.
async fn read(stdout: &mut Option<ChildStdout>, chunk: &mut [u8]) -> usize {
    match stdout {
        Some(stdout) => stdout.read(chunk).await.unwrap_or(0),
        None => 0,
    }
}

/// The last non-empty lines of some output, clean of control characters.
fn last_lines(output: &[u8], count: usize) -> String {
    let text = String::from_utf8_lossy(output);
    let lines = text
        .lines()
        .rev()
        .map(|line| domain::sanitize::line(line, MAX_LAST_LINE));
    let mut lines: Vec<String> = lines.filter(|line| !line.is_empty()).take(count).collect();
    lines.reverse();
    lines.join("\n")
}

fn not_started(error: &SpawnError) -> String {
    match error {
        SpawnError::NotFound { .. } => {
            format!("{error}; install it, or give its full path after `crosscheck agent exec --`")
        }
        SpawnError::NoDirectory(_) | SpawnError::Other { .. } => error.to_string(),
    }
}
