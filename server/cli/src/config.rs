//! `crosscheck config`: the schema, and what is wrong.

use crate::args::{ConfigArgs, ConfigCommand, RootArgs};
use crate::output;
use crate::workspace::{Workspace, block_on, problem_line};

/// Runs a `config` command.
pub(crate) fn run(args: &ConfigArgs) -> anyhow::Result<u8> {
    match &args.command {
        ConfigCommand::Schema => {
            output::document(&engine::config::schema())?;
            Ok(crate::CLEAN)
        }
        ConfigCommand::Check(root) => block_on(check(root)),
    }
}

async fn check(args: &RootArgs) -> anyhow::Result<u8> {
    let workspace = Workspace::open(args.root.as_deref()).await?;
    for file in workspace.loaded.files.iter().filter(|it| it.exists()) {
        anstream::println!("read {}", file.display());
    }
    for problem in &workspace.loaded.problems {
        anstream::println!("{}", problem_line(problem));
    }
    if let Some(untrusted) = &workspace.loaded.untrusted {
        for it in &untrusted.brings {
            anstream::println!("{}: not trusted: {it}", output::style::warning("warning"));
        }
    }
    let failed = workspace.loaded.problems.iter().any(|it| !it.warning);
    Ok(if failed { crate::FOUND } else { crate::CLEAN })
}
