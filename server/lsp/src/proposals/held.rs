//! One proposal, held against the files as they are now.

use super::file::{File, State};
use super::undone::Stand;
use crate::documents::Documents;
use domain::edit::Change;
use domain::finding::FindingId;
use domain::path::RelPath;
use domain::proposal::{CheckOutcome, Part, Proposal};
use domain::text::Text;
use engine::{Application, RunId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A proposal and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// The canonical path of the root that it is about.
    pub(crate) root: Arc<Path>,
    /// What is proposed.
    pub(crate) proposal: Arc<Proposal>,
    /// The run that it came from, if that was in this session.
    pub(crate) run: Option<RunId>,
    /// The parts that were applied at some time, by number. The user may have edited or undone them since.
    applied: BTreeSet<usize>,
    /// The parts that were applied at some time, whatever became of them.
    ever: BTreeSet<usize>,
    /// What the ledger knows of these.
    known: Stand,
    /// Whether that may be something else now.
    is_restated: bool,
    /// The findings that were settled for good when all of it was applied: those of other agents that said the same, too.
    settled: BTreeSet<FindingId>,
    /// The files, as in the proposal.
    files: Vec<File>,
}

/// A part and what became of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartNow<'p> {
    /// The part.
    pub(crate) part: Part<'p>,
    /// What became of it.
    pub(crate) state: State,
    /// Its file.
    pub(crate) file: &'p File,
}

impl Held {
    /// Nothing is known yet of what became of it: see [`Held::look`].
    pub(crate) fn new(root: &Arc<Path>, proposal: Arc<Proposal>, run: Option<RunId>) -> Self {
        let files = proposal.files.iter();
        Self {
            root: Arc::clone(root),
            files: files.map(|it| File::new(root, it)).collect(),
            proposal,
            run,
            applied: BTreeSet::new(),
            ever: BTreeSet::new(),
            known: Stand::default(),
            is_restated: false,
            settled: BTreeSet::new(),
        }
    }

    /// What takes an application back, as if it were proposed; `None` where that was not kept.
    pub(crate) fn of_inverse(root: &Arc<Path>, application: &Application) -> Option<Self> {
        let proposal = Proposal {
            id: application.proposal.clone(),
            agent: application.agent.clone(),
            provider: String::new(),
            title: application.title.clone(),
            summary: String::new(),
            findings: Vec::new(),
            files: application.inverse.clone()?,
            check: None,
            problems: Vec::new(),
            usage: None,
        };
        Some(Self::new(root, Arc::new(proposal), None))
    }

    /// Tells which revisions of open documents it is told against.
    pub(super) fn begin(&mut self, versions: &BTreeMap<RelPath, i32>, documents: &Documents) {
        for (file, change) in self.files.iter_mut().zip(&self.proposal.files) {
            if let Some(revision) = versions.get(&change.path)
                && let Some(document) = documents.at_path(file.place())
            {
                file.begin(change, document, *revision);
            }
        }
    }

    /// Notes that parts were applied, which the ledger knows or is told of.
    pub(super) fn note_applied(&mut self, parts: impl IntoIterator<Item = usize>) {
        for part in parts {
            self.applied.insert(part);
            self.ever.insert(part);
            self.known.parts.insert(part);
        }
        self.is_restated = true;
    }

    /// Notes that findings were settled for good by it.
    pub(super) fn note_settled(&mut self, ids: &[FindingId]) {
        self.settled.extend(ids.iter().cloned());
    }

    /// The findings that it settles, as far as is known in this session.
    pub(super) fn settles(&self) -> Vec<FindingId> {
        let named = self.proposal.findings.iter().cloned();
        let all: BTreeSet<FindingId> = named.chain(self.settled.iter().cloned()).collect();
        all.into_iter().collect()
    }

    /// Notes that the ledger was told that nothing is left open.
    pub(super) fn note_done(&mut self, done: bool) {
        self.known.done = done;
    }

    /// Notes that parts were applied at some time.
    pub(super) fn note_once_applied(&mut self, parts: &BTreeSet<usize>) {
        self.ever.extend(parts);
        self.is_restated = true;
    }

