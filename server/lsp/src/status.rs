//! `crosscheck/status`: what a status line shows, told to clients that want it when it changes.

use crate::runs::{Short, count};
use crate::state::{Lifecycle, State};
use engine::{AgentSpent, Spent};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// The notification.
const METHOD: &str = "crosscheck/status";
/// Shortest time between two notifications; what changes meanwhile is told together after it.
const PAUSE: Duration = Duration::from_millis(250);
/// Most runs and most agents that are told of; the text counts all of them.
const MAX_LISTED: usize = 100;

/// What the client was told last, and what is known beside the state.
#[derive(Debug, Default)]
pub(crate) struct Status {
    told: Option<Told>,
    /// When the state was last looked at.
    looked: Option<Instant>,
    due: Option<Instant>,
    /// What was spent today; `None` until the ledger has answered.
    spent: Option<Spent>,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Told {
    text: String,
    agents: Vec<Agent>,
    running: Vec<Short>,
    spent_today: Value,
    findings: Findings,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Agent {
    name: String,
    state: &'static str,
}

/// Findings of all roots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Findings {
    /// Shown in the editor.
    shown: usize,
    /// Withheld by the caps.
    more: usize,
}

impl Status {
    /// When the client is to be told without anything else happening.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The ledger says what was spent today.
    pub(crate) fn set_spent(&mut self, agents: &[AgentSpent]) {
        let mut all = Spent::default();
        for agent in agents {
            all += &agent.spent;
        }
        self.spent = Some(all);
    }

    /// What was spent today, for people's programs; null until it is known.
    pub(crate) fn spent(&self) -> Value {
        self.spent.as_ref().map_or(Value::Null, |it| {
            json!({
                "calls": it.calls, "tokens": it.tokens(), "usd": it.usd, "unpriced": it.unpriced,
                "estimated": it.tokens_estimated || it.usd_estimated,
            })
        })
    }
}

/// Tells the client what changed, unless it was told just now: then it is told later.
pub(crate) fn flush(state: &mut State, now: Instant) {
    if !state.capabilities.status || state.lifecycle != Lifecycle::Initialized {
        state.status.due = None;
        return;
    }
    let next = state.status.looked.map(|it| it + PAUSE);
    if let Some(next) = next.filter(|it| *it > now) {
        state.status.due = Some(next);
        return;
    }
    state.status.due = None;
    // Once it has read what waits for it, the client gets the newest.
    if state.client.is_congested() {
        return;
    }
    state.status.looked = Some(now);
    let told = look(state);
    if state.status.told.as_ref() != Some(&told) {
        state.client.notify(METHOD, &told);
        state.status.told = Some(told);
    }
}

/// The text for a status line.
pub(crate) fn text(state: &mut State) -> String {
    words(
        &state.runs.in_short(),
        findings(state),
        state.status.spent.as_ref(),
    )
}

fn look(state: &mut State) -> Told {
    let agents = state.engine_if_made().map(engine::Engine::agents);
    // Of roots that have the same agent each has a process of its own.
    let agents: BTreeSet<Agent> = agents
        .unwrap_or_default()
        .into_iter()
        .map(|it| Agent {
            name: it.name,
            state: name_of(&it.state),
        })
        .collect();
    let findings = findings(state);
    let mut running = state.runs.in_short();
    let text = words(&running, findings, state.status.spent.as_ref());
    running.truncate(MAX_LISTED);
    Told {
        text,
        agents: agents.into_iter().take(MAX_LISTED).collect(),
        running,
        spent_today: state.status.spent(),
        findings,
    }
}

/// The name of a state, as `crosscheck.status` has it.
fn name_of(state: &engine::State) -> &'static str {
    match state {
        engine::State::Idle => "idle",
        engine::State::Starting => "starting",
        engine::State::Ready => "ready",
        engine::State::Backoff { .. } => "backoff",
        engine::State::Down { .. } => "down",
    }
}

fn findings(state: &mut State) -> Findings {
    let mut all = Findings::default();
    for root in state.roots.iter_mut() {
        all.shown += root.findings.count_shown();
        all.more += root.findings.withheld().count_more();
    }
    all
}

/// `crosscheck: reviewing 40 % · $0.32 today`.
fn words(running: &[Short], findings: Findings, spent: Option<&Spent>) -> String {
    let doing = doing(running);
    let found = || (findings.shown > 0).then(|| count(findings.shown, "finding"));
    let spent = spent.and_then(Spent::in_short);
    let parts = [doing.or_else(found), spent.map(|it| format!("{it} today"))];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "crosscheck".to_owned()
    } else {
        format!("crosscheck: {}", parts.join(" · "))
    }
}

/// What is done now, all runs together.
fn doing(running: &[Short]) -> Option<String> {
    let first = running.first()?;
    if running.iter().any(|it| it.waits) {
        return Some("waiting for your answer".to_owned());
    }
    let verb = match first.kind {
        _ if running.iter().any(|it| it.kind != first.kind) => "working",
        "review" => "reviewing",
        "fix" => "fixing",
        "verify" => "verifying",
        _ => "working",
    };
    let done: f64 = running.iter().map(|it| it.fraction).sum();
    #[expect(clippy::cast_precision_loss, reason = "there are few runs")]
    let percentage = done / running.len() as f64 * 100.0;
    Some(format!("{verb} {percentage:.0} %"))
}
