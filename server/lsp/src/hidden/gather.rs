//! What is not shown of one root: on its board, and in what the ledger remembers of it.

use super::{By, Entry};
use crate::documents::Documents;
use crate::roots::Root;
use crate::state::State;
use domain::board::{Board, Reviewed};
use domain::finding::{Finding, FindingId};
use domain::locate::Tier;
use domain::merge::{Cluster, Standing};
use domain::path::RelPath;
use domain::suppression::Suppressions;
use domain::text::Text;
use engine::{FileFindings, Why};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// All that is not shown of a root, with what the ledger `remembers` of it.
pub(super) fn of_root(
    state: &mut State,
    root: &Arc<Path>,
    remembered: &[FileFindings],
) -> Vec<Entry> {
    let State {
        documents, roots, ..
    } = state;
    // Of roots that lie in each other the inner one shows a file.
    let is_home = |path: &RelPath| roots.home(root, path).root == *root;
    let remembered: Vec<&FileFindings> = remembered.iter().filter(|it| is_home(&it.path)).collect();
    let Some(root) = roots.get_mut(root) else {
        return Vec::new();
    };
    let mut entries = withheld(root, documents, &remembered);
    entries.extend(put_away(root, documents, &remembered));
    entries
}

/// What was refuted or is beyond the caps. Of files that are open the board knows best.
fn withheld(root: &Root, documents: &Documents, remembered: &[&FileFindings]) -> Vec<Entry> {
    let is_closed = |it: &&&FileFindings| documents.at(&root.path, &it.path).is_none();
    let closed: Vec<&FileFindings> = remembered.iter().filter(is_closed).copied().collect();
    let texts: BTreeMap<&RelPath, &Text> = closed.iter().map(|it| (&it.path, &it.text)).collect();
    let mut board = root.findings.board_with(&closed);
    let beyond = root.findings.withheld();
    let mut entries = Vec::new();
    for path in board.paths() {
        let document = documents.at(&root.path, &path);
        let text = document.map(|it| &it.text).or(texts.get(&path).copied());
        for cluster in board.clusters(&path) {
            let by = match cluster.standing {
                Standing::Refuted => By::Agent,
                _ if beyond.has(&path, &cluster.id) => By::Caps,
                _ => continue,
            };
            entries.push(entry(root, &path, text, cluster, by));
        }
    }
    entries
}

/// What people dismissed, left to the baseline or keep away by comments; the same remark of several agents once.
fn put_away(root: &mut Root, documents: &Documents, remembered: &[&FileFindings]) -> Vec<Entry> {
    let loaded = root.loaded.as_ref();
    let honour = loaded.map(|it| it.config.review.honour.clone());
    let honour = honour.unwrap_or_default();
    let mut board = Board::default();
    let mut whys: BTreeMap<FindingId, Why> = BTreeMap::new();
    let mut texts: BTreeMap<&RelPath, &Text> = BTreeMap::new();
    for file in remembered {
        let document = documents.at(&root.path, &file.path);
        let text = document.map_or(&file.text, |it| &it.text);
        texts.insert(&file.path, text);
        let hidden = file.hidden.iter();
        let mut away: Vec<(Finding, Why)> = hidden
            .map(|it| (it.finding.clone(), it.why.clone()))
            .collect();
        if document.is_some() {
            // The ledger knows the file as it is on disk.
            away.retain_mut(|it| place(&mut it.0, text));
            let comments = Suppressions::of(file.path.as_str(), text, &honour);
            let shown = file.findings.iter();
            let unseen = shown.filter(|it| root.findings.cluster(&it.id).is_none());
            let unseen: Vec<Finding> = unseen.cloned().collect();
            away.extend(unseen.into_iter().filter_map(|mut it| {
                let comment = place(&mut it, text).then(|| comments.hides(&it, text))??;
                let line = u32::try_from(comment.line).unwrap_or(u32::MAX);
                let reason = comment.reason.clone();
                Some((it, Why::Comment { line, reason }))
            }));
        }
        let (findings, reasons): (Vec<Finding>, Vec<Why>) = away.into_iter().unzip();
        let ids = findings.iter().map(|it| it.id.clone());
        whys.extend(ids.zip(reasons));
        board.set(
            &file.agent,
            &file.path,
            &Reviewed::Ranges(Vec::new()),
            findings,
        );
    }
    let mut entries = Vec::new();
    for path in board.paths() {
        let text = texts.get(&path).copied();
        for cluster in board.clusters(&path) {
            if let Some(why) = whys.get(&cluster.primary().id) {
                let by = By::Person(why.clone());
                entries.push(entry(root, &path, text, cluster, by));
            }
        }
    }
    entries
}

/// Puts a finding where its text is; false when it is gone.
fn place(finding: &mut Finding, text: &Text) -> bool {
    if finding.tier == Tier::File {
        return true;
    }
    match finding.anchor.find(text) {
        Some((range, _)) => {
            finding.range = range;
            finding.fix = None;
            true
        }
        None => false,
    }
}

fn entry(root: &Root, path: &RelPath, text: Option<&Text>, cluster: &Cluster, by: By) -> Entry {
    let located = cluster.primary().anchor.line as usize;
    Entry {
        root: Arc::clone(&root.path),
        path: path.clone(),
        line: text.map_or(located, |it| it.line_of(cluster.range.start)),
        cluster: cluster.clone(),
        by,
    }
}
