//! What agents were asked to change, and what comes of it: printed, compared, and written where that was asked for.

use crate::apply;
use crate::args::{EditArgs, ListFormat};
use crate::output::proposal::{Shown, outcome};
use crate::output::{self, report, side_by_side, style};
use crate::proposals;
use crate::watch;
use crate::workspace::Workspace;
use anyhow::bail;
use domain::proposal::{CheckOutcome, Proposal};
use engine::disk::{Onto, Selection};
use engine::{AgentOutcome, AgentReport, Kept, ProposalState, Report, RunEvent, RunId};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use std::time::SystemTime;

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A change.
    Fix,
    /// A change, or an answer in words.
    Ask,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Proposed {
    pub(crate) proposals: Vec<Arc<Proposal>>,
    /// How the agents' run went; `None` when none was asked.
    pub(crate) report: Option<Report>,
}

impl Proposed {
    /// Follows a run to its end, and takes what is proposed.
    pub(crate) async fn watch(
        &mut self,
        workspace: &mut Workspace,
        run: RunId,
        quiet: bool,
    ) -> anyhow::Result<()> {
        let proposals = &mut self.proposals;
        let report = watch::watch(workspace, run, quiet, |event| {
            if let RunEvent::Proposed { proposal, .. } = event {
                proposals.push(proposal);
            }
        });
        self.report = Some(report.await?);
        Ok(())
    }
}

/// Of several agents' proposals somebody has to choose one.
///
/// # Errors
/// When more than one agent is asked, and the answer shall be written.
pub(crate) fn one_agent_or_no_writing(args: &EditArgs) -> anyhow::Result<()> {
    let mut agents = args.agents.clone();
    agents.sort_unstable();
    agents.dedup();
    if args.write && agents.len() > 1 {
        bail!(
            "--write takes the change of one agent; ask {} without it, then `crosscheck apply` the one that you like",
            agents.join(" and ")
        );
    }
    Ok(())
}

/// Prints everything, writes it where that is wanted, and says how to end.
pub(crate) async fn finish(
    workspace: &mut Workspace,
    args: &EditArgs,
    asked: Asked,
    proposed: Proposed,
) -> anyhow::Result<u8> {
    let Proposed {
        mut proposals,
        report,
    } = proposed;
    // They come as they are made; people want them as they named the agents.
    let agents = report.iter().flat_map(|it| &it.agents);
    let agents: Vec<&str> = agents.map(|it| it.agent.as_str()).collect();
    proposals.sort_by_key(|it| agents.iter().position(|name| *name == it.agent));
    let kept = proposals.into_iter().map(|proposal| Kept {
        proposal,
        applied: Vec::new(),
        state: ProposalState::Open,
        created: SystemTime::now(),
    });
    let shown = proposals::shown(workspace, kept.collect()).await?;
    if args.format == ListFormat::Text {
        print(args, asked, &shown, report.as_ref())?;
    }
    let mut is_refused = false;
    let mut written: Vec<Value> = Vec::new();
    if args.write {
        for shown in &shown {
            match write(workspace, args, shown, report.as_ref()).await? {
                Some(parts) => {
                    written.push(json!({ "proposal": shown.proposal.id, "parts": parts }));
                }
                None => is_refused = true,
            }
        }
    }
    if args.format == ListFormat::Json {
        let root = workspace.root.clone();
        let document = output::json::proposal::answers(&root, &shown, &written, report.as_ref());
        output::document(&document)?;
    }
    // The exit code needs a reason, also where nobody wants to read a summary.
    if (args.quiet || args.format == ListFormat::Json)
        && let Some(reason) = report
            .as_ref()
            .and_then(|it| report::shortfall(it, &report::EDIT))
    {
        anstream::eprintln!("{}: {reason}", style::error("error"));
    }
    Ok(
        if is_refused || report.is_some_and(|it| !it.is_complete()) {
            crate::FAILED
        } else if shown.is_empty() && asked == Asked::Fix {
            crate::FOUND
        } else {
            crate::CLEAN
        },
    )
}

