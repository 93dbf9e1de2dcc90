//! The checks at the end of a review: what only one provider said, and what is known of it from before.

use super::{Verified, check, prepare};
use crate::budget::gate::Gate;
use crate::config::AfterReview;
use crate::engine::{Root, holds};
use crate::event::{AgentOutcome, AgentReport, Checked, FileFindings, NotAsked, Report};
use crate::ledger::ask;
use crate::request::Verify;
use crate::run::Job;
use crate::run::prepare::Shared;
use crate::run::progress::Meter;
use crate::run::report::added;
use domain::board::Board;
use domain::check::Outcome;
use domain::finding::{Category, Finding, FindingId, Severity};
use domain::merge::{Cluster, Records, Standing, by_importance};
use domain::path::RelPath;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// Longest wait for the ledger to tell earlier checks.
const LEDGER_WAIT: Duration = Duration::from_millis(500);
/// Most findings named that were to be checked and were not; the rest is counted.
const MAX_NAMED: usize = 5;

/// What a review has found so far, as a door would merge it, and what is known of that.
pub(in crate::run) struct SecondLook {
    board: Board,
    mode: AfterReview,
    limit: usize,
    paths: BTreeSet<RelPath>,
    /// Earlier checks by finding.
    known: BTreeMap<FindingId, Vec<Checked>>,
}

impl SecondLook {
    pub(in crate::run) async fn new(job: &Job, shared: &Shared) -> Self {
        let mut board = Board::default();
        board.set_panel(shared.panel.clone());
        let checks = ask(|reply| job.ledger.checks(&job.root.path, reply));
        let checks = checks.take(LEDGER_WAIT).await.unwrap_or_default();
        let elsewhere = job.root.elsewhere(shared.open.clone());
        // Reads files. Without an answer the run is ending.
        let standing = spawn_blocking(move || elsewhere.standing(checks)).await;
        let mut known: BTreeMap<FindingId, Vec<Checked>> = BTreeMap::new();
        for it in standing.unwrap_or_default() {
            // What refutes a finding that a person accepted counts no more.
            if it.check.outcome == Outcome::Refuted && job.root.is_accepted(&it.finding) {
                continue;
            }
            known.entry(it.finding.clone()).or_default().push(it);
        }
        let (mode, limit) = shared.verify;
        Self {
            board,
            mode,
            limit,
            paths: BTreeSet::new(),
            known,
        }
    }

    /// What became of the agents' earlier findings.
    pub(in crate::run) fn weigh_with(&mut self, records: Records) {
        self.board.set_records(records);
    }

    /// Whether there will be checks at the end.
    pub(in crate::run) fn is_wanted(&self) -> bool {
        self.mode != AfterReview::Off
    }

    /// Takes an answer in; the earlier checks of its findings that still hold.
    pub(in crate::run) fn add(&mut self, file: &FileFindings) -> Vec<Checked> {
        let mut told = Vec::new();
        for finding in &file.findings {
            let known = self.known.remove(&finding.id).unwrap_or_default();
            told.extend(
                known
                    .into_iter()
                    .filter(|it| holds(it, finding, &file.text)),
            );
        }
        if self.is_wanted() {
            let findings = file.findings.clone();
            self.board.looked(&file.agent, &file.path, &file.reviewed);
            self.board
                .set(&file.agent, &file.path, &file.reviewed, findings);
            self.paths.insert(file.path.clone());
            for it in &told {
                let text = it.text.clone();
                self.board.check(&it.finding, it.check.clone(), text);
            }
        }
        told
    }

    /// Takes in what an agent is not asked about.
    pub(in crate::run) fn excuse(&mut self, it: &NotAsked) {
        self.board.excuse(&it.agent, &it.path, it.places.clone());
    }

