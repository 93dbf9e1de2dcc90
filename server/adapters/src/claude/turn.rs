//! One turn of a conversation over a pair of pipes: the prompt goes in, messages come out, questions are asked and
//! answered, until the result is there.

use super::lines::{Line, Lines, MAX_LINE};
use super::message::{self, Message};
use super::outcome::Outcome;
use super::permission::{Memory, Request};
use super::progress::words;
use super::root::Root;
use crate::server::{Approvals, Caller, News, PROGRESS_INTERVAL, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// What goes on while a question is open.
const WAITING: &str = "waiting for approval";

/// Most tools that run, and most questions that are open, at once.
const MOST_AT_ONCE: usize = 64;

/// How long nothing may come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// While the model is at work. Its answer comes in parts, so that this is long.
    pub(super) idle: Duration,
    /// While a tool runs, such as a command, which says nothing until it ends.
    pub(super) tool: Duration,
    /// Longest line, in bytes.
    pub(super) line: usize,
}

impl Limits {
    /// Claude Code ends commands itself, after 10 minutes at most.
    pub(super) const USUAL: Self = Self {
        idle: Duration::from_secs(5 * 60),
        tool: Duration::from_secs(15 * 60),
        line: MAX_LINE,
    };
}

/// How a turn went.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) ending: Ending,
    /// The kind of trouble that was told of last.
    pub(super) trouble: Option<String>,
}

/// How a turn ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ending {
    /// With a result.
    Outcome(Box<Outcome>),
    /// The output ended before there was a result. With the last of it that was no message.
    Closed { noise: String },
    /// Nothing came for so long.
    Silent(Duration),
    /// A line was longer than so many bytes.
    TooLong(usize),
}

/// Does one turn. When it has ended, `stdin` is closed.
pub(super) async fn run<R, W>(
    stdout: R,
    stdin: W,
    prompt: &str,
    root: &Root,
    caller: Caller,
    limits: Limits,
) -> Report
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (replies, outbox) = mpsc::unbounded_channel();
    let mut turn = Turn {
        root,
        approvals: caller.approvals,
        news: News::new(caller.progress),
        replies,
        memory: Memory::default(),
        asking: JoinSet::new(),
        asked: BTreeMap::new(),
        tools: BTreeSet::new(),
        limits,
        deadline: Instant::now() + limits.idle,
        pause: Duration::ZERO,
        trouble: None,
        said: String::new(),
        noise: String::new(),
    };
    turn.reply(message::prompt(prompt));
    let ending = turn.finish(stdout, stdin, outbox).await;
    Report {
        ending,
        trouble: turn.trouble,
    }
}

struct Turn<'a> {
    root: &'a Root,
    approvals: Approvals,
    news: News,
    /// Lines for the program.
    replies: mpsc::UnboundedSender<String>,
    memory: Memory,
    /// The questions that are open, with their answers.
    asking: JoinSet<(Request, Verdict)>,
    /// The same by their id.
    asked: BTreeMap<String, AbortHandle>,
    /// The tools that are running, by id.
    tools: BTreeSet<String>,
    limits: Limits,
    /// When something must have come.
    deadline: Instant,
    /// How long nothing will come, as it was said last.
    pause: Duration,
    trouble: Option<String>,
    /// What the model wrote last.
    said: String,
    /// The last line that was no message.
    noise: String,
}

