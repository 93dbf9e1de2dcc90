//! Asking the ledger what it remembers of a workspace, and waiting for its answer.

use crate::output::style;
use crate::workspace::Workspace;
use anyhow::bail;
use domain::finding::FindingId;
use domain::merge::Records;
use engine::{
    AgentSpent, AgentStats, Application, BaselineChange, Checked, Decided, Event, FileFindings,
    Kept, Which,
};
use std::path::Path;
use std::time::SystemTime;

/// The proposals, newest first, and how many more there are or cannot be read.
///
/// # Errors
/// When the ledger cannot be read, or the engine ends before it has answered.
pub(crate) async fn proposals(
    workspace: &mut Workspace,
    which: Which,
) -> anyhow::Result<(Vec<Kept>, usize)> {
    workspace.engine.recall_proposals(&workspace.root, which);
    read(workspace, |event| match event {
        Event::Proposals {
            proposals,
            left_out,
            unread,
            ..
        } => Some(((proposals, left_out), unread)),
        _ => None,
    })
    .await
}

/// The proposal with this name, or whose name alone begins so.
///
/// # Errors
/// When there is none, or several.
pub(crate) async fn proposal(workspace: &mut Workspace, said: &str) -> anyhow::Result<Kept> {
    let (mut named, _) = proposals(workspace, Which::Named(said.to_owned())).await?;
    if let Some(exact) = named.iter().position(|it| it.proposal.id.0 == said) {
        return Ok(named.swap_remove(exact));
    }
    match named.as_slice() {
        [] => {
            bail!("there is no proposal `{said}`; `crosscheck proposals` lists those that are open")
        }
        [_] => Ok(named.swap_remove(0)),
        several => bail!(
            "`{said}` may be {}",
            either(several.iter().map(|it| it.proposal.id.0.as_str()))
        ),
    }
}

/// What was applied, newest first.
///
/// # Errors
/// When the ledger cannot be read, or the engine ends before it has answered.
pub(crate) async fn applications(workspace: &mut Workspace) -> anyhow::Result<Vec<Application>> {
    workspace.engine.recall_applications(&workspace.root);
    read(workspace, |event| match event {
        Event::Applications {
            applications,
            unread,
            ..
        } => Some((applications, unread)),
        _ => None,
    })
    .await
}

/// Findings that are remembered.
#[derive(Default)]
pub(crate) struct Recalled {
    /// Placed in the files as they are.
    pub(crate) files: Vec<FileFindings>,
    /// What others said of them, as far as it still holds.
    pub(crate) checks: Vec<Checked>,
    /// What became of the agents' earlier findings.
    pub(crate) records: Records,
    /// How many more there are, or cannot be read.
    pub(crate) left_out: usize,
}

/// The open findings whose names begin with `prefix`.
///
/// # Errors
/// When the ledger cannot be read, or the engine ends before it has answered.
pub(crate) async fn findings(workspace: &mut Workspace, prefix: &str) -> anyhow::Result<Recalled> {
    workspace.engine.recall_findings(&workspace.root, prefix);
    let (mut held, mut known) = (Vec::new(), Records::default());
    read(workspace, |event| match event {
        Event::Checks { checks, .. } => {
            held.extend(checks);
            None
        }
        Event::Records(records) => {
            known = records;
            None
        }
        Event::Findings {
            files,
            left_out,
            unread,
            ..
        } => {
            let recalled = Recalled {
                files,
                checks: std::mem::take(&mut held),
                records: std::mem::take(&mut known),
                left_out,
            };
            Some((recalled, unread))
        }
        _ => None,
    })
    .await
}

/// What calls have cost since a time, in one root or in all.
///
/// # Errors
/// When the ledger cannot be read, or the engine ends before it has answered.
pub(crate) async fn spent(
    workspace: &mut Workspace,
    root: Option<&Path>,
    since: SystemTime,
) -> anyhow::Result<Vec<AgentSpent>> {
    workspace.engine.spent(root, since);
    read(workspace, |event| match event {
        Event::Spent { agents, unread, .. } => Some((agents, unread)),
        _ => None,
    })
    .await
}

/// What became of the agents' findings since a time, in one root or in all.
///
/// # Errors
/// When the ledger cannot be read, or the engine ends before it has answered.
pub(crate) async fn stats(
    workspace: &mut Workspace,
    root: Option<&Path>,
    since: SystemTime,
) -> anyhow::Result<Vec<AgentStats>> {
    workspace.engine.recall_stats(root, since);
    read(workspace, |event| match event {
        Event::Stats { agents, unread, .. } => Some((agents, unread)),
        _ => None,
    })
    .await
}

/// What was decided, newest first, and how much more there is or cannot be read.
///
/// # Errors
/// When the ledger cannot be read, or the engine ends before it has answered.
pub(crate) async fn verdicts(workspace: &mut Workspace) -> anyhow::Result<(Vec<Decided>, usize)> {
    workspace.engine.recall_verdicts(&workspace.root);
    read(workspace, |event| match event {
        Event::Verdicts {
            verdicts,
            left_out,
            unread,
            ..
        } => Some(((verdicts, left_out), unread)),
        _ => None,
    })
    .await
}

/// Brings the baseline up to date.
///
/// # Errors
/// When it cannot be read or written, or the engine ends before it has answered.
pub(crate) async fn baseline(
    workspace: &mut Workspace,
    names: Vec<FindingId>,
    prune: bool,
) -> anyhow::Result<BaselineChange> {
    workspace
        .engine
        .update_baseline(&workspace.root, names, prune);
    let change = wait(workspace, |event| match event {
        Event::Baseline { change, .. } => Some(change),
        _ => None,
    })
    .await?;
    change.map_err(anyhow::Error::msg)
}

/// Most names told of those that may be meant.
const MAX_NAMES: usize = 8;

/// `a`, `b` or `c`.
pub(crate) fn either<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<String> = names.map(|it| format!("`{it}`")).collect();
    if names.len() > MAX_NAMES {
        let more = names.len() - MAX_NAMES;
        names.truncate(MAX_NAMES);
        names.push(format!("{more} others"));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Why the ledger cannot be read; `None` when it can.
///
/// # Errors
/// When the engine ends before it has answered.
pub(crate) async fn trouble(workspace: &mut Workspace) -> anyhow::Result<Option<String>> {
    workspace.engine.recall_verdicts(&workspace.root);
    wait(workspace, |event| match event {
        Event::Verdicts { unread, .. } => Some(unread),
        _ => None,
    })
    .await
}

/// The ledger's answer. That it could not be read is never taken for an answer.
async fn read<T>(
    workspace: &mut Workspace,
    answer: impl FnMut(Event) -> Option<(T, Option<String>)>,
) -> anyhow::Result<T> {
    let (answer, unread) = wait(workspace, answer).await?;
    match unread {
        None => Ok(answer),
        Some(why) => bail!(engine::unread(&why)),
    }
}

async fn wait<T>(
    workspace: &mut Workspace,
    mut answer: impl FnMut(Event) -> Option<T>,
) -> anyhow::Result<T> {
    loop {
        match workspace.events.recv().await {
            Some(Event::Notice(text)) => anstream::eprintln!("{}: {text}", style::note("note")),
            Some(event) => {
                if let Some(answer) = answer(event) {
                    return Ok(answer);
                }
            }
            None => bail!("the engine ended before the ledger had answered"),
        }
    }
}
