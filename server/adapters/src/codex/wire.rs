//! The wire of app-server: one JSON message per line, JSON-RPC without its version member, in both directions.
//!
//! Whatever the other side does, a request ends: with its answer, at its deadline, or with the connection.

use super::protocol::{self, Event, Question};
use crate::transport::MAX_MESSAGE;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Longest time for one answer; app-server answers at once, and tells of the work itself by notifications.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Most memory kept for the next line, in bytes.
const KEPT: usize = 1024 * 1024;

/// JSON-RPC's code for a method that is not there.
const NO_SUCH_METHOD: i32 = -32601;

/// A connection. It lives until the input ends, or until its token is cancelled.
pub(super) struct Connection {
    shared: Arc<Shared>,
}

/// Why a request has no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// The connection ended.
    #[error("the connection ended")]
    Closed,
    /// There was no answer in time.
    #[error("no answer within {} s", ANSWER_LIMIT.as_secs())]
    Late,
    /// The other side said no.
    #[error("{0}")]
    Refused(String),
    /// The answer is not what it should be.
    #[error("an answer that is not understood: {0}")]
    Unexpected(#[from] serde_json::Error),
}

/// What happens in one thread, from now on. Dropping it ends the subscription.
pub(super) struct Inbox {
    thread: String,
    /// Unbounded, so that one slow call cannot hold up the others; the events are small, and calls do little but read them.
    events: mpsc::UnboundedReceiver<Event>,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    end: CancellationToken,
}

#[derive(Default)]
struct State {
    closed: bool,
    requests: u64,
    pending: HashMap<u64, oneshot::Sender<Result<Box<RawValue>, RequestError>>>,
    inboxes: HashMap<String, mpsc::UnboundedSender<Event>>,
    /// Lines that were no message, or an answer that nobody waits for.
    ignored: u64,
}

impl Connection {
    /// A connection over two streams. When the input ends, `end` is cancelled; when `end` is cancelled, both streams
    /// are closed.
    pub(super) fn open<R, W>(read: R, write: W, end: CancellationToken) -> Self
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let (outgoing, lines) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            outgoing,
            end,
        });
        tokio::spawn(listen(BufReader::new(read), Arc::clone(&shared)));
        tokio::spawn(speak(write, lines, shared.end.clone()));
        Self { shared }
    }

    /// Makes a request and waits for its result.
    pub(super) async fn request<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Result<T, RequestError> {
        let (sender, answer) = oneshot::channel();
        let id = {
            let mut state = self.shared.state();
            if state.closed {
                return Err(RequestError::Closed);
            }
            state.requests += 1;
            let id = state.requests;
            state.pending.insert(id, sender);
            id
        };
        self.shared
            .say(&json!({ "id": id, "method": method, "params": params }));
        let answer = tokio::time::timeout(ANSWER_LIMIT, answer).await;
        let Ok(answer) = answer else {
            self.shared.state().pending.remove(&id);
            return Err(RequestError::Late);
        };
        let result = answer.unwrap_or(Err(RequestError::Closed))?;
        Ok(serde_json::from_str(result.get())?)
    }

    /// Says something that needs no answer.
    pub(super) fn notify(&self, method: &str) {
        self.shared.say(&json!({ "method": method }));
    }

    /// Answers a request.
    pub(super) fn answer(&self, id: &Value, result: &Value) {
        self.shared.say(&json!({ "id": id, "result": result }));
    }

    /// Refuses a request, which Codex takes as a no.
    pub(super) fn refuse(&self, question: &Question) {
        self.shared.refuse(&question.id, &question.method);
    }

    /// Listens to a thread.
    pub(super) fn subscribe(&self, thread: &str) -> Inbox {
        let (sender, events) = mpsc::unbounded_channel();
        let mut state = self.shared.state();
        if !state.closed {
            state.inboxes.insert(thread.to_owned(), sender);
        }
        Inbox {
            thread: thread.to_owned(),
            events,
            shared: Arc::clone(&self.shared),
        }
    }

    /// How many lines were no message or came for nobody.
    pub(super) fn ignored(&self) -> u64 {
        self.shared.state().ignored
    }
}

impl Inbox {
    /// The next event; `None` when the connection has ended.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.shared.state().inboxes.remove(&self.thread);
        self.events.close();
        while let Ok(event) = self.events.try_recv() {
            if let Event::Asked(question) = event {
                self.shared.refuse(&question.id, &question.method);
            }
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, message: &Value) {
        let line = format!("{message}\n");
        // It fails when the connection has ended, which every request notices by itself.
        let _ = self.outgoing.send(line.into_bytes());
    }

