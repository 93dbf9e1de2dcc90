//! The runs of this client: what was asked for, how far it is, and what the user sees of it.

mod words;

use crate::client::{Asked, Client};
use crate::findings::NotShown;
use crate::proto::to;
use domain::check::Outcome;
use domain::finding::FindingId;
use engine::request::Scope;
use engine::{AgentReport, EditTarget, Estimate, Occasion, QuestionId, Remark, Report, RunId};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower_lsp::gen_lsp_types::MessageType;

#[cfg(test)]
mod tests;

/// Beginning of the progress tokens; the number of the run follows.
const TOKEN: &str = "crosscheck/run/";
/// How long after the end of a run its agents' own notices are about the same failure.
const BURST: Duration = Duration::from_secs(2);

/// What was asked for. Two runs that agree in all of it but the occasion are about the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    /// The root.
    pub(crate) root: Arc<Path>,
    /// What is to be done.
    pub(crate) what: What,
    /// The agents named; none for the configured ones.
    pub(crate) agents: Vec<String>,
    /// What the user wants in particular.
    pub(crate) instructions: Option<String>,
    /// Who wrote what is to be reviewed, where that is known.
    pub(crate) author: Option<String>,
    /// Who wants it, and whether what is remembered counts.
    pub(crate) occasion: Occasion,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// To look at this.
    Review(Scope),
    /// To settle what is wrong, by a proposal.
    Fix {
        /// In one line, for people.
        title: String,
        /// What is wrong.
        remarks: Vec<Remark>,
        /// What else it is about.
        targets: Vec<EditTarget>,
    },
    /// To have findings refuted by another agent, if it can.
    Verify {
        /// Any finding of each cluster.
        ids: Vec<FindingId>,
    },
    /// To do what the user says, by a proposal.
    Ask {
        /// In one line, for people.
        title: String,
        /// What it is about.
        targets: Vec<EditTarget>,
    },
}

impl Task {
    /// True when it is about the same, whoever wants it.
    fn is_like(&self, other: &Self) -> bool {
        let of = |it: &Self| Self {
            occasion: Occasion::default(),
            ..it.clone()
        };
        of(self) == of(other)
    }
}

/// A run does the work of another one for an occasion that asks for no more.
fn rank(occasion: Occasion) -> u8 {
    match occasion {
        Occasion::Automatic => 0,
        Occasion::Asked => 1,
        Occasion::Afresh => 2,
    }
}

