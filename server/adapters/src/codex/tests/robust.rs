//! Tests of what an app-server should not do.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{agent, answer, ask, begin_ask, fake, result, text, wants_to_run};
use crate::codex::call::{self, Job, Outcome, Rights};
use crate::codex::failure::Failure;
use crate::codex::tests::fake::{Fake, Step};
use crate::server::{Approvals, Caller, Progress};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// One `ask` without a client around it, so that time can be skipped.
async fn run(fake: &Arc<Fake>) -> Result<Outcome, Failure> {
    call::run(&Arc::new(fake.host()), job(), Caller::none()).await
}

fn job() -> Job {
    Job {
        root: "/".into(),
        rights: Rights::Read,
        prompt: "why?".to_owned(),
        schema: None,
        session: None,
        model: None,
    }
}

fn line(message: &Value) -> Step {
    Step::Line(message.to_string())
}

#[tokio::test]
async fn garbage_and_strangers_between_messages_change_nothing() {
    let other_turn = json!({ "id": "u0", "status": "failed", "items": [] });
    let script = vec![
        Step::Line(String::new()),
        Step::Line("hello".to_owned()),
        Step::Line("{\"id\":".to_owned()),
        Step::Line("[1, 2]".to_owned()),
        Step::Line("\u{1b}[31mred\u{1b}[0m".to_owned()),
        // Late, duplicate and unknown answers.
        line(&json!({ "id": 1, "result": {} })),
        line(&json!({ "id": 4711, "error": { "code": 1, "message": "?" } })),
        line(&json!({ "id": "x", "result": null })),
        line(&json!({ "method": "turn/completed" })),
        line(&json!({ "method": "turn/completed", "params": { "threadId": "t1" } })),
        line(
            &json!({ "method": "turn/completed", "params": { "threadId": "t9", "turn": { "id": "u1" } } }),
        ),
        Step::Tell("turn/completed", json!({ "turn": other_turn })),
        Step::Tell(
            "item/started",
            json!({ "item": { "type": "newThing", "x": 1 } }),
        ),
        Step::Tell("item/started", json!({ "item": 7 })),
        Step::Tell(
            "error",
            json!({ "error": { "message": "Reconnecting... 1/5" }, "willRetry": true }),
        ),
        answer("still here"),
        answer("once more"),
    ];
    let fake = fake([script]);
    let mut client = agent(&fake).await;
    let answered = ask(&mut client, 1, None).await;
    assert_eq!(answered["structuredContent"]["text"], "still here");
    assert_eq!(
        ask(&mut client, 2, None).await["structuredContent"]["text"],
        "fine"
    );
    assert_eq!(fake.starts(), 1);
    client.end().await;
}

#[tokio::test]
async fn each_request_is_answered_whoever_it_is_for() {
    let script = vec![
        Step::Ask("attestation/generate", json!({})),
        Step::Ask("item/tool/requestUserInput", json!({ "questions": [] })),
        line(
            &json!({ "id": 70, "method": "item/fileChange/requestApproval", "params": { "threadId": "t9" } }),
        ),
        line(&json!({ "id": "s", "method": "attestation/generate" })),
        answer("done"),
    ];
    let fake = fake([script]);
    let mut client = agent(&fake).await;
    ask(&mut client, 1, None).await;
    fake.until_heard("answer", 4).await;
    let heard = fake.heard("answer");
    let of = |id: Value| heard.iter().find(|answer| answer["id"] == id).unwrap();
    assert_eq!(of(json!(0))["error"]["code"], -32601);
    assert_eq!(of(json!(1))["result"], json!({ "answers": {} }));
    assert_eq!(of(json!(70))["error"]["code"], -32601);
    assert_eq!(of(json!("s"))["error"]["code"], -32601);
    client.end().await;
}

#[tokio::test]
async fn floods_and_long_lines_are_survived() {
    let mut script =
        vec![Step::Tell("turn/diff/updated", json!({ "diff": "x".repeat(4000) })); 1000];
    script.push(answer(&"y".repeat(800_000)));
    let mut client = agent(&fake([script])).await;
    let answered = ask(&mut client, 1, None).await;
    let text = answered["structuredContent"]["text"].as_str().unwrap();
    assert_eq!(text.len(), 800_000);
    client.end().await;
}

