//! One agent's part of a run: its calls in parallel, and what each answer says of the files.

use super::answer::{self, FilePart, Read};
use super::manner::Manner;
use super::names::Names;
use super::prepare::Shared;
use super::report::Counts;
use crate::engine::Root;
use crate::event::{FileFindings, Hidden, RunId, Why};
use crate::ledger::Ledger;
use crate::prompt::{self, Batch};
use crate::sift::Sifted;
use agents::{AgentSpec, Answer, Call, CallProgress, Operation};
use domain::answer::Usage;
use domain::board::Reviewed;
use domain::finding::Finding;
use domain::identity::{Lines, Mark};
use domain::locate::Tier;
use domain::path::RelPath;
use domain::text::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Longest wait for the ledger to tell what was decided. It only ever counts for a review right at the start.
const VERDICTS_WAIT: Duration = Duration::from_millis(500);

/// What an agent's task works with.
pub(super) struct Part {
    pub(super) run: RunId,
    /// The agent's place among those of the run.
    pub(super) index: usize,
    pub(super) spec: AgentSpec,
    pub(super) shared: Arc<Shared>,
    pub(super) root: Arc<Root>,
    pub(super) ledger: Ledger,
    /// Ends the calls.
    pub(super) cancel: CancellationToken,
}

/// What an agent's task reports to the conductor of the run.
pub(super) enum Message {
    Planned {
        agent: usize,
        calls: usize,
    },
    News {
        agent: usize,
        call: usize,
        text: String,
        fraction: Option<f32>,
    },
    Answered {
        agent: usize,
        call: usize,
        answered: Answered,
    },
    Failed {
        agent: usize,
        call: usize,
        failure: Failure,
    },
    /// Comes last, unless the task failed.
    Ended {
        agent: usize,
    },
}

/// An answer that could be read.
pub(super) struct Answered {
    pub(super) files: Vec<(FileFindings, Counts)>,
    pub(super) problems: Vec<String>,
    pub(super) summary: Option<String>,
    pub(super) usage: Option<Usage>,
    pub(super) gaps: Gaps,
}

/// What an answer leaves open. Nothing is claimed of these files.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Files asked about that the agent says it did not review, and its reasons.
    pub(super) skipped: BTreeMap<RelPath, String>,
    /// Files asked about of which silence says nothing.
    pub(super) unsure: BTreeSet<RelPath>,
    /// Why there are unsure ones.
    pub(super) reason: Option<String>,
}

impl Gaps {
    /// True when something of the file is left open.
    pub(super) fn concern(&self, path: &RelPath) -> bool {
        self.skipped.contains_key(path) || self.unsure.contains(path)
    }
}

/// A call without a readable answer.
pub(super) struct Failure {
    pub(super) reason: String,
    /// The files it was about.
    pub(super) files: Vec<RelPath>,
}

impl Part {
    /// How the agent is asked.
    pub(super) fn manner(&self) -> Manner {
        Manner::of(&self.spec, Operation::Review)
    }
}

