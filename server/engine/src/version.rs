//! The versions of the programs behind agents, as those programs tell them.

use crate::engine::Engine;
use agents::{AgentSpec, Endpoint, preset};
use domain::sanitize;
use process::run::Limits;
use process::{Environment, Exit, RunError, SpawnError, Spec};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longest time that a program may take to tell its version.
const DEADLINE: Duration = Duration::from_secs(3);
/// Most bytes read of what it prints.
const MAX_OUTPUT: usize = 4096;
/// Longest version, in characters.
const MAX_VERSION: usize = 40;
/// Longest reason, in characters.
const MAX_REASON: usize = 200;

/// A version, or a sentence that says why it is not known.
pub type Version = Result<String, String>;

/// The versions of the programs behind the agents of `root`, by the agents' names; all are asked at once. Agents for
/// which nothing says how to ask are left out. Runs only commands that are part of Crosscheck's own presets.
pub async fn versions(engine: &Engine, root: &Path) -> BTreeMap<String, Version> {
    let mut versions = BTreeMap::new();
    let (Some(loaded), Some(handle)) = (engine.config(root), engine.handle()) else {
        return versions;
    };
    let asked = loaded.config.agents.values().filter_map(|spec| {
        let ask = Ask::of(spec, outside(&engine.paths().state_dir, root))?;
        Some((spec.name.clone(), handle.spawn(ask.answer())))
    });
    for (agent, task) in asked.collect::<Vec<_>>() {
        let fault =
            |error| format!("asking for it failed because of a fault in crosscheck: {error}");
        let version = task.await.unwrap_or_else(|error| Err(fault(error)));
        versions.insert(agent, version);
    }
    versions
}

/// A program that is asked for its version.
pub(crate) struct Ask {
    command: Vec<String>,
    env: BTreeMap<String, String>,
    directory: PathBuf,
}

impl Ask {
    /// `None` for an agent whose command is not exactly that of a preset of ours that says how to ask.
    pub(crate) fn of(spec: &AgentSpec, directory: PathBuf) -> Option<Self> {
        let Endpoint::Stdio { command, env, .. } = &spec.endpoint else {
            return None;
        };
        let preset = preset::of_command(command)?;
        Some(Self {
            command: preset.version.clone()?,
            env: env.clone(),
            directory,
        })
    }

    /// Runs it.
    pub(crate) async fn answer(self) -> Version {
        let (program, args) = self.command.split_first().ok_or("no command tells it")?;
        let line = self.command.join(" ");
        let spec = Spec {
            program: program.into(),
            args: args.iter().map(Into::into).collect(),
            cwd: self.directory,
            environment: self
                .env
                .iter()
                .fold(Environment::inherited(), |all, (name, value)| {
                    all.with(name, value)
                }),
        };
        let limits = Limits {
            deadline: DEADLINE,
            stdout: MAX_OUTPUT,
            cancel: CancellationToken::new(),
        };
        let output = process::run(&spec, b"", &limits).await;
        let output = output.map_err(|error| match error {
            RunError::Spawn(SpawnError::NotFound { .. }) => {
                format!("`{program}` was not found on PATH")
            }
            error => sanitize::line(&error.to_string(), MAX_REASON),
        })?;
        let said = String::from_utf8_lossy(&output.stdout);
        if output.exit != Exit::Code(0) {
            let words = if said.trim().is_empty() {
                output.stderr.as_str().into()
            } else {
                said
            };
            return Err(failed(&line, &output.exit, &words));
        }
        find(&said).ok_or_else(|| match sanitize::line(&said, MAX_REASON) {
            said if said.is_empty() => format!("`{line}` printed nothing"),
            said => format!("`{line}` printed no version, but: {said}"),
        })
    }
}

/// A directory that exists and is not in the workspace, so that nothing there can change what a program does.
pub(crate) fn outside(state: &Path, root: &Path) -> PathBuf {
    let mut directories = state.ancestors();
    let directory = directories.find(|it| it.is_dir() && !it.starts_with(root));
    directory.map_or_else(std::env::temp_dir, Path::to_owned)
}

fn failed(line: &str, exit: &Exit, said: &str) -> String {
    let how = match exit {
        Exit::Code(code) => format!("ended with exit code {code}"),
        Exit::Signal(signal) => format!("was ended by signal {signal}"),
        Exit::Unknown => "ended in an unknown way".to_owned(),
    };
    match sanitize::line(said, MAX_REASON) {
        said if said.is_empty() => format!("`{line}` {how}"),
        said => format!("`{line}` {how}: {said}"),
    }
}

/// The first thing that looks like a version: `0.169.0` of `codex-cli 0.169.0`.
fn find(text: &str) -> Option<String> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || ".-+_".contains(it);
    let text = sanitize::line(text, MAX_OUTPUT);
    text.split(|it| !is_part(it)).find_map(version)
}

fn version(word: &str) -> Option<String> {
    let word = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let word = word.trim_end_matches(|it: char| !it.is_ascii_alphanumeric());
    let (major, rest) = word.split_once('.')?;
    let is_number = !major.is_empty() && major.bytes().all(|it| it.is_ascii_digit());
    let is_version = is_number && rest.starts_with(|it: char| it.is_ascii_digit());
    (is_version && word.len() <= MAX_VERSION).then(|| word.to_owned())
}

#[cfg(test)]
mod tests;
