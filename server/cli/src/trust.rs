//! `crosscheck trust`: the user's word that what a workspace brings may run, exactly as it is now.

use crate::args::TrustArgs;
use crate::output::style;
use crate::workspace::{Workspace, block_on};
use anyhow::bail;
use engine::Event;
use engine::paths::Paths;
use engine::trust::Trust;
use std::io::{BufRead, IsTerminal, Write};

/// Shows what the workspace brings, asks, and trusts it.
pub(crate) fn run(args: &TrustArgs) -> anyhow::Result<u8> {
    block_on(trust(args))
}

async fn trust(args: &TrustArgs) -> anyhow::Result<u8> {
    let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
    let root = workspace.root.display().to_string();
    if args.revoke {
        Trust::at(Paths::from_environment()?.trust()).revoke(&workspace.root)?;
        anstream::println!("nothing that {root} brings is trusted any more");
        return Ok(crate::CLEAN);
    }
    let Some(untrusted) = workspace.loaded.untrusted.clone() else {
        anstream::println!("{root} brings nothing that needs trust, or it is trusted already");
        return Ok(crate::CLEAN);
    };
    anstream::println!(
        "{} in {root}:",
        style::strong("This workspace's configuration")
    );
    for it in &untrusted.brings {
        anstream::println!("  - {it}");
    }
    if !args.yes && !confirmed()? {
        anstream::println!("nothing was trusted");
        return Ok(crate::FOUND);
    }
    workspace.engine.trust(&workspace.root, &untrusted.hash);
    loop {
        match workspace.events.recv().await {
            Some(Event::Config(loaded)) if loaded.untrusted.is_none() => break,
            Some(Event::Config(_)) => bail!(
                "the configuration changed meanwhile; run `crosscheck trust` again and look at it anew"
            ),
            Some(Event::Notice(text)) => bail!(text),
            Some(_) => {}
            None => bail!("the engine ended before the trust was written"),
        }
    }
    anstream::println!(
        "{}; any change to it must be trusted anew",
        style::good("trusted")
    );
    Ok(crate::CLEAN)
}

fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("there is no terminal to ask at; look at the list above and use --yes");
    }
    anstream::print!("Allow this? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
