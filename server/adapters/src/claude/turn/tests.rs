//! Turns over scripted streams.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::server::Progress;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, DuplexStream, duplex};

const SHORT: Limits = Limits {
    idle: Duration::from_millis(300),
    tool: Duration::from_secs(20),
    line: 2_000,
};

fn root() -> (tempfile::TempDir, Root) {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::new(directory.path().to_str().unwrap()).unwrap();
    (directory, root)
}

/// The program's side of a turn: what it hears, and what it says.
struct Program {
    hears: tokio::io::Lines<BufReader<DuplexStream>>,
    says: DuplexStream,
}

impl Program {
    async fn hear(&mut self) -> Value {
        let line = self.hears.next_line().await.unwrap().expect("a line");
        serde_json::from_str(&line).unwrap()
    }

    async fn say(&mut self, message: impl std::fmt::Display) {
        let line = format!("{message}\n");
        self.says.write_all(line.as_bytes()).await.unwrap();
    }
}

/// A turn with a program that hears the prompt and then plays its part.
async fn turn<F: Future<Output = Program>>(root: &Root, part: impl FnOnce(Program) -> F) -> Report {
    let (stdin, hears) = duplex(64 * 1024);
    let (says, stdout) = duplex(64 * 1024);
    let mut program = Program {
        hears: BufReader::new(hears).lines(),
        says,
    };
    let part = async {
        let prompt = program.hear().await;
        assert_eq!(prompt["message"]["content"], "\nwhy?");
        part(program).await
    };
    let turn = run(stdout, stdin, "why?", root, Caller::none(), SHORT);
    let (report, mut program) = tokio::join!(turn, part);
    assert_eq!(
        program.hears.next_line().await.unwrap(),
        None,
        "its input is closed"
    );
    report
}

fn result() -> Value {
    json!({ "type": "result", "subtype": "success", "is_error": false, "result": "because", "session_id": "s" })
}

