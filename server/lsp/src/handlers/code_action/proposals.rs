//! Actions on what agents propose: apply it, in whole or in part, look at it, forget it, take it back.

use super::{Here, command};
use crate::capabilities::KIND_MANAGE;
use crate::commands;
use crate::proposals::{Held, PartState, Proposals, words};
use crate::proto::from;
use crate::proto::proposal::{self, Mark};
use crate::roots::Roots;
use domain::finding::FindingId;
use domain::merge::Cluster;
use domain::proposal::PartKind;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{CodeAction, CodeActionKind, Diagnostic};

/// Most proposals that actions are offered for at once.
const MAX_PROPOSALS: usize = 5;
/// Most changes of one proposal that are offered by themselves.
const MAX_PARTS: usize = 3;

/// A proposal that is offered.
pub(super) struct Offered<'p> {
    pub(super) held: &'p Held,
    /// Its changes at the place of the user.
    marks: Vec<Mark<'p>>,
}

impl Here<'_> {
    /// The proposals with a change at the place, or that are to settle a finding there; and those that are about the file
    /// otherwise, for a person who looks for them.
    pub(super) fn offered<'p>(
        &self,
        proposals: &'p Proposals,
        clusters: &[Cluster],
    ) -> (Vec<Offered<'p>>, Vec<Offered<'p>>) {
        let sent = self.params.context.diagnostics.iter();
        let named: Vec<_> = sent.filter_map(from::proposal_id).collect();
        let is_settled_by = |id: &FindingId| {
            clusters
                .iter()
                .any(|it| it.findings.iter().any(|it| it.id == *id))
        };
        let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
        // The newest first.
        let open: Vec<&Held> = proposals.iter().filter(|it| !it.is_settled()).collect();
        for held in open.into_iter().rev() {
            let mut marks = proposal::marks(held, &self.file, self.view.text);
            marks.retain(|it| it.range.intersects(self.range));
            let is_here = !marks.is_empty()
                || named.contains(&held.proposal.id)
                || held.proposal.findings.iter().any(is_settled_by);
            if is_here {
                here.push(Offered { held, marks });
            } else if !self.is_for_light_bulb() && self.is_about(held) {
                elsewhere.push(Offered { held, marks });
            }
        }
        here.truncate(MAX_PROPOSALS);
        elsewhere.truncate(MAX_PROPOSALS - here.len());
        (here, elsewhere)
    }

    /// What can be done with these; `others` are offered, too.
    pub(super) fn on_proposals(
        &self,
        offered: &[Offered<'_>],
        others: &[Offered<'_>],
        actions: &mut Vec<CodeAction>,
    ) {
        for it in offered {
            let agent = &it.held.proposal.agent;
            let all = offered.iter().chain(others);
            let of_agent = all.filter(|it| it.held.proposal.agent == *agent);
            self.on_proposal(it, of_agent.count() > 1, actions);
        }
    }

    /// Taking back what was applied last, where that was in this file.
    pub(super) fn take_back(&self, proposals: &Proposals, roots: &Roots) -> Option<CodeAction> {
        if !self.wants(&KIND_MANAGE) {
            return None;
        }
        let around = roots.iter().filter_map(|root| {
            let path = Roots::path_in(&root.path, self.place)?;
            let applications = proposals.applications(&root.path).iter();
            let newest = applications
                .filter(|it| !it.reverted)
                .max_by_key(|it| it.id)?;
            Some((path, newest))
        });
        let (path, newest) = around.max_by_key(|it| it.1.id)?;
        newest.inverse.iter().flatten().find(|it| it.path == path)?;
        let title = format!("Take back {}'s last change", newest.agent);
        Some(CodeAction {
            command: Some(command(&title, commands::REVERT, json!({"id": newest.id}))),
            title,
            kind: Some(KIND_MANAGE),
            ..Default::default()
        })
    }

    /// Whether a proposal belongs to this file, or to none that is there and to this root.
    fn is_about(&self, held: &Held) -> bool {
        let comes_to_be = |it| matches!(it, PartKind::Create);
        held.concerns(&self.file)
            || (self.file.starts_with(&held.root)
                && held.parts().all(|it| comes_to_be(it.part.kind)))
    }

    fn on_proposal(&self, it: &Offered<'_>, is_ambiguous: bool, actions: &mut Vec<CodeAction>) {
        let Offered { held, marks } = it;
        let proposal = &held.proposal;
        let (id, agent) = (&proposal.id, &proposal.agent);
        let name = if is_ambiguous {
            format!(": {}", words::short(proposal))
        } else {
            String::new()
        };
        let diagnostics: Vec<Diagnostic> = marks
            .iter()
            .map(|it| proposal::diagnostic(it, self.view))
            .collect();
        let mut add = |title: String, command_name: &str, argument: Value| {
            actions.push(CodeAction {
                command: Some(command(&title, command_name, argument)),
                title,
                kind: Some(CodeActionKind::QuickFix),
                diagnostics: (!diagnostics.is_empty()).then(|| diagnostics.clone()),
                tags: self.by_model(),
                ..Default::default()
            });
        };
        let open = held.parts().filter(|it| it.state == PartState::Open);
        let open: Vec<_> = open.collect();
        let count = open.len();
        let extent = words::extent(open.into_iter());
        if count > 0 {
            let what = if count == 1 { "change" } else { &extent };
            add(
                format!("Apply {agent}'s {what}{name}"),
                commands::APPLY,
                json!({"id": id}),
            );
        }
        if count > 1 {
            let open = marks.iter().filter(|it| it.it.state == PartState::Open);
            for mark in open.take(MAX_PARTS) {
                let number = words::number(&mark.it, proposal);
                add(
                    format!("Apply this change{number}{name}"),
                    commands::APPLY,
                    json!({"id": id, "parts": [mark.it.part.number]}),
                );
            }
        }
        let changes = if held.parts().count() == 1 {
            "change"
        } else {
            "changes"
        };
        add(
            format!("Preview {agent}'s {changes}{name}"),
            commands::PREVIEW,
            json!({"id": id}),
        );
        add(
            format!("Discard {agent}'s {changes}{name}"),
            commands::DISCARD,
            json!({"id": id}),
        );
    }
}
