//! What the engine tells its doors. All of it arrives through one sink, in order per run.

pub use crate::budget::{Estimate, Spent};
pub use crate::ledger::AgentSpent;
pub use crate::ledger::ProposalState;
use crate::request::Reach;
use crate::sift::BaselineChange;
use agents::AgentEvent;
pub use agents::question::{Approval, Ask, Field, Reply};
use domain::answer::Usage;
use domain::board::Reviewed;
use domain::check::Check;
use domain::finding::{Category, Finding, FindingId};
use domain::merge::Records;
use domain::path::RelPath;
use domain::proposal::{FileChange, Proposal, ProposalId};
use domain::text::{Text, TextRange};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Name of a run, unique in this process.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct RunId(pub u64);

/// Name of a question, unique in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u64);

/// A question of an agent to the user, which no policy has answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its name.
    pub id: QuestionId,
    /// The root.
    pub root: PathBuf,
    /// The agent.
    pub agent: String,
    /// The run it is about, where that is certain; [`Reply::AllowForRun`] makes sense only then.
    pub run: Option<RunId>,
    /// What it asks, in its own words: one line.
    pub message: String,
    /// What kind of answer it wants.
    pub ask: Ask,
    /// How long an answer is waited for; then the answer is no.
    pub deadline: Duration,
}

/// Anything the engine tells.
#[derive(Clone, Debug)]
pub enum Event {
    /// A run moved on.
    Run {
        /// Which.
        run: RunId,
        /// How.
        event: RunEvent,
    },
    /// An agent changed its state or has a notice.
    Agent(AgentEvent),
    /// An agent asks the user something; [`crate::Engine::answer`] answers it.
    Question(Box<Question>),
    /// A question needs no answer any more: it was answered, the agent took it back, or its deadline passed.
    QuestionClosed {
        /// Which.
        id: QuestionId,
        /// A sentence for the user, when the deadline passed: what was asked, and that it was denied. The notes of the
        /// run's report have it too; where no run is known, it comes as [`Event::Notice`] instead.
        unanswered: Option<String>,
    },
    /// The configuration of a root was read, for the first time or anew.
    Config(Box<crate::config::Loaded>),
    /// Findings that the ledger remembers of a file, for [`crate::Engine::recall`]; dismissed ones are left out, and so
    /// are those of an agent that answered for the file since. Nothing was looked at anew, so `reviewed` is no range:
    /// they are added to what is known of the file.
    Recalled {
        /// The root.
        root: PathBuf,
        /// The file and its findings, placed in the text that was given.
        file: FileFindings,
    },
    /// Proposals of a root that the ledger keeps, newest first, for [`crate::Engine::recall_proposals`].
    Proposals {
        /// The root.
        root: PathBuf,
        /// The proposals.
        proposals: Vec<Kept>,
        /// How many more there are, or cannot be read.
        left_out: usize,
        /// Why the ledger could not answer, or knows nothing of earlier processes because it lives in memory.
        unread: Option<String>,
    },
    /// What was applied in a root, newest first, for [`crate::Engine::recall_applications`].
    Applications {
        /// The root.
        root: PathBuf,
        /// The applications.
        applications: Vec<Application>,
        /// Why the ledger could not answer, or knows nothing of earlier processes because it lives in memory.
        unread: Option<String>,
    },
    /// Findings of a root that the ledger remembers, placed in the files as they are on disk, for
    /// [`crate::Engine::recall_findings`]. Dismissed ones are left out, and those whose text is gone.
    Findings {
        /// The root.
        root: PathBuf,
        /// The findings of each file and agent.
        files: Vec<FileFindings>,
        /// How many more there are, or cannot be read.
        left_out: usize,
        /// Why the ledger could not answer, or knows nothing of earlier processes because it lives in memory.
        unread: Option<String>,
    },
    /// What was spent, for [`crate::Engine::spent`].
    Spent {
        /// Of this root; of all when `None`.
        root: Option<PathBuf>,
        /// Calls since then.
        since: SystemTime,
        /// Each agent's calls; those under way with what is expected of them.
        agents: Vec<AgentSpent>,
        /// Why the ledger could not answer, or knows nothing of earlier processes because it lives in memory.
        unread: Option<String>,
    },
    /// What became of the agents' findings, for [`crate::Engine::recall_stats`].
    Stats {
        /// In this root; in all when `None`.
        root: Option<PathBuf>,
        /// Since then.
        since: SystemTime,
        /// Each agent that found something or was asked for a review.
        agents: Vec<AgentStats>,
        /// Why the ledger could not answer, or knows nothing of earlier processes because it lives in memory.
        unread: Option<String>,
    },
    /// What was decided in a root, newest first, for [`crate::Engine::recall_verdicts`].
    Verdicts {
        /// The root.
        root: PathBuf,
        /// The decisions.
        verdicts: Vec<Decided>,
        /// How many more there are, or cannot be read.
        left_out: usize,
        /// Why the ledger could not answer, or knows nothing of earlier processes because it lives in memory.
        unread: Option<String>,
    },
    /// The team's baseline was brought up to date, for [`crate::Engine::update_baseline`].
    Baseline {
        /// The root.
        root: PathBuf,
        /// What was done, or why nothing was.
        change: Result<BaselineChange, String>,
    },
    /// What other agents said of findings that are told next, as [`Event::Recalled`] or [`Event::Findings`], when they were told to
    /// refute them. A check whose finding or evidence is another text by now is left out.
    Checks {
        /// The root.
        root: PathBuf,
        /// The checks.
        checks: Vec<Checked>,
    },
    /// What became of the agents' earlier findings in all roots, for [`crate::Engine::recall_records`], and told before
    /// [`Event::Findings`]. Nothing is told when the ledger cannot be read.
    Records(Records),
    /// Something a person should see once: the ledger was set aside, a file could not be watched.
    Notice(String),
}

