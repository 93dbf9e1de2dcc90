//! A client for tests of MCP servers on standard streams: sends what it is told, and remembers what it was told.

use crate::{PATIENCE, Sandbox};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// A running server and the client's side of it.
pub struct Mcp {
    child: Child,
    input: Option<ChildStdin>,
    incoming: Receiver<Value>,
    next_id: u64,
    /// What questions are answered with: the result of `elicitation/create`.
    pub reply: Value,
    /// Requests of the server, in their order.
    pub asked: Vec<Value>,
    /// Messages of progress, in their order.
    pub progress: Vec<String>,
}

impl Mcp {
    /// Starts `crosscheck` with these arguments in the sandbox's workspace and shakes hands, as a client that can
    /// be asked.
    pub fn start(sandbox: &Sandbox, args: &[&str]) -> Self {
        let mut command = sandbox.command(sandbox.program());
        let mut child = command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (sender, incoming) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let message = serde_json::from_str(&line).expect("a line is JSON");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut client = Self {
            input: child.stdin.take(),
            child,
            incoming,
            next_id: 1,
            reply: json!({ "action": "decline" }),
            asked: Vec::new(),
            progress: Vec::new(),
        };
        client.request(
            "initialize",
            json!({
                "protocolVersion": "2025-11-25", "capabilities": { "elicitation": {} },
                "clientInfo": { "name": "test", "version": "1" },
            }),
        );
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    /// Calls a tool and waits for its result, an error of the tool included.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let id = self.begin(tool, arguments);
        self.result(id)
    }

    /// Calls a tool that must succeed; returns its structured content.
    pub fn answer(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments);
        assert_ne!(result["isError"], true, "{result:#}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that must fail; returns what it says.
    pub fn refusal(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{result:#}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Calls a tool without waiting; returns the id of the request.
    pub fn begin(&mut self, tool: &str, arguments: Value) -> u64 {
        let id = self.next_id;
        self.begin_request(
            "tools/call",
            json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": id } }),
        )
    }

    /// Waits for the result of a call.
    pub fn result(&mut self, id: u64) -> Value {
        loop {
            let message = self.next("a result");
            if message["id"] == id && message.get("method").is_none() {
                assert!(message.get("error").is_none(), "{message:#}");
                return message["result"].clone();
            }
        }
    }

    /// Waits for the next message of progress.
    pub fn wait_for_progress(&mut self) {
        let before = self.progress.len();
        while self.progress.len() == before {
            self.next("progress");
        }
    }

    /// Takes a call back.
    pub fn cancel(&mut self, id: u64) {
        self.send(&json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id, "reason": "test" },
        }));
    }

    /// Process id of the server.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Closes the server's input and waits for its end; returns the exit code, -1 for a signal.
    pub fn end(mut self) -> i32 {
        self.input = None;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin_request(method, params);
        self.result(id)
    }

    fn begin_request(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    fn send(&mut self, message: &Value) {
        let input = self.input.as_mut().expect("standard input is open");
        writeln!(input, "{message}")
            .and_then(|()| input.flush())
            .unwrap();
    }

    /// The next message; questions are answered and progress is noted on the way.
    fn next(&mut self, what: &str) -> Value {
        let message = match self.incoming.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(error) => panic!("waited for {what}: {error}; progress: {:#?}", self.progress),
        };
        match message["method"].as_str() {
            Some("notifications/progress") => {
                let text = message["params"]["message"].as_str().unwrap_or_default();
                self.progress.push(text.to_owned());
            }
            Some(_) if message.get("id").is_some() => {
                let reply = json!({ "jsonrpc": "2.0", "id": message["id"], "result": self.reply });
                self.send(&reply);
                self.asked.push(message.clone());
            }
            _ => {}
        }
        message
    }
}

impl Drop for Mcp {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
