//! One agent's attempt: what it is asked, what comes of its answer, and whether the result holds.

use super::News;
use super::check;
use super::collect::Desk;
use super::prepare::Shared;
use crate::budget::Ticket;
use crate::budget::gate::Gate;
use crate::engine::Root;
use crate::event::RunId;
use crate::ledger;
use crate::prompt::edit::{self, Shape};
use crate::questions::Questions;
use crate::run::calling::{self, Calling, Failed};
use crate::run::manner::Manner;
use crate::run::relief::Relief;
use crate::run::report::added;
use crate::scope::Gathered;
use crate::worktree::{Changed, Wanted, Worktree, Worktrees};
use agents::{AgentSpec, Answer, Operation, Shortage};
use domain::answer::{Format, Usage};
use domain::path::RelPath;
use domain::proposal::{Check, CheckOutcome, FileAction, FileChange, Proposal};
use domain::text::Text;
use domain::{patch, sanitize};
use process::Environment;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
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
    pub(super) worktrees: Arc<Worktrees>,
    pub(super) questions: Arc<Questions>,
    /// What every call passes.
    pub(super) gate: Arc<Gate>,
    /// Who does it instead when the agent has no quota left.
    pub(super) relief: Arc<Relief>,
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
    /// Who did it instead of the agent, and what that was short of.
    pub(super) relieved: Option<(String, Shortage)>,
}

/// What has come of it so far.
struct Work<'c> {
    /// Changes told in answers; away while an answer is read.
    desk: Option<Desk>,
    /// The copy that the agent edits, or in which its answers are checked.
    copy: Option<&'c Worktree>,
    shape: Shape,
    /// All changes.
    files: Vec<FileChange>,
    /// Those that were written into the copy, to be checked there.
    checked: Vec<FileChange>,
    problems: Vec<String>,
    /// What the agent wrote in the copy and must not change.
    refused: Vec<String>,
}

impl Work<'_> {
    /// What the agent was shown, as its answers make it.
    fn gathered(&self, shared: &Shared) -> Gathered {
        let mut gathered = (*shared.gathered).clone();
        for target in &mut gathered.targets {
            if let Some(now) = self.desk.as_ref().and_then(|it| it.result(&target.path)) {
                target.text = now;
                // Its lines are others now.
                target.ranges = None;
            }
        }
        gathered
    }
}

/// What one call brought beside changes.
struct Round {
    summary: String,
    usage: Option<Usage>,
    session: Option<String>,
}

impl Round {
    /// This one and the one after it.
    fn then(self, second: Self) -> Self {
        let summary = if second.summary.is_empty() {
            self.summary
        } else {
            format!("{}\n\n{}", self.summary, second.summary)
        };
        Self {
            summary,
            usage: added(self.usage, second.usage),
            session: second.session.or(self.session),
        }
    }
}

impl Attempt {
    /// Has the agent make a proposal.
    ///
    /// # Errors
    /// A sentence when it did not answer.
    pub(super) async fn make(mut self) -> Result<Made, String> {
        let mut relieved = None;
        loop {
            let (why, reason) = match self.attempt().await {
                Ok(made) => return Ok(Made { relieved, ..made }),
                Err(Failed::Short(why, reason)) => (why, reason),
                Err(failed) => return Err(failed.to_string()),
            };
            self.spec = match self.relief.instead_of(&self.spec.name) {
                Ok(spec) => spec,
                Err(None) => return Err(reason),
                Err(Some(obstacle)) => return Err(format!("{reason}; {obstacle}")),
            };
            let by = self.spec.name.clone();
            self.tell(format!("it is {why}; {by} takes over"), None);
            relieved = Some((by, why));
        }
    }

