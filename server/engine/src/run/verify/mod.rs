//! Verification: an agent of another provider is told to refute a finding, and what it says counts as far as its evidence does.
//!
//! Each finding is a call of its own: a verifier that is shown several at once judges the whole company, and one bad answer would cost
//! them all. As in a review, one task conducts and tells all events; each call is a task of its own.

mod call;
pub(super) mod choose;
mod prepare;
pub(super) mod second;

use super::prepare::too_long;
use super::progress::Meter;
use super::report::added;
use super::{Job, settle, tell_progress, until};
use crate::budget::gate::Gate;
use crate::event::{AgentOutcome, AgentReport, Report, RunEvent, Skipped};
use crate::request::Verify;
use agents::{AgentSpec, Operation};
use call::{Done, Single};
use prepare::{Prepared, Shared, Wanted};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Most problems told of one agent; the rest is counted.
const MAX_PROBLEMS: usize = 20;

/// News of one call.
struct News {
    item: usize,
    text: String,
    fraction: Option<f32>,
}

/// Has findings checked.
pub(super) async fn conduct(job: &Job, verify: Verify, started: Instant) -> Report {
    let preparing = prepare::prepare(job, verify, started);
    let prepared = tokio::select! {
        biased;
        () = job.cancel.cancelled() => return Report { cancelled: true, ..Report::empty(started.elapsed()) },
        prepared = preparing => prepared,
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Report::failed(error, started.elapsed()),
    };
    let names: Vec<String> = prepared.agents.iter().map(|it| it.name.clone()).collect();
    job.ledger.begin(job.run, &job.root.path, &names);
    job.emitter.tell(RunEvent::Started {
        agents: names,
        files: prepared.shared.gathered.targets.len(),
    });
    let mut meter = Meter::new(prepared.agents.len());
    let files = prepared.shared.gathered.targets.iter();
    let files = files.map(|it| it.path.clone()).collect();
    let notes = prepared.shared.gathered.notes.clone();
    let gate = open_gate(job, &prepared.agents).await;
    let verified = check(job, &gate, prepared, started, &mut meter, None).await;
    let mut report = Report {
        cancelled: verified.is_cancelled,
        agents: verified.agents,
        files,
        skipped: verified.unverified,
        notes,
        ..Report::empty(started.elapsed())
    };
    settle(&mut report, &gate);
    if !report.cancelled {
        gate.noted().await;
    }
    report
}

/// What the calls pass. It is open at once: each call is about a finding that the user has named.
async fn open_gate(job: &Job, agents: &[AgentSpec]) -> Arc<Gate> {
    let loaded = job.root.loaded();
    let budget = loaded
        .map(|it| it.config.budget.clone())
        .unwrap_or_default();
    let gate = Gate::new(job.budgets.clone(), job.run, &job.root.path, budget);
    let learning = async {
        gate.learn(agents, Operation::Ask).await;
        gate.learn(agents, Operation::Review).await;
    };
    tokio::select! {
        biased;
        () = job.cancel.cancelled() => {}
        () = learning => {}
    }
    gate.open();
    gate
}

/// What has come of checks.
struct Verified {
    agents: Vec<AgentReport>,
    /// What was not checked, and why.
    unverified: Vec<Skipped>,
    is_cancelled: bool,
}