fn print(
    args: &EditArgs,
    asked: Asked,
    proposals: &[Shown],
    report: Option<&Report>,
) -> anyhow::Result<()> {
    for (number, shown) in proposals.iter().enumerate() {
        if number > 0 && !args.quiet {
            anstream::eprintln!();
        }
        shown.print(args.quiet)?;
        if !args.quiet && !args.write {
            shown.print_next();
        }
    }
    let agents = report.map(|it| it.agents.as_slice()).unwrap_or_default();
    for agent in agents.iter().filter(|it| it.changes == 0) {
        print_words(agent, asked, agents.len() > 1, args.quiet)?;
    }
    if args.quiet {
        return Ok(());
    }
    if proposals.len() > 1
        && proposals
            .iter()
            .any(|it| it.proposal.agent != proposals[0].proposal.agent)
    {
        let all: Vec<&Shown> = proposals.iter().collect();
        anstream::eprint!("\n{}", side_by_side::table(&all));
    }
    if let Some(report) = report {
        let told: Vec<&str> = proposals
            .iter()
            .map(|it| it.proposal.agent.as_str())
            .collect();
        if report::print(report, &report::EDIT, &told) {
            report::print_cancelled(report, &report::EDIT);
            print_nothing(asked, proposals, report);
        }
    }
    Ok(())
}

/// An answer in words: what was asked for, or why there is no change.
fn print_words(
    agent: &AgentReport,
    asked: Asked,
    is_one_of_several: bool,
    quiet: bool,
) -> anyhow::Result<()> {
    let Some(words) = &agent.summary else {
        return Ok(());
    };
    if asked == Asked::Ask {
        let mut out = anstream::stdout().lock();
        if is_one_of_several {
            writeln!(out, "{}:", style::strong(&agent.agent))?;
        }
        writeln!(out, "{words}")?;
    } else if !quiet {
        anstream::eprintln!("{}: {words}", style::strong(&agent.agent));
    }
    Ok(())
}

/// Says that there is nothing, where nothing else does.
fn print_nothing(asked: Asked, proposals: &[Shown], report: &Report) {
    if asked == Asked::Fix && proposals.is_empty() && report.is_complete() {
        anstream::eprintln!("{}", style::warning("no change is proposed"));
    }
}

/// Writes a proposal if nothing speaks against it; the parts that were written, or `None` and a word on why not.
async fn write(
    workspace: &mut Workspace,
    args: &EditArgs,
    shown: &Shown,
    report: Option<&Report>,
) -> anyhow::Result<Option<Vec<usize>>> {
    let id = &shown.proposal.id.0;
    let reason = match objection(shown, report) {
        Some(reason) if !args.force => {
            format!("{reason}; look at it, then `crosscheck apply {id}` or use --force")
        }
        _ => match apply::write(workspace, shown, Selection::All, Onto::Unchanged).await? {
            Ok(written) => {
                if !args.quiet {
                    apply::print_written(shown, &written);
                }
                return Ok(Some(written.parts));
            }
            Err(error) => format!(
                "{error}; `crosscheck apply {id}` keeps what you changed and adds what still fits"
            ),
        },
    };
    anstream::eprintln!(
        "{}: proposal {id} is not written: {reason}",
        style::error("error")
    );
    Ok(None)
}

/// Why a change should not be written unseen.
fn objection(shown: &Shown, report: Option<&Report>) -> Option<String> {
    let proposal = &shown.proposal;
    if let Some(check) = &proposal.check
        && check.outcome != CheckOutcome::Passed
    {
        return Some(format!(
            "the check `{}` {}",
            check.command,
            was(&outcome(check))
        ));
    }
    let agents = report.map(|it| it.agents.as_slice()).unwrap_or_default();
    let of_agent = agents.iter().find(|it| it.agent == proposal.agent);
    match of_agent.map(|it| &it.outcome) {
        Some(AgentOutcome::Partial(why)) => Some(why.clone()),
        _ => None,
    }
}

fn was(outcome: &str) -> String {
    match outcome {
        "not run" => "was not run".to_owned(),
        other => other.to_owned(),
    }
}
