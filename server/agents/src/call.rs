//! One MCP tool call, as its caller sees it.

use crate::Shortage;
use crate::spec::Operation;
use domain::answer::Format;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// A call to make.
#[derive(Clone, Debug)]
pub struct Call {
    /// Name of the agent.
    pub agent: String,
    /// What to do.
    pub operation: Operation,
    /// The workspace root; where a program is started.
    pub root: PathBuf,
    /// The run it belongs to, as the caller numbers them; comes back in [`crate::question::Question`].
    pub run: u64,
    /// What the argument templates may use.
    pub variables: serde_json::Value,
    /// Ends the call for the caller at once, and tells the agent.
    pub cancel: CancellationToken,
    /// Gets news while the call waits and runs; rate-limited.
    pub progress: UnboundedSender<CallProgress>,
}

/// News of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum CallProgress {
    /// All places are taken; this many calls are before it.
    Queued(usize),
    /// The agent is being started.
    Starting,
    /// The agent has the call.
    Running,
    /// What the agent says it is doing, sanitized to one line.
    Message {
        /// One line.
        text: String,
        /// 0 to 1, where the agent tells a total.
        fraction: Option<f32>,
    },
}

/// What an agent answered, unread.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Structured content.
    pub structured: Option<serde_json::Value>,
    /// The text parts, in order, embedded text resources among them.
    pub texts: Vec<String>,
    /// What was left out (images, audio, links), in words.
    pub left_out: Vec<String>,
    /// The shape that the preset promises.
    pub format: Format,
    /// From sending to the answer.
    pub elapsed: Duration,
}

/// Why a call has no answer. The texts are for people: they name the agent and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    /// There is no such agent.
    #[error("no agent named `{0}` is configured")]
    Unknown(String),
    /// It cannot do this.
    #[error("agent `{agent}` has no `{operation}` operation")]
    Unsupported {
        /// Name.
        agent: String,
        /// `review`, `edit` or `ask`.
        operation: &'static str,
    },
    /// It did not start, or ended before its handshake, or the handshake failed or took too long.
    #[error("agent `{agent}` could not be started: {reason}")]
    Start {
        /// Name.
        agent: String,
        /// What happened, with the last lines of its standard error.
        reason: String,
    },
    /// It has been failing and is not tried again until the backoff ends, or the user restarts it.
    #[error("agent `{agent}` is down: {reason}")]
    Down {
        /// Name.
        agent: String,
        /// Why, and how to try again.
        reason: String,
    },
    /// It wants a login, or more rights than the login gave, and did not get them.
    #[error("agent `{agent}` could not be asked: {reason}")]
    Unauthorized {
        /// Name.
        agent: String,
        /// What it wants, why there is none, and what to do.
        reason: String,
    },
    /// It went away during the call.
    #[error("agent `{agent}` went away during the call: {reason}")]
    Gone {
        /// Name.
        agent: String,
        /// What happened, with the last lines of its standard error.
        reason: String,
    },
    /// No progress or no answer in time.
    #[error("agent `{agent}` {what} within {after:?}; the call was stopped")]
    Timeout {
        /// Name.
        agent: String,
        /// `showed no progress` or `did not answer`.
        what: &'static str,
        /// The deadline.
        after: Duration,
    },
    /// The caller cancelled.
    #[error("the call to agent `{0}` was cancelled")]
    Cancelled(String),
    /// The agent answered with an error.
    #[error("agent `{agent}` answered with an error: {message}")]
    Refused {
        /// Name.
        agent: String,
        /// Its words, sanitized, bounded.
        message: String,
    },
    /// The answer was too large or no MCP answer.
    #[error("the answer of agent `{agent}` is not usable: {reason}")]
    Unusable {
        /// Name.
        agent: String,
        /// Why.
        reason: String,
    },
    /// The arguments could not be made from the template.
    #[error("the arguments for agent `{agent}` cannot be made: {reason}")]
    Template {
        /// Name.
        agent: String,
        /// Which template, and why.
        reason: String,
    },
}

impl CallError {
    /// What the agent is short of, where that is why there is no answer; another agent may have it.
    pub fn shortage(&self) -> Option<Shortage> {
        match self {
            Self::Refused { message: words, .. }
            | Self::Start { reason: words, .. }
            | Self::Gone { reason: words, .. }
            | Self::Unusable { reason: words, .. } => Shortage::of(words),
            _ => None,
        }
    }
}
