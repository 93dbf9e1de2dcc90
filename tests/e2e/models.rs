//! The models of the tests, proven with the real programs alone: when these fail, look here before you look at us.

use serde_json::{Value, json};
use std::process::{Output, Stdio};
use tests::model::{End, Step};
use tests::{Sandbox, real, sandbox};

/// Runs a program of the sandbox's user to its end, with this prompt as its last argument.
fn ask(sandbox: &Sandbox, program: &str, args: &[&str]) -> Output {
    let program = sandbox.path().join("bin").join(program);
    let mut command = sandbox.command(program);
    command.args(args).stdin(Stdio::null()).output().unwrap()
}

fn codex(sandbox: &Sandbox, prompt: &str) -> String {
    let args = [
        "exec",
        "--json",
        "--skip-git-repo-check",
        "--ephemeral",
        prompt,
    ];
    let output = ask(sandbox, "codex", &args);
    String::from_utf8(output.stdout).unwrap()
}

fn claude(sandbox: &Sandbox, args: &[&str]) -> Value {
    let fixed = [
        "-p",
        "--bare",
        "--no-session-persistence",
        "--output-format",
        "json",
    ];
    let output = ask(sandbox, "claude", &[&fixed, args].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn codex_hears_its_model() {
    let mut sandbox = sandbox!();
    let Some(model) = real::codex(&mut sandbox) else {
        return;
    };
    model.script([
        Step::shell("echo to be seen > /dev/null"),
        Step::text("the answer is 42").usage(7, 3),
    ]);
    let said = codex(&sandbox, "What is it?");
    assert!(said.contains(r#""text":"the answer is 42""#), "{said}");
    assert!(said.contains(r#""input_tokens":107"#), "{said}");
    let asked = model.asked();
    assert_eq!(asked.len(), 2, "{asked:#?}");
    assert!(asked[1].body.to_string().contains("What is it?"));
    assert_eq!(asked[1].end, Some(End::Answered));
}

#[test]
fn codex_hears_that_its_model_is_in_trouble() {
    let mut sandbox = sandbox!();
    let Some(model) = real::codex(&mut sandbox) else {
        return;
    };
    for (step, said) in [
        (Step::status(429), "429"),
        (Step::text("half an answer").cut(), "stream"),
    ] {
        model.always(step);
        let heard = codex(&sandbox, "What is it?");
        assert!(
            heard.contains("turn.failed") && heard.contains(said),
            "{heard}"
        );
    }
}

#[test]
fn claude_hears_its_model() {
    let mut sandbox = sandbox!();
    let file = sandbox.file("notes", "seen\n");
    let Some(model) = real::claude(&mut sandbox) else {
        return;
    };
    model.script([
        Step::call("Read", json!({ "file_path": file })),
        Step::form(json!({ "answer": 42 })).usage(7, 3),
    ]);
    let schema =
        r#"{"type":"object","properties":{"answer":{"type":"integer"}},"required":["answer"]}"#;
    let said = claude(
        &sandbox,
        &[
            "--tools",
            "Read",
            "--json-schema",
            schema,
            "--",
            "What is it?",
        ],
    );
    assert_eq!(said["structured_output"]["answer"], 42, "{said:#}");
    assert!(model.asked()[1].body.to_string().contains("seen"));
}

#[test]
fn claude_hears_that_its_model_is_in_trouble() {
    let mut sandbox = sandbox!();
    let Some(model) = real::claude(&mut sandbox) else {
        return;
    };
    model.always(Step::status(529));
    let said = claude(&sandbox, &["--", "What is it?"]);
    assert_eq!(
        (&said["is_error"], &said["api_error_status"]),
        (&json!(true), &json!(529)),
        "{said:#}"
    );
}