/// Findings of one agent in one file. When an agent reviews a large file in several calls, each answer tells all that
/// the run knows of the file by then.
#[derive(Clone, Debug)]
pub struct FileFindings {
    /// The file.
    pub path: RelPath,
    /// The agent, and whose findings these replace.
    pub agent: String,
    /// The part of the file that the agent looked at, in bytes of `text`.
    pub reviewed: Reviewed,
    /// What it found there, in bytes of `text`; without those in `hidden`.
    pub findings: Vec<Finding>,
    /// What it found there and is not to be shown.
    pub hidden: Vec<Hidden>,
    /// The text that was looked at.
    pub text: Text,
    /// The door's version of that text, as it was in [`crate::Buffer`]; `None` when it came from the disk.
    pub version: Option<i32>,
}

/// A part of a file that an agent is not asked about, although it takes part: it, or another agent of its provider, wrote that.
#[derive(Clone, Debug, PartialEq)]
pub struct NotAsked {
    /// The file.
    pub path: RelPath,
    /// The agent.
    pub agent: String,
    /// The part, in bytes of `text`.
    pub places: Vec<TextRange>,
    /// The text that is reviewed.
    pub text: Text,
    /// The door's version of that text, as it was in [`crate::Buffer`]; `None` when it came from the disk.
    pub version: Option<i32>,
}

/// What is said where the ledger could not be read, which is not the same as that nothing is in it.
pub fn unread(why: &str) -> String {
    format!("the ledger could not be read: {why}; `crosscheck doctor` says what to do")
}

/// A finding that is not shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden {
    /// The finding.
    pub finding: Finding,
    /// Why it is not shown.
    pub why: Why,
}

/// Why a finding is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was dismissed.
    Dismissed {
        /// The number of the decision; 0 while the ledger has not told it.
        id: i64,
        /// How far that reaches.
        reach: Reach,
        /// The user's reason.
        reason: Option<String>,
    },
    /// Several of its kind were dismissed, one by one.
    Kind {
        /// How many.
        dismissed: usize,
    },
    /// It is in the team's baseline.
    Baseline,
    /// A comment in the code says so.
    Comment {
        /// 0-based line of the comment.
        line: u32,
        /// The reason there; may be empty.
        reason: String,
    },
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::Dismissed { id, reach, reason } => {
                write!(f, "dismissed {}", reach.in_words())?;
                if let Some(reason) = reason {
                    write!(f, ": {reason}")?;
                }
                if *id > 0 {
                    write!(f, " ({id})")?;
                }
                Ok(())
            }
            Why::Kind { dismissed } => {
                write!(f, "{dismissed} findings of this kind were dismissed")
            }
            Why::Baseline => write!(f, "in the baseline"),
            Why::Comment { line, reason } if reason.is_empty() => {
                write!(f, "a comment in line {}", line + 1)
            }
            Why::Comment { line, reason } => {
                write!(f, "a comment in line {}: {reason}", line + 1)
            }
        }
    }
}