impl Turn<'_> {
    async fn finish<R, W>(
        &mut self,
        stdout: R,
        stdin: W,
        outbox: mpsc::UnboundedReceiver<String>,
    ) -> Ending
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut lines = Lines::new(stdout, self.limits.line);
        let mut writing = pin!(write(stdin, outbox));
        let mut is_writing = true;
        let mut ticks = tokio::time::interval(PROGRESS_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let is_asking = !self.asking.is_empty();
            tokio::select! {
                line = lines.next() => {
                    if let Some(ending) = self.line(line) {
                        return ending;
                    }
                }
                // A program that does not read will end or be silent.
                () = &mut writing, if is_writing => is_writing = false,
                Some(answer) = self.asking.join_next(), if is_asking => {
                    // One that was given up has no answer.
                    if let Ok((request, verdict)) = answer {
                        self.answer(&request, &verdict);
                    }
                }
                _ = ticks.tick() => {}
                () = tokio::time::sleep_until(self.deadline), if !is_asking => {
                    return Ending::Silent(self.patience());
                }
            }
            self.news.tell().await;
        }
    }

    fn line(&mut self, line: Line) -> Option<Ending> {
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong => return Some(Ending::TooLong(self.limits.line)),
            Line::End => {
                let noise = std::mem::take(&mut self.noise);
                return Some(Ending::Closed { noise });
            }
        };
        let Some(messages) = message::read(&line) else {
            let text = String::from_utf8_lossy(&line);
            if !text.trim().is_empty() {
                self.noise = text.into_owned();
            }
            return None;
        };
        self.news.sign();
        self.pause = Duration::ZERO;
        let ending = messages.into_iter().find_map(|it| self.step(it));
        self.deadline = Instant::now() + self.patience() + self.pause;
        ending
    }

    fn step(&mut self, message: Message) -> Option<Ending> {
        match (&message, words(&message, self.root)) {
            (Message::Using { id, .. }, Some(words)) => self.news.begin(id, &words),
            (_, Some(words)) => self.news.now(&words),
            (_, None) => {}
        }
        match message {
            Message::Thinking | Message::Writing | Message::Compacting => {}
            Message::Said(text) => self.said = text,
            Message::Using { id, .. } => {
                if self.tools.len() < MOST_AT_ONCE {
                    self.tools.insert(id);
                }
            }
            Message::Used { id } => {
                self.tools.remove(&id);
                self.news.end(&id);
            }
            Message::Retrying { delay, .. } => self.pause = delay.min(self.limits.tool),
            Message::Trouble(trouble) => self.trouble = Some(trouble),
            Message::Permission(request) => self.ask(request),
            Message::Withdrawn { id } => {
                if let Some(question) = self.asked.remove(&id) {
                    question.abort();
                    self.news.withdraw(&waiting(&id));
                }
            }
            Message::Unknown { id, request } => {
                self.reply(message::error(
                    &id,
                    &format!("`{request}` is not supported here"),
                ));
            }
            Message::Ended(mut outcome) => {
                // Some versions leave the result empty although the model has answered.
                if outcome.text.trim().is_empty() && !outcome.is_error {
                    outcome.text = std::mem::take(&mut self.said);
                }
                return Some(Ending::Outcome(outcome));
            }
        }
        None
    }

    fn ask(&mut self, request: Request) {
        if request.is_allowed(self.root, &self.memory) {
            return self.answer(&request, &Verdict::Allow);
        }
        if self.asking.len() >= MOST_AT_ONCE {
            let too_many = "too much was asked at once".to_owned();
            return self.answer(&request, &Verdict::Deny(too_many));
        }
        if self.approvals.can_ask() {
            self.news.begin(&waiting(&request.id), WAITING);
        }
        let (question, approval) = (request.question(self.root), request.approval(self.root));
        let approvals = self.approvals.clone();
        let id = request.id.clone();
        let task = self.asking.spawn(async move {
            let verdict = approvals.ask(&question, approval).await;
            (request, verdict)
        });
        self.asked.insert(id, task);
    }

    fn answer(&mut self, request: &Request, verdict: &Verdict) {
        self.asked.remove(&request.id);
        self.news.withdraw(&waiting(&request.id));
        if !matches!(verdict, Verdict::Deny(_)) {
            self.news.begin_again(&request.tool_use);
        }
        self.memory.note(request, verdict);
        // The time that a person took does not count.
        self.deadline = Instant::now() + self.patience();
        self.reply(message::response(&request.id, &request.answer(verdict)));
    }

    fn reply(&self, line: String) {
        // It fails when the program reads no more; then it will end or be silent.
        let _ = self.replies.send(line);
    }

    fn patience(&self) -> Duration {
        if self.tools.is_empty() {
            self.limits.idle
        } else {
            self.limits.tool
        }
    }
}

/// The id of the wait for an answer.
fn waiting(request: &str) -> String {
    format!("approval {request}")
}

/// Writes lines until one cannot be written.
async fn write<W: AsyncWrite + Unpin>(mut stdin: W, mut outbox: mpsc::UnboundedReceiver<String>) {
    while let Some(line) = outbox.recv().await {
        let line = line + "\n";
        let written = stdin.write_all(line.as_bytes()).await;
        if written.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
