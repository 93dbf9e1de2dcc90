//! The engine: everything between "review this" and located findings, the same at every door.
//!
//! It knows runs, configuration, trust, git, guidelines and the ledger. It knows neither LSP nor MCP's wire
//! types, nor how anything is shown.

pub mod approve;
pub mod budget;
pub mod config;
pub mod disk;
pub mod doctor;
pub mod engine;
pub mod event;
mod git;
mod guidelines;
mod ledger;
mod lock;
#[doc(hidden)]
pub mod measure;
mod parallel;
pub mod paths;
mod prompt;
mod protected;
mod questions;
mod read;
pub mod request;
mod run;
mod scope;
mod sift;
pub mod trust;
pub mod version;
mod worktree;

pub use agents::{AgentEvent, AgentStatus, State};
pub use engine::{Engine, Options};
pub use event::{
    AgentOutcome, AgentReport, AgentSpent, AgentStats, Application, Applied, Approval, Ask,
    Checked, Decided, DecidedAbout, Estimate, Event, Field, FileFindings, Hidden, Kept, LeftOut,
    MemoryUse, NotAsked, ProposalState, Question, QuestionId, Reply, Report, RunEvent, RunId,
    Skipped, Spent, Verdict, Why, unread,
};
pub use ledger::{Which, new_proposal_id};
pub use request::{
    AfterReview, Base, Buffer, Dismissal, Edit, EditTarget, Occasion, OpenBuffers, Remark, Review,
    Scope, Verify,
};
pub use sift::{BASELINE_FILE, BaselineChange};
