//! Having an agent change something: settle what is wrong here, whoever says so, or do what the user configured.

use super::proposals::Offered;
use super::{Here, MAX_FINDINGS, MAX_SHOWN, command};
use crate::commands::{self, fix};
use crate::proposals::PartState;
use crate::proto::from;
use crate::roots::Root;
use crate::runs::agents_in_words;
use domain::merge::Cluster;
use domain::proposal::Proposal;
use domain::sanitize;
use engine::config::FixConfig;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tower_lsp::gen_lsp_types::{CodeAction, CodeActionKind, CodeActionTag, Diagnostic};

/// Most agents that are offered for one thing.
const MAX_AGENTS: usize = 3;
/// Most problems that have actions of their own where there are several; the others are in the action for all.
const MAX_SINGLE: usize = 5;
/// Most actions of the user's own that are offered.
const MAX_OWN: usize = 30;

/// Something that is wrong here.
struct Problem {
    /// In a few words.
    label: String,
    /// What the editor knows it by.
    diagnostic: Diagnostic,
    /// The finding, where it is one of ours.
    finding: Option<Value>,
    /// Who has proposed something for it that can be applied.
    proposed: BTreeSet<String>,
}

impl Here<'_> {
    /// Having agents fix what is wrong here. Who has proposed something for it already is not asked again: that is offered.
    pub(super) fn fixes(
        &self,
        root: &Root,
        clusters: &[Cluster],
        offered: &[Offered<'_>],
        actions: &mut Vec<CodeAction>,
    ) {
        let agents = root.loaded.as_ref().map(|it| fixers(&it.config.fix));
        let agents = agents.filter(|it| !it.is_empty()).unwrap_or_default();
        let problems = self.problems(clusters, offered);
        if agents.is_empty() || problems.is_empty() {
            return;
        }
        let is_only = problems.len() == 1;
        for problem in problems.iter().take(MAX_SINGLE) {
            for (agents, words) in choices(&agents, &problem.proposed) {
                let title = if is_only {
                    format!("Fix with {words}")
                } else {
                    format!("Fix “{}” with {words}", problem.label)
                };
                actions.push(self.fix(title, &[problem], &agents));
            }
        }
        for (agents, words) in choices(&agents, &BTreeSet::new()) {
            let is_left = |it: &&Problem| agents.iter().all(|agent| !it.proposed.contains(agent));
            let left: Vec<&Problem> = problems.iter().filter(is_left).collect();
            let title = match left.len() {
                0 | 1 => continue,
                all if all == problems.len() => format!("Fix all {all} problems here with {words}"),
                others => format!("Fix the other {others} problems here with {words}"),
            };
            actions.push(self.fix(title, &left, &agents));
        }
    }

    /// What the user configured to be done with the selection.
    pub(super) fn own_actions(&self, root: &Root, actions: &mut Vec<CodeAction>) {
        let configured = root.loaded.as_ref().map(|it| it.config.actions.as_slice());
        for own in configured.unwrap_or_default().iter().take(MAX_OWN) {
            let argument = json!({
                "uri": self.view.uri, "range": self.params.range, "prompt": own.prompt,
                "title": own.title, "agents": own.agents,
            });
            actions.push(CodeAction {
                command: Some(command(&own.title, commands::ASK, argument)),
                title: own.title.clone(),
                kind: Some(CodeActionKind::RefactorRewrite),
                tags: self.by_model(),
                ..Default::default()
            });
        }
    }

    /// The tag for what a model does, where the client knows it.
    pub(super) fn by_model(&self) -> Option<Vec<CodeActionTag>> {
        let is_known = self.view.client.action_tags;
        is_known.then(|| vec![CodeActionTag::LLMGenerated])
    }

    fn problems(&self, clusters: &[Cluster], offered: &[Offered<'_>]) -> Vec<Problem> {
        let ours = clusters.iter().map(|it| Problem {
            label: label(&it.primary().title),
            diagnostic: self.diagnostic(it),
            finding: Some(json!(it.id)),
            proposed: agents(offered, |proposal| {
                let ids = it.findings.iter().map(|it| &it.id);
                ids.into_iter().any(|it| proposal.findings.contains(it))
            }),
        });
        let sent = self.params.context.diagnostics.iter();
        let foreign = sent.filter(|it| !from::is_ours(it) && !from::message(it).trim().is_empty());
        let foreign = foreign.take(MAX_FINDINGS).map(|it| Problem {
            label: label(from::message(it)),
            diagnostic: it.clone(),
            finding: None,
            // What another tool says has no name of ours; its words are the title of what was proposed for it, here.
            proposed: agents(offered, |proposal| {
                proposal.findings.is_empty()
                    && proposal.title == fix::title_of(&from::full_message(it))
            }),
        });
        ours.chain(foreign).collect()
    }

    fn fix(&self, title: String, problems: &[&Problem], agents: &[String]) -> CodeAction {
        let ids: Vec<&Value> = problems
            .iter()
            .filter_map(|it| it.finding.as_ref())
            .collect();
        let foreign = problems.iter().filter(|it| it.finding.is_none());
        let foreign: Vec<&Diagnostic> = foreign.map(|it| &it.diagnostic).collect();
        let argument = json!({
            "uri": self.view.uri, "ids": ids, "diagnostics": foreign, "agents": agents,
        });
        let diagnostics = problems.iter().map(|it| it.diagnostic.clone());
        CodeAction {
            command: Some(command(&title, commands::FIX, argument)),
            title,
            kind: Some(CodeActionKind::QuickFix),
            diagnostics: Some(diagnostics.collect()),
            tags: self.by_model(),
            ..Default::default()
        }
    }
}

/// Each agent by itself, and all of them at the same time, without those that are `taken`.
fn choices(agents: &[String], taken: &BTreeSet<String>) -> Vec<(Vec<String>, String)> {
    let free: Vec<String> = agents
        .iter()
        .filter(|it| !taken.contains(*it))
        .cloned()
        .collect();
    let single = free.iter().map(|it| (vec![it.clone()], it.clone()));
    let mut choices: Vec<(Vec<String>, String)> = single.collect();
    if free.len() > 1 {
        let words = format!("{} side by side", agents_in_words(&free));
        choices.push((free, words));
    }
    choices
}

/// The agents whose proposals are meant and have a change that can be applied. One that met the user's edits in all of
/// its changes is no reason not to ask again.
fn agents(offered: &[Offered<'_>], is_meant: impl Fn(&Proposal) -> bool) -> BTreeSet<String> {
    let held = offered.iter().map(|it| it.held);
    let meant = held.filter(|it| !it.numbers(PartState::Open).is_empty());
    let meant = meant.filter(|it| is_meant(&it.proposal));
    meant.map(|it| it.proposal.agent.clone()).collect()
}

/// The agents that are offered: those that the user configured, else those that are there.
fn fixers(config: &FixConfig) -> Vec<String> {
    let agents = if config.agents.is_empty() {
        &config.offered
    } else {
        &config.agents
    };
    agents.iter().take(MAX_AGENTS).cloned().collect()
}

fn label(message: &str) -> String {
    let first = message.trim().lines().next().unwrap_or_default();
    sanitize::line(first, MAX_SHOWN)
}
