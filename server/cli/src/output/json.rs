//! Findings as one JSON document, for programs. Lines and columns are 1-based, columns count characters.

pub(crate) mod proposal;

use crate::findings::FoundFile;
use crate::verify::Verified;
use domain::finding::Finding;
use domain::merge::Cluster;
use domain::text::{Encoding, Text, TextRange};
use engine::{AgentOutcome, AgentReport, Report, Skipped, Spent};
use serde_json::{Value, json};
use std::path::Path;

/// Version of the document's shape; grows when something changes its meaning.
pub(crate) const VERSION: u32 = 1;

/// The document: what was found, and how complete the review was.
pub(crate) fn document(root: &Path, files: &[FoundFile], report: &Report) -> Value {
    let findings: Vec<Value> = files
        .iter()
        .flat_map(|file| file.clusters.iter().map(|it| cluster(&file.text, it)))
        .collect();
    json!({
        "version": VERSION,
        "root": root,
        "complete": report.is_complete(),
        "cancelled": report.cancelled,
        "error": report.error,
        "findings": findings,
        "agents": report.agents.iter().map(|it| agent(it, "reviewed")).collect::<Vec<_>>(),
        "files": report.files,
        "skipped": report.skipped.iter().map(skipped).collect::<Vec<_>>(),
        "notes": report.notes,
        "elapsed_ms": report.elapsed.as_millis(),
    })
}

/// What came of a verification.
pub(crate) fn verification(root: &Path, verified: &[Verified<'_>], report: &Report) -> Value {
    let findings: Vec<Value> = verified
        .iter()
        .map(|(chosen, checked)| {
            let mut value = cluster(&chosen.text, &chosen.cluster);
            // What others said before stands beside it.
            let others = chosen.cluster.checks.iter();
            let others = others.filter(|it| it.agent != checked.check.agent);
            value["check"] = json!(checked.check);
            value["checks"] = json!(others.chain([&checked.check]).collect::<Vec<_>>());
            value
        })
        .collect();
    json!({
        "version": VERSION,
        "root": root,
        "complete": report.is_complete(),
        "cancelled": report.cancelled,
        "error": report.error,
        "findings": findings,
        "agents": report.agents.iter().map(|it| agent(it, "verified")).collect::<Vec<_>>(),
        "skipped": report.skipped.iter().map(skipped).collect::<Vec<_>>(),
        "notes": report.notes,
        "elapsed_ms": report.elapsed.as_millis(),
    })
}

fn skipped(it: &Skipped) -> Value {
    json!({ "path": it.path, "reason": it.reason, "asked_for": it.asked_for })
}

/// One finding, as all documents have it.
pub(crate) fn cluster(text: &Text, cluster: &Cluster) -> Value {
    let primary = cluster.primary();
    json!({
        "id": cluster.id,
        "path": primary.path,
        "place": place(text, cluster.range),
        "located": primary.tier,
        "severity": cluster.severity,
        "category": cluster.category,
        "code": primary.code,
        "title": primary.title,
        "body": primary.body,
        "agents": cluster.agents(),
        "providers": cluster.providers(),
        "asked": cluster.asked,
        "providers_asked": cluster.providers_asked,
        "standing": cluster.standing,
        "claimed": cluster.claimed,
        "disputed": cluster.is_disputed,
        "confidence": (cluster.confidence * 100.0).round() / 100.0,
        "checks": cluster.checks,
        "fix": primary.fix.as_ref().map(|it| json!({ "place": place(text, it.range), "text": it.new_text })),
        "others": cluster.others().iter().map(|it| other(text, it)).collect::<Vec<_>>(),
    })
}

fn other(text: &Text, finding: &Finding) -> Value {
    json!({
        "agent": finding.agent,
        "place": place(text, finding.range),
        "severity": finding.severity,
        "title": finding.title,
        "body": finding.body,
    })
}

fn place(text: &Text, range: TextRange) -> Value {
    let (start, end) = (
        text.position(range.start, Encoding::Utf32),
        text.position(range.end, Encoding::Utf32),
    );
    json!({
        "start_line": start.line + 1, "start_column": start.character + 1,
        "end_line": end.line + 1, "end_column": end.character + 1,
    })
}

/// `done` is how a run of this kind calls an agent that did all.
fn agent(agent: &AgentReport, done: &str) -> Value {
    let (outcome, reason) = match &agent.outcome {
        AgentOutcome::Answered => (done, None),
        AgentOutcome::TakenOver { why, .. } => ("taken over", Some(why)),
        AgentOutcome::Partial(reason) => ("partial", Some(reason)),
        AgentOutcome::Failed(reason) => ("failed", Some(reason)),
        AgentOutcome::Cancelled => ("cancelled", None),
    };
    let taken_over = match &agent.outcome {
        AgentOutcome::TakenOver { by, calls, .. } => json!({ "by": by, "calls": calls }),
        _ => Value::Null,
    };
    json!({
        "name": agent.agent,
        "provider": agent.provider,
        "outcome": outcome,
        "reason": reason,
        "taken_over": taken_over,
        "findings": agent.findings,
        "unlocated": agent.unlocated,
        "known": agent.known,
        "dismissed": agent.dismissed,
        "not_reviewed": agent.not_reviewed,
        "left_out": {
            "kind": agent.left_out.kind,
            "baseline": agent.left_out.baseline,
            "comments": agent.left_out.comments,
        },
        "changes": agent.changes,
        "hunks": agent.memory.hunks,
        "remembered": agent.memory.remembered,
        "held_back": agent.memory.held_back,
        "own": agent.memory.own,
        "checks": agent.checks,
        "problems": agent.problems,
        "summary": agent.summary,
        "usage": agent.usage,
        "spent": spent(&agent.spent),
        "elapsed_ms": agent.elapsed.as_millis(),
    })
}

/// What calls took. Dollars are those of calls whose cost is known; what is estimated says so.
pub(crate) fn spent(spent: &Spent) -> Value {
    let known = spent.unpriced < spent.calls || spent.unpriced == 0;
    json!({
        "calls": spent.calls,
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "tokens_estimated": spent.tokens_estimated,
        "usd": known.then_some(spent.usd),
        "usd_estimated": spent.usd_estimated,
        "calls_of_unknown_cost": spent.unpriced,
        "seconds": spent.time.as_secs_f64(),
    })
}
