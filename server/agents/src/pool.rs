//! All agents: starts them when first needed, limits and queues calls, restarts what crashed.

use crate::connection::{Era, STEPS};
use crate::oauth::Login;
use crate::question::Asker;
use crate::spec::Endpoint;
use crate::supervise::{Context, Places, Slot};
use crate::{AgentEvent, AgentSpec, AgentStatus, Answer, Call, CallError, ServerInfo, template};
use process::Shutdown;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

/// The steps of ending a program when everything ends.
const QUICK: Shutdown = Shutdown {
    close: Duration::from_millis(300),
    terminate: Duration::from_millis(300),
};
/// Longest time for all of them.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// The agents. Cheap to clone; the last clone to go ends all connections.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    context: Arc<Context>,
    agents: Mutex<BTreeMap<String, Arc<Agent>>>,
}

/// One configured agent, in all its roots.
struct Agent {
    spec: Arc<AgentSpec>,
    places: Arc<Places>,
    /// How conversations with it begin, once that is known.
    era: Arc<Mutex<Option<Era>>>,
    /// At an HTTP agent that may want one.
    login: Option<Arc<Login>>,
    slots: Mutex<BTreeMap<Option<PathBuf>, Arc<Slot>>>,
}

/// What an agent is, seen by starting it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// What it said of itself.
    pub server: ServerInfo,
    /// Its tools.
    pub tools: Vec<Tool>,
}

/// One tool of an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Name.
    pub name: String,
    /// Description, sanitized.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
}

impl Pool {
    /// An empty pool that reports to `events` (called from any thread; must not block).
    pub fn new(events: Arc<dyn Fn(AgentEvent) + Send + Sync>) -> Self {
        let context = Context {
            events,
            ourselves: OnceLock::new(),
            asker: OnceLock::new(),
            logins: OnceLock::new(),
            is_closed: AtomicBool::new(false),
            connections: Mutex::default(),
        };
        Self {
            inner: Arc::new(Inner {
                context: Arc::new(context),
                agents: Mutex::default(),
            }),
        }
    }

    /// Names the program that the command `crosscheck` stands for; without this it is the running one. Only
    /// the first call counts.
    #[must_use]
    pub fn with_program(self, program: PathBuf) -> Self {
        let _ = self.inner.context.ourselves.set(program);
        self
    }

    /// Names who answers the questions of agents; without this all are denied. Only the first call counts.
    #[must_use]
    pub fn with_asker(self, asker: Asker) -> Self {
        let _ = self.inner.context.asker.set(asker);
        self
    }

    /// Names the directory where logins at HTTP agents are kept, as far as the system has no keyring; without this
    /// they end with the process. Only the first call counts, and it must come before the agents are configured.
    #[must_use]
    pub fn with_logins(self, directory: PathBuf) -> Self {
        let _ = self.inner.context.logins.set(directory);
        self
    }

    /// Replaces the configured agents. Unchanged ones keep their connection; changed or removed ones finish
    /// their calls and are ended.
    pub fn configure(&self, specs: Vec<AgentSpec>) {
        let mut agents = self.agents();
        let mut before = std::mem::take(&mut *agents);
        for spec in specs {
            let agent = match before.remove(&spec.name) {
                Some(agent) if *agent.spec == spec => agent,
                _ => Arc::new(Agent::new(spec, self.inner.context.logins.get())),
            };
            agents.insert(agent.spec.name.clone(), agent);
        }
        drop(agents);
        // The rest ends with its last call: whoever makes one holds it.
        drop(before);
    }

    /// The configured agents.
    pub fn specs(&self) -> Vec<Arc<AgentSpec>> {
        self.agents()
            .values()
            .map(|agent| Arc::clone(&agent.spec))
            .collect()
    }

