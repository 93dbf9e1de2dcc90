//! What app-server says, as far as we listen: the notifications and requests that belong to a thread.
//!
//! Everything is read leniently: what has another shape than expected is as if it had not been said.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

/// Notifications that nobody here needs and that come in floods, by their exact names.
pub(super) const UNWANTED: &[&str] = &[
    "account/rateLimits/updated",
    "app/list/updated",
    "command/exec/outputDelta",
    "fs/changed",
    "hook/completed",
    "hook/started",
    "item/autoApprovalReview/completed",
    "item/autoApprovalReview/started",
    "item/commandExecution/outputDelta",
    "item/commandExecution/terminalInteraction",
    "item/fileChange/outputDelta",
    "item/fileChange/patchUpdated",
    "item/mcpToolCall/progress",
    "item/plan/delta",
    "item/reasoning/summaryTextDelta",
    "item/reasoning/textDelta",
    "mcpServer/startupStatus/updated",
    "process/outputDelta",
    "rawResponseItem/completed",
    "remoteControl/status/changed",
    "serverRequest/resolved",
    "skills/changed",
    "thread/settings/updated",
    "thread/started",
    "thread/status/changed",
    "turn/diff/updated",
    "turn/plan/updated",
];

/// What happens in a thread.
#[derive(Debug)]
pub(super) enum Event {
    /// Codex began with something.
    Began {
        turn: String,
        id: String,
        item: Item,
    },
    /// Codex is done with something.
    Done {
        turn: String,
        id: String,
        item: Item,
    },
    /// A sign of life between those.
    Thinking,
    /// A piece of a message, this many bytes long.
    Writing(usize),
    /// What the thread has cost so far, and what its last request did.
    Usage { turn: String, usage: TokenUsage },
    /// Another model answers than the one asked for.
    Rerouted { model: String },
    /// A request to the model failed and is made again.
    Retrying { message: String },
    /// A turn ended.
    Completed(Turn),
    /// Codex waits for an answer.
    Asked(Question),
}

/// A request of app-server. It must be answered, or Codex waits for ever.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) id: Value,
    pub(super) method: String,
    pub(super) params: Value,
}

/// A thing that Codex does or says.
#[derive(Debug, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(super) enum Item {
    Reasoning,
    AgentMessage {
        text: String,
        #[serde(default)]
        phase: Option<String>,
    },
    CommandExecution {
        command: String,
        #[serde(default)]
        command_actions: Vec<CommandAction>,
    },
    FileChange {
        changes: Vec<Change>,
    },
    McpToolCall {
        server: String,
        tool: String,
    },
    WebSearch {
        query: String,
    },
    ImageView {
        path: String,
    },
    CollabAgentToolCall,
    SubAgentActivity,
    ContextCompaction,
    Plan,
    Sleep,
    #[serde(other)]
    Other,
}

impl Item {
    /// Whether it goes on without a word from its beginning until it is told to be done.
    pub(super) fn lasts(&self) -> bool {
        matches!(
            self,
            Self::CommandExecution { .. }
                | Self::McpToolCall { .. }
                | Self::WebSearch { .. }
                | Self::CollabAgentToolCall
        )
    }
}

/// What a command does, as far as Codex understood it.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum CommandAction {
    Read {
        path: String,
    },
    ListFiles {
        #[serde(default)]
        path: Option<String>,
    },
    Search {
        #[serde(default)]
        query: Option<String>,
        #[serde(default)]
        path: Option<String>,
    },
    Unknown {
        command: String,
    },
    #[serde(other)]
    Other,
}

/// A change of one file.
#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub(super) path: String,
}

/// Tokens: of the whole thread, and of its last request.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct TokenUsage {
    pub(super) total: Tokens,
    pub(super) last: Tokens,
}

/// Numbers of tokens.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens {
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

/// A turn at its end.
#[derive(Debug, Deserialize)]
pub(super) struct Turn {
    pub(super) id: String,
    /// `completed`, `interrupted` or `failed`.
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) error: Option<TurnError>,
    /// Often only the last message, or nothing.
    #[serde(default)]
    items: Vec<Value>,
}

impl Turn {
    /// The last message among its items.
    pub(super) fn last_message(&self) -> Option<String> {
        let items = self.items.iter().rev();
        items
            .filter_map(|item| Item::deserialize(item).ok())
            .find_map(|item| match item {
                Item::AgentMessage { text, .. } => Some(text),
                _ => None,
            })
    }
}

/// Why a turn failed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TurnError {
    pub(super) message: String,
    /// A word, or an object with the word as its only key.
    #[serde(default)]
    pub(super) codex_error_info: Option<Value>,
}

/// The event in a notification and the thread it belongs to, if we listen to it.
pub(super) fn event(method: &str, params: &RawValue) -> Option<(String, Event)> {
    let event = match method {
        "item/started" => {
            let OfItem { turn_id, item } = read(params)?;
            Event::Began {
                turn: turn_id,
                id: id(params),
                item,
            }
        }
        "item/completed" => {
            let OfItem { turn_id, item } = read(params)?;
            Event::Done {
                turn: turn_id,
                id: id(params),
                item,
            }
        }
        "item/agentMessage/delta" => Event::Writing(read::<Delta>(params)?.delta.len()),
        "item/reasoning/summaryPartAdded" => Event::Thinking,
        "thread/tokenUsage/updated" => {
            let OfUsage {
                turn_id,
                token_usage,
            } = read(params)?;
            Event::Usage {
                turn: turn_id,
                usage: token_usage,
            }
        }
        "model/rerouted" => Event::Rerouted {
            model: read::<Rerouted>(params)?.to_model,
        },
        // One that is not tried again is told once more at the end of the turn.
        "error" => {
            let OfError { error, will_retry } = read(params)?;
            will_retry.then_some(Event::Retrying {
                message: error.message,
            })?
        }
        "turn/completed" => Event::Completed(read::<OfTurn>(params)?.turn),
        _ => return None,
    };
    Some((thread(params)?, event))
}

/// The thread that a notification or request belongs to.
pub(super) fn thread(params: &RawValue) -> Option<String> {
    read::<OfThread>(params).map(|it| it.thread_id)
}

/// The id of an item; empty when there is none.
fn id(params: &RawValue) -> String {
    read::<OfNamed>(params).map_or_else(String::new, |it| it.item.id)
}

fn read<T: DeserializeOwned>(params: &RawValue) -> Option<T> {
    serde_json::from_str(params.get()).ok()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfThread {
    thread_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfItem {
    turn_id: String,
    item: Item,
}

#[derive(Deserialize)]
struct OfNamed {
    item: Named,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Delta {
    delta: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfUsage {
    turn_id: String,
    token_usage: TokenUsage,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rerouted {
    to_model: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfError {
    error: TurnError,
    #[serde(default)]
    will_retry: bool,
}

#[derive(Deserialize)]
struct OfTurn {
    turn: Turn,
}
