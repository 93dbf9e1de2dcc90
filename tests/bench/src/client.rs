//! A language client that does nothing but measure: blocking, one thread, real pipes.

use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A server and the client's side of it.
pub(crate) struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next_id: u64,
}

impl Client {
    /// Starts this very program as `role` with a private configuration below `home`; not initialized yet.
    pub(crate) fn spawn(role: &str, home: &Path) -> Self {
        Self::try_spawn(std::env::current_exe().unwrap(), &[role], home).unwrap()
    }

    /// Starts any language server, if there is such a program.
    #[expect(
        clippy::disallowed_methods,
        reason = "the bench starts what it measures"
    )]
    pub(crate) fn try_spawn(
        program: impl AsRef<OsStr>,
        args: &[&str],
        home: &Path,
    ) -> Option<Self> {
        let mut child = Command::new(program)
            .args(args)
            .env("CROSSCHECK_CONFIG_DIR", home.join("config"))
            .env("CROSSCHECK_STATE_DIR", home.join("state"))
            .env("HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let input = child.stdin.take()?;
        let output = BufReader::with_capacity(1 << 16, child.stdout.take()?);
        Some(Self {
            child,
            input,
            output,
            next_id: 1,
        })
    }

    /// Starts and initializes.
    pub(crate) fn start(role: &str, home: &Path, root: &Path) -> Self {
        let mut client = Self::spawn(role, home);
        client.initialize(root);
        client.notify("initialized", json!({}));
        client
    }

    pub(crate) fn initialize(&mut self, root: &Path) {
        let root = format!("file://{}", root.display());
        self.request("initialize", json!({
            "processId": null, "rootUri": root, "workspaceFolders": [{ "uri": root, "name": "bench" }],
            "capabilities": {
                "general": { "positionEncodings": ["utf-8"] },
                "window": { "workDoneProgress": true },
                "textDocument": { "publishDiagnostics": { "versionSupport": true, "dataSupport": true } },
            },
        }));
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.input
            .write_all(bytes)
            .and_then(|()| self.input.flush())
            .unwrap();
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    pub(crate) fn begin(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Reads until the answer to `id`; requests of the server are answered with null.
    pub(crate) fn answer(&mut self, id: u64) -> Value {
        self.read_until(|it| it["id"] == id && it.get("method").is_none())
    }

    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)["result"].clone()
    }

    /// Reads until a message is the wanted one.
    pub(crate) fn read_until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.read();
            if message.get("method").is_some() && message.get("id").is_some() {
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }));
            }
            if wanted(&message) {
                return message;
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(
                self.output.read_line(&mut line).unwrap() > 0,
                "the server ended"
            );
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    pub(crate) fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "plaintext", "version": 0, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// One cheap request, and how long it took.
    pub(crate) fn hover(&mut self, uri: &str) -> Duration {
        let before = Instant::now();
        let position = json!({ "line": 0, "character": 0 });
        self.request(
            "textDocument/hover",
            json!({ "textDocument": { "uri": uri }, "position": position }),
        );
        before.elapsed()
    }

    /// Runs a command of the server.
    pub(crate) fn command(&mut self, command: &str, argument: Value) -> Value {
        self.request(
            "workspace/executeCommand",
            json!({ "command": command, "arguments": [argument] }),
        )
    }

    /// A whole review of one file: from the command to the end of its progress, which comes after the diagnostics.
    pub(crate) fn review(&mut self, uri: &str, agent: &str) -> Duration {
        let before = Instant::now();
        self.begin("workspace/executeCommand", json!({
            "command": "crosscheck.review", "arguments": [{ "scope": "file", "uri": uri, "agents": [agent], "fresh": true }],
        }));
        self.read_until(is_progress_end);
        before.elapsed()
    }

    /// Waits until so many calls are with their agents.
    pub(crate) fn until_running(&mut self, calls: u64) {
        loop {
            let status = self.command("crosscheck.status", json!({}));
            let agents = status["agents"].as_array().cloned().unwrap_or_default();
            if agents
                .iter()
                .filter_map(|it| it["running"].as_u64())
                .sum::<u64>()
                >= calls
            {
                break;
            }
        }
    }

    /// Cancels a run: how long until it ended for the user.
    pub(crate) fn cancel(&mut self, run: &Value) -> Duration {
        let before = Instant::now();
        self.begin(
            "workspace/executeCommand",
            json!({ "command": "crosscheck.cancel", "arguments": [{ "run": run }] }),
        );
        self.read_until(is_progress_end);
        before.elapsed()
    }

    /// Code actions at the start of a line, and how long they took.
    pub(crate) fn actions(&mut self, uri: &str, line: u64) -> Duration {
        let place = json!({ "line": line, "character": 0 });
        let before = Instant::now();
        self.request("textDocument/codeAction", json!({
            "textDocument": { "uri": uri }, "range": { "start": place, "end": place }, "context": { "diagnostics": [] },
        }));
        before.elapsed()
    }
}

fn is_progress_end(message: &Value) -> bool {
    message["method"] == "$/progress" && message["params"]["value"]["kind"] == "end"
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Resident memory of a process in kB, from `/proc`.
pub(crate) fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find(|it| it.starts_with("VmRSS:"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|it| it.parse().ok())
        .unwrap_or(0)
}
