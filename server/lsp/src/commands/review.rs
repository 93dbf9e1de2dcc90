//! `crosscheck.review`: starts a review.

use super::start::{Wanted, start};
use super::{ENDING, refuse};
use crate::proto::from;
use crate::runs::{Task, What};
use crate::state::State;
use domain::path::RelPath;
use domain::text::TextRange;
use engine::config::DefaultScope;
use engine::request::{Base, Occasion, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tower_lsp::gen_lsp_types::Range;
use tower_lsp::jsonrpc::Result;

#[derive(Default, Deserialize)]
pub(super) struct Argument {
    uri: Option<String>,
    scope: Option<ScopeName>,
    base: Option<String>,
    range: Option<Range>,
    agents: Option<Vec<String>>,
    instructions: Option<String>,
    author: Option<String>,
    /// Whether everything is asked anew, also what was answered before.
    fresh: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ScopeName {
    File,
    Changes,
    Staged,
    Selection,
    Workspace,
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

/// Reviews a file that was saved.
pub(crate) fn on_save(state: &mut State, root: &Arc<Path>, path: &RelPath) {
    let task = Task {
        root: Arc::clone(root),
        what: What::Review(Scope::Files(vec![path.as_str().into()])),
        agents: Vec::new(),
        instructions: None,
        author: None,
        occasion: Occasion::Automatic,
    };
    let wanted = Wanted {
        task,
        subject: path.as_str().to_owned(),
        is_explicit: false,
    };
    start(state, wanted);
}

/// What an argument means; a sentence when it means nothing that can be reviewed.
fn wanted(state: &State, argument: Argument) -> std::result::Result<Wanted, String> {
    let name = argument
        .scope
        .unwrap_or_else(|| default_scope(state, &argument));
    let (root, file) = match &argument.uri {
        Some(uri) => {
            let (root, path, text) = reviewable(state, uri)?;
            (root, Some((path, text)))
        }
        None => (only_root(state)?, None),
    };
    let (scope, subject) = match (name, file) {
        (ScopeName::File, Some((path, _))) => (
            Scope::Files(vec![path.as_str().into()]),
            path.as_str().to_owned(),
        ),
        (ScopeName::Selection, Some((path, text))) => {
            let range = argument
                .range
                .ok_or("No selection was given; name a `range` to review.")?;
            let range = from::text_range(range, text, state.capabilities.encoding);
            let lines = lines(range, text);
            let subject = format!("{}:{lines}", path.as_str());
            (Scope::Selection { path, range }, subject)
        }
        (ScopeName::File | ScopeName::Selection, None) => {
            return Err("No file was named; give its `uri`.".to_owned());
        }
        (ScopeName::Workspace, _) => (
            Scope::Files(vec![root.to_path_buf()]),
            "the workspace".to_owned(),
        ),
        (ScopeName::Staged, _) => (changes(Base::Staged), "staged changes".to_owned()),
        (ScopeName::Changes, _) => match argument.base.filter(|it| !it.trim().is_empty()) {
            Some(base) => {
                let subject = format!("changes since {base}");
                (changes(Base::Ref(base)), subject)
            }
            None => (changes(Base::Uncommitted), "changes".to_owned()),
        },
    };
    let Argument {
        agents,
        instructions,
        author,
        fresh,
        ..
    } = argument;
    let task = Task {
        root,
        what: What::Review(scope),
        agents: agents.unwrap_or_default(),
        instructions,
        author,
        occasion: if fresh.unwrap_or_default() {
            Occasion::Afresh
        } else {
            Occasion::Asked
        },
    };
    Ok(Wanted {
        task,
        subject,
        is_explicit: true,
    })
}

fn changes(base: Base) -> Scope {
    Scope::Changes {
        base,
        paths: Vec::new(),
    }
}

fn default_scope(state: &State, argument: &Argument) -> ScopeName {
    if argument.range.is_some() {
        return ScopeName::Selection;
    }
    let document = argument.uri.as_ref().and_then(|it| state.documents.get(it));
    let root = document
        .and_then(|it| it.place.as_ref().ok())
        .and_then(|it| state.roots.get(&it.root));
    match root
        .and_then(|it| it.loaded.as_ref())
        .map(|it| &it.config.review.scope)
    {
        Some(DefaultScope::File) if document.is_some() => ScopeName::File,
        _ => ScopeName::Changes,
    }
}

pub(super) type Reviewable<'a> = (Arc<Path>, RelPath, &'a domain::text::Text);

pub(super) fn reviewable<'a>(
    state: &'a State,
    uri: &str,
) -> std::result::Result<Reviewable<'a>, String> {
    let document = state
        .documents
        .get(uri)
        .ok_or_else(|| format!("{uri} is not open; open it first."))?;
    let place = document
        .place
        .as_ref()
        .map_err(|why| format!("This document is out of reach of agents: {why}."))?;
    Ok((Arc::clone(&place.root), place.path.clone(), &document.text))
}

/// The root meant when no file is named: the only one, or the first folder.
pub(super) fn only_root(state: &State) -> std::result::Result<Arc<Path>, String> {
    let root = state.roots.iter().min_by_key(|it| !it.is_folder);
    root.map(|it| Arc::clone(&it.path))
        .ok_or_else(|| "No folder is open; open a file first.".to_owned())
}

/// `3` or `3-7`, counted from 1.
pub(super) fn lines(range: TextRange, text: &domain::text::Text) -> String {
    let first = text.line_of(range.start) + 1;
    let last = text.line_of(range.end.saturating_sub(1).max(range.start)) + 1;
    if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    }
}
