//! Runs: one thing the user asked for, from its scope to its report.
//!
//! One task conducts a run and tells all of its events, so they have an order and one end. Each agent's part is a
//! task of its own that reports to the conductor; whatever becomes of those tasks, the conductor goes on.

mod agent;
mod answer;
mod author;
pub(crate) mod calling;
mod edit;
mod files;
mod fix;
mod identity;
pub(crate) mod manner;
mod memory;
mod names;
mod own;
mod place;
mod prepare;
mod progress;
mod proposed;
mod relief;
mod report;
mod said;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use verify::choose::verifiers;

use crate::budget::Estimate;
use crate::budget::gate::{Budgets, Gate};
use crate::engine::{Root, Sink};
use crate::event::{Event, FileFindings, NotAsked, Report, RunEvent, RunId};
use crate::ledger::{Asked, Ledger, ask as ask_ledger};
use crate::questions::Questions;
use crate::request::{Edit, Review, Scope, Verify};
use crate::worktree::Worktrees;
use agent::{Message, Part};
use agents::{AgentSpec, Operation};
use domain::merge::Records;
use domain::text::TextRange;
use own::Own;
use prepare::{Nothing, Prepared};
use progress::Meter;
use relief::Relief;
use report::Tally;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use verify::second::SecondLook;

/// Longest wait for what became of earlier findings, once everything else is ready.
const RECORDS_WAIT: Duration = Duration::from_millis(500);

/// Tells the events of one run.
#[derive(Clone)]
pub(crate) struct Emitter {
    run: RunId,
    sink: Sink,
}

impl Emitter {
    pub(crate) fn new(run: RunId, sink: Sink) -> Self {
        Self { run, sink }
    }
    fn tell(&self, event: RunEvent) {
        (self.sink)(Event::Run {
            run: self.run,
            event,
        });
    }
}

/// The one end of a run: told by [`Ending::end`], or when it is dropped because its task is.
pub(crate) struct Ending {
    emitter: Option<Emitter>,
    noun: &'static str,
    started: Instant,
}

impl Ending {
    pub(crate) fn new(emitter: Emitter, task: &Task) -> Self {
        Self {
            emitter: Some(emitter),
            noun: task.noun(),
            started: Instant::now(),
        }
    }
    pub(crate) fn end(mut self, report: Report) {
        if let Some(emitter) = self.emitter.take() {
            emitter.tell(RunEvent::Ended(report));
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(emitter) = self.emitter.take() {
            let error = format!("crosscheck is ending; the {} was not finished", self.noun);
            emitter.tell(RunEvent::Ended(Report::failed(
                error,
                self.started.elapsed(),
            )));
        }
    }
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    Review(Review),
    Edit(Edit),
    Verify(Verify),
}

impl Task {
    pub(crate) fn root(&self) -> &Path {
        match self {
            Task::Review(review) => &review.root,
            Task::Edit(edit) => &edit.root,
            Task::Verify(verify) => &verify.root,
        }
    }
    /// What people call it.
    fn noun(&self) -> &'static str {
        match self {
            Task::Review(_) => "review",
            Task::Edit(_) => "change",
            Task::Verify(_) => "verification",
        }
    }
}

/// A run to do.
pub(crate) struct Job {
    pub(crate) run: RunId,
    pub(crate) task: Task,
    pub(crate) root: Arc<Root>,
    pub(crate) ledger: Ledger,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) questions: Arc<Questions>,
    pub(crate) worktrees: Arc<Worktrees>,
    pub(crate) emitter: Emitter,
    /// The user's cancel.
    pub(crate) cancel: CancellationToken,
}

impl Job {
    /// Whether what is found stands in files, so that it can be found there again.
    fn is_about_files(&self) -> bool {
        !matches!(&self.task, Task::Review(it) if matches!(it.scope, Scope::Proposal { .. }))
    }
}

/// Does a run; a panic inside becomes its error.
pub(crate) async fn supervise(job: Job) -> Report {
    let started = Instant::now();
    let (run, ledger, questions) = (job.run, job.ledger.clone(), job.questions.clone());
    let noun = job.task.noun();
    let baseline = match &job.task {
        Task::Review(_) => job.root.baseline_problems(),
        Task::Edit(_) | Task::Verify(_) => Vec::new(),
    };
    let conducting = async move {
        match job.task.clone() {
            Task::Review(review) => conduct(&job, &review, started).await,
            Task::Edit(edit) => edit::conduct(&job, edit, started).await,
            Task::Verify(verify) => verify::conduct(&job, verify, started).await,
        }
    };
    let mut report = match tokio::spawn(conducting).await {
        Ok(report) => report,
        Err(error) => {
            tracing::error!(%error, "a run failed");
            Report::failed(
                format!("the {noun} failed because of a fault in crosscheck: {error}"),
                started.elapsed(),
            )
        }
    };
    report.notes.extend(questions.end(run));
    report.notes.extend(baseline);
    ledger.end(run, &report);
    report
}

