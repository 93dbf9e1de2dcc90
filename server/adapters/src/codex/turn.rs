//! One turn of a thread: from the prompt to the last message, with what happens in between.

use super::approval::{self, Asked};
use super::call::{Job, Outcome, Rights};
use super::failure::Failure;
use super::progress;
use super::protocol::{Event, Item, Question, TokenUsage, Tokens, Turn as Ended, TurnError};
use super::thread::Thread;
use super::wire::RequestError;
use crate::contract::Usage;
use crate::server::{Approvals, Caller, News, PROGRESS_INTERVAL, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Longest time for a turn, without the time that a person takes to answer. Codex itself waits for ever for a model
/// that accepts a request and says nothing.
const TURN_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long an interrupted turn may take to end before its app-server is given up.
const INTERRUPT_LIMIT: Duration = Duration::from_secs(5);

/// Most questions that are with the client at once; further ones are denied.
const MOST_ASKED: usize = 64;

/// The phase of a message that is not the answer.
const COMMENTARY: &str = "commentary";

/// Runs the turn of a job. When `given_up` is cancelled, the turn is interrupted.
pub(super) async fn run(
    thread: &mut Thread,
    job: Job,
    caller: Caller,
    given_up: &CancellationToken,
) -> Result<Outcome, Failure> {
    if given_up.is_cancelled() {
        return Err(Failure::Cancelled);
    }
    // Who cannot be asked is not waited for.
    let approvals = Some(caller.approvals).filter(|it| job.rights == Rights::Write && it.can_ask());
    let id = start(thread, &job, approvals.is_some()).await?;
    let mut turn = Turn {
        model: thread.model.clone(),
        thread,
        id,
        root: job.root,
        news: News::new(caller.progress),
        approvals,
        replies: JoinSet::new(),
        files: HashMap::new(),
        meter: Meter::default(),
        answer: None,
        comment: None,
        written: 0,
    };
    match turn.watch(given_up).await {
        Ok(ended) => turn.outcome(&ended),
        Err(failure) => {
            if matches!(failure, Failure::Cancelled | Failure::TurnLimit(_)) {
                turn.interrupt().await;
            }
            Err(failure)
        }
    }
}

/// Starts the turn and gives its id.
async fn start(thread: &Thread, job: &Job, can_ask: bool) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Started {
        turn: Named,
    }
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let mut params = json!({
        "threadId": thread.id,
        "input": [{ "type": "text", "text": job.prompt }],
        "cwd": job.root,
        "sandboxPolicy": sandbox(job.rights),
        "approvalPolicy": if can_ask { "on-request" } else { "never" },
        "approvalsReviewer": "user",
    });
    if let Some(schema) = &job.schema {
        params["outputSchema"] = schema.clone();
    }
    match thread.server.connection.request("turn/start", params).await {
        Ok(Started { turn }) => Ok(turn.id),
        Err(RequestError::Closed) => Err(Failure::Ended(thread.server.last_words().await)),
        Err(error) => {
            if matches!(error, RequestError::Late) {
                // Whatever it does with the turn, nobody would hear of it.
                thread.server.retire();
            }
            Err(Failure::Refused {
                what: "start a turn",
                reason: error.to_string(),
            })
        }
    }
}

/// Writing is allowed in the turn's directory and nowhere else.
fn sandbox(rights: Rights) -> Value {
    match rights {
        Rights::Read => json!({ "type": "readOnly", "networkAccess": false }),
        Rights::Write => json!({
            "type": "workspaceWrite",
            "writableRoots": [],
            "networkAccess": false,
            "excludeSlashTmp": true,
            "excludeTmpdirEnvVar": true,
        }),
    }
}

struct Turn<'a> {
    thread: &'a mut Thread,
    id: String,
    root: PathBuf,
    model: String,
    news: News,
    /// `None` when nobody is to be asked.
    approvals: Option<Approvals>,
    /// Questions that are with the client.
    replies: JoinSet<Answered>,
    /// The files of each change that was told of, by its id.
    files: HashMap<String, Vec<String>>,
    meter: Meter,
    /// The last message so far.
    answer: Option<String>,
    /// The last message so far that was only a remark on the way.
    comment: Option<String>,
    /// Bytes of the message that is being written.
    written: usize,
}

/// The client's answer to a question.
struct Answered {
    /// Of Codex's request.
    id: Value,
    /// What it is to be told.
    reply: Value,
    /// The item that may go on.
    allowed: Option<String>,
}

