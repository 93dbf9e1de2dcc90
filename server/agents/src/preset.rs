//! Presets: data that says how to talk to a kind of agent. TOML, embedded, overridable by configuration.

use crate::spec::{Operation, Reads};
use domain::answer::Format;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A kind of agent. Everything is optional: configuration is laid over it key by key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preset {
    /// One line for people.
    pub about: String,
    /// The vendor of the model behind it.
    pub provider: Option<String>,
    /// Program and arguments.
    pub command: Option<Vec<String>>,
    /// Streamable HTTP endpoint.
    pub url: Option<String>,
    /// A program that must be on `PATH` for the agent to be offered without configuration.
    pub detect: Option<String>,
    /// How to ask for a review.
    pub review: Option<PresetOperation>,
    /// How to ask for an edit.
    pub edit: Option<PresetOperation>,
    /// How to ask a question.
    pub ask: Option<PresetOperation>,
    /// Calls at the same time.
    pub concurrency: Option<usize>,
    /// Deadlines in the configuration's notation (`10m`).
    pub timeout: Option<String>,
    /// Longest time without progress.
    pub idle: Option<String>,
    /// Longest start.
    pub start: Option<String>,
    /// What a person should do when it cannot be started: a sentence for the doctor.
    pub help: Option<String>,
}

/// How a preset asks for one operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetOperation {
    /// Name of the MCP tool.
    pub tool: String,
    /// Arguments; strings are templates.
    #[serde(default)]
    pub arguments: serde_json::Map<String, serde_json::Value>,
    /// The shape of the answer.
    #[serde(default)]
    pub answer: Format,
    /// What the agent looks at.
    #[serde(default)]
    pub reads: Reads,
}

impl Preset {
    /// How it asks for `operation`.
    pub fn operation(&self, operation: Operation) -> Option<&PresetOperation> {
        match operation {
            Operation::Review => self.review.as_ref(),
            Operation::Edit => self.edit.as_ref(),
            Operation::Ask => self.ask.as_ref(),
        }
    }
}

/// The embedded presets by name; `contract` is the generic one for servers that follow the agent contract.
pub fn embedded() -> &'static BTreeMap<&'static str, Preset> {
    unimplemented!()
}
