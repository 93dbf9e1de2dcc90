//! Paths inside a workspace: relative, normalised, with `/`, never leaving the root.

use serde::{Deserialize, Serialize};

/// A path relative to the workspace root: `/` between names, no `.`, no `..`, no empty name, not absolute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RelPath(String);

/// Why text is no path inside the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathError {
    /// Nothing there.
    Empty,
    /// It leaves the root.
    Outside(String),
}

impl RelPath {
    /// Reads a path in an agent's words against the absolute `root` (`/` separators): absolute, relative,
    /// `./x`, `a/x` and `b/x` as in diffs are *not* stripped, a `file:` URI is decoded, `\` is a separator
    /// on paths that look like Windows ones. Purely textual: symbolic links are the caller's concern.
    ///
    /// # Errors
    /// When nothing is left or it leaves the root.
    pub fn parse(root: &str, said: &str) -> Result<Self, PathError> {
        let _ = (root, said);
        unimplemented!()
    }
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RelPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
