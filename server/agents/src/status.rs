//! What an agent is doing, for people.

use crate::AgentSpec;
use serde::Serialize;
use std::path::PathBuf;

/// One agent (in one root, for programs) and its state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentStatus {
    /// Name.
    pub name: String,
    /// Provider.
    pub provider: String,
    /// Where it was configured.
    pub source: String,
    /// The root it was started for; `None` while it was never started, and for HTTP.
    pub root: Option<PathBuf>,
    /// What it is doing.
    pub state: State,
    /// What it said of itself.
    pub server: Option<ServerInfo>,
    /// Process id of a program.
    pub pid: Option<u32>,
    /// Calls it has.
    pub running: usize,
    /// Calls that wait.
    pub queued: usize,
    /// How often it was started.
    pub starts: u32,
    /// Its last failure.
    pub last_error: Option<String>,
}

impl AgentStatus {
    /// The status of an agent that was never started.
    pub fn idle(spec: &AgentSpec) -> Self {
        Self {
            name: spec.name.clone(),
            provider: spec.provider.clone(),
            source: spec.source.clone(),
            root: None,
            state: State::Idle,
            server: None,
            pid: None,
            running: 0,
            queued: 0,
            starts: 0,
            last_error: None,
        }
    }
}

/// What an agent said of itself in the handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The MCP revision spoken.
    pub protocol: String,
}

/// The states of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum State {
    /// Not started; the first call starts it.
    Idle,
    /// Being started.
    Starting,
    /// Connected.
    Ready,
    /// Failed; the next call after this many milliseconds starts it again.
    Backoff {
        /// From now.
        retry_ms: u64,
    },
    /// Failed too often; only a restart by the user brings it back.
    Down {
        /// Why.
        reason: String,
    },
}

/// News about agents.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentEvent {
    /// Its state changed.
    Status(Box<AgentStatus>),
    /// Something a person should see, once: it crashed, it asked and was denied, it talks garbage.
    Notice {
        /// Name.
        agent: String,
        /// A sentence.
        text: String,
    },
}
