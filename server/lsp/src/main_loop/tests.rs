//! Whole conversations over an in-memory connection: lifecycle, malformed input, sync, and findings on the screen.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::state::EngineFactory;
use crate::tracked::tests::misspelling;
use domain::board::Reviewed;
use domain::path::RelPath;
use domain::text::Text;
use engine::{Engine, FileFindings};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;

mod applying;
mod hidden;
mod interleaving;
mod proposals;
mod questions;
mod status;

/// Longest wait for a message; only failing tests wait that long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client that fails the test when a message of the server was not looked at.
struct TestClient {
    stream: DuplexStream,
    decoder: Decoder,
    server: Option<JoinHandle<Ended>>,
    events: mpsc::UnboundedSender<Event>,
    dir: tempfile::TempDir,
    last_id: i64,
    /// What was logged.
    log: Vec<String>,
    /// What came while something else was waited for.
    unread: Vec<Value>,
}

impl TestClient {
    /// A server that was started and told nothing yet.
    fn start() -> Self {
        // What the engine does by itself is mostly not the subject here.
        Self::start_in(tempfile::tempdir().unwrap(), false)
    }

    /// The same where an earlier one may have been. `is_whole`: with what the engine tells.
    fn start_in(dir: tempfile::TempDir, is_whole: bool) -> Self {
        std::fs::create_dir_all(dir.path().join("ws")).unwrap();
        let paths = paths_in(dir.path());
        let factory: EngineFactory = Box::new(move |events| {
            let nobody = std::sync::Arc::new(|_| {});
            Engine::new(engine::Options {
                paths,
                events: if is_whole { events } else { nobody },
            })
        });
        let (stream, far) = tokio::io::duplex(1 << 20);
        let (reader, writer) = tokio::io::split(far);
        let (events, received) = mpsc::unbounded_channel();
        let state = State::new(factory, events.clone());
        let service = crate::backend::service(events.clone());
        let server = MainLoop::new(state, service, received).run(reader, writer, Lifeline::None);
        let server = tokio::spawn(server);
        Self {
            stream,
            decoder: Decoder::default(),
            server: Some(server),
            events,
            dir,
            last_id: 0,
            log: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// A server that is ready, for a client with these capabilities.
    async fn ready(capabilities: Value) -> Self {
        let mut client = Self::start();
        client.initialize(capabilities).await;
        client
    }

    async fn initialize(&mut self, capabilities: Value) {
        let root = self.uri("");
        let params = json!({"processId": null, "rootUri": root, "capabilities": capabilities});
        let answer = self.request("initialize", params).await;
        assert!(
            answer["result"]["capabilities"]["textDocumentSync"].is_object(),
            "{answer}"
        );
        self.notify("initialized", json!({})).await;
    }

    /// Another engine on the same ledger, which tells nobody.
    fn other_engine(&self) -> Engine {
        Engine::new(engine::Options {
            paths: paths_in(self.dir.path()),
            events: std::sync::Arc::new(|_| {}),
        })
    }

    /// Closes the connection, whatever is said meanwhile; returns what the server leaves behind.
    async fn leave(mut self) -> tempfile::TempDir {
        self.stream.shutdown().await.unwrap();
        let server = self.server.take().unwrap();
        tokio::time::timeout(PATIENCE, server)
            .await
            .expect("the server ends")
            .unwrap();
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }

    fn uri(&self, path: &str) -> String {
        let root = self.dir.path().join("ws").canonicalize().unwrap();
        let root = crate::uri::from_path(&root);
        if path.is_empty() {
            root
        } else {
            format!("{root}/{path}")
        }
    }

    async fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn send(&mut self, body: &str) {
        self.send_raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
            .await;
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string())
            .await;
    }

    async fn request(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        self.send(
            &json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params})
                .to_string(),
        )
        .await;
        let answer = self.receive().await;
        assert_eq!(answer["id"], self.last_id, "{answer}");
        answer
    }

    async fn open(&mut self, path: &str, text: &str) -> String {
        let uri = self.uri(path);
        let document = json!({"uri": uri, "languageId": "x", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}))
            .await;
        uri
    }

    async fn change(&mut self, uri: &str, version: i32, range: [u32; 4], text: &str) {
        let [line, character, end_line, end_character] = range;
        let range = json!({"start": {"line": line, "character": character}, "end": {"line": end_line, "character": end_character}});
        let params = json!({
            "textDocument": {"uri": uri, "version": version}, "contentChanges": [{"range": range, "text": text}],
        });
        self.notify("textDocument/didChange", params).await;
    }

    /// An agent says something about a text.
    fn agent_says(&self, path: &str, text: &str, version: Option<i32>, said: &[(&str, &str)]) {
        let text = Text::new(text);
        let findings = said
            .iter()
            .map(|it| misspelling("codex", path, &text, it.0, it.1))
            .collect();
        let root = self.dir.path().join("ws").canonicalize().unwrap();
        let path = RelPath::try_from(path.to_owned()).unwrap();
        let file = FileFindings {
            path,
            agent: "codex".to_owned(),
            reviewed: Reviewed::Whole,
            findings,
            hidden: Vec::new(),
            text,
            version,
        };
        self.events
            .send(Event::Engine(engine::Event::Recalled { root, file }))
            .unwrap();
    }

    async fn receive(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, self.next())
            .await
            .expect("a message")
            .expect("the server lives")
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(Frame::Body(range)) = self.decoder.next().unwrap() {
                let message: Value = serde_json::from_slice(self.decoder.body(range)).unwrap();
                if message["method"] != "window/logMessage" {
                    return Some(message);
                }
                let text = message["params"]["message"].as_str().unwrap();
                self.log.push(text.to_owned());
                continue;
            }
            if self.stream.read_buf(self.decoder.space()).await.unwrap() == 0 {
                return None;
            }
        }
    }

    /// Every earlier message was handled when this returns, and nothing was said since.
    async fn barrier(&mut self) {
        let answer = self.request("crosscheck/noSuchMethod", Value::Null).await;
        assert_eq!(answer["error"]["code"], -32601, "{answer}");
    }

    /// Closes the connection and returns how the server ended. Messages that nobody looked at fail the test.
    async fn end(mut self) -> Ended {
        self.stream.shutdown().await.unwrap();
        let server = self.server.take().unwrap();
        let ended = tokio::time::timeout(PATIENCE, server)
            .await
            .expect("the server ends")
            .unwrap();
        if let Some(message) = self.next().await {
            panic!("nobody expected {message}");
        }
        ended
    }
}

