//! Changes: each agent asked makes a proposal of its own, and all of them work at the same time.
//!
//! As in a review, one task conducts and tells all events; each agent's attempt is a task of its own.

mod attempt;
mod check;
mod collect;
mod prepare;

use super::prepare::too_long;
use super::progress::Meter;
use super::{Job, tell_progress, until};
use crate::event::{AgentOutcome, AgentReport, Report, RunEvent};
use crate::request::Edit;
use agents::AgentSpec;
use attempt::{Attempt, Made};
use prepare::Prepared;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

/// News of one attempt.
struct News {
    agent: usize,
    text: String,
    fraction: Option<f32>,
}

/// Has a change proposed.
pub(super) async fn conduct(job: &Job, edit: Edit, started: Instant) -> Report {
    let preparing = prepare::prepare(job, edit, started);
    let prepared = tokio::select! {
        biased;
        () = job.cancel.cancelled() => return Report { cancelled: true, ..Report::empty(started.elapsed()) },
        prepared = preparing => prepared,
    };
    match prepared {
        Ok(prepared) => ask(job, prepared, started).await,
        Err(error) => Report::failed(error, started.elapsed()),
    }
}

/// Why the agents were not awaited to their ends.
enum Stop {
    Cancelled,
    Deadline,
}

/// The attempts under way.
struct Attempts {
    tasks: JoinSet<Result<Made, String>>,
    /// Which agent each of them is.
    agents: HashMap<Id, usize>,
    news: UnboundedReceiver<News>,
}

async fn ask(job: &Job, prepared: Prepared, started: Instant) -> Report {
    let Prepared { agents, shared } = prepared;
    let shared = Arc::new(shared);
    let names: Vec<String> = agents.iter().map(|it| it.name.clone()).collect();
    job.ledger.begin(job.run, &job.root.path, &names);
    job.emitter.tell(RunEvent::Started {
        agents: names,
        files: shared.gathered.targets.len(),
    });
    let mut tally = Tally::new(&agents);
    let mut meter = Meter::new(agents.len());
    // Ends the calls also when this task is dropped.
    let calls = job.cancel.child_token();
    let calls_end = calls.clone().drop_guard();
    let mut attempts = start(job, agents, &shared, &mut meter, &calls);
    let deadline = started.checked_add(shared.limits.run);
    let stop = loop {
        tokio::select! {
            biased;
            () = job.cancel.cancelled() => break Some(Stop::Cancelled),
            () = until(deadline) => break Some(Stop::Deadline),
            joined = attempts.tasks.join_next_with_id() => match joined {
                Some(joined) => take(job, joined, &attempts.agents, &mut tally, &mut meter),
                None => break None,
            },
            Some(news) = attempts.news.recv() => {
                let text = format!("{}: {}", tally.name(news.agent), news.text);
                meter.news(news.agent, 0, text, news.fraction);
                if meter.is_due() {
                    tell_progress(job, &mut meter);
                }
            }
            () = until(meter.due()) => tell_progress(job, &mut meter),
        }
    };
    // What was made before the stop counts.
    while let Some(joined) = attempts.tasks.try_join_next_with_id() {
        take(job, joined, &attempts.agents, &mut tally, &mut meter);
    }
    drop(calls_end);
    // Whoever works in a copy leaves it in order; the run need not wait for that.
    let mut leaving = attempts.tasks;
    tokio::spawn(async move { while leaving.join_next().await.is_some() {} });
    let cancelled = matches!(stop, Some(Stop::Cancelled));
    let outcome = match stop {
        Some(Stop::Deadline) => AgentOutcome::Failed(too_long("change", &shared.limits)),
        _ => AgentOutcome::Cancelled,
    };
    for report in tally.end_all(&outcome) {
        job.emitter.tell(RunEvent::AgentEnded(report));
    }
    Report {
        cancelled,
        agents: tally.into_reports(),
        files: shared
            .gathered
            .targets
            .iter()
            .map(|it| it.path.clone())
            .collect(),
        skipped: shared.gathered.skipped.clone(),
        notes: shared.gathered.notes.clone(),
        ..Report::empty(started.elapsed())
    }
}

