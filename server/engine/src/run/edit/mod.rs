//! Changes: each agent asked makes a proposal of its own, and all of them work at the same time.
//!
//! As in a review, one task conducts and tells all events; each agent's attempt is a task of its own.

mod attempt;
mod check;
mod collect;
mod prepare;

use super::prepare::too_long;
use super::progress::Meter;
use super::relief::Relief;
use super::{Job, begin, set_up, tell_progress, until};
use crate::budget::gate::Gate;
use crate::event::{AgentOutcome, AgentReport, Report, RunEvent};
use crate::request::Edit;
use agents::{AgentSpec, Operation};
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
    let operations = [Operation::Edit, Operation::Ask];
    let (gate, relief) = set_up(job, &agents, None, &operations).await;
    expect(&gate, &agents, &shared);
    let mut tally = Tally::new(&agents);
    let mut meter = Meter::new(agents.len());
    // Ends the calls also when this task is dropped.
    let calls = job.cancel.child_token();
    let calls_end = calls.clone().drop_guard();
    let mut attempts = start(job, agents, &shared, &gate, &relief, &mut meter, &calls);
    let deadline = started.checked_add(shared.limits.run);
    let beginning = begin(job, &gate);
    tokio::pin!(beginning);
    let mut has_begun = false;
    let stop = loop {
        tokio::select! {
            biased;
            () = job.cancel.cancelled() => break Some(Stop::Cancelled),
            () = until(deadline) => break Some(Stop::Deadline),
            () = &mut beginning, if !has_begun => has_begun = true,
            joined = attempts.tasks.join_next_with_id() => match joined {
                Some(joined) => take(job, &gate, joined, &attempts.agents, &mut tally, &mut meter),
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
        take(job, &gate, joined, &attempts.agents, &mut tally, &mut meter);
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
        job.emitter.tell(RunEvent::AgentEnded(Box::new(report)));
    }
    let mut notes = shared.gathered.notes.clone();
    notes.extend(gate.notes());
    if !cancelled {
        gate.noted().await;
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
        notes,
        ..Report::empty(started.elapsed())
    }
}

/// Tells the gate what each agent will probably do: one call, with the files that it is about.
fn expect(gate: &Gate, agents: &[AgentSpec], shared: &prepare::Shared) {
    let texts: usize = shared.gathered.targets.iter().map(|it| it.text.len()).sum();
    let words: usize = shared.instructions.iter().map(String::len).sum();
    for (index, spec) in agents.iter().enumerate() {
        let (operation, bytes) = if spec.operations.contains_key(&Operation::Edit) {
            (Operation::Edit, words)
        } else {
            (
                Operation::Ask,
                words + texts.min(shared.limits.prompt_bytes),
            )
        };
        gate.foresee(index, spec, operation, &[bytes]);
    }
}

fn start(
    job: &Job,
    agents: Vec<AgentSpec>,
    shared: &Arc<prepare::Shared>,
    gate: &Arc<Gate>,
    relief: &Arc<Relief>,
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
            gate: gate.clone(),
            relief: relief.clone(),
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
    gate: &Gate,
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
    let (report, proposed) = tally.end(agent, made, gate);
    if let Some((proposal, versions)) = proposed {
        let proposal = Arc::new(proposal);
        job.ledger
            .keep_proposal(Some(job.run), &job.root.path, proposal.clone());
        job.emitter.tell(RunEvent::Proposed { proposal, versions });
    }
    job.emitter.tell(RunEvent::AgentEnded(Box::new(report)));
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
    fn end(
        &mut self,
        agent: usize,
        made: Result<Made, String>,
        gate: &Gate,
    ) -> (AgentReport, Option<Proposed>) {
        let report = &mut self.reports[agent];
        report.spent = gate.spent(&report.agent);
        self.over[agent] = true;
        report.elapsed = self.started.elapsed();
        let proposed = match made {
            Ok(made) => {
                report.summary = Some(made.summary).filter(|it| !it.is_empty());
                report.usage = made.usage;
                report.problems = made.problems;
                report.changes = made.proposal.as_ref().map_or(0, |it| it.0.parts().count());
                if let Some((by, why)) = made.relieved {
                    report.spent += &gate.spent(&by);
                    report.outcome = AgentOutcome::TakenOver {
                        by,
                        calls: 1,
                        why: why.to_string(),
                    };
                }
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
