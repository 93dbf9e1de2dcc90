//! What a workspace brings that needs trust: its hash, and what it would do in sentences.

use super::assemble::Presets;
use super::file::{ActionTable, AgentTable, ConfigFile, FixTable, OPERATIONS};
use super::import::List;
use crate::trust::Untrusted;
use serde_json::Value;
use std::path::Path;

/// Most sentences; the rest is counted.
const MAX_SENTENCES: usize = 100;
/// Longest value shown, in characters. What is cut is counted, for the end may matter as much as the start.
const MAX_SHOWN: usize = 400;
/// Part of the hash, so that trust ends should its meaning change.
const VERSION: &str = "crosscheck trust 1";

/// What needs trust: exact content, and what it would do.
#[derive(Debug, Default)]
pub(super) struct Claims {
    content: Vec<(String, Value)>,
    sentences: Vec<String>,
}

impl Claims {
    /// Adds what a project file brings.
    pub(super) fn add_file(&mut self, shown: &str, content: &ConfigFile, presets: &Presets) {
        if *content == ConfigFile::default() {
            return;
        }
        self.add_content(shown, serde_json::to_value(content));
        let mut say = |sentence: String| self.sentences.push(format!("{sentence} ({shown})"));
        for (name, table) in &content.agents {
            agent_sentences(name, table, presets, &mut say);
        }
        let review = &content.review;
        if review.on_save == Some(true) {
            say("agents would review each file when it is saved".to_owned());
        }
        if review.guidelines == Some(true) {
            say("agents would be told what guideline files say".to_owned());
        }
        if let Some(verify) = review.verify {
            let word = serde_json::to_value(verify).unwrap_or_default();
            let word = word.as_str().unwrap_or_default();
            say(format!(
                "findings would be checked by further calls at the end of a review (`verify = \"{word}\"`)"
            ));
        }
        if let Some(limit) = content.verify.limit {
            say(format!(
                "up to {limit} findings would be checked at the end of a review"
            ));
        }
        if let Some(instructions) = &review.instructions {
            say(format!("agents would be told: {}", quoted(instructions)));
        }
        fix_sentences(&content.fix, &mut say);
        for action in &content.actions {
            say(action_sentence(action));
        }
        let limits = &content.limits;
        for (key, value) in [
            ("file_size", limits.file_size.map(|it| it.to_string())),
            ("files", limits.files.map(|it| it.to_string())),
            ("prompt_size", limits.prompt_size.map(|it| it.to_string())),
            ("run", limits.run.map(|it| it.to_string())),
            ("approval", limits.approval.map(|it| it.to_string())),
            ("worktrees", limits.worktrees.map(|it| it.to_string())),
            (
                "worktree_size",
                limits.worktree_size.map(|it| it.to_string()),
            ),
        ] {
            if let Some(value) = value {
                say(format!("the limit `{key}` would be raised to {value}"));
            }
        }
        for (model, price) in &content.prices {
            say(format!(
                "models whose names begin with {} would count as costing ${} and ${} per million tokens read and written",
                quoted(model),
                price.input.0,
                price.output.0
            ));
        }
        for import in content.import.iter().flatten() {
            let word = serde_json::to_value(import).unwrap_or_default();
            let word = word.as_str().unwrap_or_default();
            say(format!(
                "the MCP servers that are listed for `{word}` would become agents"
            ));
        }
    }

    /// Adds what an MCP server list in the workspace brings.
    pub(super) fn add_list(&mut self, list: &List, presets: &Presets) {
        let shown = &list.source.shown;
        for (name, table) in &list.agents {
            let content = serde_json::to_value((&list.source.table, name, table));
            self.add_content(shown, content);
            let mut say = |sentence: String| self.sentences.push(format!("{sentence} ({shown})"));
            agent_sentences(name, table, presets, &mut say);
        }
    }

    fn add_content(&mut self, shown: &str, content: Result<Value, serde_json::Error>) {
        // These types have string keys only, so this cannot fail; null would still need trust.
        let content = canonical(content.unwrap_or_default());
        self.content.push((shown.to_owned(), content));
    }

