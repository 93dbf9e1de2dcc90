//! The account of a run: what each agent answered, what failed, and what was not looked at.

use super::agent::{Answered, Failure, Gaps, Recalled};
use super::own::OwnHunks;
use crate::event::{AgentOutcome, AgentReport, FileFindings, LeftOut, Report, Skipped};
use crate::scope::Gathered;
use agents::{AgentSpec, Shortage};
use domain::answer::Usage;
use domain::path::RelPath;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Most problems kept of one agent; the rest is counted.
const MAX_PROBLEMS: usize = 20;
/// Longest summary of all answers of an agent, in bytes; later ones are left out.
const MAX_SUMMARY: usize = 16 * 1024;
/// Most files named in one sentence; the rest is counted.
const MAX_NAMED: usize = 5;

/// The account of a run under way.
pub(super) struct Tally {
    shares: Vec<Share>,
    /// Agents that could not even be asked.
    ended: Vec<AgentReport>,
    gathered: Arc<Gathered>,
}

/// One agent's account.
struct Share {
    report: AgentReport,
    /// What it is asked about.
    gathered: Arc<Gathered>,
    started: Instant,
    first_failure: Option<String>,
    /// The first failure is that there was no budget.
    is_unaffordable: bool,
    /// What the agent says that it did not review, with its reasons.
    skipped: BTreeMap<RelPath, String>,
    not_reviewed: BTreeSet<RelPath>,
    /// What another agent took over, and how that is told.
    taken_over: Option<(BTreeSet<RelPath>, AgentOutcome)>,
    reviewed: BTreeSet<RelPath>,
    counts: BTreeMap<RelPath, Counts>,
    /// What was not asked about on purpose.
    held_back: Vec<Skipped>,
    /// What its provider wrote.
    own: OwnHunks,
    /// It stands in for one that has no quota left: what it is not asked about, nobody is.
    stands_in: bool,
    problems_left_out: usize,
    over: bool,
}

/// What was found in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) findings: usize,
    pub(super) unlocated: usize,
    pub(super) known: usize,
    pub(super) dismissed: usize,
    pub(super) left_out: LeftOut,
}