fn text(ending: &Ending) -> &str {
    match ending {
        Ending::Outcome(outcome) => &outcome.text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn endings() {
    let long = "x".repeat(SHORT.line + 1);
    let wrapped = json!([{ "type": "system", "subtype": "init" }, result()]).to_string();
    let result = result().to_string();
    let closed = |noise: &str| Ending::Closed {
        noise: noise.to_owned(),
    };
    let cases: [(&[&str], Option<Ending>); 8] = [
        (&[&result], None),
        (&[&wrapped], None),
        // What is no message, or a message that we do not know, is passed over.
        (
            &[
                "",
                "npm WARN",
                "{\"type\":",
                "7",
                "null",
                "{}",
                "{\"type\":\"new\"}",
                "{\"type\":\"assistant\"}",
                &result,
            ],
            None,
        ),
        (
            &[
                "{\"type\":\"user\",\"message\":{\"content\":[7,{\"type\":7}]}}",
                "{\"type\":\"control_cancel_request\"}",
                &result,
            ],
            None,
        ),
        // Nothing after the result counts.
        (
            &[
                &result,
                "{\"type\":\"result\",\"subtype\":\"error_during_execution\"}",
            ],
            None,
        ),
        (&[], Some(closed(""))),
        (
            &["{\"type\":\"system\",\"subtype\":\"init\"}", "oops"],
            Some(closed("oops")),
        ),
        (&[&long], Some(Ending::TooLong(SHORT.line))),
    ];
    let (_directory, root) = root();
    for (lines, expected) in cases {
        let report = turn(&root, async |mut program: Program| {
            for line in lines {
                program.say(line).await;
            }
            program.says.shutdown().await.unwrap();
            program
        })
        .await;
        match expected {
            Some(expected) => assert_eq!(report.ending, expected, "{lines:?}"),
            None => assert_eq!(text(&report.ending), "because", "{lines:?}"),
        }
    }
}

#[tokio::test]
async fn an_empty_result_is_what_the_model_said_last() {
    let said = |text: &str| json!({ "type": "assistant", "message": { "content": [{ "type": "text", "text": text }] } });
    let (_directory, root) = root();
    for (result, expected) in [("", "second"), ("third", "third")] {
        let report = turn(&root, async |mut program: Program| {
            program.say(said("first")).await;
            program.say(said("second")).await;
            program.say(json!({ "type": "result", "subtype": "success", "is_error": false, "result": result })).await;
            program
        })
        .await;
        assert_eq!(text(&report.ending), expected);
    }
}

#[tokio::test]
async fn trouble_is_remembered() {
    let (_directory, root) = root();
    let report = turn(&root, async |mut program: Program| {
        program
            .say(
                json!({ "type": "assistant", "error": "rate_limit", "message": { "content": [] } }),
            )
            .await;
        program.say(result()).await;
        program
    })
    .await;
    assert_eq!(report.trouble.as_deref(), Some("rate_limit"));
}

#[tokio::test]
async fn questions_are_answered_by_what_they_are_about() {
    let (directory, root) = root();
    let ask = |id: &str, tool: &str, input: Value| {
        let request = json!({ "subtype": "can_use_tool", "tool_name": tool, "input": input });
        json!({ "type": "control_request", "request_id": id, "request": request })
    };
    let inside = directory.path().join("a.rs");
    turn(&root, async |mut program: Program| {
        let input = json!({ "file_path": inside, "content": "x" });
        program.say(ask("1", "Write", input.clone())).await;
        let answer = program.hear().await;
        let allowed = json!({ "behavior": "allow", "updatedInput": input });
        assert_eq!(answer["response"], json!({ "subtype": "success", "request_id": "1", "response": allowed }));

        program.say(ask("2", "Bash", json!({ "command": "rm -rf /" }))).await;
        let answer = program.hear().await;
        assert_eq!(answer["response"]["request_id"], "2");
        assert_eq!(answer["response"]["response"]["behavior"], "deny");
        assert_eq!(
            answer["response"]["response"]["message"],
            "This was not allowed: the client cannot be asked for approval. Go on without it, and say at the end what \
             could not be done."
        );

        program.say(json!({ "type": "control_request", "request_id": "3", "request": { "subtype": "hook_callback" } })).await;
        let answer = program.hear().await;
        assert_eq!(
            answer,
            json!({ "type": "control_response", "response": {
                "subtype": "error", "request_id": "3", "error": "`hook_callback` is not supported here",
            }})
        );
        program.say(result()).await;
        program
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_turn_but_not_while_a_tool_runs() {
    let (_directory, root) = root();
    let report = turn(&root, async |program: Program| program).await;
    assert_eq!(report.ending, Ending::Silent(SHORT.idle));

    let begin = Instant::now();
    let (stdin, _hears) = duplex(64);
    let (mut says, stdout) = duplex(64 * 1024);
    let running = run(stdout, stdin, "why?", &root, Caller::none(), SHORT);
    let report = tokio::join!(running, async {
        let using = json!({ "type": "assistant", "message": { "content": [{ "type": "tool_use", "id": "t", "name": "Bash" }] } });
        let used = json!({ "type": "user", "message": { "content": [{ "type": "tool_result", "tool_use_id": "t" }] } });
        says.write_all(format!("{using}\n").as_bytes()).await.unwrap();
        tokio::time::sleep(SHORT.idle * 2).await;
        says.write_all(format!("{used}\n").as_bytes()).await.unwrap();
    })
    .0;
    assert_eq!(report.ending, Ending::Silent(SHORT.idle));
    assert!(begin.elapsed() >= SHORT.idle * 3);
}

/// What a client hears during a turn in which a command runs for minutes.
#[tokio::test(start_paused = true)]
async fn a_long_command_is_told_of_again() {
    let (_directory, root) = root();
    let (progress, mut heard) = Progress::watched();
    let caller = Caller {
        progress,
        approvals: Approvals::none(),
    };
    let (stdin, _hears) = duplex(64 * 1024);
    let (mut says, stdout) = duplex(64 * 1024);
    let limits = Limits {
        tool: Duration::from_secs(15 * 60),
        idle: Duration::from_secs(5 * 60),
        ..SHORT
    };
    let script = async {
        let mut say = async |message: Value| {
            let line = format!("{message}\n");
            says.write_all(line.as_bytes()).await.unwrap();
        };
        let input = json!({ "command": "cargo test" });
        say(json!({ "type": "assistant", "message": { "content": [{ "type": "tool_use", "id": "t", "name": "Bash", "input": input }] } })).await;
        tokio::time::sleep(Duration::from_secs(100)).await;
        say(json!({ "type": "user", "message": { "content": [{ "type": "tool_result", "tool_use_id": "t" }] } })).await;
        say(json!({ "type": "system", "subtype": "status", "status": "requesting" })).await;
        tokio::time::sleep(Duration::from_secs(100)).await;
        // A part of something that is not spoken of.
        say(json!({ "type": "stream_event", "event": { "type": "content_block_delta" } })).await;
        tokio::time::sleep(Duration::from_secs(100)).await;
        say(result()).await;
    };
    let running = run(stdout, stdin, "why?", &root, caller, limits);
    let (report, ()) = tokio::join!(running, script);
    assert_eq!(text(&report.ending), "because");
    let mut log = Vec::new();
    while let Ok(words) = heard.try_recv() {
        log.push(words);
    }
    assert_eq!(
        log,
        [
            "running cargo test",
            "running cargo test, 30 s",
            "running cargo test, 60 s",
            "running cargo test, 90 s",
            "thinking",
            "thinking, 100 s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_may_take_the_time_that_it_says() {
    let (_directory, root) = root();
    let report = turn(&root, async |mut program: Program| {
        let wait = u64::try_from(SHORT.idle.as_millis()).unwrap() * 2;
        program
            .say(json!({ "type": "system", "subtype": "api_retry", "retry_delay_ms": wait }))
            .await;
        tokio::time::sleep(SHORT.idle * 2).await;
        program.say(result()).await;
        program
    })
    .await;
    assert_eq!(text(&report.ending), "because");
}
