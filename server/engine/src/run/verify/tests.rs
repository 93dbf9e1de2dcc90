//! Whole verifications with scripted agents, as a door sees them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::event::{AgentOutcome, Checked, Event, FileFindings, Report, RunEvent};
use crate::request::{Buffer, OpenBuffers, Verify};
use crate::run::tests::{CODE, Door, Machine, PATIENCE, misspelt, outcome, path};
use domain::check::Outcome;
use domain::finding::Finding;
use domain::text::Text;
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

/// A machine on which `finder` reports one finding and `second` has `arguments`.
fn machine(arguments: &[&str]) -> Machine {
    let machine = Machine::new(&[]);
    configure(&machine, arguments, "");
    machine
}

fn configure(machine: &Machine, arguments: &[&str], more: &str) {
    let said = machine.answer(&misspelt("src/main.rs"));
    let agents: [(&str, &[&str]); 2] = [("finder", &["answer", &said]), ("second", arguments)];
    machine.configure(&agents, more);
}

/// The finding of `finder`.
fn found(door: &Door) -> (Finding, FileFindings) {
    let mut request = door.request();
    request.agents = vec!["finder".into()];
    let (events, _) = door.finish(door.engine.review(request));
    let file = events.into_iter().find_map(|it| match it {
        RunEvent::Findings(file) => Some(file),
        _ => None,
    });
    let file = file.expect("it answered");
    (file.findings[0].clone(), file)
}

fn request(door: &Door, findings: &[Finding]) -> Verify {
    Verify {
        root: door.root.clone(),
        clusters: findings.iter().map(|it| vec![it.clone()]).collect(),
        agents: Vec::new(),
        author: None,
        open: OpenBuffers::new(),
    }
}

fn verify(door: &Door, request: Verify) -> (Vec<Checked>, Report) {
    let (events, report) = door.finish(door.engine.verify(request));
    let checks = events.into_iter().filter_map(|it| match it {
        RunEvent::Verified(checked) => Some(checked),
        _ => None,
    });
    (checks.collect(), report)
}

/// What comes of a verification when `second` answers so.
fn came_of(answer: &Value) -> (Outcome, String) {
    let machine = Machine::new(&[]);
    let answer = machine.answer(answer);
    configure(&machine, &["answer", &answer], "");
    let door = machine.door();
    let (finding, _) = found(&door);
    let (checks, report) = verify(&door, request(&door, &[finding]));
    assert!(report.is_complete(), "{report:?}");
    let [checked] = checks.as_slice() else {
        panic!("{checks:?}")
    };
    door.engine.shutdown(PATIENCE);
    let caveat = checked.check.caveat.clone().unwrap_or_default();
    (checked.check.outcome, caveat)
}

fn refuted(evidence: &Value) -> Value {
    json!({ "verdict": "refuted", "why": "It is a name.", "evidence": evidence, "failing_input": null })
}

#[test]
fn what_is_said_counts_as_far_as_its_evidence() {
    let here = json!([{ "path": "src/main.rs", "quote": "    let teh = 1;" }]);
    assert_eq!(came_of(&refuted(&here)), (Outcome::Refuted, String::new()));
    let confirmed = json!({ "verdict": "confirmed", "why": "so it is", "evidence": here });
    assert_eq!(came_of(&confirmed), (Outcome::Confirmed, String::new()));
    for (answer, caveat) in [
        (
            refuted(&json!([{ "path": "src/main.rs", "quote": "let teh = 2;" }])),
            "it says refuted, but its quote is not in `src/main.rs`",
        ),
        (
            refuted(&json!([{ "path": "src/gone.rs", "quote": "let teh = 1;" }])),
            "it says refuted, but its quote is not to be found: `src/gone.rs` does not exist",
        ),
        (
            refuted(&json!([{ "path": "/etc/hostname", "quote": "let teh = 1;" }])),
            "it says refuted, but its quote is not to be found: `/etc/hostname` is outside the workspace",
        ),
        (
            refuted(&json!([])),
            "it says refuted, but it quotes nothing that shows it",
        ),
        (json!({ "findings": [] }), "it gives no verdict"),
    ] {
        assert_eq!(came_of(&answer), (Outcome::Unsure, caveat.to_owned()));
    }
}

