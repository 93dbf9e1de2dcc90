//! The agent contract as data: what the tools `review`, `edit` and `ask` take and answer.
//!
//! `docs/agent-contract.md` is the same for people. Unknown keys are ignored on both sides, so the
//! contract can grow without a new version; a key never changes its meaning.

pub mod approval;

use domain::finding::{Category, Severity};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Version of the contract. Told in each tool's `_meta` under [`VERSION_KEY`].
pub const VERSION: u32 = 1;

/// Key of [`VERSION`] in a tool's `_meta`.
pub const VERSION_KEY: &str = "crosscheck/contract";

/// Arguments of `review`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReviewRequest {
    /// What to look for, in words: the task, the project's guidelines, questions.
    pub instructions: String,
    /// Absolute path of the directory that all paths are relative to. It is only to be read.
    pub root: String,
    /// What to review; none means everything under `root`.
    pub targets: Vec<Target>,
    /// The change under review as a unified diff, where the review is about a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// A file, or a part of it, or a directory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Path relative to `root`, with `/` between names.
    pub path: String,
    /// The lines in question; missing or empty means the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranges: Option<Vec<LineRange>>,
    /// The current text of the whole file; it wins over the file on disk, which may be older. Missing means:
    /// read the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Some whole lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineRange {
    /// First line, 1-based.
    pub start_line: u32,
    /// Last line, 1-based, inclusive.
    pub end_line: u32,
}

/// Answer of `review`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewAnswer {
    /// What was found; empty when nothing is wrong.
    pub findings: Vec<Finding>,
    /// A few words on the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Targets that were asked for and not reviewed. Silence means reviewed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// What the call cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Names the conversation, for a later `ask` or `edit` in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// A file that was not reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// As in the request, or relative to `root`.
    pub path: String,
    /// Why, in words for a person.
    pub reason: String,
}

/// One located remark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The file, relative to `root`.
    pub path: String,
    /// First line, 1-based.
    pub start_line: u32,
    /// Last line, 1-based, inclusive.
    pub end_line: u32,
    /// The text of the place, verbatim: the few words or lines that the finding is about. It decides where the
    /// finding goes; the numbers only choose between equal texts.
    pub quote: String,
    /// Name of the function, type or other symbol around the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// How bad: `error`, `warning`, `info` or `hint`.
    #[schemars(schema_with = "severity_schema")]
    pub severity: Severity,
    /// What kind: `correctness`, `security`, `concurrency`, `performance`, `api`, `tests`, `docs`, `style`,
    /// `spelling`, or a word of your own.
    #[schemars(schema_with = "category_schema")]
    pub category: Category,
    /// One line of plain text.
    pub title: String,
    /// The explanation, markdown: why, under which conditions, what to do. May be empty.
    pub body: String,
    /// How sure, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// What the quote should be replaced with, where that is certain to be right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// Column of the quote's first character in `start_line`: 1-based, counted in Unicode characters (scalar
    /// values).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_column: Option<u32>,
    /// Column after the quote's last character in `end_line`: 1-based, counted in Unicode characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<u32>,
}

/// Arguments of `edit`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EditRequest {
    /// What to change, in words.
    pub instructions: String,
    /// Absolute path of a disposable copy of the project: write there.
    pub root: String,
    /// Where the change is expected; none means anywhere. The files under `root` are current, so `text` is
    /// not used.
    pub targets: Vec<Target>,
    /// Continue this conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// Answer of `edit`. The change is what differs under `root` afterwards; `patch` is for agents that cannot write.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EditAnswer {
    /// What was done, in words.
    pub summary: String,
    /// The change as a unified diff against `root` as it was. Files that were also written win over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// What the call cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Names the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// Arguments of `ask`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AskRequest {
    /// The question.
    pub prompt: String,
    /// Absolute path of the directory it is about. It is only to be read.
    pub root: String,
    /// Continue this conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// Answer of `ask`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AskAnswer {
    /// The answer, markdown.
    pub text: String,
    /// What the call cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Names the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// What a call cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// The model's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

fn severity_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "enum": ["error", "warning", "info", "hint"],
        "description": "How bad.",
    })
}

fn category_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "description": "What kind: correctness, security, concurrency, performance, api, tests, docs, style, \
                        spelling, or a word of your own.",
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use schemars::schema_for;
    use serde_json::{Value, json};

    const DOCS: &str = include_str!("../../../docs/agent-contract.md");

    fn keys(schema: &Value, keys: &mut Vec<String>) {
        let Some(object) = schema.as_object() else {
            return;
        };
        for (name, value) in object {
            if name == "properties" {
                keys.extend(value.as_object().unwrap().keys().cloned());
            }
            keys_of_any(value, keys);
        }
    }

    fn keys_of_any(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| keys_of_any(item, found)),
            value => keys(value, found),
        }
    }

    #[test]
    fn the_page_for_people_has_every_key() {
        let schemas = [
            schema_for!(ReviewRequest),
            schema_for!(ReviewAnswer),
            schema_for!(EditRequest),
            schema_for!(EditAnswer),
            schema_for!(AskRequest),
            schema_for!(AskAnswer),
        ];
        let mut all = Vec::new();
        schemas
            .iter()
            .for_each(|schema| keys(schema.as_value(), &mut all));
        assert!(all.len() > 40, "{all:?}");
        for key in all {
            let ends = ["`", "?", ",", "}"];
            let is_named = |start: &str| {
                ends.iter()
                    .any(|end| DOCS.contains(&format!("{start}{key}{end}")))
            };
            assert!(
                ["`", "{", " "].into_iter().any(is_named),
                "docs/agent-contract.md does not name `{key}`"
            );
        }
        assert!(DOCS.starts_with(&format!("# The agent contract, version {VERSION}\n")));
        assert!(DOCS.contains(&format!("\"{VERSION_KEY}\": {VERSION}")));
    }

    #[test]
    fn the_example_on_the_page_is_a_finding() {
        let (_, example) = DOCS.split_once("```json\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        let finding: Finding = serde_json::from_str(example).unwrap();
        assert_eq!(finding.category, Category::Correctness);
        assert_eq!(
            serde_json::to_value(&finding).unwrap()["quote"],
            finding.quote.as_str()
        );
    }

    #[test]
    fn missing_and_null_are_the_same() {
        let given = json!({ "root": "/r", "diff": null, "more": 1, "targets": [{ "path": "a", "ranges": null, "text": null }] });
        let request: ReviewRequest = serde_json::from_value(given).unwrap();
        let target = Target {
            path: "a".to_owned(),
            ..Target::default()
        };
        assert_eq!(
            request,
            ReviewRequest {
                root: "/r".to_owned(),
                targets: vec![target],
                ..ReviewRequest::default()
            }
        );
    }
}
