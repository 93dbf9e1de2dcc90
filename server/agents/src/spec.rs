//! One configured agent, complete: what a preset and the configuration together say.

use crate::question::ApprovalSpec;
use domain::answer::Format;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// One configured agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentSpec {
    /// Its name, the key in the configuration.
    pub name: String,
    /// The vendor of the model behind it; agents of one provider are not independent.
    pub provider: String,
    /// It goes by fixed rules and has no model: a linter, a spell checker.
    pub rules: bool,
    /// Where it was configured, for people: a file, `built in`, `found on PATH`.
    pub source: String,
    /// How it is reached.
    pub endpoint: Endpoint,
    /// What it can do.
    pub operations: BTreeMap<Operation, OperationSpec>,
    /// How its requests for approval look; those of the agent contract when `None`.
    pub approval: Option<ApprovalSpec>,
    /// Deadlines and sizes.
    pub limits: Limits,
}

/// How an agent is reached.
#[derive(Clone, Debug, PartialEq)]
pub enum Endpoint {
    /// A program that speaks MCP on its standard streams.
    Stdio {
        /// Program and arguments; `crosscheck` as program means this very binary.
        command: Vec<String>,
        /// Variables set over the inherited environment.
        env: BTreeMap<String, String>,
        /// Working directory; the workspace root when `None`.
        cwd: Option<PathBuf>,
    },
    /// A streamable HTTP endpoint.
    Http {
        /// `http:` or `https:`.
        url: String,
        /// Headers sent with each request.
        headers: BTreeMap<String, String>,
        /// PEM file with certificates that are trusted beside the system's.
        ca: Option<PathBuf>,
        /// How to log in, where the server wants OAuth and `headers` hold no `Authorization`.
        oauth: OAuth,
    },
}

/// How to log in at an HTTP agent. What is not given is found out or registered.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OAuth {
    /// The client that the authorization server knows us as.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<String>,
    /// `https:` URL of a client metadata document, for servers that take such a URL as client.
    pub client_metadata_url: Option<String>,
    /// What to ask for; what the server names when empty.
    pub scopes: Vec<String>,
    /// Port on this machine that the browser comes back to; any when `None`.
    pub redirect_port: Option<u16>,
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the secret.
        f.debug_struct("OAuth")
            .field("client_id", &self.client_id)
            .field("client_metadata_url", &self.client_metadata_url)
            .field("scopes", &self.scopes)
            .field("redirect_port", &self.redirect_port)
            .finish_non_exhaustive()
    }
}

/// What an agent can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Find faults.
    Review,
    /// Change code.
    Edit,
    /// Answer a question.
    Ask,
}

impl Operation {
    /// `review`, `edit` or `ask`.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Review => "review",
            Operation::Edit => "edit",
            Operation::Ask => "ask",
        }
    }
}

/// How one operation is asked for and its answer read.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationSpec {
    /// Name of the MCP tool.
    pub tool: String,
    /// The arguments: JSON whose strings are templates (see [`crate::template`]).
    pub arguments: serde_json::Value,
    /// The shape of the answer.
    pub answer: Format,
    /// What the agent looks at.
    pub reads: Reads,
}

/// Whether an agent sees the text it is given or reads files itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// It sees the text that the call carries, unsaved changes included.
    #[default]
    Text,
    /// It reads the files on disk by itself; unsaved changes are not seen.
    Disk,
}

/// Deadlines and sizes of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From starting the program to the end of the handshake.
    pub start: Duration,
    /// Longest time of a call without progress.
    pub idle: Duration,
    /// Longest time of a call.
    pub call: Duration,
    /// Calls at the same time; more wait.
    pub concurrency: usize,
    /// Largest message accepted, in bytes.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(20),
            idle: Duration::from_secs(2 * 60),
            call: Duration::from_secs(10 * 60),
            concurrency: 4,
            message: 64 * 1024 * 1024,
        }
    }
}
