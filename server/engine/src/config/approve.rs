//! `approve`: what an agent may do without asking, as it is written and as it holds.

use super::draft::Draft;
use super::problems::Problem;
use super::source::Source;
use crate::approve::{Approve, Pattern};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Most patterns of one agent; the rest is left out.
const MAX_PATTERNS: usize = 200;
/// Longest part of a wrong value that an error repeats, in characters.
const MAX_SHOWN: usize = 40;
const NEVER: &str = "never";
const ASK: &str = "ask";

/// The key as it is written; patterns are not looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ApproveKey {
    Never,
    Ask,
    Patterns(Vec<String>),
}

impl ApproveKey {
    /// True when something is allowed without asking.
    pub(super) fn has_patterns(&self) -> bool {
        matches!(self, Self::Patterns(patterns) if !patterns.is_empty())
    }
    /// True when it allows nothing without asking, and asks for nothing that would be denied otherwise.
    pub(super) fn is_no_looser(&self, than: Option<&Self>) -> bool {
        match self {
            Self::Never => true,
            Self::Ask | Self::Patterns(_) => !self.has_patterns() && than != Some(&Self::Never),
        }
    }
    /// What an agent would be allowed, the end of a sentence.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Patterns(patterns) if !patterns.is_empty() => {
                let patterns: Vec<String> = patterns.iter().map(|it| format!("`{it}`")).collect();
                format!("would be allowed without asking: {}", patterns.join(", "))
            }
            Self::Never => "would be denied whatever needs approval".to_owned(),
            Self::Ask | Self::Patterns(_) => "would ask for approval".to_owned(),
        }
    }
}

/// What holds for an agent. A pattern that is none is left out, which allows less.
pub(super) fn approve(
    name: &str,
    draft: &Draft,
    sources: &[&Source],
    problems: &mut Vec<Problem>,
) -> Approve {
    let Some(said) = &draft.approve else {
        return Approve::default();
    };
    let texts = match &said.value {
        ApproveKey::Never => return Approve::Never,
        ApproveKey::Ask => return Approve::Ask,
        ApproveKey::Patterns(texts) => texts,
    };
    let mut problem = |message: &str| {
        problems.push(sources[said.by].agent_problem(name, &["approve"], message));
    };
    let dropped = texts.len().saturating_sub(MAX_PATTERNS);
    if dropped > 0 {
        problem(&format!(
            "{dropped} patterns are left out: {MAX_PATTERNS} is the most"
        ));
    }
    let mut patterns = Vec::new();
    for text in texts.iter().take(MAX_PATTERNS) {
        match text.parse::<Pattern>() {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => problem(&format!("the pattern `{text}` is left out: {error}")),
        }
    }
    Approve::Patterns(patterns)
}

impl Serialize for ApproveKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str(NEVER),
            Self::Ask => serializer.serialize_str(ASK),
            Self::Patterns(patterns) => patterns.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ApproveKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ApproveVisitor;
        impl<'de> Visitor<'de> for ApproveVisitor {
            type Value = ApproveKey;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"never\", \"ask\" or a list of patterns")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<ApproveKey, E> {
                match word {
                    NEVER => Ok(ApproveKey::Never),
                    ASK => Ok(ApproveKey::Ask),
                    _ => {
                        let word = domain::sanitize::line(word, MAX_SHOWN);
                        Err(E::custom(format!(
                            "\"{word}\" is neither \"never\" nor \"ask\"; patterns are written as a list, like [\"npm test\"]"
                        )))
                    }
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ApproveKey, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = list.next_element()? {
                    patterns.push(pattern);
                }
                Ok(ApproveKey::Patterns(patterns))
            }
        }
        deserializer.deserialize_any(ApproveVisitor)
    }
}

impl JsonSchema for ApproveKey {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Approve".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "enum": [NEVER, ASK] },
                { "type": "array", "items": { "type": "string" } },
            ],
        })
    }
}