fn paths_in(dir: &Path) -> engine::paths::Paths {
    engine::paths::Paths {
        config_dir: dir.join("config"),
        state_dir: dir.join("state"),
        home: dir.to_owned(),
        program: dir.join("no-such-program"),
        environment: BTreeMap::new(),
    }
}

impl Drop for TestClient {
    fn drop(&mut self) {
        assert!(
            self.server.is_none() || std::thread::panicking(),
            "the test did not end its client"
        );
    }
}

fn ended(code: i32) -> Ended {
    Ended {
        code,
        complaint: None,
    }
}

#[tokio::test]
async fn an_orderly_life() {
    let mut client = TestClient::ready(json!({})).await;
    assert_eq!(
        client
            .request("initialize", json!({"capabilities": {}}))
            .await["error"]["code"],
        -32600
    );
    assert_eq!(
        client.request("shutdown", Value::Null).await["result"],
        Value::Null
    );
    assert_eq!(
        client.request("textDocument/hover", json!({})).await["error"]["code"],
        -32600
    );
    client.notify("exit", Value::Null).await;
    assert_eq!(client.end().await, ended(0));
}

#[tokio::test]
async fn exit_codes() {
    let mut client = TestClient::ready(json!({})).await;
    client.notify("exit", Value::Null).await;
    assert_eq!(client.end().await, ended(1), "exit without shutdown");
    assert_eq!(
        TestClient::ready(json!({})).await.end().await,
        ended(1),
        "end of input"
    );
    let mut client = TestClient::ready(json!({})).await;
    client.request("shutdown", Value::Null).await;
    assert_eq!(client.end().await, ended(0), "end of input after shutdown");
    let mut client = TestClient::start();
    client.notify("exit", Value::Null).await;
    assert_eq!(client.end().await, ended(1), "exit before initialize");
}

