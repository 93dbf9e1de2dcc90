//! The agent over MCP, around a script that plays `claude`.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(unix)]

use super::*;
use crate::server::tests::Client;
use expect_test::expect;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(20);
const SESSION: &str = "3f6c0000-0000-4000-8000-000000000000";

/// A program in a directory of its own, which is also the root of the calls.
struct Fake {
    directory: TempDir,
    limits: Limits,
}

impl Fake {
    /// Runs this after it has read the prompt.
    fn new(script: &str) -> Self {
        Self::from_start(&format!("read -r prompt\n{script}"))
    }

    fn from_start(script: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("claude");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            directory,
            limits: Limits::USUAL,
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    async fn client(&self, capabilities: Value) -> Client {
        let options = Options {
            program: Some(self.at("claude").into()),
            model: None,
        };
        let limits = self.limits;
        let mut client = Client::of(|read, write| serve_within(options, limits, read, write));
        client.initialize_with(capabilities).await;
        client
    }

    fn arguments(&self, more: &Value) -> Value {
        let mut arguments =
            json!({ "root": self.directory.path(), "prompt": "why?", "instructions": "why?" });
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        arguments
    }

    /// The result of one call.
    async fn call(&self, tool: &str, more: &Value) -> Value {
        let mut client = self.client(json!({})).await;
        client.call(1, tool, self.arguments(more)).await;
        let result = result(&mut client, 1).await;
        client.end().await;
        result
    }

    async fn error(&self, tool: &str, more: &Value) -> String {
        let result = self.call(tool, more).await;
        assert_eq!(result["isError"], true, "{result}");
        let text = result["content"][0]["text"].as_str().unwrap();
        text.replace(self.directory.path().to_str().unwrap(), "…")
    }
}

/// The result of a call, after whatever comes before.
async fn result(client: &mut Client, id: u32) -> Value {
    loop {
        let message = client.receive().await;
        if message["id"] == id {
            return message["result"].clone();
        }
    }
}

/// A script that says a result.
fn says(more: &Value) -> String {
    let mut result = json!({
        "type": "result", "subtype": "success", "is_error": false, "result": "because", "session_id": SESSION,
        "total_cost_usd": 0.5, "usage": { "input_tokens": 1, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 300, "output_tokens": 7 },
        "modelUsage": { "opus": { "outputTokens": 70, "costUSD": 0.4 }, "haiku": { "outputTokens": 10, "costUSD": 0.1 } },
        "model_usage_since_last_result": { "haiku": { "outputTokens": 1, "costUSD": 0.125 }, "opus": { "outputTokens": 6, "costUSD": 0.25 } },
    });
    result
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    format!("cat <<'END'\n{result}\nEND")
}

/// Waits until a file holds something, and gives it.
async fn content(path: &Path) -> String {
    let begin = Instant::now();
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.ends_with('\n') {
            return text.trim().to_owned();
        }
        assert!(begin.elapsed() < LONG, "{}", path.display());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn assert_gone(pid: &str) {
    let begin = Instant::now();
    let stat = format!("/proc/{pid}/stat");
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(begin.elapsed() < LONG, "{pid} survives");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_review_answers_in_the_form_of_the_contract() {
    let finding = json!({
        "path": "a.rs", "start_line": 1, "end_line": 1, "quote": "x", "symbol": null, "severity": "error",
        "category": "correctness", "title": "Wrong", "body": "", "confidence": 0.5, "replacement": null,
    });
    let answer = json!({ "structured_output": { "findings": [finding], "summary": null } });
    let result = Fake::new(&says(&answer)).call("review", &json!({})).await;
    expect![[r#"{"findings":[{"body":"","category":"correctness","confidence":0.5,"end_line":1,"path":"a.rs","quote":"x","severity":"error","start_line":1,"title":"Wrong"}],"session":"3f6c0000-0000-4000-8000-000000000000","usage":{"cost_usd":0.375,"input_tokens":321,"model":"opus","output_tokens":7}}"#]]
    .assert_eq(&result["structuredContent"].to_string());
}

#[tokio::test]
async fn what_does_not_fit_the_schema_goes_out_as_text() {
    let prose = Fake::new(&says(&json!({ "result": "All is well." })));
    let result = prose.call("review", &json!({})).await;
    assert_eq!(
        result["content"],
        json!([{ "type": "text", "text": "All is well." }])
    );
    expect![[r#"{"session":"3f6c0000-0000-4000-8000-000000000000","text":"All is well.","usage":{"cost_usd":0.375,"input_tokens":321,"model":"opus","output_tokens":7}}"#]].assert_eq(&result["structuredContent"].to_string());

    let odd =
        json!({ "structured_output": { "findings": [{ "path": "a.rs", "start_line": -1 }] } });
    let result = Fake::new(&says(&odd)).call("review", &json!({})).await;
    assert_eq!(
        result["content"][0]["text"],
        r#"{"findings":[{"path":"a.rs","start_line":-1}]}"#
    );

    for tool in ["review", "ask"] {
        let error = Fake::new(&says(&json!({ "result": "" })))
            .error(tool, &json!({}))
            .await;
        expect!["Claude Code ended well but answered nothing; ask again"].assert_eq(&error);
    }
}

#[tokio::test]
async fn an_answer_in_words() {
    let result = Fake::new(&says(&json!({ "model_usage_since_last_result": null })))
        .call("ask", &json!({ "session": SESSION }))
        .await;
    assert_eq!(result["content"][0]["text"], "because");
    let usage =
        json!({ "cost_usd": 0.5, "input_tokens": 321, "output_tokens": 7, "model": "opus" });
    assert_eq!(
        result["structuredContent"],
        json!({ "text": "because", "session": SESSION, "usage": usage })
    );
}

#[tokio::test]
async fn an_edit_tells_what_was_refused() {
    let denied = json!({ "permission_denials": [{ "tool_name": "Bash", "tool_use_id": "t", "tool_input": { "command": "rm x" } }] });
    let result = Fake::new(&says(&denied)).call("edit", &json!({})).await;
    assert_eq!(
        result["structuredContent"]["summary"],
        "because\n\nNot allowed, so not done:\n- Bash: rm x"
    );
}

#[tokio::test]
async fn the_client_is_asked_and_its_answer_passed_on() {
    let ask = json!({ "type": "control_request", "request_id": "q", "request": {
        "subtype": "can_use_tool", "tool_name": "Bash", "input": { "command": "make" },
    }});
    let script = format!(
        "echo '{ask}'\nread -r answer\necho \"$answer\" > answer\n{}",
        says(&json!({}))
    );
    let fake = Fake::new(&script);
    let mut client = fake.client(json!({ "elicitation": {} })).await;
    client.call(1, "edit", fake.arguments(&json!({}))).await;
    let question = loop {
        let message = client.receive().await;
        if message["method"] == "elicitation/create" {
            break message;
        }
    };
    assert_eq!(
        question["params"]["_meta"]["crosscheck/approval"]["command"],
        "make"
    );
    let answer = json!({ "action": "accept", "content": { "decision": "allow" } });
    client
        .send(json!({ "jsonrpc": "2.0", "id": question["id"], "result": answer }))
        .await;
    assert_eq!(result(&mut client, 1).await["isError"], false);
    let told: Value = serde_json::from_str(&content(&fake.at("answer")).await).unwrap();
    assert_eq!(
        told["response"]["response"],
        json!({ "behavior": "allow", "updatedInput": { "command": "make" } })
    );
    client.end().await;
}

#[tokio::test]
async fn ends_without_a_result() {
    let cases = [
        (
            "exit 143",
            expect!["Claude Code was ended from outside before it had answered"],
        ),
        ("exit 0", expect!["Claude Code ended without an answer"]),
        (
            "echo no luck; exit 3",
            expect![
                "Claude Code ended with exit code 3 and without an answer; its last words: no luck"
            ],
        ),
        (
            "echo bad luck >&2; exit 1",
            expect![
                "Claude Code ended with exit code 1 and without an answer; its last words: bad luck"
            ],
        ),
        // What it leaves behind holds the pipe open.
        (
            "sleep 60 & exit 4",
            expect!["Claude Code ended with exit code 4 and without an answer"],
        ),
        // Its output ends, but not it.
        (
            "exec >&-; read -r more; exit 5",
            expect!["Claude Code ended with exit code 5 and without an answer"],
        ),
    ];
    for (script, expected) in cases {
        expected.assert_eq(&Fake::new(script).error("review", &json!({})).await);
    }
    let old = Fake::from_start("echo \"error: unknown option '--safe-mode'\" >&2; exit 1");
    expect!["this Claude Code is too old for Crosscheck, which needs 2.1.169 or later; update it with `claude update`; its last words: error: unknown option '--safe-mode'"]
        .assert_eq(&old.error("ask", &json!({})).await);
    let long = json!({ "prompt": "x".repeat(1_000_000) });
    expect!["Claude Code ended with exit code 6 and without an answer"]
        .assert_eq(&Fake::from_start("exit 6").error("ask", &long).await);
}

#[tokio::test]
async fn silence_is_ended_and_said() {
    let mut fake = Fake::new("echo $$ > pid; echo '{\"type\":\"system\"}'; exec sleep 600");
    fake.limits.idle = Duration::from_millis(200);
    expect!["Claude Code said nothing for 0.2 s and was stopped; try again, and see whether `claude` itself works"]
        .assert_eq(&fake.error("ask", &json!({})).await);
    // On a slow machine it may have been ended before it had begun.
    if let Ok(pid) = std::fs::read_to_string(fake.at("pid")) {
        assert_gone(pid.trim()).await;
    }
}

#[tokio::test]
async fn a_program_that_stays_after_its_result_is_ended() {
    let fake = Fake::new(&format!(
        "echo $$ > pid\n{}\nexec sleep 600",
        says(&json!({}))
    ));
    assert_eq!(
        fake.call("ask", &json!({})).await["structuredContent"]["text"],
        "because"
    );
    assert_gone(&content(&fake.at("pid")).await).await;
}

#[tokio::test]
async fn a_cancelled_call_ends_its_program_gently() {
    let fake = Fake::new(
        "trap 'echo term > end; exit 143' TERM\necho $$ > pid\nwhile :; do sleep 0.05; done",
    );
    let mut client = fake.client(json!({})).await;
    client.call(1, "edit", fake.arguments(&json!({}))).await;
    let pid = content(&fake.at("pid")).await;
    client.cancel(1).await;
    assert_eq!(content(&fake.at("end")).await, "term");
    assert_gone(&pid).await;
    client.end().await;
}

#[tokio::test]
async fn the_end_of_the_input_ends_the_programs() {
    let fake = Fake::new(
        "trap 'echo term > end; exit 143' TERM\necho $$ > pid\nwhile :; do sleep 0.05; done",
    );
    let mut client = fake.client(json!({})).await;
    client.call(1, "edit", fake.arguments(&json!({}))).await;
    let pid = content(&fake.at("pid")).await;
    client.end().await;
    assert_eq!(content(&fake.at("end")).await, "term");
    assert_gone(&pid).await;
}

#[tokio::test]
async fn a_program_that_ignores_its_end_is_killed_with_its_group() {
    let fake = Fake::new(
        "trap '' TERM\nsleep 600 &\necho $! > child\necho $$ > pid\nwhile :; do sleep 0.05; done",
    );
    let mut client = fake.client(json!({})).await;
    client.call(1, "edit", fake.arguments(&json!({}))).await;
    let pids = [
        content(&fake.at("pid")).await,
        content(&fake.at("child")).await,
    ];
    client.cancel(1).await;
    for pid in pids {
        assert_gone(&pid).await;
    }
    client.end().await;
}

#[tokio::test]
async fn one_call_at_a_time_in_a_session() {
    let script = format!(
        "mkdir lock || exit 9\nsleep 0.1\nrmdir lock\n{}",
        says(&json!({}))
    );
    let fake = Fake::new(&script);
    let mut client = fake.client(json!({})).await;
    for id in 1..=3 {
        let arguments = fake.arguments(&json!({ "session": SESSION }));
        client.call(id, "ask", arguments).await;
    }
    let mut answered = 0;
    while answered < 3 {
        let message = client.receive().await;
        if message["id"].is_u64() {
            assert_eq!(message["result"]["isError"], false, "{message}");
            answered += 1;
        }
    }
    client.end().await;
}

#[tokio::test]
async fn calls_that_cannot_be_made() {
    let fake = Fake::new("exit 0");
    let cases = [
        (
            json!({ "root": "relative" }),
            expect!["the root `relative` is not an absolute path"],
        ),
        (
            json!({ "root": "/no/such" }),
            expect!["the root `/no/such` is not a directory"],
        ),
        (
            json!({ "prompt": " " }),
            expect!["there is nothing to ask: the prompt is empty"],
        ),
        (
            json!({ "session": "--bare" }),
            expect![
                "Claude Code does not know the conversation `--bare` on this machine; ask again without `session`"
            ],
        ),
    ];
    for (more, expected) in cases {
        expected.assert_eq(&fake.error("ask", &more).await);
    }
    std::fs::remove_file(fake.at("claude")).unwrap();
    expect!["`…/claude` was not found; install Claude Code (`npm install -g @anthropic-ai/claude-code`), or say where it is with `crosscheck agent claude --program PATH`"]
        .assert_eq(&fake.error("ask", &json!({})).await);
}
