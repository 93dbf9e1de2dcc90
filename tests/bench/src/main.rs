//! Prints how fast Crosscheck is, next to floors measured in the same run: `cargo run --release -p bench [SECTION…]`.
//!
//! The program has several parts, so that one build measures what it measures: started with a command of `crosscheck` it is
//! `crosscheck`, with `floor-lsp` the empty language server, with `floor-agent` the trivial agent, else the bench.
#![allow(
    clippy::needless_pass_by_value,
    reason = "messages are made where they are sent"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench may end by a panic"
)]

mod agent;
mod client;
mod finding;
mod fixes;
mod floor;
mod identity;
mod ledger;
mod likeness;
mod mcp;
mod memory;
mod merging;
mod sections;
mod table;

use std::process::ExitCode;

/// How the measured programs start `crosscheck`: its commands, or an option before one that is the name of a section.
const CROSSCHECK: &[&str] = &["lsp", "agent", "guard", "--log"];

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    match first.as_str() {
        it if CROSSCHECK.contains(&it) => cli::main(),
        "floor-lsp" => floor::serve(),
        "floor-agent" => agent::serve(),
        _ => {
            let wanted: Vec<String> = std::env::args().skip(1).collect();
            sections::run(&wanted);
            ExitCode::SUCCESS
        }
    }
}
