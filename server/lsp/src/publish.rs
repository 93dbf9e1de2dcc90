//! Showing findings: at the end of each turn the files that changed are pushed once, or the client is told to pull.

use crate::capabilities::Capabilities;
use crate::client::{Asked, Client};
use crate::documents::Document;
use crate::proposals::Proposals;
use crate::proto::proposal;
use crate::proto::to::{self, View};
use crate::roots::Root;
use crate::state::State;
use crate::{content, preview, runs, uri};
use domain::merge::Cluster;
use domain::path::RelPath;
use engine::config::Problem;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::Instant;
use tower_lsp::gen_lsp_types::{Diagnostic, MarkupContent, Message};

/// Most diagnostics shown for one file; the rest is counted in the last one.
const MAX_DIAGNOSTICS: usize = 10_000;

/// What the editor was shown, and what it has yet to be shown.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// Hash of the diagnostics last pushed, by URI; `None` when the editor may have lost them. A file without any
    /// is not here.
    pushed: BTreeMap<String, Option<u64>>,
    /// Files to be shown anew beside those that the boards name.
    stale: BTreeSet<(Arc<Path>, RelPath)>,
    /// Files to be shown anew that lie in no root: configuration files.
    stale_files: BTreeSet<PathBuf>,
    /// The problems in configuration files, by the root that is configured and file.
    problems: BTreeMap<Arc<Path>, BTreeMap<PathBuf, Vec<Problem>>>,
    wants_refresh: bool,
}

#[derive(Serialize)]
struct Pushed<'a> {
    uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    diagnostics: Box<RawValue>,
}

impl Published {
    /// Shows a file anew at the end of the turn.
    pub(crate) fn touch(&mut self, root: &Arc<Path>, path: &RelPath) {
        self.stale.insert((Arc::clone(root), path.clone()));
    }

    /// Replaces the problems of a root's configuration.
    pub(crate) fn set_problems(&mut self, root: &Arc<Path>, problems: &[Problem]) {
        let mut by_file: BTreeMap<PathBuf, Vec<Problem>> = BTreeMap::new();
        for problem in problems {
            if let Some(file) = &problem.file {
                by_file
                    .entry(file.clone())
                    .or_default()
                    .push(problem.clone());
            }
        }
        self.stale_files.extend(by_file.keys().cloned());
        if let Some(before) = self.problems.insert(Arc::clone(root), by_file) {
            self.stale_files.extend(before.into_keys());
        }
    }

    /// Forgets a root.
    pub(crate) fn forget_root(&mut self, root: &Arc<Path>) {
        self.set_problems(root, &[]);
        self.problems.remove(root);
        self.stale.retain(|(it, _)| it != root);
    }

    /// Pushes the diagnostics of a URI anew even when they are the same: some editors lose them with the buffer.
    pub(crate) fn push_again(&mut self, uri: &str) {
        if let Some(hash) = self.pushed.get_mut(uri) {
            *hash = None;
        }
    }

    /// Takes what was pushed for a URI from the screen.
    pub(crate) fn withdraw(&mut self, client: &mut Client, uri: &str) {
        self.push(client, uri, None, &[]);
    }

