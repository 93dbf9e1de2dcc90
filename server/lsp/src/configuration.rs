//! The configuration as this client takes part in it: its settings, the files it watches, and the user's trust.

use crate::client::Asked;
use crate::commands::review;
use crate::proto::to;
use crate::settings::SECTION;
use crate::state::State;
use crate::{roots, uri};
use engine::config::{Loaded, Problem};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tower_lsp::gen_lsp_types::MessageType;

#[cfg(test)]
mod tests;

/// The button that trusts.
const TRUST: &str = "Trust";
/// The button that does not.
const NOT_NOW: &str = "Not now";
/// Most things named that a workspace brings.
const MAX_BRINGS: usize = 5;

/// Asks the client for our section of its settings, where it can be asked.
pub(crate) fn ask_for_settings(state: &mut State) {
    // Asked again while an answer is due, too: that answer may be older than the change.
    if state.capabilities.configuration {
        let params = json!({"items": [{"section": SECTION}]});
        state
            .client
            .request("workspace/configuration", Some(params), Asked::Settings);
    }
}

/// The client's answer: one value per item.
pub(crate) fn settings_answered(state: &mut State, result: Result<Value, String>) {
    match result {
        Ok(mut values) => {
            // `null` means that there are none, perhaps not any more.
            let settings = values.get_mut(0).map(Value::take);
            take_settings(
                state,
                settings.filter(|it| !it.is_null()).unwrap_or(json!({})),
            );
        }
        Err(error) => tracing::debug!("the client has no settings for us: {error}"),
    }
}

/// Hands newer settings to the engine.
pub(crate) fn take_settings(state: &mut State, settings: Value) {
    if state.settings.set_current(settings) {
        let merged = state.settings.merged().unwrap_or_default();
        if let Some(engine) = state.engine() {
            engine.set_settings(merged);
        }
    }
}

/// Reads the configuration anew that a file (canonical path) takes part in.
pub(crate) fn file_changed(state: &mut State, file: &Path) {
    let is_it = |it: &PathBuf| {
        it == file || (it.file_name() == file.file_name() && roots::canonical(it) == file)
    };
    let concerned = state.roots.iter().filter(|root| {
        let files = root.loaded.as_ref().map(|it| it.files.as_slice());
        files.is_some_and(|it| it.iter().any(is_it))
    });
    let concerned: Vec<Arc<Path>> = concerned.map(|it| Arc::clone(&it.path)).collect();
    for root in concerned {
        if let Some(engine) = state.engine() {
            engine.open(&root);
        }
    }
}

/// A root's configuration was read.
pub(crate) fn loaded(state: &mut State, loaded: Loaded) {
    let Some(root) = state.roots.get_mut(&loaded.root) else {
        return;
    };
    let path = Arc::clone(&root.path);
    state.published.set_problems(&path, &loaded.problems);
    show_first_problem(state, &path, &loaded.problems);
    ask_for_trust(state, &loaded);
    let is_wanted = loaded.config.review.on_save;
    let mut saved = BTreeSet::new();
    if let Some(root) = state.roots.get_mut(&path) {
        let config = &loaded.config;
        let panel = config.panel(&[]);
        root.findings.configure(panel, config.review.caps);
        root.loaded = Some(loaded);
        saved = std::mem::take(&mut root.saved_early);
    }
    watch_files(state);
    for file in saved.into_iter().filter(|_| is_wanted) {
        review::on_save(state, &path, &file);
    }
}

/// Takes the user's answer to the question of trust.
pub(crate) fn trust_answered(
    state: &mut State,
    root: &Path,
    hash: &str,
    result: Result<Value, String>,
) {
    let title = result
        .ok()
        .and_then(|it| it.get("title").and_then(Value::as_str).map(str::to_owned));
    if title.as_deref() == Some(TRUST)
        && state.roots.get(root).is_some()
        && let Some(engine) = state.engine()
    {
        engine.trust(root, hash);
    }
}

