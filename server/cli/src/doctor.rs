//! `crosscheck doctor`: what is wrong with each agent, and what to do about it.

use crate::args::DoctorArgs;
use crate::output::style;
use crate::policy;
use crate::recall;
use crate::workspace::{Workspace, block_on};
use anyhow::bail;
use engine::doctor::{Checkup, examine};
use engine::paths::Paths;

/// Examines agents and prints what was seen; exit code 1 when one is not well.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<u8> {
    block_on(doctor(args))
}

async fn doctor(args: &DoctorArgs) -> anyhow::Result<u8> {
    let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
    workspace.print_config_remarks();
    workspace
        .engine
        .leave_unattended("the doctor answers no questions");
    let known = &workspace.loaded.config.agents;
    if let Some(unknown) = args.agents.iter().find(|it| !known.contains_key(*it)) {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        bail!(
            "no agent named `{unknown}` is configured; there are: {}",
            names.join(", ")
        );
    }
    let mut well = !workspace.loaded.problems.iter().any(|it| !it.warning);
    examine(
        &workspace.engine,
        &workspace.root,
        &args.agents,
        |checkup| {
            well &= checkup.steps.iter().all(|it| it.result.is_ok());
            print(&checkup);
        },
    )
    .await;
    let ledger = recall::trouble(&mut workspace).await?;
    print_ledger(ledger.as_deref())?;
    let well = well && ledger.is_none();
    Ok(if well { crate::CLEAN } else { crate::FOUND })
}

/// What is remembered depends on it: findings, verdicts, proposals, budgets.
fn print_ledger(trouble: Option<&str>) -> anyhow::Result<()> {
    let file = Paths::from_environment()?.ledger();
    let file = style::dim(&format!("({})", file.display()));
    anstream::println!("{} {file}", style::strong("ledger"));
    let Some(why) = trouble else {
        anstream::println!("  {} it can be read and written", style::good("ok  "));
        return Ok(());
    };
    anstream::println!("  {} {why}", style::error("fail"));
    let advice = "see that its directory and what is in it can be read and written by you and that the disk is not full; a ledger of a \
                  newer version needs that version; moved away, it is begun anew, and what it knows is gone";
    anstream::println!("       {}", style::note(advice));
    Ok(())
}

fn print(checkup: &Checkup) {
    let version = match &checkup.version {
        Some(Ok(version)) => format!(" {version}"),
        Some(Err(_)) | None => String::new(),
    };
    anstream::println!(
        "{}{version} {}",
        style::strong(&checkup.agent),
        style::dim(&format!("({})", checkup.source))
    );
    if let Some(Err(reason)) = &checkup.version {
        anstream::println!("  {} version unknown: {reason}", style::note("note"));
    }
    if let Some(words) = policy::words(&checkup.approve) {
        anstream::println!("  {} it {words}", style::note("note"));
    }
    for step in &checkup.steps {
        let time = style::dim(&format!("{:.2} s", step.elapsed.as_secs_f32()));
        match &step.result {
            Ok(seen) => {
                anstream::println!("  {} {:<7} {seen} {time}", style::good("ok  "), step.name)
            }
            Err(failure) => {
                anstream::println!(
                    "  {} {:<7} {} {time}",
                    style::error("fail"),
                    step.name,
                    failure.what
                );
                anstream::println!("       {:<7} {}", "", style::note(&failure.advice));
            }
        }
    }
}
