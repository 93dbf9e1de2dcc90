//! What the tests stand on: a sandboxed user with a workspace, an editor that speaks LSP over real pipes, and models
//! behind the agents that people have.
#![allow(
    clippy::needless_pass_by_value,
    reason = "a test hands over what it has just made"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may end by a panic"
)]

pub mod editor;
mod http;
pub mod http_agent;
pub mod mcp;
pub mod model;
#[cfg(unix)]
pub mod real;
pub mod sandbox;
mod wire;

pub use editor::Editor;
pub use http_agent::HttpAgent;
pub use mcp::Mcp;
pub use model::Model;
pub use sandbox::{Ran, Sandbox};

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

/// How long a test waits for something that must come, on the slowest machine. Nothing is ever waited for longer,
/// and nothing that comes sooner costs this.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Says that tests are skipped for want of something, and what installs it. Where `CI` is set that fails the test.
pub fn skip(missing: &str, install: &str) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let line = format!("{missing} is not installed; {install}");
    assert!(std::env::var_os("CI").is_none(), "{line}");
    if TOLD.lock().unwrap().insert(line.clone()) {
        // Not by a macro for printing: of a test that passes, the harness shows nothing that those print.
        drop(writeln!(std::io::stderr(), "skipped: {line}"));
    }
}
