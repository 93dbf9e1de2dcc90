//! Actions on our findings: their ready fixes, and dismissing them.

use super::{Here, MAX_FINDINGS, MAX_SHOWN, command};
use crate::commands;
use crate::proto::{edit, from, to};
use crate::roots::Root;
use domain::finding::Finding;
use domain::merge::Cluster;
use engine::request::Reach;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{CodeAction, CodeActionKind, CodeActionTag, Diagnostic};

/// The agent that is no model.
const BUILTIN: &str = "builtin";

impl Here<'_> {
    /// The findings that are meant, in text order.
    pub(super) fn clusters(&self, root: &mut Root) -> Vec<Cluster> {
        // A finding that is only near is still meant when its diagnostic is named.
        let named = self
            .params
            .context
            .diagnostics
            .iter()
            .filter_map(from::finding_id);
        let mut clusters: Vec<Cluster> = named
            .take(MAX_FINDINGS)
            .filter_map(|it| root.findings.cluster(&it))
            .filter(|(path, _)| *path == self.place.path)
            .map(|it| it.1)
            .collect();
        for near in root.findings.at(&self.place.path, self.range) {
            if clusters.iter().all(|it| it.id != near.id) {
                clusters.push(near.clone());
            }
        }
        clusters.sort_by(|a, b| (a.range, &a.id).cmp(&(b.range, &b.id)));
        clusters.dedup_by(|a, b| a.id == b.id);
        clusters.truncate(MAX_FINDINGS);
        clusters
    }

    /// The fixes that are ready.
    pub(super) fn ready_fixes(&self, clusters: &[Cluster], actions: &mut Vec<CodeAction>) {
        let fixable = clusters.iter().filter(|it| it.primary().fix.is_some());
        let is_only = fixable.count() == 1;
        actions.extend(clusters.iter().filter_map(|it| self.ready_fix(it, is_only)));
    }

    /// Taking findings away.
    pub(super) fn dismissals(&self, clusters: &[Cluster], actions: &mut Vec<CodeAction>) {
        for cluster in clusters {
            actions.extend(self.dismissals_of(cluster));
        }
    }

    /// The client's own copy of a diagnostic where it sent one, so that it knows it again.
    pub(super) fn diagnostic(&self, cluster: &Cluster) -> Diagnostic {
        let ours = to::diagnostic(cluster, self.view);
        let sent = self
            .params
            .context
            .diagnostics
            .iter()
            .find(|it| match from::finding_id(it) {
                Some(id) => id == cluster.id,
                None => it.source == ours.source && it.range == ours.range && it.code == ours.code,
            });
        sent.cloned().unwrap_or(ours)
    }

    /// The quick ones, and one that asks.
    fn dismissals_of(&self, cluster: &Cluster) -> Vec<CodeAction> {
        let diagnostic = self.diagnostic(cluster);
        let title = domain::sanitize::line(&cluster.primary().title, MAX_SHOWN);
        let action = |how: &str, argument: Value| {
            let title = format!("Dismiss “{title}”{how}");
            CodeAction {
                command: Some(command(&title, commands::DISMISS, argument)),
                title,
                kind: Some(CodeActionKind::QuickFix),
                diagnostics: Some(vec![diagnostic.clone()]),
                ..Default::default()
            }
        };
        let id = &cluster.id;
        let quick = [Reach::Here, Reach::Text, Reach::Kind];
        let quick = quick.map(|reach| {
            let how = format!(" {}", reach.in_words());
            action(&how, json!({"id": id, "reach": reach}))
        });
        let can_ask = self.view.client.ask;
        let asking =
            can_ask.then(|| action(": choose reach and reason", json!({"id": id, "ask": true})));
        quick.into_iter().chain(asking).collect()
    }

    fn ready_fix(&self, cluster: &Cluster, is_only: bool) -> Option<CodeAction> {
        let primary = cluster.primary();
        let fix = primary.fix.as_ref()?;
        let is_by_model = primary.agent != BUILTIN && self.view.client.action_tags;
        Some(CodeAction {
            title: fix_title(primary, &fix.new_text),
            kind: Some(CodeActionKind::QuickFix),
            diagnostics: Some(vec![self.diagnostic(cluster)]),
            is_preferred: self
                .view
                .client
                .preferred_actions
                .then_some(is_only)
                .filter(|it| *it),
            edit: Some(edit::of_document(&[fix], self.document.version, self.view)),
            tags: is_by_model.then(|| vec![CodeActionTag::LLMGenerated]),
            // Where only commands are taken, this one does the same.
            data: Some(json!({"uri": self.view.uri, "ids": [cluster.id]})),
            ..Default::default()
        })
    }
}

fn fix_title(finding: &Finding, new_text: &str) -> String {
    let is_short = !new_text.trim().is_empty()
        && !new_text.contains('\n')
        && new_text.chars().count() <= MAX_SHOWN;
    if is_short && !new_text.contains('`') {
        format!("Replace with `{new_text}`")
    } else if new_text.is_empty() {
        format!("Remove: {}", finding.title)
    } else {
        format!("Fix: {}", finding.title)
    }
}