/// What became of an agent's findings, and what they took. Findings that the ledger has forgotten are not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentStats {
    /// The agent.
    pub agent: String,
    /// Its provider.
    pub provider: String,
    /// Findings that are new since then, hidden ones among them.
    pub found: u32,
    /// Its findings that another agent, told to refute them, confirmed.
    pub confirmed: u32,
    /// Those that another agent refuted.
    pub refuted: u32,
    /// Those that another agent could not decide.
    pub unsure: u32,
    /// Those that the user accepted, or whose fix was applied.
    pub accepted: u32,
    /// Those that the user dismissed, by reason: one of [`crate::request::REASONS`], `other`, or nothing where none was given.
    pub dismissed: BTreeMap<String, u32>,
    /// Those that it said again after they were dismissed.
    pub repeated: u32,
    /// What its calls for reviews took.
    pub spent: Spent,
}

/// How many findings were left out, by what left them out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Several of their kind were dismissed.
    pub kind: usize,
    /// In the team's baseline.
    pub baseline: usize,
    /// By comments in the code.
    pub comments: usize,
}

/// What was decided about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is not wanted.
    Dismissed,
    /// It is right.
    Accepted,
}

/// A decision, as the ledger keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// Its number.
    pub id: i64,
    /// What was decided.
    pub verdict: Verdict,
    /// How far it reaches.
    pub reach: Reach,
    /// The user's reason.
    pub reason: Option<String>,
    /// When.
    pub created: SystemTime,
    /// The findings that it was made about, the shown one first: their names, agents, files, categories and titles.
    pub about: Vec<DecidedAbout>,
}

/// A finding that something was decided about, as it was said then.
#[derive(Clone, Debug, PartialEq)]
pub struct DecidedAbout {
    /// Its name; empty where it is not known.
    pub finding: FindingId,
    /// Who said it.
    pub agent: String,
    /// Its file then.
    pub path: RelPath,
    /// What kind.
    pub category: Category,
    /// What it says.
    pub title: String,
}

/// What an agent says of a finding that it was told to refute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The finding.
    pub finding: FindingId,
    /// Its file.
    pub path: RelPath,
    /// What the finding's text is known by ([`domain::check::text_key`]); the check holds for no other.
    pub text: String,
    /// What is said of it.
    pub check: Check,
    /// When.
    pub at: SystemTime,
}

/// The stations of a run, in this order; `Ended` comes exactly once and last.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// It is clear what will be looked at.
    Started {
        /// The agents asked.
        agents: Vec<String>,
        /// Number of files.
        files: usize,
    },
    /// What became of the agents' earlier findings in all roots: what is found now is weighed with it. Not told when the ledger
    /// cannot be read in time.
    Records(Records),
    /// What it will probably take, before the first call is made.
    Estimated(Estimate),
    /// Something to show while waiting; rate-limited.
    Progress {
        /// One line: `codex: reading src/main.rs`.
        message: String,
        /// 0 to 1 over the whole run, never going back.
        fraction: f32,
    },
    /// An agent answered for a file (also when it found nothing there).
    Findings(FileFindings),
    /// An agent is not asked about a part of a file. Nobody needs to wait for what it says there.
    NotAsked(NotAsked),
    /// An agent proposes a change. It is in the ledger from here on.
    Proposed {
        /// The change.
        proposal: Arc<Proposal>,
        /// For files of it that were open: the door's version of the text that it is told against, as it was in
        /// [`crate::Buffer`].
        versions: BTreeMap<RelPath, i32>,
    },
    /// An agent checked a finding, now or before: it is in the ledger from here on. In a review it comes after the finding, also when
    /// its agent is through.
    Verified(Checked),
    /// An agent is through, well or badly.
    AgentEnded(Box<AgentReport>),
    /// The run is over.
    Ended(Report),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Whether the user cancelled it.
    pub cancelled: bool,
    /// Why nothing at all could be done: not a repository, no such file, no agent. The other fields are empty then.
    pub error: Option<String>,
    /// Each agent's end.
    pub agents: Vec<AgentReport>,
    /// The files looked at.
    pub files: Vec<RelPath>,
    /// What was asked for and not looked at, with the reason.
    pub skipped: Vec<Skipped>,
    /// Remarks a person should see.
    pub notes: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    /// The report of a run that could do nothing at all.
    pub(crate) fn failed(error: String, elapsed: Duration) -> Self {
        Self {
            error: Some(error),
            ..Self::empty(elapsed)
        }
    }
    /// The report of a run that had nothing to do.
    pub(crate) fn empty(elapsed: Duration) -> Self {
        Self {
            cancelled: false,
            error: None,
            agents: Vec::new(),
            files: Vec::new(),
            skipped: Vec::new(),
            notes: Vec::new(),
            elapsed,
        }
    }
    /// True when everything asked for was done by every agent asked.
    pub fn is_complete(&self) -> bool {
        !self.cancelled
            && self.error.is_none()
            && self.skipped.iter().all(|it| !it.asked_for)
            && self.agents.iter().all(|it| {
                matches!(
                    it.outcome,
                    AgentOutcome::Answered | AgentOutcome::TakenOver { .. }
                )
            })
    }
}

