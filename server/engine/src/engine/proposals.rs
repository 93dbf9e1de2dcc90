//! The part of the handle that is about proposals: what the ledger keeps of them, and what has become of them.

use super::answer::once;
use super::{Engine, Root, checks};
use crate::event::{Application, Applied, Event, FileFindings, Kept};
use crate::ledger::{self, KeptProposal, Listed, Remembered, Which};
use crate::read;
use crate::request::OpenBuffers;
use crate::sift::Sifted;
use domain::board::Reviewed;
use domain::finding::Finding;
use domain::identity::Lines;
use domain::locate::Locator;
use domain::path::RelPath;
use domain::proposal::ProposalId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

impl Engine {
    /// Asks the ledger for the proposals of a root; ends in one [`Event::Proposals`].
    pub fn recall_proposals(&self, root: &Path, which: Which) {
        let (sink, path) = (self.inner.sink.clone(), root.to_owned());
        let answer = once(move |listed: Listed<KeptProposal>| {
            sink(Event::Proposals {
                root: path,
                left_out: listed.unreadable + listed.left_out,
                unread: listed.unread,
                proposals: listed.items.into_iter().map(kept).collect(),
            });
        });
        self.inner.ledger.proposals(root, which, answer);
    }
    /// Notes that the user does not want these proposals, or what is left of them.
    pub fn discard_proposals(&self, root: &Path, ids: Vec<ProposalId>) {
        self.inner.ledger.discard_proposals(root, ids);
    }
    /// Keeps a proposal that a door made itself, of ready fixes.
    pub fn keep_proposal(&self, root: &Path, proposal: std::sync::Arc<domain::proposal::Proposal>) {
        self.inner.ledger.keep_proposal(None, root, proposal);
    }
    /// Notes that parts of a proposal were applied.
    pub fn proposal_applied(&self, root: &Path, applied: Applied) {
        let Applied {
            proposal,
            parts,
            inverse,
            done,
        } = applied;
        self.inner
            .ledger
            .proposal_applied(root, proposal, parts, inverse, done);
    }
    /// Asks the ledger for what was applied in a root; ends in one [`Event::Applications`].
    pub fn recall_applications(&self, root: &Path) {
        let (sink, path) = (self.inner.sink.clone(), root.to_owned());
        let answer = once(move |listed: Listed<ledger::Application>| {
            sink(Event::Applications {
                root: path,
                unread: listed.unread,
                applications: listed.items.into_iter().map(application).collect(),
            });
        });
        self.inner.ledger.applications(root, answer);
    }
    /// Notes that an application was taken back; its parts are open again, unless the rest was discarded.
    pub fn application_reverted(&self, root: &Path, proposal: ProposalId, id: i64) {
        self.inner.ledger.proposal_reverted(root, proposal, id);
    }
    /// Notes which of the parts of a proposal that were applied at some time stand in the files now, after the user undid or did
    /// again what was applied; the others are open again. `done`: nothing of it is left open.
    pub fn proposal_stands(
        &self,
        root: &Path,
        proposal: ProposalId,
        standing: BTreeSet<usize>,
        done: bool,
    ) {
        let ledger = &self.inner.ledger;
        ledger.proposal_stands(root, proposal, standing, done);
    }
    /// Asks the ledger for the findings of a root whose names begin with `prefix` (empty for all), in whatever file; ends
    /// in one [`Event::Findings`], after [`Event::Records`] and [`Event::Checks`].
    pub fn recall_findings(&self, root: &Path, prefix: &str) {
        let (Some((root, _)), Some(handle)) = (self.root(root), self.handle()) else {
            return;
        };
        root.recall_verdicts(&self.inner.ledger);
        self.recall_records();
        let (sink, path) = (self.inner.sink.clone(), root.path.clone());
        let limit = root
            .loaded()
            .map_or(crate::config::LimitsConfig::default().file_bytes, |it| {
                it.config.limits.file_bytes
            });
        let checks = checks::ask(&self.inner.ledger, &path);
        let answer = once(move |listed: Listed<Remembered>| {
            // Finding the places may take long; the ledger's thread has other things to do.
            handle.spawn_blocking(move || {
                let left_out = listed.unreadable + listed.left_out;
                let unread = listed.unread;
                let files = placed(&root, listed.items, limit);
                let elsewhere = root.elsewhere(OpenBuffers::new());
                checks::tell(&checks.take(), &root, &files, &elsewhere, &sink);
                sink(Event::Findings {
                    root: root.path.clone(),
                    files,
                    left_out,
                    unread,
                });
            });
        });
        self.inner.ledger.open_findings(&path, prefix, answer);
    }
}

fn kept(it: KeptProposal) -> Kept {
    Kept {
        proposal: it.proposal.into(),
        applied: it.applied,
        state: it.state,
        created: it.created,
    }
}

fn application(it: ledger::Application) -> Application {
    Application {
        id: it.row,
        proposal: it.proposal,
        title: it.title,
        agent: it.agent,
        parts: it.parts,
        inverse: it.inverse,
        applied: it.applied,
        reverted: it.reverted.is_some(),
    }
}

/// Findings in the files as they are on disk, by file and agent.
pub(super) fn placed(root: &Root, remembered: Vec<Remembered>, limit: u64) -> Vec<FileFindings> {
    let mut by_file: BTreeMap<RelPath, Vec<Remembered>> = BTreeMap::new();
    for it in remembered {
        by_file.entry(it.path().clone()).or_default().push(it);
    }
    let mut files = Vec::new();
    for (path, remembered) in by_file {
        let text = read::open_inside(&root.path, path.as_str())
            .map_err(|it| it.to_string())
            .and_then(|(file, _)| file.text(limit));
        // A finding in a file that cannot be read any more has no place.
        let Ok(text) = text else { continue };
        let locator = Locator::new(&text);
        let lines = Lines::of(&text);
        let elsewhere = root.elsewhere(OpenBuffers::new());
        let mut by_agent: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for remembered in remembered {
            let agent = remembered.agent().to_owned();
            let finding = remembered.place(&text, &locator);
            by_agent.entry(agent).or_default().extend(finding);
        }
        for (agent, findings) in by_agent {
            let Sifted {
                shown: mut findings,
                hidden,
            } = root.sift(&path, &text, &lines, findings, &elsewhere);
            findings.sort_by_key(|it| it.range);
            if !findings.is_empty() || !hidden.is_empty() {
                files.push(FileFindings {
                    path: path.clone(),
                    agent,
                    reviewed: Reviewed::Ranges(Vec::new()),
                    findings,
                    hidden,
                    text: text.clone(),
                    version: None,
                });
            }
        }
    }
    files
}
