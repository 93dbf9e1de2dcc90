//! Whole flows through the real binary: the language server over real pipes, and the command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod adapter;
mod agreement;
mod approvals;
mod authorship;
mod bad_input;
mod budget;
mod builtin;
mod claude;
mod codex;
mod conformance;
mod diagnostics;
mod each_other;
mod faults;
mod findings;
mod fix_terminal;
mod foreign;
mod http_agents;
mod killed;
mod lifecycle;
mod memory;
mod models;
mod own_servers;
mod prompts;
mod real_agents;
mod records;
mod remembered;
mod soak;
mod stats;
mod status_line;
mod supervision;
mod terminal;
mod trust;
mod unconfigured;
mod undone;
mod verdicts;
mod verification;

/// A file with one line that the scripted agents complain about.
const CODE: &str = "fn main() {\n    let total = add(1, 2);\n    println!(\"{total}\");\n}\n";

/// A script whose agent finds fault with the second line of [`CODE`].
const FINDS_ADD: &str = r#"on call
answer {"findings":[{"path":"src/main.rs","start_line":2,"end_line":2,"quote":"add(1, 2)","severity":"warning","category":"correctness","title":"`add` does not exist","body":"Nothing named `add` is in scope.","replacement":"1 + 2"}]}
"#;

/// A script whose agent finds nothing.
const FINDS_NOTHING: &str = "on call\nanswer {\"findings\":[]}\n";

/// A workspace with [`CODE`] in `src/main.rs`, and one agent, `alpha`, that does what its script says.
fn workspace(script: &str) -> tests::Sandbox {
    let mut sandbox = tests::sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent("alpha", script);
    sandbox
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + tests::PATIENCE;
    while !is_so() {
        assert!(
            std::time::Instant::now() < deadline,
            "waited in vain until {what}"
        );
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
