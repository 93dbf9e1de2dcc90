//! `[review]` and `[limits]`: the layers laid over each other.

use super::draft::Draft;
use super::file::{LimitsTable, ReviewTable, ScopeName};
use super::layers::{Layer, Layers};
use super::problems::{Problem, nearest};
use super::{DefaultScope, LimitsConfig, ReviewConfig};
use agents::preset::Preset;
use agents::spec::{AgentSpec, Operation};
use ignore::gitignore::GitignoreBuilder;
use std::collections::{BTreeMap, BTreeSet};

/// Most patterns of one layer.
const MAX_EXCLUDES: usize = 1000;
/// Longest instructions, in bytes; they stand in every prompt.
const MAX_INSTRUCTIONS: usize = 16 * 1024;
/// The agent that always works.
pub(super) const FALLBACK: &str = "builtin";

/// What `review.agents` may name.
pub(super) struct Candidates<'a> {
    /// The agents that hold.
    pub agents: &'a BTreeMap<String, AgentSpec>,
    /// All that was configured or found, broken and switched off ones among them.
    pub drafts: &'a BTreeMap<String, Draft>,
    /// Those with a table of ours, so that they review by default.
    pub configured: &'a BTreeSet<&'a str>,
    /// Those found on `PATH`, whether or not anything else tells of them.
    pub on_path: &'a BTreeSet<&'a str>,
    /// Those that only trust would bring.
    pub untrusted: &'a BTreeSet<String>,
    /// The embedded presets.
    pub presets: &'a BTreeMap<&'static str, Preset>,
}

impl Default for ReviewConfig {
    fn default() -> Self {
        Self {
            agents: vec![FALLBACK.to_owned()],
            offered: Vec::new(),
            scope: DefaultScope::Changes,
            on_save: false,
            exclude: Vec::new(),
            guidelines: true,
            instructions: None,
        }
    }
}

impl LimitsConfig {
    /// Lays a table over it.
    pub(super) fn lay(&mut self, table: &LimitsTable) {
        if let Some(size) = table.file_size {
            self.file_bytes = size.0;
        }
        if let Some(files) = table.files {
            self.files = files.get() as usize;
        }
        if let Some(size) = table.prompt_size {
            self.prompt_bytes = usize::try_from(size.0).unwrap_or(usize::MAX);
        }
        if let Some(run) = table.run {
            self.run = run.0;
        }
        if let Some(approval) = table.approval {
            self.approval = approval.0;
        }
    }
}

/// `[review]` of all layers.
pub(super) fn review(
    layers: &Layers,
    candidates: &Candidates<'_>,
    problems: &mut Vec<Problem>,
) -> ReviewConfig {
    let last = |get: &dyn Fn(&ReviewTable) -> bool| {
        let mut layers = layers.last_first().into_iter();
        layers.find(|it| get(&it.content.review))
    };
    let mut review = ReviewConfig::default();
    let table = |layer: Option<&Layer>| layer.map(|it| it.content.review.clone());
    if let Some(scope) = table(last(&|it| it.scope.is_some())).and_then(|it| it.scope) {
        review.scope = match scope {
            ScopeName::Changes => DefaultScope::Changes,
            ScopeName::File => DefaultScope::File,
        };
    }
    if let Some(on_save) = table(last(&|it| it.on_save.is_some())).and_then(|it| it.on_save) {
        review.on_save = on_save;
    }
    let guidelines = table(last(&|it| it.guidelines.is_some())).and_then(|it| it.guidelines);
    review.guidelines = guidelines.unwrap_or(review.guidelines);
    for layer in layers.last_first() {
        if review.instructions.is_none() {
            review.instructions = instructions(layer, problems);
        }
    }
    // The project's patterns come first, so that none of them takes back what the user excludes.
    for layer in [&layers.project, &layers.user, &layers.settings] {
        exclude(layer, &mut review.exclude, problems);
    }
    (review.agents, review.offered) = match agents(layers, candidates, problems) {
        Some(names) => (names, Vec::new()),
        None => by_default(candidates),
    };
    review
}

fn instructions(layer: &Layer, problems: &mut Vec<Problem>) -> Option<String> {
    let text = layer.content.review.instructions.as_deref()?.trim();
    if text.len() > MAX_INSTRUCTIONS {
        let message = format!(
            "the instructions are longer than {MAX_INSTRUCTIONS} bytes and are left out; put them in a guideline \
             file such as AGENTS.md"
        );
        problems.push(layer.source.problem(&["review", "instructions"], &message));
        return None;
    }
    (!text.is_empty()).then(|| text.to_owned())
}

fn exclude(layer: &Layer, patterns: &mut Vec<String>, problems: &mut Vec<Problem>) {
    let list = layer.content.review.exclude.as_deref().unwrap_or_default();
    let key = ["review", "exclude"];
    let dropped = list.len().saturating_sub(MAX_EXCLUDES);
    if dropped > 0 {
        let message = format!("{dropped} patterns are left out: {MAX_EXCLUDES} is the most");
        problems.push(layer.source.problem(&key, &message));
    }
    for pattern in list.iter().take(MAX_EXCLUDES) {
        match GitignoreBuilder::new("").add_line(None, pattern) {
            Ok(_) => patterns.push(pattern.clone()),
            Err(error) => {
                let message = format!("the pattern `{pattern}` is left out: {error}");
                problems.push(layer.source.problem(&key, &message));
            }
        }
    }
}

/// The agents of the last layer that names some. A name that cannot be used stays in the list, so that a review
/// tells that this agent did not look; only what waits for trust is passed over. `None` when no layer names any.
fn agents(
    layers: &Layers,
    candidates: &Candidates<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Vec<String>> {
    for layer in layers.last_first() {
        let Some(list) = &layer.content.review.agents else {
            continue;
        };
        let mut names: Vec<String> = Vec::new();
        for name in list {
            let waits =
                candidates.untrusted.contains(name) && !candidates.drafts.contains_key(name);
            if names.contains(name) || waits {
                continue;
            }
            if let Some(message) = unusable(name, candidates) {
                problems.push(layer.source.problem(&["review", "agents"], &message));
            }
            names.push(name.clone());
        }
        if !names.is_empty() || list.is_empty() {
            return Some(names);
        }
    }
    None
}

/// Who reviews when nobody says so, and who could: an agent that is only found on the machine may cost money, so it is
/// never asked on its own account.
fn by_default(candidates: &Candidates<'_>) -> (Vec<String>, Vec<String>) {
    let can_review = |it: &&AgentSpec| it.operations.contains_key(&Operation::Review);
    let able = candidates.agents.values().filter(can_review);
    let able: Vec<&str> = able.map(|it| it.name.as_str()).collect();
    let among = |names: &BTreeSet<&str>| -> Vec<String> {
        let chosen = able.iter().filter(|it| names.contains(**it));
        chosen.map(|it| (*it).to_owned()).collect()
    };
    let configured = among(candidates.configured);
    if !configured.is_empty() {
        return (configured, Vec::new());
    }
    (
        among(&BTreeSet::from([FALLBACK])),
        among(candidates.on_path),
    )
}

/// Why an agent cannot review, if so and if no other problem says it.
fn unusable(name: &str, candidates: &Candidates<'_>) -> Option<String> {
    if let Some(agent) = candidates.agents.get(name) {
        let can_review = agent.operations.contains_key(&Operation::Review);
        return (!can_review).then(|| {
            format!("agent {name:?} cannot review: name its tool in [agents.{name}.review]")
        });
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
