//! `textDocument/codeAction`: what can be done here, from memory. No agent is asked, nothing is computed that the
//! client did not ask for.

mod comments;
mod findings;
mod fixes;
mod proposals;
mod verify;

use crate::capabilities::{KIND_FIX_ALL, KIND_MANAGE, KIND_REVIEW};
use crate::commands::{self, fix_all::ready_fixes};
use crate::documents::{Document, Place};
use crate::proto::to::View;
use crate::proto::{edit, from};
use crate::roots::Root;
use crate::runs::{agents_in_words, count};
use crate::state::State;
use domain::merge::Cluster;
use domain::text::TextRange;
use serde_json::{Value, json};
use std::path::PathBuf;
use tower_lsp::gen_lsp_types::{
    CodeAction, CodeActionContext, CodeActionKind, CodeActionParams, CodeActionResponse,
    CodeActionTriggerKind, Command,
};

#[cfg(test)]
pub(crate) mod tests;

/// Most findings, and most problems of other tools, that actions are offered for at once.
const MAX_FINDINGS: usize = 20;
/// Longest text shown in a title, in characters.
const MAX_SHOWN: usize = 40;
/// Longest character, in bytes.
const MAX_CHARACTER: usize = 4;

pub(super) fn handle(state: &mut State, params: &CodeActionParams) -> Vec<CodeActionResponse> {
    let is_running = !state.runs.running().is_empty();
    state.proposals.look(&state.documents);
    let State {
        documents,
        roots,
        proposals,
        capabilities,
        ..
    } = state;
    let Some(document) = documents.get(&params.text_document.uri.0) else {
        return Vec::new();
    };
    let root = document
        .place
        .as_ref()
        .ok()
        .and_then(|it| roots.get_mut(&it.root));
    let (Some(root), Ok(place)) = (root, &document.place) else {
        return Vec::new();
    };
    let view = View {
        uri: &document.uri,
        text: &document.text,
        client: capabilities,
    };
    let here = Here {
        document,
        place,
        file: root.path_of(&place.path),
        range: from::text_range(params.range, view.text, capabilities.encoding),
        view,
        params,
    };
    let mut actions = Vec::new();
    if here.wants(&CodeActionKind::QuickFix) {
        let clusters = here.clusters(root);
        let (at_place, elsewhere) = here.offered(proposals, &clusters);
        here.ready_fixes(&clusters, &mut actions);
        here.on_proposals(&at_place, &elsewhere, &mut actions);
        here.fixes(root, &clusters, &at_place, &mut actions);
        here.verifications(root, &clusters, &mut actions);
        here.dismissals(&clusters, &mut actions);
        here.comments(&clusters, &mut actions);
        here.on_proposals(&elsewhere, &at_place, &mut actions);
    }
    if here.wants(&CodeActionKind::RefactorRewrite) && !here.is_for_light_bulb() {
        here.own_actions(root, &mut actions);
    }
    if here.wants(&KIND_FIX_ALL) && !here.is_for_light_bulb() {
        actions.extend(here.fix_all(root));
    }
    if here.wants_source() {
        here.on_file(root, is_running, &mut actions);
        actions.extend(here.take_back(proposals, roots));
    }
    actions
        .into_iter()
        .filter_map(|it| here.graded(it))
        .collect()
}

/// Where actions are asked for.
struct Here<'a> {
    document: &'a Document,
    place: &'a Place,
    /// The document's canonical path.
    file: PathBuf,
    /// What is selected, in bytes; empty for a cursor.
    range: TextRange,
    view: View<'a>,
    params: &'a CodeActionParams,
}

