//! Tests of the server over raw JSON lines: both MCP eras, careless clients, and the end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod approvals;

use super::*;
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};
use tokio::task::JoinHandle;

/// A raw client of a server in this process.
pub(crate) struct Client {
    read: Lines<BufReader<ReadHalf<DuplexStream>>>,
    write: Option<WriteHalf<DuplexStream>>,
    server: JoinHandle<Result<(), ServeError>>,
}

/// Longest wait for anything, so that a broken test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(20);

impl Client {
    pub(crate) fn of<F>(
        serve: impl FnOnce(ReadHalf<DuplexStream>, WriteHalf<DuplexStream>) -> F,
    ) -> Self
    where
        F: Future<Output = Result<(), ServeError>> + Send + 'static,
    {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (read, write) = tokio::io::split(theirs);
        let server = tokio::spawn(serve(read, write));
        let (read, write) = tokio::io::split(ours);
        Self {
            read: BufReader::new(read).lines(),
            write: Some(write),
            server,
        }
    }

    /// Opens the connection by the handshake of 2025-11-25.
    pub(crate) async fn initialize(&mut self) -> Value {
        self.initialize_with(json!({})).await
    }

    /// The same, as a client that has these capabilities.
    pub(crate) async fn initialize_with(&mut self, capabilities: Value) -> Value {
        self.send(
            json!({ "jsonrpc": "2.0", "id": "init", "method": "initialize", "params": {
                "protocolVersion": "2025-11-25", "capabilities": capabilities,
                "clientInfo": { "name": "test", "version": "0" },
            }}),
        )
        .await;
        let answer = self.receive().await;
        self.send(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .await;
        answer
    }

    pub(crate) async fn call(&mut self, id: u32, tool: &str, arguments: Value) {
        let meta = json!({ "progressToken": format!("progress-{id}") });
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }))
            .await;
    }

    pub(crate) async fn cancel(&mut self, id: u32) {
        let params = json!({ "requestId": id, "reason": "test" });
        self.send(
            json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }),
        )
        .await;
    }

    pub(crate) async fn send(&mut self, message: impl std::fmt::Display) {
        let line = format!("{message}\n");
        self.write
            .as_mut()
            .unwrap()
            .write_all(line.as_bytes())
            .await
            .unwrap();
    }

    /// The next message.
    pub(crate) async fn receive(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.read.next_line())
            .await
            .expect("a message in time");
        serde_json::from_str(&line.unwrap().expect("not the end of the output")).unwrap()
    }

    /// Ends the input and waits for the server's end.
    pub(crate) async fn end(mut self) {
        self.write.take().unwrap().shutdown().await.unwrap();
        tokio::time::timeout(PATIENCE, self.server)
            .await
            .expect("the server to end in time")
            .unwrap()
            .unwrap();
    }
}

fn modern(id: u32, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// Tools for these tests.
struct Odd;

impl Toolbox for Odd {
    fn describe(&self) -> Description {
        Description {
            name: "odd",
            title: "Odd".to_owned(),
            instructions: String::new(),
        }
    }
    fn tools(&self) -> Vec<Tool> {
        vec![contract_tool::<contract::AskRequest>("ask", "Asks.")]
    }
    async fn call(
        &self,
        tool: &str,
        given: JsonObject,
        Caller { mut progress, .. }: Caller,
    ) -> Result<CallToolResult, CallError> {
        match tool {
            "ask" => structured(&arguments::<contract::AskRequest>(tool, given)?),
            "panic" => panic!("on purpose"),
            "hang" => {
                progress.tell(1, None, "hanging").await;
                std::future::pending().await
            }
            _ => Err(CallError::NoSuchTool(tool.to_owned())),
        }
    }
}

fn odd() -> Client {
    Client::of(|read, write| serve(Odd, read, write, Duration::ZERO))
}

/// As our own client reads it: the words, and what they cost.
#[test]
fn an_answer_in_words_keeps_what_it_cost() {
    let texts = [
        "src/a.rs:3: `add` does not exist",
        "No findings.",
        r#"Here: {"findings": [{"path": "a.rs", "start_line": 1, "quote": "x", "title": "T"}]}"#,
    ];
    for text in texts {
        let answer = contract::AskAnswer {
            text: text.to_owned(),
            usage: Some(contract::Usage {
                input_tokens: Some(7),
                ..contract::Usage::default()
            }),
            session: Some("s".to_owned()),
        };
        let result = spoken(answer).unwrap();
        let format = domain::answer::Format::Findings;
        let alone = domain::answer::parse(None, &[text.to_owned()], format);
        let read = domain::answer::parse(result.structured_content.as_ref(), &[], format);
        assert!(alone.clean || !alone.findings.is_empty(), "{text}");
        assert_eq!(read.findings, alone.findings);
        assert_eq!((read.clean, read.problems), (alone.clean, alone.problems));
        assert_eq!(read.session.as_deref(), Some("s"));
        assert_eq!(read.usage.unwrap().input_tokens, Some(7));
    }
}

#[tokio::test]
async fn the_handshake_of_2025_works() {
    let mut client = odd();
    let answer = client.initialize().await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(answer["result"]["serverInfo"]["name"], "odd");
    client
        .send(json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }))
        .await;
    let tools = client.receive().await;
    assert_eq!(tools["result"]["tools"][0]["name"], "ask");
    assert_eq!(
        tools["result"]["tools"][0]["_meta"]["crosscheck/contract"],
        1
    );
    client
        .call(2, "ask", json!({ "prompt": "why", "root": "/" }))
        .await;
    assert_eq!(
        client.receive().await["result"]["structuredContent"],
        json!({ "prompt": "why", "root": "/" })
    );
    client.end().await;
}

