//! The calls that wait on one connection, and what its transport learns about them.

use super::id;
use super::listener::Listener;
use rmcp::model::{GetExtensions, GetMeta, JsonRpcMessage, ProgressToken, RequestId};
use rmcp::service::{RoleClient, TxJsonRpcMessage};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

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

#[derive(Default)]
struct Waiting {
    listeners: HashMap<RequestId, Arc<Listener>>,
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
        }
    }

    /// For another attempt to connect.
    pub(crate) fn again(&self) -> Self {
        Self::new(Arc::clone(&self.notice))
    }

    /// Looks at a message before it is sent: remembers who waits for a request's answer and progress. The
    /// [`Listener`] comes with the request, so that no answer can be quicker.
    pub(super) fn sending(&self, message: &TxJsonRpcMessage<RoleClient>) {
        let JsonRpcMessage::Request(request) = message else {
            return;
        };
        let Some(listener) = request.request.extensions().get::<Arc<Listener>>() else {
            return;
        };
        let mut waiting = self.lock();
        if let Some(token) = request.request.get_meta().get_progress_token() {
            waiting.tokens.insert(token, request.id.clone());
        }
        waiting
            .listeners
            .insert(request.id.clone(), Arc::clone(listener));
    }

    /// Takes a notification. Only progress means anything to us.
    pub(super) fn notified(&self, method: &str, params: &Value) {
        if method != "notifications/progress" {
            tracing::debug!(method, "notification");
            return;
        }
        let token = params
            .get("progressToken")
            .and_then(id::from_json)
            .map(id::canonical);
        let listener = token.and_then(|token| {
            let waiting = self.lock();
            let id = waiting.tokens.get(&ProgressToken(token))?;
            waiting.listeners.get(id).map(Arc::clone)
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
        if let Some(listener) = self.lock().listeners.get(&id::canonical(answered.clone())) {
            listener.spoil(reason.to_owned());
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
        let listener = self.listeners.remove(id)?;
        self.tokens.retain(|_, of| of != id);
        Some(listener)
    }
}
