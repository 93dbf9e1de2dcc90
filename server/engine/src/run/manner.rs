//! What an agent is shown: text or files, a prompt or only data, with secrets or without.

use agents::spec::Reads;
use agents::{AgentSpec, Endpoint, Operation, preset};
use serde_json::Value;

/// How an agent is asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// What it looks at.
    pub(crate) reads: Reads,
    /// Secrets are hidden from it.
    pub(crate) mask_secrets: bool,
    /// Its arguments use the prompt.
    pub(crate) needs_prompt: bool,
    /// It is told in words what to do.
    pub(crate) takes_words: bool,
    /// It is told which lines of a file it is asked about.
    pub(crate) takes_ranges: bool,
}

impl Manner {
    pub(crate) fn of(spec: &AgentSpec, operation: Operation) -> Self {
        let operation = spec.operations.get(&operation);
        let preset = match &spec.endpoint {
            Endpoint::Stdio { command, .. } => preset::of_command(command),
            Endpoint::Http { .. } => None,
        };
        Self {
            reads: operation.map_or(Reads::Text, |it| it.reads),
            mask_secrets: preset.is_none_or(|it| !it.sees_secrets),
            needs_prompt: operation.is_none_or(|it| uses(&it.arguments, "prompt")),
            takes_words: operation.is_none_or(|it| {
                uses(&it.arguments, "prompt") || uses(&it.arguments, "instructions")
            }),
            takes_ranges: operation.is_none_or(|it| {
                let all = ["prompt", "instructions", "targets"];
                all.iter().any(|name| uses(&it.arguments, name))
            }),
        }
    }
}

/// True when an agent can be asked for something in words by this operation.
pub(crate) fn takes_words(spec: &AgentSpec, operation: Operation) -> bool {
    let operation = spec.operations.get(&operation);
    let words = ["prompt", "instructions"];
    operation.is_some_and(|it| words.iter().any(|word| uses(&it.arguments, word)))
}

/// True when a template in `arguments` may use a variable; a word that only looks like it does no harm.
fn uses(arguments: &Value, variable: &str) -> bool {
    match arguments {
        Value::String(template) => template.contains('{') && template.contains(variable),
        Value::Array(items) => items.iter().any(|it| uses(it, variable)),
        Value::Object(entries) => entries.values().any(|it| uses(it, variable)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn templates_that_use_the_prompt_are_found() {
        assert!(uses(
            &json!({ "task": [{ "text": "Do: {{ prompt }}" }] }),
            "prompt"
        ));
        assert!(!uses(
            &json!({ "prompt": "{{ instructions }}", "word": "prompt" }),
            "prompt"
        ));
    }
}
