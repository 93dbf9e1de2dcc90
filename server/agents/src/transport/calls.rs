//! The calls that wait on one connection, and what its transport learns about them.

use super::id;
use super::listener::Listener;
use crate::question::{Asking, Named};
use rmcp::model::{GetExtensions, GetMeta, JsonRpcMessage, ProgressToken, RequestId};
use rmcp::service::{RoleClient, TxJsonRpcMessage};
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// The request by which an agent asks a person.
pub(crate) const QUESTION: &str = "elicitation/create";

/// The calls that wait on one connection. Its transport, its calls and its keeper share it.
pub(crate) struct Calls {
    waiting: Mutex<Waiting>,
    lost: OnceLock<Lost>,
    is_lost: CancellationToken,
    /// No more messages will come; why, if that is not just the end of the stream.
    silent: OnceLock<Option<String>>,
    is_silent: CancellationToken,
    noted: Mutex<Vec<&'static str>>,
    notice: Arc<Notice>,
    /// Questions of the agent that have no answer yet, by the ids of its requests.
    questions: watch::Sender<HashMap<RequestId, CancellationToken>>,
    pub(crate) asking: Asking,
}

/// Tells a person a sentence about the agent.
pub(crate) type Notice = dyn Fn(String) + Send + Sync;

/// Why a connection is no more.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    /// What happened, for people.
    pub(crate) reason: String,
    /// We wanted it.
    pub(crate) deliberate: bool,
}

/// A request of a call that waits for its answer.
#[derive(Clone, Debug)]
pub(crate) struct InFlight {
    pub(crate) listener: Arc<Listener>,
    /// It was answered or given up.
    pub(crate) is_over: CancellationToken,
}

/// The calls that a question may come from.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The latest is the last.
    pub(crate) calls: Vec<InFlight>,
    /// It is the one call there, without doubt.
    pub(crate) is_certain: bool,
    /// Where the latest call came from, also if it has ended.
    pub(crate) root: Option<PathBuf>,
}

#[derive(Default)]
struct Waiting {
    listeners: HashMap<RequestId, InFlight>,
    latest_root: Option<PathBuf>,
    tokens: HashMap<ProgressToken, RequestId>,
    /// Given up by us, not yet answered.
    abandoned: HashMap<RequestId, Instant>,
}

impl Calls {
    pub(crate) fn new(notice: Arc<Notice>) -> Self {
        Self {
            waiting: Mutex::default(),
            lost: OnceLock::new(),
            is_lost: CancellationToken::new(),
            silent: OnceLock::new(),
            is_silent: CancellationToken::new(),
            noted: Mutex::default(),
            notice,
            questions: watch::Sender::default(),
            asking: Asking::default(),
        }
    }

    /// With somebody who answers questions.
    pub(crate) fn with_asking(self, asking: Asking) -> Self {
        Self { asking, ..self }
    }

    /// For another attempt to connect.
    pub(crate) fn again(&self) -> Self {
        Self::new(Arc::clone(&self.notice)).with_asking(self.asking.clone())
    }

    /// Looks at a message before it is sent: remembers who waits for a request's answer and progress. The
    /// [`Listener`] comes with the request, so that no answer can be quicker. What answers a question closes it.
    pub(super) fn sending(&self, message: &TxJsonRpcMessage<RoleClient>) {
        let request = match message {
            JsonRpcMessage::Request(request) => request,
            JsonRpcMessage::Response(answer) => return self.close(&answer.id),
            _ => return,
        };
        let Some(listener) = request.request.extensions().get::<Arc<Listener>>() else {
            return;
        };
        let mut waiting = self.lock();
        if let Some(token) = request.request.get_meta().get_progress_token() {
            waiting.tokens.insert(token, request.id.clone());
        }
        waiting.latest_root = Some(listener.root.clone());
        let in_flight = InFlight {
            listener: Arc::clone(listener),
            is_over: CancellationToken::new(),
        };
        waiting.listeners.insert(request.id.clone(), in_flight);
    }

    /// Takes a notification. Only progress, and questions that are taken back, mean anything to us.
    pub(super) fn notified(&self, method: &str, params: &Value) {
        match method {
            "notifications/progress" => self.progressed(params),
            "notifications/cancelled" => {
                let id = params.get("requestId").and_then(id::from_json);
                let questions = self.questions.borrow();
                if let Some(question) = id.and_then(|id| questions.get(&id)) {
                    question.cancel();
                }
            }
            _ => tracing::debug!(method, "notification"),
        }
    }

    fn progressed(&self, params: &Value) {
        let token = params
            .get("progressToken")
            .and_then(id::from_json)
            .map(id::canonical);
        let listener = token.and_then(|token| {
            let waiting = self.lock();
            let id = waiting.tokens.get(&ProgressToken(token))?;
            waiting.listeners.get(id).map(|of| Arc::clone(&of.listener))
        });
        if let Some(listener) = listener {
            listener.progressed(params);
        }
    }

