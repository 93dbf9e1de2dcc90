//! A scripted MCP server behind HTTP: answers calls as its script says, and forgets its sessions as real ones do.

use crate::http::{Exchange, Gone};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What the server does with one call.
#[derive(Clone, Debug)]
pub enum OnCall {
    /// Answers with structured content.
    Answer(Value),
    /// Never answers, not even with headers.
    Silent,
    /// Begins a stream of events and goes down in the middle of it; it is up again at once, with new sessions.
    Restart,
    /// Has forgotten the session of the call.
    Forget,
}

/// A server on loopback. It stops when it is dropped.
pub struct HttpAgent {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Mutex<VecDeque<OnCall>>,
    asked: Mutex<Vec<Value>>,
    /// Number of the session that holds; all others are forgotten.
    session: AtomicUsize,
    closed: AtomicBool,
}

impl HttpAgent {
    /// Starts a server that does this on its calls; the last one repeats.
    pub fn start(script: impl IntoIterator<Item = OnCall>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Mutex::new(script.into_iter().collect()),
            asked: Mutex::default(),
            session: AtomicUsize::new(1),
            closed: AtomicBool::new(false),
        });
        let server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if server.closed.load(Ordering::SeqCst) {
                    break;
                }
                let server = Arc::clone(&server);
                // Clients that go away, or speak no HTTP, are no concern of the test.
                std::thread::spawn(move || drop(stream.and_then(|it| server.serve(it))));
            }
        });
        Self { address, shared }
    }

    /// Where it listens: host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often a method was asked for.
    pub fn count(&self, method: &str) -> usize {
        let asked = self.shared.asked.lock().unwrap();
        asked.iter().filter(|it| it["method"] == method).count()
    }
}

impl Drop for HttpAgent {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is closed.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut exchange = Exchange::read(stream)?;
        if exchange.method() != "POST" {
            return ended(exchange.json(405, &Value::Null));
        }
        let message: Value = serde_json::from_slice(exchange.body())?;
        self.asked.lock().unwrap().push(message.clone());
        let session = format!("s{}", self.session.load(Ordering::SeqCst));
        let is_known = exchange.headers().get("mcp-session-id") == Some(&session);
        ended(match message["method"].as_str() {
            Some("initialize") => {
                let headers = format!("mcp-session-id: {session}\r\n");
                let result = json!({
                    "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
                    "serverInfo": { "name": "fake-agent", "version": "1.0.0" },
                });
                exchange.json_with(200, &headers, &answer(&message, &result))
            }
            _ if !is_known => exchange.json(404, &Value::Null),
            Some("tools/call") => self.call(&mut exchange, &message),
            Some("tools/list") => {
                let tool = json!({ "name": "review", "inputSchema": { "type": "object" } });
                exchange.json(200, &answer(&message, &json!({ "tools": [tool] })))
            }
            _ => exchange.json(202, &Value::Null),
        })
    }

    fn call(&self, exchange: &mut Exchange, message: &Value) -> Result<(), Gone> {
        let step = {
            let mut script = self.script.lock().unwrap();
            let last = script.len() == 1;
            if last {
                script.front().cloned()
            } else {
                script.pop_front()
            }
        };
        match step.expect("the script has a step") {
            OnCall::Answer(value) => {
                let text = json!([{ "type": "text", "text": value.to_string() }]);
                let result = json!({ "content": text, "structuredContent": value });
                exchange.json(200, &answer(message, &result))
            }
            OnCall::Silent => exchange.wait_for_the_end(&self.closed),
            OnCall::Restart => {
                self.session.fetch_add(1, Ordering::SeqCst);
                exchange.stream()?;
                exchange.cut();
                Ok(())
            }
            OnCall::Forget => {
                self.session.fetch_add(1, Ordering::SeqCst);
                exchange.json(404, &Value::Null)
            }
        }
    }
}

fn answer(request: &Value, result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })
}

/// A client that went away is nothing to tell.
fn ended(outcome: Result<(), Gone>) -> io::Result<()> {
    outcome.or(Ok(()))
}
