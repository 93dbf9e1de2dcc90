//! Questions of agents at a terminal: one after the other, each until it is answered or needs no answer any more.

mod dialog;
mod reader;

use crate::browser;
use crate::output::style;
use dialog::{Dialog, Step};
use engine::{Question, QuestionId, Reply};
use reader::Reader;
use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// True when a person can be asked: there is a terminal to write to and one to read from.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The questions that wait, and the one that is being asked.
#[derive(Default)]
pub(crate) struct Questions {
    reader: Reader,
    waiting: VecDeque<Asked>,
    current: Option<Current>,
    /// The pages that are being opened.
    opening: Vec<JoinHandle<()>>,
}

/// A question and when it came.
struct Asked {
    question: Question,
    since: Instant,
}

struct Current {
    dialog: Dialog,
    id: QuestionId,
    deadline: Instant,
}

impl Questions {
    /// Takes a question; it is asked now or when those before it are through.
    pub(crate) fn add(&mut self, question: Question) {
        let since = Instant::now();
        self.waiting.push_back(Asked { question, since });
        self.ask_next();
    }

    /// Takes back a question that needs no answer any more, or whose time is up.
    pub(crate) fn close(&mut self, id: QuestionId, is_late: bool) {
        self.waiting.retain(|it| it.question.id != id);
        if let Some(current) = self.current.take_if(|it| it.id == id) {
            // The engine began to count a moment earlier than we did.
            let why = if is_late || current.deadline <= Instant::now() {
                "no answer in time: denied"
            } else {
                "no answer is needed any more"
            };
            anstream::eprintln!("\n  {}", style::dim(why));
            self.ask_next();
        }
    }

    /// True while a question stands on the screen.
    pub(crate) fn is_asking(&self) -> bool {
        self.current.is_some()
    }

    /// The next answer that the user gives; waits for ever while nothing is asked. May be dropped and called again.
    pub(crate) async fn answered(&mut self) -> (QuestionId, Reply) {
        loop {
            let line = self.reader.line().await;
            let Some(current) = &mut self.current else {
                continue;
            };
            let step = match &line {
                Some(line) => current.dialog.take(line),
                // The end of the input: nobody is there.
                None => Step::Done(dialog::denied()),
            };
            let reply = match step {
                Step::Done(reply) => reply,
                Step::Open(url) => {
                    self.opening.push(browser::open(&url));
                    Reply::Accept(Default::default())
                }
                Step::Next(remark) => {
                    if let Some(remark) = remark {
                        anstream::eprintln!("  {}", style::dim(remark));
                    }
                    self.prompt();
                    continue;
                }
            };
            if let Reply::Deny(_) = reply {
                anstream::eprintln!("  {}", style::dim("denied"));
            }
            let id = current.id;
            self.current = None;
            self.ask_next();
            return (id, reply);
        }
    }

    /// Waits until the pages that the user wanted to see are open.
    pub(crate) async fn finish(self) {
        for page in self.opening {
            // A task that failed has opened nothing that could be waited for.
            let _ = page.await;
        }
    }

    fn ask_next(&mut self) {
        if self.current.is_some() {
            return;
        }
        let Some(Asked { question, since }) = self.waiting.pop_front() else {
            return;
        };
        let (id, deadline) = (question.id, since + question.deadline);
        let dialog = Dialog::new(question);
        anstream::eprintln!("{}", dialog.introduction());
        self.current = Some(Current {
            dialog,
            id,
            deadline,
        });
        self.prompt();
    }

    fn prompt(&mut self) {
        if let Some(current) = &self.current {
            let left = current.deadline.saturating_duration_since(Instant::now());
            anstream::eprint!("{}", current.dialog.prompt(left));
            // Nothing can be done about a terminal that is gone; the question ends at its deadline.
            let _ = std::io::stderr().flush();
            self.reader.want_line();
        }
    }
}

/// A time left, for people: `2 min`, `45 s`.
fn in_words(left: Duration) -> String {
    match left.as_secs_f32().round() as u64 {
        seconds if seconds >= 120 || seconds == 60 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
