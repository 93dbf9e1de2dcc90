//! Proposals as JSON, for programs.

use super::{VERSION, agent, skipped};
use crate::output::proposal::{Count, Shown, kind};
use domain::proposal::{
    self, Check, CheckOutcome, FileAction, FileChange, Part, PartKind, Proposal, Relation, compare,
};
use domain::text::{Text, TextRange};
use engine::disk::Standing;
use engine::{ProposalState, Report};
use serde_json::{Value, json};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// What `crosscheck fix` and `crosscheck ask` print: what is proposed, how complete the answers are, and what was written.
pub(crate) fn answers(
    root: &Path,
    proposals: &[Shown],
    written: &[Value],
    report: Option<&Report>,
) -> Value {
    let agents = report.map(|it| &it.agents).into_iter().flatten();
    let left_out = report.map(|it| &it.skipped).into_iter().flatten();
    json!({
        "version": VERSION,
        "root": root,
        "complete": report.is_none_or(Report::is_complete),
        "cancelled": report.is_some_and(|it| it.cancelled),
        "error": report.and_then(|it| it.error.as_ref()),
        "proposals": all(proposals),
        "written": written,
        "agents": agents.map(|it| agent(it, "answered")).collect::<Vec<_>>(),
        "skipped": left_out.map(skipped).collect::<Vec<_>>(),
        "notes": report.map_or(&[][..], |it| &it.notes),
        "elapsed_ms": report.map_or(0, |it| it.elapsed.as_millis()),
    })
}

/// What `crosscheck proposals` prints.
pub(crate) fn list(root: &Path, proposals: &[Shown], left_out: usize) -> Value {
    json!({
        "version": VERSION,
        "root": root,
        "proposals": all(proposals),
        "left_out": left_out,
    })
}

/// Each of them, and how its parts stand to those of the others.
fn all(proposals: &[Shown]) -> Vec<Value> {
    let relations = |ours: &Shown| -> Vec<Value> {
        let ours = &*ours.proposal;
        let others = proposals.iter().map(|it| &*it.proposal);
        others
            .filter(|it| it.id != ours.id)
            .flat_map(|it| relations(ours, it))
            .collect()
    };
    proposals
        .iter()
        .map(|it| proposal(it, &relations(it)))
        .collect()
}

/// The parts of `ours` that are the same as one of `theirs`, or clash with some; the others can be taken together with them.
fn relations(ours: &Proposal, theirs: &Proposal) -> Vec<Value> {
    let told = (1..).zip(compare(ours, theirs));
    let relation = |(part, relation): (usize, Relation)| {
        let (relation, parts) = match relation {
            Relation::Same(other) => ("same", vec![other]),
            Relation::Clash(others) => ("clash", others),
            Relation::Apart => return None,
        };
        Some(json!({ "part": part, "relation": relation, "proposal": theirs.id, "parts": parts }))
    };
    told.filter_map(relation).collect()
}

fn proposal(shown: &Shown, relations: &[Value]) -> Value {
    let proposal = &shown.proposal;
    let parts = proposal.parts().zip(&shown.parts);
    let created = shown
        .kept
        .and_then(|it| it.1.duration_since(UNIX_EPOCH).ok());
    json!({
        "id": proposal.id,
        "agent": proposal.agent,
        "provider": proposal.provider,
        "title": proposal.title,
        "summary": proposal.summary,
        "findings": proposal.findings,
        "state": shown.kept.map_or("open", |it| match it.0 {
            ProposalState::Open => "open",
            ProposalState::Applied => "applied",
            ProposalState::Discarded => "discarded",
        }),
        "created": created.map(|it| it.as_secs()),
        "files": proposal.files.iter().map(file).collect::<Vec<_>>(),
        "parts": parts.map(|(part, standing)| self::part(&part, standing)).collect::<Vec<_>>(),
        "relations": relations,
        "diff": proposal::render(&proposal.files),
        "check": proposal.check.as_ref().map(check),
        "problems": proposal.problems,
        "usage": proposal.usage,
    })
}

fn file(file: &FileChange) -> Value {
    let count = Count::of(file);
    let (action, rename, executable) = match &file.action {
        FileAction::Edit {
            rename, executable, ..
        } => ("edit", rename.as_ref(), *executable),
        FileAction::Create { executable, .. } => ("create", None, Some(*executable)),
        FileAction::Delete { .. } => ("delete", None, None),
    };
    json!({
        "path": file.path,
        "action": action,
        "rename": rename,
        "executable": executable,
        "parts": count.parts,
        "added": count.added,
        "removed": count.removed,
    })
}

fn part(part: &Part<'_>, standing: &Standing) -> Value {
    let (standing, reason) = match standing {
        Standing::Open => ("open", None),
        Standing::Applied => ("applied", None),
        Standing::Conflict(why) => ("conflict", Some(why)),
    };
    let lines = match (part.kind, part.file.base()) {
        (PartKind::Hunk(_, hunk), Some(base)) => Some(lines(base, hunk.range)),
        _ => None,
    };
    json!({
        "number": part.number,
        "path": part.file.path,
        "kind": kind(&part.kind),
        "lines": lines,
        "standing": standing,
        "reason": reason,
    })
}

/// First and last line, from 1, in the text that the agent worked on.
fn lines(base: &Text, range: TextRange) -> Value {
    let last = range.end.saturating_sub(1).max(range.start);
    json!({ "first": base.line_of(range.start) + 1, "last": base.line_of(last) + 1 })
}

fn check(check: &Check) -> Value {
    let (outcome, reason) = match &check.outcome {
        CheckOutcome::Passed => ("passed", None),
        CheckOutcome::Failed(how) => ("failed", Some(how)),
        CheckOutcome::NotRun(why) => ("not-run", Some(why)),
    };
    json!({
        "command": check.command,
        "outcome": outcome,
        "reason": reason,
        "output": check.output,
        "repaired": check.repaired,
        "elapsed_ms": check.elapsed.as_millis(),
    })
}
