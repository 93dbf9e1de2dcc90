//! One agent in one root: started when needed, started again when it failed, watched while it runs.

use super::backoff::Backoff;
use super::deadline::within;
use super::places::Places;
use crate::connection::{Connection, Era, Failure, Reading};
use crate::oauth::{Login, Occasion, Refusal};
use crate::question::Asker;
use crate::spec::{AgentSpec, Endpoint, OperationSpec};
use crate::transport::Listener;
use crate::{AgentEvent, AgentStatus, Answer, Call, CallError, CallProgress, ServerInfo, State};
use serde_json::{Map, Value};
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
/// What is said where nobody is asked to log in.
const WANTS_LOGIN: &str = "it wants a login (HTTP 401), which the next review asks you for";
/// Logins that one call may ask for.
const LOGINS: usize = 2;
/// How long a program may go on with a call that was given up. Tests have no time.
pub(crate) const GRACE: Duration = Duration::from_millis(if cfg!(test) { 200 } else { 5000 });

/// What all agents share.
pub(crate) struct Context {
    pub(crate) events: Arc<dyn Fn(AgentEvent) + Send + Sync>,
    /// What the command `crosscheck` stands for.
    pub(crate) ourselves: OnceLock<PathBuf>,
    /// Where logins are kept.
    pub(crate) logins: OnceLock<PathBuf>,
    /// Answers the questions of agents.
    pub(crate) asker: OnceLock<Asker>,
    pub(crate) is_closed: AtomicBool,
    /// All connections that may still stand, also those of agents that are configured no more.
    pub(crate) connections: Mutex<Vec<Weak<Connection>>>,
}

/// One agent in one root.
pub(crate) struct Slot {
    pub(super) spec: Arc<AgentSpec>,
    pub(super) root: PathBuf,
    pub(super) places: Arc<Places>,
    pub(super) era: Arc<Mutex<Option<Era>>>,
    pub(super) login: Option<Arc<Login>>,
    pub(super) context: Arc<Context>,
    pub(super) state: Mutex<Inner>,
    pub(super) changed: watch::Sender<()>,
    pub(super) running: AtomicUsize,
    pub(super) queued: AtomicUsize,
}

pub(super) struct Inner {
    pub(super) phase: Phase,
    pub(super) backoff: Backoff,
    pub(super) starts: u32,
    pub(super) last_error: Option<String>,
    pub(super) server: Option<ServerInfo>,
}

pub(super) enum Phase {
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
        login: Option<Arc<Login>>,
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
            login,
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
        // A login, and one more with more rights; a server that wants a third does not know what it wants.
        for _ in 0..LOGINS {
            let generation = self.login.as_ref().map_or(0, |login| login.generation());
            let answer = self.attempt(operation, arguments.clone(), call).await;
            if !matches!(answer, Err(CallError::Unauthorized { .. })) {
                return answer;
            }
            let Some(login) = &self.login else {
                return answer;
            };
            let challenge = match login.challenge() {
                None if login.generation() == generation => return answer,
                // Somebody else has just logged in.
                challenge => challenge.unwrap_or_default(),
            };
            let text = "waiting for you to log in".to_owned();
            let _ = call.progress.send(CallProgress::Message {
                text,
                fraction: None,
            });
            let occasion = Occasion {
                run: call.run,
                root: &call.root,
                asker: self.context.asker.get(),
                generation,
            };
            let authorized = login.authorize(&challenge, &occasion).await;
            authorized.map_err(|Refusal(reason)| self.unauthorized(reason))?;
        }
        self.attempt(operation, arguments, call).await
    }

    async fn attempt(
        self: &Arc<Self>,
        operation: &OperationSpec,
        arguments: Map<String, Value>,
        call: &Call,
    ) -> Result<Answer, CallError> {
        let running = self.connected(Some(&call.progress)).await?;
        // Nobody may be interested in news.
        let _ = call.progress.send(CallProgress::Running);
        let listener = Arc::new(Listener::of(call));
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
        if self.is_closed() {
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
            // It was started for this call, and wants a login first.
            Phase::Idle if has_waited && self.wants_login() => {
                Err(self.unauthorized(WANTS_LOGIN.to_owned()))
            }
            Phase::Idle => {
                drop(state);
                self.start();
                Ok(Next::WaitForChange)
            }
        }
    }

    fn explain(&self, failure: Failure) -> CallError {
        let agent = self.name();
        match failure {
            Failure::Gone(reason) => CallError::Gone { agent, reason },
            Failure::Unauthorized(reason) => CallError::Unauthorized { agent, reason },
            Failure::Refused(message) => CallError::Refused { agent, message },
            Failure::Unusable(reason) => CallError::Unusable { agent, reason },
        }
    }

    fn unauthorized(&self, reason: String) -> CallError {
        CallError::Unauthorized {
            agent: self.name(),
            reason,
        }
    }

    fn down(&self, reason: String) -> CallError {
        CallError::Down {
            agent: self.name(),
            reason,
        }
    }

    /// Whether the server's last word was that it wants one.
    pub(super) fn wants_login(&self) -> bool {
        let login = self.login.as_ref();
        login.is_some_and(|login| login.challenge().is_some())
    }

    pub(super) fn is_closed(&self) -> bool {
        self.context.is_closed.load(Ordering::Acquire)
    }

    pub(super) fn name(&self) -> String {
        self.spec.name.clone()
    }

    pub(super) fn status_of(&self, state: &Inner) -> AgentStatus {
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
    pub(super) fn state_of(&self, phase: &Phase) -> State {
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

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
