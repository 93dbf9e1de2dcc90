//! The runs of this client: what was asked for, how far it is, and what the user sees of it.

use crate::client::{Asked, Client};
use crate::proto::to;
use engine::request::Scope;
use engine::{AgentOutcome, AgentReport, QuestionId, Report, RunId, Skipped};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower_lsp::gen_lsp_types::MessageType;

#[cfg(test)]
mod tests;

/// Beginning of the progress tokens; the number of the run follows.
const TOKEN: &str = "crosscheck/run/";
/// Most skipped files named in a message.
const MAX_NAMED: usize = 3;
/// How long after the end of a run its agents' own notices are about the same failure.
const BURST: Duration = Duration::from_secs(2);

/// What was asked for. Two runs that agree in all of it would say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// The root.
    pub(crate) root: Arc<Path>,
    /// What to look at.
    pub(crate) scope: Scope,
    /// The agents named; none for the configured ones.
    pub(crate) agents: Vec<String>,
    /// What the user wants looked at in particular.
    pub(crate) instructions: Option<String>,
}

/// A run that is not over for the user.
#[derive(Debug)]
struct Run {
    task: Task,
    /// Its subject in words: `src/main.rs`, `changes`.
    subject: String,
    /// The revisions of the documents that it looks at.
    revisions: Vec<i32>,
    /// False when the server began it by itself (on save).
    is_explicit: bool,
    findings: usize,
    percentage: u32,
    message: String,
    /// What its agents ask the user, until it is answered.
    questions: BTreeMap<QuestionId, String>,
    progress: Progress,
    /// Its last words, once the engine is through.
    ended: Option<String>,
    /// Whether a message told how it ended.
    is_told: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// The client shows none.
    Off,
    /// The client was asked to make room for it.
    Asked,
    /// It is on the screen.
    Shown,
}

/// All runs that are not over for the user.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    by_id: BTreeMap<RunId, Run>,
    /// The agents whose failure the last run told of, and when.
    told: Option<(Instant, Vec<String>)>,
}

impl Runs {
    /// The run that does this already, and whether it looks at the same revisions.
    pub(crate) fn find(&self, task: &Task, revisions: &[i32]) -> Option<(RunId, bool)> {
        let mut running = self.by_id.iter().filter(|(_, run)| run.ended.is_none());
        let (id, run) = running.find(|(_, run)| run.task == *task)?;
        Some((*id, run.revisions == revisions))
    }

    /// Notes a run that was started, and asks the client to show its progress.
    pub(crate) fn start(&mut self, id: RunId, new: NewRun, client: &mut Client, can_show: bool) {
        if can_show {
            client.request(
                "window/workDoneProgress/create",
                Some(json!({"token": token(id)})),
                Asked::Progress(id),
            );
        }
        let run = Run {
            message: format!("reviewing {}", new.subject),
            task: new.task,
            subject: new.subject,
            revisions: new.revisions,
            is_explicit: new.is_explicit,
            findings: 0,
            percentage: 0,
            questions: BTreeMap::new(),
            progress: if can_show {
                Progress::Asked
            } else {
                Progress::Off
            },
            ended: None,
            is_told: false,
        };
        self.by_id.insert(id, run);
    }

    /// The client made room for progress, or refused.
    pub(crate) fn progress_answered(&mut self, id: RunId, accepted: bool, client: &mut Client) {
        let Some(run) = self.by_id.get_mut(&id) else {
            return;
        };
        if accepted {
            run.progress = Progress::Shown;
            let begin = json!({
                "kind": "begin", "title": "Crosscheck", "cancellable": true, "message": run.words(),
                "percentage": run.percentage,
            });
            report(client, id, &begin);
        } else {
            run.progress = Progress::Off;
        }
        if let Some(last_words) = run.ended.take() {
            finish(client, id, run, &last_words);
            self.by_id.remove(&id);
        }
    }

    /// It is clear what a run looks at.
    pub(crate) fn started(
        &mut self,
        id: RunId,
        agents: &[String],
        files: usize,
        client: &mut Client,
    ) {
        if let Some(run) = self.by_id.get_mut(&id) {
            let files = count(files, "file");
            let agents = if agents.is_empty() {
                String::new()
            } else {
                format!(" with {}", agents.join(", "))
            };
            run.message = format!("reviewing {} ({files}){agents}", run.subject);
            run.show(client, id);
        }
    }

