//! What the user is told of a run.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use engine::{AgentOutcome, Skipped};
use expect_test::expect;
use std::time::Duration;

fn agent(name: &str, outcome: AgentOutcome, findings: usize) -> AgentReport {
    AgentReport {
        agent: name.to_owned(),
        provider: name.to_owned(),
        outcome,
        findings,
        unlocated: 0,
        dismissed: 0,
        not_reviewed: Vec::new(),
        spent: Default::default(),
        left_out: Default::default(),
        changes: 0,
        checks: 0,
        problems: Vec::new(),
        summary: None,
        usage: None,
        memory: engine::MemoryUse::default(),
        known: 0,
        elapsed: Duration::ZERO,
    }
}

fn report(agents: Vec<AgentReport>) -> Report {
    Report {
        cancelled: false,
        error: None,
        agents,
        files: Vec::new(),
        skipped: Vec::new(),
        notes: Vec::new(),
        elapsed: Duration::ZERO,
    }
}

/// The messages that a client gets during a run, one per line.
fn told(can_show: bool, accepts: bool, report: &Report) -> String {
    let what = What::Review(Scope::Files(vec!["a".into()]));
    told_of(what, "a", (can_show, accepts), report)
}

fn told_of(what: What, subject: &str, progress: (bool, bool), report: &Report) -> String {
    let (can_show, accepts) = progress;
    let mut client = Client::default();
    let mut runs = Runs::default();
    let id = RunId(7);
    let task = Task {
        root: Path::new("/r").into(),
        what,
        agents: vec![],
        instructions: None,
        author: None,
        occasion: Occasion::Asked,
    };
    let new = NewRun {
        task,
        subject: subject.to_owned(),
        revisions: vec![1],
        is_explicit: true,
    };
    runs.start(id, new, &mut client, can_show);
    runs.progress_answered(id, accepts, &mut client);
    runs.moved(id, "codex: thinking".to_owned(), 0.4, &mut client);
    runs.moved(id, "codex: still thinking".to_owned(), 0.1, &mut client);
    runs.ended(id, report, NotShown::default(), &mut client);
    assert!(runs.running().is_empty());
    messages(&client)
}

fn messages(client: &Client) -> String {
    let text = String::from_utf8(client.unsent().to_vec()).unwrap();
    let bodies = text
        .split("Content-Length: ")
        .filter_map(|it| it.split_once("\r\n\r\n"));
    let described = bodies.filter_map(|(_, body)| {
        let message: Value = serde_json::from_str(body).unwrap();
        let params = &message["params"];
        let line = match message["method"].as_str()? {
            "window/logMessage" => return None,
            "$/progress" => {
                let value = &params["value"];
                format!(
                    "{} {} {}\n",
                    value["kind"].as_str()?,
                    value["percentage"],
                    value["message"].as_str()?
                )
            }
            "window/showMessage" => format!(
                "message {} {}\n",
                params["type"],
                params["message"].as_str()?
            ),
            method => format!("{method}\n"),
        };
        Some(line)
    });
    described.collect()
}

