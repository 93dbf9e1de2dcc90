//! Whole changes with scripted agents, as a door sees them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod in_files;

use crate::event::{AgentOutcome, Event, Report, RunEvent};
use crate::request::{Buffer, Edit, EditTarget, OpenBuffers, Remark};
use crate::run::tests::{Door, Machine, path};
use domain::finding::{FindingId, Severity};
use domain::proposal::Proposal;
use domain::text::{Text, TextRange};
use serde_json::json;
use std::sync::Arc;

const ANSWER: &str = "Done.\n\nsrc/main.rs\n<<<<<<< SEARCH\n    let teh = 1;\n=======\n    let the = 1;\n>>>>>>> REPLACE\n";

fn edit(door: &Door) -> Edit {
    Edit {
        root: door.root.clone(),
        title: "Fix the word".to_owned(),
        instructions: String::new(),
        remarks: Vec::new(),
        targets: vec![EditTarget {
            path: path("src/main.rs"),
            range: None,
        }],
        agents: vec!["alpha".to_owned()],
        open: OpenBuffers::new(),
    }
}

fn propose(door: &Door, edit: Edit) -> (Vec<Arc<Proposal>>, Report) {
    let (events, report) = door.finish(door.engine.edit(edit));
    let proposals = events.into_iter().filter_map(|it| match it {
        RunEvent::Proposed { proposal, .. } => Some(proposal),
        _ => None,
    });
    (proposals.collect(), report)
}

/// The one hunk of a proposal: what it replaces, and with what.
fn hunk(proposal: &Proposal) -> (String, String) {
    let part = proposal.parts().next().unwrap();
    let domain::proposal::PartKind::Hunk(_, hunk) = part.kind else {
        panic!("{part:?}")
    };
    let base = part.file.base().unwrap();
    (base.slice(hunk.range).into_owned(), hunk.result(base))
}

#[test]
fn an_answer_in_text_becomes_a_proposal_that_is_kept() {
    let machine = Machine::new(&[("alpha", &["say", &ANSWER.replace('\n', "\\n")])]);
    let door = machine.door();
    let remark = Remark {
        path: path("src/main.rs"),
        range: TextRange::new(20, 23),
        severity: Severity::Warning,
        source: "a linter".to_owned(),
        code: None,
        message: "`teh` is misspelt".to_owned(),
        finding: Some(FindingId("0123456789abcdef".to_owned())),
    };
    let edit = Edit {
        remarks: vec![remark],
        ..edit(&door)
    };
    let (proposals, report) = propose(&door, edit);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.agents[0].changes, 1);
    let [proposal] = proposals.as_slice() else {
        panic!("{proposals:?}")
    };
    assert_eq!(
        hunk(proposal),
        ("    let teh = 1;\n".into(), "    let the = 1;\n".into())
    );
    assert_eq!(
        (proposal.agent.as_str(), proposal.title.as_str()),
        ("alpha", "Fix the word")
    );
    // What is said beside the edits, and not the edits once more.
    assert_eq!(proposal.summary, "Done.");
    assert_eq!(
        proposal.findings,
        [FindingId("0123456789abcdef".to_owned())]
    );
    assert_eq!(machine.read("src/main.rs"), crate::run::tests::CODE);

    // Another door, perhaps another day.
    door.engine.shutdown(crate::run::tests::PATIENCE);
    let other = machine.door();
    other
        .engine
        .recall_proposals(&other.root, crate::Which::Open);
    let Event::Proposals { proposals, .. } =
        other.event(|it| matches!(it, Event::Proposals { .. }))
    else {
        panic!()
    };
    assert_eq!(proposals[0].proposal, *proposal);
}

#[test]
fn an_answer_in_json_becomes_a_proposal_with_its_summary() {
    let answer = json!({
        "summary": "The word is right now.",
        "edits": [{ "path": "src/main.rs", "old_text": "teh", "new_text": "the" }],
    });
    let said = answer.to_string().replace('"', "\\\"");
    let machine = Machine::new(&[("alpha", &["say", &said])]);
    let door = machine.door();
    let (proposals, report) = propose(&door, edit(&door));
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(proposals[0].summary, "The word is right now.");
    assert_eq!(
        hunk(&proposals[0]),
        ("    let teh = 1;\n".into(), "    let the = 1;\n".into())
    );
}

#[test]
fn the_open_document_is_what_the_proposal_is_told_against() {
    let machine = Machine::new(&[("alpha", &["say", &ANSWER.replace('\n', "\\n")])]);
    let door = machine.door();
    let unsaved = format!("// unsaved\n{}", crate::run::tests::CODE);
    let buffer = Buffer {
        text: Text::new(&unsaved),
        version: 7,
    };
    let edit = Edit {
        open: OpenBuffers::from([(path("src/main.rs"), buffer)]),
        ..edit(&door)
    };
    let (events, _) = door.finish(door.engine.edit(edit));
    let told = events.into_iter().find_map(|it| match it {
        RunEvent::Proposed { proposal, versions } => Some((proposal, versions)),
        _ => None,
    });
    let (proposal, versions) = told.unwrap();
    assert_eq!(versions, [(path("src/main.rs"), 7)].into());
    assert_eq!(proposal.files[0].base().unwrap().to_string(), unsaved);
}

