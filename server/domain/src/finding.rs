//! Findings: what an agent said, before and after its place in the text is known.

use crate::anchor::Anchor;
use crate::locate::Tier;
use crate::path::RelPath;
use crate::text::TextRange;
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;
mod words;

/// How bad it is. Ordered: `Hint < Info < Warning < Error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a thought.
    Hint,
    /// Good to know.
    Info,
    /// Should be looked at.
    Warning,
    /// Is wrong.
    Error,
}

/// What kind of remark it is. `Other` keeps the agent's own word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Does the wrong thing.
    Correctness,
    /// Lets somebody in, or something out.
    Security,
    /// Races, deadlocks.
    Concurrency,
    /// Slow or wasteful.
    Performance,
    /// Awkward or breaking interfaces.
    Api,
    /// Missing or wrong tests.
    Tests,
    /// Missing or wrong documentation.
    Docs,
    /// Looks.
    Style,
    /// A misspelt word.
    Spelling,
    /// Anything else, in the agent's word (lower case, at most 40 characters of `[a-z0-9_./@-]`).
    #[serde(untagged)]
    Other(String),
}

/// A finding as an agent told it; nothing in it is trusted or checked against the text yet.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RawFinding {
    /// The file, in the agent's words: absolute, relative, or a `file:` URI.
    pub path: Option<String>,
    /// Where in the file.
    pub place: RawPlace,
    /// How bad.
    pub severity: Option<Severity>,
    /// What kind.
    pub category: Option<Category>,
    /// The agent's own rule or code, e.g. `no-unused-vars`.
    pub code: Option<String>,
    /// One line.
    pub title: String,
    /// The explanation, markdown; may be empty.
    pub body: String,
    /// The agent's own confidence, 0 to 1.
    pub confidence: Option<f32>,
    /// Text that should replace the place (the quote where there is one, else the named lines or columns).
    pub replacement: Option<String>,
    /// A replacement with its own place (SARIF, rdjson, ESLint), where it is not the finding's own.
    pub replacement_place: Option<RawPlace>,
}

/// A place in the agent's words. Lines and columns are 1-based here whatever the format counted;
/// the column's unit is in [`RawColumn`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RawPlace {
    /// Verbatim text of the place, possibly several lines.
    pub quote: Option<String>,
    /// The enclosing or named symbol.
    pub symbol: Option<String>,
    /// First line, 1-based.
    pub start_line: Option<u32>,
    /// Last line, 1-based, inclusive.
    pub end_line: Option<u32>,
    /// Column of the first character, 1-based.
    pub start_column: Option<RawColumn>,
    /// Column after the last character, 1-based, in `end_line`.
    pub end_column: Option<RawColumn>,
    /// Byte or UTF-16 offsets into the whole file (0-based, half-open), for formats that give them.
    pub offsets: Option<RawOffsets>,
    /// The format counts lines from 0 by its rules but agents often count from 1: the line may be one too high.
    pub maybe_zero_based: bool,
}

/// A 1-based column in some unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawColumn {
    /// 1-based.
    pub value: u32,
    /// What it counts.
    pub unit: crate::text::Encoding,
}

/// 0-based half-open offsets into the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawOffsets {
    /// First.
    pub start: u64,
    /// After the last.
    pub end: u64,
    /// What they count.
    pub unit: crate::text::Encoding,
}

/// Name of a finding: 16 hexadecimal digits, the same for the same remark of the same agent on the same text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(pub String);

/// A finding with its place checked against a snapshot of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// See [`FindingId`]; made by [`Finding::identify`].
    pub id: FindingId,
    /// Name of the agent that said it.
    pub agent: String,
    /// Its provider; agents of one provider are not independent.
    pub provider: String,
    /// The file, relative to the workspace root.
    pub path: RelPath,
    /// Where, in bytes of the snapshot it was located in. For an unlocated finding: the empty range at 0.
    pub range: TextRange,
    /// How the place was found.
    pub tier: Tier,
    /// How bad.
    pub severity: Severity,
    /// What kind.
    pub category: Category,
    /// The agent's own rule or code.
    pub code: Option<String>,
    /// One line of plain text, sanitized.
    pub title: String,
    /// The explanation, markdown, sanitized; may be empty.
    pub body: String,
    /// The agent's own confidence, 0 to 1.
    pub confidence: Option<f32>,
    /// A ready fix; only ever set when the place is exact enough for an automatic edit ([`Tier::allows_edit`]).
    pub fix: Option<crate::edit::TextEdit>,
    /// What keeps the place when the text moves.
    pub anchor: Anchor,
}

impl Finding {
    /// Computes [`Finding::id`] from agent, path, category, title and the anchored text without white space,
    /// and `occurrence`, which counts equal ones in one file from 0.
    pub fn identify(&mut self, occurrence: u32) {
        let mut hash = blake3::Hasher::new();
        let mut field = |text: &str| {
            // The length keeps neighbouring fields apart.
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        field(&self.agent);
        field(self.path.as_str());
        field(self.category.as_str());
        field(&normalise_title(&self.title));
        field(&self.anchor.quote.split_whitespace().collect::<String>());
        field(&occurrence.to_string());
        self.id = FindingId(hash.finalize().to_hex()[..16].to_owned());
    }
}

/// A title without what an agent varies freely: case, punctuation and white space.
fn normalise_title(title: &str) -> String {
    let words = title
        .split(|it: char| !it.is_alphanumeric())
        .filter(|it| !it.is_empty());
    words
        .flat_map(|it| it.chars().flat_map(char::to_lowercase).chain([' ']))
        .collect()
}
