//! What makes two questions the same: a hash over everything that shapes an agent's answer about a hunk.
//!
//! It covers the agent (name, provider, how it is started, its tool, templates and answer format), our own words, the user's
//! instructions, the guidelines that hold for the file, the file's name, the hunk's text, what it replaces, the block around
//! it and the first lines of the blocks around that. It does not cover where in the file the hunk stands, the rest of what
//! the agent sees or reads (other hunks, other files), what was dismissed, or keys that are only there to log in.

use super::blocks::{Lines, Surroundings};
use crate::guidelines::Guideline;
use crate::prompt;
use crate::scope::Target;
use agents::{AgentSpec, Endpoint, Operation};
use domain::text::{Text, TextRange};
use std::ops::Range;

pub(super) use crate::ledger::Key;

/// Grows when the parts of a key change their meaning.
const VERSION: &str = "1";
/// Words in names of variables and headers whose values only open doors; they change without changing any answer.
const SECRETS: &[&str] = &[
    "key", "token", "secret", "passw", "auth", "cookie", "session",
];

/// A hash of parts that cannot run into each other.
#[derive(Clone)]
pub(super) struct Parts(blake3::Hasher);

impl Parts {
    pub(super) fn new(of: &str) -> Self {
        let mut parts = Self(blake3::Hasher::new());
        parts.add(of);
        parts
    }
    pub(super) fn add(&mut self, part: &str) {
        self.add_bytes(part.as_bytes());
    }
    fn add_bytes(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }
    pub(super) fn key(&self) -> Key {
        *self.0.finalize().as_bytes()
    }
}

/// The part that all hunks of a run have in common for an agent.
pub(super) fn of_agent(spec: &AgentSpec, sees_secrets: bool, instructions: &[String]) -> Parts {
    let mut parts = Parts::new("answer");
    parts.add(VERSION);
    parts.add(prompt::fixed_words());
    parts.add(&spec.name);
    parts.add(&spec.provider);
    match &spec.endpoint {
        Endpoint::Stdio { command, env, cwd } => {
            parts.add("stdio");
            for word in command {
                parts.add(word);
            }
            if command.first().is_some_and(|it| it == "crosscheck") {
                parts.add(env!("CARGO_PKG_VERSION"));
            }
            parts.add("");
            add_values(&mut parts, env.iter());
            parts.add(
                &cwd.as_ref()
                    .map_or_else(String::new, |it| it.display().to_string()),
            );
        }
        Endpoint::Http { url, headers, .. } => {
            parts.add("http");
            parts.add(url);
            add_values(&mut parts, headers.iter());
        }
    }
    if let Some(operation) = spec.operations.get(&Operation::Review) {
        parts.add(&operation.tool);
        parts.add(&operation.arguments.to_string());
        parts.add(&format!("{:?} {:?}", operation.answer, operation.reads));
    }
    parts.add(if sees_secrets { "secrets" } else { "masked" });
    for wish in instructions {
        parts.add(wish.trim());
    }
    parts.add("");
    parts
}

fn add_values<'a>(parts: &mut Parts, values: impl Iterator<Item = (&'a String, &'a String)>) {
    for (name, value) in values {
        let lower = name.to_lowercase();
        if !SECRETS.iter().any(|it| lower.contains(it)) {
            parts.add(name);
            parts.add(value);
        }
    }
    parts.add("");
}

/// The part that all hunks of a file have in common.
pub(super) fn of_file(
    agent: &Parts,
    target: &Target,
    guidelines: &[Guideline],
    is_change: bool,
) -> Parts {
    let mut parts = agent.clone();
    parts.add(target.path.as_str());
    for guideline in guidelines {
        if guideline.applies_to.contains(&target.path) {
            parts.add(guideline.path.as_str());
            parts.add(&guideline.text);
        }
    }
    parts.add("");
    parts.add(match (is_change, &target.ranges) {
        (false, _) => "code",
        (true, Some(_)) => "change",
        (true, None) => "new file",
    });
    parts
}

/// The key of a hunk. `change`: its part of the diff, without line numbers.
pub(super) fn of_hunk(
    file: &Parts,
    text: &Text,
    bytes: TextRange,
    lines: &Lines<'_>,
    around: &Surroundings,
    change: &str,
) -> Parts {
    let mut parts = file.clone();
    parts.add(&text.slice(bytes));
    for head in &around.heads {
        parts.add(lines.get(*head));
    }
    parts.add("");
    for line in around.block.clone() {
        parts.add(lines.get(line));
    }
    parts.add("");
    parts.add(change);
    parts
}

/// What names the place of a hunk, whatever is edited in it.
pub(super) fn of_region(
    target: &Target,
    lines: &Lines<'_>,
    around: &Surroundings,
    hunk: &Range<usize>,
) -> Parts {
    let mut parts = Parts::new("region");
    parts.add(target.path.as_str());
    for head in &around.heads {
        parts.add(lines.get(*head).trim());
    }
    parts.add("");
    // The lines of a larger hunk have a name of their own; a change inside of a block has the block's.
    if target.ranges.is_none() || around.heads.is_empty() {
        parts.add(lines.name(hunk));
    }
    parts
}

/// Name of a set of hunks.
pub(super) fn of_all(keys: &mut [Key]) -> Key {
    keys.sort_unstable();
    let mut parts = Parts::new("together");
    for key in keys {
        parts.add_bytes(key);
    }
    parts.key()
}
