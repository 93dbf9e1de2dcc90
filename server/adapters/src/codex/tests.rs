//! Tests of the whole adapter: an MCP client on one side, a scripted app-server on the other.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fake;
mod robust;
mod words;

use super::*;
use crate::server::tests::Client;
use expect_test::{Expect, expect};
use fake::{Fake, Step};
use serde_json::{Value, json};

/// An adapter around this program, for a client that can be asked.
async fn agent(fake: &Arc<Fake>) -> Client {
    let host = fake.host();
    let mut client = Client::of(|read, write| serve(host, None, read, write));
    client.initialize_with(json!({ "elicitation": {} })).await;
    client
}

fn fake<const N: usize>(scripts: [Vec<Step>; N]) -> Arc<Fake> {
    Arc::new(Fake::new(scripts))
}

/// The result of a call, after whatever progress came before.
async fn result(client: &mut Client, id: u32) -> Value {
    loop {
        let message = client.receive().await;
        if message["id"] == id && message.get("method").is_none() {
            return message["result"].clone();
        }
    }
}

async fn ask(client: &mut Client, id: u32, session: Option<&str>) -> Value {
    begin_ask(client, id, session).await;
    result(client, id).await
}

async fn begin_ask(client: &mut Client, id: u32, session: Option<&str>) {
    let arguments = json!({ "prompt": "why?", "root": "/", "session": session });
    client.call(id, "ask", arguments).await;
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

fn answer(text: &str) -> Step {
    Step::Answer(text.to_owned())
}

fn usage(total: u64, last: u64) -> Step {
    let tokens =
        |count| json!({ "inputTokens": count, "outputTokens": count / 10, "totalTokens": 0 });
    let usage = json!({ "total": tokens(total), "last": tokens(last) });
    Step::Tell("thread/tokenUsage/updated", json!({ "tokenUsage": usage }))
}

#[tokio::test]
async fn a_review_answers_findings_with_what_they_cost() {
    let finding = json!({
        "path": "a.rs", "start_line": 1, "end_line": 1, "quote": "x", "symbol": null, "severity": "error",
        "category": "correctness", "title": "T", "body": "B", "confidence": null, "replacement": null,
    });
    let json = json!({ "findings": [finding], "summary": null }).to_string();
    // The conversation had cost 500 before, and the same number may come twice.
    let script = vec![
        usage(600, 100),
        usage(600, 100),
        usage(900, 300),
        answer(&json),
    ];
    let mut client = agent(&fake([script])).await;
    client.call(1, "review", json!({ "root": "/" })).await;
    expect![[r#"{"findings":[{"body":"B","category":"correctness","end_line":1,"path":"a.rs","quote":"x","severity":"error","start_line":1,"title":"T"}],"session":"t1","usage":{"input_tokens":400,"model":"m","output_tokens":40}}"#]]
        .assert_eq(&result(&mut client, 1).await["structuredContent"].to_string());
    client.end().await;
}

#[tokio::test]
async fn a_review_in_prose_is_given_as_text() {
    let mut client = agent(&fake([vec![answer("All is well.")]])).await;
    client.call(1, "review", json!({ "root": "/" })).await;
    let result = result(&mut client, 1).await;
    assert_eq!(text(&result), "All is well.");
    assert_eq!(result["isError"], false);
    expect![[r#"{"session":"t1","text":"All is well."}"#]]
        .assert_eq(&result["structuredContent"].to_string());
    client.end().await;
}

#[tokio::test]
async fn each_tool_gives_codex_its_own_rights() {
    let read = expect![[r#"{"networkAccess":false,"type":"readOnly"} never"#]];
    let write = expect![[
        r#"{"excludeSlashTmp":true,"excludeTmpdirEnvVar":true,"networkAccess":false,"type":"workspaceWrite","writableRoots":[]} on-request"#
    ]];
    let cases = [
        ("review", &read, true),
        ("ask", &read, false),
        ("edit", &write, false),
    ];
    for (tool, rights, has_schema) in cases {
        let fake = fake([]);
        let mut client = agent(&fake).await;
        client.call(1, tool, json!({ "root": "/" })).await;
        result(&mut client, 1).await;
        let thread = &fake.heard("thread/start")[0]["params"];
        assert_eq!(
            *thread,
            json!({ "cwd": "/", "sandbox": "read-only", "approvalPolicy": "never" })
        );
        let turn = &fake.heard("turn/start")[0]["params"];
        let policy = turn["approvalPolicy"].as_str().unwrap();
        rights.assert_eq(&format!("{} {policy}", turn["sandboxPolicy"]));
        assert_eq!(turn["cwd"], "/");
        assert_eq!(turn.get("outputSchema").is_some(), has_schema, "{tool}");
        client.end().await;
    }
}

#[tokio::test]
async fn a_root_that_is_no_directory_is_refused_before_codex_is_started() {
    let fake = fake([]);
    let mut client = agent(&fake).await;
    for (id, root) in [(1, "src"), (2, "/no/such/directory"), (3, "")] {
        client.call(id, "ask", json!({ "root": root })).await;
        let expected = format!("the root `{root}` is not the absolute path of a directory");
        assert_eq!(text(&result(&mut client, id).await), expected);
    }
    assert_eq!(fake.starts(), 0);
    client.end().await;
}

#[tokio::test]
async fn a_session_goes_on_also_with_another_program() {
    let fake = fake([vec![answer("one")], vec![answer("two"), Step::Die]]);
    let mut client = agent(&fake).await;
    let first = ask(&mut client, 1, None).await;
    assert_eq!(
        first["structuredContent"],
        json!({ "text": "one", "session": "t1" })
    );
    assert_eq!(text(&ask(&mut client, 2, Some("t1")).await), "two");
    fake.until_heard("turn/start", 2).await;
    let third = ask(&mut client, 3, Some("t1")).await;
    assert_eq!(third["structuredContent"]["text"], "fine");
    assert_eq!(fake.starts(), 2);
    expect![
        "Codex has no session `other` (no rollout found); leave `session` out to begin a new one"
    ]
    .assert_eq(text(&ask(&mut client, 4, Some("other")).await));
    client.end().await;
}

#[tokio::test]
async fn calls_on_one_session_wait_for_each_other_and_others_do_not() {
    let fake = fake([
        vec![Step::Hang],
        vec![answer("other")],
        vec![answer("next")],
    ]);
    let mut client = agent(&fake).await;
    begin_ask(&mut client, 1, Some("t1")).await;
    fake.until_heard("turn/start", 1).await;
    begin_ask(&mut client, 2, Some("t1")).await;
    let other = ask(&mut client, 3, Some("t2")).await;
    assert_eq!(other["structuredContent"]["text"], "other");
    assert_eq!(fake.heard("turn/start").len(), 2);
    client.cancel(1).await;
    assert_eq!(
        result(&mut client, 2).await["structuredContent"]["text"],
        "next"
    );
    assert_eq!(fake.starts(), 1);
    client.end().await;
}

#[tokio::test]
async fn a_cancelled_call_interrupts_its_turn_and_leaves_the_program_usable() {
    let fake = fake([vec![Step::Hang]]);
    let mut client = agent(&fake).await;
    begin_ask(&mut client, 1, None).await;
    fake.until_heard("turn/start", 1).await;
    client.cancel(1).await;
    fake.until_heard("thread/unsubscribe", 1).await;
    assert_eq!(
        fake.heard("turn/interrupt")[0]["params"],
        json!({ "threadId": "t1", "turnId": "u1" })
    );
    assert_eq!(fake.heard("thread/backgroundTerminals/clean").len(), 1);
    assert_eq!(ask(&mut client, 2, Some("t1")).await["isError"], false);
    assert_eq!(fake.starts(), 1);
    client.end().await;
}

fn wants_to_run() -> Step {
    let params = json!({
        "itemId": "i", "command": "/bin/bash -lc 'touch x'", "cwd": "/r", "reason": "because",
    });
    Step::Ask("item/commandExecution/requestApproval", params)
}

#[tokio::test]
async fn an_edit_asks_the_client_and_tells_codex_what_it_said() {
    let cases = [
        ("allow", "accept"),
        ("allow_for_run", "acceptForSession"),
        ("deny", "decline"),
    ];
    for (decision, expected) in cases {
        let fake = fake([vec![wants_to_run(), answer("done")]]);
        let mut client = agent(&fake).await;
        client.call(1, "edit", json!({ "root": "/" })).await;
        let question = loop {
            let message = client.receive().await;
            if message["method"] == "elicitation/create" {
                break message;
            }
        };
        assert_eq!(
            question["params"]["message"],
            "Codex wants to run a command in /r: touch x\nIts reason: because"
        );
        let accepted = json!({ "action": "accept", "content": { "decision": decision } });
        client
            .send(json!({ "jsonrpc": "2.0", "id": question["id"], "result": accepted }))
            .await;
        let result = result(&mut client, 1).await;
        assert_eq!(result["structuredContent"]["summary"], "done");
        assert_eq!(
            fake.heard("answer")[0]["result"],
            json!({ "decision": expected })
        );
        client.end().await;
    }
}

#[tokio::test]
async fn nobody_is_asked_who_cannot_be_or_need_not_be() {
    let without = json!({});
    let with = json!({ "elicitation": {} });
    for (tool, capabilities) in [("edit", without), ("ask", with)] {
        let fake = fake([vec![wants_to_run(), answer("done")]]);
        let host = fake.host();
        let mut client = Client::of(|read, write| serve(host, None, read, write));
        client.initialize_with(capabilities).await;
        client.call(1, tool, json!({ "root": "/" })).await;
        result(&mut client, 1).await;
        assert_eq!(
            fake.heard("turn/start")[0]["params"]["approvalPolicy"],
            "never"
        );
        assert_eq!(
            fake.heard("answer")[0]["result"],
            json!({ "decision": "decline" })
        );
        client.end().await;
    }
}

#[tokio::test]
async fn a_turn_that_fails_says_why_and_what_to_do() {
    let cases: [(Value, Expect); 3] = [
        (
            json!({ "message": "Try again at 10 PM.", "codexErrorInfo": "usageLimitExceeded" }),
            expect![
                "Codex is out of quota: Try again at 10 PM; wait until it is renewed, or use another account or model"
            ],
        ),
        (json!({ "message": "odd" }), expect!["Codex failed: odd"]),
        (json!(null), expect!["Codex failed: it did not say why"]),
    ];
    for (error, expected) in cases {
        let mut client = agent(&fake([vec![Step::Fail(error)]])).await;
        let result = ask(&mut client, 1, None).await;
        assert_eq!(result["isError"], true);
        expected.assert_eq(text(&result));
        client.end().await;
    }
}
