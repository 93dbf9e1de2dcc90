//! Connections to a server that the test plays.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::handshake::{HandshakeError, shake_hands};
use super::*;
use crate::CallProgress;
use crate::transport::{Calls, LineTransport, Listener};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

mod questions;

/// Far more than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);
const MESSAGE: usize = 1024 * 1024;

/// The other side, played by the test.
struct Server {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    out: WriteHalf<DuplexStream>,
}

struct Stage {
    connection: Arc<Connection>,
    server: Server,
    notices: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn next(&mut self) -> Value {
        let line = timeout(LIMIT, self.lines.next_line())
            .await
            .expect("nothing was sent");
        serde_json::from_str(&line.unwrap().expect("the stream ended")).unwrap()
    }

    /// The next message, which must be this request; gives its id.
    async fn expect(&mut self, method: &str) -> Value {
        let message = self.next().await;
        assert_eq!(message["method"], method, "{message}");
        message["id"].clone()
    }

    async fn send(&mut self, message: Value) {
        self.raw(&message.to_string()).await;
    }

    async fn raw(&mut self, line: &str) {
        self.out.write_all(line.as_bytes()).await.unwrap();
        self.out.write_all(b"\n").await.unwrap();
    }

    async fn answer(&mut self, id: &Value, text: &str) {
        self.send(json!({ "jsonrpc": "2.0", "id": id, "result": text_result(text) }))
            .await;
    }

    /// Asks the client something and gives its answer.
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.send(json!({ "jsonrpc": "2.0", "id": "ask", "method": method, "params": params }))
            .await;
        let answer = self.next().await;
        assert_eq!(answer["id"], "ask");
        answer
    }
}

fn text_result(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

type Streams = (
    LineTransport<ReadHalf<DuplexStream>>,
    Server,
    Arc<Calls>,
    Arc<Mutex<Vec<String>>>,
);

fn streams(limit: usize) -> Streams {
    streams_of(limit, |calls| calls)
}

fn streams_of(limit: usize, with: impl FnOnce(Calls) -> Calls) -> Streams {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (input, output) = tokio::io::split(ours);
    let notices: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&notices);
    let calls = Calls::new(Arc::new(move |text| noted.lock().unwrap().push(text)));
    let calls = Arc::new(with(calls));
    let transport = LineTransport::new(input, output, Arc::clone(&calls), limit);
    let (input, out) = tokio::io::split(theirs);
    (
        transport,
        Server {
            lines: BufReader::new(input).lines(),
            out,
        },
        calls,
        notices,
    )
}

async fn stage() -> Stage {
    greeted(streams(MESSAGE)).await
}