    async fn attempt(&self) -> Result<Made, Failed> {
        // A copy is needed where the agent edits, and where its result is to be checked.
        let edits = self.spec.operations.contains_key(&Operation::Edit);
        let copy = if edits || self.shared.fix.check.is_some() {
            Some(self.copy().await?)
        } else {
            None
        };
        let operation = self.operation(copy.as_ref()).await;
        let made = self.in_rounds(operation, copy.as_ref()).await;
        if let Some(copy) = &copy {
            // What was started in the copy must not outlive it.
            self.root.pool.close(copy.root()).await;
        }
        made
    }

    /// What the agent is called for: to edit, where it can.
    async fn operation(&self, copy: Option<&Worktree>) -> Operation {
        let is_told = |it: &Operation| self.spec.operations.contains_key(it);
        let Some(copy) = copy.filter(|_| is_told(&Operation::Edit)) else {
            return Operation::Ask;
        };
        let both = [Operation::Edit, Operation::Ask].into_iter();
        let ways: Vec<Operation> = both.filter(is_told).collect();
        let way = calling::offered(&self.root.pool, &self.spec, copy.root(), &ways).await;
        way.unwrap_or(Operation::Edit)
    }

    async fn copy(&self) -> Result<Worktree, String> {
        let Shared {
            fix, limits, open, ..
        } = &*self.shared;
        let targets = self.shared.gathered.targets.iter();
        let wanted = Wanted {
            root: self.root.path.clone(),
            environment: Environment::inherited(),
            named: targets.map(|it| it.path.clone()).collect(),
            open: open.clone(),
            link: names(&fix.link),
            copy: names(&fix.copy),
            exclude: self.shared.exclude.clone(),
            file_bytes: limits.file_bytes,
            max_worktrees: limits.worktrees,
            max_bytes: limits.worktree_bytes,
        };
        self.tell("copying the workspace".to_owned(), None);
        let copy = self.worktrees.acquire(wanted, &self.cancel).await;
        let copy = copy
            .map_err(|error| format!("no copy of the workspace could be made for it: {error}"))?;
        self.questions
            .work_in_copy(self.run, copy.root().to_owned());
        Ok(copy)
    }

    /// Asks, checks what comes of it, and asks once more where the check fails.
    async fn in_rounds(
        &self,
        operation: Operation,
        copy: Option<&Worktree>,
    ) -> Result<Made, Failed> {
        let (root, shape) = match (operation, copy) {
            (Operation::Edit, Some(copy)) => (copy.root().to_owned(), Shape::Files),
            _ => (self.root.path.clone(), Shape::Text),
        };
        let mask_secrets = Manner::of(&self.spec, operation).mask_secrets;
        let input = self.input(&root, shape, mask_secrets);
        let (variables, too_large) = edit::edit(&input);
        let mut work = Work {
            desk: Some(self.desk(&root, shape, mask_secrets)),
            copy,
            shape,
            files: Vec::new(),
            checked: Vec::new(),
            problems: copy.map(|it| it.notes().to_vec()).unwrap_or_default(),
            refused: Vec::new(),
        };
        work.problems.extend(too_large.iter().map(|it| {
            format!("`{it}` was not shown to the agent as a whole: it is too large (`[limits] prompt_size`)")
        }));
        let (answer, ticket) = self.call(operation, &root, variables.clone()).await?;
        let mut round = self.read(&mut work, answer).await?;
        ticket.settle(round.usage.as_ref());
        let mut check = self.check(&mut work).await?;
        if let Some(failed) = &check
            && let CheckOutcome::Failed(outcome) = &failed.outcome
        {
            self.tell("mending what the check found".to_owned(), None);
            // An agent that is shown the code is shown what its first answer made of it.
            let task = match shape {
                Shape::Files => variables,
                Shape::Text => {
                    edit::edit(&edit::Input {
                        gathered: &work.gathered(&self.shared),
                        ..input
                    })
                    .0
                }
            };
            let session = round.session.as_deref();
            let again = edit::repair(&task, &failed.command, outcome, &failed.output, session);
            match self.call(operation, &root, again).await {
                Ok((answer, ticket)) => {
                    let second = self.read(&mut work, answer).await?;
                    ticket.settle(second.usage.as_ref());
                    round = round.then(second);
                    check = self.check(&mut work).await?.map(|it| Check {
                        repaired: true,
                        ..it
                    });
                }
                Err(why) => work
                    .problems
                    .push(format!("what the check found was not mended: {why}")),
            }
        }
        Ok(self.made(work, round, check))
    }