/// One message for the most important problem; the rest is told by diagnostics in the files.
fn show_first_problem(state: &mut State, root: &Arc<Path>, problems: &[Problem]) {
    let text = problems.first().map(|first| {
        let place = match (&first.file, first.line) {
            (Some(file), Some(line)) => format!("{}:{line}: ", file.display()),
            (Some(file), None) => format!("{}: ", file.display()),
            (None, _) => "the editor's settings: ".to_owned(),
        };
        let more = if problems.len() > 1 {
            format!(" ({} more)", problems.len() - 1)
        } else {
            String::new()
        };
        (
            first.warning,
            format!("{place}{}{more}", to::problem_text(first)),
        )
    });
    let shown = &mut state.settings.shown_problems;
    let Some((is_warning, text)) = text else {
        shown.remove(root);
        return;
    };
    // What several roots share, such as the editor's settings, is told once.
    let is_new = shown.values().all(|it| *it != text);
    shown.insert(Arc::clone(root), text.clone());
    if is_new {
        let kind = if is_warning {
            MessageType::Warning
        } else {
            MessageType::Error
        };
        state.client.show(kind, &text);
    }
}

/// Asks once for each content whether the user trusts it.
fn ask_for_trust(state: &mut State, loaded: &Loaded) {
    let Some(untrusted) = &loaded.untrusted else {
        return;
    };
    let content = (loaded.root.clone(), untrusted.hash.clone());
    if !state.settings.asked_trust.insert(content) {
        return;
    }
    let named = untrusted.brings.iter().take(MAX_BRINGS);
    let mut brings: Vec<String> = named.cloned().collect();
    if untrusted.brings.len() > MAX_BRINGS {
        brings.push(format!("and {} more", untrusted.brings.len() - MAX_BRINGS));
    }
    let message = format!(
        "The workspace {} brings settings that can run programs or send code away; nothing of it is used before you trust it:\n{}",
        loaded.root.display(),
        brings.join("\n")
    );
    let why = Asked::Trust {
        root: loaded.root.clone(),
        hash: untrusted.hash.clone(),
    };
    let titles = [TRUST, NOT_NOW].into_iter();
    state
        .client
        .ask(MessageType::Warning, &message, titles, why);
}

/// Registers watchers for the configuration files of all roots, where the client can watch.
fn watch_files(state: &mut State) {
    if !state.capabilities.watch_files {
        return;
    }
    let files = state
        .roots
        .iter()
        .filter_map(|it| it.loaded.as_ref())
        .flat_map(|it| it.files.iter().cloned());
    let files: BTreeSet<PathBuf> = files.collect();
    if files == state.settings.watched {
        return;
    }
    let method = "workspace/didChangeWatchedFiles";
    let id = |number: u32| format!("crosscheck/watch/{number}");
    let settings = &mut state.settings;
    if settings.registration > 0 {
        // The name with the spelling mistake is LSP's own.
        let params =
            json!({"unregisterations": [{"id": id(settings.registration), "method": method}]});
        state
            .client
            .request("client/unregisterCapability", Some(params), Asked::Nothing);
    }
    settings.registration += 1;
    let is_relative = state.capabilities.watch_relative;
    let watchers: Vec<Value> = files
        .iter()
        .filter_map(|it| watcher(it, is_relative))
        .collect();
    let registration = json!({"id": id(settings.registration), "method": method, "registerOptions": {"watchers": watchers}});
    settings.watched = files;
    let params = json!({"registrations": [registration]});
    state
        .client
        .request("client/registerCapability", Some(params), Asked::Nothing);
}

fn watcher(file: &Path, is_relative: bool) -> Option<Value> {
    let name = file.file_name()?.to_str()?;
    let pattern = if is_relative {
        json!({"baseUri": uri::from_path(file.parent()?), "pattern": literal(name)})
    } else {
        json!(literal(file.to_str()?))
    };
    Some(json!({"globPattern": pattern}))
}

/// A path as a pattern: what means something in one is left to `?`.
fn literal(path: &str) -> String {
    let literal = path
        .chars()
        .map(|it| if "*?[]{}!,\\".contains(it) { '?' } else { it });
    literal.collect()
}
