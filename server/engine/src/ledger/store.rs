//! The open database with what the jobs on it share.

use super::owner::Owner;
use super::{Clock, Notify, answers, calls, checks, open};
use crate::event::RunId;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

/// Resolved findings are forgotten after this many days.
const RESOLVED_DAYS: i64 = 90;
/// Proposals that were applied or discarded, and what takes them back, are forgotten after this many days.
const CLOSED_DAYS: i64 = 30;
/// Runs and calls are forgotten after this many days.
const RUN_DAYS: i64 = 365;
/// Most findings kept; beyond, the ones not seen for longest are forgotten, settled ones first.
const MAX_FINDINGS: i64 = 1_000_000;
/// Rows forgotten in one step, so that no job waits long.
const PRUNE_STEP: i64 = 1000;

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The open database.
pub(super) struct Store {
    pub(super) connection: Connection,
    /// The rows of this process's runs.
    pub(super) runs: BTreeMap<RunId, i64>,
    /// This process, once it has calls under way; `None` inside where it cannot be told apart.
    owner: Option<Option<Owner>>,
    file: PathBuf,
    clock: Clock,
    notify: Notify,
    lasting: bool,
    /// Why it knows nothing of earlier processes.
    forgetful: Option<String>,
    /// Whether the last job failed, so that a full disk is told once and not per job.
    failing: bool,
    /// How many findings are too many, once they were counted: that reads an index from end to end.
    excess: Option<i64>,
}