    /// Has checked what is to be, and adds to the report what came of it. `meter`: with the share of it that is meant for this.
    pub(in crate::run) async fn look(
        mut self,
        job: &Job,
        gate: &Arc<Gate>,
        shared: &Shared,
        started: Instant,
        meter: (&mut Meter, usize),
        report: &mut Report,
    ) {
        let (clusters, beyond) = self.wanted(&job.root);
        if clusters.is_empty() {
            return;
        }
        if beyond > 0 {
            report.notes.push(format!(
                "{beyond} more were not verified: {} is the most for one review (`[verify] limit`)",
                self.limit
            ));
        }
        let verify = Verify {
            root: job.root.path.clone(),
            clusters,
            agents: Vec::new(),
            author: None,
            open: shared.open.clone(),
        };
        let preparing = prepare::prepare(job, verify, started);
        let prepared = tokio::select! {
            biased;
            () = job.cancel.cancelled() => {
                report.cancelled = true;
                return;
            }
            prepared = preparing => prepared,
        };
        match prepared {
            Ok(prepared) => {
                let verified = check(job, gate, prepared, started, meter.0, Some(meter.1)).await;
                account(verified, report);
            }
            Err(why) => report.notes.push(format!("no finding was verified: {why}")),
        }
    }

    /// What is to be checked, the most severe first, and how much is beyond the limit.
    fn wanted(&mut self, root: &Root) -> (Vec<Vec<Finding>>, usize) {
        // Nobody need be told what a person has said.
        let is_open = |it: &Cluster| !it.findings.iter().any(|it| root.is_accepted(&it.id));
        let mut wanted: Vec<Cluster> = Vec::new();
        for path in &self.paths {
            let clusters = self.board.clusters(path).iter();
            wanted.extend(
                clusters
                    .filter(|it| is_wanted(self.mode, it) && is_open(it))
                    .cloned(),
            );
        }
        wanted.sort_by(|a, b| {
            let said = |it: &Cluster| Reverse(it.claimed);
            said(a).cmp(&said(b)).then_with(|| by_importance(a, b))
        });
        let beyond = wanted.len().saturating_sub(self.limit);
        wanted.truncate(self.limit);
        (wanted.into_iter().map(|it| it.findings).collect(), beyond)
    }
}

/// Whether a cluster is worth a call: nobody agrees or has checked it, and it weighs something as it was said.
fn is_wanted(mode: AfterReview, cluster: &Cluster) -> bool {
    let is_open = match (mode, cluster.standing) {
        (AfterReview::Off, _) => false,
        (_, Standing::Lone) => true,
        (AfterReview::All, Standing::Agreed) => cluster.checks.is_empty(),
        _ => false,
    };
    let weighs = cluster.claimed >= Severity::Warning || cluster.category == Category::Security;
    is_open && weighs
}

/// Adds what came of checks to the report of the review. What was not checked is told, and makes no review incomplete.
fn account(verified: Verified, report: &mut Report) {
    report.cancelled |= verified.is_cancelled;
    for agent in verified.agents {
        if let AgentOutcome::TakenOver { by, calls, why } = &agent.outcome {
            let checks = match calls {
                1 => "a check".to_owned(),
                calls => format!("{calls} checks"),
            };
            let agent = &agent.agent;
            report
                .notes
                .push(format!("`{agent}` was {why}; `{by}` took over {checks}"));
        }
        let known = report.agents.iter_mut().find(|it| it.agent == agent.agent);
        match known {
            Some(known) => {
                known.checks += agent.checks;
                known.usage = added(known.usage.take(), agent.usage);
                known.problems.extend(agent.problems);
            }
            None if agent.checks > 0 => report.agents.push(AgentReport {
                outcome: AgentOutcome::Answered,
                ..agent
            }),
            None => {}
        }
    }
    let named = verified.unverified.iter().take(MAX_NAMED);
    report
        .notes
        .extend(named.map(|it| format!("{} was not verified: {}", it.path, it.reason)));
    if verified.unverified.len() > MAX_NAMED {
        let more = verified.unverified.len() - MAX_NAMED;
        report.notes.push(format!("{more} more were not verified"));
    }
}
