//! An editor for tests: starts the real server over real pipes, and fails when a message it was not told to expect
//! is left unread.

use crate::{PATIENCE, Sandbox, wire};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::io::{BufReader, Read};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Capabilities of an editor that has nearly everything.
pub fn rich() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8", "utf-16"] },
        "window": {
            "workDoneProgress": true, "showDocument": { "support": true },
            "showMessage": { "messageActionItem": { "additionalPropertiesSupport": true } },
        },
        "workspace": {
            "applyEdit": true, "configuration": true, "workspaceFolders": true,
            "workspaceEdit": { "documentChanges": true },
            "didChangeConfiguration": { "dynamicRegistration": true },
        },
        "textDocument": {
            "synchronization": { "didSave": true },
            "publishDiagnostics": {
                "versionSupport": true, "relatedInformation": true, "dataSupport": true, "codeDescriptionSupport": true,
            },
            "codeAction": {
                "dataSupport": true, "isPreferredSupport": true, "disabledSupport": true,
                "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix", "refactor", "source"] } },
                "resolveSupport": { "properties": ["edit"] },
            },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
        },
    })
}

/// A running server and the editor's side of it.
pub struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    incoming: Receiver<Value>,
    stderr: Option<JoinHandle<String>>,
    /// Messages that came while another was waited for.
    unread: VecDeque<Value>,
    /// Answers to requests that nobody waits for yet.
    answers: HashMap<u64, Value>,
    next_id: u64,
    root: std::path::PathBuf,
    versions: HashMap<String, i32>,
    /// What `workspace/configuration` is answered with.
    pub settings: Value,
    /// What the server said of itself.
    pub initialized: Value,
}

impl Editor {
    /// Starts the server in the sandbox's workspace with [`rich`] capabilities.
    pub fn start(sandbox: &Sandbox) -> Self {
        Self::start_with(sandbox, &rich(), json!({}))
    }

    /// Starts the server with other capabilities or `initializationOptions`.
    pub fn start_with(sandbox: &Sandbox, capabilities: &Value, options: Value) -> Self {
        let mut editor = Self::spawn(sandbox);
        let root = uri(&sandbox.root());
        editor.settings = options.clone();
        editor.initialized = editor.request("initialize", json!({
            "processId": std::process::id(), "rootUri": root, "capabilities": capabilities,
            "workspaceFolders": [{ "uri": root, "name": "work" }], "initializationOptions": options,
        }));
        editor.notify("initialized", json!({}));
        editor
    }

