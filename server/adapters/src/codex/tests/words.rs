//! Tests of words: what people read about the work, the questions and the failures of Codex.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::codex::approval::{self, Asked};
use crate::codex::failure::Failure;
use crate::codex::progress;
use crate::codex::protocol::Question;
use crate::server::Verdict;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

#[test]
fn progress_is_a_few_words_on_what_was_begun() {
    let command = |action: Value| json!({ "type": "commandExecution", "id": "c", "command": "/bin/bash -lc 'x | y'", "commandActions": [action] });
    let change = |paths: &[&str]| {
        let changes = paths
            .iter()
            .map(|path| json!({ "path": path, "kind": { "type": "add" }, "diff": "" }));
        json!({ "type": "fileChange", "id": "f", "changes": changes.collect::<Vec<_>>() })
    };
    let cases = [
        (
            json!({ "type": "reasoning", "id": "r", "summary": [] }),
            "thinking",
        ),
        (
            json!({ "type": "agentMessage", "id": "m", "text": "" }),
            "writing",
        ),
        (
            command(
                json!({ "type": "read", "command": "cat", "name": "a.rs", "path": "/r/src/a.rs" }),
            ),
            "reading src/a.rs",
        ),
        (
            command(
                json!({ "type": "read", "command": "cat", "name": "hosts", "path": "/etc/hosts" }),
            ),
            "reading /etc/hosts",
        ),
        (
            command(json!({ "type": "listFiles", "command": "ls", "path": null })),
            "listing files",
        ),
        (
            command(json!({ "type": "listFiles", "command": "ls", "path": "/r/src" })),
            "listing files in src",
        ),
        (
            command(json!({ "type": "search", "command": "rg", "query": "fn", "path": "src" })),
            "searching for fn in src",
        ),
        (
            command(json!({ "type": "search", "command": "rg", "query": null, "path": null })),
            "searching for something",
        ),
        (
            command(json!({ "type": "unknown", "command": "cargo check" })),
            "running cargo check",
        ),
        (
            command(json!({ "type": "brandNew" })),
            "running /bin/bash -lc 'x | y'",
        ),
        (change(&["/r/a.rs"]), "editing a.rs"),
        (change(&["/r/a.rs", "/r/b.rs"]), "editing 2 files"),
        (change(&[]), "-"),
        (
            json!({ "type": "mcpToolCall", "id": "t", "server": "docs", "tool": "find" }),
            "using find of docs",
        ),
        (
            json!({ "type": "webSearch", "id": "w", "query": "rust" }),
            "searching the web for rust",
        ),
        (
            json!({ "type": "webSearch", "id": "w", "query": "" }),
            "searching the web",
        ),
        (
            json!({ "type": "imageView", "id": "i", "path": "/r/a.png" }),
            "looking at a.png",
        ),
        (
            json!({ "type": "contextCompaction", "id": "c" }),
            "summing up the conversation",
        ),
        (
            json!({ "type": "userMessage", "id": "u", "content": [] }),
            "-",
        ),
        (json!({ "type": "brandNew" }), "-"),
    ];
    for (item, expected) in cases {
        let words = progress::words(&serde_json::from_value(item).unwrap(), Path::new("/r"));
        assert_eq!(words.as_deref().unwrap_or("-"), expected);
    }
    for (message, expected) in [
        ("Reconnecting... 2/5", "reconnecting (2 of 5)"),
        ("waiting for the network", "waiting for the network"),
        ("a/b", "a/b"),
        ("", ""),
    ] {
        assert_eq!(progress::retrying(message), expected);
    }
}

fn question(method: &str, params: Value) -> Question {
    Question {
        id: json!(1),
        method: method.to_owned(),
        params,
    }
}