    /// A run moved on.
    pub(crate) fn moved(&mut self, id: RunId, message: String, fraction: f32, client: &mut Client) {
        if let Some(run) = self.by_id.get_mut(&id) {
            run.message = message;
            // A fraction of 0 to 1 makes a number of 0 to 100; the cast saturates.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped"
            )]
            let percentage = (fraction.clamp(0.0, 1.0) * 100.0) as u32;
            run.percentage = percentage.max(run.percentage);
            run.show(client, id);
        }
    }

    /// An agent asks the user something.
    pub(crate) fn wait_for_user(
        &mut self,
        id: RunId,
        question: QuestionId,
        mention: String,
        client: &mut Client,
    ) {
        if let Some(run) = self.by_id.get_mut(&id) {
            run.questions.insert(question, mention);
            run.show(client, id);
        }
    }

    /// A question does not wait for the user any more.
    pub(crate) fn go_on(&mut self, question: QuestionId, client: &mut Client) {
        for (id, run) in &mut self.by_id {
            if run.questions.remove(&question).is_some() {
                run.show(client, *id);
            }
        }
    }

    /// An agent found something in a file.
    pub(crate) fn found(&mut self, id: RunId, findings: usize) {
        if let Some(run) = self.by_id.get_mut(&id) {
            run.findings += findings;
        }
    }

    /// An agent is through.
    pub(crate) fn agent_ended(&mut self, id: RunId, agent: &AgentReport, client: &mut Client) {
        if let Some(run) = self.by_id.get_mut(&id) {
            run.message = outcome(agent);
            run.show(client, id);
        }
    }

    /// A run is over. Tells the user what came of it: where the client shows progress, its end does, and only
    /// trouble makes a message.
    pub(crate) fn ended(&mut self, id: RunId, report: &Report, client: &mut Client) {
        let Some(run) = self.by_id.get_mut(&id) else {
            return;
        };
        let summary = summary(report);
        client.log(
            MessageType::Info,
            &format!(
                "review of {}: {summary} ({:.1?})",
                run.subject, report.elapsed
            ),
        );
        for detail in details(report) {
            client.log(
                MessageType::Log,
                &format!("review of {}: {detail}", run.subject),
            );
        }
        if let Some((kind, trouble)) = trouble(report) {
            client.show(kind, &format!("Review of {}: {trouble}", run.subject));
            run.is_told = true;
            let failed = report.agents.iter().filter(|it| is_trouble(&it.outcome));
            let names = failed.map(|it| it.agent.clone()).collect();
            self.told = Some((Instant::now(), names));
        }
        if run.progress == Progress::Asked {
            run.ended = Some(summary);
        } else {
            finish(client, id, run, &summary);
            self.by_id.remove(&id);
        }
    }

    /// True while runs tell of an agent's failures: the agent's own notice, which takes another way, may come just
    /// before or just after the end of the run, and would say the same again.
    pub(crate) fn tell_of(&self, agent: &str) -> bool {
        let told = self.told.as_ref();
        !self.running().is_empty()
            || told.is_some_and(|(at, names)| {
                at.elapsed() < BURST && names.iter().any(|it| it == agent)
            })
    }

    /// The runs that the engine works on.
    pub(crate) fn running(&self) -> Vec<RunId> {
        self.by_id
            .iter()
            .filter(|(_, run)| run.ended.is_none())
            .map(|(id, _)| *id)
            .collect()
    }

    /// The root of a run.
    pub(crate) fn root(&self, id: RunId) -> Option<Arc<Path>> {
        self.by_id.get(&id).map(|it| Arc::clone(&it.task.root))
    }

    /// Whether a run looks at this root.
    pub(crate) fn is_running_in(&self, root: &Path) -> bool {
        self.by_id
            .values()
            .any(|it| it.ended.is_none() && *it.task.root == *root)
    }

    /// The runs, for `crosscheck.status`.
    pub(crate) fn status(&self) -> Value {
        let running = self.by_id.iter().filter(|(_, run)| run.ended.is_none());
        let one = |(id, run): (&RunId, &Run)| {
            json!({
                "run": id, "root": run.task.root, "subject": run.subject, "agents": run.task.agents,
                "message": run.words(), "percentage": run.percentage, "findings": run.findings,
            })
        };
        running.map(one).collect()
    }
}

/// What is needed to note a run.
pub(crate) struct NewRun {
    /// What was asked for.
    pub(crate) task: Task,
    /// In words.
    pub(crate) subject: String,
    /// The revisions of the documents that it looks at.
    pub(crate) revisions: Vec<i32>,
    /// Whether a person asked for it.
    pub(crate) is_explicit: bool,
}

impl Run {
    /// What it is doing; what its agents ask goes before what they do.
    fn words(&self) -> Cow<'_, str> {
        match self.questions.values().next() {
            Some(question) => format!("waiting for your answer: {question}").into(),
            None => Cow::Borrowed(&self.message),
        }
    }

    fn show(&self, client: &mut Client, id: RunId) {
        // A report that comes late is worth nothing.
        if self.progress == Progress::Shown && !client.is_congested() {
            report(
                client,
                id,
                &json!({"kind": "report", "message": self.words(), "percentage": self.percentage}),
            );
        }
    }
}

/// The run that a progress token stands for.
pub(crate) fn run_of(token: &Value) -> Option<RunId> {
    let number = token.as_str()?.strip_prefix(TOKEN)?;
    number.parse().ok().map(RunId)
}

fn token(id: RunId) -> String {
    format!("{TOKEN}{}", id.0)
}

fn report(client: &mut Client, id: RunId, value: &Value) {
    client.notify("$/progress", json!({"token": token(id), "value": value}));
}