#[tokio::test]
async fn nothing_before_initialize() {
    let mut client = TestClient::start();
    for method in ["textDocument/hover", "shutdown", "no/such"] {
        assert_eq!(
            client.request(method, json!({})).await["error"]["code"],
            -32002,
            "{method}"
        );
    }
    client.open("a", "text").await;
    let params = json!({"processId": null, "rootUri": null, "capabilities": {}});
    assert!(client.request("initialize", params).await["result"].is_object());
    client.barrier().await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn malformed_messages_are_answered_by_the_book() {
    let mut client = TestClient::ready(json!({})).await;
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":9,"method":"textDocument/hover","params":{}}}"#,
        "[".repeat(100_000)
    );
    for (body, id, code) in [
        ("{", Value::Null, -32700),
        ("", Value::Null, -32700),
        (deep.as_str(), Value::Null, -32700),
        ("[]", Value::Null, -32600),
        ("42", Value::Null, -32600),
        (
            r#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#,
            json!(1.5),
            -32600,
        ),
        (
            r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#,
            Value::Null,
            -32601,
        ),
        (
            r#"{"jsonrpc":"2.0","id":"s","method":"x"}"#,
            json!("s"),
            -32601,
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"textDocument/hover"}"#,
            json!(7),
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"textDocument/hover","params":"x"}"#,
            json!(7),
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"textDocument/didOpen","params":{}}"#,
            json!(7),
            -32601,
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"workspace/executeCommand","params":{"command":"x"}}"#,
            json!(7),
            -32602,
        ),
    ] {
        client.send(body).await;
        let answer = client.receive().await;
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&id, &json!(code)),
            "{body:.60}"
        );
    }
    client.send_raw(b"Content-Length: 4\r\n\r\n{\"\xff\"").await;
    assert_eq!(client.receive().await["error"]["code"], -32700);
    for ignored in [
        r#"{"jsonrpc":"2.0","id":99,"result":null}"#,
        r#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":77}}"#,
        r#"{"jsonrpc":"2.0","method":"$/cancelRequest"}"#,
        r#"{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"off"}}"#,
        r#"{"jsonrpc":"2.0","method":"no/such"}"#,
        r#"{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{}}}"#,
        r#"{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"nonsense"}}}"#,
        r#"{"jsonrpc":"2.0","method":"textDocument/hover","params":{}}"#,
    ] {
        client.send(ignored).await;
    }
    client
        .send_raw(b"garbage\r\nContent-Length: x\r\n\r\n")
        .await;
    client.barrier().await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_stream_without_messages_ends_the_server() {
    let mut client = TestClient::start();
    let server = client.server.take().unwrap();
    let junk = vec![b'x'; 1 << 20];
    while client.stream.write_all(&junk).await.is_ok() {}
    let ended = tokio::time::timeout(PATIENCE, server)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ended.code, 1);
    assert!(ended.complaint.unwrap().contains("does not speak LSP"));
}

