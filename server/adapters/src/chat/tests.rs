//! Tests of the chat agent against a scripted endpoint on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod refusals;
mod script;

use super::*;
use crate::server::tests::Client;
use expect_test::expect;
use script::{Reply, Script};
use serde_json::{Value, json};

const NOTHING: &str = r#"{"findings": []}"#;

fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        first: Duration::from_secs(20),
        idle: Duration::from_secs(20),
        call: Duration::from_secs(20),
        pause: Duration::from_millis(1),
        max_pause: Duration::from_millis(1500),
    }
}

fn options(url: &str) -> Options {
    Options {
        url: url.to_owned(),
        model: Some("qwen3:8b".to_owned()),
        key: None,
    }
}

/// A piece of a streamed answer.
fn delta(text: &str) -> Value {
    json!({ "choices": [{ "index": 0, "delta": { "content": text } }] })
}

/// The end of a streamed answer.
fn end(reason: &str) -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

/// A whole answer as a stream.
fn says(text: &str) -> Reply {
    Reply::stream(&[delta(text), end("stop")])
}

/// A whole answer as one message.
fn message(text: &str) -> Value {
    json!({ "choices": [{ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }] })
}

async fn client(options: Options, limits: Limits) -> Client {
    let mut client = Client::of(|read, write| serve_within(limits, options, read, write));
    client.initialize().await;
    client
}

async fn called(options: Options, limits: Limits, tool: &str, arguments: Value) -> Value {
    let mut client = client(options, limits).await;
    client.call(1, tool, arguments).await;
    let answer = result(&mut client, 1).await;
    client.end().await;
    answer
}

/// The result of a call, after whatever progress came before.
async fn result(client: &mut Client, id: u32) -> Value {
    loop {
        let message = client.receive().await;
        if message["id"] == id {
            return message["result"].clone();
        }
    }
}

async fn ask(script: &Script) -> Value {
    let question = json!({ "prompt": "why?", "root": "/" });
    called(options(&script.url), limits(), "ask", question).await
}

async fn review(script: &Script, arguments: Value) -> Value {
    called(options(&script.url), limits(), "review", arguments).await
}

/// A request for a review of one given text.
fn given(text: &str) -> Value {
    json!({ "instructions": "Look.", "root": "/nowhere", "targets": [{ "path": "a.rs", "text": text }] })
}

