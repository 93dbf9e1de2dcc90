//! The command line: the front door for people and CI, and the way to start the other doors.

mod agents;
mod apply;
mod args;
mod ask;
mod browser;
mod config;
mod doctor;
mod findings;
mod fix;
mod init;
mod listing;
mod logging;
mod output;
mod policy;
mod progress;
mod proposals;
mod proposed;
mod questions;
mod recall;
mod review;
mod serve;
mod stats;
mod trust;
mod usage;
mod verdicts;
mod verify;
mod watch;
mod workspace;

use args::{Args, Command};
use clap::Parser;
use std::process::ExitCode;

/// Everything asked for was done, and nothing was found.
const CLEAN: u8 = 0;
/// Findings at or above `--fail-on`; for other commands: something needs the user's attention.
const FOUND: u8 = 1;
/// Something asked for could not be done.
const FAILED: u8 = 2;

/// Runs the command line of this process.
///
/// Exit codes: 0 done and nothing found, 1 findings, 2 something asked for could not be done.
/// `crosscheck lsp` ends with the codes of the Language Server Protocol.
pub fn main() -> ExitCode {
    let args = Args::parse();
    guard_children();
    logging::start(args.log.as_deref(), args.command.logs_to_terminal());
    let result = match args.command {
        Command::Review(it) => review::run(&it),
        Command::Findings(it) => listing::run(&it),
        Command::Verify(it) => verify::run(&it),
        Command::Fix(it) => fix::run(&it),
        Command::Ask(it) => ask::run(&it),
        Command::Proposals(it) => proposals::run(&it),
        Command::Apply(it) => apply::apply(&it),
        Command::Discard(it) => apply::discard(&it),
        Command::Revert(it) => apply::revert(&it),
        Command::Dismiss(it) => verdicts::dismiss(&it),
        Command::Accept(it) => verdicts::accept(&it),
        Command::Dismissed(it) => verdicts::dismissed(&it),
        Command::Baseline(it) => verdicts::baseline(&it),
        Command::Agents(it) => agents::run(&it),
        Command::Doctor(it) => doctor::run(&it),
        Command::Stats(it) => stats::run(&it),
        Command::Usage(it) => usage::run(&it),
        Command::Init(it) => init::run(&it),
        Command::Trust(it) => trust::run(&it),
        Command::Config(it) => config::run(&it),
        Command::Completions { shell } => args::completions(shell),
        Command::Lsp(it) => serve::lsp(&it),
        Command::Agent(it) => serve::agent(it),
        Command::Guard => serve::guard(),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        // Whoever read our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::from(FAILED),
        Err(error) => {
            anstream::eprintln!("{}: {error:#}", output::style::error("error"));
            ExitCode::from(FAILED)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|it| {
        it.downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind)
            .or_else(|| it.downcast_ref::<serde_json::Error>()?.io_error_kind())
    });
    io.into_iter()
        .any(|it| it == std::io::ErrorKind::BrokenPipe)
}

/// Children of a server that is killed are ended by this binary, started once more as a guard.
fn guard_children() {
    if let Ok(program) = std::env::current_exe() {
        process::guard::set_program(program, vec!["guard".into()]);
    }
}
