//! Tests of what is asked, and how.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use expect_test::{Expect, expect};

/// As Claude Code 2.1.330 asks.
fn bash(command: &str, rules: &Value) -> Request {
    let request = json!({
        "subtype": "can_use_tool", "tool_name": "Bash", "display_name": "Bash",
        "input": { "command": command, "description": "List files" }, "description": "List files",
        "permission_suggestions": rules, "blocked_path": "/r/y", "tool_use_id": "t",
    });
    Request::read("7".to_owned(), &request)
}

fn suggestions() -> Value {
    json!([
        { "type": "addRules", "rules": [{ "toolName": "Bash", "ruleContent": "touch y *" }], "behavior": "allow", "destination": "localSettings" },
        { "type": "addRules", "rules": [{ "toolName": "Read", "ruleContent": "//etc/**" }], "behavior": "allow", "destination": "session" },
        { "type": "addRules", "rules": [{ "toolName": "Bash" }], "behavior": "allow", "destination": "session" },
        { "type": "addDirectories", "directories": ["/etc"], "destination": "session" },
        { "type": "setMode", "mode": "acceptEdits", "destination": "session" },
    ])
}

fn other(tool: &str, input: &Value) -> Request {
    Request::read(
        "7".to_owned(),
        &json!({ "tool_name": tool, "input": input }),
    )
}

fn root() -> Root {
    Root::new("/").unwrap()
}

#[test]
fn a_person_sees_what_it_is_about() {
    let cases: [(Request, Expect); 6] = [
        (
            bash("touch y &&\n  ls\u{7}\n\nIts reason: none", &suggestions()),
            expect![[r#"
                Claude Code wants to run a command in /:

                    touch y &&
                    ls

                    Its reason: none

                Its reason: List files

                Allowed for this run, it may also: touch y *
                {"command":"touch y &&\n  ls\u0007\n\nIts reason: none","directory":"/","reason":"List files"}"#]],
        ),
        (
            other(
                "Write",
                &json!({ "file_path": "/.git/config", "content": "x" }),
            ),
            expect![[r#"
                Claude Code wants to write .git/config, which is not among the project's files.
                {"files":["/.git/config"]}"#]],
        ),
        (
            other("Read", &json!({ "file_path": "/.git/config" })),
            expect![[r#"
                Claude Code wants to read .git/config, which is not among the project's files.
                {"tool":"Read /.git/config"}"#]],
        ),
        (
            other("Grep", &json!({ "pattern": "x", "path": "/etc" })),
            expect![[r#"
                Claude Code wants to use its tool Grep:

                    {"path":"/etc","pattern":"x"}
                {"tool":"Grep"}"#]],
        ),
        (
            other("Write", &json!({ "file_path": 7 })),
            expect![[r#"
                Claude Code wants to use its tool Write:

                    {"file_path":7}
                {"tool":"Write"}"#]],
        ),
        (
            other("", &Value::Null),
            expect![[r#"
                Claude Code wants to use its tool :

                    null
                {"tool":""}"#]],
        ),
    ];
    for (request, expected) in cases {
        assert!(!request.is_allowed(&root(), &Memory::default()));
        let approval = serde_json::to_string(&request.approval(&root())).unwrap();
        expected.assert_eq(&format!("{}\n{approval}", request.question(&root())));
    }
}

#[test]
fn the_root_allows_what_the_user_has_not_ruled_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::new(directory.path().to_str().unwrap()).unwrap();
    let file = directory.path().join("src/a.rs");
    let cases = [
        ("Edit", json!({}), true),
        ("Read", json!({}), true),
        ("NotebookEdit", json!({}), false),
        ("Bash", json!({}), false),
        (
            "Edit",
            json!({ "matched_ask_rule": { "source": "userSettings" } }),
            false,
        ),
        ("Read", json!({ "decision_reason_type": "rule" }), false),
        (
            "Write",
            json!({ "decision_reason_type": "safetyCheck" }),
            true,
        ),
    ];
    for (tool, more, expected) in cases {
        let mut request = json!({ "tool_name": tool, "input": { "file_path": file } });
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let request = Request::read("7".to_owned(), &request);
        assert_eq!(
            request.is_allowed(&root, &Memory::default()),
            expected,
            "{tool} {more}"
        );
        if request.is_by_rule {
            let question = request.question(&root);
            assert!(
                question
                    .ends_with(" src/a.rs, which your settings of Claude Code say to ask about."),
                "{question}"
            );
        }
    }
}

#[test]
fn a_long_command_is_cut_and_told() {
    let question = bash(&"echo 1\n".repeat(1_000), &Value::Null).question(&root());
    assert!(question.chars().count() < MAX_SHOWN * 2, "{question}");
    assert!(
        question.contains("(shown only in part: it has 7000 characters)"),
        "{question}"
    );
}

#[test]
fn claude_is_told_what_was_decided() {
    let request = bash("touch y", &suggestions());
    let cases = [
        (
            &request,
            Verdict::Allow,
            expect![[
                r#"{"behavior":"allow","updatedInput":{"command":"touch y","description":"List files"}}"#
            ]],
        ),
        (
            &request,
            Verdict::AllowForRun,
            expect![[
                r#"{"behavior":"allow","updatedInput":{"command":"touch y","description":"List files"},"updatedPermissions":[{"behavior":"allow","destination":"session","rules":[{"ruleContent":"touch y *","toolName":"Bash"}],"type":"addRules"}]}"#
            ]],
        ),
        (
            &bash("touch y", &Value::Null),
            Verdict::AllowForRun,
            expect![[
                r#"{"behavior":"allow","updatedInput":{"command":"touch y","description":"List files"}}"#
            ]],
        ),
        (
            &request,
            Verdict::Deny("the user declined".to_owned()),
            expect![[
                r#"{"behavior":"deny","message":"This was not allowed: the user declined. Go on without it, and say at the end what could not be done."}"#
            ]],
        ),
    ];
    for (request, verdict, expected) in cases {
        expected.assert_eq(&request.answer(&verdict).to_string());
    }
}

#[test]
fn what_was_allowed_for_the_run_is_not_asked_again() {
    let mut memory = Memory::default();
    let (one, other) = (bash("touch y", &Value::Null), bash("touch z", &Value::Null));
    memory.note(&one, &Verdict::Allow);
    assert!(!one.is_allowed(&root(), &memory));
    memory.note(&one, &Verdict::AllowForRun);
    assert!(one.is_allowed(&root(), &memory));
    assert!(!other.is_allowed(&root(), &memory));
}

#[test]
fn a_summary_names_what_was_refused_once() {
    let denial = |tool: &str, input: Value| Denial {
        tool: tool.to_owned(),
        input,
    };
    assert_eq!(told(&[]), "");
    let denials = [
        denial(
            "Bash",
            json!({ "command": "rm -rf\nx", "description": "d" }),
        ),
        denial("Bash", json!({ "command": "rm -rf x" })),
        denial("Write", json!({ "file_path": "/etc/x" })),
        denial("Odd", json!([1])),
    ];
    expect![[r"
        Not allowed, so not done:
        - Bash: rm -rf x
        - Write: /etc/x
        - Odd: [1]"]]
    .assert_eq(&told(&denials));
    let many: Vec<Denial> = (0..30)
        .map(|it| denial("Bash", json!({ "command": it.to_string() })))
        .collect();
    assert!(told(&many).ends_with("- Bash: 19\n- and 10 more"));
}