#[test]
fn what_the_user_saves_while_the_agent_thinks_is_no_part_of_what_the_proposal_is_told_against() {
    let machine = Machine::new(&[]);
    let file = machine.root.join("src/main.rs");
    let types = format!("printf '// typed meanwhile\\nlet teh = 2;\\n' > {file:?}");
    let answer = ANSWER.replace('\n', "\\n");
    machine.configure(&[("alpha", &["say", &answer, &types])], "");
    let door = machine.door();
    let (proposals, report) = propose(&door, edit(&door));
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(
        hunk(&proposals[0]),
        ("    let teh = 1;\n".into(), "    let the = 1;\n".into())
    );
    let base = proposals[0].parts().next().unwrap().file.base().unwrap();
    assert_eq!(base.to_string(), crate::run::tests::CODE);
    assert_eq!(
        machine.read("src/main.rs"),
        "// typed meanwhile\nlet teh = 2;\n"
    );
}

#[test]
fn an_answer_in_words_is_no_proposal_and_no_failure() {
    let machine = Machine::new(&[("alpha", &["say", "It is spelt so on purpose."])]);
    let door = machine.door();
    let (proposals, report) = propose(&door, edit(&door));
    assert!(proposals.is_empty() && report.is_complete(), "{report:?}");
    assert_eq!(
        report.agents[0].summary.as_deref(),
        Some("It is spelt so on purpose.")
    );
}

#[test]
fn what_cannot_be_taken_over_is_told_and_the_rest_is_proposed() {
    let answer = format!("{ANSWER}\n../x\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n");
    let machine = Machine::new(&[("alpha", &["say", &answer.replace('\n', "\\n")])]);
    let door = machine.door();
    let (proposals, report) = propose(&door, edit(&door));
    assert_eq!(proposals[0].problems, ["`../x` is outside the workspace"]);
    assert!(!report.is_complete());
    assert!(
        matches!(report.agents[0].outcome, AgentOutcome::Partial(_)),
        "{report:?}"
    );
}

#[test]
fn each_agent_asked_makes_a_proposal_of_its_own_and_one_that_fails_harms_none() {
    let other = ANSWER.replace("let the", "let that");
    let machine = Machine::new(&[
        ("alpha", &["say", &ANSWER.replace('\n', "\\n")]),
        ("beta", &["crash"]),
        ("gamma", &["say", &other.replace('\n', "\\n")]),
    ]);
    let door = machine.door();
    let edit = Edit {
        agents: ["alpha", "beta", "gamma"].map(str::to_owned).to_vec(),
        ..edit(&door)
    };
    let (mut proposals, report) = propose(&door, edit);
    proposals.sort_by(|a, b| a.agent.cmp(&b.agent));
    let results: Vec<String> = proposals.iter().map(|it| hunk(it).1).collect();
    assert_eq!(results, ["    let the = 1;\n", "    let that = 1;\n"]);
    let AgentOutcome::Failed(why) = &report.agents[1].outcome else {
        panic!("{report:?}")
    };
    assert!(why.contains("the house burns"), "{why}");
}

#[test]
fn a_cancelled_change_ends_at_once() {
    let machine = Machine::new(&[("alpha", &["hang"])]);
    let door = machine.door();
    let run = door.engine.edit(edit(&door));
    while !matches!(door.next(run), RunEvent::Started { .. }) {}
    door.engine.cancel(run);
    let (_, report) = door.finish(run);
    assert!(report.cancelled, "{report:?}");
    assert_eq!(report.agents[0].outcome, AgentOutcome::Cancelled);
}

#[test]
fn what_cannot_be_asked_is_one_sentence() {
    let machine = Machine::new(&[("alpha", &["say", "no"])]);
    machine.configure(&[("alpha", &["say", "no"])], "[fix]\nagents = []\n");
    let door = machine.door();
    let cases = [
        (
            json!(["nobody"]),
            "no agent named `nobody` is configured; there are `alpha`, `builtin`",
        ),
        (
            json!([]),
            "no agent is configured for changes; name some in `[fix] agents`, for example `agents = [\"codex\"]`",
        ),
    ];
    for (agents, sentence) in cases {
        let edit = Edit {
            agents: serde_json::from_value(agents).unwrap(),
            ..edit(&door)
        };
        assert_eq!(propose(&door, edit).1.error.as_deref(), Some(sentence));
    }
    let targets = vec![EditTarget {
        path: path("no/such.rs"),
        range: None,
    }];
    let report = propose(
        &door,
        Edit {
            targets,
            ..edit(&door)
        },
    )
    .1;
    assert_eq!(
        report.error.as_deref(),
        Some("`no/such.rs` cannot be changed: it does not exist")
    );
}
