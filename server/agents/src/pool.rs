//! All agents: starts them when first needed, limits and queues calls, restarts what crashed.

use crate::{AgentEvent, AgentSpec, AgentStatus, Answer, Call, CallError, ServerInfo};
use std::path::Path;
use std::sync::Arc;

/// The agents. Cheap to clone; the last clone to go ends all connections.
#[derive(Clone)]
pub struct Pool {
    _private: (),
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
    pub input_schema: serde_json::Value,
}

impl Pool {
    /// An empty pool that reports to `events` (called from any thread; must not block).
    pub fn new(events: Arc<dyn Fn(AgentEvent) + Send + Sync>) -> Self {
        let _ = events;
        unimplemented!()
    }
    /// Replaces the configured agents. Unchanged ones keep their connection; changed or removed ones finish
    /// their calls and are ended.
    pub fn configure(&self, specs: Vec<AgentSpec>) {
        let _ = specs;
        unimplemented!()
    }
    /// The configured agents.
    pub fn specs(&self) -> Vec<Arc<AgentSpec>> {
        unimplemented!()
    }
    /// Makes a call. Ends exactly once, within the agent's deadlines whatever it does.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call(&self, call: Call) -> Result<Answer, CallError> {
        let _ = call;
        unimplemented!()
    }
    /// Starts an agent if needed and lists its tools.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn inspect(&self, agent: &str, root: &Path) -> Result<Inspection, CallError> {
        let _ = (agent, root);
        unimplemented!()
    }
    /// All agents and their states, sorted by name and root.
    pub fn status(&self) -> Vec<AgentStatus> {
        unimplemented!()
    }
    /// Ends the agent's connections and forgets its failures; the next call starts it anew.
    pub fn restart(&self, agent: &str) {
        let _ = agent;
        unimplemented!()
    }
    /// Ends everything, within about a second.
    pub async fn shutdown(&self) {
        unimplemented!()
    }
}
