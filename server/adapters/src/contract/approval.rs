//! Approvals in the contract: what an agent wants to do and asks about first, and what it may be told.
//!
//! An approval is an MCP elicitation with one field, [`DECISION`], whose values are those of [`Decision`]. What it is
//! about stands in the request's `_meta` under [`APPROVAL_KEY`], so that a client can show it and hold it against a
//! policy; a client that knows nothing of this still has the message and the three choices.

use serde::{Deserialize, Serialize};

/// Key of an [`Approval`] in the `_meta` of `elicitation/create`.
pub const APPROVAL_KEY: &str = "crosscheck/approval";

/// Name of the only field of the form.
pub const DECISION: &str = "decision";

/// What an agent wants to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Approval {
    /// The command line it wants to run, as a shell would take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Where it wants to run it: an absolute path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// The files it wants to change, absolute or relative to the root of the call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The tool it wants to use, where it is neither a command nor a change of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Why, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The progress token of the call that asks, where the call has one. Set by whoever sends the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_token: Option<serde_json::Value>,
}

/// What a person, or a policy, says to an [`Approval`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// This once.
    Allow,
    /// This, and the like until the call ends.
    AllowForRun,
    /// No.
    Deny,
}
