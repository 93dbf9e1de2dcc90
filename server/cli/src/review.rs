//! `crosscheck review`: one run of the engine, shown in the terminal or as a document.

use crate::args::{Format, ReviewArgs};
use crate::findings::{Findings, FoundFile};
use crate::output;
use crate::progress::Progress;
use crate::questions::{self, Questions};
use crate::workspace::{Workspace, block_on};
use anyhow::bail;
use engine::config::DefaultScope;
use engine::{AgentOutcome, Base, Event, Report, Review, RunEvent, Scope};
use std::path::PathBuf;

/// Runs a review and prints its findings.
pub(crate) fn run(args: &ReviewArgs) -> anyhow::Result<u8> {
    block_on(review(args))
}

async fn review(args: &ReviewArgs) -> anyhow::Result<u8> {
    let root = root_for(args);
    let mut workspace = Workspace::open(root.as_deref()).await?;
    if !args.quiet {
        workspace.print_config_remarks();
    }
    if !questions::can_ask() {
        workspace
            .engine
            .leave_unattended("there is no terminal to ask at");
    }
    let run = workspace.engine.review(Review {
        root: workspace.root.clone(),
        scope: scope(args, &workspace)?,
        agents: args.agents.clone(),
        open: Default::default(),
        instructions: args.instructions.clone(),
    });
    let mut progress = Progress::new(args.quiet);
    let mut questions = Questions::default();
    let mut findings = Findings::default();
    let mut notices: Vec<String> = Vec::new();
    let report = loop {
        let event = tokio::select! {
            event = workspace.events.recv() => event,
            (question, reply) = questions.answered() => {
                workspace.engine.answer(question, reply);
                if !questions.is_asking() {
                    progress.resume();
                }
                continue;
            }
            // A second interrupt ends the process at once: the handler is gone then.
            _ = tokio::signal::ctrl_c() => {
                progress.say("cancelling");
                workspace.engine.cancel(run);
                continue;
            }
        };
        match event {
            Some(Event::Run { run: of, event }) if of == run => match event {
                RunEvent::Started { agents, files } => progress.start(&agents, files),
                RunEvent::Progress { message, fraction } => progress.update(&message, fraction),
                RunEvent::Findings(file) => findings.add(file),
                RunEvent::Proposed { .. } | RunEvent::AgentEnded(_) => {}
                RunEvent::Ended(report) => break report,
            },
            Some(Event::Question(question)) => {
                progress.pause();
                questions.add(*question);
            }
            Some(Event::QuestionClosed { id, unanswered }) => {
                questions.close(id, unanswered.is_some());
                if !questions.is_asking() {
                    progress.resume();
                }
            }
            Some(Event::Notice(text)) => progress.note(&text),
            Some(Event::Agent(engine::AgentEvent::Notice { text, .. })) => {
                progress.say(&text);
                notices.push(text);
            }
            Some(_) => {}
            None => bail!("the engine ended before the review did"),
        }
    };
    for notice in notices.iter().filter(|it| !is_told(it, &report)) {
        progress.note(notice);
    }
    progress.finish();
    questions.finish().await;
    let files = findings.into_files();
    print(args, &workspace, &files, &report)?;
    Ok(exit_code(args, &files, &report))
}

/// With paths and no `--root`, the root is the one of the first path, wherever the command was run.
fn root_for(args: &ReviewArgs) -> Option<PathBuf> {
    if args.root.root.is_some() {
        return args.root.root.clone();
    }
    let here = std::env::current_dir().ok()?;
    let here = std::fs::canonicalize(&here).unwrap_or(here);
    let first = std::fs::canonicalize(args.paths.first()?).ok()?;
    let start = if first.is_dir() {
        first.as_path()
    } else {
        first.parent()?
    };
    let own = engine::engine::find_root(&here);
    if start.starts_with(&own) {
        Some(own)
    } else {
        Some(engine::engine::find_root(start))
    }
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

/// True when the report says the same of an agent: the reasons of its failures are those of the notices, in other words
/// around them.
fn is_told(notice: &str, report: &Report) -> bool {
    report.agents.iter().any(|it| match &it.outcome {
        AgentOutcome::Partial(why) | AgentOutcome::Failed(why) => {
            let reason = why.split_once(": ").map_or(why.as_str(), |it| it.1);
            notice.contains(&format!("`{}`", it.agent)) && notice.contains(reason)
        }
        AgentOutcome::Answered | AgentOutcome::Cancelled => false,
    })
}

fn print(
    args: &ReviewArgs,
    workspace: &Workspace,
    files: &[FoundFile],
    report: &Report,
) -> anyhow::Result<()> {
    let root = &workspace.root;
    match args.format {
        Format::Text => {
            output::text::findings(files)?;
            if !args.quiet {
                output::text::summary(files, report);
                if args.agents.is_empty() && report.error.is_none() {
                    offer(workspace);
                }
                return Ok(());
            }
        }
        Format::Json => output::document(&output::json::document(root, files, report))?,
        Format::Sarif => output::document(&output::sarif::document(root, files, report))?,
    }
    // The exit code needs a reason, also where nobody wants to read a summary.
    if let Some(reason) = output::text::shortfall(report) {
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
        .any(|it| args.fail_on.fails(it.severity));
    if fails { crate::FOUND } else { crate::CLEAN }
}