/// Makes all checks and tells each one. `share` is that of the meter where the checks are only a part of the run; the agents' ends are
/// not told then.
async fn check(
    job: &Job,
    gate: &Arc<Gate>,
    prepared: Prepared,
    started: Instant,
    meter: &mut Meter,
    share: Option<usize>,
) -> Verified {
    let Prepared {
        agents,
        wanted,
        unverified,
        shared,
    } = prepared;
    let shared = Arc::new(shared);
    let mut tally = Tally::new(&agents, &wanted, unverified, share);
    // Ends the calls also when this task is dropped.
    let calls = job.cancel.child_token();
    let calls_end = calls.clone().drop_guard();
    if let Some(share) = share {
        meter.plan(share, wanted.len());
    } else {
        for agent in 0..agents.len() {
            meter.plan(agent, wanted.iter().filter(|it| it.agent == agent).count());
        }
    }
    let mut under_way = start(job, gate, &agents, &wanted, &shared, &calls);
    let deadline = started.checked_add(shared.limits.run);
    let reason = loop {
        tokio::select! {
            biased;
            () = job.cancel.cancelled() => break Some(None),
            () = until(deadline) => break Some(Some(too_long("verification", &shared.limits))),
            joined = under_way.tasks.join_next_with_id() => match joined {
                Some(joined) => take(job, joined, &under_way.items, &mut tally, meter),
                None => break None,
            },
            Some(news) = under_way.news.recv() => {
                let text = format!("{}: {}", tally.name(news.item), news.text);
                meter.news(tally.share(news.item), news.item, text, news.fraction);
                if meter.is_due() {
                    tell_progress(job, meter);
                }
            }
            () = until(meter.due()) => tell_progress(job, meter),
        }
    };
    // What was answered before the stop counts.
    while let Some(joined) = under_way.tasks.try_join_next_with_id() {
        take(job, joined, &under_way.items, &mut tally, meter);
    }
    drop(calls_end);
    let is_cancelled = matches!(reason, Some(None));
    tally.stop(reason.flatten().as_deref());
    for report in tally.end(is_cancelled) {
        if share.is_none() {
            job.emitter.tell(RunEvent::AgentEnded(Box::new(report)));
        }
    }
    Verified {
        agents: tally.reports,
        unverified: tally.unverified,
        is_cancelled,
    }
}

/// The calls under way.
struct UnderWay {
    tasks: JoinSet<Result<Done, String>>,
    /// Which item each of them is about.
    items: HashMap<Id, usize>,
    news: UnboundedReceiver<News>,
}

fn start(
    job: &Job,
    gate: &Arc<Gate>,
    agents: &[AgentSpec],
    wanted: &[Wanted],
    shared: &Arc<Shared>,
    cancel: &CancellationToken,
) -> UnderWay {
    let (sender, news) = mpsc::unbounded_channel();
    let (mut tasks, mut items) = (JoinSet::new(), HashMap::new());
    for (agent, spec) in agents.iter().enumerate() {
        let short = CancellationToken::new();
        for (item, one) in wanted.iter().enumerate().filter(|it| it.1.agent == agent) {
            let single = Single {
                run: job.run,
                item,
                spec: spec.clone(),
                wanted: one.clone(),
                shared: shared.clone(),
                root: job.root.clone(),
                gate: gate.clone(),
                cancel: cancel.clone(),
                short: short.clone(),
                news: sender.clone(),
            };
            items.insert(tasks.spawn(single.check()).id(), item);
        }
    }
    UnderWay { tasks, items, news }
}

/// Takes in what came of a call.
fn take(
    job: &Job,
    joined: Result<(Id, Result<Done, String>), JoinError>,
    items: &HashMap<Id, usize>,
    tally: &mut Tally,
    meter: &mut Meter,
) {
    let (id, done) = match joined {
        Ok((id, done)) => (id, done),
        Err(error) => {
            tracing::error!(%error, "a check failed");
            let why = format!("the check failed because of a fault in crosscheck: {error}");
            (error.id(), Err(why))
        }
    };
    let Some(&item) = items.get(&id) else {
        return;
    };
    meter.done(tally.share(item), item);
    match done {
        Ok(done) => {
            tally.checked(item, &done);
            job.ledger
                .keep_check(job.run, &job.root.path, done.checked.clone());
            job.emitter.tell(RunEvent::Verified(done.checked));
        }
        // Calls end with the run; that is no failure of theirs.
        Err(_) if job.cancel.is_cancelled() => {}
        Err(why) => tally.failed(item, &why),
    }
    if tally.is_through(item) {
        meter.end(tally.share(item));
    }
    if meter.is_due() {
        tell_progress(job, meter);
    }
}