impl Turn<'_> {
    /// Takes part in the turn until it ends.
    async fn watch(&mut self, given_up: &CancellationToken) -> Result<Ended, Failure> {
        let mut deadline = Instant::now() + TURN_LIMIT;
        let mut ticks = interval(PROGRESS_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_asking = !self.replies.is_empty();
            tokio::select! {
                () = given_up.cancelled() => return Err(Failure::Cancelled),
                () = sleep_until(deadline) => return Err(Failure::TurnLimit(TURN_LIMIT)),
                event = self.thread.inbox.next() => match event {
                    Some(Event::Completed(ended)) if ended.id == self.id => return Ok(ended),
                    Some(event) => self.take(event),
                    None => return Err(Failure::Ended(self.thread.server.last_words().await)),
                },
                Some(Ok(answered)) = self.replies.join_next() => self.answer(&answered),
                _ = ticks.tick() => {}
            }
            if is_asking {
                deadline = Instant::now() + TURN_LIMIT;
            }
            self.news.tell().await;
        }
    }

    fn take(&mut self, event: Event) {
        self.news.sign();
        match event {
            Event::Began { turn, id, item } if turn == self.id => self.began(&id, &item),
            Event::Done { turn, id, item } if turn == self.id => self.done(&id, item),
            Event::Usage { turn, usage } if turn == self.id => self.meter.take(&usage),
            Event::Thinking => self.news.now("thinking"),
            Event::Writing(bytes) => {
                self.written += bytes;
                let kilobytes = self.written.div_ceil(1024);
                self.news.now(&format!("writing ({kilobytes} kB)"));
            }
            Event::Rerouted { model } => self.model = model,
            Event::Retrying { message } => self.news.now(&progress::retrying(&message)),
            Event::Asked(question) => self.asked(&question),
            // Something of an earlier turn.
            Event::Began { .. }
            | Event::Done { .. }
            | Event::Usage { .. }
            | Event::Completed(_) => {}
        }
    }

    fn began(&mut self, id: &str, item: &Item) {
        match progress::words(item, &self.root) {
            Some(words) if item.lasts() => self.news.begin(id, &words),
            Some(words) => self.news.now(&words),
            None => {}
        }
        self.written = 0;
        if let Item::FileChange { changes } = item {
            let files = changes.iter().map(|change| change.path.clone());
            self.files.insert(id.to_owned(), files.collect());
        }
    }

    fn done(&mut self, id: &str, item: Item) {
        self.news.end(id);
        let Item::AgentMessage { text, phase } = item else {
            return;
        };
        if phase.as_deref() == Some(COMMENTARY) {
            self.news.now(&text);
            self.comment = Some(text);
        } else {
            self.answer = Some(text);
        }
    }

    /// Sees to it that a request is answered: at once, or when the client has answered.
    fn asked(&mut self, question: &Question) {
        let connection = &self.thread.server.connection;
        match approval::read(question, &self.files, &self.root) {
            Asked::Unknown => connection.refuse(question),
            Asked::Settled(answer) => connection.answer(&question.id, &answer),
            Asked::Person(ask) => {
                let can_ask = self.replies.len() < MOST_ASKED;
                let Some(approvals) = self.approvals.clone().filter(|_| can_ask) else {
                    let nobody = Verdict::Deny("nobody is asked".to_owned());
                    connection.answer(&question.id, &ask.reply.to(&nobody));
                    return;
                };
                let (id, item) = (question.id.clone(), approval::item(question));
                self.news.begin(&waiting(&id), "waiting for approval");
                self.replies.spawn(async move {
                    let verdict = approvals.ask(&ask.message, ask.approval).await;
                    Answered {
                        reply: ask.reply.to(&verdict),
                        allowed: item.filter(|_| !matches!(verdict, Verdict::Deny(_))),
                        id,
                    }
                });
            }
        }
    }

    /// Hands the client's answer to Codex.
    fn answer(&mut self, answered: &Answered) {
        let Answered { id, reply, allowed } = answered;
        self.thread.server.connection.answer(id, reply);
        self.news.withdraw(&waiting(id));
        if let Some(item) = allowed {
            self.news.begin_again(item);
        }
    }

    fn outcome(self, ended: &Ended) -> Result<Outcome, Failure> {
        match ended.status.as_str() {
            "failed" => {
                let unknown = TurnError::default();
                return Err(Failure::of_turn(ended.error.as_ref().unwrap_or(&unknown)));
            }
            "interrupted" => return Err(Failure::Interrupted),
            _ => {}
        }
        let text = self.answer.or_else(|| ended.last_message());
        let text = text.or(self.comment).filter(|text| !text.trim().is_empty());
        Ok(Outcome {
            text: text.ok_or(Failure::NoAnswer)?,
            usage: self.meter.usage(&self.model),
            session: self.thread.id.clone(),
        })
    }

    /// Makes Codex end the turn. If it does not, its app-server gets no more calls.
    async fn interrupt(&mut self) {
        self.replies.abort_all();
        let Thread {
            server, inbox, id, ..
        } = &mut *self.thread;
        let params = json!({ "threadId": id, "turnId": self.id });
        let ending = async {
            // When it refuses, the turn has ended already, which the inbox tells.
            let _ = server
                .connection
                .request::<Value>("turn/interrupt", params)
                .await;
            while let Some(event) = inbox.next().await {
                match event {
                    Event::Completed(ended) if ended.id == self.id => return,
                    Event::Asked(question) => server.connection.refuse(&question),
                    _ => {}
                }
            }
        };
        if timeout(INTERRUPT_LIMIT, ending).await.is_err() {
            server.retire();
        }
    }
}

/// The id of the wait for an answer.
fn waiting(request: &Value) -> String {
    format!("approval {request}")
}

/// What a turn costs, as the difference of what its thread has cost.
#[derive(Default)]
struct Meter {
    before: Option<Tokens>,
    after: Option<Tokens>,
}

impl Meter {
    /// The same may be told again.
    fn take(&mut self, usage: &TokenUsage) {
        let TokenUsage { total, last } = usage;
        self.before.get_or_insert(Tokens {
            input_tokens: total.input_tokens.saturating_sub(last.input_tokens),
            output_tokens: total.output_tokens.saturating_sub(last.output_tokens),
        });
        self.after = Some(*total);
    }

    fn usage(&self, model: &str) -> Option<Usage> {
        let (before, after) = (self.before?, self.after?);
        Some(Usage {
            input_tokens: Some(after.input_tokens.saturating_sub(before.input_tokens)),
            output_tokens: Some(after.output_tokens.saturating_sub(before.output_tokens)),
            cost_usd: None,
            model: Some(model.to_owned()).filter(|model| !model.is_empty()),
        })
    }
}
