//! Presets: data that says how to talk to a kind of agent. TOML, embedded, overridable by configuration.

use crate::question::ApprovalSpec;
use crate::spec::{Operation, Reads};
use domain::answer::Format;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A kind of agent. Everything is optional: configuration is laid over it key by key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preset {
    /// One line for people.
    pub about: String,
    /// The vendor of the model behind it.
    pub provider: Option<String>,
    /// It goes by fixed rules and has no model; where it is not said, the shape of its reviews tells.
    pub rules: Option<bool>,
    /// Program and arguments.
    pub command: Option<Vec<String>>,
    /// Streamable HTTP endpoint.
    pub url: Option<String>,
    /// A program that must be on `PATH` for the agent to be offered without configuration.
    pub detect: Option<String>,
    /// Program and arguments that print the version of what is behind the agent; holds only for `command` as it is here.
    pub version: Option<Vec<String>>,
    /// Secrets are not hidden from it, because what it sees stays on this machine; holds only for `command` as it is here.
    pub sees_secrets: bool,
    /// No model is behind it: its calls cost nothing, and count for no budget; holds only for `command` as it is here.
    pub free: bool,
    /// How to ask for a review.
    pub review: Option<PresetOperation>,
    /// How to ask for an edit.
    pub edit: Option<PresetOperation>,
    /// How to ask a question.
    pub ask: Option<PresetOperation>,
    /// How its requests for approval look; those of the agent contract when missing.
    pub approval: Option<ApprovalSpec>,
    /// Calls at the same time.
    pub concurrency: Option<usize>,
    /// Deadlines in the configuration's notation (`10m`).
    pub timeout: Option<String>,
    /// Longest time without progress.
    pub idle: Option<String>,
    /// Longest start.
    pub start: Option<String>,
    /// What a person should do when it cannot be started: a sentence for the doctor.
    pub help: Option<String>,
}

/// How a preset asks for one operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetOperation {
    /// Name of the MCP tool.
    pub tool: String,
    /// Arguments; strings are templates.
    #[serde(default)]
    pub arguments: serde_json::Map<String, serde_json::Value>,
    /// The shape of the answer.
    #[serde(default)]
    pub answer: Format,
    /// What the agent looks at.
    #[serde(default)]
    pub reads: Reads,
}

impl Preset {
    /// How it asks for `operation`.
    pub fn operation(&self, operation: Operation) -> Option<&PresetOperation> {
        match operation {
            Operation::Review => self.review.as_ref(),
            Operation::Edit => self.edit.as_ref(),
            Operation::Ask => self.ask.as_ref(),
        }
    }
}

/// The embedded presets by name; `contract` is the generic one for servers that follow the agent contract.
pub fn embedded() -> &'static BTreeMap<&'static str, Preset> {
    static EMBEDDED: OnceLock<BTreeMap<&'static str, Preset>> = OnceLock::new();
    EMBEDDED.get_or_init(|| {
        // A file that cannot be read is left out; a test reads them all.
        let read = |(name, text): &(&'static str, &str)| Some((*name, toml::from_str(text).ok()?));
        FILES.iter().filter_map(read).collect()
    })
}

/// The embedded preset that starts exactly this command, whatever the agent is called and wherever it was configured.
pub fn of_command(command: &[String]) -> Option<&'static Preset> {
    let mut presets = embedded().values();
    presets.find(|it| it.command.as_deref() == Some(command))
}

const FILES: &[(&str, &str)] = &[
    ("builtin", include_str!("presets/builtin.toml")),
    ("chat", include_str!("presets/chat.toml")),
    ("claude", include_str!("presets/claude.toml")),
    (
        "claude-mcp-serve",
        include_str!("presets/claude-mcp-serve.toml"),
    ),
    ("codex", include_str!("presets/codex.toml")),
    (
        "codex-mcp-server",
        include_str!("presets/codex-mcp-server.toml"),
    ),
    ("contract", include_str!("presets/contract.toml")),
    ("eslint", include_str!("presets/eslint.toml")),
    ("gemini", include_str!("presets/gemini.toml")),
    ("ollama", include_str!("presets/ollama.toml")),
    ("opencode", include_str!("presets/opencode.toml")),
    ("pal", include_str!("presets/pal.toml")),
    ("semgrep", include_str!("presets/semgrep.toml")),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::template;
    use serde_json::{Value, json};

    const OPERATIONS: [Operation; 3] = [Operation::Review, Operation::Edit, Operation::Ask];

    #[test]
    fn all_files_are_read_and_their_templates_are_right() {
        for (name, text) in FILES {
            let preset: Preset =
                toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!preset.about.is_empty(), "{name} does not say what it is");
            for operation in OPERATIONS
                .iter()
                .filter_map(|operation| preset.operation(*operation))
            {
                let arguments = Value::Object(operation.arguments.clone());
                template::check(&arguments).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            let replies = preset
                .approval
                .iter()
                .flat_map(|approval| &approval.replies);
            for (reply, template) in replies {
                assert!(
                    ["allow", "allow_for_run", "deny"].contains(&reply.as_str()),
                    "{name}: there is no reply `{reply}`"
                );
                template::render(template, &json!({ "reason": "because" }))
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
        assert_eq!(embedded().len(), FILES.len());
        let on_disk =
            std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/presets")).unwrap();
        assert_eq!(on_disk.count(), FILES.len(), "a preset is not embedded");
    }

    #[test]
    fn what_a_command_is_known_for_holds_for_no_other() {
        for (name, preset) in embedded() {
            if let Some(command) = &preset.command {
                assert_eq!(of_command(command), Some(preset), "{name}");
                let more = [command.as_slice(), &["--more".to_owned()]].concat();
                assert_eq!(of_command(&more), None, "{name}");
            }
        }
        let seers = embedded().iter().filter(|(_, it)| it.sees_secrets);
        let seers: Vec<_> = seers.map(|(name, _)| *name).collect();
        assert_eq!(seers, ["builtin"]);
    }

    #[test]
    fn the_contract_gets_what_it_promises() {
        let variables = json!({
            "prompt": "whole", "instructions": "look", "root": "/w", "diff": null, "session": null,
            "targets": [{ "path": "a.rs", "text": "x" }], "paths": ["/w/a.rs"],
        });
        let fill = |preset: &str, operation| {
            let operation = embedded()[preset].operation(operation).unwrap();
            template::render(&Value::Object(operation.arguments.clone()), &variables).unwrap()
        };
        let task = json!({ "instructions": "look", "root": "/w", "targets": [{ "path": "a.rs", "text": "x" }] });
        assert_eq!(fill("contract", Operation::Review), task);
        assert_eq!(fill("contract", Operation::Edit), task);
        assert_eq!(
            fill("contract", Operation::Ask),
            json!({ "prompt": "whole", "root": "/w" })
        );
        assert_eq!(fill("builtin", Operation::Review), task);
        assert_eq!(
            fill("eslint", Operation::Review),
            json!({ "filePaths": ["/w/a.rs"] })
        );
    }
}
