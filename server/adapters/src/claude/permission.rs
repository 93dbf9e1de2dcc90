//! What Claude Code asks leave for: what the root allows by itself, how a person is asked about the rest, and what
//! Claude Code is told.

use super::message::text;
use super::outcome::Denial;
use super::root::Root;
use crate::contract::approval::Approval;
use crate::server::Verdict;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Longest command or text that a question shows, in characters.
const MAX_SHOWN: usize = 2_000;
/// Longest name or path that is shown, in characters.
const MAX_NAME: usize = 300;
/// Most refused things that a summary names.
const MAX_DENIALS: usize = 20;

/// A use of a tool that has to be allowed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    /// Names the request in the answer.
    pub(super) id: String,
    /// Names the use.
    pub(super) tool_use: String,
    tool: String,
    input: Value,
    /// In the model's words.
    reason: String,
    /// The user's settings of Claude Code say that this is to be asked.
    is_by_rule: bool,
    /// Rules that Claude Code would remember, so that the like is not asked again. Each is `{toolName, ruleContent?}`.
    rules: Vec<Value>,
}

/// What was allowed for the rest of the call.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By [`Request::key`].
    allowed: BTreeSet<String>,
}

impl Request {
    /// Reads a control request of subtype `can_use_tool`.
    pub(super) fn read(id: String, request: &Value) -> Self {
        let tool = text(request, "tool_name").to_owned();
        let suggestions = request["permission_suggestions"].as_array();
        // Others would widen what is allowed without a word: whole directories, or all edits.
        let rules = suggestions
            .into_iter()
            .flatten()
            .filter(|it| text(it, "type") == "addRules" && text(it, "behavior") == "allow")
            .flat_map(|it| it["rules"].as_array().into_iter().flatten())
            .filter(|rule| text(rule, "toolName") == tool && rule["ruleContent"].is_string())
            .cloned()
            .collect();
        Self {
            id,
            tool_use: text(request, "tool_use_id").to_owned(),
            reason: text(&request["input"], "description").to_owned(),
            is_by_rule: request["matched_ask_rule"].is_object()
                || text(request, "decision_reason_type") == "rule",
            input: request["input"].clone(),
            tool,
            rules,
        }
    }

    /// Whether nobody needs to be asked: it reads or writes a file in the root, which is disposable, and the user has not
    /// ruled otherwise; or the like was allowed before.
    pub(super) fn is_allowed(&self, root: &Root, memory: &Memory) -> bool {
        let in_root = self.file().is_some_and(|file| root.holds(Path::new(file)));
        (in_root && !self.is_by_rule) || memory.allowed.contains(&self.key())
    }

    /// The question for a person.
    pub(super) fn question(&self, root: &Root) -> String {
        let mut question = format!("Claude Code wants to {}", self.wish(root));
        let reason = name(&self.reason);
        if !reason.is_empty() {
            question += &format!("\n\nIts reason: {reason}");
        }
        let rules = self
            .rules
            .iter()
            .map(|rule| name(text(rule, "ruleContent")));
        let also = rules.collect::<Vec<_>>().join(", ");
        if !also.is_empty() {
            question += &format!("\n\nAllowed for this run, it may also: {also}");
        }
        question
    }

    /// The same as data.
    pub(super) fn approval(&self, root: &Root) -> Approval {
        let command = self.command().map(str::to_owned);
        let file = self.file();
        let written = file.filter(|_| self.writes());
        let tool = match file {
            Some(file) => Some(format!("{} {file}", self.tool)).filter(|_| written.is_none()),
            None => Some(self.tool.clone()).filter(|_| command.is_none()),
        };
        Approval {
            directory: command
                .is_some()
                .then(|| root.path().to_string_lossy().into_owned()),
            command,
            files: written.map(str::to_owned).into_iter().collect(),
            tool,
            reason: Some(self.reason.clone()).filter(|reason| !reason.is_empty()),
            progress_token: None,
        }
    }

