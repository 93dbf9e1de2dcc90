//! The ledger: runs, findings, verdicts and proposals in one SQLite database per user, shared by all processes.
//!
//! A thread of its own does all the work, in the order it was asked for; nobody waits for a disk. The thread and the
//! database start with the first job. A database that cannot be used is set aside under another name or left alone,
//! and said so, and work goes on with a fresh one or in memory.
mod answers;
mod applications;
mod asked;
mod calls;
mod checks;
mod findings;
mod listed;
mod open;
mod owner;
mod proposals;
mod records;
mod room;
mod runs;
mod schema;
mod sound;
mod standing;
mod stats;
mod store;
mod thread;
mod told;
mod verdicts;

#[cfg(test)]
mod tests;

use crate::event::{Checked, FileFindings, Report, RunId};
use crate::prompt::Dismissed;
use crate::sift::Entry;
pub(crate) use answers::{HunkAnswer, Key, NewAnswers, Recall, Recollection, Said};
pub(crate) use applications::{Application, Made};
pub(crate) use asked::{Asked, ask};
pub use calls::AgentSpent;
pub(crate) use calls::{Admission, Opening, left_of_day};
use domain::finding::FindingId;
use domain::path::RelPath;
use domain::proposal::{FileChange, Proposal, ProposalId};
pub(crate) use findings::{KeptFinding, Remembered, Sought};
pub(crate) use listed::Listed;
pub(crate) use proposals::KeptProposal;
pub use proposals::new_id as new_proposal_id;
pub use proposals::{ProposalState, Which};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};
use thread::Worker;
pub(crate) use verdicts::New as NewVerdict;

/// Where the time of records comes from; tests bring their own.
pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Tells a person something once.
pub(crate) type Notify = Arc<dyn Fn(String) + Send + Sync>;

/// A handle to the ledger. Cheap to clone and to make; the last one to go lets the thread finish what is queued.
#[derive(Clone)]
pub(crate) struct Ledger {
    worker: Arc<Worker>,
}