    /// Starts the server and says nothing to it.
    pub fn spawn(sandbox: &Sandbox) -> Self {
        let mut child = sandbox
            .command(sandbox.program())
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, incoming) = channel();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = wire::read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut errors = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut text = Vec::new();
            // What was read so far is worth showing.
            drop(errors.read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        });
        Self {
            input: child.stdin.take(),
            child,
            incoming,
            stderr: Some(stderr),
            unread: VecDeque::new(),
            answers: HashMap::new(),
            next_id: 1,
            root: sandbox.root(),
            versions: HashMap::new(),
            settings: json!({}),
            initialized: Value::Null,
        }
    }

    /// Process id of the server.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// URI of a file of the workspace.
    pub fn uri(&self, path: &str) -> String {
        uri(&self.root.join(path))
    }

    /// Sends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        use std::io::Write;
        let input = self.input.as_mut().expect("standard input is open");
        input.write_all(bytes).and_then(|()| input.flush()).unwrap();
    }

    /// Sends bytes to a server that may end meanwhile.
    pub fn try_raw(&mut self, bytes: &[u8]) {
        use std::io::Write;
        drop(
            self.input
                .as_mut()
                .expect("standard input is open")
                .write_all(bytes),
        );
    }

    /// Sends a message as it is.
    pub fn send(&mut self, message: &Value) {
        wire::write(
            self.input.as_mut().expect("standard input is open"),
            message,
        )
        .unwrap();
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request without waiting; see [`Editor::answer`].
    pub fn begin(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a request, an error included.
    pub fn answer(&mut self, id: u64) -> Value {
        loop {
            if let Some(answer) = self.answers.remove(&id) {
                return answer;
            }
            self.pump(&format!("the answer to request {id}"));
        }
    }

    /// Sends a request and waits for its result; an error fails the test.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        let answer = self.answer(id);
        assert!(
            answer.get("error").is_none(),
            "{method} was answered with {answer}"
        );
        answer["result"].clone()
    }

    /// Runs a command of the server.
    pub fn execute(&mut self, command: &str, argument: Value) -> Value {
        self.request(
            "workspace/executeCommand",
            json!({ "command": command, "arguments": [argument] }),
        )
    }

    /// Waits until the configuration has been read.
    pub fn configured(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.execute("crosscheck.status", json!({}))["agents"]
            .as_array()
            .is_none_or(Vec::is_empty)
        {
            assert!(Instant::now() < deadline, "the configuration is not read");
        }
    }

    /// Opens a file of the workspace with the text it has on disk.
    pub fn open(&mut self, path: &str) {
        let text = std::fs::read_to_string(self.root.join(path)).unwrap();
        self.open_with(path, &text);
    }

    /// Opens a file with some text.
    pub fn open_with(&mut self, path: &str, text: &str) {
        self.versions.insert(path.to_owned(), 1);
        let document =
            json!({ "uri": self.uri(path), "languageId": "plaintext", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces a range, given as `[start line, start character, end line, end character]`, 0-based.
    pub fn change(&mut self, path: &str, range: [u32; 4], text: &str) {
        let version = self.versions.get_mut(path).expect("the file is open");
        *version += 1;
        let document = json!({ "uri": uri(&self.root.join(path)), "version": *version });
        let change = json!({ "range": range_of(range), "text": text });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }

    /// Saves a file: tells the server, without writing anything.
    pub fn save(&mut self, path: &str) {
        let document = json!({ "uri": self.uri(path) });
        self.notify("textDocument/didSave", json!({ "textDocument": document }));
    }

    /// Closes a file.
    pub fn close(&mut self, path: &str) {
        let document = json!({ "uri": self.uri(path) });
        self.notify("textDocument/didClose", json!({ "textDocument": document }));
    }

    /// Code actions at a range, with the diagnostics given as context.
    pub fn actions(&mut self, path: &str, range: [u32; 4], diagnostics: &[Value]) -> Vec<Value> {
        let params = json!({
            "textDocument": { "uri": self.uri(path) }, "range": range_of(range), "context": { "diagnostics": diagnostics },
        });
        self.request("textDocument/codeAction", params)
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Starts a review of one file and waits until its progress ends; returns the last message.
    pub fn review(&mut self, path: &str) -> String {
        self.execute(
            "crosscheck.review",
            json!({ "scope": "file", "uri": self.uri(path) }),
        );
        self.progress_end()
    }

    /// Waits until a progress ends; returns its message.
    pub fn progress_end(&mut self) -> String {
        loop {
            let progress = self.wait("$/progress");
            if progress["value"]["kind"] == "end" {
                return progress["value"]["message"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
            }
        }
    }

    /// The newest published diagnostics of a file, waiting for some if none came since the last call.
    pub fn diagnostics(&mut self, path: &str) -> Vec<Value> {
        let uri = self.uri(path);
        let is_ours = |it: &Value| {
            it["method"] == "textDocument/publishDiagnostics" && it["params"]["uri"] == uri
        };
        let deadline = Instant::now() + PATIENCE;
        while !self.unread.iter().any(is_ours) {
            self.pump_until(deadline, "diagnostics");
        }
        let newest = self.unread.iter().rfind(|it| is_ours(it)).cloned().unwrap();
        self.unread.retain(|it| !is_ours(it));
        newest["params"]["diagnostics"].as_array().cloned().unwrap()
    }

    /// Waits for diagnostics of a file that `wanted` holds for; earlier ones are read and forgotten.
    pub fn diagnostics_until(
        &mut self,
        path: &str,
        wanted: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        loop {
            let diagnostics = self.diagnostics(path);
            if wanted(&diagnostics) {
                return diagnostics;
            }
        }
    }

    /// Waits for the next notification or request with this method and returns its parameters. Requests that a client
    /// always answers alike are answered already; `window/showMessageRequest` is not, see [`Editor::choose`].
    pub fn wait(&mut self, method: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.unread.iter().position(|it| it["method"] == method) {
                return self.unread.remove(at).unwrap()["params"].clone();
            }
            self.pump_until(deadline, method);
        }
    }

    /// Waits for a question and picks an answer by its title (`None` dismisses it); returns the question.
    pub fn choose(&mut self, title: Option<&str>) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let question = loop {
            if let Some(at) = self
                .unread
                .iter()
                .position(|it| it["method"] == "window/showMessageRequest")
            {
                break self.unread.remove(at).unwrap();
            }
            self.pump_until(deadline, "a question");
        };
        let chosen = title.map_or(Value::Null, |it| json!({ "title": it }));
        self.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": chosen }));
        question["params"].clone()
    }

    /// Waits until the server wants something edited, and says that it is; the test makes the edit. Returns what is wanted.
    pub fn applies(&mut self) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let is_meant = |it: &Value| it["method"] == "workspace/applyEdit";
            if let Some(at) = self.unread.iter().position(is_meant) {
                let request = self.unread.remove(at).unwrap();
                self.reply(&request["id"], &json!({ "applied": true }));
                return request["params"].clone();
            }
            self.pump_until(deadline, "workspace/applyEdit");
        }
    }

    /// Reads and forgets all unread messages of a kind that came so far.
    pub fn ignore(&mut self, method: &str) {
        self.unread.retain(|it| it["method"] != method);
    }

    /// Ends the session by the book; every message must have been read. Returns the exit code.
    pub fn shutdown(mut self) -> i32 {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        let code = self.exit_code();
        self.assert_read();
        code
    }

    /// Closes the server's standard input.
    pub fn hang_up(&mut self) {
        self.input = None;
    }

    /// Waits for the server's end; -1 for a signal.
    pub fn exit_code(&mut self) -> i32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Fails when the server said something that the test did not read. Logs, and status and progress of runs nobody waited
    /// for, do not count.
    pub fn assert_read(&mut self) {
        while let Ok(message) = self.incoming.try_recv() {
            self.sort(message);
        }
        let is_news = |it: &str| !matches!(it, "$/progress" | "crosscheck/status");
        self.unread
            .retain(|it| it["method"].as_str().is_none_or(is_news));
        assert!(
            self.unread.is_empty(),
            "unread messages: {:#?}",
            self.unread
        );
    }

    fn pump(&mut self, what: &str) {
        self.pump_until(Instant::now() + PATIENCE, what);
    }

    fn pump_until(&mut self, deadline: Instant, what: &str) {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.incoming.recv_timeout(left) {
            Ok(message) => self.sort(message),
            Err(error) => {
                drop(self.child.kill());
                let stderr = self
                    .stderr
                    .take()
                    .map(|it| it.join().unwrap_or_default())
                    .unwrap_or_default();
                panic!(
                    "waited for {what}: {error}; unread: {:#?}; standard error:\n{stderr}",
                    self.unread
                );
            }
        }
    }

    fn sort(&mut self, message: Value) {
        let id = message["id"].clone();
        match message["method"].as_str() {
            None => drop(self.answers.insert(id.as_u64().unwrap_or(0), message)),
            Some("window/logMessage" | "telemetry/event") => {}
            Some(
                "client/registerCapability"
                | "client/unregisterCapability"
                | "window/workDoneProgress/create",
            ) => {
                self.reply(&id, &Value::Null);
            }
            Some("workspace/configuration") => {
                let count = message["params"]["items"].as_array().map_or(1, Vec::len);
                let settings = vec![self.settings.clone(); count];
                self.reply(&id, &Value::from(settings));
            }
            Some("workspace/diagnostic/refresh") => {
                self.reply(&id, &Value::Null);
                self.unread.push_back(message);
            }
            Some(_) => self.unread.push_back(message),
        }
    }
}

impl Editor {
    /// Answers a request of the server, which may have ended meanwhile.
    fn reply(&mut self, id: &Value, result: &Value) {
        if let Some(input) = &mut self.input {
            drop(wire::write(
                input,
                &json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            ));
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if !std::thread::panicking() {
            self.assert_read();
        }
    }
}

/// The `file:` URI of a path that needs no encoding.
fn uri(path: &std::path::Path) -> String {
    format!("file://{}", path.display())
}

fn range_of([start_line, start, end_line, end]: [u32; 4]) -> Value {
    json!({
        "start": { "line": start_line, "character": start }, "end": { "line": end_line, "character": end },
    })
}
