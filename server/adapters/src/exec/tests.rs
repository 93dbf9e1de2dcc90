//! Tests of the command agent on small shell scripts.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(unix)]

use super::*;
use crate::server::tests::Client;
use expect_test::expect;
use serde_json::{Value, json};

/// The agent `sh -c script`.
fn shell(script: &str) -> Options {
    Options::new("sh", vec!["-c".into(), script.into()])
}

async fn client(options: Options) -> Client {
    let mut client = Client::of(|read, write| serve(options, read, write));
    client.initialize().await;
    client
}

/// The result of one `ask` in the root directory.
async fn ask(options: Options, prompt: &str) -> Value {
    let mut client = client(options).await;
    client
        .call(1, "ask", json!({ "prompt": prompt, "root": "/" }))
        .await;
    let answer = result(&mut client).await;
    client.end().await;
    answer
}

/// The result of call 1, after whatever progress came before.
async fn result(client: &mut Client) -> Value {
    loop {
        let message = client.receive().await;
        if message["id"] == 1 {
            return message["result"].clone();
        }
    }
}

async fn error(options: Options) -> String {
    let answer = ask(options, "why").await;
    assert_eq!(answer["isError"], true, "{answer}");
    answer["content"][0]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_prompt_goes_in_and_the_output_comes_out() {
    let answer = ask(shell("cat; pwd"), "why?\n").await;
    assert_eq!(answer["structuredContent"], json!({ "text": "why?\n/\n" }));
    assert_eq!(
        answer["content"],
        json!([{ "type": "text", "text": "why?\n/\n" }])
    );
    assert_eq!(answer["isError"], false);
}

#[tokio::test]
async fn a_long_prompt_and_a_long_answer_do_not_block_each_other() {
    let prompt = "0123456789abcde\n".repeat(100_000);
    assert_eq!(
        ask(shell("cat"), &prompt).await["structuredContent"]["text"],
        prompt
    );
    assert_eq!(
        ask(shell("exec <&-; echo done"), &prompt).await["structuredContent"]["text"],
        "done\n"
    );
}

#[tokio::test]
async fn failures_say_what_happened_and_the_last_words() {
    expect!["`sh` ended with exit code 3; the end of its standard error:\nbad luck; the end of its output:\nsome output"]
        .assert_eq(&error(shell("echo some output; echo bad luck >&2; exit 3")).await);
    expect!["`sh` ended with signal 9"].assert_eq(&error(shell("kill -9 $$")).await);
    expect!["`sh` ended well but answered nothing"]
        .assert_eq(&error(shell("cat >/dev/null; echo")).await);
    let missing = error(Options::new("no-such-agent-here", Vec::new())).await;
    assert!(
        missing.starts_with("`no-such-agent-here` was not found"),
        "{missing}"
    );
    assert!(
        missing.ends_with("; install it, or give its full path after `crosscheck agent exec --`"),
        "{missing}"
    );
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_stopped() {
    let short = Duration::from_millis(600);
    let slow = Options {
        timeout: short,
        ..shell("echo began; sleep 60")
    };
    expect!["`sh` did not end within 0.6 s and was stopped; the end of its output:\nbegan"]
        .assert_eq(&error(slow).await);
    let silent = Options {
        idle: Some(short),
        ..shell("echo began; sleep 60")
    };
    expect!["`sh` wrote nothing for 0.6 s and was stopped; the end of its output:\nbegan"]
        .assert_eq(&error(silent).await);
    let busy = "for i in 1 2 3 4 5 6 7 8; do echo $i >&2; sleep 0.1; done; echo done";
    let busy = Options {
        idle: Some(short),
        ..shell(busy)
    };
    assert_eq!(ask(busy, "").await["structuredContent"]["text"], "done\n");
}

#[tokio::test]
async fn output_over_the_limit_is_cut_and_told() {
    let short = Options {
        max_output: 5,
        ..shell("printf 'hello world'")
    };
    let answer = ask(short, "").await;
    assert_eq!(answer["content"][0]["text"], "hello");
    assert_eq!(
        answer["content"][1]["text"],
        "[the answer was cut after 5 bytes, 6 more were left out]"
    );
}

#[tokio::test]
async fn what_the_command_leaves_running_does_not_hold_the_answer() {
    let begin = std::time::Instant::now();
    assert_eq!(
        ask(shell("sleep 60 & echo done"), "").await["structuredContent"]["text"],
        "done\n"
    );
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn the_last_line_is_the_progress() {
    let mut client = client(shell(
        "printf 'one\\n\\033[1mtwo\\033[0m\\n\\n'; read line; cat >/dev/null; sleep 60",
    ))
    .await;
    client
        .call(1, "ask", json!({ "prompt": "x", "root": "/" }))
        .await;
    let progress = client.receive().await;
    assert_eq!(progress["method"], "notifications/progress");
    assert_eq!(progress["params"]["progressToken"], "progress-1");
    let message = progress["params"]["message"].as_str().unwrap();
    assert!(
        message.contains("two") && !message.contains('\u{1b}'),
        "{message}"
    );
    client.end().await;
}

/// A script that tells its process and then waits, with a child of its own.
const LONG: &str = "sleep 300 & echo $$ $! > \"$PWD/pids\"; echo started; wait";

/// Waits until the processes that the script told are gone.
async fn gone(root: &Path) {
    let pids = std::fs::read_to_string(root.join("pids")).unwrap();
    let alive = || pids.split_whitespace().any(is_running);
    for _ in 0..500 {
        if !alive() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still running: {pids}");
}

/// A process that has ended and was not waited for yet is not running.
fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, state)| !state.starts_with('Z'))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn cancelling_kills_the_whole_group_and_answers_nothing() {
    let root = tempfile::TempDir::new().unwrap();
    let mut client = client(shell(LONG)).await;
    client
        .call(1, "ask", json!({ "prompt": "", "root": root.path() }))
        .await;
    assert_eq!(client.receive().await["params"]["message"], "started");
    client.cancel(1).await;
    gone(root.path()).await;
    client
        .call(2, "ask", json!({ "prompt": "", "root": "relative" }))
        .await;
    assert_eq!(
        client.receive().await["id"],
        2,
        "the cancelled call has no answer"
    );
    client.end().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_end_of_the_input_kills_the_whole_group() {
    let root = tempfile::TempDir::new().unwrap();
    let mut client = client(shell(LONG)).await;
    client
        .call(1, "ask", json!({ "prompt": "", "root": root.path() }))
        .await;
    assert_eq!(client.receive().await["params"]["message"], "started");
    client.end().await;
    gone(root.path()).await;
}

#[tokio::test]
async fn calls_run_side_by_side() {
    let root = tempfile::TempDir::new().unwrap();
    // Each waits for the other's file.
    let script = "read me other; : > $me; until [ -e $other ]; do sleep 0.01; done; echo $me";
    let mut client = client(shell(script)).await;
    client
        .call(1, "ask", json!({ "prompt": "a b\n", "root": root.path() }))
        .await;
    client
        .call(2, "ask", json!({ "prompt": "b a\n", "root": root.path() }))
        .await;
    let mut answers = Vec::new();
    while answers.len() < 2 {
        let message = client.receive().await;
        if message["result"].is_object() {
            answers.push(
                message["result"]["structuredContent"]["text"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    answers.sort();
    assert_eq!(answers, ["a\n", "b\n"]);
    client.end().await;
}

#[tokio::test]
async fn a_review_answers_text() {
    let mut client = client(shell("cat >/dev/null; echo '{\"findings\": []}'")).await;
    client
        .call(
            1,
            "review",
            json!({ "instructions": "Review.", "root": "/" }),
        )
        .await;
    let answer = result(&mut client).await;
    assert_eq!(answer["content"][0]["text"], "{\"findings\": []}\n");
    assert!(answer.get("structuredContent").is_none());
    client.end().await;
}
