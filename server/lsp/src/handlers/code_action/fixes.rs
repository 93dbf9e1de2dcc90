//! Having an agent change something: settle what is wrong here, whoever says so, or do what the user configured.

use super::{Here, MAX_FINDINGS, MAX_SHOWN, command};
use crate::commands;
use crate::proto::from;
use crate::roots::Root;
use crate::runs::agents_in_words;
use domain::merge::Cluster;
use domain::sanitize;
use engine::config::FixConfig;
use serde_json::{Value, json};
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
}

impl Here<'_> {
    /// Having agents fix what is wrong here.
    pub(super) fn fixes(&self, root: &Root, clusters: &[Cluster], actions: &mut Vec<CodeAction>) {
        let agents = root.loaded.as_ref().map(|it| fixers(&it.config.fix));
        let agents = agents.filter(|it| !it.is_empty()).unwrap_or_default();
        let problems = self.problems(clusters);
        if agents.is_empty() || problems.is_empty() {
            return;
        }
        // Each agent by itself, and all of them at the same time.
        let mut choices: Vec<(&[String], String)> =
            agents.chunks(1).map(|it| (it, it[0].clone())).collect();
        if agents.len() > 1 {
            let words = format!("{} side by side", agents_in_words(&agents));
            choices.push((&agents, words));
        }
        if let [only] = &problems[..] {
            for (agents, words) in choices {
                let title = format!("Fix with {words}");
                actions.push(self.fix(title, std::slice::from_ref(only), agents));
            }
            return;
        }
        for problem in problems.iter().take(MAX_SINGLE) {
            for (agents, words) in &choices {
                let title = format!("Fix “{}” with {words}", problem.label);
                actions.push(self.fix(title, std::slice::from_ref(problem), agents));
            }
        }
        for (agents, words) in &choices {
            let title = format!("Fix all {} problems here with {words}", problems.len());
            actions.push(self.fix(title, &problems, agents));
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

    fn problems(&self, clusters: &[Cluster]) -> Vec<Problem> {
        let ours = clusters.iter().map(|it| Problem {
            label: label(&it.primary().title),
            diagnostic: self.diagnostic(it),
            finding: Some(json!(it.id)),
        });
        let sent = self.params.context.diagnostics.iter();
        let foreign = sent.filter(|it| !from::is_ours(it) && !from::message(it).trim().is_empty());
        let foreign = foreign.take(MAX_FINDINGS).map(|it| Problem {
            label: label(from::message(it)),
            diagnostic: it.clone(),
            finding: None,
        });
        ours.chain(foreign).collect()
    }

    fn fix(&self, title: String, problems: &[Problem], agents: &[String]) -> CodeAction {
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
