//! `crosscheck.ask`: has an agent do what the user says, to a selection, a file, or the workspace.

use super::review::{lines, only_root, reviewable};
use super::start::{Wanted, start};
use super::{ENDING, refuse};
use crate::proto::from;
use crate::runs::{Task, What};
use crate::state::State;
use domain::sanitize;
use domain::text::{Text, TextRange};
use engine::EditTarget;
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::Range;
use tower_lsp::jsonrpc::Result;

/// Longest title, in characters.
const MAX_TITLE: usize = 60;

#[derive(Deserialize)]
pub(super) struct Argument {
    uri: Option<String>,
    range: Option<Range>,
    prompt: String,
    title: Option<String>,
    agents: Option<Vec<String>>,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: Argument) -> Result<Value> {
    Ok(match wanted(state, argument) {
        Ok(wanted) => match start(state, wanted) {
            Some(run) => json!({"run": run}),
            None => refuse(state, ENDING),
        },
        Err(why) => refuse(state, &why),
    })
}

/// What an argument means; a sentence when it means nothing that can be done.
pub(super) fn wanted(state: &State, argument: Argument) -> std::result::Result<Wanted, String> {
    let prompt = argument.prompt.trim();
    if prompt.is_empty() {
        return Err("Nothing was asked for; give a `prompt`.".to_owned());
    }
    let named = argument.title.as_deref().unwrap_or_default().trim();
    let title = if named.is_empty() {
        prompt.lines().next().unwrap_or_default()
    } else {
        named
    };
    let title = sanitize::line(title, MAX_TITLE);
    let (root, target, place) = match &argument.uri {
        Some(uri) => {
            let (root, path, text) = reviewable(state, uri)?;
            let range = argument.range.map(|it| {
                meant(
                    from::text_range(it, text, state.capabilities.encoding),
                    text,
                )
            });
            let place = match range {
                Some(range) => format!(" in {path}:{}", lines(range, text)),
                None => format!(" in {path}"),
            };
            (root, Some(EditTarget { path, range }), place)
        }
        None => (only_root(state)?, None, String::new()),
    };
    let task = Task {
        root,
        what: What::Ask {
            title: title.clone(),
            targets: target.into_iter().collect(),
        },
        agents: argument.agents.unwrap_or_default(),
        instructions: Some(prompt.to_owned()),
        author: None,
        occasion: engine::Occasion::Asked,
    };
    Ok(Wanted {
        task,
        subject: format!("“{title}”{place}"),
        is_explicit: true,
    })
}

/// The part of the file that a selection means: where nothing is selected, the line of the cursor.
fn meant(range: TextRange, text: &Text) -> TextRange {
    if range.is_empty() {
        text.line_range(text.line_of(range.start)).unwrap_or(range)
    } else {
        range
    }
}