impl Tally {
    pub(super) fn new(agents: &[AgentSpec], gathered: Arc<Gathered>) -> Self {
        Self {
            shares: agents
                .iter()
                .map(|it| Share::new(it, gathered.clone()))
                .collect(),
            ended: Vec::new(),
            gathered,
        }
    }
    /// Adds an agent that could not be asked.
    pub(super) fn add_ended(&mut self, report: AgentReport) {
        self.ended.push(report);
    }
    pub(super) fn name(&self, agent: usize) -> &str {
        self.shares.get(agent).map_or("", |it| &it.report.agent)
    }
    /// Takes an answer in; returns what it says of files.
    pub(super) fn answered(&mut self, agent: usize, answered: Answered) -> Vec<FileFindings> {
        let Some(share) = self.shares.get_mut(agent).filter(|it| !it.over) else {
            return Vec::new();
        };
        share.add_problems(answered.problems);
        share.report.summary = joined(share.report.summary.take(), answered.summary);
        share.report.usage = added(share.report.usage.take(), answered.usage);
        let mut files = Vec::new();
        for (file, counts) in answered.files {
            share.counts.insert(file.path.clone(), counts);
            if !answered.gaps.concern(&file.path) {
                share.reviewed.insert(file.path.clone());
            }
            files.push(file);
        }
        share.add_gaps(answered.gaps);
        files
    }
    /// Takes in what was known; returns what that says of files.
    pub(super) fn remembered(&mut self, agent: usize, recalled: Recalled) -> Vec<FileFindings> {
        if let Some(share) = self.shares.get_mut(agent).filter(|it| !it.over) {
            share.report.memory = recalled.counts;
            share.held_back = recalled.held_back;
            share.add_own(recalled.own);
        }
        let answered = recalled.answered.map(|it| self.answered(agent, it));
        answered.unwrap_or_default()
    }
    pub(super) fn failed(&mut self, agent: usize, failure: Failure) {
        if let Some(share) = self.shares.get_mut(agent).filter(|it| !it.over) {
            share.not_reviewed.extend(failure.files);
            if share.first_failure.is_none() {
                share.first_failure = Some(failure.reason);
                share.is_unaffordable = failure.is_unaffordable;
            } else if share.first_failure.as_ref() != Some(&failure.reason) {
                share.add_problems(vec![failure.reason]);
            }
        }
    }
    /// Another agent takes over some calls of one that has no quota left, and takes part from now on.
    pub(super) fn take_over(
        &mut self,
        agent: usize,
        calls: usize,
        why: Shortage,
        by: &AgentSpec,
        gathered: Arc<Gathered>,
    ) {
        if let Some(share) = self.shares.get_mut(agent).filter(|it| !it.over) {
            let paths = gathered.targets.iter().map(|it| it.path.clone()).collect();
            let outcome = AgentOutcome::TakenOver {
                by: by.name.clone(),
                calls,
                why: why.to_string(),
            };
            share.taken_over = Some((paths, outcome));
        }
        self.shares.push(Share {
            stands_in: true,
            ..Share::new(by, gathered)
        });
    }
    /// An agent is through; its report, unless it ended before.
    pub(super) fn end(&mut self, agent: usize) -> Option<AgentReport> {
        let share = self.shares.get_mut(agent).filter(|it| !it.over)?;
        Some(share.end(None))
    }
    /// Ends the agents that are not through; their reports.
    pub(super) fn end_all(&mut self, reason: &str, cancelled: bool) -> Vec<AgentReport> {
        let open = self.shares.iter_mut().filter(|it| !it.over);
        open.map(|share| share.end(Some((reason, cancelled))))
            .collect()
    }
    pub(super) fn into_report(self, cancelled: bool, elapsed: Duration) -> Report {
        let files: BTreeSet<RelPath> = self
            .shares
            .iter()
            .flat_map(|it| it.reviewed.iter().cloned())
            .collect();
        let skipped = self.shares.iter().flat_map(Share::skipped);
        let skipped = self
            .gathered
            .skipped
            .iter()
            .cloned()
            .chain(skipped)
            .collect();
        let own = self.shares.iter().filter(|it| !it.stands_in);
        let own: Vec<String> = own.filter_map(|it| it.own.note(&it.report.agent)).collect();
        let agents = self
            .shares
            .into_iter()
            .map(|it| it.report)
            .chain(self.ended)
            .collect();
        Report {
            cancelled,
            error: None,
            agents,
            files: files.into_iter().collect(),
            skipped,
            notes: self.gathered.notes.iter().cloned().chain(own).collect(),
            elapsed,
        }
    }
}

