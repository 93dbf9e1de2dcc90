//! Verification: an agent of another provider is told to refute a finding, and what it says counts as far as its evidence does.
//!
//! Each finding is a call of its own: a verifier that is shown several at once judges the whole company, and one bad answer would cost
//! them all. As in a review, one task conducts and tells all events; each call is a task of its own.

mod call;
pub(super) mod choose;
mod prepare;
pub(super) mod second;

use super::calling::Failed;
use super::prepare::too_long;
use super::progress::Meter;
use super::report::added;
use super::{Job, begin, open, settle, tell_progress, until};
use crate::budget::gate::Gate;
use crate::event::{AgentOutcome, AgentReport, Report, RunEvent, Skipped};
use crate::request::Verify;
use agents::{AgentSpec, Operation, Shortage};
use call::{Done, Single};
use prepare::{Prepared, Shared, Wanted};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
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
    let gate = gate(job, &prepared.agents).await;
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

/// What the calls pass.
async fn gate(job: &Job, agents: &[AgentSpec]) -> Arc<Gate> {
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
    gate
}

/// What has come of checks.
struct Verified {
    agents: Vec<AgentReport>,
    /// What was not checked, and why.
    unverified: Vec<Skipped>,
    is_cancelled: bool,
}

/// Makes all checks and tells each one, once it is clear what they take and the user has nothing against it. `share` is that of the
/// meter where the checks are only a part of the run; the agents' ends are not told then.
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
    let limits = shared.limits.clone();
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
    gate.await_plans(wanted.len());
    let count = wanted.len();
    let mut under_way = UnderWay::start(job, gate, agents, wanted, shared, calls);
    let deadline = started.checked_add(limits.run);
    let beginning = async {
        match share {
            None => begin(job, gate).await,
            Some(_) => begin_more(job, gate, count).await,
        }
    };
    tokio::pin!(beginning);
    let mut has_begun = false;
    let reason = loop {
        tokio::select! {
            biased;
            () = job.cancel.cancelled() => break Some(None),
            () = until(deadline) => break Some(Some(too_long("verification", &limits))),
            () = &mut beginning, if !has_begun => has_begun = true,
            joined = under_way.tasks.join_next_with_id() => match joined {
                Some(joined) => under_way.take(joined, &mut tally, meter),
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
    drop(calls_end);
    // What was answered before the stop counts.
    while let Some(joined) = under_way.tasks.try_join_next_with_id() {
        under_way.take(joined, &mut tally, meter);
    }
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

/// Lets the checks at the end of a review go. What they take is asked about together with what the review took, unless the user
/// has agreed to that.
async fn begin_more(job: &Job, gate: &Gate, count: usize) {
    let estimate = gate.planned().await;
    let findings = match count {
        1 => "a finding".to_owned(),
        count => format!("{count} findings"),
    };
    let this = format!("To have {findings} of this review verified");
    open(job, gate, &estimate, &this, "verification").await;
}

/// The calls under way.
struct UnderWay<'j> {
    job: &'j Job,
    gate: Arc<Gate>,
    /// The agents that are asked, each with what ends its calls that have not reached it once it has no quota left.
    agents: Vec<(AgentSpec, CancellationToken)>,
    wanted: Vec<Wanted>,
    shared: Arc<Shared>,
    /// Ends the calls.
    cancel: CancellationToken,
    tasks: JoinSet<Result<Done, Failed>>,
    /// Which item each of them is about.
    items: HashMap<Id, usize>,
    sender: UnboundedSender<News>,
    news: UnboundedReceiver<News>,
}

impl<'j> UnderWay<'j> {
    fn start(
        job: &'j Job,
        gate: &Arc<Gate>,
        agents: Vec<AgentSpec>,
        wanted: Vec<Wanted>,
        shared: Shared,
        cancel: CancellationToken,
    ) -> Self {
        let (sender, news) = mpsc::unbounded_channel();
        let agents = agents.into_iter().map(|it| (it, CancellationToken::new()));
        let mut under_way = Self {
            job,
            gate: gate.clone(),
            agents: agents.collect(),
            wanted,
            shared: Arc::new(shared),
            cancel,
            tasks: JoinSet::new(),
            items: HashMap::new(),
            sender,
            news,
        };
        for agent in 0..under_way.agents.len() {
            for item in 0..under_way.wanted.len() {
                if under_way.wanted[item].agent == agent {
                    under_way.ask(item);
                }
            }
        }
        under_way
    }

    fn ask(&mut self, item: usize) {
        let wanted = self.wanted[item].clone();
        let (spec, short) = &self.agents[wanted.agent];
        let single = Single {
            run: self.job.run,
            item,
            spec: spec.clone(),
            wanted,
            shared: self.shared.clone(),
            root: self.job.root.clone(),
            gate: self.gate.clone(),
            cancel: self.cancel.clone(),
            short: short.clone(),
            news: self.sender.clone(),
        };
        self.items
            .insert(self.tasks.spawn(single.check()).id(), item);
    }

    /// Has the fallback asked instead of an agent that is short of something.
    ///
    /// # Errors
    /// Why it is not; `None` where no fallback is configured.
    fn hand_over(
        &mut self,
        item: usize,
        why: Shortage,
        tally: &mut Tally,
    ) -> Result<(), Option<String>> {
        let wanted = &self.wanted[item];
        let loaded = self.job.root.loaded().ok_or(None)?;
        let short = &self.agents[wanted.agent].0.name;
        let spec = choose::stand_in(&loaded.config, short, &wanted.barred)?;
        let known = self.agents.iter().position(|it| it.0.name == spec.name);
        let agent = known.unwrap_or_else(|| {
            self.agents.push((spec.clone(), CancellationToken::new()));
            tally.join(spec);
            self.agents.len() - 1
        });
        tally.hand_over(item, agent, why);
        self.wanted[item].agent = agent;
        self.ask(item);
        Ok(())
    }

    /// Takes in what came of a call.
    fn take(
        &mut self,
        joined: Result<(Id, Result<Done, Failed>), JoinError>,
        tally: &mut Tally,
        meter: &mut Meter,
    ) {
        let (id, done) = match joined {
            Ok((id, done)) => (id, done),
            Err(error) => {
                tracing::error!(%error, "a check failed");
                let why = format!("the check failed because of a fault in crosscheck: {error}");
                (error.id(), Err(Failed::Other(why)))
            }
        };
        let Some(&item) = self.items.get(&id) else {
            return;
        };
        let job = self.job;
        match done {
            Ok(done) => {
                tally.checked(item, &done);
                job.ledger
                    .keep_check(job.run, &job.root.path, done.checked.clone());
                job.emitter.tell(RunEvent::Verified(done.checked));
            }
            // Calls end with the run; that is no failure of theirs.
            Err(_) if job.cancel.is_cancelled() => {}
            Err(Failed::Short(why, reason)) => match self.hand_over(item, why, tally) {
                Ok(()) => return,
                Err(None) => tally.failed(item, &reason),
                Err(Some(obstacle)) => tally.failed(item, &format!("{reason}; {obstacle}")),
            },
            Err(failed) => {
                // It may not have come to say what it needs, and the others wait for that.
                let spec = &self.agents[self.wanted[item].agent].0;
                self.gate.foresee(item, spec, Operation::Ask, &[]);
                tally.failed(item, &failed.to_string());
            }
        }
        meter.done(tally.share(item), item);
        if tally.is_through(item) {
            meter.end(tally.share(item));
        }
        if meter.is_due() {
            tell_progress(job, meter);
        }
    }
}

/// The account of each agent.
struct Tally {
    reports: Vec<AgentReport>,
    items: Vec<Item>,
    unverified: Vec<Skipped>,
    /// For each agent that others stand in for: who it was handed to, how much, and why.
    handed_over: BTreeMap<usize, (usize, usize, Shortage)>,
    started: Instant,
}

/// One check.
struct Item {
    /// Who makes it.
    agent: usize,
    /// Its place in words.
    spot: String,
    /// Its share of the meter.
    share: usize,
    is_over: bool,
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
        let item = |it: &Wanted| Item {
            agent: it.agent,
            spot: it.spot.clone(),
            share: share.unwrap_or(it.agent),
            is_over: false,
        };
        Self {
            reports: agents.iter().map(report).collect(),
            items: wanted.iter().map(item).collect(),
            unverified,
            handed_over: BTreeMap::new(),
            started: Instant::now(),
        }
    }
    fn name(&self, item: usize) -> &str {
        let report = self
            .items
            .get(item)
            .and_then(|it| self.reports.get(it.agent));
        report.map_or("", |it| &it.agent)
    }
    /// The share of the meter that an item counts for.
    fn share(&self, item: usize) -> usize {
        self.items.get(item).map_or(0, |it| it.share)
    }
    /// True when nothing is open that counts for the same share.
    fn is_through(&self, item: usize) -> bool {
        let share = self.share(item);
        let mut of_it = self.items.iter().filter(|it| it.share == share);
        of_it.all(|it| it.is_over)
    }
    /// Another agent takes part.
    fn join(&mut self, spec: &AgentSpec) {
        let report = AgentReport::new(&spec.name, &spec.provider, AgentOutcome::Answered);
        self.reports.push(report);
    }
    /// A check is made by another agent than was meant.
    fn hand_over(&mut self, item: usize, to: usize, why: Shortage) {
        if let Some(item) = self.items.get_mut(item) {
            let from = std::mem::replace(&mut item.agent, to);
            self.handed_over.entry(from).or_insert((to, 0, why)).1 += 1;
        }
    }
    fn checked(&mut self, item: usize, done: &Done) {
        let Some(item) = self.items.get_mut(item) else {
            return;
        };
        item.is_over = true;
        let report = &mut self.reports[item.agent];
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
        let Some(item) = self.items.get_mut(item) else {
            return;
        };
        item.is_over = true;
        self.unverified.push(prepare::unverified(&item.spot, why));
        let report = &mut self.reports[item.agent];
        report.elapsed = self.started.elapsed();
        if matches!(report.outcome, AgentOutcome::Answered) {
            report.outcome = AgentOutcome::Failed(why.to_owned());
        }
    }
    /// Ends what is not over. `reason`: why, where the user did not want it.
    fn stop(&mut self, reason: Option<&str>) {
        let open: Vec<usize> = (0..self.items.len())
            .filter(|it| !self.items[*it].is_over)
            .collect();
        for item in open {
            match reason {
                Some(reason) => self.failed(item, reason),
                None => {
                    let spot = self.items[item].spot.clone();
                    let cancelled = prepare::unverified(&spot, "the verification was cancelled");
                    self.unverified.push(cancelled);
                }
            }
        }
    }
    /// The agents' ends.
    fn end(&mut self, is_cancelled: bool) -> Vec<AgentReport> {
        for agent in 0..self.reports.len() {
            let mut own = self.items.iter().filter(|it| it.agent == agent);
            let is_through = own.all(|it| it.is_over);
            let handed_over =
                self.handed_over
                    .get(&agent)
                    .map(|(to, calls, why)| AgentOutcome::TakenOver {
                        by: self.reports[*to].agent.clone(),
                        calls: *calls,
                        why: why.to_string(),
                    });
            let report = &mut self.reports[agent];
            report.outcome = match std::mem::replace(&mut report.outcome, AgentOutcome::Answered) {
                _ if is_cancelled && !is_through => AgentOutcome::Cancelled,
                AgentOutcome::Failed(why) if report.checks > 0 => AgentOutcome::Partial(why),
                AgentOutcome::Answered => handed_over.unwrap_or(AgentOutcome::Answered),
                outcome => outcome,
            };
        }
        self.reports.clone()
    }
}

#[cfg(test)]
mod tests;
