//! The doctor: starts each agent, checks its tools, makes one real call, and says what to do about each failure.

use crate::engine::Engine;
use std::path::Path;
use std::time::Duration;

/// What was seen of one agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkup {
    /// Name.
    pub agent: String,
    /// Where it was configured.
    pub source: String,
    /// The steps taken, in order; the last one is the failed one if any.
    pub steps: Vec<Step>,
}

/// One step of a checkup.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// `start`, `tools`, `review`.
    pub name: &'static str,
    /// What was seen: `eslint 0.3.13, MCP 2025-11-25, in 0.3 s`.
    pub result: Result<String, Failure>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A failed step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// Examines the agents of `root` (those named, or all), calling `seen` as each one is done.
pub async fn examine(engine: &Engine, root: &Path, agents: &[String], seen: impl FnMut(Checkup)) {
    let _ = (engine, root, agents, seen);
    unimplemented!()
}