async fn conduct(job: &Job, review: &Review, started: Instant) -> Report {
    // Other processes may have decided something; by the first answer this is long known.
    job.root.recall_verdicts(&job.ledger);
    // What became of the agents' earlier findings is asked once.
    let records = ask_ledger(|reply| job.ledger.records(reply));
    let preparing = prepare::prepare(review, &job.root, &job.cancel, started);
    let prepared = tokio::select! {
        biased;
        () = job.cancel.cancelled() => Err(Nothing::Cancelled),
        prepared = preparing => prepared,
    };
    match prepared {
        Ok(prepared) => ask(job, prepared, records, started).await,
        Err(nothing) => nothing.report(started.elapsed()),
    }
}

/// Why the agents were not awaited to their ends.
enum Stop {
    Cancelled,
    Deadline,
}

/// Asks all agents and tells what they answer.
async fn ask(job: &Job, prepared: Prepared, records: Asked<Records>, started: Instant) -> Report {
    let Prepared {
        agents,
        unusable,
        author,
        excused,
        mut notes,
        mut shared,
    } = prepared;
    let recalling = async {
        match shared.is_proposed {
            // None of it was applied.
            true => Default::default(),
            false => Own::recall(job, &agents, &shared.gathered).await,
        }
    };
    let (own, note) = tokio::select! {
        biased;
        () = job.cancel.cancelled() => Default::default(),
        recalled = recalling => recalled,
    };
    notes.extend(note);
    shared.own = Arc::new(own);
    let (gate, relief) = set_up(job, &agents, author, &[Operation::Review]).await;
    let shared = Arc::new(shared);
    let (mut second, records) =
        tokio::join!(SecondLook::new(job, &shared), records.take(RECORDS_WAIT));
    let names: Vec<String> = agents.iter().map(|it| it.name.clone()).collect();
    job.ledger.begin(job.run, &job.root.path, &names);
    job.emitter.tell(RunEvent::Started {
        agents: names,
        files: shared.gathered.targets.len(),
    });
    if let Some(records) = records {
        second.weigh_with(records.clone());
        job.emitter.tell(RunEvent::Records(records));
    }
    for agent in excused {
        for it in &shared.gathered.targets {
            job.emitter.tell(RunEvent::NotAsked(NotAsked {
                path: it.path.clone(),
                agent: agent.clone(),
                places: vec![TextRange::new(0, it.text.len())],
                text: it.text.clone(),
                version: it.version,
            }));
        }
    }

    let mut tally = Tally::new(&agents, shared.gathered.clone());
    // The last share is that of the checks at the end.
    let checks = agents.len();
    let mut meter = Meter::new(checks + usize::from(second.is_wanted()));
    for report in unusable {
        job.emitter
            .tell(RunEvent::AgentEnded(Box::new(report.clone())));
        tally.add_ended(report);
    }
    // Ends the calls also when this task is dropped.
    let calls = CancellationToken::new();
    let calls_end = calls.clone().drop_guard();
    let (sender, mut messages) = mpsc::unbounded_channel();
    for (index, spec) in agents.into_iter().enumerate() {
        let part = Part {
            run: job.run,
            index,
            spec,
            gathered: shared.gathered.clone(),
            shared: shared.clone(),
            ledger: job.ledger.clone(),
            root: job.root.clone(),
            gate: gate.clone(),
            relief: relief.clone(),
            cancel: calls.clone(),
            short: CancellationToken::new(),
        };
        tokio::spawn(agent::ask(part, sender.clone()));
    }
    drop(sender);

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
            message = messages.recv() => match message {
                Some(message) => take(job, &gate, message, &mut tally, &mut meter, &mut second),
                None => break None,
            },
            () = until(meter.due()) => tell_progress(job, &mut meter),
        }
    };
    drop(calls_end);
    // What was answered before the stop counts.
    while let Ok(message) = messages.try_recv() {
        take(job, &gate, message, &mut tally, &mut meter, &mut second);
    }
    let cancelled = matches!(stop, Some(Stop::Cancelled));
    let is_stopped = stop.is_some();
    let reason = match stop {
        Some(Stop::Cancelled) => "the review was cancelled".to_owned(),
        Some(Stop::Deadline) => prepare::too_long("review", &shared.limits),
        // Its task is gone without an end.
        None => "its part of the review failed because of a fault in crosscheck".to_owned(),
    };
    for report in tally.end_all(&reason, cancelled) {
        job.emitter.tell(RunEvent::AgentEnded(Box::new(report)));
    }
    let mut report = tally.into_report(cancelled, started.elapsed());
    report.notes.extend(notes);
    if !is_stopped {
        let meter = (&mut meter, checks);
        second
            .look(job, &gate, &shared, started, meter, &mut report)
            .await;
        report.elapsed = started.elapsed();
    }
    settle(&mut report, &gate);
    if !cancelled {
        gate.noted().await;
    }
    report
}

