//! The life of an agent's connection: started in the background, watched, started again or left alone, ended.

use super::backoff::Verdict;
use super::slot::{Context, GRACE, Inner, Phase, Slot};
use crate::AgentEvent;
use crate::connection::{Connecting, Connection, STEPS};
use futures::FutureExt;
use process::Shutdown;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use tokio::time::Instant;

impl Slot {
    /// Ends the connection, by these steps in the background, and forgets all failures. The connection that is ending,
    /// for who waits until nothing of it is left.
    pub(crate) fn stop(&self, reason: &str, steps: Shutdown) -> Option<Arc<Connection>> {
        let phase = self.change(|state| {
            state.backoff.reset();
            state.last_error = None;
            std::mem::replace(&mut state.phase, Phase::Idle)
        });
        match phase {
            Phase::Starting { task, .. } => task.abort(),
            Phase::Ready(connection) => {
                connection.end(reason, steps);
                return Some(connection);
            }
            _ => {}
        }
        None
    }

    /// Starts the agent in a task of its own, unless somebody else was quicker.
    pub(super) fn start(self: &Arc<Self>) {
        self.change(|state| {
            let due = match &state.phase {
                _ if self.is_closed() => false,
                Phase::Idle => true,
                Phase::Backoff { until } => *until <= Instant::now(),
                _ => false,
            };
            if !due {
                return;
            }
            state.starts += 1;
            let attempt = state.starts;
            let slot = Arc::clone(self);
            // It has to wait for the lock that is held here before it can report.
            let task = tokio::spawn(async move {
                let connecting = AssertUnwindSafe(slot.connect()).catch_unwind();
                let broken =
                    |_| Err("starting it failed inside Crosscheck, which is a bug".to_owned());
                let connected = connecting.await.unwrap_or_else(broken);
                slot.started(attempt, connected);
            });
            state.phase = Phase::Starting {
                attempt,
                task: task.abort_handle(),
            };
        });
        if self.is_closed() {
            // Whoever waits for the start has to learn that there is none.
            self.changed.send_replace(());
        }
    }

    async fn connect(&self) -> Result<Connection, String> {
        let (events, agent) = (Arc::clone(&self.context.events), self.name());
        let notice = move |text: String| {
            let text = format!("Agent `{agent}` {text}.");
            events(AgentEvent::Notice {
                agent: agent.clone(),
                text,
            });
        };
        let era = *self.era.lock().unwrap_or_else(PoisonError::into_inner);
        let connecting = Connecting {
            spec: &self.spec,
            root: &self.root,
            ourselves: self.context.ourselves.get().map(PathBuf::as_path),
            era,
            notice: Arc::new(notice),
            asker: self.context.asker.get().cloned(),
            login: self.login.clone(),
        };
        if let Some(login) = &self.login {
            login.begin();
        }
        connecting.connect().await
    }

    fn started(self: &Arc<Self>, attempt: u32, connected: Result<Connection, String>) {
        let connection = match connected {
            Ok(connection) => Arc::new(connection),
            // That is no failure of the agent's: whoever called can do something about it.
            Err(reason) if self.wants_login() => {
                self.change(|state| {
                    if is_attempt(&state.phase, attempt) {
                        state.last_error = Some(reason);
                        state.phase = Phase::Idle;
                    }
                });
                return;
            }
            Err(reason) => return self.fail(&reason, |phase| is_attempt(phase, attempt)),
        };
        *self.era.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.era);
        self.context.remember(&connection);
        let taken = self.change(|state| {
            let wanted = is_attempt(&state.phase, attempt) && !self.is_closed();
            if wanted {
                state.server = Some(connection.server.clone());
                state.phase = Phase::Ready(Arc::clone(&connection));
            }
            wanted
        });
        if !taken {
            return connection.end("it is not needed any more", STEPS);
        }
        let (slot, loss, connection) = (
            Arc::downgrade(self),
            connection.loss(),
            Arc::downgrade(&connection),
        );
        tokio::spawn(async move {
            loss.await;
            if let (Some(slot), Some(connection)) = (slot.upgrade(), connection.upgrade()) {
                slot.lost(&connection);
            }
        });
    }

    /// A connection is no more. Does nothing if that is known.
    pub(super) fn lost(self: &Arc<Self>, connection: &Arc<Connection>) {
        let Some(lost) = connection.lost() else {
            return;
        };
        let is_current = |phase: &Phase| matches!(phase, Phase::Ready(current) if Arc::ptr_eq(current, connection));
        if lost.deliberate {
            self.change(|state| {
                if is_current(&state.phase) {
                    state.phase = Phase::Idle;
                }
            });
        } else {
            self.fail(&lost.reason, is_current);
        }
    }

    /// The agent failed, if its phase is still the one that this is about.
    fn fail(&self, reason: &str, is_about: impl FnOnce(&Phase) -> bool) {
        let notice = self.change(|state| {
            if !is_about(&state.phase) {
                return None;
            }
            state.last_error = Some(reason.to_owned());
            match state.backoff.failed(Instant::now()) {
                Verdict::Retry(until) => {
                    state.phase = Phase::Backoff { until };
                    let text = format!("failed: {reason}. The next call starts it again");
                    state.backoff.is_first().then_some(text)
                }
                Verdict::GiveUp => {
                    let count = state.backoff.count();
                    let reason = format!("it failed {count} times in a short time; restart it to try again. The last reason: {reason}");
                    state.phase = Phase::Down { reason: reason.clone() };
                    Some(format!("is down: {reason}"))
                }
            }
        });
        if let Some(text) = notice {
            let text = format!("Agent `{}` {text}.", self.spec.name);
            (self.context.events)(AgentEvent::Notice {
                agent: self.name(),
                text,
            });
        }
    }

    /// Ends a connection on which nothing runs but calls that were given up long ago.
    pub(super) fn recycle_if_stuck(self: &Arc<Self>, connection: &Arc<Connection>) {
        let state = self.lock();
        let is_current =
            matches!(&state.phase, Phase::Ready(current) if Arc::ptr_eq(current, connection));
        let is_idle = self.running.load(Ordering::Acquire) == 0;
        if is_current && is_idle && connection.has_stuck(GRACE) {
            drop(state);
            tracing::debug!(
                agent = self.spec.name,
                "recycled: a cancelled call did not end"
            );
            connection.end("it did not end a cancelled call", STEPS);
            self.lost(connection);
        }
    }

    /// Changes the state and tells everybody who waits or watches, if the phase is another one now.
    fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let mut state = self.lock();
        let before = self.state_of(&state.phase);
        let result = change(&mut state);
        let after = self.state_of(&state.phase);
        let status = (before != after).then(|| self.status_of(&state));
        drop(state);
        if let Some(status) = status {
            self.changed.send_replace(());
            (self.context.events)(AgentEvent::Status(Box::new(status)));
        }
        result
    }
}

impl Context {
    fn remember(&self, connection: &Arc<Connection>) {
        let mut connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connections.retain(|connection| connection.strong_count() > 0);
        connections.push(Arc::downgrade(connection));
    }
}

fn is_attempt(phase: &Phase, attempt: u32) -> bool {
    matches!(phase, Phase::Starting { attempt: current, .. } if *current == attempt)
}
