//! Findings as SARIF 2.1.0, for code scanning. Format: OASIS sarif-v2.1.0.

use super::{plural, rule};
use crate::findings::FoundFile;
use domain::finding::Severity;
use domain::merge::Cluster;
use domain::text::{Encoding, Text, TextRange};
use engine::{AgentOutcome, AgentReport, Report};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The document. Paths are relative to `%SRCROOT%`; columns count UTF-16 code units, the format's default.
pub(crate) fn document(root: &Path, files: &[FoundFile], report: &Report) -> Value {
    let rules: BTreeSet<String> = files.iter().flat_map(|it| &it.clusters).map(rule).collect();
    let results: Vec<Value> = files
        .iter()
        .flat_map(|file| file.clusters.iter().map(|it| result(&file.text, it)))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Crosscheck",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": { "%SRCROOT%": { "uri": directory_uri(root) } },
            "invocations": [{
                "executionSuccessful": report.is_complete(),
                "toolExecutionNotifications": notifications(report),
                "properties": { "agents": report.agents.iter().map(share).collect::<Vec<_>>() },
            }],
            "results": results,
        }],
    })
}

fn result(text: &Text, cluster: &Cluster) -> Value {
    let primary = cluster.primary();
    let message = if primary.body.is_empty() {
        json!({ "text": primary.title })
    } else {
        json!({ "text": format!("{}\n\n{}", primary.title, primary.body) })
    };
    let mut result = json!({
        "ruleId": rule(cluster),
        "level": level(cluster.severity),
        "message": message,
        "locations": [location(text, primary.path.as_str(), cluster.range)],
        "partialFingerprints": { "crosscheck/v1": cluster.id },
        "rank": (cluster.confidence * 100.0).round(),
        "properties": {
            "agents": cluster.agents(),
            "providers": cluster.providers(),
            "providersAsked": cluster.providers_asked,
            "standing": cluster.standing,
            "located": primary.tier,
        },
    });
    if let (Some(fix), Some(object)) = (&primary.fix, result.as_object_mut()) {
        object.insert("fixes".to_owned(), json!([{
            "artifactChanges": [{
                "artifactLocation": artifact(primary.path.as_str()),
                "replacements": [{ "deletedRegion": region(text, fix.range), "insertedContent": { "text": fix.new_text } }],
            }],
        }]));
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info | Severity::Hint => "note",
    }
}

fn location(text: &Text, path: &str, range: TextRange) -> Value {
    json!({ "physicalLocation": { "artifactLocation": artifact(path), "region": region(text, range) } })
}

fn artifact(path: &str) -> Value {
    json!({ "uri": encode(path), "uriBaseId": "%SRCROOT%" })
}

/// SARIF's regions are 1-based, and `endColumn` is the column after the last character.
fn region(text: &Text, range: TextRange) -> Value {
    let (start, end) = (
        text.position(range.start, Encoding::Utf16),
        text.position(range.end, Encoding::Utf16),
    );
    json!({
        "startLine": start.line + 1, "startColumn": start.character + 1,
        "endLine": end.line + 1, "endColumn": end.character + 1,
    })
}

fn directory_uri(root: &Path) -> String {
    let path = root.to_string_lossy().replace('\\', "/");
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}/", encode(path.trim_end_matches('/')))
}

/// Percent-encodes what a URI path cannot hold.
fn encode(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// How much of an agent's part was known without asking it.
fn share(agent: &AgentReport) -> Value {
    json!({
        "name": agent.agent, "hunks": agent.memory.hunks, "remembered": agent.memory.remembered,
        "heldBack": agent.memory.held_back, "own": agent.memory.own,
    })
}

/// What was not reviewed, so that nobody takes a part for the whole.
fn notifications(report: &Report) -> Vec<Value> {
    let notification =
        |level: &str, text: String| json!({ "level": level, "message": { "text": text } });
    let mut list = Vec::new();
    if let Some(error) = &report.error {
        list.push(notification("error", error.clone()));
    }
    for it in &report.skipped {
        let level = if it.asked_for { "error" } else { "note" };
        list.push(notification(
            level,
            format!("{} was not reviewed: {}", it.path, it.reason),
        ));
    }
    for agent in &report.agents {
        let text = match &agent.outcome {
            AgentOutcome::Answered => continue,
            AgentOutcome::TakenOver { by, calls, why } => {
                let calls = plural(*calls, "call");
                let text = format!("{} was {why}; {by} took over {calls}", agent.agent);
                list.push(notification("note", text));
                continue;
            }
            AgentOutcome::Partial(reason) => {
                format!("{} reviewed only a part: {reason}", agent.agent)
            }
            AgentOutcome::Failed(reason) => format!("{} reviewed nothing: {reason}", agent.agent),
            AgentOutcome::Cancelled => format!("{} was cancelled", agent.agent),
        };
        list.push(notification("error", text));
    }
    list.extend(
        report
            .notes
            .iter()
            .map(|it| notification("note", it.clone())),
    );
    list
}
