//! `crosscheck doctor`: what is wrong with each agent, and what to do about it.

use crate::args::DoctorArgs;
use crate::output::style;
use crate::policy;
use crate::workspace::{Workspace, block_on};
use anyhow::bail;
use engine::doctor::{Checkup, examine};

/// Examines agents and prints what was seen; exit code 1 when one is not well.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<u8> {
    block_on(doctor(args))
}

async fn doctor(args: &DoctorArgs) -> anyhow::Result<u8> {
    let workspace = Workspace::open(args.root.root.as_deref()).await?;
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
    Ok(if well { crate::CLEAN } else { crate::FOUND })
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