    fn refuse(&self, id: &Value, method: &str) {
        let message = format!("`{method}` is not for this client");
        self.say(&json!({ "id": id, "error": { "code": NO_SUCH_METHOD, "message": message } }));
    }

    /// Takes one line from the other side.
    fn take(&self, line: &[u8]) {
        let message = serde_json::from_slice(line).ok();
        if message.and_then(|message| self.dispatch(message)).is_none() {
            self.state().ignored += 1;
        }
    }

    /// `None` for what makes no sense.
    fn dispatch(&self, message: Message<'_>) -> Option<()> {
        match message {
            Message {
                method: Some(method),
                id: Some(id),
                params,
                ..
            } => self.ask(id, method, params),
            Message {
                method: Some(method),
                params: Some(params),
                ..
            } => {
                if let Some((thread, event)) = protocol::event(&method, params)
                    && let Some(inbox) = self.state().inboxes.get(&thread)
                {
                    // A call that has just ended no longer listens.
                    let _ = inbox.send(event);
                }
            }
            Message {
                id: Some(id),
                result,
                error,
                ..
            } => {
                let pending = self.state().pending.remove(&id.as_u64()?)?;
                let answer = match error {
                    Some(error) => Err(RequestError::Refused(error.message)),
                    None => Ok(result.unwrap_or(RawValue::NULL).to_owned()),
                };
                // Whoever asked may have given up.
                let _ = pending.send(answer);
            }
            Message {
                method: None,
                id: None,
                ..
            } => return None,
            // A notification that says nothing more.
            Message { params: None, .. } => {}
        }
        Some(())
    }

    /// Hands a request to the call it belongs to, or refuses it.
    fn ask(&self, id: Value, method: String, params: Option<&RawValue>) {
        let params = params.unwrap_or(RawValue::NULL);
        let thread = protocol::thread(params);
        let question = Question {
            id,
            method,
            params: serde_json::from_str(params.get()).unwrap_or_default(),
        };
        let state = self.state();
        let unheard = match thread.and_then(|thread| state.inboxes.get(&thread)) {
            Some(inbox) => inbox.send(Event::Asked(question)).err().map(|back| back.0),
            None => Some(Event::Asked(question)),
        };
        drop(state);
        if let Some(Event::Asked(question)) = unheard {
            self.refuse(&question.id, &question.method);
        }
    }
}

/// A message in either direction.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
    #[serde(default, borrow)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<ErrorMessage>,
}

#[derive(Deserialize)]
struct ErrorMessage {
    #[serde(default)]
    message: String,
}

/// Reads until the end of the input or of the connection, then fails what is still waited for.
async fn listen<R: AsyncBufRead + Unpin>(mut read: R, shared: Arc<Shared>) {
    let mut line = Vec::new();
    loop {
        let step = tokio::select! {
            step = next_line(&mut read, &mut line) => step,
            () = shared.end.cancelled() => break,
        };
        match step {
            Ok(Line::Whole) => shared.take(&line),
            Ok(Line::TooLong) => shared.state().ignored += 1,
            Ok(Line::End) | Err(_) => break,
        }
    }
    // Whoever learns of the end by what follows must find it to be one.
    shared.end.cancel();
    let mut state = shared.state();
    state.closed = true;
    state.pending.clear();
    state.inboxes.clear();
}

/// Writes until the end of the connection; then the stream is closed, as whoever reads it expects.
async fn speak<W: AsyncWrite + Unpin>(
    mut write: W,
    mut lines: mpsc::UnboundedReceiver<Vec<u8>>,
    end: CancellationToken,
) {
    let speaking = async {
        while let Some(line) = lines.recv().await {
            // The end of the output tells what this means.
            if write.write_all(&line).await.is_err() || write.flush().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = speaking => {}
        () = end.cancelled() => {}
    }
    let _ = write.shutdown().await;
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads one line of at most [`MAX_MESSAGE`] bytes; of a longer one nothing is kept.
async fn next_line<R: AsyncBufRead + Unpin>(
    read: &mut R,
    line: &mut Vec<u8>,
) -> std::io::Result<Line> {
    line.clear();
    line.shrink_to(KEPT);
    let mut too_long = false;
    loop {
        let available = read.fill_buf().await?;
        if available.is_empty() {
            return Ok(Line::End);
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        too_long = too_long || line.len() + part.len() > MAX_MESSAGE;
        if too_long {
            line.clear();
        } else {
            line.extend_from_slice(part);
        }
        let length = part.len() + usize::from(end.is_some());
        read.consume(length);
        match (end, too_long) {
            (Some(_), false) => return Ok(Line::Whole),
            (Some(_), true) => return Ok(Line::TooLong),
            (None, _) => {}
        }
    }
}
