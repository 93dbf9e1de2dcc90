//! What to start, and why it could not be started.

use crate::Environment;
use std::ffi::OsString;
use std::path::PathBuf;

/// A program to start. Nothing is inherited that is not named here.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Program: a path, or a name looked up in the `PATH` of `environment`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its working directory; must exist.
    pub cwd: PathBuf,
    /// Its whole environment.
    pub environment: Environment,
}

/// Why a program did not start.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No such program in the `PATH` that was searched, or no such file.
    #[error("`{program}` was not found{searched}")]
    NotFound {
        /// As configured.
        program: String,
        /// ` in PATH (…)`, or empty for a path.
        searched: String,
    },
    /// The working directory does not exist or is none.
    #[error("the working directory {0} does not exist")]
    NoDirectory(PathBuf),
    /// Anything the system says.
    #[error("`{program}` could not be started: {source}")]
    Other {
        /// As configured.
        program: String,
        /// The system's reason.
        source: std::io::Error,
    },
}