    /// What became of the parts that were applied at some time, when that was last looked at.
    pub(super) fn stand(&self) -> Stand {
        let applied = self.numbers(State::Applied).into_iter();
        Stand {
            parts: applied.filter(|it| self.ever.contains(it)).collect(),
            done: self.is_settled(),
        }
    }

    /// What the ledger knew before, where it is to be told something else.
    pub(super) fn take_restated(&mut self) -> Option<Stand> {
        if !std::mem::take(&mut self.is_restated) || self.ever.is_empty() {
            return None;
        }
        let now = self.stand();
        // What is done again is applied, whatever the user makes of it then; what is undone is not.
        let open = self.numbers(State::Open);
        self.applied.retain(|it| !open.contains(it));
        self.applied.extend(&now.parts);
        let is_news = now != self.known;
        is_news.then(|| std::mem::replace(&mut self.known, now))
    }

    /// An open document went from one revision to another; true when it matters.
    pub(super) fn follow(
        &mut self,
        path: &Path,
        revisions: (i32, i32),
        changes: &[Change],
    ) -> bool {
        let concerned = self.files.iter_mut().filter(|it| it.concerns(path));
        let count = concerned.map(|it| it.follow(path, revisions, changes));
        count.count() > 0
    }

    /// A document was closed.
    pub(super) fn closed(&mut self, path: &Path, revision: i32, text: &Text) {
        self.files
            .iter_mut()
            .for_each(|it| it.closed(path, revision, text));
    }

    /// Something may have happened to a file.
    pub(super) fn touch(&mut self, path: &Path) {
        self.files.iter_mut().for_each(|it| it.touch(path));
    }

    /// Something may have happened to any file that is not open.
    pub(super) fn doubt(&mut self) {
        self.files.iter_mut().for_each(File::doubt);
    }

    /// Finds out what became of it where something happened. Returns the files to be shown anew.
    pub(crate) fn look(&mut self, documents: &Documents) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (file, change) in self.files.iter_mut().zip(&self.proposal.files) {
            if file.is_stale() {
                // Even what is as it was may stand at another place.
                file.look(change, documents);
                changed.extend(file.paths().cloned());
            }
        }
        if !changed.is_empty() {
            // What was undone is not applied any more; what the user makes of it next may be a conflict.
            let undone = self.numbers(State::Open);
            self.applied.retain(|it| !undone.contains(it));
            self.is_restated = true;
        }
        changed
    }

    /// All files that it is about.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().flat_map(File::paths)
    }

    /// Whether it is about a file.
    pub(crate) fn concerns(&self, path: &Path) -> bool {
        self.files.iter().any(|it| it.concerns(path))
    }

    /// The parts and what became of them when that was last looked at, by number.
    pub(crate) fn parts(&self) -> impl Iterator<Item = PartNow<'_>> {
        let files = self.files.iter().zip(&self.proposal.files);
        let states = files.flat_map(|(file, change)| {
            let count = change.parts().len();
            (0..count).map(move |index| (file, file.states().get(index)))
        });
        self.proposal.parts().zip(states).map(|(part, it)| {
            let state = it.1.copied().unwrap_or(State::Conflict);
            let was_applied = self.applied.contains(&part.number);
            let state = match state {
                // What the user makes of it afterwards is no conflict.
                State::Conflict if was_applied => State::Applied,
                state => state,
            };
            PartNow {
                part,
                state,
                file: it.0,
            }
        })
    }

    /// The numbers of the parts of which this became.
    pub(crate) fn numbers(&self, state: State) -> Vec<usize> {
        let parts = self.parts().filter(|it| it.state == state);
        parts.map(|it| it.part.number).collect()
    }

    /// Whether there is nothing left to decide.
    pub(crate) fn is_settled(&self) -> bool {
        self.parts().all(|it| it.state == State::Applied)
    }

    /// Whether the command that checks results was content, where it said anything.
    pub(crate) fn is_check_passed(&self) -> Option<bool> {
        let check = self.proposal.check.as_ref()?;
        Some(matches!(check.outcome, CheckOutcome::Passed))
    }

    /// The files with their changes.
    pub(super) fn files(&self) -> impl Iterator<Item = (&File, &domain::proposal::FileChange)> {
        self.files.iter().zip(&self.proposal.files)
    }
}
