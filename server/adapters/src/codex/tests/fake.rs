//! An app-server in this process: answers as the real one does, and plays one script per turn.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::codex::app_server::Launched;
use crate::codex::host::Host;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// What happens in a turn. In messages, `$thread` and `$turn` stand for their ids.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A notification.
    Tell(&'static str, Value),
    /// A line as it is.
    Line(String),
    /// A request; the script goes on with the answer.
    Ask(&'static str, Value),
    /// The turn ends with this message.
    Answer(String),
    /// The turn fails with this error.
    Fail(Value),
    /// Nothing more happens until the turn is interrupted.
    Hang,
    /// Nothing more happens, whatever is said.
    Stubborn,
    /// The program ends.
    Die,
}

/// The program, through all its starts.
#[derive(Default)]
pub(super) struct Fake {
    starts: AtomicUsize,
    turns: AtomicUsize,
    scripts: Mutex<VecDeque<Vec<Step>>>,
    heard: Mutex<Vec<Value>>,
    news: Notify,
    /// Results by method, instead of the usual ones. `null` is no answer at all.
    pub(super) results: HashMap<&'static str, Value>,
}

/// One run of the program.
#[derive(Clone)]
struct Run {
    fake: Arc<Fake>,
    /// Lines to say; `None` is the end.
    out: mpsc::UnboundedSender<Option<String>>,
    asked: Arc<Mutex<HashMap<u64, oneshot::Sender<()>>>>,
    turns: Arc<Mutex<HashMap<String, CancellationToken>>>,
    end: CancellationToken,
}

impl Fake {
    /// Plays these scripts, one per turn; further turns are answered with `fine`.
    pub(super) fn new(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self {
            scripts: Mutex::new(scripts.into_iter().collect()),
            ..Self::default()
        }
    }

    pub(super) fn host(self: &Arc<Self>) -> Host {
        let fake = Arc::clone(self);
        Host::new(Box::new(move || {
            fake.starts.fetch_add(1, Ordering::Relaxed);
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            tokio::spawn(serve(Arc::clone(&fake), theirs));
            let (read, write) = tokio::io::split(ours);
            Ok(Launched {
                read: Box::new(read),
                write: Box::new(write),
                child: None,
            })
        }))
    }

    /// How often it was started.
    pub(super) fn starts(&self) -> usize {
        self.starts.load(Ordering::Relaxed)
    }

    /// The parameters, result or error of each message heard with this method; answers have the method `answer`.
    pub(super) fn heard(&self, method: &str) -> Vec<Value> {
        let heard = self.heard.lock().unwrap();
        let of = |message: &&Value| message["method"].as_str().unwrap_or("answer") == method;
        heard.iter().filter(of).cloned().collect()
    }

    /// Waits until this many messages with this method were heard.
    pub(super) async fn until_heard(&self, method: &str, count: usize) {
        loop {
            let news = self.news.notified();
            if self.heard(method).len() >= count {
                return;
            }
            news.await;
        }
    }
}

async fn serve(fake: Arc<Fake>, stream: DuplexStream) {
    let (read, mut write) = tokio::io::split(stream);
    let (out, mut lines) = mpsc::unbounded_channel();
    let run = Run {
        fake,
        out,
        asked: Arc::default(),
        turns: Arc::default(),
        end: CancellationToken::new(),
    };
    let mut read = BufReader::new(read).lines();
    let hear = async {
        while let Ok(Some(line)) = read.next_line().await {
            run.hear(&serde_json::from_str(&line).unwrap());
        }
    };
    let speak = async {
        while let Some(Some(line)) = lines.recv().await {
            let line: String = line;
            if write.write_all(line.as_bytes()).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = hear => {}
        () = speak => {}
        () = run.end.cancelled() => {}
    }
    run.end.cancel();
}

impl Run {
    fn say(&self, message: &Value) {
        let _ = self.out.send(Some(format!("{message}\n")));
    }

    fn hear(&self, message: &Value) {
        self.fake.heard.lock().unwrap().push(message.clone());
        self.fake.news.notify_waiters();
        let (id, params) = (&message["id"], &message["params"]);
        let Some(method) = message["method"].as_str() else {
            let asked = id
                .as_u64()
                .and_then(|id| self.asked.lock().unwrap().remove(&id));
            if let Some(asked) = asked {
                let _ = asked.send(());
            }
            return;
        };
        let thread = params["threadId"].as_str().unwrap_or("t-new").to_owned();
        let result = match method {
            _ if id.is_null() => return,
            _ if self.fake.results.contains_key(method) => self.fake.results[method].clone(),
            "initialize" => json!({ "userAgent": "crosscheck/0.169.0 (test)" }),
            "account/read" => json!({ "account": null, "requiresOpenaiAuth": false }),
            "thread/start" => {
                let count = self.fake.heard("thread/start").len();
                json!({ "thread": { "id": format!("t{count}") }, "model": "m" })
            }
            "thread/resume" if !thread.starts_with('t') => {
                let error = json!({ "code": -32600, "message": "no rollout found" });
                return self.say(&json!({ "id": id, "error": error }));
            }
            "thread/resume" => json!({ "thread": { "id": thread }, "model": "m" }),
            "turn/start" => return self.begin(id, thread),
            "turn/interrupt" => {
                if let Some(turn) = self.turns.lock().unwrap().remove(&thread) {
                    turn.cancel();
                }
                json!({})
            }
            _ => json!({}),
        };
        if !result.is_null() {
            self.say(&json!({ "id": id, "result": result }));
        }
    }

    fn begin(&self, id: &Value, thread: String) {
        let number = self.fake.turns.fetch_add(1, Ordering::Relaxed) + 1;
        let turn = format!("u{number}");
        self.say(&json!({ "id": id, "result": { "turn": { "id": turn } } }));
        let script = self.fake.scripts.lock().unwrap().pop_front();
        let script = script.unwrap_or_else(|| vec![Step::Answer("fine".to_owned())]);
        let interrupted = CancellationToken::new();
        let mut turns = self.turns.lock().unwrap();
        turns.insert(thread.clone(), interrupted.clone());
        let run = self.clone();
        tokio::spawn(async move {
            let play = run.play(script, &thread, &turn);
            tokio::select! {
                () = play => {}
                () = interrupted.cancelled() => run.complete(&thread, &turn, "interrupted", &json!({})),
                () = run.end.cancelled() => {}
            }
        });
    }

    async fn play(&self, script: Vec<Step>, thread: &str, turn: &str) {
        let filled = |message: Value| {
            let text = message.to_string();
            text.replace("$thread", thread).replace("$turn", turn) + "\n"
        };
        for (number, step) in script.into_iter().enumerate() {
            match step {
                Step::Tell(method, mut params) => {
                    params["threadId"] = json!("$thread");
                    params["turnId"] = json!("$turn");
                    let _ = self
                        .out
                        .send(Some(filled(json!({ "method": method, "params": params }))));
                }
                Step::Line(line) => {
                    let _ = self.out.send(Some(line + "\n"));
                }
                Step::Ask(method, mut params) => {
                    params["threadId"] = json!("$thread");
                    let id = number as u64;
                    let (sender, answered) = oneshot::channel();
                    self.asked.lock().unwrap().insert(id, sender);
                    let request = json!({ "id": id, "method": method, "params": params });
                    let _ = self.out.send(Some(filled(request)));
                    let _ = answered.await;
                }
                Step::Answer(text) => {
                    let item = json!({ "type": "agentMessage", "text": text, "phase": null });
                    self.complete(thread, turn, "completed", &json!({ "items": [item] }));
                }
                Step::Fail(error) => {
                    self.complete(thread, turn, "failed", &json!({ "error": error }))
                }
                Step::Hang => std::future::pending().await,
                Step::Stubborn => {
                    self.turns.lock().unwrap().remove(thread);
                    std::future::pending().await
                }
                Step::Die => {
                    let _ = self.out.send(None);
                }
            }
        }
        self.turns.lock().unwrap().remove(thread);
    }

    fn complete(&self, thread: &str, turn: &str, status: &str, more: &Value) {
        let mut ended = json!({ "id": turn, "status": status, "items": [] });
        for (key, value) in more.as_object().unwrap() {
            ended[key] = value.clone();
        }
        let params = json!({ "threadId": thread, "turn": ended });
        self.say(&json!({ "method": "turn/completed", "params": params }));
    }
}