    /// Takes note of an answer; gives whoever waited for it.
    pub(super) fn answered(&self, answered: &RequestId) -> Option<Arc<Listener>> {
        self.lock().forget(&id::canonical(answered.clone()))
    }

    /// Says why a call's answer, which is about to be passed on as an error, cannot be used.
    pub(super) fn spoil(&self, answered: &RequestId, reason: &str) {
        if let Some(of) = self.lock().listeners.get(&id::canonical(answered.clone())) {
            of.listener.spoil(reason.to_owned());
        }
    }

    /// The ids of all calls that wait.
    pub(super) fn ids(&self) -> Vec<RequestId> {
        self.lock().listeners.keys().cloned().collect()
    }

    /// The id of the call that waits, if there is just one.
    pub(super) fn only_id(&self) -> Option<RequestId> {
        let mut ids = self.ids();
        if ids.len() == 1 { ids.pop() } else { None }
    }

    /// A call is given up: its answer is ignored when it comes.
    pub(crate) fn abandon(&self, id: &RequestId) {
        let mut waiting = self.lock();
        if waiting.forget(id).is_some() {
            waiting.abandoned.insert(id.clone(), Instant::now());
        }
    }

    /// Whether a call that was given up this long ago has still not been answered.
    pub(crate) fn has_stuck(&self, grace: Duration) -> bool {
        self.lock()
            .abandoned
            .values()
            .any(|since| since.elapsed() >= grace)
    }

    /// A request of the agent is a question. Gives what tells that it was taken back.
    pub(crate) fn open(&self, id: &RequestId) -> CancellationToken {
        let mut taken_back = CancellationToken::new();
        self.questions.send_modify(|questions| {
            taken_back = questions.entry(id.clone()).or_default().clone();
        });
        taken_back
    }

    /// A question is answered.
    fn close(&self, id: &RequestId) {
        self.questions
            .send_if_modified(|questions| questions.remove(id).is_some());
    }

    /// Resolves when all questions are answered.
    pub(super) async fn all_closed(&self) {
        // Cannot fail: the sender is here.
        let _ = self.questions.subscribe().wait_for(HashMap::is_empty).await;
    }

    /// The calls that a question may come from: the named one, or else all that wait. `None` when the named one has
    /// ended.
    pub(crate) fn origin(&self, named: Option<&Named>) -> Option<Origin> {
        let waiting = self.lock();
        let root = waiting.latest_root.clone();
        if let Some(named) = named {
            let call = waiting.listeners.get(&waiting.id(named)?)?.clone();
            return Some(Origin {
                calls: vec![call],
                is_certain: true,
                root,
            });
        }
        let mut calls: Vec<_> = waiting.listeners.iter().collect();
        // Ids grow.
        calls.sort_by_key(|(id, _)| id::number(id));
        let calls: Vec<InFlight> = calls.into_iter().map(|(_, of)| of.clone()).collect();
        // One that was given up may still ask.
        let is_certain = calls.len() == 1 && waiting.abandoned.is_empty();
        Some(Origin {
            calls,
            is_certain,
            root,
        })
    }

    /// The transport read its last message.
    pub(super) fn fall_silent(&self, reason: Option<String>) {
        let _ = self.silent.set(reason);
        self.is_silent.cancel();
    }

    /// Resolves when no more messages will come.
    pub(crate) fn silence(&self) -> WaitForCancellationFuture<'_> {
        self.is_silent.cancelled()
    }

    /// Why no more messages come, if there is more to say than that the stream ended.
    pub(crate) fn silence_reason(&self) -> Option<&str> {
        self.silent.get()?.as_deref()
    }

    /// The connection is no more; all calls on it end with this reason. The first reason counts.
    pub(crate) fn lose(&self, lost: Lost) {
        let _ = self.lost.set(lost);
        self.is_lost.cancel();
    }

    /// Why the connection is no more.
    pub(crate) fn lost(&self) -> Option<&Lost> {
        self.lost.get()
    }

    /// Resolves when the connection is no more.
    pub(crate) fn loss(&self) -> WaitForCancellationFuture<'_> {
        self.is_lost.cancelled()
    }

    /// Tells a person, once per connection and kind.
    pub(crate) fn note(&self, kind: &'static str, text: impl FnOnce() -> String) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if !noted.contains(&kind) {
            noted.push(kind);
            drop(noted);
            (self.notice)(text());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn forget(&mut self, id: &RequestId) -> Option<Arc<Listener>> {
        self.abandoned.remove(id);
        let InFlight { listener, is_over } = self.listeners.remove(id)?;
        self.tokens.retain(|_, of| of != id);
        is_over.cancel();
        Some(listener)
    }

    /// The id of a call that waits.
    fn id(&self, named: &Named) -> Option<RequestId> {
        let (Named::Token(name) | Named::Any(name)) = named;
        let name = id::canonical(id::from_json(name)?);
        if matches!(named, Named::Any(_)) && self.listeners.contains_key(&name) {
            return Some(name);
        }
        self.tokens.get(&ProgressToken(name)).cloned()
    }
}