/// Does an agent's part. Ends when all calls have ended; cancelled calls end at once.
pub(super) async fn ask(part: Part, conductor: UnboundedSender<Message>) {
    let agent = part.index;
    let part = Arc::new(part);
    // The conductor may have gone; then nobody wants to know.
    let tell = |message| drop(conductor.send(message));
    let building = part.clone();
    let batches = match tokio::task::spawn_blocking(move || build(&building)).await {
        Ok(batches) => batches,
        Err(error) => {
            let reason = fault(&part.spec.name, &error);
            let files = part
                .shared
                .gathered
                .targets
                .iter()
                .map(|it| it.path.clone())
                .collect();
            tell(Message::Failed {
                agent,
                call: 0,
                failure: Failure { reason, files },
            });
            return tell(Message::Ended { agent });
        }
    };
    tell(Message::Planned {
        agent,
        calls: batches.len(),
    });
    let mut calls = JoinSet::new();
    let mut under_way = BTreeMap::new();
    for (call, batch) in batches.into_iter().enumerate() {
        let targets = batch.targets.clone();
        let task = calls.spawn(one_call(part.clone(), call, batch, conductor.clone()));
        under_way.insert(task.id(), (call, targets));
    }
    let mut known = Known::default();
    while let Some(joined) = calls.join_next_with_id().await {
        let (id, result) = match joined {
            Ok((id, result)) => (id, result),
            Err(error) => (error.id(), Err(fault(&part.spec.name, &error))),
        };
        let Some((call, targets)) = under_way.remove(&id) else {
            continue;
        };
        match result {
            Ok(read) => {
                let answered = known.take(&part, read).await;
                tell(Message::Answered {
                    agent,
                    call,
                    answered,
                });
            }
            Err(reason) => {
                let targets = targets
                    .iter()
                    .filter_map(|it| part.shared.gathered.targets.get(*it));
                let files = targets.map(|it| it.path.clone()).collect();
                tell(Message::Failed {
                    agent,
                    call,
                    failure: Failure { reason, files },
                });
            }
        }
    }
    tell(Message::Ended { agent });
}

fn build(part: &Part) -> Vec<Batch> {
    let shared = &part.shared;
    let Manner {
        reads,
        mask_secrets,
        needs_prompt,
    } = part.manner();
    let instructions: Vec<&str> = shared.instructions.iter().map(String::as_str).collect();
    prompt::review(&prompt::Input {
        root: &part.root.path,
        gathered: &shared.gathered,
        guidelines: &shared.guidelines,
        instructions: &instructions,
        reads,
        max_bytes: shared.limits.prompt_bytes,
        mask_secrets,
        needs_prompt,
    })
}

/// Makes one call and reads its answer.
async fn one_call(
    part: Arc<Part>,
    call: usize,
    batch: Batch,
    conductor: UnboundedSender<Message>,
) -> Result<Read, String> {
    let Batch { targets, variables } = batch;
    let asked = answer::Asked::new(&part, &targets, &variables);
    let answer = wait_for_answer(&part, call, variables, &asked, &conductor).await?;
    // Searching large files may take long, and the workers have other runs to serve.
    let reading = part.clone();
    let read = tokio::task::spawn_blocking(move || answer::read(&reading, &asked, &answer)).await;
    read.map_err(|error| fault(&part.spec.name, &error))?
}

async fn wait_for_answer(
    part: &Part,
    call: usize,
    variables: serde_json::Value,
    asked: &answer::Asked,
    conductor: &UnboundedSender<Message>,
) -> Result<Answer, String> {
    let (progress, mut news) = unbounded_channel();
    let calling = part.root.pool.call(Call {
        agent: part.spec.name.clone(),
        operation: Operation::Review,
        root: part.root.path.clone(),
        run: part.run.0,
        variables,
        cancel: part.cancel.clone(),
        progress,
    });
    tokio::pin!(calling);
    loop {
        tokio::select! {
            biased;
            answer = &mut calling => return answer.map_err(|error| error.to_string()),
            Some(news) = news.recv() => {
                let (text, fraction) = in_words(news, asked);
                let _ = conductor.send(Message::News { agent: part.index, call, text, fraction });
            }
        }
    }
}

fn in_words(news: CallProgress, asked: &answer::Asked) -> (String, Option<f32>) {
    match news {
        CallProgress::Queued(0) => ("waiting for a free place".to_owned(), None),
        CallProgress::Queued(1) => ("waiting, 1 call is before it".to_owned(), None),
        CallProgress::Queued(before) => (format!("waiting, {before} calls are before it"), None),
        CallProgress::Starting => ("starting".to_owned(), None),
        CallProgress::Running => (format!("reviewing {}", asked.name()), None),
        CallProgress::Message { text, fraction } => (text, fraction),
    }
}

fn fault(agent: &str, error: &JoinError) -> String {
    tracing::error!(agent, %error, "a task failed");
    format!("the call to agent `{agent}` failed because of a fault in crosscheck: {error}")
}

