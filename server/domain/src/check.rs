//! Checks: what another agent says of a finding that it was asked to refute.

use serde::{Deserialize, Serialize};

/// What one agent says of a finding after it looked into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Name of the agent that checked.
    pub agent: String,
    /// Its provider. A check by the provider that made the finding counts for nothing.
    pub provider: String,
    /// What it says.
    pub verdict: Verdict,
    /// Why, in its own words: markdown, sanitized; may be empty.
    pub why: String,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The finding is right.
    Confirmed,
    /// The finding is wrong.
    Refuted,
    /// It cannot be told.
    Unsure,
}

impl Verdict {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refuted => "refuted",
            Self::Unsure => "unsure",
        }
    }
}
