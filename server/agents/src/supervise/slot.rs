//! One agent in one root: started when needed, started again when it failed, watched while it runs.

use super::backoff::{Backoff, Verdict};
use super::deadline::within;
use super::places::Places;
use crate::connection::{Connecting, Connection, Era, Failure, Reading, STEPS};
use crate::spec::{AgentSpec, Endpoint, OperationSpec};
use crate::transport::Listener;
use crate::{AgentEvent, AgentStatus, Answer, Call, CallError, CallProgress, ServerInfo, State};
use futures::FutureExt;
use process::Shutdown;
use serde_json::{Map, Value};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until};

/// A restart that is due within this time is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a program may go on with a call that was given up. Tests have no time.
pub(crate) const GRACE: Duration = Duration::from_millis(if cfg!(test) { 200 } else { 5000 });

/// What all agents share.
pub(crate) struct Context {
    pub(crate) events: Arc<dyn Fn(AgentEvent) + Send + Sync>,
    /// What the command `crosscheck` stands for.
    pub(crate) ourselves: OnceLock<PathBuf>,
    pub(crate) is_closed: AtomicBool,
    /// All connections that may still stand, also those of agents that are configured no more.
    pub(crate) connections: Mutex<Vec<Weak<Connection>>>,
}

/// One agent in one root.
pub(crate) struct Slot {
    spec: Arc<AgentSpec>,
    root: PathBuf,
    places: Arc<Places>,
    era: Arc<Mutex<Option<Era>>>,
    context: Arc<Context>,
    state: Mutex<Inner>,
    changed: watch::Sender<()>,
    running: AtomicUsize,
    queued: AtomicUsize,
}

struct Inner {
    phase: Phase,
    backoff: Backoff,
    starts: u32,
    last_error: Option<String>,
    server: Option<ServerInfo>,
}

enum Phase {
    Idle,
    Starting { attempt: u32, task: AbortHandle },
    Ready(Arc<Connection>),
    Backoff { until: Instant },
    Down { reason: String },
}

/// A call that uses a connection. Its end may be the time to end the connection.
struct Running<'a> {
    slot: &'a Arc<Slot>,
    connection: Arc<Connection>,
}

/// What to do about the phase just seen.
enum Next<'a> {
    Use(Running<'a>),
    WaitForChange,
    WaitUntil(Instant),
}

impl Slot {
    pub(crate) fn new(
        spec: Arc<AgentSpec>,
        root: PathBuf,
        places: Arc<Places>,
        era: Arc<Mutex<Option<Era>>>,
        context: Arc<Context>,
    ) -> Arc<Self> {
        let state = Inner {
            phase: Phase::Idle,
            backoff: Backoff::default(),
            starts: 0,
            last_error: None,
            server: None,
        };
        Arc::new(Self {
            spec,
            root,
            places,
            era,
            context,
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            running: AtomicUsize::new(0),
            queued: AtomicUsize::new(0),
        })
    }

    /// Makes a call; waits for a place and for the agent as long as that makes sense.
    pub(crate) async fn call(
        self: &Arc<Self>,
        operation: &OperationSpec,
        arguments: Map<String, Value>,
        call: &Call,
    ) -> Result<Answer, CallError> {
        let queued = Count::up(&self.queued);
        let _place = self.places.take(&call.progress).await;
        drop(queued);
        let running = self.connected(Some(&call.progress)).await?;
        // Nobody may be interested in news.
        let _ = call.progress.send(CallProgress::Running);
        let listener = Arc::new(Listener::new(call.progress.clone()));
        let sent = Instant::now();
        let calling =
            running
                .connection
                .call_tool(&operation.tool, arguments, &call.root, &listener);
        let outcome = within(&self.spec.limits, &listener, calling).await;
        listener.flush();
        match outcome {
            Ok(Ok(Reading {
                structured,
                texts,
                left_out,
            })) => {
                let (format, elapsed) = (operation.answer, sent.elapsed());
                Ok(Answer {
                    structured,
                    texts,
                    left_out,
                    format,
                    elapsed,
                })
            }
            Ok(Err(failure)) => Err(self.explain(failure)),
            Err(passed) => Err(CallError::Timeout {
                agent: self.name(),
                what: passed.what,
                after: passed.after,
            }),
        }
    }