/// The question for a person, what the client may hold against its policy, and the answers to yes, always and no.
fn asked(method: &str, params: Value) -> String {
    let two = vec!["/r/src/a.rs".to_owned(), "/etc/b".to_owned()];
    let files = HashMap::from([("two".to_owned(), two)]);
    match approval::read(&question(method, params), &files, Path::new("/r")) {
        Asked::Unknown => "unknown".to_owned(),
        Asked::Settled(answer) => format!("settled: {answer}"),
        Asked::Person(ask) => {
            let approval = serde_json::to_value(&ask.approval).unwrap();
            let deny = Verdict::Deny(String::new());
            let verdicts = [Verdict::Allow, Verdict::AllowForRun, deny];
            let [yes, always, no] = verdicts.map(|verdict| ask.reply.to(&verdict));
            format!("{}\n{approval}\n{yes}\n{always}\n{no}", ask.message)
        }
    }
}

#[test]
fn questions_say_all_that_is_approved() {
    let cases: [(&str, Value, Expect); 9] = [
        (
            "item/commandExecution/requestApproval",
            json!({ "command": "/bin/bash -lc 'rm x\nrm \u{7}y'", "cwd": "/r", "reason": null }),
            expect![[r#"
                Codex wants to run a command in /r: rm x ⏎ rm y
                {"command":"rm x\nrm \u0007y","directory":"/r"}
                {"decision":"accept"}
                {"decision":"acceptForSession"}
                {"decision":"decline"}"#]],
        ),
        (
            "item/commandExecution/requestApproval",
            json!({ "command": "curl x", "cwd": "/r", "networkApprovalContext": { "host": "x.org", "protocol": "https" } }),
            expect![[r#"
                Codex wants to reach x.org over the network in /r: curl x
                {"command":"curl x","directory":"/r","tool":"network"}
                {"decision":"accept"}
                {"decision":"acceptForSession"}
                {"decision":"decline"}"#]],
        ),
        (
            "item/commandExecution/requestApproval",
            json!({ "kind": "writeStdin", "command": "y" }),
            expect![[r#"
                Codex wants to type into a command that is running: y
                {"command":"y","tool":"terminal"}
                {"decision":"accept"}
                {"decision":"acceptForSession"}
                {"decision":"decline"}"#]],
        ),
        (
            "item/fileChange/requestApproval",
            json!({ "itemId": "two", "reason": "to be done" }),
            expect![[r#"
                Codex wants to change 2 files: src/a.rs, /etc/b
                Its reason: to be done
                {"files":["/r/src/a.rs","/etc/b"],"reason":"to be done"}
                {"decision":"accept"}
                {"decision":"acceptForSession"}
                {"decision":"decline"}"#]],
        ),
        (
            "item/fileChange/requestApproval",
            json!({ "itemId": "?", "grantRoot": "/etc" }),
            expect![[r#"
                Codex wants to write anywhere in /etc.
                {}
                {"decision":"accept"}
                {"decision":"acceptForSession"}
                {"decision":"decline"}"#]],
        ),
        (
            "item/permissions/requestApproval",
            json!({ "cwd": "/r", "permissions": {
                "network": { "enabled": true },
                "fileSystem": { "write": ["/x"], "entries": [{ "access": "read", "path": { "type": "path", "path": "/y" } }] },
            } }),
            expect![[r#"
                Codex wants to have more rights until the end of this call: use the network; write /x; read /y
                {"directory":"/r","tool":"permissions"}
                {"permissions":{"fileSystem":{"entries":[{"access":"read","path":{"path":"/y","type":"path"}}],"write":["/x"]},"network":{"enabled":true}},"scope":"turn"}
                {"permissions":{"fileSystem":{"entries":[{"access":"read","path":{"path":"/y","type":"path"}}],"write":["/x"]},"network":{"enabled":true}},"scope":"turn"}
                {"permissions":{}}"#]],
        ),
        (
            "mcpServer/elicitation/request",
            json!({
                "serverName": "docs", "mode": "form", "message": "Allow docs to run find?",
                "requestedSchema": { "type": "object", "properties": {} },
                "_meta": { "persist": ["session", "always"], "tool_name": "find" },
            }),
            expect![[r#"
                Codex wants to use the MCP server docs.
                Its reason: Allow docs to run find?
                {"reason":"Allow docs to run find?","tool":"docs/find"}
                {"action":"accept","content":{}}
                {"_meta":{"persist":"session"},"action":"accept","content":{}}
                {"action":"decline","content":null}"#]],
        ),
        (
            "mcpServer/elicitation/request",
            json!({ "serverName": "docs", "mode": "url", "message": "Open", "url": "https://x.org" }),
            expect![[r#"settled: {"action":"decline","content":null}"#]],
        ),
        ("brand/new", json!({}), expect!["unknown"]),
    ];
    for (method, params, expected) in cases {
        expected.assert_eq(&asked(method, params));
    }
}

#[test]
fn a_long_command_is_cut_with_the_count_of_what_is_cut() {
    let command = format!("echo {}", "x".repeat(5000));
    let asked = asked(
        "item/commandExecution/requestApproval",
        json!({ "command": command }),
    );
    let message = asked.lines().next().unwrap();
    assert!(
        message.ends_with("xxx… (3005 more characters)"),
        "{message}"
    );
}

#[test]
fn failures_say_what_to_do() {
    let status = |word: &str, status: Value| json!({ word: { "httpStatusCode": status } });
    let cases: [(&str, Value, Expect); 13] = [
        (
            "Try again at 10:11 PM.",
            json!("usageLimitExceeded"),
            expect![
                "Codex is out of quota: Try again at 10:11 PM; wait until it is renewed, or use another account or model"
            ],
        ),
        (
            "last status: 429",
            status("responseTooManyFailedAttempts", json!(429)),
            expect![
                "the model's provider limits the rate of requests: last status: 429; try again later"
            ],
        ),
        (
            "try again in 11 s",
            json!("rateLimitExceeded"),
            expect![
                "the model's provider limits the rate of requests: try again in 11 s; try again later"
            ],
        ),
        (
            "Codex ran out of room.",
            json!("contextWindowExceeded"),
            expect![
                "this is more than the model's context window holds: Codex ran out of room; ask about fewer files at a time, or begin a new session"
            ],
        ),
        (
            "unexpected status 401",
            status("httpConnectionFailed", json!(401)),
            expect![
                "the model's provider does not accept Codex's login: unexpected status 401; run `codex login` in a terminal, or correct the key of the provider that its configuration names"
            ],
        ),
        (
            "The model `x` does not exist",
            json!("modelNotFound"),
            expect![
                "the model is not there for this account: The model `x` does not exist; name another with `--model` or in Codex's configuration"
            ],
        ),
        (
            "high demand",
            json!("internalServerError"),
            expect!["the model's provider has trouble: high demand; try again later"],
        ),
        (
            "unexpected status 503",
            status("httpConnectionFailed", json!(503)),
            expect!["the model's provider has trouble: unexpected status 503; try again later"],
        ),
        (
            "error sending request",
            status("httpConnectionFailed", json!(null)),
            expect![
                "Codex cannot reach the model's provider: error sending request; check the network and the provider's address"
            ],
        ),
        (
            "stream disconnected before completion: stream closed before response.completed",
            json!("other"),
            expect![
                "the connection to the model's provider broke off: stream disconnected before completion: stream closed before response.completed; try again, and check the network if it happens again"
            ],
        ),
        (
            "stream disconnected before completion: idle timeout waiting for SSE",
            status("responseStreamDisconnected", json!(null)),
            expect![
                "the connection to the model's provider broke off: stream disconnected before completion: idle timeout waiting for SSE; try again, and check the network if it happens again"
            ],
        ),
        (
            "Missing environment variable: `X`.",
            json!("other"),
            expect![
                "Codex lacks the key of the model's provider: Missing environment variable: `X`; set the variable where this program is started"
            ],
        ),
        (
            "{\"error\": {\"message\": \"bad  request\"}}",
            json!("other"),
            expect!["Codex failed: bad request"],
        ),
    ];
    for (message, info, expected) in cases {
        let error = json!({ "message": message, "codexErrorInfo": info });
        let failure = Failure::of_turn(&serde_json::from_value(error).unwrap());
        expected.assert_eq(&failure.to_string());
    }
}