fn start(
    job: &Job,
    agents: Vec<AgentSpec>,
    shared: &Arc<prepare::Shared>,
    meter: &mut Meter,
    calls: &tokio_util::sync::CancellationToken,
) -> Attempts {
    let (sender, news) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    let mut by_task = HashMap::new();
    for (index, spec) in agents.into_iter().enumerate() {
        meter.plan(index, 1);
        let attempt = Attempt {
            run: job.run,
            index,
            spec,
            shared: shared.clone(),
            root: job.root.clone(),
            worktrees: job.worktrees.clone(),
            questions: job.questions.clone(),
            cancel: calls.clone(),
            news: sender.clone(),
        };
        by_task.insert(tasks.spawn(attempt.make()).id(), index);
    }
    Attempts {
        tasks,
        agents: by_task,
        news,
    }
}

/// Takes in what came of an attempt.
fn take(
    job: &Job,
    joined: Result<(Id, Result<Made, String>), JoinError>,
    agents: &HashMap<Id, usize>,
    tally: &mut Tally,
    meter: &mut Meter,
) {
    let (id, made) = match joined {
        Ok((id, made)) => (id, made),
        Err(error) => {
            tracing::error!(%error, "an attempt failed");
            let why = format!("its part failed because of a fault in crosscheck: {error}");
            (error.id(), Err(why))
        }
    };
    let Some(&agent) = agents.get(&id) else {
        return;
    };
    meter.done(agent, 0);
    meter.end(agent);
    let made = match made {
        // Calls end with the run; that is no failure of theirs.
        Err(_) if job.cancel.is_cancelled() => return,
        made => made,
    };
    let (report, proposed) = tally.end(agent, made);
    if let Some((proposal, versions)) = proposed {
        let proposal = Arc::new(proposal);
        job.ledger
            .keep_proposal(Some(job.run), &job.root.path, proposal.clone());
        job.emitter.tell(RunEvent::Proposed { proposal, versions });
    }
    job.emitter.tell(RunEvent::AgentEnded(report));
}

/// The account of each agent.
struct Tally {
    reports: Vec<AgentReport>,
    over: Vec<bool>,
    started: Instant,
}

type Proposed = (domain::proposal::Proposal, attempt::Versions);

impl Tally {
    fn new(agents: &[AgentSpec]) -> Self {
        let report =
            |it: &AgentSpec| AgentReport::new(&it.name, &it.provider, AgentOutcome::Answered);
        Self {
            reports: agents.iter().map(report).collect(),
            over: vec![false; agents.len()],
            started: Instant::now(),
        }
    }
    fn name(&self, agent: usize) -> &str {
        self.reports.get(agent).map_or("", |it| &it.agent)
    }
    fn end(&mut self, agent: usize, made: Result<Made, String>) -> (AgentReport, Option<Proposed>) {
        let report = &mut self.reports[agent];
        self.over[agent] = true;
        report.elapsed = self.started.elapsed();
        let proposed = match made {
            Ok(made) => {
                report.summary = Some(made.summary).filter(|it| !it.is_empty());
                report.usage = made.usage;
                report.problems = made.problems;
                report.changes = made.proposal.as_ref().map_or(0, |it| it.0.parts().count());
                if made.left_out > 0 {
                    let them = if made.left_out == 1 {
                        "one change"
                    } else {
                        "several changes"
                    };
                    report.outcome = AgentOutcome::Partial(format!(
                        "{them} of its answer could not be taken over"
                    ));
                }
                made.proposal
            }
            Err(why) => {
                report.outcome = AgentOutcome::Failed(why);
                None
            }
        };
        (report.clone(), proposed)
    }
    /// Ends the agents that are not through; their reports.
    fn end_all(&mut self, outcome: &AgentOutcome) -> Vec<AgentReport> {
        let elapsed = self.started.elapsed();
        let open = self
            .reports
            .iter_mut()
            .zip(&mut self.over)
            .filter(|it| !*it.1);
        open.map(|(report, over)| {
            *over = true;
            report.outcome = outcome.clone();
            report.elapsed = elapsed;
            report.clone()
        })
        .collect()
    }
    fn into_reports(self) -> Vec<AgentReport> {
        self.reports
    }
}

#[cfg(test)]
mod tests;