impl Share {
    fn new(spec: &AgentSpec, gathered: Arc<Gathered>) -> Self {
        Self {
            report: AgentReport::new(&spec.name, &spec.provider, AgentOutcome::Answered),
            gathered,
            started: Instant::now(),
            first_failure: None,
            is_unaffordable: false,
            skipped: BTreeMap::new(),
            not_reviewed: BTreeSet::new(),
            taken_over: None,
            reviewed: BTreeSet::new(),
            counts: BTreeMap::new(),
            held_back: Vec::new(),
            own: OwnHunks::default(),
            stands_in: false,
            problems_left_out: 0,
            over: false,
        }
    }
    fn add_own(&mut self, own: OwnHunks) {
        if self.stands_in && own.is_left_out && own.count > 0 {
            self.first_failure = Some(own.gap(&self.report.agent));
            self.not_reviewed.extend(own.places.keys().cloned());
        }
        self.own = own;
    }
    fn add_gaps(&mut self, gaps: Gaps) {
        let Gaps {
            skipped,
            unsure,
            reason,
        } = gaps;
        let first = skipped.first_key_value();
        let reason = reason.or_else(|| {
            first.map(|(path, why)| format!("it {}", did_not(&format!("`{path}`"), why)))
        });
        self.first_failure = self.first_failure.take().or(reason);
        self.not_reviewed.extend(skipped.keys().cloned());
        self.not_reviewed.extend(unsure);
        self.skipped.extend(skipped);
    }
    /// What the agent itself left out, for the report of the run.
    fn skipped(&self) -> impl Iterator<Item = Skipped> {
        let skipped = self.skipped.iter().map(|(path, why)| Skipped {
            path: path.to_string(),
            reason: format!("agent `{}` {}", self.report.agent, did_not("it", why)),
            asked_for: true,
        });
        skipped.chain(self.held_back.iter().cloned())
    }
    fn add_problems(&mut self, problems: Vec<String>) {
        for problem in problems {
            if self.report.problems.contains(&problem) {
                continue;
            }
            if self.report.problems.len() < MAX_PROBLEMS {
                self.report.problems.push(problem);
            } else {
                self.problems_left_out += 1;
            }
        }
    }
    /// Closes the account. `stopped`: why it did not get through, and whether the user wanted that.
    fn end(&mut self, stopped: Option<(&str, bool)>) -> AgentReport {
        self.over = true;
        let taken_over = self.taken_over.take();
        let by_others = |it: &RelPath| taken_over.iter().any(|(paths, _)| paths.contains(it));
        let unanswered = self
            .gathered
            .targets
            .iter()
            .map(|it| &it.path)
            .filter(|it| !self.reviewed.contains(*it) && !by_others(it))
            .filter(|path| !self.held_back.iter().any(|it| it.path == path.as_str()))
            .filter(|it| !self.own.whole.contains(*it));
        self.not_reviewed.extend(unanswered.cloned());
        let failure = stopped
            .map(|it| it.0.to_owned())
            .or(self.first_failure.take())
            .or_else(|| {
                (!self.not_reviewed.is_empty())
                    .then(|| "it was not asked about everything".to_owned())
            });
        // Whoever is short of budget decides what to spend it on, and needs to know what is left.
        let failure = failure.map(|it| match self.is_unaffordable && stopped.is_none() {
            true => format!("{it}; not reviewed by it: {}", named(&self.not_reviewed)),
            false => it,
        });
        self.report.not_reviewed = self.not_reviewed.iter().cloned().collect();
        self.report.outcome = match failure {
            _ if stopped.is_some_and(|it| it.1) => AgentOutcome::Cancelled,
            None => taken_over.map_or(AgentOutcome::Answered, |it| it.1),
            Some(reason) if !self.counts.is_empty() => AgentOutcome::Partial(reason),
            Some(reason) => AgentOutcome::Failed(reason),
        };
        if self.problems_left_out > 0 {
            self.report
                .problems
                .push(format!("and {} more", self.problems_left_out));
        }
        if !self.counts.is_empty() && !self.not_reviewed.is_empty() && !self.is_unaffordable {
            self.report.problems.push(format!(
                "not reviewed, or not all of it: {}",
                named(&self.not_reviewed)
            ));
        }
        for counts in self.counts.values() {
            self.report.findings += counts.findings;
            self.report.unlocated += counts.unlocated;
            self.report.known += counts.known;
            self.report.dismissed += counts.dismissed;
            let (sum, more) = (&mut self.report.left_out, counts.left_out);
            sum.kind += more.kind;
            sum.baseline += more.baseline;
            sum.comments += more.comments;
        }
        self.report.elapsed = self.started.elapsed();
        self.report.clone()
    }
}

fn did_not(review: &str, why: &str) -> String {
    if why.is_empty() {
        format!("did not review {review} and does not say why")
    } else {
        format!("did not review {review}: {why}")
    }
}

fn named(files: &BTreeSet<RelPath>) -> String {
    let names: Vec<&str> = files.iter().take(MAX_NAMED).map(RelPath::as_str).collect();
    let rest = files.len() - names.len();
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    names.join(", ") + &more
}

fn joined(a: Option<String>, b: Option<String>) -> Option<String> {
    match (a, b) {
        (Some(a), Some(b)) if a.len() + b.len() < MAX_SUMMARY => Some(format!("{a}\n{b}")),
        (a, b) => a.or(b),
    }
}

/// The sum of what was told; what no call told stays unknown.
pub(super) fn added(a: Option<Usage>, b: Option<Usage>) -> Option<Usage> {
    let (Some(a), Some(b)) = (&a, &b) else {
        return a.or(b);
    };
    let tokens = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    };
    let cost_usd = match (a.cost_usd, b.cost_usd) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    };
    Some(Usage {
        input_tokens: tokens(a.input_tokens, b.input_tokens),
        output_tokens: tokens(a.output_tokens, b.output_tokens),
        cost_usd,
        model: a.model.clone().or_else(|| b.model.clone()),
    })
}
