//! `crosscheck.status`: what runs, which agents there are, what waits for the user, and what is wrong with the
//! configuration.

use crate::proposals::Proposals;
use crate::proto::to;
use crate::roots::Root;
use crate::state::State;
use crate::status;
use engine::config::Problem;
use serde_json::{Value, json};

pub(super) fn run(state: &mut State) -> Value {
    let agents = state
        .engine()
        .map(engine::Engine::agents)
        .unwrap_or_default();
    let text = status::text(state);
    state.proposals.look(&state.documents);
    let proposals = &state.proposals;
    let roots: Vec<Value> = state
        .roots
        .iter_mut()
        .map(|it| root(it, proposals))
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "agents": agents,
        "runs": state.runs.status(),
        "roots": roots,
        "documents": state.documents.iter().count(),
        "text": text,
        "spent_today": state.status.spent(),
    })
}

fn root(root: &mut Root, proposals: &Proposals) -> Value {
    let open = proposals
        .iter()
        .filter(|it| *it.root == *root.path && !it.is_settled());
    let paths = root.findings.paths();
    let findings: usize = paths
        .iter()
        .map(|it| root.findings.clusters(it).len())
        .sum();
    let loaded = root.loaded.as_ref();
    json!({
        "root": root.path,
        "findings": findings,
        "files": paths.len(),
        "proposals": open.count(),
        "reviewers": loaded.map(|it| &it.config.review.agents),
        "fixers": loaded.map(|it| &it.config.fix.agents),
        "configured": loaded.map(|it| it.config.agents.keys().collect::<Vec<_>>()),
        "problems": loaded.map(|it| it.problems.iter().map(problem).collect::<Vec<_>>()),
        "untrusted": loaded.and_then(|it| it.untrusted.as_ref()).map(|it| &it.brings),
    })
}

fn problem(problem: &Problem) -> Value {
    json!({
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "message": to::problem_text(problem),
        "warning": problem.warning,
    })
}