#[test]
fn prose_is_read_too() {
    let said = "Verdict: refuted. It is a name.\\n\\n```\\n    let teh = 1;\\n```";
    let machine = machine(&["say", said]);
    let door = machine.door();
    let (finding, _) = found(&door);
    let (checks, _) = verify(&door, request(&door, &[finding]));
    assert_eq!(checks[0].check.outcome, Outcome::Refuted);
    assert_eq!(checks[0].check.evidence[0].path, path("src/main.rs"));
    door.engine.shutdown(PATIENCE);
}

#[test]
fn the_verifier_is_asked_without_the_finder() {
    for mode in ["answer", "review-only"] {
        let machine = Machine::new(&[]);
        let answer = machine.answer(&refuted(&json!(["let teh = 1;"])));
        let calls = machine.directory.path().join("calls");
        configure(&machine, &[mode, &answer, calls.to_str().unwrap()], "");
        let door = machine.door();
        let (mut finding, _) = found(&door);
        finding.body = "As finder (claude-sonnet-4), I say so. AKIAIOSFODNN7REALKEY".to_owned();
        let (checks, _) = verify(&door, request(&door, &[finding]));
        assert_eq!(checks[0].check.outcome, Outcome::Refuted, "{mode}");
        door.engine.shutdown(PATIENCE);

        let call: Value = serde_json::from_str(fs::read_to_string(&calls).unwrap().trim()).unwrap();
        let (tool, words) = match mode {
            "answer" => ("ask", "prompt"),
            _ => ("review", "instructions"),
        };
        assert_eq!(call["params"]["name"], tool);
        let arguments = &call["params"]["arguments"];
        let all = arguments.to_string();
        for hidden in ["finder", "claude", "sonnet", "AKIA"] {
            assert!(!all.contains(hidden), "{mode} tells `{hidden}`: {all}");
        }
        assert!(arguments.get("session").is_none_or(Value::is_null));
        let told = arguments[words].as_str().unwrap();
        for needed in [
            "refute",
            "`teh` is misspelt",
            "src/main.rs, line 2",
            "let teh = 1;",
            "\"evidence\"",
        ] {
            assert!(
                told.contains(needed),
                "{mode} does not tell `{needed}`: {told}"
            );
        }
        assert_eq!(told.contains("Verdict: confirmed"), mode == "review-only");
    }
}

#[test]
fn nobody_judges_its_own_provider() {
    let machine = Machine::new(&[]);
    let said = machine.answer(&misspelt("src/main.rs"));
    let agents: [(&str, &[&str]); 1] = [("finder", &["answer", &said])];
    machine.configure(&agents, "");
    let door = machine.door();
    let (finding, _) = found(&door);
    let (checks, report) = verify(&door, request(&door, std::slice::from_ref(&finding)));
    assert!(checks.is_empty());
    let error = report.error.unwrap();
    assert!(
        error.contains("`finder` said it") && error.contains("[verify] agents"),
        "{error}"
    );

    // The embedded agent has no opinion.
    let mut named = request(&door, std::slice::from_ref(&finding));
    named.agents = vec!["builtin".into()];
    let error = verify(&door, named).1.error.unwrap();
    assert!(error.contains("`builtin` goes by fixed rules"), "{error}");
    door.engine.shutdown(PATIENCE);

    // Whoever wrote the code does not judge it, either.
    let answer = machine.answer(&refuted(&json!(["let teh = 1;"])));
    configure(&machine, &["answer", &answer], "");
    let door = machine.door();
    let mut written = request(&door, &[finding]);
    written.author = Some("second".into());
    let error = verify(&door, written).1.error.unwrap();
    assert!(error.contains("`second` wrote the code"), "{error}");
    door.engine.shutdown(PATIENCE);
}