/// The account of each agent.
struct Tally {
    reports: Vec<AgentReport>,
    /// For each item its agent, its place in words, and whether it is over.
    items: Vec<(usize, String, bool)>,
    unverified: Vec<Skipped>,
    /// The share of the meter, where it is one for all.
    share: Option<usize>,
    started: Instant,
}

impl Tally {
    fn new(
        agents: &[AgentSpec],
        wanted: &[Wanted],
        unverified: Vec<Skipped>,
        share: Option<usize>,
    ) -> Self {
        let report =
            |it: &AgentSpec| AgentReport::new(&it.name, &it.provider, AgentOutcome::Answered);
        let items = wanted.iter().map(|it| (it.agent, it.spot.clone(), false));
        Self {
            reports: agents.iter().map(report).collect(),
            items: items.collect(),
            unverified,
            share,
            started: Instant::now(),
        }
    }
    fn agent(&self, item: usize) -> usize {
        self.items.get(item).map_or(0, |it| it.0)
    }
    fn name(&self, item: usize) -> &str {
        let report = self.reports.get(self.agent(item));
        report.map_or("", |it| &it.agent)
    }
    /// The share of the meter that an item counts for.
    fn share(&self, item: usize) -> usize {
        self.share.unwrap_or_else(|| self.agent(item))
    }
    /// True when nothing is open that counts for the same share.
    fn is_through(&self, item: usize) -> bool {
        let agent = self.share.is_none().then(|| self.agent(item));
        let mut of_it = self
            .items
            .iter()
            .filter(|it| agent.is_none_or(|agent| it.0 == agent));
        of_it.all(|it| it.2)
    }
    fn checked(&mut self, item: usize, done: &Done) {
        let Some((agent, _, over)) = self.items.get_mut(item) else {
            return;
        };
        *over = true;
        let report = &mut self.reports[*agent];
        report.checks += 1;
        report.usage = added(report.usage.take(), done.usage.clone());
        report.elapsed = self.started.elapsed();
        for problem in &done.problems {
            if report.problems.len() < MAX_PROBLEMS && !report.problems.contains(problem) {
                report.problems.push(problem.clone());
            }
        }
    }
    fn failed(&mut self, item: usize, why: &str) {
        let Some((agent, spot, over)) = self.items.get_mut(item) else {
            return;
        };
        *over = true;
        self.unverified.push(prepare::unverified(spot, why));
        let report = &mut self.reports[*agent];
        report.elapsed = self.started.elapsed();
        if matches!(report.outcome, AgentOutcome::Answered) {
            report.outcome = AgentOutcome::Failed(why.to_owned());
        }
    }
    /// Ends what is not over. `reason`: why, where the user did not want it.
    fn stop(&mut self, reason: Option<&str>) {
        let open: Vec<usize> = (0..self.items.len())
            .filter(|it| !self.items[*it].2)
            .collect();
        for item in open {
            match reason {
                Some(reason) => self.failed(item, reason),
                None => {
                    let spot = self.items[item].1.clone();
                    let cancelled = prepare::unverified(&spot, "the verification was cancelled");
                    self.unverified.push(cancelled);
                }
            }
        }
    }
    /// The agents' ends.
    fn end(&mut self, is_cancelled: bool) -> Vec<AgentReport> {
        for agent in 0..self.reports.len() {
            let is_through = self.items.iter().all(|it| it.0 != agent || it.2);
            let report = &mut self.reports[agent];
            report.outcome = match std::mem::replace(&mut report.outcome, AgentOutcome::Answered) {
                _ if is_cancelled && !is_through => AgentOutcome::Cancelled,
                AgentOutcome::Failed(why) if report.checks > 0 => AgentOutcome::Partial(why),
                outcome => outcome,
            };
        }
        self.reports.clone()
    }
}

#[cfg(test)]
mod tests;
