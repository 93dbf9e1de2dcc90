//! Guideline files (AGENTS.md and its kin): what a team wants of its code, nearest to the file wins.

use domain::path::RelPath;
use std::path::Path;

/// A guideline file and the files it holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guideline {
    /// The file.
    pub path: RelPath,
    /// Its text, bounded.
    pub text: String,
    /// The targets it holds for.
    pub applies_to: Vec<RelPath>,
    /// True when it was longer than the bound.
    pub cut: bool,
}

/// The guidelines for `targets`, general ones first. Reads files under `root` only, symbolic links resolved.
pub fn collect(root: &Path, targets: &[&RelPath]) -> Vec<Guideline> {
    let _ = (root, targets);
    unimplemented!()
}