#[test]
fn a_verifier_that_fails_leaves_the_finding_unverified() {
    let machine = machine(&["crash"]);
    let door = machine.door();
    let (finding, _) = found(&door);
    let (checks, report) = verify(&door, request(&door, &[finding]));
    assert!(checks.is_empty() && !report.is_complete());
    let AgentOutcome::Failed(why) = outcome(&report, "second").outcome else {
        panic!("{report:?}")
    };
    assert!(why.contains("the house burns"), "{why}");
    assert_eq!(report.skipped[0].path, "src/main.rs:2");
    assert!(report.skipped[0].reason.starts_with("agent `second`"));
    door.engine.shutdown(PATIENCE);
}

#[test]
fn a_verification_ends_at_its_limit_and_when_it_is_cancelled() {
    let machine = Machine::new(&[]);
    configure(&machine, &["hang"], "");
    let door = machine.door();
    let (finding, _) = found(&door);
    let run = door
        .engine
        .verify(request(&door, std::slice::from_ref(&finding)));
    while !matches!(door.next(run), RunEvent::Progress { message, .. } if message.contains("verifying src/main.rs:2"))
    {
    }
    let asked = Instant::now();
    door.engine.cancel(run);
    let (_, report) = door.finish(run);
    assert!(asked.elapsed() < Duration::from_secs(1));
    assert!(report.cancelled);
    assert_eq!(outcome(&report, "second").outcome, AgentOutcome::Cancelled);
    door.engine.shutdown(PATIENCE);

    configure(&machine, &["hang"], "[limits]\nrun = \"1s\"\n");
    let door = machine.door();
    let (checks, report) = verify(&door, request(&door, &[finding]));
    assert!(checks.is_empty());
    let AgentOutcome::Failed(why) = outcome(&report, "second").outcome else {
        panic!("{report:?}")
    };
    assert!(why.contains("longer than 1 s"), "{why}");
    door.engine.shutdown(PATIENCE);
}

#[test]
fn a_check_is_remembered_as_long_as_it_holds() {
    let machine = Machine::new(&[]);
    let quotes = json!([{ "path": "src/main.rs", "quote": "fn main() {" }]);
    let answer = machine.answer(&refuted(&quotes));
    configure(&machine, &["answer", &answer], "");
    let door = machine.door();
    let (finding, _) = found(&door);
    let (checks, _) = verify(&door, request(&door, &[finding]));
    door.engine.shutdown(PATIENCE);

    let recalled = |text: &str| {
        let door = machine.door();
        door.engine
            .recall(&door.root, &path("src/main.rs"), Text::new(text), Some(1));
        let mut told = Vec::new();
        loop {
            match door.events.recv_timeout(PATIENCE).unwrap() {
                Event::Checks { checks, .. } => told.extend(checks),
                Event::Recalled { .. } => break,
                _ => {}
            }
        }
        door.engine.shutdown(PATIENCE);
        told
    };
    let kept = recalled(CODE);
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (&kept[0].finding, &kept[0].check),
        (&checks[0].finding, &checks[0].check)
    );
    assert_eq!(recalled(&format!("// moved\n{CODE}")).len(), 1);
    // What the check rests on is gone.
    assert_eq!(recalled(&CODE.replace("fn main", "fn other")), []);
}

#[test]
fn the_open_document_is_what_is_checked() {
    let machine = Machine::new(&[]);
    let answer = machine.answer(&refuted(&json!(["let teh = 7; // unsaved"])));
    configure(&machine, &["answer", &answer], "");
    let door = machine.door();
    let (finding, _) = found(&door);
    let mut request = request(&door, &[finding]);
    let text = Text::new(&CODE.replace("let teh = 1;", "let teh = 7; // unsaved"));
    request
        .open
        .insert(path("src/main.rs"), Buffer { text, version: 3 });
    let (checks, _) = verify(&door, request);
    assert_eq!(checks[0].check.outcome, Outcome::Refuted);
    door.engine.shutdown(PATIENCE);
}