/// Plays a server of the earlier era up to the handshake's end.
async fn greeted((mut transport, mut server, calls, notices): Streams) -> Stage {
    let shaking = tokio::spawn(async move {
        (
            shake_hands(&mut transport, Era::Initialize).await,
            transport,
        )
    });
    let id = server.expect("initialize").await;
    let result = json!({ "protocolVersion": "2025-06-18", "serverInfo": { "name": "fake", "version": "1" } });
    server
        .send(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
        .await;
    server.expect("notifications/initialized").await;
    let (greeting, transport) = shaking.await.unwrap();
    let connection = Connection::new(transport, calls, greeting.unwrap(), None);
    Stage {
        connection: Arc::new(connection),
        server,
        notices,
    }
}

type Running = (
    JoinHandle<Result<Reading, Failure>>,
    UnboundedReceiver<CallProgress>,
);

fn call(connection: &Arc<Connection>) -> Running {
    let (progress, news) = unbounded_channel();
    let connection = Arc::clone(connection);
    let running = tokio::spawn(async move {
        let listener = Arc::new(Listener::new(progress));
        let result = connection
            .call_tool("review", Map::new(), Path::new("/work space"), &listener)
            .await;
        listener.flush();
        result
    });
    (running, news)
}

async fn end(running: JoinHandle<Result<Reading, Failure>>) -> Result<Reading, Failure> {
    timeout(LIMIT, running)
        .await
        .expect("the call did not end")
        .unwrap()
}

async fn text(running: JoinHandle<Result<Reading, Failure>>) -> String {
    end(running).await.unwrap().texts.concat()
}

#[tokio::test]
async fn a_call_carries_what_it_should() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    assert_eq!(connection.server.name, "fake");
    assert_eq!(connection.server.protocol, "2025-06-18");
    let (running, _news) = call(&connection);
    let request = server.next().await;
    assert_eq!(request["method"], "tools/call");
    assert_eq!(request["params"]["name"], "review");
    assert!(
        request["params"]["_meta"]["progressToken"].is_number(),
        "{request}"
    );
    server.answer(&request["id"], "fine").await;
    assert_eq!(text(running).await, "fine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_comes_in_order_and_before_the_answer() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    let (running, mut news) = call(&connection);
    let request = server.next().await;
    let token = &request["params"]["_meta"]["progressToken"];
    for step in 0..2000 {
        let params = json!({ "progressToken": token, "progress": step, "total": 2000, "message": format!("step {step}") });
        server
            .send(json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }))
            .await;
    }
    server.answer(&request["id"], "done").await;
    assert_eq!(text(running).await, "done");
    let steps: Vec<u32> = std::iter::from_fn(|| news.try_recv().ok())
        .map(|news| match news {
            CallProgress::Message { text, .. } => {
                text.strip_prefix("step ").unwrap().parse().unwrap()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(steps.is_sorted());
    assert_eq!(steps[..20], (0..20).collect::<Vec<_>>());
    assert_eq!(steps.last(), Some(&1999));
    assert!(steps.len() < 200, "{} messages came through", steps.len());
}

#[tokio::test]
async fn answers_find_their_calls_in_any_order() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    let mut running = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..5 {
        running.push(call(&connection));
        ids.push(server.expect("tools/call").await);
    }
    server.answer(&json!(777), "for nobody").await;
    server.answer(&json!("x"), "for nobody").await;
    server
        .send(
            json!({ "jsonrpc": "2.0", "id": 888, "error": { "code": 1, "message": "for nobody" } }),
        )
        .await;
    for (number, id) in ids.iter().enumerate().rev() {
        // Some servers make strings of our numbers.
        let id = if number == 2 {
            json!(id.to_string())
        } else {
            id.clone()
        };
        server.answer(&id, &format!("answer {number}")).await;
        server.answer(&id, "a second one").await;
    }
    for (number, (running, _news)) in running.into_iter().enumerate() {
        assert_eq!(text(running).await, format!("answer {number}"));
    }
}

#[tokio::test]
async fn garbage_is_skipped_and_told_once() {
    let Stage {
        connection,
        mut server,
        notices,
    } = stage().await;
    let (running, _news) = call(&connection);
    let id = server.expect("tools/call").await;
    for line in [
        "Listening…",
        "\u{1b}[31mred",
        "42",
        "[]",
        "{}",
        "Content-Length: 10\r",
        "\r",
        "",
        "{\"jsonrpc\":",
    ] {
        server.raw(line).await;
    }
    server.out.write_all(b"\xff\xfe\0\n").await.unwrap();
    server.answer(&id, "half of \u{1f600}").await;
    assert_eq!(text(running).await, "half of \u{1f600}");
    let notices = notices.lock().unwrap();
    assert_eq!(
        *notices,
        [
            "writes lines that are no MCP messages to its standard output; they are skipped: `Listening…`"
        ]
    );
}

#[tokio::test]
async fn an_endless_flood_of_garbage_ends_the_connection() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    let (running, _news) = call(&connection);
    server.expect("tools/call").await;
    let line = "x".repeat(1000);
    for _ in 0..=MESSAGE / 1000 {
        server.raw(&line).await;
    }
    assert!(matches!(end(running).await, Err(Failure::Gone(_))));
}

#[tokio::test]
async fn an_answer_that_is_too_long_ends_its_call_and_no_other() {
    let filler = "x".repeat(2 * MESSAGE);
    for template in [
        r#"{"jsonrpc":"2.0","id":ID,"result":{"content":"FILLER"}}"#,
        r#"{"result":{"content":"FILLER","id":1000},"jsonrpc":"2.0","id":ID}"#,
    ] {
        let Stage {
            connection,
            mut server,
            ..
        } = stage().await;
        let (long, _news) = call(&connection);
        let long_id = server.expect("tools/call").await;
        let (other, _news) = call(&connection);
        let other_id = server.expect("tools/call").await;
        server
            .raw(
                &template
                    .replace("ID", &long_id.to_string())
                    .replace("FILLER", &filler),
            )
            .await;
        server.answer(&other_id, "short").await;
        assert_eq!(
            end(long).await,
            Err(Failure::Unusable(
                "it has 2 MiB, more than the limit of 1 MiB".into()
            ))
        );
        assert_eq!(text(other).await, "short");
    }
}