/// What an agent said of one file so far, and the text that this is in bytes of.
struct KnownFile {
    reviewed: Reviewed,
    findings: Vec<Finding>,
    text: Text,
}

/// What an agent said in this run, by file: a file may be reviewed in several calls.
#[derive(Default)]
struct Known {
    files: BTreeMap<RelPath, KnownFile>,
    names: Names,
    /// Whether the ledger had its time to tell the verdicts.
    waited: bool,
}

impl Known {
    /// Adds an answer; returns all that is known of the files in it.
    async fn take(&mut self, part: &Part, read: Read) -> Answered {
        let Read {
            files,
            mut problems,
            summary,
            usage,
            gaps,
        } = read;
        if !std::mem::replace(&mut self.waited, true)
            && timeout(VERDICTS_WAIT, part.root.verdicts_known())
                .await
                .is_err()
        {
            problems.push(
                "the ledger is slow; findings that were dismissed may be shown again".to_owned(),
            );
        }
        let mut taken = Vec::new();
        for file in files {
            taken.push(self.take_file(part, file).await);
        }
        Answered {
            files: taken,
            problems,
            summary,
            usage,
            gaps,
        }
    }
    async fn take_file(&mut self, part: &Part, file: FilePart) -> (FileFindings, Counts) {
        let FilePart {
            path,
            text,
            version,
            reviewed,
            findings,
        } = file;
        // A file that was not asked about, and changed on disk since: what was said before is told already.
        let known = self.files.remove(&path).filter(|it| it.text == text);
        let (all_reviewed, mut all) = match known {
            Some(known) => (both(known.reviewed, reviewed), known.findings),
            None => (reviewed, Vec::new()),
        };
        let elsewhere = part.root.elsewhere(part.shared.open.clone());
        if !findings.is_empty() {
            let (ledger, root, agent) = (&part.ledger, &part.root.path, &part.spec.name);
            let before = self
                .names
                .before(
                    ledger,
                    root,
                    agent,
                    &path,
                    &marks(&findings, &text),
                    &elsewhere,
                )
                .await;
            // Files may be read.
            let named = tokio::task::block_in_place(|| {
                self.names.give(findings, &all, &text, before, &elsewhere)
            });
            all.extend(named);
            all.sort_by(|a, b| (a.range, &a.id).cmp(&(b.range, &b.id)));
        }
        let Sifted { shown, hidden } =
            tokio::task::block_in_place(|| part.root.sift(&path, &text, all.clone(), &elsewhere));
        let known = KnownFile {
            reviewed: all_reviewed.clone(),
            findings: all,
            text: text.clone(),
        };
        self.files.insert(path.clone(), known);
        let counts = counts(&shown, &hidden);
        let agent = part.spec.name.clone();
        (
            FileFindings {
                path,
                agent,
                reviewed: all_reviewed,
                findings: shown,
                hidden,
                text,
                version,
            },
            counts,
        )
    }
}

fn marks(findings: &[Finding], text: &Text) -> Vec<Mark> {
    let lines = Lines::of(text);
    findings
        .iter()
        .map(|it| Mark::of(it, text, &lines))
        .collect()
}

fn counts(shown: &[Finding], hidden: &[Hidden]) -> Counts {
    let mut counts = Counts {
        findings: shown.len(),
        unlocated: shown.iter().filter(|it| it.tier == Tier::File).count(),
        ..Counts::default()
    };
    for it in hidden {
        match it.why {
            Why::Dismissed { .. } => counts.dismissed += 1,
            Why::Kind { .. } => counts.left_out.kind += 1,
            Why::Baseline => counts.left_out.baseline += 1,
            Why::Comment { .. } => counts.left_out.comments += 1,
        }
    }
    counts
}

fn both(a: Reviewed, b: Reviewed) -> Reviewed {
    match (a, b) {
        (Reviewed::Ranges(mut a), Reviewed::Ranges(b)) => {
            a.extend(b);
            a.sort_unstable();
            a.dedup();
            Reviewed::Ranges(a)
        }
        _ => Reviewed::Whole,
    }
}
