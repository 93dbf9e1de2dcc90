//! Which agents are asked for a task: those that the configuration names, else by what is configured.

use super::draft::Draft;
use super::file::ConfigFile;
use super::layers::Layers;
use super::problems::{Problem, nearest};
use agents::preset::Preset;
use agents::spec::{AgentSpec, Operation};
use std::collections::{BTreeMap, BTreeSet};

/// The agent that always works.
pub(super) const FALLBACK: &str = "builtin";

/// What may be named.
pub(super) struct Candidates<'a> {
    /// The agents that hold.
    pub agents: &'a BTreeMap<String, AgentSpec>,
    /// All that was configured or found, broken and switched off ones among them.
    pub drafts: &'a BTreeMap<String, Draft>,
    /// Those with a table of ours, so that they are asked by default.
    pub configured: &'a BTreeSet<&'a str>,
    /// Those found on `PATH`, whether or not anything else tells of them.
    pub on_path: &'a BTreeSet<&'a str>,
    /// Those that only trust would bring.
    pub untrusted: &'a BTreeSet<String>,
    /// The embedded presets.
    pub presets: &'a BTreeMap<&'static str, Preset>,
}

/// What agents are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Finding faults.
    Review,
    /// Judging findings of others.
    Verify,
    /// Changing code: by editing, or by an answer that tells the changes.
    Fix,
}

impl Task {
    fn key(self) -> [&'static str; 2] {
        match self {
            Self::Review => ["review", "agents"],
            Self::Verify => ["verify", "agents"],
            Self::Fix => ["fix", "agents"],
        }
    }
    fn named(self, content: &ConfigFile) -> Option<&Vec<String>> {
        match self {
            Self::Review => content.review.agents.as_ref(),
            Self::Verify => content.verify.agents.as_ref(),
            Self::Fix => content.fix.agents.as_ref(),
        }
    }
    /// What an agent can do for it, the best first.
    fn operations(self) -> &'static [Operation] {
        match self {
            Self::Review => &[Operation::Review],
            Self::Verify => &[Operation::Ask, Operation::Review],
            Self::Fix => &[Operation::Edit, Operation::Ask],
        }
    }
    /// How well an agent can do it, from 0, the best; `None` when it cannot.
    fn fitness(self, agent: &AgentSpec) -> Option<usize> {
        let mut operations = self.operations().iter();
        operations.position(|it| agent.operations.contains_key(it))
    }
    fn inability(self, name: &str) -> String {
        match self {
            Self::Review => {
                format!("agent {name:?} cannot review: name its tool in [agents.{name}.review]")
            }
            Self::Verify => format!(
                "agent {name:?} can neither answer nor review: name its tool in [agents.{name}.ask] or [agents.{name}.review]"
            ),
            Self::Fix => format!(
                "agent {name:?} can neither edit nor answer: name its tool in [agents.{name}.edit] or [agents.{name}.ask]"
            ),
        }
    }
}

/// The agents of the last layer that names some. A name that cannot be used stays in the list, so that it is told
/// that this agent did nothing; only what waits for trust is passed over. `None` when no layer names any.
pub(super) fn named(
    task: Task,
    layers: &Layers,
    candidates: &Candidates<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Vec<String>> {
    for layer in layers.last_first() {
        let Some(list) = task.named(&layer.content) else {
            continue;
        };
        let mut names: Vec<String> = Vec::new();
        for name in list {
            if names.contains(name) || candidates.waits(name) {
                continue;
            }
            if let Some(message) = unusable(task, name, candidates) {
                problems.push(layer.source.problem(&task.key(), &message));
            }
            names.push(name.clone());
        }
        if !names.is_empty() || list.is_empty() {
            return Some(names);
        }
    }
    None
}

/// Who is asked when nobody says so, and who could be: an agent that is only found on the machine may cost money, so it
/// is never asked on its own account.
pub(super) fn by_default(task: Task, candidates: &Candidates<'_>) -> (Vec<String>, Vec<String>) {
    let able = candidates.agents.values();
    let able = able.filter_map(|it| Some((task.fitness(it)?, it.name.as_str())));
    let mut able: Vec<(usize, &str)> = able.collect();
    able.sort_unstable();
    let among = |names: &BTreeSet<&str>| -> Vec<String> {
        let chosen = able.iter().filter(|(_, name)| names.contains(name));
        chosen.map(|(_, name)| (*name).to_owned()).collect()
    };
    let mut configured = among(candidates.configured);
    if task == Task::Fix {
        // It mends what it found by itself and takes no instructions.
        configured.retain(|it| it != FALLBACK);
    }
    if !configured.is_empty() {
        return (configured, Vec::new());
    }
    let fallback = match task {
        Task::Review => among(&BTreeSet::from([FALLBACK])),
        Task::Verify | Task::Fix => Vec::new(),
    };
    (fallback, among(candidates.on_path))
}

/// Why an agent cannot do a task, if so and if no other problem says it.
pub(super) fn unusable(task: Task, name: &str, candidates: &Candidates<'_>) -> Option<String> {
    if let Some(agent) = candidates.agents.get(name) {
        return task.fitness(agent).is_none().then(|| task.inability(name));
    }
    if let Some(draft) = candidates.drafts.get(name) {
        return (!draft.is_enabled())
            .then(|| format!("agent {name:?} is switched off by `enabled = false`"));
    }
    if candidates.presets.contains_key(name) {
        return Some(format!(
            "agent {name:?} is not configured; add the table [agents.{name}] to use the preset of this name"
        ));
    }
    let known = candidates.drafts.keys().map(String::as_str);
    Some(match nearest(name, known) {
        Some(meant) => format!("there is no agent {name:?}; did you mean {meant:?}?"),
        None => format!("there is no agent {name:?}; add a table [agents.{name}]"),
    })
}

impl Candidates<'_> {
    /// True when only trust would bring this agent.
    pub(super) fn waits(&self, name: &str) -> bool {
        self.untrusted.contains(name) && !self.drafts.contains_key(name)
    }
}