impl Store {
    /// Opens the database, or one in memory, and tells what was wrong.
    pub(super) fn open(file: PathBuf, clock: Clock, notify: Notify) -> rusqlite::Result<Self> {
        let opened = open::open(&file, clock())?;
        if let Some(notice) = opened.notice {
            notify(notice);
        }
        let (connection, lasting) = (opened.connection, opened.lasting);
        Ok(Self {
            forgetful: opened.forgetful,
            connection,
            runs: BTreeMap::new(),
            owner: None,
            file,
            clock,
            notify,
            lasting,
            failing: false,
            excess: None,
        })
    }
    /// Milliseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        let since = (self.clock)()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
    /// False when nothing of it outlives this process, and no other sees it.
    pub(super) fn is_lasting(&self) -> bool {
        self.lasting
    }
    /// Why nothing of it is of earlier processes; `None` where it is the ledger of all.
    pub(super) fn forgetful(&self) -> Option<&str> {
        self.forgetful.as_deref()
    }
    /// What this process is known by to others that look whether it lives; `None` where they cannot.
    pub(super) fn owner(&mut self) -> Option<&str> {
        if self.owner.is_none() {
            self.owner = Some(self.owners().and_then(|it| Owner::this(&it)));
        }
        let owner = self.owner.as_ref()?.as_ref()?;
        Some(&owner.name)
    }
    /// Where processes are known; `None` where there is but this one.
    pub(super) fn owners(&self) -> Option<PathBuf> {
        let directory = || self.file.with_extension("processes");
        self.lasting.then(directory)
    }
    /// Tells a person something.
    pub(super) fn tell(&self, notice: String) {
        (self.notify)(notice);
    }
    /// Does one job and deals with its failure.
    pub(super) fn perform(&mut self, job: super::thread::Job) {
        match job(self) {
            Ok(()) => self.failing = false,
            Err(error) if self.lasting && open::is_damage(&error) => self.replace(),
            Err(error) => self.fail(&error),
        }
    }
    fn replace(&mut self) {
        match open::reopen(&self.file, (self.clock)()) {
            Ok(opened) => {
                self.connection = opened.connection;
                self.lasting = opened.lasting;
                self.forgetful = opened.forgetful;
                self.runs.clear();
                if let Some(notice) = opened.notice {
                    (self.notify)(notice);
                }
            }
            Err(error) => self.fail(&error),
        }
    }
    fn fail(&mut self, error: &rusqlite::Error) {
        tracing::warn!(%error, "a job of the ledger failed");
        if !self.failing {
            self.failing = true;
            (self.notify)(format!(
                "the ledger {} cannot be used right now: {error}; what is found meanwhile may not be remembered",
                self.file.display()
            ));
        }
    }
    /// Forgets a bounded number of rows that are too old or too many; true when there may be more.
    pub(super) fn prune(&mut self) -> rusqlite::Result<bool> {
        let now = self.now();
        let old = self.connection.execute(
            "DELETE FROM findings WHERE row IN
               (SELECT row FROM findings WHERE state = 'resolved' AND last_seen < ?1 LIMIT ?2)",
            [now - RESOLVED_DAYS * DAY_MS, PRUNE_STEP],
        )?;
        let runs = self.connection.execute(
            // They are in the order of their times.
            "DELETE FROM runs WHERE id IN (SELECT id FROM runs ORDER BY id LIMIT ?2) AND started < ?1",
            [now - RUN_DAYS * DAY_MS, PRUNE_STEP],
        )?;
        let closed = now - CLOSED_DAYS * DAY_MS;
        let proposals = self.connection.execute(
            "DELETE FROM proposals WHERE row IN
               (SELECT row FROM proposals WHERE state != 'open' AND changed < ?1 LIMIT ?2)",
            [closed, PRUNE_STEP],
        )?;
        // Those of an open proposal say what is left of it.
        let applications = self.connection.execute(
            "DELETE FROM applications WHERE row IN
               (SELECT applications.row FROM applications
                LEFT JOIN proposals ON proposals.root = applications.root AND proposals.id = applications.proposal
                WHERE applications.applied < ?1 AND proposals.state IS NOT 'open' LIMIT ?2)",
            [closed, PRUNE_STEP],
        )?;
        let calls = calls::prune(self, now - RUN_DAYS * DAY_MS, PRUNE_STEP)?;
        let answers = answers::prune(&self.connection, now, PRUNE_STEP)?;
        let checks = checks::prune(&self.connection, now, PRUNE_STEP)?;
        let full_step = usize::try_from(PRUNE_STEP).unwrap_or(usize::MAX);
        // Only what is left of the others can be too much.
        let excess = if old < full_step {
            self.prune_excess()?
        } else {
            0
        };
        let forgotten = [old, runs, proposals, applications, calls, answers, checks];
        Ok(forgotten.iter().any(|it| *it >= full_step) || excess > 0)
    }
    /// Forgets a bounded number of findings that are too many; how many still are.
    fn prune_excess(&mut self) -> rusqlite::Result<i64> {
        let excess = match self.excess {
            Some(excess) => excess,
            None => {
                let count = "SELECT count(*) FROM findings";
                let count: i64 = self.connection.query_row(count, [], |row| row.get(0))?;
                count - MAX_FINDINGS
            }
        };
        let left = forget_excess(&self.connection, excess)?;
        self.excess = Some(left);
        Ok(left)
    }
}

/// Forgets findings of which so many are too many, at most [`PRUNE_STEP`] at once: settled ones before open ones, and of each those
/// first that were not seen for longest. Returns how many are left to forget.
pub(super) fn forget_excess(connection: &Connection, excess: i64) -> rusqlite::Result<i64> {
    let mut step = PRUNE_STEP.min(excess);
    let mut left = excess;
    for state in ["resolved", "open"] {
        if step <= 0 {
            return Ok(left.max(0));
        }
        let gone = connection.execute(
            "DELETE FROM findings WHERE row IN
               (SELECT row FROM findings WHERE state = ?1 ORDER BY last_seen LIMIT ?2)",
            params![state, step],
        )?;
        let gone = i64::try_from(gone).unwrap_or(i64::MAX);
        (step, left) = (step - gone, left - gone);
    }
    // Where there was less to forget than was counted, another process has forgotten it.
    Ok(if step > 0 { 0 } else { left.max(0) })
}