/// A run that is not over for the user.
#[derive(Debug)]
struct Run {
    task: Task,
    /// Its subject in words: `src/main.rs`, `changes`; with what was asked for where the user said it.
    subject: String,
    /// The revisions of the documents that it looks at.
    revisions: Vec<i32>,
    /// False when the server began it by itself (on save).
    is_explicit: bool,
    findings: usize,
    changes: usize,
    outcomes: BTreeMap<Outcome, usize>,
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
    /// The run that does this already, and whether it looks at the same revisions and does no less.
    pub(crate) fn find(&self, task: &Task, revisions: &[i32]) -> Option<(RunId, bool)> {
        let mut running = self.by_id.iter().filter(|(_, run)| run.ended.is_none());
        let (id, run) = running.find(|(_, run)| run.task.is_like(task))?;
        let is_enough = rank(run.task.occasion) >= rank(task.occasion);
        Some((*id, is_enough && run.revisions == revisions))
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
            message: words::doing(&new.task.what, &new.subject),
            task: new.task,
            subject: new.subject,
            revisions: new.revisions,
            is_explicit: new.is_explicit,
            findings: 0,
            changes: 0,
            outcomes: BTreeMap::new(),
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
            let doing = words::doing(&run.task.what, &run.subject);
            run.message = words::started(&doing, agents, files);
            run.show(client, id);
        }
    }

    /// It is known what a run will probably take.
    pub(crate) fn estimated(&mut self, id: RunId, estimate: &Estimate, client: &mut Client) {
        if let Some(run) = self.by_id.get_mut(&id) {
            run.message = format!("{}: {}", run.message, estimate.in_words());
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

    /// An agent was told to refute a finding, and said what came of it.
    pub(crate) fn verified(&mut self, id: RunId, outcome: Outcome) {
        if let Some(run) = self.by_id.get_mut(&id) {
            *run.outcomes.entry(outcome).or_default() += 1;
        }
    }

    /// An agent proposed something, and the user was told.
    pub(crate) fn proposed(&mut self, id: RunId, changes: usize) {
        if let Some(run) = self.by_id.get_mut(&id) {
            run.changes += changes;
            run.is_told = true;
        }
    }

    /// An agent is through.
    pub(crate) fn agent_ended(&mut self, id: RunId, agent: &AgentReport, client: &mut Client) {
        if let Some(run) = self.by_id.get_mut(&id) {
            run.message = words::outcome(&run.task.what, agent);
            run.show(client, id);
        }
    }

    /// A run is over. Tells the user what came of it: where the client shows progress, its end does, and only
    /// trouble makes a message. `not_shown` is of its root.
    pub(crate) fn ended(
        &mut self,
        id: RunId,
        report: &Report,
        not_shown: NotShown,
        client: &mut Client,
    ) {
        let Some(run) = self.by_id.get_mut(&id) else {
            return;
        };
        let what = &run.task.what;
        let summary = words::summary(what, report, not_shown);
        let summary = words::with_outcomes(summary, &run.outcomes);
        let label = words::label(what, &run.subject);
        client.log(
            MessageType::Info,
            &format!("{label}: {summary} ({:.1?})", report.elapsed),
        );
        for detail in words::details(report) {
            client.log(MessageType::Log, &format!("{label}: {detail}"));
        }
        for answer in words::answers(what, report) {
            client.show(MessageType::Info, &answer);
            run.is_told = true;
        }
        if let Some((kind, trouble)) = words::trouble(what, report) {
            client.show(kind, &format!("{label}: {trouble}"));
            run.is_told = true;
            let failed = report
                .agents
                .iter()
                .filter(|it| words::is_trouble(&it.outcome));
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

    /// The runs in short, for `crosscheck/status`.
    pub(crate) fn in_short(&self) -> Vec<Short> {
        let running = self.by_id.iter().filter(|(_, run)| run.ended.is_none());
        let one = |(id, run): (&RunId, &Run)| Short {
            run: *id,
            kind: words::kind(&run.task.what),
            what: words::doing(&run.task.what, &run.subject),
            fraction: f64::from(run.percentage) / 100.0,
            waits: !run.questions.is_empty(),
        };
        running.map(one).collect()
    }

    /// The runs, for `crosscheck.status`.
    pub(crate) fn status(&self) -> Value {
        let running = self.by_id.iter().filter(|(_, run)| run.ended.is_none());
        let one = |(id, run): (&RunId, &Run)| {
            json!({
                "run": id, "root": run.task.root, "subject": run.subject, "agents": run.task.agents,
                "kind": words::kind(&run.task.what), "message": run.words(), "percentage": run.percentage,
                "findings": run.findings, "changes": run.changes, "checks": run.outcomes.values().sum::<usize>(),
            })
        };
        running.map(one).collect()
    }
}

/// A run in short.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Short {
    /// The run.
    pub(crate) run: RunId,
    /// `review`, `fix`, `verify` or `ask`.
    pub(crate) kind: &'static str,
    /// What it does: `reviewing src/main.rs`.
    pub(crate) what: String,
    /// How much of it is done, 0 to 1.
    pub(crate) fraction: f64,
    /// Whether an agent waits for the user's answer.
    pub(crate) waits: bool,
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
        let label = words::label(&run.task.what, &run.subject);
        client.show(MessageType::Info, &format!("{label}: {last_words}"));
    }
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