/// A file or part that was not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The path as it was asked for or found.
    pub path: String,
    /// A sentence: `not UTF-8`, `larger than 1 MB`, `.aiignore keeps it from agents`.
    pub reason: String,
    /// True when the user named it (a skipped file inside a named directory is not).
    pub asked_for: bool,
}

/// How an agent's part of a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentReport {
    /// Name.
    pub agent: String,
    /// Provider.
    pub provider: String,
    /// How it ended.
    pub outcome: AgentOutcome,
    /// Findings shown.
    pub findings: usize,
    /// Findings whose place was not found, shown for the whole file.
    pub unlocated: usize,
    /// Findings shown that it had said before, and that were open.
    pub known: usize,
    /// Findings left out because they were dismissed before.
    pub dismissed: usize,
    /// Files asked about that it did not review, or not all of them.
    pub not_reviewed: Vec<RelPath>,
    /// Findings left out for other reasons.
    pub left_out: LeftOut,
    /// Changes proposed: hunks, and what happens to files as a whole.
    pub changes: usize,
    /// Findings of others that it checked.
    pub checks: usize,
    /// What could not be read in its answers.
    pub problems: Vec<String>,
    /// Its own summary.
    pub summary: Option<String>,
    /// What it used.
    pub usage: Option<Usage>,
    /// What its calls of this run took, told or estimated.
    pub spent: Spent,
    /// What of its part was known without a call.
    pub memory: MemoryUse,
    /// From the first call to the last answer.
    pub elapsed: Duration,
}

impl AgentReport {
    /// True when it was asked about nothing, since all that there is to review was written by an agent of its provider.
    pub fn wrote_it_all(&self) -> bool {
        self.memory.own > 0 && self.memory.own == self.memory.hunks
    }
    /// The report of an agent that has told nothing.
    pub(crate) fn new(agent: &str, provider: &str, outcome: AgentOutcome) -> Self {
        Self {
            agent: agent.to_owned(),
            provider: provider.to_owned(),
            outcome,
            findings: 0,
            unlocated: 0,
            known: 0,
            dismissed: 0,
            not_reviewed: Vec::new(),
            left_out: LeftOut::default(),
            changes: 0,
            checks: 0,
            problems: Vec::new(),
            summary: None,
            usage: None,
            spent: Spent::default(),
            memory: MemoryUse::default(),
            elapsed: Duration::ZERO,
        }
    }
}

/// How much of what an agent was to review was known. A hunk is a changed place, or a block of a file that is reviewed whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// All hunks.
    pub hunks: usize,
    /// Those that were answered from memory.
    pub remembered: usize,
    /// Those that were neither answered nor asked about: they were reviewed automatically often enough.
    pub held_back: usize,
    /// Those that were not asked about because an agent of the same provider wrote them.
    pub own: usize,
}

/// How an agent's part ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentOutcome {
    /// It answered everything.
    Answered,
    /// It answered what it could; the rest was done by another agent, whose report is beside.
    TakenOver {
        /// The other agent.
        by: String,
        /// Calls that were taken over.
        calls: usize,
        /// What it was short of: `out of quota`.
        why: String,
    },
    /// Some calls failed: the first reason.
    Partial(String),
    /// Nothing came: why.
    Failed(String),
    /// The run was cancelled before it was through.
    Cancelled,
}

/// A proposal that is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The proposal, as it was made.
    pub proposal: Arc<Proposal>,
    /// Numbers of the parts that were applied and not taken back, in order.
    pub applied: Vec<usize>,
    /// What has become of it.
    pub state: ProposalState,
    /// When it was made.
    pub created: SystemTime,
}

/// Parts of a proposal that were applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The proposal.
    pub proposal: Arc<Proposal>,
    /// Numbers of the parts.
    pub parts: Vec<usize>,
    /// What takes them back, told against the texts after.
    pub inverse: Vec<FileChange>,
    /// Nothing of the proposal is left open.
    pub done: bool,
}

/// Something that was applied, as the ledger remembers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// Its name, in this ledger.
    pub id: i64,
    /// The proposal, which may be forgotten.
    pub proposal: ProposalId,
    /// The proposal's title.
    pub title: String,
    /// The agent that made it.
    pub agent: String,
    /// Numbers of the parts.
    pub parts: Vec<usize>,
    /// What takes them back, told against the texts after; `None` when that was too large to be kept.
    pub inverse: Option<Vec<FileChange>>,
    /// When it was applied.
    pub applied: SystemTime,
    /// It was taken back.
    pub reverted: bool,
}