/// What the calls of a run pass, which knows what earlier calls took, and who stands in for whom.
async fn set_up(
    job: &Job,
    agents: &[AgentSpec],
    author: Option<String>,
    operations: &[Operation],
) -> (Arc<Gate>, Arc<Relief>) {
    let loaded = job.root.loaded();
    let config = loaded.map(|it| it.config.clone()).unwrap_or_default();
    let relief = Arc::new(Relief::new(&config, agents, author));
    let gate = Gate::new(job.budgets.clone(), job.run, &job.root.path, config.budget);
    gate.await_plans(agents.len());
    let learning = async {
        for operation in operations {
            gate.learn(agents, *operation).await;
        }
    };
    tokio::select! {
        biased;
        () = job.cancel.cancelled() => {}
        () = learning => {}
    }
    (gate, relief)
}

/// Tells what the run will take, and lets its calls go once all agents know theirs.
async fn begin(job: &Job, gate: &Gate) {
    let estimate = gate.planned().await;
    if !estimate.total.is_nothing() {
        job.emitter.tell(RunEvent::Estimated(estimate.clone()));
    }
    let noun = job.task.noun();
    open(job, gate, &estimate, &format!("This {noun}"), noun).await;
}

/// Lets the calls go that were estimated, unless they cost so much that the user is asked and does not agree. `this` begins the
/// question; `noun` is what would not be begun.
async fn open(job: &Job, gate: &Gate, estimate: &Estimate, this: &str, noun: &str) {
    if !estimate.needs_consent || gate.is_closed() {
        return gate.open();
    }
    let question = format!("{this} takes {}. Begin?", estimate.in_words());
    if job.questions.may_go_on(job.run, &job.root, question).await {
        gate.agree();
        gate.open();
    } else {
        gate.close(format!(
            "budget: the {noun} was not begun, since nobody agreed to spend that (`[budget] confirm`)"
        ));
    }
}

/// Adds what the calls took to the report.
fn settle(report: &mut Report, gate: &Gate) {
    for agent in &mut report.agents {
        agent.spent = gate.spent(&agent.agent);
    }
    report.notes.extend(gate.notes());
}

/// Takes in what an agent's task reports.
fn take(
    job: &Job,
    gate: &Gate,
    message: Message,
    tally: &mut Tally,
    meter: &mut Meter,
    second: &mut SecondLook,
) {
    match message {
        Message::Remembered { agent, remembered } => {
            for it in &remembered.not_asked {
                job.emitter.tell(RunEvent::NotAsked(it.clone()));
                second.excuse(it);
            }
            for file in tally.remembered(agent, remembered) {
                tell_findings(job, file, second);
            }
        }
        Message::Planned { agent, calls } => meter.plan(agent, calls),
        Message::News {
            agent,
            call,
            text,
            fraction,
        } => {
            meter.news(
                agent,
                call,
                format!("{}: {text}", tally.name(agent)),
                fraction,
            );
        }
        Message::Answered {
            agent,
            call,
            answered,
        } => {
            meter.done(agent, call);
            for file in tally.answered(agent, answered) {
                tell_findings(job, file, second);
            }
        }
        Message::Failed {
            agent,
            call,
            failure,
        } => {
            meter.done(agent, call);
            tally.failed(agent, failure);
        }
        Message::TakenOver {
            agent,
            calls,
            why,
            by,
            index,
            shared,
        } => {
            meter.join(index);
            // They join one after the other, so that this is its place in the tally, too.
            tally.take_over(agent, calls, why, &by, shared.gathered.clone());
        }
        Message::Ended { agent } => {
            meter.end(agent);
            if let Some(mut report) = tally.end(agent) {
                report.spent = gate.spent(&report.agent);
                job.emitter.tell(RunEvent::AgentEnded(Box::new(report)));
            }
        }
    }
    if meter.is_due() {
        tell_progress(job, meter);
    }
}

fn tell_findings(job: &Job, file: FileFindings, second: &mut SecondLook) {
    if !job.is_about_files() {
        return job.emitter.tell(RunEvent::Findings(file));
    }
    job.root.note_answer(&file.path, &file.agent);
    job.emitter.tell(RunEvent::Findings(file.clone()));
    for known in second.add(&file) {
        job.emitter.tell(RunEvent::Verified(known));
    }
    job.ledger.save(job.run, &job.root.path, file);
}

fn tell_progress(job: &Job, meter: &mut Meter) {
    if let Some((message, fraction)) = meter.take() {
        job.emitter.tell(RunEvent::Progress { message, fraction });
    }
}

/// Sleeps until a time; for ever without one.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