impl Ledger {
    /// A ledger kept in `file`, which need not exist.
    pub(crate) fn new(file: PathBuf, clock: Clock, notify: Notify) -> Self {
        Self {
            worker: Arc::new(Worker::new(file, clock, notify)),
        }
    }
    /// Notes that a run began.
    pub(crate) fn begin(&self, run: RunId, root: &Path, agents: &[String]) {
        let (root, agents) = (key(root), agents.to_vec());
        self.worker
            .submit(move |store| runs::begin(store, run, &root, &agents));
    }
    /// Notes how a run ended.
    pub(crate) fn end(&self, run: RunId, report: &Report) {
        let end = runs::End {
            cancelled: report.cancelled,
            complete: report.is_complete(),
            error: report.error.clone(),
        };
        self.worker.submit(move |store| runs::end(store, run, &end));
    }
    /// Keeps what an agent said of a file. Its older findings in the reviewed part count as resolved.
    pub(crate) fn save(&self, run: RunId, root: &Path, file: FileFindings) {
        let root = key(root);
        self.worker
            .submit(move |store| findings::save(store, run, &root, &file));
    }
    /// Hands the open findings of a file to `reply`, on the ledger's thread; nothing when they cannot be read.
    pub(crate) fn recall(
        &self,
        root: &Path,
        path: &RelPath,
        reply: impl FnOnce(Vec<Remembered>) + Send + 'static,
    ) {
        let (root, path) = (key(root), path.clone());
        self.worker.submit(move |store| {
            reply(findings::open(store, &root, &path)?);
            Ok(())
        });
    }
    /// Hands the open findings of all files of a root to `reply`, most recently seen first, on the ledger's thread; nothing when
    /// they cannot be read. `prefix` is the beginning of their names, and empty for all.
    pub(crate) fn open_findings(
        &self,
        root: &Path,
        prefix: &str,
        reply: impl FnOnce(Listed<Remembered>) + Send + 'static,
    ) {
        let (root, prefix) = (key(root), prefix.to_owned());
        self.worker.submit(move |store| {
            let listed = findings::list(store, &root, &prefix);
            Listed::hand(store, listed, reply)
        });
    }
    /// Hands what is known of some hunks to `reply`, on the ledger's thread; nothing when it cannot be read.
    pub(crate) fn recall_answers(
        &self,
        root: &Path,
        wanted: Recall,
        reply: impl FnOnce(Recollection) + Send + 'static,
    ) {
        let root = key(root);
        self.worker.submit(move |store| {
            reply(answers::recall(store, &root, &wanted)?);
            Ok(())
        });
    }
    /// Hands the open findings of a file, and what was dismissed in it, to `reply`, on the ledger's thread; nothing when they
    /// cannot be read.
    pub(crate) fn told(
        &self,
        root: &Path,
        path: &RelPath,
        reply: impl FnOnce(Vec<Remembered>, Vec<Dismissed>) + Send + 'static,
    ) {
        let (root, path) = (key(root), path.clone());
        self.worker.submit(move |store| {
            let (said, dismissed) = told::of(store, &root, &path)?;
            reply(said, dismissed);
            Ok(())
        });
    }
    /// Keeps answers about hunks.
    pub(crate) fn keep_answers(&self, run: RunId, root: &Path, kept: NewAnswers) {
        let root = key(root);
        self.worker
            .submit(move |store| answers::keep(store, run, &root, &kept, answers::ROOM));
    }
    /// Keeps what an agent said of a finding that it was told to refute.
    pub(crate) fn keep_check(&self, run: RunId, root: &Path, checked: Checked) {
        let root = key(root);
        self.worker
            .submit(move |store| checks::keep(store, run, &root, &checked));
    }
    /// Hands all checks of a root to `reply`, newest first, on the ledger's thread; nothing when they cannot be read.
    pub(crate) fn checks(&self, root: &Path, reply: impl FnOnce(Vec<Checked>) + Send + 'static) {
        let root = key(root);
        self.worker.submit(move |store| {
            reply(checks::of_root(store, &root)?);
            Ok(())
        });
    }
    /// Notes that findings are settled.
    pub(crate) fn resolve(&self, root: &Path, ids: Vec<FindingId>) {
        let root = key(root);
        self.worker
            .submit(move |store| findings::resolve(store, &root, &ids));
    }
    /// Notes that findings are not settled after all.
    pub(crate) fn reopen(&self, root: &Path, ids: Vec<FindingId>) {
        let root = key(root);
        self.worker
            .submit(move |store| findings::reopen(store, &root, &ids));
    }
    /// Hands the findings that may be those of new answers to `reply`, an answer for each, on the ledger's thread; nothing
    /// when they cannot be read.
    pub(crate) fn sought(
        &self,
        root: &Path,
        sought: Vec<Sought>,
        reply: impl FnOnce(Vec<Vec<KeptFinding>>) + Send + 'static,
    ) {
        let root = key(root);
        self.worker.submit(move |store| {
            let found = sought.iter().map(|it| findings::sought(store, &root, it));
            reply(found.collect::<Result<_, _>>()?);
            Ok(())
        });
    }
    /// Hands the files that an agent said something of to `reply`, most recent first, on the ledger's thread.
    pub(crate) fn files(
        &self,
        root: &Path,
        agent: &str,
        reply: impl FnOnce(Vec<RelPath>) + Send + 'static,
    ) {
        let (root, agent) = (key(root), agent.to_owned());
        self.worker.submit(move |store| {
            reply(findings::files(store, &root, &agent)?);
            Ok(())
        });
    }
    /// Notes a decision of the user.
    pub(crate) fn decide(&self, root: &Path, verdict: NewVerdict) {
        let root = key(root);
        self.worker
            .submit(move |store| verdicts::store(store, &root, &verdict));
    }
    /// Takes decisions back, by their numbers.
    pub(crate) fn undecide(&self, root: &Path, ids: Vec<i64>) {
        let root = key(root);
        self.worker
            .submit(move |store| verdicts::undo(store, &root, &ids));
    }
    /// Takes back the decisions about a finding.
    pub(crate) fn undecide_of(&self, root: &Path, finding: FindingId) {
        let root = key(root);
        self.worker
            .submit(move |store| verdicts::undo_of(store, &root, &finding.0));
    }
    /// Hands the decisions of a root to `reply`, newest first, on the ledger's thread; nothing when they cannot be read.
    pub(crate) fn verdicts(&self, root: &Path, reply: impl FnOnce(Listed<Entry>) + Send + 'static) {
        let root = key(root);
        self.worker.submit(move |store| {
            let listed = verdicts::list(store, &root);
            Listed::hand(store, listed, reply)
        });
    }
    /// Keeps a proposal that was just made. One that is too large lives in the memory of whoever has it, which is told.
    pub(crate) fn keep_proposal(&self, run: Option<RunId>, root: &Path, proposal: Arc<Proposal>) {
        let root = key(root);
        self.worker
            .submit(move |store| proposals::keep(store, run, &root, &proposal));
    }
    /// Notes that parts of a proposal were applied, by their numbers. `inverse` takes them back, told against the texts after;
    /// `done` says that nothing of the proposal is left open, which the ledger notices by itself once all parts are applied.
    pub(crate) fn proposal_applied(
        &self,
        root: &Path,
        proposal: Arc<Proposal>,
        parts: Vec<usize>,
        inverse: Vec<FileChange>,
        done: bool,
    ) {
        let root = key(root);
        self.worker.submit(move |store| {
            applications::add(store, &root, &proposal, &parts, &inverse, done)
        });
    }
    /// Notes that an application was taken back, by its [`Application::row`]. Its parts are open again, unless the rest of
    /// the proposal was discarded.
    pub(crate) fn proposal_reverted(&self, root: &Path, proposal: ProposalId, application: i64) {
        let root = key(root);
        self.worker
            .submit(move |store| applications::revert(store, &root, &proposal, application));
    }
    /// Notes which of the parts of a proposal that were applied at some time stand in the files now: those of others are open
    /// again. `done` says that nothing of it is left open.
    pub(crate) fn proposal_stands(
        &self,
        root: &Path,
        proposal: ProposalId,
        standing: BTreeSet<usize>,
        done: bool,
    ) {
        let root = key(root);
        self.worker
            .submit(move |store| standing::set(store, &root, &proposal, &standing, done));
    }
    /// Notes that the user does not want these proposals, or what is left of them.
    pub(crate) fn discard_proposals(&self, root: &Path, ids: Vec<ProposalId>) {
        let root = key(root);
        self.worker
            .submit(move |store| proposals::discard(store, &root, &ids));
    }
    /// Hands proposals of a root to `reply`, newest first, on the ledger's thread; nothing when they cannot be read.
    pub(crate) fn proposals(
        &self,
        root: &Path,
        which: Which,
        reply: impl FnOnce(Listed<KeptProposal>) + Send + 'static,
    ) {
        let root = key(root);
        self.worker.submit(move |store| {
            let listed = proposals::list(store, &root, &which);
            Listed::hand(store, listed, reply)
        });
    }
    /// Hands what was applied in a root to `reply`, newest first, on the ledger's thread; nothing when it cannot be read.
    pub(crate) fn applications(
        &self,
        root: &Path,
        reply: impl FnOnce(Listed<Application>) + Send + 'static,
    ) {
        let root = key(root);
        self.worker.submit(move |store| {
            let listed = applications::list(store, &root);
            Listed::hand(store, listed, reply)
        });
    }
    /// Hands what of proposals was applied in a root lately, and by whom it was made, to `reply`, newest first, on the ledger's
    /// thread; nothing when it cannot be read.
    pub(crate) fn made(&self, root: &Path, reply: impl FnOnce(Vec<Made>) + Send + 'static) {
        let root = key(root);
        self.worker.submit(move |store| {
            reply(applications::made(store, &root)?);
            Ok(())
        });
    }
    /// Waits until everything asked for so far is done, at most `deadline`; true when it is. Never starts the ledger.
    pub(crate) fn flush(&self, deadline: Duration) -> bool {
        if !self.worker.is_started() {
            return true;
        }
        let (done, wait) = channel();
        self.worker.submit(move |_| {
            // The waiter may have given up.
            let _ = done.send(());
            Ok(())
        });
        !matches!(wait.recv_timeout(deadline), Err(RecvTimeoutError::Timeout))
    }
}

/// A root as it stands in the database. Two roots whose names are not Unicode may share one key.
fn key(root: &Path) -> String {
    root.to_string_lossy().into_owned()
}
