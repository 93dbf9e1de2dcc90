//! Progress of a run on a terminal: one bar on standard error, nothing where it is not a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// Steps of the bar; a fraction is shown in these.
const STEPS: u64 = 1000;
/// Between two turns of the spinner.
const TICK: Duration = Duration::from_millis(100);

/// The progress bar of one run.
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
    is_started: bool,
    /// While something else is on the screen: the notes that wait.
    held: Option<Vec<String>>,
}

impl Progress {
    /// A bar that appears when the run starts.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            bar: bar(target(quiet)),
            quiet,
            is_started: false,
            held: None,
        }
    }

    /// Says what is being done.
    pub(crate) fn start(&mut self, agents: &[String], files: usize) {
        let noun = if files == 1 { "file" } else { "files" };
        self.bar
            .set_message(format!("{files} {noun} with {}", agents.join(", ")));
        self.is_started = true;
        self.tick();
    }

    /// Moves on.
    pub(crate) fn update(&self, message: &str, fraction: f32) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=STEPS"
        )]
        self.bar
            .set_position((fraction.clamp(0.0, 1.0) * STEPS as f32) as u64);
        self.bar.set_message(message.to_owned());
    }

    /// Changes the message only.
    pub(crate) fn say(&self, message: &str) {
        self.bar.set_message(message.to_owned());
    }

    /// A line that stays, above the bar.
    pub(crate) fn note(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        match &mut self.held {
            Some(held) => held.push(text.to_owned()),
            None => self
                .bar
                .suspend(|| anstream::eprintln!("{}: {text}", crate::output::style::note("note"))),
        }
    }

    /// Leaves the screen to something else.
    pub(crate) fn pause(&mut self) {
        if self.held.is_none() {
            self.held = Some(Vec::new());
            self.bar.finish_and_clear();
            self.bar = bar(ProgressDrawTarget::hidden())
                .with_elapsed(self.bar.elapsed())
                .with_position(self.bar.position())
                .with_message(self.bar.message());
        }
    }

    /// Takes the screen back.
    pub(crate) fn resume(&mut self) {
        if let Some(held) = self.held.take() {
            self.bar.set_draw_target(target(self.quiet));
            for text in held {
                self.note(&text);
            }
            self.tick();
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&mut self) {
        self.resume();
        self.bar.finish_and_clear();
    }

    fn tick(&self) {
        if self.is_started && self.held.is_none() {
            self.bar.enable_steady_tick(TICK);
        }
    }
}

fn bar(target: ProgressDrawTarget) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner:.cyan} {bar:24.cyan/dim} {elapsed:>4} {wide_msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(STEPS), target).with_style(style.progress_chars("━╸─"))
}

fn target(quiet: bool) -> ProgressDrawTarget {
    if quiet {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    }
}
