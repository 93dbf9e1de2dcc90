//! Checks: what another agent says of a finding that it was asked to refute.

mod evidence;

use crate::anchor::Anchor;
use crate::locate::Locator;
use crate::path::RelPath;
use crate::text::{Text, TextRange};
pub use evidence::{Weighed, has_quote, weigh};
use serde::{Deserialize, Serialize};

/// What one agent says of a finding after it looked into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Name of the agent that checked.
    pub agent: String,
    /// Its provider. A check by the provider that made the finding counts for nothing.
    pub provider: String,
    /// What it says, as far as that counts: see [`Check::caveat`].
    #[serde(rename = "verdict")]
    pub outcome: Outcome,
    /// Why, in its own words: markdown, sanitized; may be empty.
    pub why: String,
    /// What it quotes for it. Each quote stood in its file.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// An input or condition under which the finding shows: sanitized, in the agent's words.
    #[serde(default)]
    pub failing_input: Option<String>,
    /// Why what it says counts as [`Outcome::Unsure`]: a sentence without its full stop.
    #[serde(default)]
    pub caveat: Option<String>,
}

/// Text of a file that an agent gives as a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The file.
    pub path: RelPath,
    /// Its text, equal but for white space; without invisible characters.
    pub quote: String,
}

/// What came of a check. (The agent contract and our JSON name the field for it `verdict`; in code that word is kept for what people
/// decide.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The finding is right.
    Confirmed,
    /// The finding is wrong.
    Refuted,
    /// It cannot be told.
    Unsure,
}

impl Check {
    /// A bare one.
    pub fn new(agent: &str, provider: &str, outcome: Outcome) -> Self {
        Self {
            agent: agent.to_owned(),
            provider: provider.to_owned(),
            outcome,
            why: String::new(),
            evidence: Vec::new(),
            failing_input: None,
            caveat: None,
        }
    }
}

impl Check {
    /// True when it quotes `path`.
    pub fn quotes(&self, path: &RelPath) -> bool {
        self.evidence.iter().any(|it| it.path == *path)
    }

    /// True while what it quotes of `path` stands in the text of it, for which `locator` is.
    pub fn stands_in(&self, path: &RelPath, locator: &Locator<'_>) -> bool {
        let mut here = self.evidence.iter().filter(|it| it.path == *path);
        here.all(|it| evidence::stands(&it.quote, locator))
    }
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refuted => "refuted",
            Self::Unsure => "unsure",
        }
    }

    /// Reads an outcome in an agent's words: `CONFIRMED`, `false positive`, `cannot tell`, …; `None` for any other words.
    pub fn parse(words: &str) -> Option<Self> {
        let plain: String = words
            .chars()
            .map(|it| if it.is_alphanumeric() { it } else { ' ' })
            .flat_map(char::to_lowercase)
            .collect();
        let plain: Vec<&str> = plain.split_whitespace().collect();
        Some(match plain.join(" ").as_str() {
            "confirmed" | "confirm" | "confirms" | "valid" | "true" | "true positive"
            | "correct" | "real" | "real bug" | "upheld" | "holds" | "agree" | "agreed"
            | "accepted" | "genuine" => Self::Confirmed,
            "refuted" | "refute" | "refutes" | "disproved" | "disproven" | "invalid" | "false"
            | "false positive" | "incorrect" | "wrong" | "rejected" | "reject" | "not a bug"
            | "not real" | "not valid" | "disagree" | "dismissed" | "unfounded" => Self::Refuted,
            "unsure"
            | "uncertain"
            | "unknown"
            | "inconclusive"
            | "unclear"
            | "undecided"
            | "undetermined"
            | "cannot tell"
            | "can not tell"
            | "cannot determine"
            | "not confirmed"
            | "not refuted"
            | "unconfirmed"
            | "unverified"
            | "plausible"
            | "maybe"
            | "possible"
            | "possibly"
            | "partially"
            | "partially confirmed"
            | "needs more information"
            | "insufficient evidence" => Self::Unsure,
            _ => return None,
        })
    }
}

/// What the text of a finding is known by: a check holds for this text and for no other. `place` is in bytes of `text`, and `None`
/// for a finding that is about the whole file. White space does not count.
pub fn text_key(text: &Text, place: Option<TextRange>) -> String {
    let quote = match place {
        Some(place) => Anchor::of(text, place, None).quote,
        None => text.to_string(),
    };
    let mut hash = blake3::Hasher::new();
    for word in quote.split_whitespace() {
        hash.update(word.as_bytes());
    }
    hash.finalize().to_hex()[..16].to_owned()
}
