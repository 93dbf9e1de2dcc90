//! Any endpoint that speaks the chat completions protocol of OpenAI, a model on this machine among them, as an MCP agent.

use crate::server::ServeError;

/// Which endpoint, and what it is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The base of the endpoint, up to and with its version: `http://127.0.0.1:11434/v1`.
    pub url: String,
    /// The model's name.
    pub model: String,
    /// The key, sent as a bearer token, where the endpoint wants one.
    pub key: Option<String>,
}

/// Is the agent on standard input and output until the input ends. Needs a tokio runtime with I/O and time.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve_stdio(options: Options) -> Result<(), ServeError> {
    unimplemented!("{}", options.url)
}