#[test]
fn success_is_told_by_progress_alone() {
    let report = report(vec![
        agent("builtin", AgentOutcome::Answered, 2),
        agent("codex", AgentOutcome::Answered, 1),
    ]);
    expect![[r#"
        window/workDoneProgress/create
        begin 0 reviewing a
        report 40 codex: thinking
        report 40 codex: still thinking
        end null 3 findings by builtin, codex
    "#]]
    .assert_eq(&told(true, true, &report));
    expect![[r#"
        begin 0 reviewing a
        report 40 codex: thinking
        report 40 codex: still thinking
        end null 3 findings by builtin, codex
    "#]]
    .assert_eq(&told(false, true, &report));
}

#[test]
fn failures_are_told_once() {
    let failed =
        AgentOutcome::Failed("it exited with code 1; last words: out of credit".to_owned());
    let partly = report(vec![
        agent("builtin", AgentOutcome::Answered, 0),
        agent("claude", failed.clone(), 0),
    ]);
    expect![[r#"
        window/workDoneProgress/create
        message 2 Review of a: claude failed: it exited with code 1; last words: out of credit
    "#]]
    .assert_eq(&told(true, false, &partly));
    let mut nothing = report(vec![agent("claude", failed, 0)]);
    let skipped = |path: &str| Skipped {
        path: path.to_owned(),
        reason: "not UTF-8".to_owned(),
        asked_for: true,
    };
    nothing.skipped = ["a", "b", "c", "d", "e"].map(skipped).into();
    expect![[r#"
        begin 0 reviewing a
        report 40 codex: thinking
        report 40 codex: still thinking
        message 1 Review of a: claude failed: it exited with code 1; last words: out of credit; a was not reviewed: not UTF-8; b was not reviewed: not UTF-8; c was not reviewed: not UTF-8; 2 files more were not reviewed
        end null not reviewed; claude failed: it exited with code 1; last words: out of credit; 5 files not reviewed
    "#]]
    .assert_eq(&told(false, true, &nothing));
}

#[test]
fn a_run_that_ends_before_its_progress_is_there_still_says_what_came_of_it() {
    let mut client = Client::default();
    let mut runs = Runs::default();
    let id = RunId(1);
    let task = Task {
        root: Path::new("/r").into(),
        what: What::Review(Scope::Files(vec![])),
        agents: vec![],
        instructions: None,
        author: None,
        occasion: Occasion::Asked,
    };
    runs.start(
        id,
        NewRun {
            task: task.clone(),
            subject: "a".to_owned(),
            revisions: vec![],
            is_explicit: true,
        },
        &mut client,
        true,
    );
    assert_eq!(runs.find(&task, &[]), Some((id, true)));
    assert_eq!(runs.find(&task, &[2]), Some((id, false)));
    runs.ended(
        id,
        &report(vec![agent("builtin", AgentOutcome::Answered, 0)]),
        NotShown::default(),
        &mut client,
    );
    assert_eq!(runs.find(&task, &[]), None, "it is over");
    runs.progress_answered(id, true, &mut client);
    expect![[r#"
        window/workDoneProgress/create
        begin 0 reviewing a
        end null 0 findings by builtin
    "#]]
    .assert_eq(&messages(&client));
    assert_eq!(run_of(&json!("crosscheck/run/1")), Some(id));
    assert_eq!(run_of(&json!(1)), None);
}

fn fix() -> What {
    What::Fix {
        title: "mismatched types".to_owned(),
        remarks: vec![],
        targets: vec![],
    }
}

fn changed(name: &str, outcome: AgentOutcome, changes: usize) -> AgentReport {
    AgentReport {
        changes,
        ..agent(name, outcome, 0)
    }
}

#[test]
fn a_fix_and_a_request_have_their_own_words() {
    let outcome = AgentOutcome::Answered;
    let mut silent = changed("claude", outcome.clone(), 0);
    silent.summary = Some("The type is right;\nthe *caller* is wrong.".to_owned());
    let both = report(vec![changed("codex", outcome, 3), silent]);
    expect![[r#"
        window/workDoneProgress/create
        begin 0 fixing src/a.rs:3
        report 40 codex: thinking
        report 40 codex: still thinking
        message 3 claude changed nothing: The type is right; the *caller* is wrong.
        end null 3 changes by codex; claude changed nothing
    "#]]
    .assert_eq(&told_of(fix(), "src/a.rs:3", (true, true), &both));
    let ask = What::Ask {
        title: "Write docs".to_owned(),
        targets: vec![],
    };
    let failed = changed("codex", AgentOutcome::Failed("it crashed".to_owned()), 0);
    let failed = report(vec![failed]);
    let subject = "“Write docs” in src/a.rs:3";
    expect![[r#"
        begin 0 working on “Write docs” in src/a.rs:3
        report 40 codex: thinking
        report 40 codex: still thinking
        message 1 “Write docs” in src/a.rs:3: codex failed: it crashed
        end null nothing was proposed; codex failed: it crashed
    "#]]
    .assert_eq(&told_of(ask.clone(), subject, (false, true), &failed));
    let partial = AgentOutcome::Partial("its time was up".to_owned());
    let partial = report(vec![changed("codex", partial, 2)]);
    expect![[r#"
        message 2 “Write docs” in src/a.rs:3: codex did not do everything: its time was up
    "#]]
    .assert_eq(&told_of(ask, subject, (false, false), &partial));
}

#[test]
fn a_verification_tells_what_was_checked_and_what_was_not() {
    let what = What::Verify {
        ids: vec![FindingId("0123456789abcdef".to_owned())],
    };
    let failed = AgentOutcome::Partial("agent `claude` went away".to_owned());
    let mut report = report(vec![AgentReport {
        checks: 2,
        ..agent("claude", failed, 0)
    }]);
    report.skipped.push(Skipped {
        path: "src/a.rs:3".to_owned(),
        reason: "agent `claude` went away".to_owned(),
        asked_for: true,
    });
    expect![[r#"
        window/workDoneProgress/create
        begin 0 verifying 3 findings
        report 40 codex: thinking
        report 40 codex: still thinking
        message 2 Verification of 3 findings: claude did not do everything: agent `claude` went away; src/a.rs:3 was not verified: agent `claude` went away
        end null 2 findings checked by claude; claude did not do everything: agent `claude` went away; 1 finding not verified
    "#]]
    .assert_eq(&told_of(what, "3 findings", (true, true), &report));
}
