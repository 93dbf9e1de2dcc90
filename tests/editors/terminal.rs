//! A terminal with a program in it, by tmux on a socket of its own: keys go in, the screen is read.

use crate::Desk;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tests::PATIENCE;

/// How often the screen is looked at.
const GLANCE: Duration = Duration::from_millis(15);
/// Columns and rows.
const SIZE: [&str; 2] = ["120", "32"];

/// A running terminal; it is closed when dropped.
pub(crate) struct Terminal<'a> {
    desk: &'a Desk,
    socket: PathBuf,
}

impl<'a> Terminal<'a> {
    /// Opens a terminal with the desk's editor in it.
    pub(crate) fn open(desk: &'a Desk, args: &[&str]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let socket = desk.sandbox.path().join(format!("tmux-{number}"));
        let terminal = Self { desk, socket };
        let [width, height] = SIZE;
        let output = terminal
            .tmux()
            .args([
                "-f",
                "/dev/null",
                "new-session",
                "-d",
                "-x",
                width,
                "-y",
                height,
            ])
            .arg(&desk.editor)
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "tmux: {output:?}");
        terminal
    }

    /// Presses keys, by tmux's names for them.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat());
    }

    /// Types text.
    pub(crate) fn type_text(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
    }

    /// What is on the screen; empty after the program's end.
    pub(crate) fn screen(&self) -> String {
        let output = self.run(&["capture-pane", "-p"]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until the screen is as wanted, and returns it.
    pub(crate) fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(
                Instant::now() < deadline,
                "waited for {what}; the screen is:\n{screen}"
            );
            std::thread::sleep(GLANCE);
        }
    }

    /// Waits until the screen shows a text.
    pub(crate) fn shows(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Waits until the screen does not show a text any more.
    pub(crate) fn hides(&self, text: &str) -> String {
        self.wait(&format!("{text} to go"), |screen| !screen.contains(text))
    }

    /// Presses keys until the screen shows a text, again whenever the editor says that it cannot do it yet.
    pub(crate) fn ask(&self, keys: &[&str], text: &str, not_yet: &[&str]) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.press(keys);
            let is_refused = |screen: &str| not_yet.iter().any(|it| screen.contains(it));
            let screen = self.wait(text, |screen| screen.contains(text) || is_refused(screen));
            if screen.contains(text) || Instant::now() > deadline {
                return screen;
            }
            // Both editors take this key as a wish for a fresh screen.
            self.press(&["C-l"]);
            self.wait("a fresh screen", |screen| !is_refused(screen));
        }
    }

    /// Waits until the program ended.
    pub(crate) fn ends(self) {
        self.wait("the end", |_| !self.run(&["has-session"]).status.success());
    }

    fn run(&self, args: &[&str]) -> Output {
        self.tmux().args(args).output().unwrap()
    }

    fn tmux(&self) -> Command {
        let mut command = self.desk.command("tmux");
        command.arg("-u").arg("-S").arg(&self.socket);
        command
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        // Where the program ended by itself there is no server to end.
        drop(self.tmux().arg("kill-server").output());
    }
}
