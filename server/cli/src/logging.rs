//! Logs on standard error: silent by default at a terminal, warnings for servers.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging with a filter in the syntax of `RUST_LOG`. rmcp logs whole messages at its info level, so it
/// stays at warnings unless asked for by name.
pub(crate) fn start(filter: Option<&str>, at_terminal: bool) {
    let default = if at_terminal { "off" } else { "warn" };
    let filter = filter.map_or_else(
        || default.to_owned(),
        |it| format!("{it},rmcp=warn,hyper=warn"),
    );
    // A filter that cannot be read must not keep a server from starting.
    let filter = EnvFilter::try_new(&filter).unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
