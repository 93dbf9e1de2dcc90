//! `crosscheck.proposals`: the proposals as data, for clients that list them in their own way.

use crate::proposals::{Held, PartNow, PartState, words};
use crate::proto::to;
use crate::state::State;
use domain::proposal::{PartKind, Relation, compare, render};
use serde_json::{Value, json};

pub(super) fn run(state: &mut State) -> Value {
    state.proposals.doubt();
    state.proposals.look(&state.documents);
    let open = state.proposals.iter().filter(|it| !it.is_settled());
    let open: Vec<&Held> = open.collect();
    let listed: Vec<Value> = open
        .iter()
        .map(|it| {
            let mut listed = proposal(state, it);
            listed["beside"] = beside(it, &open);
            listed
        })
        .collect();
    let roots = state.roots.iter();
    let applications = roots.flat_map(|it| state.proposals.applications(&it.path));
    let applications: Vec<Value> = applications
        .map(|it| {
            json!({
                "id": it.id, "proposal": it.proposal, "agent": it.agent, "title": it.title,
                "parts": it.parts, "reverted": it.reverted,
            })
        })
        .collect();
    json!({"proposals": listed, "applications": applications})
}

fn proposal(state: &State, held: &Held) -> Value {
    let proposal = &held.proposal;
    let parts: Vec<Value> = held.parts().map(|it| part(state, &it)).collect();
    let files: Vec<&str> = proposal.files.iter().map(|it| it.path.as_str()).collect();
    json!({
        "id": proposal.id,
        "root": held.root,
        "run": held.run,
        "agent": proposal.agent,
        "title": proposal.title,
        "summary": proposal.summary,
        "files": files,
        "parts": parts,
        "check": proposal.check,
        "problems": proposal.problems,
        "findings": proposal.findings,
        "diff": render::unified(proposal, None),
    })
}

/// What the parts of a proposal are to those of the others of its run.
fn beside(held: &Held, open: &[&Held]) -> Value {
    let of_run = open
        .iter()
        .filter(|it| it.run.is_some() && it.run == held.run && it.proposal.id != held.proposal.id);
    let compared = of_run.map(|other| {
        let relations = compare(&held.proposal, &other.proposal).into_iter();
        let parts: Vec<Value> = (1..)
            .zip(relations)
            .filter_map(|(number, relation)| match relation {
                Relation::Same(part) => Some(json!({"part": number, "same": part})),
                Relation::Clash(parts) => Some(json!({"part": number, "clash": parts})),
                Relation::Apart => None,
            })
            .collect();
        json!({"id": other.proposal.id, "agent": other.proposal.agent, "parts": parts})
    });
    compared.collect()
}

fn part(state: &State, it: &PartNow<'_>) -> Value {
    let kind = match it.part.kind {
        PartKind::Hunk(..) => "hunk",
        PartKind::Rename(_) => "rename",
        PartKind::Mode(_) => "mode",
        PartKind::Create => "create",
        PartKind::Delete => "delete",
    };
    let document = state.documents.at_path(it.file.place());
    let range = match (it.part.kind, document) {
        (PartKind::Hunk(index, _), Some(document)) => it
            .file
            .range(index)
            .map(|it| to::range(it, &document.text, state.capabilities.encoding)),
        _ => None,
    };
    json!({
        "number": it.part.number,
        "uri": state.uri_of(it.file.place()),
        "path": it.part.file.path,
        "kind": kind,
        "does": words::deed(it.part.kind, it.part.file.path.as_str()),
        "state": match it.state {
            PartState::Open => "open",
            PartState::Applied => "applied",
            PartState::Conflict => "conflict",
        },
        // Positions are known of open documents only.
        "range": range,
    })
}
