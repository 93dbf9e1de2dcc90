//! `crosscheck.fix`: has an agent settle what is wrong, be it a finding or what another tool says.

use super::review::{lines, reviewable};
use super::start::{Wanted, start};
use super::{ENDING, refuse};
use crate::proto::from;
use crate::runs::{Task, What, count};
use crate::state::State;
use domain::finding::FindingId;
use domain::merge::Cluster;
use domain::path::RelPath;
use domain::sanitize;
use domain::text::Text;
use engine::{EditTarget, Remark};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{Diagnostic, MessageType, Range};
use tower_lsp::jsonrpc::Result;

#[cfg(test)]
mod tests;

/// Most problems that are given to an agent at once; the rest is counted.
const MAX_REMARKS: usize = 100;
/// Longest title, in characters.
const MAX_TITLE: usize = 80;

#[derive(Deserialize)]
pub(super) struct Argument {
    uri: String,
    ids: Option<Vec<FindingId>>,
    diagnostics: Option<Vec<Diagnostic>>,
    range: Option<Range>,
    agents: Option<Vec<String>>,
    instructions: Option<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "all commands look alike")]
pub(super) fn run(state: &mut State, argument: Argument) -> Result<Value> {
    Ok(match wanted(state, argument) {
        Ok((wanted, omitted)) => {
            if omitted > 0 {
                let text = format!(
                    "{} are too many for one request; the agent gets the first {MAX_REMARKS}.",
                    count(MAX_REMARKS + omitted, "problem")
                );
                state.client.show(MessageType::Warning, &text);
            }
            match start(state, wanted) {
                Some(run) => json!({"run": run, "omitted": omitted}),
                None => refuse(state, ENDING),
            }
        }
        Err(why) => refuse(state, &why),
    })
}

/// What an argument means, and how many problems are left out; a sentence when it means nothing that can be fixed.
fn wanted(state: &mut State, argument: Argument) -> std::result::Result<(Wanted, usize), String> {
    let (root, path, text) = reviewable(state, &argument.uri)?;
    let text = text.clone();
    let encoding = state.capabilities.encoding;
    let diagnostics = argument.diagnostics.unwrap_or_default();
    let ids = argument.ids.unwrap_or_default();
    let range = argument
        .range
        .map(|it| from::text_range(it, &text, encoding));
    let mut remarks: Vec<Remark> = Vec::new();
    if let Some(root) = state.roots.get_mut(&root) {
        let clusters: Vec<Cluster> = if !ids.is_empty() {
            let found = ids.iter().filter_map(|it| root.findings.cluster(it));
            found.filter(|it| it.0 == path).map(|it| it.1).collect()
        } else if !diagnostics.is_empty() {
            Vec::new()
        } else if let Some(range) = range {
            root.findings
                .at(&path, range)
                .into_iter()
                .cloned()
                .collect()
        } else {
            root.findings.shown(&path).cloned().collect()
        };
        remarks.extend(clusters.iter().map(|it| remark(it, &path)));
    }
    if !ids.is_empty() && remarks.is_empty() && diagnostics.is_empty() {
        return Err("This finding is gone already.".to_owned());
    }
    let foreign = diagnostics.iter().filter(|it| !from::is_ours(it));
    remarks.extend(foreign.map(|it| from::remark(it, &path, &text, encoding)));
    let mut seen: Vec<Remark> = Vec::new();
    for remark in remarks {
        if !seen.contains(&remark) {
            seen.push(remark);
        }
    }
    let omitted = seen.len().saturating_sub(MAX_REMARKS);
    seen.truncate(MAX_REMARKS);
    let instructions = argument.instructions.filter(|it| !it.trim().is_empty());
    if seen.is_empty() && instructions.is_none() {
        return Err(format!(
            "There is nothing to fix in {path}: no finding, and no problem of another tool was passed on. To have something else changed, say what."
        ));
    }
    // What is at the remarks is meant anyway.
    let targets = if seen.is_empty() || range.is_some() {
        vec![EditTarget {
            path: path.clone(),
            range,
        }]
    } else {
        Vec::new()
    };
    let subject = subject(&seen, &path, &text);
    let title = title(&seen, instructions.as_deref(), &path);
    let what = What::Fix {
        title,
        remarks: seen,
        targets,
    };
    let task = Task {
        root,
        what,
        agents: argument.agents.unwrap_or_default(),
        instructions,
        author: None,
        occasion: engine::Occasion::Asked,
    };
    let wanted = Wanted {
        task,
        subject,
        is_explicit: true,
    };
    Ok((wanted, omitted))
}

fn remark(cluster: &Cluster, path: &RelPath) -> Remark {
    let finding = cluster.primary();
    let message = if finding.body.is_empty() {
        finding.title.clone()
    } else {
        format!("{}\n\n{}", finding.title, finding.body)
    };
    Remark {
        path: path.clone(),
        range: cluster.range,
        severity: cluster.severity,
        source: cluster.agents().join(" + "),
        code: finding.code.clone(),
        message,
        finding: Some(finding.id.clone()),
    }
}

/// `src/a.rs:3`, `2 problems in src/a.rs`, `src/a.rs`.
fn subject(remarks: &[Remark], path: &RelPath, text: &Text) -> String {
    match remarks {
        [] => path.to_string(),
        [only] => format!("{path}:{}", lines(only.range, text)),
        _ => format!("{} in {path}", count(remarks.len(), "problem")),
    }
}

/// The title of what is proposed for a single message.
pub(crate) fn title_of(message: &str) -> String {
    sanitize::line(message.lines().next().unwrap_or_default(), MAX_TITLE)
}

fn title(remarks: &[Remark], instructions: Option<&str>, path: &RelPath) -> String {
    match (remarks, instructions) {
        ([only], _) => title_of(&only.message),
        ([], Some(instructions)) => title_of(instructions.trim()),
        _ => format!("{} in {path}", count(remarks.len(), "problem")),
    }
}
