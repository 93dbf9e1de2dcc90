//! `[[actions]]`: the lists of all layers joined.

use super::ActionConfig;
use super::choice::{self, Candidates, Task};
use super::file::ActionTable;
use super::layers::{Layer, Layers};
use super::problems::Problem;
use super::review::MAX_INSTRUCTIONS;
use std::collections::BTreeSet;

/// Most actions; nobody finds anything in a longer menu.
const MAX_ACTIONS: usize = 50;
/// Longest title, in characters.
const MAX_TITLE: usize = 80;
/// Longest prompt, in bytes.
const MAX_PROMPT: usize = MAX_INSTRUCTIONS;

/// The actions of all layers. One with the title of an earlier one takes its place.
pub(super) fn actions(
    layers: &Layers,
    candidates: &Candidates<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<ActionConfig> {
    let mut actions: Vec<ActionConfig> = Vec::new();
    for layer in layers.last_first().into_iter().rev() {
        let mut titles = BTreeSet::new();
        let mut dropped = 0;
        for (index, table) in layer.content.actions.iter().enumerate() {
            let mut problem = |keys: &[&str], message: &str| {
                let index = index.to_string();
                let path: Vec<&str> = ["actions", &index].iter().chain(keys).copied().collect();
                problems.push(layer.source.problem(&path, message));
            };
            let Some(action) = action(table, candidates, &mut problem) else {
                continue;
            };
            if !titles.insert(action.title.clone()) {
                let message = format!(
                    "there is another action {:?} before; this one takes its place",
                    action.title
                );
                problem(&["title"], &message);
            }
            let same = actions.iter().position(|it| it.title == action.title);
            match same {
                Some(earlier) => actions[earlier] = action,
                None if actions.len() < MAX_ACTIONS => actions.push(action),
                None => dropped += 1,
            }
        }
        told(dropped, layer, problems);
    }
    actions
}

fn told(dropped: usize, layer: &Layer, problems: &mut Vec<Problem>) {
    if dropped > 0 {
        let message = format!("{dropped} actions are left out: {MAX_ACTIONS} is the most");
        problems.push(layer.source.problem(&["actions"], &message));
    }
}

/// One action; `None` when it could not be offered.
fn action(
    table: &ActionTable,
    candidates: &Candidates<'_>,
    problem: &mut dyn FnMut(&[&str], &str),
) -> Option<ActionConfig> {
    let Some(title) = &table.title else {
        problem(&[], "the action is left out: it has no `title`");
        return None;
    };
    let title = title.trim();
    if title.is_empty() || domain::sanitize::line(title, MAX_TITLE) != title {
        let message = format!(
            "the action is left out: a title is one line of 1 to {MAX_TITLE} visible characters"
        );
        problem(&["title"], &message);
        return None;
    }
    let prompt = table.prompt.as_deref().unwrap_or_default().trim();
    if prompt.is_empty() {
        let message = format!(
            "the action {title:?} is left out: it has no `prompt` that says what the agent shall do"
        );
        problem(&[], &message);
        return None;
    }
    if prompt.len() > MAX_PROMPT {
        let message = format!(
            "the action {title:?} is left out: its prompt is longer than {MAX_PROMPT} bytes"
        );
        problem(&["prompt"], &message);
        return None;
    }
    Some(ActionConfig {
        title: title.to_owned(),
        prompt: prompt.to_owned(),
        agents: agents(table, candidates, problem),
    })
}

/// The agents that it names. As in `review.agents`, a name that cannot be used stays.
fn agents(
    table: &ActionTable,
    candidates: &Candidates<'_>,
    problem: &mut dyn FnMut(&[&str], &str),
) -> Vec<String> {
    let (key, names) = match (&table.agent, &table.agents) {
        (None, None) => return Vec::new(),
        (Some(agent), None) => ("agent", std::slice::from_ref(agent)),
        (None, Some(agents)) => ("agents", agents.as_slice()),
        (Some(_), Some(agents)) => {
            let message = "an action has an `agent` or `agents`, not both; `agent` is ignored";
            problem(&["agent"], message);
            ("agents", agents.as_slice())
        }
    };
    let mut agents: Vec<String> = Vec::new();
    for name in names {
        if agents.contains(name) {
            continue;
        }
        let message = choice::unusable(Task::Fix, name, candidates);
        if let Some(message) = message.filter(|_| !candidates.waits(name)) {
            problem(&[key], &message);
        }
        agents.push(name.clone());
    }
    agents
}