fn error(answer: &Value) -> &str {
    assert_eq!(answer["isError"], true, "{answer}");
    answer["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_review_is_the_models_findings() {
    let found = json!({ "summary": null, "findings": [{ "path": "a.rs", "start_line": 1, "end_line": 1, "quote": "x" }] });
    let text = found.to_string();
    let (start, rest) = text.split_at(20);
    let usage = json!({ "choices": [], "model": "qwen3:8b-q4", "usage": { "prompt_tokens": 400, "completion_tokens": 20 } });
    let script = Script::new(vec![Reply::stream(&[
        json!({ "choices": [{ "delta": { "role": "assistant", "content": null, "reasoning_content": "hm" } }] }),
        delta(start),
        delta(rest),
        end("stop"),
        usage,
    ])])
    .await;
    let answer = review(&script, given("x\n")).await;
    assert_eq!(
        answer["structuredContent"],
        json!({
            "summary": null, "findings": found["findings"], "skipped": [],
            "usage": { "input_tokens": 400, "output_tokens": 20, "model": "qwen3:8b-q4" },
        })
    );
    let [request] = &script.requests()[..] else {
        panic!("not one request")
    };
    assert!(
        request.head.starts_with("post /v1/chat/completions "),
        "{}",
        request.head
    );
    assert!(!request.head.contains("authorization"), "{}", request.head);
    let mut body = request.body.clone();
    let prompt = body["messages"][0]["content"].take();
    let prompt = prompt.as_str().unwrap();
    assert!(
        prompt.contains("1 | x") && prompt.contains(NOTHING),
        "{prompt}"
    );
    assert_eq!(
        body,
        json!({
            "model": "qwen3:8b", "stream": true, "stream_options": { "include_usage": true },
            "messages": [{ "role": "user", "content": null }],
            "response_format": { "type": "json_schema", "json_schema": {
                "name": "review", "strict": true, "schema": crate::schema::review(),
            } },
        })
    );
}

#[tokio::test]
async fn an_answer_in_other_words_is_kept_as_text() {
    let script = Script::new(vec![says("<think>hm</think>\na.rs:1: bad name")]).await;
    let answer = review(&script, given("x\n")).await;
    assert_eq!(answer["content"][0]["text"], "a.rs:1: bad name");
    assert_eq!(
        answer["structuredContent"],
        json!({ "text": "a.rs:1: bad name", "usage": {}, "skipped": [] })
    );
}

#[tokio::test]
async fn a_question_is_asked_as_it_is() {
    let script = Script::new(vec![says("Because.")]).await;
    let answer = ask(&script).await;
    assert_eq!(
        answer["structuredContent"],
        json!({ "text": "Because.", "usage": {} })
    );
    let body = &script.requests()[0].body;
    assert_eq!(body["messages"][0]["content"], "why?");
    assert!(body.get("response_format").is_none(), "{body}");
}

#[tokio::test]
async fn plain_json_and_streams_that_do_not_say_so_are_answers_too() {
    let parts = json!([{ "type": "text", "text": "Because." }]);
    let mut in_parts = message("");
    in_parts["choices"][0]["message"]["content"] = parts;
    let events = format!(
        "data: {}\n\ndata: {}\n\ndata: [DONE]\n\n",
        delta("Because."),
        end("stop")
    );
    for reply in [
        Reply::json("200 OK", &message("Because.")),
        Reply::json("200 OK", &in_parts),
        Reply::new("200 OK", "content-type: text/plain\r\n", &events),
    ] {
        let script = Script::new(vec![reply.clone()]).await;
        let answer = ask(&script).await;
        assert_eq!(answer["structuredContent"]["text"], "Because.", "{reply:?}");
    }
}

#[tokio::test]
async fn the_key_goes_to_the_endpoint_and_nowhere_else() {
    let refusal = json!({ "error": { "message": "Incorrect API key provided: sk-secret." } });
    let script = Script::new(vec![Reply::json("401 Unauthorized", &refusal)]).await;
    let options = Options {
        key: Some("sk-secret\n".to_owned()),
        ..options(&script.url)
    };
    let question = json!({ "prompt": "why?", "root": "/" });
    let answer = called(options, limits(), "ask", question).await;
    assert!(
        script.requests()[0]
            .head
            .contains("authorization: bearer sk-secret")
    );
    assert!(!answer.to_string().contains("sk-secret"), "{answer}");
    assert!(
        error(&answer).ends_with(
            " does not take the key (HTTP 401: Incorrect API key provided: (the key).); check the variable that \
             `--key-env` names"
        ),
        "{answer}"
    );
}

#[tokio::test]
async fn files_that_are_only_named_are_read() {
    let root = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(root.path().join(name), text).unwrap();
    write("a.rs", b"fn a() {}\n");
    write("binary", b"\0\0");
    write("large.rs", &vec![b'x'; material::MAX_READ]);
    let token = format!("ghp_{}", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx");
    write("env", format!("TOKEN={token}\n").as_bytes());
    let script = Script::new(vec![says(NOTHING)]).await;
    let request = json!({ "instructions": "Look.", "root": root.path(), "targets": [
        { "path": "a.rs", "ranges": [{ "start_line": 1, "end_line": 1 }] }, { "path": "binary" }, { "path": "large.rs" },
        { "path": "env" }, { "path": "../a.rs" }, { "path": "b.rs", "text": "given\n" }, { "path": "gone.rs" },
    ] });
    let answer = review(&script, request).await;
    let prompt = script.requests()[0].body["messages"][0]["content"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        prompt.contains("1 | fn a() {}") && prompt.contains("1 | given"),
        "{prompt}"
    );
    assert!(!prompt.contains(&token));
    let skipped = answer["structuredContent"]["skipped"].as_array().unwrap();
    let skipped: Vec<String> = skipped
        .iter()
        .map(|it| {
            format!(
                "{}: {}",
                it["path"].as_str().unwrap(),
                it["reason"].as_str().unwrap()
            )
        })
        .collect();
    expect![[r#"
        ../a.rs: it cannot be read: No such file or directory (os error 2)
        gone.rs: it cannot be read: No such file or directory (os error 2)
        binary: it is a binary file
        large.rs: there is no room for it: at most 1048576 bytes are read for one prompt
        env: it holds a secret (GitHub token)"#]]
    .assert_eq(&skipped.join("\n"));
}

#[tokio::test]
async fn nothing_to_review_is_no_clean_review() {
    let root = tempfile::TempDir::new().unwrap();
    let script = Script::new(vec![says(NOTHING)]).await;
    let request =
        json!({ "instructions": "", "root": root.path(), "targets": [{ "path": "gone.rs" }] });
    let answer = review(&script, request).await;
    assert!(
        error(&answer).starts_with("there is nothing to review: gone.rs: it cannot be read"),
        "{answer}"
    );
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn what_was_cut_is_not_reviewed() {
    let cut = [
        Reply::stream(&[delta(NOTHING), end("length")]),
        Reply::stream(&[delta(NOTHING), end("content_filter")]),
        // Far fewer tokens than the prompt has.
        Reply::stream(&[
            delta(NOTHING),
            end("stop"),
            json!({ "choices": [], "usage": { "prompt_tokens": 100 } }),
        ]),
    ];
    let mut reasons = Vec::new();
    for reply in cut {
        let script = Script::new(vec![reply]).await;
        let answer = review(&script, given(&"let a = b;\n".repeat(1000))).await;
        let skipped = &answer["structuredContent"]["skipped"][0];
        assert_eq!(skipped["path"], "a.rs", "{answer}");
        reasons.push(skipped["reason"].as_str().unwrap().to_owned());
    }
    expect![[r#"
        the answer was cut at the model's output limit; there may be more
        a content filter cut the answer
        the model's server counted 100 tokens in a prompt of 19115 bytes, so it probably cut the prompt; raise its context length, or lower `limits.prompt_size`"#]].assert_eq(&reasons.join("\n"));
    let script = Script::new(vec![Reply::stream(&[delta("Beca"), end("length")])]).await;
    let answer = ask(&script).await;
    expect![[r#"
        Beca

        [the answer was cut at the model's output limit; there may be more]"#]]
    .assert_eq(answer["structuredContent"]["text"].as_str().unwrap());
}

#[tokio::test]
async fn an_answer_without_words_is_an_error() {
    let thought = json!({ "choices": [{ "delta": { "reasoning": "hm" } }] });
    let refused = json!({ "choices": [{ "delta": { "refusal": "I cannot." } }] });
    let mut errors = Vec::new();
    for events in [
        vec![end("stop")],
        vec![end("length")],
        vec![thought, end("length")],
        vec![delta("<think>hm"), end("length")],
        vec![end("content_filter")],
        vec![refused, end("stop")],
    ] {
        let script = Script::new(vec![Reply::stream(&events)]).await;
        errors.push(error(&ask(&script).await).to_owned());
    }
    expect![[r#"
        qwen3:8b: the model answered nothing
        qwen3:8b: the model reached its limit before it answered anything; the prompt may fill its context: raise the context length on the server, or lower `limits.prompt_size`
        qwen3:8b: the model thought until its output limit and answered nothing; raise the limit or the context length on the server, or choose a model that thinks less
        qwen3:8b: the model thought until its output limit and answered nothing; raise the limit or the context length on the server, or choose a model that thinks less
        qwen3:8b: a content filter held the answer back
        qwen3:8b: the model refused to answer: I cannot."#]].assert_eq(&errors.join("\n"));
}

#[tokio::test]
async fn what_the_model_does_is_the_progress() {
    let thought = json!({ "choices": [{ "delta": { "reasoning": "hm" } }] });
    for (reply, expected) in [
        (Reply::silence(), "waiting for qwen3:8b"),
        (Reply::stream(&[thought]), "qwen3:8b thinks (2 bytes)"),
        (Reply::stream(&[delta("Beca")]), "qwen3:8b writes (4 bytes)"),
    ] {
        let script = Script::new(vec![reply.cut().hanging()]).await;
        let mut client = client(options(&script.url), limits()).await;
        let question = json!({ "prompt": "why?", "root": "/" });
        client.call(1, "ask", question).await;
        loop {
            let message = client.receive().await;
            assert_eq!(message["method"], "notifications/progress", "{message}");
            if message["params"]["message"] == expected {
                break;
            }
        }
        client.cancel(1).await;
        client.end().await;
    }
}

#[tokio::test]
async fn the_only_model_need_not_be_named() {
    let models = json!({ "object": "list", "data": [{ "id": "qwen3:8b" }] });
    let script = Script::new(vec![Reply::json("200 OK", &models), says("Because.")]).await;
    let options = Options {
        model: None,
        ..options(&script.url)
    };
    let mut client = client(options, limits()).await;
    for id in [1, 2] {
        client
            .call(id, "ask", json!({ "prompt": "why?", "root": "/" }))
            .await;
        let answer = result(&mut client, id).await;
        assert_eq!(answer["structuredContent"]["text"], "Because.", "{answer}");
    }
    client.end().await;
    let requests = script.requests();
    assert_eq!(requests.len(), 3, "the model is asked for once");
    assert!(requests[0].head.starts_with("get /v1/models "));
    assert_eq!(requests[2].body["model"], "qwen3:8b");
}
