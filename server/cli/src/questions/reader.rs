//! Lines typed at the terminal, read by a thread: a read cannot be taken back, so nothing waits for it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the thread read, `None` at the end of the input, and when.
type Line = (Option<String>, Instant);

/// Reads lines when asked to.
#[derive(Default)]
pub(super) struct Reader {
    thread: Option<Thread>,
    /// Lines from before are not meant for what is asked now.
    wanted: Option<Instant>,
}

struct Thread {
    wishes: Sender<()>,
    lines: UnboundedReceiver<Line>,
    /// It is reading, perhaps since an earlier question.
    is_reading: bool,
}

impl Reader {
    /// Wants one line, typed from now on. What was typed before, was typed without knowing the question.
    pub(super) fn want_line(&mut self) {
        forget_typed();
        let thread = self.thread.get_or_insert_with(start);
        self.wanted = Some(Instant::now());
        if !thread.is_reading {
            thread.is_reading = thread.wishes.send(()).is_ok();
        }
    }

    /// The line that is wanted, `None` at the end of the input; waits for ever while none is.
    pub(super) async fn line(&mut self) -> Option<String> {
        loop {
            let (Some(thread), Some(wanted)) = (&mut self.thread, self.wanted) else {
                return std::future::pending().await;
            };
            let Some((line, at)) = thread.lines.recv().await else {
                // The thread ended, which it does only with us.
                self.wanted = None;
                return None;
            };
            if at >= wanted {
                thread.is_reading = false;
                self.wanted = None;
                return line;
            }
            thread.is_reading = thread.wishes.send(()).is_ok();
        }
    }
}

fn start() -> Thread {
    let (wishes, wished) = channel();
    let (sender, lines) = unbounded_channel();
    // It ends with the process: a read that is under way cannot be ended.
    std::thread::spawn(move || read(&wished, &sender));
    Thread {
        wishes,
        lines,
        is_reading: false,
    }
}

fn read(wished: &Receiver<()>, lines: &UnboundedSender<Line>) {
    while wished.recv().is_ok() {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        let line = read.is_ok_and(|bytes| bytes > 0).then_some(line);
        if lines.send((line, Instant::now())).is_err() {
            return;
        }
    }
}

/// Throws away what was typed and not read.
#[cfg(unix)]
fn forget_typed() {
    use rustix::termios::{QueueSelector, tcflush};
    // Where there is no terminal nothing was typed.
    let _ = tcflush(std::io::stdin(), QueueSelector::IFlush);
}

/// Lines that were finished before are recognised by their time; the start of one cannot be thrown away here.
#[cfg(not(unix))]
fn forget_typed() {}
