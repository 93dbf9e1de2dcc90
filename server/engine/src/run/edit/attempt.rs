//! One agent's attempt: what it is asked, what comes of its answer, and whether the result holds.

use super::News;
use super::collect::Desk;
use super::prepare::Shared;
use crate::engine::Root;
use crate::event::RunId;
use crate::ledger;
use crate::prompt::edit::{self, Shape};
use crate::run::manner::Manner;
use agents::{AgentSpec, Answer, Call, CallProgress, Operation};
use domain::answer::{Format, Usage};
use domain::path::RelPath;
use domain::proposal::{FileChange, Proposal};
use domain::{patch, sanitize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// Longest summary, in bytes.
const MAX_SUMMARY: usize = 16 * 1024;
/// Longest title, in characters.
const MAX_TITLE: usize = 200;
/// Most problems told of one proposal; the rest is counted.
const MAX_PROBLEMS: usize = 50;

/// The door's versions of the texts that a proposal is told against, of files that were open.
pub(super) type Versions = BTreeMap<RelPath, i32>;

/// What an attempt works with.
pub(super) struct Attempt {
    pub(super) run: RunId,
    /// The agent's place among those of the run.
    pub(super) index: usize,
    pub(super) spec: AgentSpec,
    pub(super) shared: Arc<Shared>,
    pub(super) root: Arc<Root>,
    /// Ends the calls.
    pub(super) cancel: CancellationToken,
    pub(super) news: UnboundedSender<News>,
}

/// What came of an attempt.
pub(super) struct Made {
    /// The proposal; `None` when the agent changed nothing.
    pub(super) proposal: Option<(Proposal, Versions)>,
    /// The agent's own words.
    pub(super) summary: String,
    pub(super) usage: Option<Usage>,
    pub(super) problems: Vec<String>,
    /// How many changes could not be taken over.
    pub(super) left_out: usize,
}

/// What has come of it so far.
struct Work {
    /// Changes told in answers; away while an answer is read.
    desk: Option<Desk>,
    /// All changes.
    files: Vec<FileChange>,
    problems: Vec<String>,
}

/// What a call brought beside changes.
struct Round {
    summary: String,
    usage: Option<Usage>,
}

impl Attempt {
    /// Has the agent make a proposal.
    ///
    /// # Errors
    /// A sentence when it did not answer.
    pub(super) async fn make(self) -> Result<Made, String> {
        let root = self.root.path.clone();
        let mask_secrets = Manner::of(&self.spec, Operation::Ask).mask_secrets;
        let (variables, too_large) = edit::edit(&self.input(&root, mask_secrets));
        let mut work = Work {
            desk: Some(self.desk(&root, mask_secrets)),
            files: Vec::new(),
            problems: Vec::new(),
        };
        work.problems.extend(too_large.iter().map(|it| {
            format!("`{it}` was not shown to the agent as a whole: it is too large (`[limits] prompt_size`)")
        }));
        let answer = self.call(Operation::Ask, &root, variables).await?;
        let round = self.read(&mut work, answer).await?;
        Ok(self.made(work, round))
    }

    fn input<'a>(&'a self, root: &'a Path, mask_secrets: bool) -> edit::Input<'a> {
        edit::Input {
            root,
            title: &self.shared.title,
            instructions: &self.shared.instructions,
            remarks: &self.shared.remarks,
            gathered: &self.shared.gathered,
            guidelines: &self.shared.guidelines,
            shape: Shape::Text,
            max_bytes: self.shared.limits.prompt_bytes,
            mask_secrets,
        }
    }

    fn desk(&self, root: &Path, mask_secrets: bool) -> Desk {
        let asked = self
            .shared
            .gathered
            .targets
            .iter()
            .map(|it| it.path.clone());
        Desk::new(
            root,
            self.shared.open.clone(),
            asked.collect(),
            &self.shared.exclude,
            self.shared.limits.file_bytes,
            mask_secrets,
        )
    }

    async fn call(
        &self,
        operation: Operation,
        root: &Path,
        variables: Value,
    ) -> Result<Answer, String> {
        let (progress, mut news) = unbounded_channel();
        let calling = self.root.pool.call(Call {
            agent: self.spec.name.clone(),
            operation,
            root: root.to_owned(),
            run: self.run.0,
            variables,
            cancel: self.cancel.clone(),
            progress,
        });
        tokio::pin!(calling);
        loop {
            tokio::select! {
                biased;
                answer = &mut calling => return answer.map_err(|error| error.to_string()),
                Some(news) = news.recv() => {
                    let (text, fraction) = in_words(news);
                    self.tell(text, fraction);
                }
            }
        }
    }

    fn tell(&self, text: String, fraction: Option<f32>) {
        // The conductor may have gone; then nobody wants to know.
        let _ = self.news.send(News {
            agent: self.index,
            text,
            fraction,
        });
    }

    /// Finds out what an answer changes.
    async fn read(&self, work: &mut Work, answer: Answer) -> Result<Round, String> {
        let left_out = answer
            .left_out
            .iter()
            .map(|it| format!("left out of the answer: {it}"));
        work.problems.extend(left_out);
        // Always there between two readings.
        let Some(mut desk) = work.desk.take() else {
            return Err("the answer was not read because of a fault in crosscheck".to_owned());
        };
        let reading = tokio::task::spawn_blocking(move || {
            let patch = patch::parse(&answer.texts.join("\n"));
            let words = words(&answer);
            let says_nothing =
                patch.files.is_empty() && patch.problems.is_empty() && words.summary.is_empty();
            desk.take(patch, &[]);
            (desk, words, says_nothing)
        });
        let (desk, words, says_nothing) = reading.await.map_err(|error| {
            format!("the answer could not be read because of a fault in crosscheck: {error}")
        })?;
        work.files = desk.changes();
        work.desk = Some(desk);
        if says_nothing {
            return Err(format!(
                "the answer of agent `{}` says nothing",
                self.spec.name
            ));
        }
        Ok(words)
    }

    fn made(&self, work: Work, round: Round) -> Made {
        let Work {
            desk,
            files,
            mut problems,
        } = work;
        let mut left_out = 0;
        if let Some(desk) = desk {
            left_out += desk.left_out;
            problems.extend(desk.problems);
        }
        let surplus = problems.len().saturating_sub(MAX_PROBLEMS);
        problems.truncate(MAX_PROBLEMS);
        if surplus > 0 {
            problems.push(format!("and {surplus} more"));
        }
        let proposal = (!files.is_empty()).then(|| {
            let versions = self.versions(&files);
            let findings = self
                .shared
                .remarks
                .iter()
                .filter_map(|it| it.finding.clone());
            let proposal = Proposal {
                id: ledger::new_proposal_id(),
                agent: self.spec.name.clone(),
                provider: self.spec.provider.clone(),
                title: sanitize::line(&self.shared.title, MAX_TITLE),
                summary: round.summary.clone(),
                findings: findings.collect(),
                files,
                check: None,
                problems: problems.clone(),
                usage: round.usage.clone(),
            };
            (proposal, versions)
        });
        Made {
            proposal,
            summary: round.summary,
            usage: round.usage,
            problems,
            left_out,
        }
    }

    fn versions(&self, files: &[FileChange]) -> Versions {
        let open = &self.shared.open;
        let version = |it: &FileChange| Some((it.path.clone(), open.get(&it.path)?.version));
        files.iter().filter_map(version).collect()
    }
}

/// The agent's own words, without the edits in them.
fn words(answer: &Answer) -> Round {
    let parsed = domain::answer::parse(answer.structured.as_ref(), &answer.texts, Format::Findings);
    let told = |key: &str| {
        answer
            .structured
            .as_ref()?
            .get(key)?
            .as_str()
            .map(str::to_owned)
    };
    let summary = told("summary")
        .or_else(|| told("text"))
        .unwrap_or_else(|| answer.texts.join("\n"));
    Round {
        summary: sanitize::markdown(&summary, MAX_SUMMARY),
        usage: parsed.usage,
    }
}

fn in_words(news: CallProgress) -> (String, Option<f32>) {
    match news {
        CallProgress::Queued(0) => ("waiting for a free place".to_owned(), None),
        CallProgress::Queued(1) => ("waiting, 1 call is before it".to_owned(), None),
        CallProgress::Queued(before) => (format!("waiting, {before} calls are before it"), None),
        CallProgress::Starting => ("starting".to_owned(), None),
        CallProgress::Running => ("working".to_owned(), None),
        CallProgress::Message { text, fraction } => (text, fraction),
    }
}