    /// What the user has to decide; `None` when nothing needs trust. The hash is made over the root's path and
    /// the meaning of the content: comments and order do not matter, anything else does.
    pub(super) fn untrusted(mut self, root: &Path) -> Option<Untrusted> {
        if self.content.is_empty() {
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        let mut add = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        add(VERSION.as_bytes());
        add(root.as_os_str().as_encoded_bytes());
        for (file, content) in &self.content {
            add(file.as_bytes());
            add(content.to_string().as_bytes());
        }
        let dropped = self.sentences.len().saturating_sub(MAX_SENTENCES);
        if dropped > 0 {
            self.sentences.truncate(MAX_SENTENCES);
            self.sentences.push(format!(
                "{dropped} more things would be done; read the files before you trust them"
            ));
        }
        Some(Untrusted {
            hash: hasher.finalize().to_hex().to_string(),
            brings: self.sentences,
        })
    }
}

fn fix_sentences(table: &FixTable, say: &mut dyn FnMut(String)) {
    match table.check.as_deref() {
        Some([]) => say("what agents change would be proposed without a check".to_owned()),
        Some(command) => say(format!(
            "what agents change would be checked by running: {}",
            command_line(command)
        )),
        None => {}
    }
    if let Some(timeout) = table.check_timeout {
        say(format!("such a check could take {timeout}"));
    }
    if table.confirm == Some(false) {
        say("changes would be made without asking about each".to_owned());
    }
    for path in table.link.iter().flatten() {
        say(format!(
            "the disposable copies that agents edit would have a link to your own {}",
            quoted(path)
        ));
    }
    for path in table.copy.iter().flatten() {
        say(format!(
            "the disposable copies that agents edit would hold {}, even if git ignores it",
            quoted(path)
        ));
    }
    if let Some(instructions) = &table.instructions {
        say(format!(
            "agents that change code would be told: {}",
            quoted(instructions)
        ));
    }
}

fn action_sentence(action: &ActionTable) -> String {
    let title = quoted(action.title.as_deref().unwrap_or_default());
    let prompt = quoted(action.prompt.as_deref().unwrap_or_default());
    let agents = action.agent.iter().chain(action.agents.iter().flatten());
    let agents: Vec<String> = agents.map(|it| quoted(it)).collect();
    match agents.as_slice() {
        [] => format!("the action {title} would tell agents: {prompt}"),
        [agent] => format!("the action {title} would tell agent {agent}: {prompt}"),
        agents => format!(
            "the action {title} would tell agents {}: {prompt}",
            agents.join(", ")
        ),
    }
}

fn agent_sentences(name: &str, table: &AgentTable, presets: &Presets, say: &mut dyn FnMut(String)) {
    let agent = format!("agent {}", quoted(name));
    endpoint_sentence(&agent, name, table, presets, say);
    for (name, value) in &table.env {
        let value = format!("{name}={value}");
        say(format!(
            "{agent} would get the variable {}",
            visible(&value)
        ));
    }
    for (name, value) in &table.headers {
        let value = format!("{name}: {value}");
        say(format!("{agent} would send the header {}", visible(&value)));
    }
    if let Some(ca) = &table.ca {
        say(format!(
            "{agent} would be trusted by the certificates in {}",
            visible(ca)
        ));
    }
    if let Some(oauth) = &table.oauth {
        let content = serde_json::to_value(oauth).unwrap_or_default();
        let content = visible(&canonical(content).to_string());
        say(format!("{agent} would be logged in at with {content}"));
    }
    if let Some(cwd) = &table.cwd {
        say(format!(
            "{agent} would run in the directory {}",
            visible(cwd)
        ));
    }
    if let Some(provider) = &table.provider {
        say(format!(
            "{agent} would count as made by {}",
            quoted(provider)
        ));
    }
    for (key, value) in [
        ("timeout", table.timeout.map(|it| it.to_string())),
        ("idle", table.idle.map(|it| it.to_string())),
        ("start", table.start.map(|it| it.to_string())),
        ("concurrency", table.concurrency.map(|it| it.to_string())),
        ("rules", table.rules.map(|it| it.to_string())),
        ("enabled", table.enabled.map(|it| it.to_string())),
    ] {
        if let Some(value) = value {
            say(format!("{agent} would have `{key}` set to {value}"));
        }
    }
    if let Some(fallback) = &table.fallback {
        say(format!(
            "agent {} would be asked what {agent} cannot take for want of quota",
            quoted(fallback)
        ));
    }
    if let Some(approve) = &table.approve {
        say(format!("{agent} {}", visible(&approve.in_words())));
    }
    for (operation, word) in OPERATIONS {
        if let Some(operation) = table.operation(operation) {
            let content = serde_json::to_value(operation).unwrap_or_default();
            let content = visible(&canonical(content).to_string());
            say(format!(
                "{agent} would be asked for `{word}` with {content}"
            ));
        }
    }
}

/// Says what would be started or reached. An agent of the user's that only gets other settings keeps its own.
fn endpoint_sentence(
    agent: &str,
    name: &str,
    table: &AgentTable,
    presets: &Presets,
    say: &mut dyn FnMut(String),
) {
    if let Some(command) = &table.command {
        say(format!("{agent} would start: {}", command_line(command)));
    }
    if let Some(url) = &table.url {
        say(format!("{agent} would send code to: {}", visible(url)));
    }
    let preset_name = table.preset.as_deref().unwrap_or(name);
    let preset = presets.get(preset_name);
    if table.preset.is_none() && (preset.is_none() || table.command.is_some()) {
        if *table == AgentTable::default() {
            say(format!("{agent} would be switched on"));
        }
        return;
    }
    let starts = match preset {
        Some(preset) => match (&preset.command, &preset.url) {
            (Some(command), _) => format!(", which starts: {}", command_line(command)),
            (None, Some(url)) => format!(", which sends code to: {}", visible(url)),
            (None, None) => String::new(),
        },
        None => String::new(),
    };
    let preset_name = quoted(preset_name);
    say(format!(
        "{agent} would use the preset {preset_name}{starts}"
    ));
}

/// The same value without what is not set, and with sorted keys.
pub(super) fn canonical(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(table) => {
            let mut entries: Vec<(String, Value)> = table
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, canonical(value)))
                .collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            entries.into_iter().collect()
        }
        other => other,
    }
}

fn command_line(command: &[String]) -> String {
    let plain = |it: char| it.is_alphanumeric() || "-_./:@=+,%^$~{}".contains(it);
    let words = command.iter().map(|word| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("{word:?}")
        }
    });
    visible(&words.collect::<Vec<_>>().join(" "))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", visible(text))
}

/// `text` on one line with nothing hidden: what cannot be seen is written as its code, and what is cut is counted.
fn visible(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(MAX_SHOWN) {
        if is_hidden(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    let rest = characters.count();
    if rest > 0 {
        out.push_str(&format!("… and {rest} more characters"));
    }
    out
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || matches!(
            character,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{3164}' | '\u{180e}'
        )
}
