//! The floor of a review: the same call to the same agent, made by hand over its pipes.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A bare MCP connection.
pub(crate) struct Bare {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Bare {
    /// Starts the trivial agent and shakes hands.
    #[expect(
        clippy::disallowed_methods,
        reason = "the bench starts what it measures"
    )]
    pub(crate) fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("floor-agent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut bare = Self {
            child,
            input,
            output,
        };
        bare.call("initialize", &json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" } }));
        bare
    }

    /// One review call of one file, and how long it took.
    pub(crate) fn review(&mut self, path: &str, text: &str) -> Duration {
        let arguments =
            json!({ "instructions": "", "root": "/", "targets": [{ "path": path, "text": text }] });
        let before = Instant::now();
        self.call(
            "tools/call",
            &json!({ "name": "review", "arguments": arguments }),
        );
        before.elapsed()
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        // One write, as any client does it.
        self.input
            .write_all(format!("{message}\n").as_bytes())
            .unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