    /// The problems of a configuration file; those of one that several roots share only once.
    fn problems_of(&self, file: &Path) -> Vec<&Problem> {
        let mut problems: Vec<&Problem> = Vec::new();
        for problem in self
            .problems
            .values()
            .filter_map(|it| it.get(file))
            .flatten()
        {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        problems
    }

    /// Pushes the diagnostics of a file, unless the editor shows just these already.
    fn push(
        &mut self,
        client: &mut Client,
        uri: &str,
        version: Option<i32>,
        diagnostics: &[Diagnostic],
    ) {
        let Ok(json) = serde_json::value::to_raw_value(diagnostics) else {
            return;
        };
        let hash = hash(json.get());
        let before = if diagnostics.is_empty() {
            self.pushed.remove(uri)
        } else {
            self.pushed.insert(uri.to_owned(), Some(hash))
        };
        if before == Some(Some(hash)) || (before.is_none() && diagnostics.is_empty()) {
            return;
        }
        client.notify(
            "textDocument/publishDiagnostics",
            Pushed {
                uri,
                version,
                diagnostics: json,
            },
        );
    }
}

/// Ends a turn: shows what changed, unless the client is behind with reading.
pub(crate) fn flush(state: &mut State, now: Instant) {
    if state.client.is_congested() {
        return;
    }
    let mut files = std::mem::take(&mut state.published.stale);
    let documents = &state.documents;
    let mut unsettled = Vec::new();
    for root in state.roots.iter_mut().filter(|it| it.findings.is_due(now)) {
        let path_of_root = Arc::clone(&root.path);
        let changed = root
            .findings
            .take_changed(|path| documents.at(&path_of_root, path).map(|it| &it.text));
        files.extend(
            changed
                .into_iter()
                .map(|path| (Arc::clone(&path_of_root), path)),
        );
        unsettled.push((path_of_root, root.findings.take_unsettled()));
    }
    unsettled.retain(|it| !it.1.is_empty());
    for (root, ids) in unsettled {
        if let Some(engine) = state.engine() {
            engine.reopen(&root, ids);
        }
    }
    let proposed = state.proposals.take_changed(now, &state.documents);
    if !proposed.is_empty() {
        preview::refresh(state);
    }
    state.published.stale_files.extend(proposed);
    for file in std::mem::take(&mut state.published.stale_files) {
        match state.roots.locate(&file) {
            Some(place) => {
                files.insert((place.root, place.path));
            }
            None => show_problems(state, &file),
        }
    }
    // Of roots that lie in each other the inner one shows a file, whichever noticed.
    let places: BTreeSet<(Arc<Path>, RelPath)> = files
        .iter()
        .map(|(root, path)| state.roots.home(root, path))
        .map(|it| (it.root, it.path))
        .collect();
    if !places.is_empty() {
        state.proposals.look(&state.documents);
    }
    for (root, path) in places {
        show(state, &root, &path);
    }
    if state.published.wants_refresh && !state.client.is_asking(&Asked::Refresh) {
        state.published.wants_refresh = false;
        state
            .client
            .request("workspace/diagnostic/refresh", None::<()>, Asked::Refresh);
    }
}

/// The diagnostics of an open document for a client that pulls, and their name.
pub(crate) fn pulled(state: &mut State, uri: &str) -> (Vec<Diagnostic>, String) {
    state.proposals.look(&state.documents);
    let State {
        documents,
        roots,
        published,
        proposals,
        capabilities,
        ..
    } = state;
    let known = Known {
        published,
        proposals,
    };
    let diagnostics = documents.get(uri).map(|document| {
        let place = document.place.as_ref().ok();
        let root = place.and_then(|it| roots.get_mut(&it.root));
        of_document(document, root, known, capabilities)
    });
    let diagnostics = diagnostics.unwrap_or_default();
    let json = serde_json::to_string(&diagnostics).unwrap_or_default();
    (diagnostics, format!("{:016x}", hash(&json)))
}

/// Takes everything of a root from the screen.
pub(crate) fn retract(state: &mut State, mut root: Root) {
    let State {
        documents,
        published,
        proposals,
        client,
        ..
    } = state;
    published.forget_root(&root.path);
    let proposed = proposals.close_root(&root.path);
    let proposed = proposed.iter().filter_map(|it| root.rel_path(it));
    let mut paths: BTreeSet<RelPath> = root.findings.paths().into_iter().collect();
    paths.extend(proposed);
    root.findings.clear();
    for path in paths {
        let uri = documents
            .at(&root.path, &path)
            .map_or_else(|| root.uri_of(&path), |it| it.uri.clone());
        published.push(client, &uri, None, &[]);
    }
    published.wants_refresh |= state.capabilities.pull_diagnostics;
}

/// What is known of files beside their findings.
#[derive(Clone, Copy)]
struct Known<'a> {
    published: &'a Published,
    proposals: &'a Proposals,
}