impl Here<'_> {
    /// Whether the client wants actions of this kind; `source` means `source.fixAll.crosscheck`, too.
    ///
    /// An empty list, which some clients send where nothing is selected, selects nothing.
    fn wants(&self, kind: &CodeActionKind) -> bool {
        let is_below = |only: &str| {
            kind.as_str()
                .strip_prefix(only)
                .is_some_and(|it| only.is_empty() || it.is_empty() || it.starts_with('.'))
        };
        self.params
            .context
            .only
            .as_ref()
            .is_none_or(|it| it.is_empty() || it.iter().any(|it| is_below(it.as_str())))
    }

    /// Whether a person looks for actions on the file.
    fn wants_source(&self) -> bool {
        (self.wants(&KIND_REVIEW) || self.wants(&KIND_MANAGE)) && !self.is_for_light_bulb()
    }

    /// Whether the editor asks by itself, at every move of the cursor, if there is anything to show.
    fn is_for_light_bulb(&self) -> bool {
        let CodeActionContext {
            only, trigger_kind, ..
        } = &self.params.context;
        let is_open = only.as_ref().is_none_or(Vec::is_empty);
        *trigger_kind == Some(CodeActionTriggerKind::Automatic) && is_open
    }

    /// Whether more is selected than the one character that a block cursor covers.
    fn is_selection(&self) -> bool {
        let range = self.range;
        let characters = || self.view.text.slice(range).chars().count();
        !range.is_empty() && (range.len() > MAX_CHARACTER || characters() > 1)
    }

    /// Asked for by kind, as on saving, it brings the edit; in a menu it is a command, which computes it when chosen.
    fn fix_all(&self, root: &mut Root) -> Option<CodeAction> {
        let clusters: Vec<&Cluster> = root.findings.shown(&self.place.path).collect();
        clusters.iter().find(|it| it.primary().fix.is_some())?;
        let title = "Apply all ready fixes of this file".to_owned();
        let is_named = self
            .params
            .context
            .only
            .as_ref()
            .is_some_and(|it| !it.is_empty() && !it.contains(&CodeActionKind::Empty));
        let edit = (is_named || !self.view.client.apply_edit).then(|| {
            edit::of_document(
                &ready_fixes(clusters.into_iter()),
                self.document.version,
                self.view,
            )
        });
        let argument = json!({"uri": self.view.uri});
        let command = edit
            .is_none()
            .then(|| command(&title, commands::FIX_ALL, argument.clone()));
        Some(CodeAction {
            title,
            kind: Some(KIND_FIX_ALL),
            edit,
            command,
            data: Some(argument),
            ..Default::default()
        })
    }

    fn on_file(&self, root: &Root, is_running: bool, actions: &mut Vec<CodeAction>) {
        let reviewers = root
            .loaded
            .as_ref()
            .map(|it| agents_in_words(&it.config.review.agents));
        let with = reviewers
            .filter(|it| !it.is_empty())
            .map(|it| format!(" with {it}"))
            .unwrap_or_default();
        let uri = self.view.uri;
        let range = self.params.range;
        let mut add = |kind: CodeActionKind, title: String, name: &str, argument: Value| {
            if self.wants(&kind) {
                let command = Some(command(&title, name, argument));
                actions.push(CodeAction {
                    title,
                    kind: Some(kind),
                    command,
                    ..Default::default()
                });
            }
        };
        let review = |scope: &str| json!({"uri": uri, "scope": scope});
        if self.is_selection() {
            let argument = json!({"uri": uri, "scope": "selection", "range": range});
            add(
                KIND_REVIEW,
                format!("Review the selection{with}"),
                commands::REVIEW,
                argument,
            );
        }
        add(
            KIND_REVIEW,
            format!("Review this file{with}"),
            commands::REVIEW,
            review("file"),
        );
        add(
            KIND_REVIEW,
            format!("Review changes{with}"),
            commands::REVIEW,
            review("changes"),
        );
        if root
            .loaded
            .as_ref()
            .is_some_and(|it| it.untrusted.is_some())
        {
            let argument = json!({"root": root.path});
            add(
                KIND_MANAGE,
                "Trust this workspace's agents and settings".to_owned(),
                commands::TRUST,
                argument,
            );
        }
        let more = root.findings.withheld().count_more();
        if more > 0 {
            add(
                KIND_MANAGE,
                format!("Show {} of the workspace", count(more, "more finding")),
                commands::FINDINGS,
                json!({"all": true}),
            );
        }
        if !root.findings.not_shown().is_nothing() {
            add(
                KIND_MANAGE,
                "List hidden findings".to_owned(),
                commands::HIDDEN,
                json!({}),
            );
        }
        if is_running {
            add(
                KIND_MANAGE,
                "Cancel what is running".to_owned(),
                commands::CANCEL,
                json!({}),
            );
        }
    }

    /// The action as this client takes it.
    fn graded(&self, mut action: CodeAction) -> Option<CodeActionResponse> {
        let data = action.data.take();
        if self.view.client.action_literals {
            return Some(CodeActionResponse::CodeAction(action));
        }
        let by_command = || {
            data.filter(|_| self.view.client.apply_edit)
                .map(|it| command(&action.title, commands::FIX_ALL, it))
        };
        action
            .command
            .clone()
            .or_else(by_command)
            .map(CodeActionResponse::Command)
    }
}

fn command(title: &str, name: &str, argument: Value) -> Command {
    Command {
        title: title.to_owned(),
        command: name.to_owned(),
        arguments: Some(vec![argument]),
        tooltip: None,
    }
}
