//! What was decided about an agent's questions in one run.

use crate::approve::is_clear;
use crate::event::{Approval, Ask, Question};
use std::collections::{BTreeMap, BTreeSet};

/// Most remarks of one run; the rest is counted.
const MAX_NOTES: usize = 20;
/// Most different things that a run keeps as allowed.
const MAX_ALLOWED: usize = 1000;

/// What is allowed by "allow for this run": the same command in the same directory, changes of the same files, or the
/// same tool. Nothing that only resembles it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Like {
    command: Option<String>,
    directory: Option<String>,
    files: BTreeSet<String>,
    tool: Option<String>,
}

impl Like {
    /// `None` when too little is known of it to recognise it.
    pub(super) fn of(ask: &Ask) -> Option<Self> {
        let Ask::Approval(approval) = ask else {
            return None;
        };
        let Approval {
            command,
            directory,
            files,
            more_files,
            tool,
            reason: _,
        } = approval;
        let nothing = command.is_none() && files.is_empty() && tool.is_none();
        let texts = command.iter().chain(directory).chain(files).chain(tool);
        if nothing || *more_files > 0 || !texts.into_iter().all(|it| is_clear(it)) {
            return None;
        }
        Some(Self {
            command: command.clone(),
            directory: directory.clone(),
            files: files.iter().cloned().collect(),
            tool: tool.clone(),
        })
    }
}

impl Question {
    /// Whether [`crate::Reply::AllowForRun`] says more than [`crate::Reply::Allow`]: the run is known, and the like can be
    /// recognised.
    pub fn can_allow_for_run(&self) -> bool {
        self.run.is_some() && Like::of(&self.ask).is_some()
    }
}

/// What was decided in one run.
#[derive(Default)]
pub(super) struct Memory {
    /// What the user allowed for the run, with the agent.
    allowed: BTreeSet<(String, Like)>,
    by_policy: BTreeMap<String, Counts>,
    /// How often agents were denied by `approve = "never"`.
    never: BTreeMap<String, usize>,
    notes: Vec<String>,
    notes_left_out: usize,
}

/// What the configuration allowed one agent.
#[derive(Clone, Copy, Default)]
struct Counts {
    commands: usize,
    changes: usize,
    tools: usize,
}

impl Memory {
    pub(super) fn allow(&mut self, agent: &str, like: Like) {
        if self.allowed.len() < MAX_ALLOWED {
            self.allowed.insert((agent.to_owned(), like));
        }
    }
    pub(super) fn allows(&self, agent: &str, ask: &Ask) -> bool {
        Like::of(ask).is_some_and(|like| self.allowed.contains(&(agent.to_owned(), like)))
    }
    /// Counts what the configuration allowed.
    pub(super) fn count(&mut self, agent: &str, approval: &Approval) {
        let counts = self.by_policy.entry(agent.to_owned()).or_default();
        if approval.command.is_some() {
            counts.commands += 1;
        } else if approval.files.is_empty() {
            counts.tools += 1;
        } else {
            counts.changes += 1;
        }
    }
    /// Counts what was denied by `approve = "never"`.
    pub(super) fn deny(&mut self, agent: &str) {
        *self.never.entry(agent.to_owned()).or_default() += 1;
    }
    /// Keeps a remark; the same one only once.
    pub(super) fn note(&mut self, text: String) {
        if self.notes.contains(&text) {
            return;
        }
        if self.notes.len() < MAX_NOTES {
            self.notes.push(text);
        } else {
            self.notes_left_out += 1;
        }
    }
    pub(super) fn into_notes(self) -> Vec<String> {
        let by_policy = self.by_policy.iter().map(|(agent, counts)| {
            let counts = counts.in_words();
            format!("agent `{agent}` was allowed {counts} by the configuration (`approve`)")
        });
        let never = self.never.iter().map(|(agent, count)| {
            let times = super::words::plural(*count, "time");
            format!("agent `{agent}` asked for approval {times} and was denied: `approve` is \"never\" in its configuration")
        });
        let mut notes: Vec<String> = by_policy.chain(never).collect();
        notes.extend(self.notes);
        if self.notes_left_out > 0 {
            notes.push(format!(
                "{} more questions of agents were denied",
                self.notes_left_out
            ));
        }
        notes
    }
}

impl Counts {
    /// `3 commands and 1 change of files`.
    fn in_words(self) -> String {
        let words = [
            (self.commands, "command", "commands"),
            (self.changes, "change of files", "changes of files"),
            (self.tools, "use of a tool", "uses of tools"),
        ];
        let words = words.iter().filter(|it| it.0 > 0);
        let words: Vec<String> = words
            .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
            .collect();
        words.join(" and ")
    }
}
