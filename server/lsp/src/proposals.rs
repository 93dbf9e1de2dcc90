//! The proposals that wait for the user, and what the editor's edits do to them.

pub(crate) mod applying;
pub(crate) mod arrival;
mod file;
mod held;
mod plan;
pub(crate) mod undone;
pub(crate) mod words;

pub(crate) use file::State as PartState;
pub(crate) use held::{Held, PartNow};

use crate::documents::{Document, Documents};
use crate::proto::proposal::Mark;
use applying::InFlight;
use domain::edit::Change;
use domain::finding::FindingId;
use domain::path::RelPath;
use domain::proposal::{Proposal, ProposalId};
use engine::{Application, RunId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use undone::{Expected, Stand};

/// How long the editor, which shifts diagnostics itself, is left alone while the user types.
const QUIET: Duration = Duration::from_millis(50);
/// Most proposals of one root in memory, those that were applied among them. The oldest go first; the ledger has them.
const MAX_HELD: usize = 50;

/// All proposals of all roots.
#[derive(Debug, Default)]
pub(crate) struct Proposals {
    /// The oldest first.
    held: Vec<Held>,
    /// What the editor was asked to do.
    pub(crate) in_flight: Vec<InFlight>,
    /// What was applied, by root, the newest first.
    applications: BTreeMap<Arc<Path>, Vec<Application>>,
    /// What the ledger is asked for by name.
    expected: BTreeMap<ProposalId, Expected>,
    /// When to show what edits did.
    edits_due: Option<Instant>,
    /// Something else than an edit happened.
    is_urgent: bool,
    /// Files to be shown anew.
    changed: BTreeSet<PathBuf>,
}

impl Proposals {
    /// Holds a proposal, told against these revisions of open documents. Returns those that had to go for it.
    pub(crate) fn add(
        &mut self,
        root: &Arc<Path>,
        proposal: Arc<Proposal>,
        run: Option<RunId>,
        versions: &BTreeMap<RelPath, i32>,
        documents: &Documents,
    ) -> Vec<Held> {
        self.remove(&proposal.id);
        let mut held = Held::new(root, proposal, run);
        held.begin(versions, documents);
        self.changed.extend(held.look(documents));
        self.held.push(held);
        self.is_urgent = true;
        self.make_room(root)
    }

    /// Holds a proposal of an earlier session; ignored when it is here already. Returns those that had to go for it.
    pub(crate) fn recall(
        &mut self,
        root: &Arc<Path>,
        proposal: Arc<Proposal>,
        applied: &[usize],
        documents: &Documents,
    ) -> Vec<Held> {
        if self.get(&proposal.id).is_some() {
            return Vec::new();
        }
        let id = proposal.id.clone();
        let gone = self.add(root, proposal, None, &BTreeMap::new(), documents);
        self.note_applied(&id, applied.iter().copied());
        gone
    }

    /// A proposal.
    pub(crate) fn get(&self, id: &ProposalId) -> Option<&Held> {
        self.held.iter().find(|it| it.proposal.id == *id)
    }

    /// All of them, the oldest first, applied ones among them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.held.iter()
    }

    /// Takes a proposal away.
    pub(crate) fn remove(&mut self, id: &ProposalId) -> Option<Held> {
        let index = self.held.iter().position(|it| it.proposal.id == *id)?;
        let held = self.held.remove(index);
        self.changed.extend(held.paths().cloned());
        self.is_urgent = true;
        Some(held)
    }

    /// Takes away everything of a root. Returns the files that it was about.
    pub(crate) fn close_root(&mut self, root: &Path) -> BTreeSet<PathBuf> {
        self.applications.remove(root);
        self.in_flight.retain(|it| *it.held.root != *root);
        let gone = self.held.extract_if(.., |it| *it.root == *root);
        gone.flat_map(|it| it.paths().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Whether anything of a root waits for the user.
    pub(crate) fn is_waiting_in(&self, root: &Path) -> bool {
        let held = self.held.iter().filter(|it| *it.root == *root);
        held.into_iter().any(|it| !it.is_settled())
    }

    /// Notes that the ledger is asked for a proposal.
    fn expect(&mut self, id: &ProposalId, expected: Expected) {
        let all = self.expected.entry(id.clone()).or_default();
        all.parts.extend(expected.parts);
        all.is_reverted |= expected.is_reverted;
    }

    /// Notes that parts of a proposal were applied at some time.
    fn note_once_applied(&mut self, id: &ProposalId, parts: &BTreeSet<usize>) {
        if let Some(held) = named(&mut self.held, id) {
            held.note_once_applied(parts);
        }
    }

    /// The proposals that stand otherwise than the ledger knows, with what it knew, but for those that the editor is busy
    /// with. They count as told.
    fn take_restated(&mut self) -> Vec<(Held, Stand)> {
        let mut restated = Vec::new();
        for held in &mut self.held {
            let is_busy = |it: &InFlight| it.is_busy_with(&held.proposal.id);
            if self.in_flight.iter().any(is_busy) {
                continue;
            }
            if let Some(was) = held.take_restated() {
                restated.push((held.clone(), was));
            }
        }
        restated
    }

    /// Notes that findings were settled for good by a proposal.
    fn note_settled(&mut self, id: &ProposalId, findings: &[FindingId]) {
        if let Some(held) = named(&mut self.held, id) {
            held.note_settled(findings);
        }
    }

    /// Notes that the ledger is told whether anything of a proposal is left open.
    fn note_done(&mut self, id: &ProposalId, done: bool) {
        if let Some(held) = named(&mut self.held, id) {
            held.note_done(done);
        }
    }

    /// Notes that parts of a proposal were applied.
    pub(crate) fn note_applied(&mut self, id: &ProposalId, parts: impl IntoIterator<Item = usize>) {
        if let Some(held) = named(&mut self.held, id) {
            held.note_applied(parts);
            self.changed.extend(held.paths().cloned());
            self.is_urgent = true;
        }
    }

    /// The text of an open document changed; it had the revision `before`.
    pub(crate) fn edit(
        &mut self,
        document: &Document,
        before: i32,
        changes: &[Change],
        now: Instant,
    ) {
        if self.held.is_empty() && self.in_flight.is_empty() {
            return;
        }
        let Some(path) = document.path() else {
            return;
        };
        let revisions = (before, document.revision);
        let mut is_concerned = false;
        for held in self.all() {
            is_concerned |= held.follow(&path, revisions, changes);
        }
        if is_concerned {
            self.edits_due.get_or_insert(now + QUIET);
        }
    }

    /// A document was closed.
    pub(crate) fn closed(&mut self, document: &Document) {
        if let Some(path) = document.path() {
            for held in self.all() {
                held.closed(&path, document.revision, &document.text);
            }
            self.is_urgent = true;
        }
    }

    /// Something may have happened to a file.
    pub(crate) fn touch(&mut self, path: &Path) {
        self.all().for_each(|it| it.touch(path));
        self.is_urgent = true;
    }

    /// Something may have happened to any file that is not open.
    pub(crate) fn doubt(&mut self) {
        self.held.iter_mut().for_each(Held::doubt);
        self.is_urgent = true;
    }

    /// Finds out what became of the proposals where something happened.
    pub(crate) fn look(&mut self, documents: &Documents) {
        for held in &mut self.held {
            self.changed.extend(held.look(documents));
        }
    }

    /// True when a file of that path is to change.
    pub(crate) fn knows(&self, path: &Path) -> bool {
        self.held.iter().any(|it| it.concerns(path))
    }

    /// The editor is through with something, well or badly.
    fn landed(&mut self, index: usize) -> InFlight {
        let landed = self.in_flight.remove(index);
        self.changed.extend(landed.held.paths().cloned());
        self.is_urgent = true;
        landed
    }

    /// Whether the editor is busy with a proposal.
    pub(crate) fn is_busy(&self, id: &ProposalId) -> bool {
        self.in_flight.iter().any(|it| it.is_busy_with(id))
    }

    /// Whether a conflict may be only what the editor has half done.
    pub(crate) fn is_unsettled(&self, mark: &Mark<'_>) -> bool {
        mark.it.state == PartState::Conflict && self.is_busy(&mark.held.proposal.id)
    }

    /// When the editor should be told of edits, or what it was asked to do should be looked at.
    pub(crate) fn due(&self) -> Option<Instant> {
        let in_flight = self.in_flight.iter().map(InFlight::due);
        in_flight.chain(self.edits_due).min()
    }

    /// The files to show anew now.
    pub(crate) fn take_changed(
        &mut self,
        now: Instant,
        documents: &Documents,
    ) -> BTreeSet<PathBuf> {
        if !self.is_urgent && self.edits_due.is_none_or(|it| it > now) {
            return BTreeSet::new();
        }
        self.is_urgent = false;
        self.edits_due = None;
        self.look(documents);
        std::mem::take(&mut self.changed)
    }

    /// What was applied in a root, the newest first.
    pub(crate) fn applications(&self, root: &Path) -> &[Application] {
        self.applications.get(root).map_or(&[], Vec::as_slice)
    }

    /// The ledger tells what was applied in a root; true when it does so for the first time.
    fn set_applications(&mut self, root: &Arc<Path>, applications: Vec<Application>) -> bool {
        let before = self.applications.insert(Arc::clone(root), applications);
        before.is_none()
    }

    /// All that is held against the files.
    fn all(&mut self) -> impl Iterator<Item = &mut Held> {
        let in_flight = self.in_flight.iter_mut().map(|it| &mut it.held);
        self.held.iter_mut().chain(in_flight)
    }

    /// Keeps a root below its limit: first those go that are settled, then the oldest.
    fn make_room(&mut self, root: &Path) -> Vec<Held> {
        let mut gone = Vec::new();
        loop {
            let of_root = self.held.iter().filter(|it| *it.root == *root);
            let count = of_root.clone().count();
            if count <= MAX_HELD {
                return gone;
            }
            let next = of_root.clone().find(|it| it.is_settled());
            let next = next.or_else(|| of_root.clone().next());
            let id = next.map(|it| it.proposal.id.clone());
            gone.extend(id.and_then(|it| self.remove(&it)));
        }
    }
}

/// The proposal with this name.
fn named<'h>(held: &'h mut [Held], id: &ProposalId) -> Option<&'h mut Held> {
    held.iter_mut().find(|it| it.proposal.id == *id)
}