/// Says what came of a run in the one way that this client has.
fn finish(client: &mut Client, id: RunId, run: &Run, last_words: &str) {
    if run.progress == Progress::Shown {
        report(client, id, &json!({"kind": "end", "message": last_words}));
    } else if run.is_explicit && !run.is_told {
        let message = format!("Review of {}: {last_words}", run.subject);
        client.show(MessageType::Info, &message);
    }
}

/// One line: `3 findings by builtin, codex; claude failed: it crashed`.
fn summary(report: &Report) -> String {
    if let Some(error) = &report.error {
        return error.clone();
    }
    let reviewed = |it: &&AgentReport| {
        matches!(
            it.outcome,
            AgentOutcome::Answered | AgentOutcome::Partial(_)
        )
    };
    let spoke: Vec<&AgentReport> = report.agents.iter().filter(reviewed).collect();
    let names: Vec<&str> = spoke.iter().map(|it| it.agent.as_str()).collect();
    let findings = spoke.iter().map(|it| it.findings).sum();
    let so_far = format!("{} by {}", count(findings, "finding"), names.join(", "));
    let mut out = match (report.cancelled, names.is_empty()) {
        (false, false) => so_far,
        (true, false) => format!("cancelled; {so_far}"),
        (true, true) => "cancelled".to_owned(),
        (false, true) => "not reviewed".to_owned(),
    };
    let problems: usize = spoke.iter().map(|it| it.problems.len()).sum();
    if problems > 0 {
        let _ = write!(out, "; {}, see the log", count(problems, "problem"));
    }
    // Of a cancelled run it is no news that its agents were cancelled.
    for agent in report.agents.iter().filter(|it| is_trouble(&it.outcome)) {
        let _ = write!(out, "; {}", outcome(agent));
    }
    let skipped = report.skipped.iter().filter(|it| it.asked_for).count();
    if skipped > 0 {
        let _ = write!(out, "; {} not reviewed", count(skipped, "file"));
    }
    out
}

/// What a person must know beyond the findings.
fn trouble(report: &Report) -> Option<(MessageType, String)> {
    if report.cancelled {
        return None;
    }
    if let Some(error) = &report.error {
        return Some((MessageType::Error, error.clone()));
    }
    let broken: Vec<&AgentReport> = report
        .agents
        .iter()
        .filter(|it| is_trouble(&it.outcome))
        .collect();
    let asked: Vec<&Skipped> = report.skipped.iter().filter(|it| it.asked_for).collect();
    if broken.is_empty() && asked.is_empty() {
        return None;
    }
    let mut parts: Vec<String> = broken.iter().map(|it| outcome(it)).collect();
    parts.extend(
        asked
            .iter()
            .take(MAX_NAMED)
            .map(|it| format!("{} was not reviewed: {}", it.path, it.reason)),
    );
    if asked.len() > MAX_NAMED {
        parts.push(format!(
            "{} more were not reviewed",
            count(asked.len() - MAX_NAMED, "file")
        ));
    }
    let nothing_came = report
        .agents
        .iter()
        .all(|it| matches!(it.outcome, AgentOutcome::Failed(_)));
    let kind = if nothing_came {
        MessageType::Error
    } else {
        MessageType::Warning
    };
    Some((kind, parts.join("; ")))
}

fn is_trouble(outcome: &AgentOutcome) -> bool {
    matches!(outcome, AgentOutcome::Partial(_) | AgentOutcome::Failed(_))
}

fn outcome(agent: &AgentReport) -> String {
    let name = &agent.agent;
    match &agent.outcome {
        AgentOutcome::Answered => format!("{name}: {}", count(agent.findings, "finding")),
        AgentOutcome::Partial(reason) => format!("{name} did not review everything: {reason}"),
        AgentOutcome::Failed(reason) => format!("{name} failed: {reason}"),
        AgentOutcome::Cancelled => format!("{name} was cancelled"),
    }
}

/// What goes to the log only.
fn details(report: &Report) -> Vec<String> {
    let skipped = report
        .skipped
        .iter()
        .map(|it| format!("skipped {}: {}", it.path, it.reason));
    let agents = report.agents.iter().flat_map(|it| {
        let name = &it.agent;
        let problems = it
            .problems
            .iter()
            .map(move |problem| format!("{name}: {problem}"));
        let summary = it
            .summary
            .iter()
            .map(move |summary| format!("{name}: {summary}"));
        let unlocated = (it.unlocated > 0)
            .then(|| format!("{name}: {} without a place", count(it.unlocated, "finding")));
        let dismissed = (it.dismissed > 0).then(|| {
            format!(
                "{name}: {} dismissed before",
                count(it.dismissed, "finding")
            )
        });
        summary.chain(problems).chain(unlocated).chain(dismissed)
    });
    report
        .notes
        .iter()
        .cloned()
        .chain(skipped)
        .chain(agents)
        .collect()
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The agents as they are named in titles and messages.
pub(crate) fn agents_in_words(agents: &[String]) -> String {
    let names: Vec<&str> = agents.iter().map(String::as_str).collect();
    to::and(&names)
}