    /// Runs the configured command on the result; `None` where there is none, or nothing to check.
    async fn check(&self, work: &mut Work<'_>) -> Result<Option<Check>, String> {
        let (Some(command), Some(copy)) = (&self.shared.fix.check, work.copy) else {
            return Ok(None);
        };
        if work.files.is_empty() {
            return Ok(None);
        }
        // An agent that edits has made them itself.
        if work.shape == Shape::Text {
            let again = work.files.iter().map(|it| &it.path);
            let again: Vec<&RelPath> = again.collect();
            let taken_back = work.checked.iter().filter(|it| !again.contains(&&it.path));
            let mut made: Vec<FileChange> = taken_back.flat_map(as_it_was).collect();
            made.extend(work.files.iter().cloned());
            copy.write(&made).await.map_err(|error| error.to_string())?;
            work.checked.clone_from(&work.files);
        }
        self.tell(format!("checking with `{}`", command.join(" ")), None);
        Ok(Some(
            check::run(
                command,
                copy.root(),
                self.shared.fix.check_timeout,
                &self.cancel,
            )
            .await,
        ))
    }

    fn input<'a>(&'a self, root: &'a Path, shape: Shape, mask_secrets: bool) -> edit::Input<'a> {
        edit::Input {
            root,
            title: &self.shared.title,
            instructions: &self.shared.instructions,
            remarks: &self.shared.remarks,
            gathered: &self.shared.gathered,
            guidelines: &self.shared.guidelines,
            shape,
            max_bytes: self.shared.limits.prompt_bytes,
            mask_secrets,
        }
    }

    fn desk(&self, root: &Path, shape: Shape, mask_secrets: bool) -> Desk {
        let targets = &self.shared.gathered.targets;
        let asked = targets.iter().map(|it| it.path.clone()).collect();
        let told = match shape {
            Shape::Text => self.told(),
            // The copy has their text.
            Shape::Files => BTreeMap::new(),
        };
        let exclude = &self.shared.exclude;
        let file_bytes = self.shared.limits.file_bytes;
        Desk::new(
            root,
            told,
            asked,
            exclude,
            file_bytes,
            mask_secrets && shape == Shape::Text,
        )
    }

    /// The texts that an agent without a copy is told of: those gathered for it, and all that is open.
    fn told(&self) -> BTreeMap<RelPath, Text> {
        let targets = self.shared.gathered.targets.iter();
        let targets = targets.map(|it| (it.path.clone(), it.text.clone()));
        let open = self.shared.open.iter();
        let open = open.map(|(path, buffer)| (path.clone(), buffer.text.clone()));
        targets.chain(open).collect()
    }

    async fn call(
        &self,
        operation: Operation,
        root: &Path,
        variables: Value,
    ) -> Result<(Answer, Ticket), Failed> {
        let calling = Calling {
            gate: &self.gate,
            pool: &self.root.pool,
            run: self.run,
            spec: &self.spec,
            operation,
            root,
            place: None,
            cancel: &self.cancel,
            short: &CancellationToken::new(),
        };
        let tell = |news| {
            let (text, fraction) = calling::in_words(news, || "working".to_owned());
            self.tell(text, fraction);
        };
        calling.make(variables, tell).await
    }

    fn tell(&self, text: String, fraction: Option<f32>) {
        // The conductor may have gone; then nobody wants to know.
        let _ = self.news.send(News {
            agent: self.index,
            text,
            fraction,
        });
    }

