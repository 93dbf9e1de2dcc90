//! `crosscheck review`: one run of the engine, shown in the terminal or as a document.

use crate::args::{Format, ReviewArgs};
use crate::findings::{Findings, FoundFile};
use crate::output;
use crate::recall;
use crate::watch;
use crate::workspace::{Workspace, block_on, root_for};
use anyhow::bail;
use domain::merge::{Caps, Standing};
use engine::config::DefaultScope;
use engine::{Base, Occasion, Report, Review, RunEvent, Scope};
use std::path::PathBuf;

/// Runs a review and prints its findings.
pub(crate) fn run(args: &ReviewArgs) -> anyhow::Result<u8> {
    block_on(review(args))
}

async fn review(args: &ReviewArgs) -> anyhow::Result<u8> {
    let root = root_for(
        args.root.root.as_deref(),
        args.paths.first().map(PathBuf::as_path),
    );
    let mut workspace = Workspace::open(root.as_deref()).await?;
    if !args.quiet {
        workspace.print_config_remarks();
    }
    let scope = match &args.proposal {
        None => scope(args, &workspace)?,
        Some(_) if args.format == Format::Sarif => bail!(
            "SARIF tells of places in the files as they are, and a proposal is in none of them; use `--format text` or `json`"
        ),
        Some(said) => {
            let kept = recall::proposal(&mut workspace, said).await?;
            Scope::Proposal {
                proposal: kept.proposal,
                applied: kept.applied,
            }
        }
    };
    let about = match &scope {
        Scope::Proposal { proposal, .. } => Some(proposal.id.0.clone()),
        Scope::Changes { .. } | Scope::Files(_) | Scope::Selection { .. } => None,
    };
    watch::prepare(&workspace);
    let run = workspace.engine.review(Review {
        root: workspace.root.clone(),
        scope,
        agents: args.agents.clone(),
        open: Default::default(),
        instructions: args.instructions.clone(),
        author: args.author.clone(),
        occasion: if args.fresh {
            Occasion::Afresh
        } else {
            Occasion::Asked
        },
        verify: args.verify.map(Into::into),
    });
    let mut findings = Findings::new(workspace.loaded.config.panel(&args.agents));
    let report = watch::watch(&mut workspace, run, args.quiet, |event| match event {
        RunEvent::Records(records) => findings.weigh_with(records),
        RunEvent::Findings(file) => findings.add(file),
        RunEvent::NotAsked(it) => findings.excuse(it),
        RunEvent::Verified(checked) => findings.check(checked),
        _ => {}
    })
    .await?;
    let files = findings.into_files();
    print(args, &workspace, &files, &report, about)?;
    Ok(exit_code(args, &files, &report))
}

fn scope(args: &ReviewArgs, workspace: &Workspace) -> anyhow::Result<Scope> {
    let base = match &args.base {
        Some(reference) => Some(Base::Ref(reference.clone())),
        None if args.staged => Some(Base::Staged),
        None if args.uncommitted => Some(Base::Uncommitted),
        None => None,
    };
    let paths = absolute(&args.paths)?;
    match base {
        Some(base) => Ok(Scope::Changes { base, paths }),
        None if !paths.is_empty() => Ok(Scope::Files(paths)),
        None => match workspace.loaded.config.review.scope {
            DefaultScope::Changes => Ok(Scope::Changes {
                base: Base::Uncommitted,
                paths,
            }),
            DefaultScope::File => bail!(
                "nothing to review was named, and `[review] scope` is \"file\"; name files or directories, or use --uncommitted"
            ),
        },
    }
}

/// Paths are meant relative to the working directory, which need not be the root.
fn absolute(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    paths
        .iter()
        .map(|it| Ok(std::path::absolute(it)?))
        .collect()
}

fn print(
    args: &ReviewArgs,
    workspace: &Workspace,
    files: &[FoundFile],
    report: &Report,
    about: Option<String>,
) -> anyhow::Result<()> {
    let root = &workspace.root;
    match args.format {
        Format::Text => {
            let caps = if args.all {
                Caps::NONE
            } else {
                workspace.loaded.config.review.caps
            };
            let clusters = files.iter().flat_map(|it| &it.clusters);
            let withheld = domain::merge::withheld(clusters, caps);
            output::text::findings(files, &withheld, args.proposal.is_none())?;
            if let Some(line) = output::text::left_out(&withheld) {
                anstream::eprintln!("{line}");
            }
            if !args.quiet {
                output::text::summary(files, report, args.proposal.is_none());
                if args.agents.is_empty() && report.error.is_none() {
                    offer(workspace);
                }
                return Ok(());
            }
        }
        Format::Json => {
            let mut document = output::json::document(root, files, report);
            if let Some(id) = about {
                document["proposal"] = id.into();
            }
            output::document(&document)?;
        }
        Format::Sarif => output::document(&output::sarif::document(root, files, report))?,
    }
    // The exit code needs a reason, also where nobody wants to read a summary.
    if let Some(reason) = output::report::shortfall(report, &output::report::REVIEW) {
        anstream::eprintln!("{}: {reason}", output::style::error("error"));
    }
    Ok(())
}

/// Agents that may cost money are named, never asked.
fn offer(workspace: &Workspace) {
    if let Some(offer) = output::text::offer(&workspace.loaded.config.review.offered) {
        anstream::eprintln!("{}", output::style::dim(&offer));
    }
}

/// Something asked for that was not reviewed outweighs findings: CI must never take a part for the whole.
fn exit_code(args: &ReviewArgs, files: &[FoundFile], report: &Report) -> u8 {
    if !report.is_complete() {
        return crate::FAILED;
    }
    let fails = files
        .iter()
        .flat_map(|it| &it.clusters)
        .filter(|it| it.standing != Standing::Refuted)
        .any(|it| args.fail_on.fails(it.severity));
    if fails { crate::FOUND } else { crate::CLEAN }
}