fn show(state: &mut State, root: &Arc<Path>, path: &RelPath) {
    let State {
        documents,
        roots,
        published,
        proposals,
        capabilities,
        client,
        ..
    } = state;
    let Some(root) = roots.get_mut(root) else {
        return;
    };
    let closed_uri = root.uri_of(path);
    let Some(document) = documents.at(&root.path, path) else {
        let known = Known {
            published,
            proposals,
        };
        let diagnostics = of_closed(root, path, known, capabilities, &closed_uri);
        published.push(client, &closed_uri, None, &diagnostics);
        return;
    };
    if closed_uri != document.uri {
        published.push(client, &closed_uri, None, &[]);
    }
    if capabilities.pull_diagnostics {
        // What was pushed while it was not open would be shown twice.
        published.push(client, &document.uri, None, &[]);
        published.wants_refresh = true;
    } else {
        let known = Known {
            published,
            proposals,
        };
        let diagnostics = of_document(document, Some(root), known, capabilities);
        published.push(client, &document.uri, Some(document.version), &diagnostics);
    }
}

/// Shows the problems of a configuration file that lies in no root.
fn show_problems(state: &mut State, file: &Path) {
    let State {
        published,
        capabilities,
        client,
        ..
    } = state;
    let problems = published.problems_of(file);
    let text = if problems.is_empty() {
        None
    } else {
        content::on_disk(file).text()
    }
    .unwrap_or_default();
    let diagnostics: Vec<_> = problems
        .into_iter()
        .map(|it| to::problem(it, &text, capabilities.encoding))
        .collect();
    published.push(client, &uri::from_path(file), None, &diagnostics);
}

fn of_document(
    document: &Document,
    root: Option<&mut Root>,
    known: Known<'_>,
    client: &Capabilities,
) -> Vec<Diagnostic> {
    let (Some(root), Ok(place)) = (root, &document.place) else {
        return Vec::new();
    };
    let view = View {
        uri: &document.uri,
        text: &document.text,
        client,
    };
    collect(root, &place.path, known, view)
}

/// The diagnostics of a file that is not open. Its findings are moved to where their text is on disk now.
fn of_closed(
    root: &mut Root,
    path: &RelPath,
    known: Known<'_>,
    client: &Capabilities,
    uri: &str,
) -> Vec<Diagnostic> {
    let file = root.path_of(path);
    let is_silent = root.findings.clusters(path).is_empty()
        && !root.findings.is_quoted(path)
        && known.published.problems_of(&file).is_empty()
        && !known.proposals.knows(&file);
    if is_silent {
        return Vec::new();
    }
    let text = content::on_disk(&file).text();
    root.findings.placed(path, text.as_ref());
    let text = text.unwrap_or_default();
    collect(
        root,
        path,
        known,
        View {
            uri,
            text: &text,
            client,
        },
    )
}

fn collect(root: &mut Root, path: &RelPath, known: Known<'_>, view: View<'_>) -> Vec<Diagnostic> {
    let file = root.path_of(path);
    let problems = known.published.problems_of(&file);
    let problems = problems
        .into_iter()
        .map(|it| to::problem(it, view.text, view.client.encoding));
    let clusters: Vec<&Cluster> = root.findings.shown(path).collect();
    let shown = clusters
        .iter()
        .take(MAX_DIAGNOSTICS)
        .map(|it| to::diagnostic(it, view));
    let proposed = known.proposals.iter();
    let proposed = proposed
        .flat_map(|it| proposal::marks(it, &file, view.text))
        .filter(|it| !known.proposals.is_unsettled(it));
    let proposed = proposed
        .take(MAX_DIAGNOSTICS)
        .map(|it| proposal::diagnostic(&it, view));
    let proposed: Vec<Diagnostic> = proposed.collect();
    let mut diagnostics: Vec<Diagnostic> = problems.chain(shown).collect();
    if let (Some(surplus @ 1..), Some(last)) = (
        clusters.len().checked_sub(MAX_DIAGNOSTICS),
        diagnostics.last_mut(),
    ) {
        let (Message::String(message)
        | Message::MarkupContent(MarkupContent { value: message, .. })) = &mut last.message;
        message.push_str(&format!(
            "\n{} of this file are not shown.",
            runs::count(surplus, "more finding")
        ));
    }
    diagnostics.extend(proposed);
    diagnostics
}

fn hash(json: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(json.as_bytes());
    hasher.finish()
}