#[tokio::test]
async fn a_long_line_that_could_be_any_answer_ends_all_calls() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    let (one, _news) = call(&connection);
    server.expect("tools/call").await;
    let (two, _news) = call(&connection);
    server.expect("tools/call").await;
    server.raw(&"x".repeat(MESSAGE + 1)).await;
    assert!(matches!(end(one).await, Err(Failure::Unusable(_))));
    assert!(matches!(end(two).await, Err(Failure::Unusable(_))));
}

#[tokio::test]
async fn long_notifications_are_skipped() {
    let Stage {
        connection,
        mut server,
        notices,
    } = stage().await;
    let (running, _news) = call(&connection);
    let id = server.expect("tools/call").await;
    let params = "x".repeat(MESSAGE);
    server
        .send(json!({ "jsonrpc": "2.0", "method": "vendor/event", "params": params }))
        .await;
    server.answer(&id, "still here").await;
    assert_eq!(text(running).await, "still here");
    assert_eq!(
        *notices.lock().unwrap(),
        ["sent a message of 1 MiB, more than 1 MiB; it was skipped"]
    );
}

#[tokio::test]
async fn large_and_broken_answers() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    let large = "y".repeat(MESSAGE / 2);
    let (running, _news) = call(&connection);
    let id = server.expect("tools/call").await;
    server.answer(&id, &large).await;
    assert_eq!(text(running).await, large);

    // Half of a surrogate pair, as JavaScript writes it after cutting a string.
    let (running, _news) = call(&connection);
    let id = server.expect("tools/call").await;
    server
        .raw(&format!(
            r#"{{"id":{id},"result":{{"content":[{{"type":"text","text":"cut \ud83d"}}]}}}}"#
        ))
        .await;
    assert_eq!(text(running).await, "cut \u{fffd}");

    let (running, _news) = call(&connection);
    let id = server.expect("tools/call").await;
    let deep = "[".repeat(1000) + &"]".repeat(1000);
    server
        .raw(&format!(r#"{{"id":{id},"result":{deep}}}"#))
        .await;
    let Err(Failure::Unusable(reason)) = end(running).await else {
        panic!()
    };
    assert!(
        reason.starts_with("it is not valid JSON (recursion limit exceeded"),
        "{reason}"
    );

    let (running, _news) = call(&connection);
    let id = server.expect("tools/call").await;
    server
        .send(json!({ "id": id, "error": { "code": -32603, "message": "no\nmodel" } }))
        .await;
    assert_eq!(end(running).await, Err(Failure::Refused("no model".into())));
}

#[tokio::test]
async fn every_request_of_the_server_is_answered() {
    let Stage {
        connection,
        mut server,
        notices,
    } = stage().await;
    let (running, _news) = call(&connection);
    let id = server.expect("tools/call").await;
    assert_eq!(server.ask("ping", json!({})).await["result"], json!({}));
    assert_eq!(
        server.ask("roots/list", json!({})).await["result"],
        json!({ "roots": [{ "uri": "file:///work%20space", "name": "work space" }] })
    );
    let question = json!({ "message": "May I\u{7} run `rm`?", "vendor_command": ["rm"], "requestedSchema": {} });
    for _ in 0..2 {
        assert_eq!(
            server.ask("elicitation/create", question.clone()).await["result"],
            json!({ "action": "decline" })
        );
    }
    for method in ["sampling/createMessage", "vendor/thing"] {
        assert_eq!(
            server.ask(method, json!({})).await["error"]["code"],
            -32601,
            "{method}"
        );
    }
    assert_eq!(
        *notices.lock().unwrap(),
        ["asked “May I run `rm`?” and was told no"]
    );
    server.answer(&id, "thanks").await;
    assert_eq!(text(running).await, "thanks");
}

#[tokio::test]
async fn a_flood_of_requests_is_answered_to_the_last() {
    let Stage {
        connection: _connection,
        server,
        ..
    } = stage().await;
    let Server { mut lines, mut out } = server;
    let asking = tokio::spawn(async move {
        for id in 0..1000 {
            let ping = json!({ "jsonrpc": "2.0", "id": id, "method": "ping" }).to_string() + "\n";
            out.write_all(ping.as_bytes()).await.unwrap();
        }
        out
    });
    let mut ids = Vec::new();
    for _ in 0..1000 {
        let line = timeout(LIMIT, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        ids.push(answer["id"].as_u64().unwrap());
    }
    asking.await.unwrap();
    ids.sort_unstable();
    assert_eq!(ids, (0..1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_end_of_the_stream_ends_all_calls() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    let (running, _news) = call(&connection);
    server.expect("tools/call").await;
    drop(server);
    assert_eq!(
        end(running).await,
        Err(Failure::Gone("its connection ended".into()))
    );
    connection.loss().await;
    let (late, _news) = call(&connection);
    assert_eq!(
        end(late).await,
        Err(Failure::Gone("its connection ended".into()))
    );
}

#[tokio::test]
async fn an_abandoned_call_is_cancelled_and_its_answer_ignored() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    let (running, _news) = call(&connection);
    let id = server.expect("tools/call").await;
    running.abort();
    let told = server.next().await;
    assert_eq!(told["method"], "notifications/cancelled");
    assert_eq!(told["params"]["requestId"], id);
    server.answer(&id, "too late").await;
    let (running, _news) = call(&connection);
    let id = server.expect("tools/call").await;
    server.answer(&id, "in time").await;
    assert_eq!(text(running).await, "in time");
}

#[tokio::test]
async fn closing_ends_calls_at_once() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    let (running, _news) = call(&connection);
    server.expect("tools/call").await;
    connection.end("it was restarted", STEPS);
    assert_eq!(
        end(running).await,
        Err(Failure::Gone("it was restarted".into()))
    );
    // Our side of the stream is closed, too.
    assert_eq!(
        timeout(LIMIT, server.lines.next_line())
            .await
            .unwrap()
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn tools_are_listed_page_by_page() {
    let Stage {
        connection,
        mut server,
        ..
    } = stage().await;
    let listing = tokio::spawn(async move { connection.tools().await });
    let id = server.expect("tools/list").await;
    let tools = json!([{ "name": "a", "description": "does\na", "inputSchema": { "type": "object" }, "extra": 1 }, 7]);
    server
        .send(json!({ "id": id, "result": { "tools": tools, "nextCursor": "p2" } }))
        .await;
    let request = server.next().await;
    assert_eq!(request["params"]["cursor"], "p2");
    server
        .send(json!({ "id": request["id"], "result": { "tools": [{ "name": "b" }] } }))
        .await;
    let tools = listing.await.unwrap().unwrap();
    let seen: Vec<_> = tools
        .iter()
        .map(|tool| (tool.name.as_str(), tool.description.as_str()))
        .collect();
    assert_eq!(seen, [("a", "does a"), ("b", "")]);
    assert_eq!(tools[0].input_schema, json!({ "type": "object" }));
}

/// Plays a server of the later era up to the handshake's end.
async fn discovered(first: Era) -> Stage {
    found(first, streams(MESSAGE)).await
}

async fn found(first: Era, streams: Streams) -> Stage {
    let (mut transport, mut server, calls, notices) = streams;
    let shaking =
        tokio::spawn(async move { (shake_hands(&mut transport, first).await, transport) });
    if first == Era::Initialize {
        let id = server.expect("initialize").await;
        server
            .send(json!({ "id": id, "error": { "code": -32601, "message": "no such method" } }))
            .await;
    }
    let request = server.next().await;
    assert_eq!(request["method"], "server/discover");
    assert_eq!(
        request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"],
        "2026-07-28"
    );
    let about =
        json!({ "io.modelcontextprotocol/serverInfo": { "name": "modern", "version": "2" } });
    let result = json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {}, "ttlMs": 0, "cacheScope": "private", "_meta": about });
    server
        .send(json!({ "id": request["id"], "result": result }))
        .await;
    let (greeting, transport) = shaking.await.unwrap();
    let connection = Connection::new(transport, calls, greeting.unwrap(), None);
    Stage {
        connection: Arc::new(connection),
        server,
        notices,
    }
}

#[tokio::test]
async fn the_later_era_is_found_and_spoken() {
    for first in [Era::Initialize, Era::Discover] {
        let Stage {
            connection,
            mut server,
            notices,
        } = discovered(first).await;
        assert_eq!(
            (connection.server.name.as_str(), connection.era),
            ("modern", Era::Discover)
        );
        let (running, _news) = call(&connection);
        let request = server.next().await;
        let meta = &request["params"]["_meta"];
        assert_eq!(
            meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28",
            "{request}"
        );
        assert_eq!(
            meta["io.modelcontextprotocol/clientInfo"]["name"],
            "crosscheck"
        );
        assert_eq!(
            meta["io.modelcontextprotocol/clientCapabilities"]["elicitation"],
            json!({ "form": {}, "url": {} })
        );

        let asked = json!({ "sure": { "method": "elicitation/create", "params": { "message": "Sure?" } },
            "where": { "method": "roots/list" } });
        let result = json!({ "resultType": "input_required", "inputRequests": asked, "requestState": "opaque" });
        server
            .send(json!({ "id": request["id"], "result": result }))
            .await;
        let again = server.next().await;
        assert_ne!(again["id"], request["id"]);
        assert_eq!(again["params"]["requestState"], "opaque");
        assert_eq!(
            again["params"]["inputResponses"]["sure"],
            json!({ "action": "decline" })
        );
        assert!(again["params"]["inputResponses"]["where"]["roots"].is_array());
        server.answer(&again["id"], "then so").await;
        assert_eq!(text(running).await, "then so");
        assert_eq!(*notices.lock().unwrap(), ["asked “Sure?” and was told no"]);
    }
}

#[tokio::test(start_paused = true)]
async fn input_is_not_given_for_ever() {
    let Stage {
        connection,
        mut server,
        ..
    } = discovered(Era::Discover).await;
    let (running, _news) = call(&connection);
    let asking = async {
        loop {
            let id = server.expect("tools/call").await;
            let result = json!({ "resultType": "input_required", "requestState": "again" });
            server.send(json!({ "id": id, "result": result })).await;
        }
    };
    let ended = tokio::select! {
        ended = end(running) => ended,
        () = asking => unreachable!(),
    };
    assert_eq!(
        ended,
        Err(Failure::Unusable(
            "it asked for input more than 8 times".into()
        ))
    );
}

#[tokio::test]
async fn an_old_server_is_found_when_a_modern_one_was_expected() {
    let (mut transport, mut server, ..) = streams(MESSAGE);
    let shaking = tokio::spawn(async move { shake_hands(&mut transport, Era::Discover).await });
    let id = server.expect("server/discover").await;
    server
        .send(json!({ "id": id, "error": { "code": -32601, "message": "what?" } }))
        .await;
    let id = server.expect("initialize").await;
    assert_eq!(server.ask("ping", json!({})).await["result"], json!({}));
    assert_eq!(
        server.ask("roots/list", json!({})).await["error"]["code"],
        -32601
    );
    server
        .send(json!({ "id": id, "result": { "protocolVersion": "2024-11-05" } }))
        .await;
    server.expect("notifications/initialized").await;
    let greeting = shaking.await.unwrap().unwrap();
    assert_eq!(
        (greeting.era, greeting.server.protocol.as_str()),
        (Era::Initialize, "2024-11-05")
    );
}

#[tokio::test]
async fn a_server_that_wants_neither_says_why() {
    let (mut transport, mut server, ..) = streams(MESSAGE);
    let shaking = tokio::spawn(async move { shake_hands(&mut transport, Era::Initialize).await });
    let id = server.expect("initialize").await;
    server
        .send(json!({ "id": id, "error": { "code": -32000, "message": "log in first" } }))
        .await;
    let id = server.expect("server/discover").await;
    server
        .send(json!({ "id": id, "error": { "code": -32601, "message": "what?" } }))
        .await;
    let Err(HandshakeError::Rejected(reason)) = shaking.await.unwrap() else {
        panic!()
    };
    assert_eq!(reason, "log in first");
}
