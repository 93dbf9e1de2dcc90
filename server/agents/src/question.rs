//! What an agent asks a person in the middle of a call, and what it may be answered.

mod approval;
mod form;
mod read;
mod shown;

pub(crate) use read::{Asked, Named, denied, read};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Gets every question; the answer is the future's. Dropping the future withdraws the question: the agent is gone,
/// took it back, or the call has ended. Called from any thread; must not block.
pub type Asker = Arc<dyn Fn(Question) -> BoxFuture<'static, Reply> + Send + Sync>;

/// What an agent asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The agent's name.
    pub agent: String,
    /// The root that the call came from; of several calls, of the latest.
    pub root: PathBuf,
    /// [`crate::Call::run`] of the call that asks, where that is certain.
    pub run: Option<u64>,
    /// The agent's words, sanitized, one line.
    pub message: String,
    /// What kind of answer it wants.
    pub ask: Ask,
}

/// What kind of answer a question wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// May it do this?
    Approval(Approval),
    /// Some choices, at least one.
    Form(Vec<Field>),
    /// Would the user open this page, to log in or to pay? Only `https:`, and `http:` on this machine.
    Url(String),
}

/// What an agent wants to do. Texts are sanitized so that nothing in them vanishes: in commands, paths and names, `⏎`
/// stands for a line break, `\u{fffd}` for what cannot be seen, and `…` at the end means that more follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    /// The command line it wants to run, as a shell would take it.
    pub command: Option<String>,
    /// Where it wants to run it.
    pub directory: Option<String>,
    /// The files it wants to change.
    pub files: Vec<String>,
    /// How many more files there are than are named.
    pub more_files: usize,
    /// The tool it wants to use, where it is neither.
    pub tool: Option<String>,
    /// Why, in its own words.
    pub reason: Option<String>,
}

/// One choice to be made in a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its key in the answer.
    pub name: String,
    /// For people: its title, or its name; with the description, where there is one.
    pub title: String,
    /// What can be chosen, in order: two to ten values with a title each. Yes and no for a boolean.
    pub choices: Vec<(Value, String)>,
    /// What holds when nothing is chosen.
    pub default: Option<Value>,
}

/// What an agent is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// To an approval: yes, this once.
    Allow,
    /// To an approval: yes, and to the like until the run ends.
    AllowForRun,
    /// To a form: a value for each field; to a page: it was opened, and the map is empty.
    Accept(Map<String, Value>),
    /// No, for this reason, which an agent that takes one is told.
    Deny(String),
}

/// How approvals of a kind of agent look on the wire, where they are not those of the agent contract. In presets:
/// `[approval]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApprovalSpec {
    /// JSON pointer, into the parameters of `elicitation/create`, to the command: a string, or the list of its words.
    pub command: Option<String>,
    /// JSON pointer to the directory of the command.
    pub directory: Option<String>,
    /// JSON pointer to the files: a list of paths, or an object with paths as keys.
    pub files: Option<String>,
    /// JSON pointer to the name of the tool.
    pub tool: Option<String>,
    /// JSON pointer to the reason.
    pub reason: Option<String>,
    /// JSON pointer to the id or the progress token of the call that asks.
    pub call: Option<String>,
    /// The result sent for `allow`, `allow_for_run` and `deny`; strings are templates that may use `reason`.
    pub replies: BTreeMap<String, Value>,
}

/// Who asks a person on behalf of one agent, and as what.
#[derive(Clone, Default)]
pub(crate) struct Asking {
    /// The agent's name.
    pub(crate) agent: String,
    /// Where its connection belongs, for questions of no call.
    pub(crate) root: PathBuf,
    pub(crate) approval: Option<ApprovalSpec>,
    /// Nobody can be asked when `None`.
    pub(crate) asker: Option<Asker>,
}
