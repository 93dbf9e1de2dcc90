//! Progress of a run on a terminal: one bar on standard error, nothing where it is not a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// Steps of the bar; a fraction is shown in these.
const STEPS: u64 = 1000;

/// The progress bar of one run.
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// A bar that appears when the run starts.
    pub(crate) fn new(quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(STEPS), target);
        let style = ProgressStyle::with_template(
            "{spinner:.cyan} {bar:24.cyan/dim} {elapsed:>4} {wide_msg}",
        );
        bar.set_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("━╸─"),
        );
        Self { bar, quiet }
    }

    /// Says what is being done.
    pub(crate) fn start(&self, agents: &[String], files: usize) {
        let noun = if files == 1 { "file" } else { "files" };
        self.bar
            .set_message(format!("{files} {noun} with {}", agents.join(", ")));
        self.bar.enable_steady_tick(Duration::from_millis(100));
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
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.bar
                .suspend(|| anstream::eprintln!("{}: {text}", crate::output::style::note("note")));
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