    /// Finds out what an answer changes, all in all.
    async fn read(&self, work: &mut Work<'_>, answer: Answer) -> Result<Round, String> {
        let left_out = answer
            .left_out
            .iter()
            .map(|it| format!("left out of the answer: {it}"));
        work.problems.extend(left_out);
        let mut changed = match (work.shape, work.copy) {
            (Shape::Files, Some(copy)) => Some(self.changed(copy).await?),
            _ => None,
        };
        let written: Vec<RelPath> = changed
            .iter()
            .flat_map(|it| &it.files)
            .map(|it| it.path.clone())
            .collect();
        // Always there between two readings.
        let Some(mut desk) = work.desk.take() else {
            return Err("the answer was not read because of a fault in crosscheck".to_owned());
        };
        let reading = tokio::task::spawn_blocking(move || {
            let patch = patch::read(answer.structured.as_ref(), &answer.texts);
            let words = words(&answer, &patch.prose);
            let has_patch = !patch.files.is_empty();
            let says_nothing = !has_patch && patch.problems.is_empty() && words.summary.is_empty();
            // Where a file was written, its patch says the same once more.
            desk.take(patch, &written);
            (desk, words, has_patch, says_nothing && written.is_empty())
        });
        let (desk, words, has_patch, says_nothing) = reading.await.map_err(|error| {
            format!("the answer could not be read because of a fault in crosscheck: {error}")
        })?;
        let on_desk = desk.changes();
        work.desk = Some(desk);
        if says_nothing {
            return Err(format!(
                "the answer of agent `{}` says nothing",
                self.spec.name
            ));
        }
        if let Some(copy) = work
            .copy
            .filter(|_| changed.is_some() && has_patch && !on_desk.is_empty())
        {
            copy.write(&on_desk)
                .await
                .map_err(|error| error.to_string())?;
            changed = Some(self.changed(copy).await?);
        }
        (work.files, work.refused) = match changed {
            Some(changed) => (changed.files, changed.problems),
            None => (on_desk, Vec::new()),
        };
        Ok(words)
    }

    async fn changed(&self, copy: &Worktree) -> Result<Changed, String> {
        copy.changes(&self.cancel)
            .await
            .map_err(|error| error.to_string())
    }

    fn made(&self, work: Work<'_>, round: Round, check: Option<Check>) -> Made {
        let Work {
            desk,
            files,
            mut problems,
            refused,
            ..
        } = work;
        let mut left_out = refused.len();
        problems.extend(refused);
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
                check,
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
            relieved: None,
        }
    }

    fn versions(&self, files: &[FileChange]) -> Versions {
        let open = &self.shared.open;
        let version = |it: &FileChange| Some((it.path.clone(), open.get(&it.path)?.version));
        files.iter().filter_map(version).collect()
    }
}

/// The changes that leave a file as it was before `change`.
fn as_it_was(change: &FileChange) -> Vec<FileChange> {
    let deleted = |path: &RelPath, base: &Text| FileChange {
        path: path.clone(),
        action: FileAction::Delete { base: base.clone() },
    };
    let kept = |base: &Text| FileChange {
        path: change.path.clone(),
        action: FileAction::Edit {
            base: base.clone(),
            hunks: Vec::new(),
            rename: None,
            executable: None,
        },
    };
    match &change.action {
        FileAction::Create { text, .. } => vec![deleted(&change.path, text)],
        FileAction::Delete { base } => vec![kept(base)],
        FileAction::Edit { base, rename, .. } => {
            let renamed = rename.iter().map(|it| deleted(it, base));
            renamed.chain([kept(base)]).collect()
        }
    }
}

fn names(paths: &[RelPath]) -> Vec<String> {
    paths.iter().map(|it| it.as_str().to_owned()).collect()
}

/// What an answer brings beside changes; `said` are the agent's own words in it.
fn words(answer: &Answer, said: &str) -> Round {
    let parsed = domain::answer::parse(answer.structured.as_ref(), &answer.texts, Format::Findings);
    Round {
        summary: sanitize::markdown(said, MAX_SUMMARY),
        usage: parsed.usage,
        session: parsed.session,
    }
}