#[tokio::test]
async fn findings_follow_the_text() {
    let mut client = TestClient::ready(json!({})).await;
    let uri = client.open("src/a.rs", "we recieve it\n").await;
    client.agent_says(
        "src/a.rs",
        "we recieve it\n",
        Some(1),
        &[("recieve", "receive")],
    );
    let start = |message: &Value| message["params"]["diagnostics"][0]["range"]["start"].clone();
    let shown = client.receive().await;
    assert_eq!(shown["method"], "textDocument/publishDiagnostics");
    assert_eq!(
        (&shown["params"]["uri"], &shown["params"]["version"]),
        (&json!(uri), &json!(1))
    );
    assert_eq!(start(&shown), json!({"line": 0, "character": 3}));

    client.change(&uri, 2, [0, 0, 0, 0], "first\n").await;
    let moved = client.receive().await;
    assert_eq!(
        (start(&moved), &moved["params"]["version"]),
        (json!({"line": 1, "character": 3}), &json!(2))
    );

    client.change(&uri, 3, [1, 6, 1, 8], "ei").await;
    assert_eq!(
        client.receive().await["params"]["diagnostics"],
        json!([]),
        "repaired"
    );
    client.change(&uri, 4, [1, 3, 1, 10], "recieve").await;
    assert_eq!(
        start(&client.receive().await),
        json!({"line": 1, "character": 3}),
        "undone"
    );
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn late_answers_are_carried_to_the_text_of_now() {
    let mut client =
        TestClient::ready(json!({"general": {"positionEncodings": ["utf-8", "utf-16"]}})).await;
    let uri = client.open("a.rs", "teh recieve").await;
    client.change(&uri, 2, [0, 0, 0, 3], "ä the").await;
    client.barrier().await;
    client.agent_says(
        "a.rs",
        "teh recieve",
        Some(1),
        &[("teh", "the"), ("recieve", "receive")],
    );
    let shown = client.receive().await;
    let diagnostics = shown["params"]["diagnostics"].as_array().unwrap();
    assert_eq!(
        diagnostics.len(),
        1,
        "the text of the other one is gone: {shown}"
    );
    assert_eq!(
        diagnostics[0]["range"]["start"],
        json!({"line": 0, "character": 7}),
        "in bytes"
    );
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_pulling_client_is_told_to_pull() {
    let mut client = TestClient::ready(json!({
        "textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {"refreshSupport": true}},
    }))
    .await;
    let uri = client.open("a.rs", "teh").await;
    let document = json!({"textDocument": {"uri": uri}});
    let answer_refresh = async |client: &mut TestClient| {
        let refresh = client.receive().await;
        assert_eq!(refresh["method"], "workspace/diagnostic/refresh");
        client
            .send(&json!({"jsonrpc": "2.0", "id": refresh["id"], "result": null}).to_string())
            .await;
    };
    answer_refresh(&mut client).await;
    client.agent_says("a.rs", "teh", Some(1), &[("teh", "the")]);
    answer_refresh(&mut client).await;
    let report = client
        .request("textDocument/diagnostic", document.clone())
        .await["result"]
        .clone();
    assert_eq!(
        (&report["kind"], report["items"].as_array().map(Vec::len)),
        (&json!("full"), Some(1))
    );
    let again = json!({"textDocument": {"uri": uri}, "previousResultId": report["resultId"]});
    assert_eq!(
        client.request("textDocument/diagnostic", again).await["result"]["kind"],
        "unchanged"
    );
    // Files that are not open are pushed, so that they are seen at all.
    std::fs::write(client.dir.path().join("ws/a.rs"), "a teh").unwrap();
    client.notify("textDocument/didClose", document).await;
    let pushed = client.receive().await;
    assert_eq!(
        pushed["params"]["diagnostics"][0]["range"]["start"]["character"], 2,
        "{pushed}"
    );
    client.open("a.rs", "a teh").await;
    assert_eq!(
        client.receive().await["params"]["diagnostics"],
        json!([]),
        "pulled again from now on"
    );
    answer_refresh(&mut client).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_nothing_and_gets_only_the_newest() {
    let mut client = TestClient::ready(json!({})).await;
    let text = format!("teh\n{}", "x".repeat(3 << 20));
    let uri = client.open("a.rs", &text).await;
    let params = |line: u32| json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}});
    client.barrier().await;
    // The answers to these stay unread until far more than the connection holds is waiting.
    let long = format!("crosscheck/{}", "x".repeat(1 << 20));
    for id in 0..4 {
        client
            .send(&json!({"jsonrpc": "2.0", "id": format!("long{id}"), "method": long}).to_string())
            .await;
    }
    for agent_says in [&[("teh", "teh!")][..], &[("teh", "tea")], &[("teh", "the")]] {
        client.agent_says("a.rs", &text, Some(1), agent_says);
        tokio::task::yield_now().await;
    }
    client.send(&json!({"jsonrpc": "2.0", "id": "hover", "method": "textDocument/hover", "params": params(0)}).to_string()).await;
    for id in 0..4 {
        assert_eq!(client.receive().await["id"], format!("long{id}"));
    }
    assert_eq!(
        client.receive().await["id"],
        "hover",
        "answers keep their order"
    );
    let shown = client.receive().await;
    let message = shown["params"]["diagnostics"][0]["message"]
        .as_str()
        .unwrap();
    assert_eq!(message, "`teh` should be `the`");
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn hover_explains_and_commands_answer() {
    let mut client = TestClient::ready(json!({})).await;
    let uri = client.open("a.rs", "teh cat").await;
    client.agent_says("a.rs", "teh cat", Some(1), &[("teh", "the")]);
    client.receive().await;
    let at = |character: u32| json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": character}});
    let hover = client.request("textDocument/hover", at(1)).await;
    assert!(
        hover["result"]["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("should be"),
        "{hover}"
    );
    assert_eq!(
        client.request("textDocument/hover", at(6)).await["result"],
        Value::Null
    );
    assert_eq!(
        client
            .request("textDocument/hover", at(4_000_000_000))
            .await["result"],
        Value::Null
    );

    let command = |name: &str, argument: Value| json!({"command": format!("crosscheck.{name}"), "arguments": [argument]});
    let listed = client
        .request("workspace/executeCommand", command("findings", Value::Null))
        .await;
    assert_eq!(
        listed["result"]["findings"][0]["id"], "codex-teh",
        "{listed}"
    );
    let none = json!({"command": "crosscheck.cancel", "arguments": null});
    assert_eq!(
        client.request("workspace/executeCommand", none).await["result"],
        json!({"cancelled": []})
    );
    let wrong = command("review", json!({"scope": "everything"}));
    assert_eq!(
        client.request("workspace/executeCommand", wrong).await["error"]["code"],
        -32602
    );
    let status = client
        .request("workspace/executeCommand", command("status", json!({})))
        .await;
    assert_eq!(
        (
            &status["result"]["documents"],
            &status["result"]["roots"][0]["findings"]
        ),
        (&json!(1), &json!(1))
    );
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn findings_go_with_their_file_to_an_inner_folder() {
    let mut client = TestClient::ready(json!({})).await;
    std::fs::create_dir(client.dir.path().join("ws/inner")).unwrap();
    let uri = client.open("inner/a.rs", "teh").await;
    client.agent_says("inner/a.rs", "teh", Some(1), &[("teh", "the")]);
    assert_eq!(client.receive().await["params"]["uri"], uri);
    let inner = json!([{"uri": client.uri("inner"), "name": "inner"}]);
    let folders = "workspace/didChangeWorkspaceFolders";
    client
        .notify(folders, json!({"event": {"added": inner, "removed": []}}))
        .await;
    client.barrier().await;
    client.change(&uri, 2, [0, 0, 0, 0], "so ").await;
    let moved = client.receive().await;
    assert_eq!(
        moved["params"]["diagnostics"][0]["range"]["start"]["character"], 3,
        "{moved}"
    );
    client
        .notify(folders, json!({"event": {"added": [], "removed": inner}}))
        .await;
    assert_eq!(client.receive().await["params"]["diagnostics"], json!([]));
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_reopened_file_is_shown_again() {
    let mut client = TestClient::ready(json!({})).await;
    std::fs::write(client.dir.path().join("ws/a.rs"), "teh").unwrap();
    let uri = client.open("a.rs", "teh").await;
    client.agent_says("a.rs", "teh", Some(1), &[("teh", "the")]);
    let shown = client.receive().await;
    let closing = json!({"textDocument": {"uri": uri}});
    client.notify("textDocument/didClose", closing).await;
    client.barrier().await;
    client.open("a.rs", "teh").await;
    assert_eq!(
        client.receive().await,
        shown,
        "editors may lose it with the buffer"
    );
    // The disk changes while nobody has it open.
    let closing = json!({"textDocument": {"uri": uri}});
    client.notify("textDocument/didClose", closing).await;
    std::fs::write(client.dir.path().join("ws/a.rs"), "so teh").unwrap();
    let changes = json!({"changes": [{"uri": uri, "type": 2}]});
    client
        .notify("workspace/didChangeWatchedFiles", changes)
        .await;
    let moved = client.receive().await;
    assert_eq!(
        moved["params"]["diagnostics"][0]["range"]["start"]["character"], 3,
        "{moved}"
    );
    std::fs::remove_file(client.dir.path().join("ws/a.rs")).unwrap();
    let changes = json!({"changes": [{"uri": uri, "type": 3}]});
    client
        .notify("workspace/didChangeWatchedFiles", changes)
        .await;
    assert_eq!(client.receive().await["params"]["diagnostics"], json!([]));
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn what_cannot_be_reviewed_is_said() {
    let mut client = TestClient::ready(json!({})).await;
    let document = json!({"uri": "untitled:1", "languageId": "x", "version": 1, "text": "teh"});
    client
        .notify("textDocument/didOpen", json!({"textDocument": document}))
        .await;
    let argument = json!({"uri": "untitled:1", "scope": "file"});
    let params = json!({"command": "crosscheck.review", "arguments": [argument]});
    client.send(&json!({"jsonrpc": "2.0", "id": "r", "method": "workspace/executeCommand", "params": params}).to_string()).await;
    let shown = client.receive().await;
    assert_eq!(shown["method"], "window/showMessage");
    assert!(
        shown["params"]["message"]
            .as_str()
            .unwrap()
            .contains("save it to a file first"),
        "{shown}"
    );
    let answer = client.receive().await;
    assert_eq!(answer["result"]["error"], shown["params"]["message"]);
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_panic_costs_one_event() {
    let (events, received) = mpsc::unbounded_channel();
    let mut state = State::new(Box::new(|_| panic!("on purpose")), events);
    state.lifecycle = Lifecycle::Initialized;
    state.roots.add_folder("file:///").unwrap();
    drop(received);
    react(&mut state, Event::Notification(Notification::Initialized));
    let told = String::from_utf8(state.client.unsent().to_vec()).unwrap();
    assert!(told.contains("an internal error was survived"), "{told}");
    assert!(
        state.roots.get(Path::new("/")).is_some(),
        "the state is still there"
    );
}
