//! One step of a model's script: what it says to one request, and what goes wrong meanwhile.

use serde_json::Value;
use std::time::Duration;

/// What a model says to one request.
#[derive(Clone, Debug)]
pub struct Step {
    pub(super) parts: Vec<Part>,
    pub(super) status: Option<u16>,
    pub(super) fault: Option<Fault>,
    pub(super) delay: Duration,
    pub(super) times: usize,
    /// Input and output tokens.
    pub(super) usage: (u64, u64),
}

/// A piece of an answer.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    /// An answer in the form that the client asked for.
    Form(Value),
    /// A call of a tool; the namespace is OpenAI's name for the MCP server that it belongs to.
    Call {
        namespace: Option<String>,
        tool: String,
        arguments: Value,
    },
    /// A shell command, by whichever tool the client has for it.
    Shell(String),
    /// A patch in Codex's own format.
    Patch(String),
}

/// Where an answer stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing is sent, not even headers.
    Silent,
    /// Headers are sent, and then nothing.
    SilentAfterHeaders,
    /// Half of the text is sent, and then nothing.
    SilentMidway,
    /// The connection is cut in the middle of the text.
    Cut,
}

impl Step {
    /// A text answer.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(vec![Part::Text(text.into())])
    }

    /// An answer in the form that the client asked for: by schema, or by a tool that stands for one.
    pub fn form(value: Value) -> Self {
        Self::of(vec![Part::Form(value)])
    }

    /// A call of a tool.
    pub fn call(tool: &str, arguments: Value) -> Self {
        Self::of(vec![Part::Call {
            namespace: None,
            tool: tool.to_owned(),
            arguments,
        }])
    }

    /// A call of a tool of an MCP server, as Codex names it.
    pub fn call_in(namespace: &str, tool: &str, arguments: Value) -> Self {
        Self::of(vec![Part::Call {
            namespace: Some(namespace.to_owned()),
            tool: tool.to_owned(),
            arguments,
        }])
    }

    /// A shell command.
    pub fn shell(command: impl Into<String>) -> Self {
        Self::of(vec![Part::Shell(command.into())])
    }

    /// A patch in Codex's own format.
    pub fn patch(patch: impl Into<String>) -> Self {
        Self::of(vec![Part::Patch(patch.into())])
    }

    /// An HTTP error instead of an answer.
    pub fn status(status: u16) -> Self {
        Self {
            status: Some(status),
            ..Self::of(vec![])
        }
    }

    /// The request is accepted, and nothing is ever sent.
    pub fn silence() -> Self {
        Self {
            fault: Some(Fault::Silent),
            ..Self::of(vec![])
        }
    }

    /// The answer never gets beyond its headers.
    #[must_use]
    pub fn silent_after_headers(mut self) -> Self {
        self.fault = Some(Fault::SilentAfterHeaders);
        self
    }

    /// The answer stops in the middle of its text.
    #[must_use]
    pub fn silent_midway(mut self) -> Self {
        self.fault = Some(Fault::SilentMidway);
        self
    }

    /// The connection is cut in the middle of the text.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.fault = Some(Fault::Cut);
        self
    }

    /// The answer begins so much later.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The step is for so many requests, not for one.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// What the answer is said to have cost, in tokens.
    #[must_use]
    pub fn usage(mut self, input: u64, output: u64) -> Self {
        self.usage = (input, output);
        self
    }

    /// Several calls of tools, or a text before them, in one answer.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    pub(super) fn is_silent(&self) -> bool {
        self.fault == Some(Fault::Silent)
    }

    fn of(parts: Vec<Part>) -> Self {
        Self {
            parts,
            status: None,
            fault: None,
            delay: Duration::ZERO,
            times: 1,
            usage: (100, 20),
        }
    }
}

/// Cuts a text into about so many pieces, as it comes from a model.
pub(super) fn pieces(text: &str, count: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let size = letters.len().div_ceil(count).max(1);
    letters.chunks(size).map(|it| it.iter().collect()).collect()
}