    /// Starts the agent if needed and lists its tools.
    pub(crate) async fn inspect(self: &Arc<Self>) -> Result<crate::Inspection, CallError> {
        let running = self.connected(None).await?;
        let after = self.spec.limits.start;
        match tokio::time::timeout(after, running.connection.tools()).await {
            Ok(Ok(tools)) => Ok(crate::Inspection {
                server: running.connection.server.clone(),
                tools,
            }),
            Ok(Err(failure)) => Err(self.explain(failure)),
            Err(_) => Err(CallError::Timeout {
                agent: self.name(),
                what: "did not list its tools",
                after,
            }),
        }
    }

    pub(crate) fn status(&self) -> AgentStatus {
        self.status_of(&self.lock())
    }

    /// Ends the connection, by these steps in the background, and forgets all failures.
    pub(crate) fn stop(&self, reason: &str, steps: Shutdown) {
        let phase = self.change(|state| {
            state.backoff.reset();
            state.last_error = None;
            std::mem::replace(&mut state.phase, Phase::Idle)
        });
        match phase {
            Phase::Starting { task, .. } => task.abort(),
            Phase::Ready(connection) => connection.end(reason, steps),
            _ => {}
        }
    }

    /// Gives a connection that stands, or says why there is none.
    async fn connected(
        self: &Arc<Self>,
        progress: Option<&UnboundedSender<CallProgress>>,
    ) -> Result<Running<'_>, CallError> {
        let mut changed = self.changed.subscribe();
        let mut has_waited = false;
        loop {
            match self.next(has_waited)? {
                Next::Use(running) => return Ok(running),
                Next::WaitForChange => {
                    if let Some(progress) = progress.filter(|_| !has_waited) {
                        let _ = progress.send(CallProgress::Starting);
                    }
                    has_waited = true;
                    // Cannot fail: the sender is in this slot.
                    let _ = changed.changed().await;
                }
                Next::WaitUntil(time) => sleep_until(time).await,
            }
        }
    }

    /// One step of [`Slot::connected`]. `has_waited`: the call waited for a start, so its failure is the call's.
    fn next(self: &Arc<Self>, has_waited: bool) -> Result<Next<'_>, CallError> {
        if self.context.is_closed.load(Ordering::Acquire) {
            return Err(self.down("Crosscheck is shutting down".to_owned()));
        }
        let mut state = self.lock();
        if let Phase::Ready(connection) = &state.phase
            && connection.lost().is_some()
        {
            let connection = Arc::clone(connection);
            drop(state);
            // Its watcher is about to do the same.
            self.lost(&connection);
            state = self.lock();
        }
        let failed = |state: &Inner| {
            state
                .last_error
                .clone()
                .unwrap_or_else(|| "the reason is not known".to_owned())
        };
        match &state.phase {
            Phase::Ready(connection) => {
                // Counted while the state is locked: nobody may end an idle connection that is just taken.
                Ok(Next::Use(Running::new(self, Arc::clone(connection))))
            }
            Phase::Starting { .. } => Ok(Next::WaitForChange),
            Phase::Backoff { .. } | Phase::Down { .. } if has_waited => Err(CallError::Start {
                agent: self.name(),
                reason: failed(&state),
            }),
            Phase::Down { reason } => Err(self.down(reason.clone())),
            Phase::Backoff { until } => {
                let left = until.saturating_duration_since(Instant::now());
                if left > PATIENCE {
                    let seconds = left.as_secs() + 1;
                    let reason = failed(&state);
                    return Err(
                        self.down(format!("{reason}; it can be tried again in {seconds} s"))
                    );
                }
                if !left.is_zero() {
                    return Ok(Next::WaitUntil(*until));
                }
                drop(state);
                self.start();
                Ok(Next::WaitForChange)
            }
            Phase::Idle => {
                drop(state);
                self.start();
                Ok(Next::WaitForChange)
            }
        }
    }

    /// Starts the agent in a task of its own, unless somebody else was quicker.
    fn start(self: &Arc<Self>) {
        self.change(|state| {
            let due = match &state.phase {
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
        };
        connecting.connect().await
    }

    fn started(self: &Arc<Self>, attempt: u32, connected: Result<Connection, String>) {
        let connection = match connected {
            Ok(connection) => Arc::new(connection),
            Err(reason) => return self.fail(&reason, |phase| is_attempt(phase, attempt)),
        };
        *self.era.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.era);
        self.context.remember(&connection);
        let taken = self.change(|state| {
            let wanted = is_attempt(&state.phase, attempt);
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
    fn lost(self: &Arc<Self>, connection: &Arc<Connection>) {
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
    fn recycle_if_stuck(self: &Arc<Self>, connection: &Arc<Connection>) {
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

    fn explain(&self, failure: Failure) -> CallError {
        let agent = self.name();
        match failure {
            Failure::Gone(reason) => CallError::Gone { agent, reason },
            Failure::Refused(message) => CallError::Refused { agent, message },
            Failure::Unusable(reason) => CallError::Unusable { agent, reason },
        }
    }

    fn down(&self, reason: String) -> CallError {
        CallError::Down {
            agent: self.name(),
            reason,
        }
    }

    fn name(&self) -> String {
        self.spec.name.clone()
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

    fn status_of(&self, state: &Inner) -> AgentStatus {
        let is_program = matches!(self.spec.endpoint, Endpoint::Stdio { .. });
        AgentStatus {
            name: self.name(),
            provider: self.spec.provider.clone(),
            source: self.spec.source.clone(),
            root: is_program.then(|| self.root.clone()),
            state: self.state_of(&state.phase),
            server: state.server.clone(),
            pid: match &state.phase {
                Phase::Ready(connection) => connection.pid,
                _ => None,
            },
            running: self.running.load(Ordering::Acquire),
            queued: self.queued.load(Ordering::Acquire),
            starts: state.starts,
            last_error: state.last_error.clone(),
        }
    }

    #[expect(clippy::unused_self, reason = "reads better at its calls")]
    fn state_of(&self, phase: &Phase) -> State {
        match phase {
            Phase::Idle => State::Idle,
            Phase::Starting { .. } => State::Starting,
            Phase::Ready(_) => State::Ready,
            Phase::Backoff { until } => {
                let left = until.saturating_duration_since(Instant::now()).as_millis();
                State::Backoff {
                    retry_ms: u64::try_from(left).unwrap_or(u64::MAX),
                }
            }
            Phase::Down { reason } => State::Down {
                reason: reason.clone(),
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

impl<'a> Running<'a> {
    fn new(slot: &'a Arc<Slot>, connection: Arc<Connection>) -> Self {
        slot.running.fetch_add(1, Ordering::AcqRel);
        Self { slot, connection }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.slot.running.fetch_sub(1, Ordering::AcqRel);
        if !self.connection.has_stuck(Duration::ZERO) {
            return;
        }
        self.slot.recycle_if_stuck(&self.connection);
        let (slot, connection) = (Arc::downgrade(self.slot), Arc::downgrade(&self.connection));
        // Without a runtime nothing is left to be recycled.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                sleep(GRACE).await;
                if let (Some(slot), Some(connection)) = (slot.upgrade(), connection.upgrade()) {
                    slot.recycle_if_stuck(&connection);
                }
            });
        }
    }
}

/// One more, as long as it lives.
struct Count<'a>(&'a AtomicUsize);

impl<'a> Count<'a> {
    fn up(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn is_attempt(phase: &Phase, attempt: u32) -> bool {
    matches!(phase, Phase::Starting { attempt: current, .. } if *current == attempt)
}