#[tokio::test]
async fn a_program_that_ends_fails_its_calls_and_is_started_again() {
    let fake = fake([
        vec![Step::Hang],
        vec![Step::Line("junk".to_owned()), Step::Die],
    ]);
    let mut client = agent(&fake).await;
    begin_ask(&mut client, 1, None).await;
    fake.until_heard("turn/start", 1).await;
    begin_ask(&mut client, 2, None).await;
    let message = expect![
        "Codex closed its output in the middle of the call; the next call starts it again; 1 lines of its output made no sense"
    ];
    let mut ended = Vec::new();
    while ended.len() < 2 {
        let answer = client.receive().await;
        if answer.get("id").is_some() {
            message.assert_eq(text(&answer["result"]));
            ended.push(answer["id"].clone());
        }
    }
    assert_eq!(ask(&mut client, 3, None).await["isError"], false);
    assert_eq!(fake.starts(), 2);
    client.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_cannot_be_interrupted_costs_the_program() {
    let fake = fake([vec![Step::Stubborn]]);
    let mut client = agent(&fake).await;
    begin_ask(&mut client, 1, None).await;
    fake.until_heard("turn/start", 1).await;
    client.cancel(1).await;
    fake.until_heard("turn/interrupt", 1).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(ask(&mut client, 2, None).await["isError"], false);
    assert_eq!(fake.starts(), 2);
    client.end().await;
}

#[tokio::test]
async fn a_question_does_not_outlive_its_call() {
    let fake = fake([vec![wants_to_run(), Step::Hang]]);
    let mut client = agent(&fake).await;
    client.call(1, "edit", json!({ "root": "/" })).await;
    while client.receive().await["method"] != "elicitation/create" {}
    client.cancel(1).await;
    fake.until_heard("turn/interrupt", 1).await;
    begin_ask(&mut client, 2, Some("t1")).await;
    assert_eq!(result(&mut client, 2).await["isError"], false);
    client.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_by_another_name_has_one_user_all_the_same() {
    let mut fake = Fake::new([vec![Step::Hang], vec![answer("second")]]);
    let opened = json!({ "thread": { "id": "t1" } });
    fake.results.insert("thread/resume", opened);
    let fake = Arc::new(fake);
    let mut client = agent(&fake).await;
    begin_ask(&mut client, 1, Some("t1")).await;
    fake.until_heard("turn/start", 1).await;
    begin_ask(&mut client, 2, Some("T1")).await;
    fake.until_heard("thread/resume", 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(fake.heard("turn/start").len(), 1, "it waits");
    client.cancel(1).await;
    assert_eq!(text(&result(&mut client, 2).await), "second");
    client.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_command_is_told_of_again_and_silence_is_not() {
    let item = json!({ "id": "c", "type": "commandExecution", "command": "cargo test" });
    let about = json!({ "threadId": "$thread", "turnId": "$turn", "item": item });
    let begun = || Step::Tell("item/started", about.clone());
    let ended = || Step::Tell("item/completed", about.clone());
    let cases = [
        (vec![begun(), Step::Hang], 20, "running cargo test, 9 min"),
        (vec![begun(), ended(), Step::Hang], 1, "running cargo test"),
    ];
    for (script, count, last) in cases {
        let fake = fake([script]);
        let (progress, mut heard) = Progress::watched();
        let approvals = Approvals::none();
        let caller = Caller {
            progress,
            approvals,
        };
        let failure = call::run(&Arc::new(fake.host()), job(), caller).await;
        assert!(matches!(failure, Err(Failure::TurnLimit(_))), "{failure:?}");
        // At the limit itself there may be one more.
        let told = std::iter::from_fn(|| heard.try_recv().ok());
        let log: Vec<String> = told.take(20).collect();
        assert_eq!((log.len(), &*log[log.len() - 1]), (count, last), "{log:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_has_a_limit() {
    let fake = fake([vec![Step::Hang]]);
    let failure = run(&fake).await.unwrap_err().to_string();
    expect!["Codex did not finish within 10 minutes and was interrupted"].assert_eq(&failure);
    assert_eq!(fake.heard("turn/interrupt").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_is_not_as_it_should_be_is_told_of() {
    let cases: [(&str, Value, Expect); 5] = [
        (
            "initialize",
            json!(null),
            expect!["Codex was not ready within 20 s and was stopped"],
        ),
        (
            "initialize",
            json!({ "userAgent": "crosscheck/0.42.0 (test)" }),
            expect![
                "this Codex is too old to be an agent; update it with `npm install -g @openai/codex@latest`"
            ],
        ),
        (
            "account/read",
            json!({ "account": null, "requiresOpenaiAuth": true }),
            expect!["Codex is not logged in; run `codex login` in a terminal, then try again"],
        ),
        (
            "thread/start",
            json!({ "nothing": 1 }),
            expect![
                "Codex did not open a thread: an answer that is not understood: missing field `thread` at line 1 column 13"
            ],
        ),
        (
            "turn/start",
            json!(null),
            expect!["Codex did not start a turn: no answer within 30 s"],
        ),
    ];
    for (method, answer, expected) in cases {
        let mut fake = Fake::default();
        fake.results.insert(method, answer);
        let failure = run(&Arc::new(fake)).await.unwrap_err();
        expected.assert_eq(&failure.to_string());
    }
}