#[tokio::test]
async fn discovery_of_2026_works_without_a_handshake() {
    let mut client = odd();
    client.send(modern(1, "server/discover", json!({}))).await;
    let answer = client.receive().await;
    let versions = answer["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")), "{answer}");
    client.send(modern(2, "tools/list", json!({}))).await;
    assert_eq!(client.receive().await["result"]["tools"][0]["name"], "ask");
    client
        .send(modern(
            3,
            "tools/call",
            json!({ "name": "ask", "arguments": { "prompt": "why" } }),
        ))
        .await;
    let answer = client.receive().await;
    assert_eq!(answer["result"]["structuredContent"]["prompt"], "why");
    assert_eq!(answer["result"]["resultType"], "complete");
    client.end().await;
}

#[tokio::test]
async fn a_newer_client_falls_back_to_the_handshake() {
    let mut client = odd();
    client.send(modern(1, "server/discover", json!({}))).await;
    client.receive().await;
    assert_eq!(
        client.initialize().await["result"]["protocolVersion"],
        "2025-11-25"
    );
    client.end().await;
}

#[tokio::test]
async fn nonsense_before_and_between_requests_changes_nothing() {
    let mut client = odd();
    let nonsense = [
        "",
        "hello",
        "{\"jsonrpc\":",
        "\u{1b}[31mred",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}",
    ];
    let early = [
        "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
    ];
    for line in nonsense.iter().chain(&early) {
        client.send(line).await;
    }
    client.send(modern(1, "server/discover", json!({}))).await;
    assert_eq!(client.receive().await["id"], 1);
    client.cancel(1).await;
    client.initialize().await;
    for line in nonsense {
        client.send(line).await;
    }
    client.call(2, "ask", json!({})).await;
    assert_eq!(client.receive().await["id"], 2);
    client.send("[1, 2]").await;
    assert_eq!(client.receive().await["error"]["code"], -32600);
    client.call(3, "ask", json!({})).await;
    assert_eq!(client.receive().await["id"], 3);
    client.end().await;
}

#[tokio::test]
async fn each_call_is_answered_whatever_happens() {
    let mut client = odd();
    client.initialize().await;
    client.call(1, "panic", json!({})).await;
    let answer = client.receive().await;
    assert_eq!(answer["result"]["isError"], true);
    assert_eq!(
        answer["result"]["content"][0]["text"],
        "the tool `panic` has a bug and gave up: on purpose"
    );
    client.call(2, "nothing", json!({})).await;
    let answer = client.receive().await;
    assert_eq!(
        answer["error"],
        json!({ "code": -32602, "message": "there is no tool `nothing` here" })
    );
    client.call(3, "ask", json!({ "prompt": 7 })).await;
    let answer = client.receive().await;
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("the arguments of `ask` are not as its schema says: invalid type"),
        "{text}"
    );
    client.end().await;
}

#[tokio::test]
async fn a_cancelled_call_has_no_answer() {
    let mut client = odd();
    client.initialize().await;
    client.call(1, "hang", json!({})).await;
    let progress = client.receive().await;
    assert_eq!(progress["params"]["message"], "hanging");
    assert_eq!(progress["params"]["progressToken"], "progress-1");
    client.cancel(1).await;
    client.cancel(77).await;
    client.call(2, "ask", json!({})).await;
    assert_eq!(client.receive().await["id"], 2);
    client.end().await;
}

#[tokio::test]
async fn the_end_of_the_input_is_the_end() {
    odd().end().await;
    let mut client = odd();
    client.initialize().await;
    client.call(1, "hang", json!({})).await;
    client.receive().await;
    let begin = std::time::Instant::now();
    client.end().await;
    assert!(
        begin.elapsed() < Duration::from_secs(2),
        "{:?}",
        begin.elapsed()
    );
}