    /// What Claude Code is told.
    pub(super) fn answer(&self, verdict: &Verdict) -> Value {
        let allow = json!({ "behavior": "allow", "updatedInput": self.input });
        match verdict {
            Verdict::Allow => allow,
            Verdict::AllowForRun if self.rules.is_empty() => allow,
            Verdict::AllowForRun => {
                let mut allow = allow;
                // Only until the process ends; what it suggests itself would be written to a file in the root.
                allow["updatedPermissions"] = json!([{
                    "type": "addRules", "rules": self.rules, "behavior": "allow", "destination": "session",
                }]);
                allow
            }
            Verdict::Deny(reason) => json!({ "behavior": "deny", "message": format!(
                "This was not allowed: {reason}. Go on without it, and say at the end what could not be done."
            )}),
        }
    }

    /// What is the same thing asked twice.
    fn key(&self) -> String {
        let what = self.file().or_else(|| self.command());
        let what = what.map_or_else(|| self.input.to_string(), str::to_owned);
        format!("{}\0{what}", self.tool)
    }

    fn wish(&self, root: &Root) -> String {
        if let Some(file) = self.file() {
            let does = if self.writes() { "write" } else { "read" };
            let why = if self.is_by_rule {
                "which your settings of Claude Code say to ask about"
            } else {
                "which is not among the project's files"
            };
            return format!("{does} {}, {why}.", name(root.shown(file)));
        }
        match self.command() {
            Some(command) => format!(
                "run a command in {}:\n\n{}",
                root.path().display(),
                shown(command)
            ),
            None => format!(
                "use its tool {}:\n\n{}",
                name(&self.tool),
                shown(&self.input.to_string())
            ),
        }
    }

    fn writes(&self) -> bool {
        matches!(
            self.tool.as_str(),
            "Edit" | "MultiEdit" | "Write" | "NotebookEdit"
        )
    }

    /// The one file that it reads or writes.
    fn file(&self) -> Option<&str> {
        let key = match self.tool.as_str() {
            "Read" | "Edit" | "MultiEdit" | "Write" => "file_path",
            "NotebookEdit" => "notebook_path",
            _ => return None,
        };
        self.input.get(key)?.as_str()
    }

    fn command(&self) -> Option<&str> {
        let is_shell = matches!(self.tool.as_str(), "Bash" | "PowerShell");
        self.input.get("command").filter(|_| is_shell)?.as_str()
    }
}

impl Memory {
    /// Takes note of a verdict.
    pub(super) fn note(&mut self, request: &Request, verdict: &Verdict) {
        if *verdict == Verdict::AllowForRun {
            self.allowed.insert(request.key());
        }
    }
}

/// What was refused, in words for the end of a summary; empty when nothing was.
pub(super) fn told(denials: &[Denial]) -> String {
    let mut told: Vec<String> = Vec::new();
    for Denial { tool, input } in denials {
        let keys = ["command", "file_path", "notebook_path", "path", "url"];
        let what = keys.iter().find_map(|key| input.get(key)?.as_str());
        let what = what.map_or_else(|| input.to_string(), str::to_owned);
        let line = format!("- {}: {}", name(tool), name(&what));
        if !told.contains(&line) {
            told.push(line);
        }
    }
    if told.is_empty() {
        return String::new();
    }
    let more = told.len().saturating_sub(MAX_DENIALS);
    told.truncate(MAX_DENIALS);
    if more > 0 {
        told.push(format!("- and {more} more"));
    }
    format!("Not allowed, so not done:\n{}", told.join("\n"))
}

fn name(text: &str) -> String {
    domain::sanitize::line(text, MAX_NAME)
}

/// Text of several lines, indented, so that nothing in it can be taken for the question around it.
fn shown(text: &str) -> String {
    let mut room = MAX_SHOWN;
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = domain::sanitize::line(line, room.max(1));
        room = room.saturating_sub(line.chars().count() + 1);
        lines.push(format!("    {line}").trim_end().to_owned());
        if room == 0 {
            let length = text.chars().count();
            lines.push(format!("(shown only in part: it has {length} characters)"));
            break;
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
