//! What Codex is doing, in a few words.

use super::protocol::{CommandAction, Item};
use std::path::Path;

/// Words for something that Codex begins with; `None` when it is nothing to speak of.
pub(super) fn words(item: &Item, root: &Path) -> Option<String> {
    let shown = |path: &str| {
        let path = Path::new(path);
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    Some(match item {
        Item::Reasoning => "thinking".to_owned(),
        Item::AgentMessage { .. } => "writing".to_owned(),
        Item::CommandExecution {
            command,
            command_actions,
        } => command_words(command, command_actions, shown),
        Item::FileChange { changes, .. } => match changes.as_slice() {
            [] => return None,
            [change] => format!("editing {}", shown(&change.path)),
            changes => format!("editing {} files", changes.len()),
        },
        Item::McpToolCall { server, tool } => format!("using {tool} of {server}"),
        Item::WebSearch { query } if query.is_empty() => "searching the web".to_owned(),
        Item::WebSearch { query } => format!("searching the web for {query}"),
        Item::ImageView { path } => format!("looking at {}", shown(path)),
        Item::CollabAgentToolCall | Item::SubAgentActivity => "working with a helper".to_owned(),
        Item::ContextCompaction => "summing up the conversation".to_owned(),
        Item::Plan => "planning".to_owned(),
        Item::Sleep => "waiting".to_owned(),
        Item::Other => return None,
    })
}

fn command_words(
    command: &str,
    actions: &[CommandAction],
    shown: impl Fn(&str) -> String,
) -> String {
    let path = |path: &Option<String>| path.as_deref().map(&shown).unwrap_or_default();
    match actions.first() {
        Some(CommandAction::Read { path }) => format!("reading {}", shown(path)),
        Some(CommandAction::ListFiles { path: at }) => match path(at).as_str() {
            "" => "listing files".to_owned(),
            at => format!("listing files in {at}"),
        },
        Some(CommandAction::Search { query, path: at }) => {
            let query = query.as_deref().unwrap_or("something");
            match path(at).as_str() {
                "" => format!("searching for {query}"),
                at => format!("searching for {query} in {at}"),
            }
        }
        // Without the shell that it is wrapped in.
        Some(CommandAction::Unknown { command }) => format!("running {command}"),
        Some(CommandAction::Other) | None => format!("running {command}"),
    }
}

/// Words for a request that is made again, from `Reconnecting... 2/5`.
pub(super) fn retrying(message: &str) -> String {
    let numbers = message.rsplit(' ').next().and_then(|it| it.split_once('/'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    match numbers {
        Some((now, all)) if is_number(now) && is_number(all) => {
            format!("reconnecting ({now} of {all})")
        }
        _ => message.to_owned(),
    }
}
