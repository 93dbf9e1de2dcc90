//! Having a finding of ours refuted by an agent of another provider, if it can.

use super::{Here, MAX_SHOWN, command};
use crate::commands;
use crate::roots::Root;
use domain::merge::{Cluster, Standing};
use domain::sanitize;
use serde_json::json;
use tower_lsp::gen_lsp_types::{CodeAction, CodeActionKind};

/// Most agents offered for one finding.
const MAX_AGENTS: usize = 2;

impl Here<'_> {
    /// Asking others whether the findings here are right. What a rule says applies for certain.
    pub(super) fn verifications(
        &self,
        root: &Root,
        clusters: &[Cluster],
        actions: &mut Vec<CodeAction>,
    ) {
        let Some(loaded) = &root.loaded else {
            return;
        };
        let open = clusters.iter().filter(|it| it.standing != Standing::Rule);
        for cluster in open {
            let title = sanitize::line(&cluster.primary().title, MAX_SHOWN);
            let said = if clusters.len() > 1 {
                format!(" “{title}”")
            } else {
                String::new()
            };
            let agents = loaded.config.verifiers(&cluster.findings);
            for agent in agents.iter().take(MAX_AGENTS) {
                let again = cluster.checks.iter().any(|it| it.agent == agent.name);
                let again = if again { " again" } else { "" };
                let title = format!("Verify{said} with {}{again}", agent.name);
                let argument = json!({"ids": [cluster.id], "agent": agent.name});
                actions.push(CodeAction {
                    command: Some(command(&title, commands::VERIFY, argument)),
                    title,
                    kind: Some(CodeActionKind::QuickFix),
                    diagnostics: Some(vec![self.diagnostic(cluster)]),
                    tags: self.by_model(),
                    ..Default::default()
                });
            }
        }
    }
}
