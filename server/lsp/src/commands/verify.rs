//! `crosscheck.verify`: has findings refuted by an agent of another provider, if it can.

use super::start::{Wanted, start};
use super::{ENDING, refuse};
use crate::runs::{Task, What, count};
use crate::state::State;
use domain::finding::FindingId;
use domain::merge::{Cluster, Standing};
use domain::path::RelPath;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tower_lsp::gen_lsp_types::MessageType;
use tower_lsp::jsonrpc::Result;

/// Most findings verified at once; the rest is counted.
const MAX_FINDINGS: usize = 50;

#[derive(Default, Deserialize)]
pub(super) struct Argument {
    /// Findings by name.
    ids: Option<Vec<FindingId>>,
    /// A file whose findings are meant, where no names are given.
    uri: Option<String>,
    /// Who is asked.
    agent: Option<String>,
}

/// Clusters that are to be verified, by the name of their primary finding, and the place of the first one in words.
#[derive(Default)]
struct Found {
    ids: Vec<FindingId>,
    spot: String,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: &Argument) -> Result<Value> {
    let by_root = wanted(state, argument);
    if by_root.is_empty() {
        let why = match argument.ids {
            Some(_) => "This finding is gone already.",
            None => {
                "There is no finding to verify; give `ids`, or the `uri` of an open file that has some."
            }
        };
        return Ok(refuse(state, why));
    }
    let mut runs = Vec::new();
    let mut omitted = 0;
    for (root, mut found) in by_root {
        omitted += found.ids.len().saturating_sub(MAX_FINDINGS);
        found.ids.truncate(MAX_FINDINGS);
        let subject = match found.ids.len() {
            1 => found.spot,
            several => count(several, "finding"),
        };
        let task = Task {
            author: None,
            occasion: engine::Occasion::Asked,
            root,
            what: What::Verify { ids: found.ids },
            agents: argument.agent.iter().cloned().collect(),
            instructions: None,
        };
        let wanted = Wanted {
            task,
            subject,
            is_explicit: true,
        };
        match start(state, wanted) {
            Some(run) => runs.push(run),
            None => return Ok(refuse(state, ENDING)),
        }
    }
    if omitted > 0 {
        let text = format!(
            "{} are too many for one verification; the first {MAX_FINDINGS} are checked.",
            count(MAX_FINDINGS + omitted, "finding")
        );
        state.client.show(MessageType::Warning, &text);
    }
    Ok(json!({"run": runs.first(), "runs": runs, "omitted": omitted}))
}

/// What an argument means, by root.
fn wanted(state: &mut State, argument: &Argument) -> BTreeMap<Arc<Path>, Found> {
    let document = argument.uri.as_ref();
    let document = document.and_then(|it| state.documents.get(it));
    let file = document.and_then(|it| it.place.as_ref().ok().cloned());
    let mut by_root: BTreeMap<Arc<Path>, Found> = BTreeMap::new();
    for root in state.roots.iter_mut() {
        let mut found = Found::default();
        match (&argument.ids, &file) {
            (Some(ids), _) => {
                let clusters = ids.iter().filter_map(|it| root.findings.cluster(it));
                clusters.for_each(|(path, it)| found.add(&path, &it));
            }
            (None, Some(place)) if place.root == root.path => {
                let shown = root.findings.shown(&place.path);
                // What a rule says applies for certain.
                let unsure = shown.filter(|it| it.standing != Standing::Rule);
                unsure.for_each(|it| found.add(&place.path, it));
            }
            (None, _) => {}
        }
        if !found.ids.is_empty() {
            by_root.insert(Arc::clone(&root.path), found);
        }
    }
    by_root
}

impl Found {
    fn add(&mut self, path: &RelPath, cluster: &Cluster) {
        if self.ids.is_empty() {
            self.spot = format!("{path}:{}", cluster.primary().anchor.line + 1);
        }
        if !self.ids.contains(&cluster.id) {
            self.ids.push(cluster.id.clone());
        }
    }
}
