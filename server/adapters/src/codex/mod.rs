//! Codex as an MCP agent.

use crate::server::ServeError;
use std::ffi::OsString;

/// Which Codex it is and how it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The program: a path, or a name looked up in `PATH`; `codex` when `None`.
    pub program: Option<OsString>,
    /// The model, where it is not the one that Codex is configured for.
    pub model: Option<String>,
}

/// Is the agent on standard input and output until the input ends. Needs a tokio runtime with I/O and time.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve_stdio(options: Options) -> Result<(), ServeError> {
    unimplemented!("{options:?}")
}
