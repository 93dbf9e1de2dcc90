//! Building what an agent is asked: instructions, guidelines, numbered code, and the form of the answer.

use crate::guidelines::Guideline;
use crate::scope::{Gathered, Target};
use agents::spec::Reads;
use std::path::Path;

/// One call's worth of a review.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Indexes into [`Gathered::targets`] of the files in it.
    pub targets: Vec<usize>,
    /// Values for the argument templates, see [`agents::template::VARIABLES`].
    pub variables: serde_json::Value,
}

/// What a prompt is made from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The root.
    pub root: &'a Path,
    /// What to look at.
    pub gathered: &'a Gathered,
    /// The team's guidelines.
    pub guidelines: &'a [Guideline],
    /// The user's instructions, from the configuration and the command.
    pub instructions: &'a [&'a str],
    /// What the agent looks at.
    pub reads: Reads,
    /// Largest prompt, in bytes.
    pub max_bytes: usize,
}

/// Splits a review into calls and builds each one's values. A file too large for one call is split by lines
/// with some overlap.
pub fn review(input: &Input<'_>) -> Vec<Batch> {
    let _ = input;
    unimplemented!()
}

/// The code of a target with line numbers, as agents see it: `  12 | let x = 1;`.
pub fn numbered(target: &Target) -> String {
    let _ = target;
    unimplemented!()
}

/// JSON Schema of the findings answer that agents are asked for.
pub fn findings_schema() -> serde_json::Value {
    unimplemented!()
}
