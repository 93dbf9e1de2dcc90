//! Questions of agents: they reach the user, and whatever the user does, the agent is answered and goes on.

use crate::{CODE, FINDS_ADD, until};
use serde_json::{Value, json};
use std::time::Instant;
use tests::{Editor, PATIENCE, Sandbox, sandbox};

/// An agent that asks whether it may run a command, and then finds fault with the second line.
fn stage(keys: &str) -> Sandbox {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let question = json!({
        "message": "May I?",
        "requestedSchema": { "type": "object", "properties": {
            "decision": { "type": "string", "enum": ["allow", "allow_for_run", "deny"] },
        }, "required": ["decision"] },
        "_meta": { "crosscheck/approval": { "command": "cargo check --quiet", "reason": "to be sure" } },
    });
    let script = FINDS_ADD.replace("on call\n", &format!("on call\nask {question}\n"));
    sandbox.agent_with("curious", &script, keys);
    sandbox
}

/// What the agent was answered.
fn answer(sandbox: &Sandbox) -> Value {
    let log = sandbox.sent_to("curious");
    let mut answers = log
        .lines()
        .filter_map(|it| serde_json::from_str::<Value>(it).ok());
    let answer = answers.find(|it| it["result"]["action"].is_string());
    answer.unwrap_or_else(|| panic!("no answer in: {log}"))["result"].clone()
}

fn start(sandbox: &Sandbox) -> Editor {
    let mut editor = Editor::start(sandbox);
    editor.open("src/main.rs");
    let uri = editor.uri("src/main.rs");
    editor.execute("crosscheck.review", json!({ "scope": "file", "uri": uri }));
    editor
}

/// The findings are there in the end.
fn finish(mut editor: Editor) {
    editor.progress_end();
    editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    editor.ignore("window/showMessageRequest");
    editor.ignore("window/showMessage");
    editor.shutdown();
}

#[test]
fn the_user_is_asked_and_decides() {
    for (title, decision) in [("Allow", "allow"), ("Deny", "deny")] {
        let sandbox = stage("");
        let mut editor = start(&sandbox);
        let question = editor.choose(Some(title));
        let message = question["message"].as_str().unwrap();
        for said in ["curious", "cargo check --quiet", "to be sure"] {
            assert!(message.contains(said), "{said}: {message}");
        }
        finish(editor);
        let answer = answer(&sandbox);
        let is_allowed = answer["action"] == "accept" && answer["content"]["decision"] == "allow";
        assert_eq!(is_allowed, decision == "allow", "{answer:#}");
    }
}

#[test]
fn a_question_that_nobody_answers_is_denied_and_taken_back() {
    let mut sandbox = stage("");
    sandbox.config("[limits]\napproval = \"300ms\"");
    let mut editor = start(&sandbox);
    editor.wait("$/cancelRequest");
    let shown = editor.wait("window/showMessage");
    let message = shown["message"].as_str().unwrap();
    for said in ["curious", "cargo check --quiet", "no answer", "denied"] {
        assert!(message.contains(said), "{said}: {message}");
    }
    finish(editor);
    assert_ne!(answer(&sandbox)["content"]["decision"], "allow");
}

#[test]
fn a_review_that_is_cancelled_takes_its_question_along() {
    let sandbox = stage("");
    let mut editor = start(&sandbox);
    editor.wait("window/showMessageRequest");
    editor.execute("crosscheck.cancel", json!({}));
    editor.wait("$/cancelRequest");
    assert!(editor.progress_end().contains("cancel"));
    until("the agent is answered", || {
        sandbox.sent_to("curious").contains("\"action\"")
    });
    assert_ne!(answer(&sandbox)["content"]["decision"], "allow");
    editor.ignore("window/showMessage");
    editor.shutdown();
}

#[test]
fn the_policy_answers_without_the_user() {
    for (approve, decision) in [("[\"cargo check*\"]", "allow"), ("\"never\"", "deny")] {
        let sandbox = stage(&format!("approve = {approve}"));
        finish(start(&sandbox));
        let answer = answer(&sandbox);
        let is_allowed = answer["content"]["decision"] == "allow";
        assert_eq!(is_allowed, decision == "allow", "{approve}: {answer:#}");
    }
}

#[test]
fn without_a_terminal_it_is_denied_at_once_and_told() {
    let sandbox = stage("");
    let started = Instant::now();
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert!(
        started.elapsed() < PATIENCE,
        "it waited for an answer that nobody can give"
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    for said in [
        "curious",
        "cargo check --quiet",
        "denied: there is no terminal to ask at",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    assert_ne!(answer(&sandbox)["content"]["decision"], "allow");
}