    /// Makes a call. Ends exactly once, within the agent's deadlines whatever it does.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call(&self, call: Call) -> Result<Answer, CallError> {
        let agent = self.agent(&call.agent)?;
        let calling = async {
            let Some(operation) = agent.spec.operations.get(&call.operation) else {
                let operation = call.operation.name();
                return Err(CallError::Unsupported {
                    agent: call.agent.clone(),
                    operation,
                });
            };
            let template = |reason| CallError::Template {
                agent: call.agent.clone(),
                reason,
            };
            let arguments = match template::render(&operation.arguments, &call.variables) {
                Ok(Value::Object(arguments)) => arguments,
                Ok(_) => return Err(template("the arguments are no table".to_owned())),
                Err(reason) => return Err(template(reason)),
            };
            let slot = self.slot(&agent, &call.root);
            slot.call(operation, arguments, &call).await
        };
        // However deep it is, the caller's own end comes first.
        tokio::select! {
            biased;
            () = call.cancel.cancelled() => Err(CallError::Cancelled(call.agent.clone())),
            result = calling => result,
        }
    }

    /// Starts an agent if needed and lists its tools.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn inspect(&self, agent: &str, root: &Path) -> Result<Inspection, CallError> {
        let agent = self.agent(agent)?;
        self.slot(&agent, root).inspect().await
    }

    /// All agents and their states, sorted by name and root.
    pub fn status(&self) -> Vec<AgentStatus> {
        let agents: Vec<Arc<Agent>> = self.agents().values().map(Arc::clone).collect();
        agents.iter().flat_map(|agent| agent.status()).collect()
    }

    /// Ends the agent's connections and forgets its failures; the next call starts it anew.
    pub fn restart(&self, agent: &str) {
        let Ok(agent) = self.agent(agent) else {
            return;
        };
        for slot in agent.slots() {
            slot.stop("it was restarted", STEPS);
        }
    }

    /// Ends what was started for this root and forgets it; returns when nothing of it is left, at the latest after all
    /// steps of an end. For a directory that will go, or that others will use.
    pub async fn close(&self, root: &Path) {
        let key = Some(root.to_owned());
        let agents: Vec<Arc<Agent>> = self.agents().values().map(Arc::clone).collect();
        let slots = agents.iter().filter_map(|agent| {
            let mut slots = agent.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.remove(&key)
        });
        let ending =
            slots.filter_map(|slot| slot.stop("its directory is not needed any more", STEPS));
        let ending: Vec<_> = ending.collect();
        let gone = ending.iter().map(|connection| connection.gone_for_good());
        let most = STEPS.close + STEPS.terminate + SHUTDOWN;
        let _ = tokio::time::timeout(most, futures::future::join_all(gone)).await;
    }

    /// Ends everything, within about a second.
    pub async fn shutdown(&self) {
        const REASON: &str = "Crosscheck is shutting down";
        self.inner.context.is_closed.store(true, Ordering::Release);
        let agents = std::mem::take(&mut *self.agents());
        for slot in agents.values().flat_map(|agent| agent.slots()) {
            slot.stop(REASON, QUICK);
        }
        let connections = std::mem::take(
            &mut *self
                .inner
                .context
                .connections
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let connections: Vec<_> = connections.iter().filter_map(Weak::upgrade).collect();
        for connection in &connections {
            connection.end(REASON, QUICK);
        }
        let closing = connections
            .iter()
            .map(|connection| connection.gone_for_good());
        let _ = tokio::time::timeout(SHUTDOWN, futures::future::join_all(closing)).await;
    }

    fn agent(&self, name: &str) -> Result<Arc<Agent>, CallError> {
        let agent = self.agents().get(name).map(Arc::clone);
        agent.ok_or_else(|| CallError::Unknown(name.to_owned()))
    }

    fn slot(&self, agent: &Agent, root: &Path) -> Arc<Slot> {
        // An endpoint is the same from everywhere.
        let key = match agent.spec.endpoint {
            Endpoint::Stdio { .. } => Some(root.to_owned()),
            Endpoint::Http { .. } => None,
        };
        let mut slots = agent.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(key).or_insert_with(|| {
            Slot::new(
                Arc::clone(&agent.spec),
                root.to_owned(),
                Arc::clone(&agent.places),
                Arc::clone(&agent.era),
                agent.login.clone(),
                Arc::clone(&self.inner.context),
            )
        });
        Arc::clone(slot)
    }

    fn agents(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Agent>>> {
        self.inner
            .agents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Agent {
    fn new(spec: AgentSpec, logins: Option<&PathBuf>) -> Self {
        let login = login(&spec, logins);
        let places = Places::new(spec.limits.concurrency);
        Self {
            spec: Arc::new(spec),
            places,
            era: Arc::default(),
            login,
            slots: Mutex::default(),
        }
    }

    fn slots(&self) -> Vec<Arc<Slot>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.values().map(Arc::clone).collect()
    }

    fn status(&self) -> Vec<AgentStatus> {
        let slots = self.slots();
        if slots.is_empty() {
            return vec![AgentStatus::idle(&self.spec)];
        }
        slots.iter().map(|slot| slot.status()).collect()
    }
}

/// Whoever has an `Authorization` header needs no other.
fn login(spec: &AgentSpec, logins: Option<&PathBuf>) -> Option<Arc<Login>> {
    let Endpoint::Http {
        url,
        headers,
        ca,
        oauth,
    } = &spec.endpoint
    else {
        return None;
    };
    let authorized = |name: &String| name.eq_ignore_ascii_case("authorization");
    if headers.keys().any(authorized) {
        return None;
    }
    Login::new(&spec.name, url, ca.clone(), oauth.clone(), logins.cloned())
}

#[cfg(test)]
mod tests;
