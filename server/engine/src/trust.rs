//! Trust: nothing that a workspace brings is run or filled in before the user trusted that exact content.

use std::path::{Path, PathBuf};

/// What was trusted, by root and content hash. Kept in a file of the user's, never in the workspace.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    file: PathBuf,
}

/// What a workspace brings that needs trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untrusted {
    /// Hash of exactly this content; trust is given to it.
    pub hash: String,
    /// What it would do, one sentence each: `agent "house" would start: house-agent --mcp (crosscheck.toml)`.
    pub brings: Vec<String>,
}

/// The trust file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the trust file {} cannot be written: {source}", .file.display())]
pub struct TrustError {
    /// The file.
    pub file: PathBuf,
    /// The system's reason.
    pub source: std::io::Error,
}

impl Trust {
    /// Trust kept in `file`, which need not exist. It is read at each question, so several processes share it.
    pub fn at(file: PathBuf) -> Self {
        Self { file }
    }
    /// The file it is kept in.
    pub fn file(&self) -> &Path {
        &self.file
    }
    /// True when exactly this content of `root` was trusted.
    pub fn holds(&self, root: &Path, hash: &str) -> bool {
        let _ = (root, hash);
        unimplemented!()
    }
    /// Trusts content.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn grant(&self, root: &Path, hash: &str) -> Result<(), TrustError> {
        let _ = (root, hash);
        unimplemented!()
    }
    /// Takes all trust of `root` back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn revoke(&self, root: &Path) -> Result<(), TrustError> {
        let _ = root;
        unimplemented!()
    }
}
