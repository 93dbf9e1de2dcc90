//! Reading an answer of unknown shape into findings plus the problems met.
//!
//! Lenient on form: many key names, words for numbers, JSON inside of prose. Strict on meaning: nothing is
//! made up, and what is left out is told among the problems.

use crate::finding::RawFinding;

mod checkstyle;
mod codex;
mod collect;
pub(crate) mod contract;
mod detect;
mod envelope;
pub(crate) mod eslint;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod lsp;
mod markdown;
mod place;
mod plain;
mod rdjson;
mod repair;
mod report_findings;
pub(crate) mod sarif;
mod semgrep;
mod statement;
#[cfg(test)]
mod tests;

pub use statement::{Quote, Statement, read_statement};

/// The shape an answer is expected to have, or was found to have.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Find out.
    #[default]
    Auto,
    /// Our agent contract's JSON, and JSON that is like it under other common key names.
    Findings,
    /// Codex review: JSON or its text form.
    CodexReview,
    /// Claude Code's `ReportFindings` JSON.
    ReportFindings,
    /// SARIF 2.1.0.
    Sarif,
    /// reviewdog's rdjson.
    Rdjson,
    /// reviewdog's rdjsonl.
    Rdjsonl,
    /// checkstyle XML.
    Checkstyle,
    /// A list of LSP diagnostics.
    Lsp,
    /// ESLint's JSON results.
    Eslint,
    /// Semgrep's JSON results.
    Semgrep,
    /// Plain lines (`path:line: message`) and markdown lists.
    Text,
}

impl Format {
    /// True for a shape that linters and scanners write, so that whoever answers in it most likely goes by fixed rules.
    pub fn is_of_linters(self) -> bool {
        matches!(
            self,
            Self::Sarif
                | Self::Rdjson
                | Self::Rdjsonl
                | Self::Checkstyle
                | Self::Eslint
                | Self::Semgrep
        )
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Parsed {
    /// The findings, in the answer's order; at most [`MAX_FINDINGS`].
    pub findings: Vec<RawFinding>,
    /// What could not be read, in words for a person: `finding 3: no title`.
    pub problems: Vec<String>,
    /// The shape that was found.
    pub format: Format,
    /// The agent's own summary, where the shape has one.
    pub summary: Option<String>,
    /// Use of tokens and money, where told.
    pub usage: Option<Usage>,
    /// The agent's session, where told.
    pub session: Option<String>,
    /// What the agent says that it did not review; at most [`MAX_SKIPPED`].
    pub skipped: Vec<Skipped>,
    /// True when the answer clearly says that nothing was found (an empty list, `No findings.`) in what was not skipped.
    /// False with no findings means: nothing in it could be understood.
    pub clean: bool,
    /// True when part of the answer is missing or the agent says that it failed: what the answer is silent about may
    /// not have been reviewed. The reason is among the problems.
    pub incomplete: bool,
}

/// A file that the agent says it did not review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file, in the agent's words.
    pub path: String,
    /// Why, in the agent's words: one line, sanitized; may be empty.
    pub reason: String,
}

/// What a call used, as the agent tells it.
#[derive(Clone, Debug, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: Option<u64>,
    /// Tokens written.
    pub output_tokens: Option<u64>,
    /// US dollars.
    pub cost_usd: Option<f64>,
    /// The model's name.
    pub model: Option<String>,
}

/// Most findings taken from one answer; the rest is counted in the problems.
pub const MAX_FINDINGS: usize = 1000;
/// Most skipped files taken from one answer; with more, the answer counts as incomplete.
pub const MAX_SKIPPED: usize = 1000;
/// Longest answer text read, in bytes; the rest is cut and the cut is a problem.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What a tool says that shall stand somewhere instead of what is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replacement {
    /// The file, in the tool's words.
    pub(crate) path: String,
    pub(crate) place: crate::finding::RawPlace,
    pub(crate) new_text: String,
}

/// What a tool replaces, and why more of it is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Replacements {
    pub(crate) taken: Vec<Replacement>,
    pub(crate) problems: Vec<String>,
}

/// Reads text that is a place and nothing else (`src/a.rs:12-14`): the file and the place in it.
pub(crate) fn spot_of(text: &str) -> Option<(Option<String>, crate::finding::RawPlace)> {
    let place::Spot { path, place } = place::spot(text)?;
    Some((path, place))
}

/// Reads structured content where there is some, else the text parts.
///
/// Never fails: what cannot be understood is among the problems.
pub fn parse(structured: Option<&serde_json::Value>, texts: &[String], expected: Format) -> Parsed {
    let mut out = collect::Collector::new(expected);
    let read = structured.is_some_and(|value| envelope::read(value, &mut out));
    if !read {
        detect::read_texts(texts, &mut out);
    }
    out.finish()
}
