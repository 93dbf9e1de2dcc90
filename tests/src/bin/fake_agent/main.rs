//! A scripted MCP server: does what its script says, also what no good server would do.
//!
//! `fake-agent SCRIPT [LOG]`. The script is a text file, one step a line; see `script.rs`. Each line that comes
//! in is appended to LOG, so that a test can see what it was sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::exit,
    reason = "a test program may end at once"
)]

mod script;

use script::{Script, Step};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a step that waits for something looks again.
const POLL: Duration = Duration::from_millis(2);

fn main() {
    let mut args = std::env::args().skip(1);
    let script = args.next().expect("usage: fake-agent SCRIPT [LOG]");
    let script = Script::parse(&std::fs::read_to_string(&script).expect("the script is readable"));
    let log = args.next().map(|it| {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(it)
            .expect("the log is writable")
    });
    let agent = Arc::new(Agent {
        script,
        log: log.map(Mutex::new),
        calls: Mutex::default(),
        answers: Mutex::default(),
    });
    agent.run_all(&agent.script.start, &Call::none());
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        agent.note(&line);
        let Ok(message) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        Agent::receive(&agent, &message);
    }
    if agent.script.ignores_eof {
        loop {
            std::thread::park();
        }
    }
}

struct Agent {
    script: Script,
    log: Option<Mutex<File>>,
    calls: Mutex<Calls>,
    /// Who waits for the answer to a request of ours.
    answers: Mutex<HashMap<u64, Sender<Value>>>,
}

#[derive(Default)]
struct Calls {
    started: usize,
    cancelled: Vec<Value>,
}

/// The call that steps run for.
struct Call {
    id: Value,
    token: Value,
    arguments: Value,
}

impl Call {
    fn none() -> Self {
        Self {
            id: Value::Null,
            token: Value::Null,
            arguments: Value::Null,
        }
    }

    /// A file below the root that the agent was told.
    fn file(&self, path: &str) -> PathBuf {
        let root = self.arguments["root"].as_str();
        Path::new(root.expect("the call has a root")).join(path)
    }
}

impl Agent {
    fn receive(agent: &Arc<Self>, message: &Value) {
        let id = message["id"].clone();
        match message["method"].as_str() {
            Some("initialize") => {
                agent.run_all(&agent.script.handshake, &Call::none());
                let version = agent
                    .script
                    .protocol
                    .clone()
                    .map_or_else(|| message["params"]["protocolVersion"].clone(), Value::from);
                agent.result(
                    &id,
                    json!({
                        "protocolVersion": version,
                        "capabilities": { "tools": {} },
                        "serverInfo": { "name": "fake-agent", "version": "1.0.0" },
                    }),
                );
            }
            Some("ping") => agent.result(&id, json!({})),
            Some("tools/list") => agent.result(&id, json!({ "tools": agent.tools() })),
            Some("tools/call") => Self::call(agent, id, &message["params"]),
            Some("notifications/cancelled") => {
                agent
                    .calls
                    .lock()
                    .unwrap()
                    .cancelled
                    .push(message["params"]["requestId"].clone());
            }
            Some(_) if id.is_null() => {}
            Some(method) => agent.error(&id, -32601, &format!("no method {method}")),
            None => {
                let waiting = id
                    .as_u64()
                    .and_then(|it| agent.answers.lock().unwrap().remove(&it));
                if let Some(waiting) = waiting {
                    drop(waiting.send(message.clone()));
                }
            }
        }
    }

    fn tools(&self) -> Vec<Value> {
        let tool = |name: &String| json!({ "name": name, "description": "a scripted tool", "inputSchema": { "type": "object" } });
        self.script.tools.iter().map(tool).collect()
    }

    fn call(agent: &Arc<Self>, id: Value, params: &Value) {
        let number = {
            let mut calls = agent.calls.lock().unwrap();
            calls.started += 1;
            calls.started - 1
        };
        let call = Call {
            id,
            token: params["_meta"]["progressToken"].clone(),
            arguments: params["arguments"].clone(),
        };
        let agent = Arc::clone(agent);
        std::thread::spawn(move || {
            let steps = agent.script.steps_of(number);
            let run = AssertUnwindSafe(|| agent.run_all(steps, &call));
            // A script that cannot be followed ends the program: a call without an end would be a riddle.
            if catch_unwind(run).is_err() {
                std::process::exit(101);
            }
        });
    }

    fn run_all(&self, steps: &[Step], call: &Call) {
        for step in steps {
            self.run(step, call);
        }
    }

    fn run(&self, step: &Step, call: &Call) {
        match step {
            Step::Answer(value) => {
                self.result(&call.id, json!({
                    "content": [{ "type": "text", "text": value.to_string() }], "structuredContent": value,
                }));
            }
            Step::Text(text) => self.result(&call.id, json!({ "content": [{ "type": "text", "text": text }] })),
            Step::Echo => self.run(&Step::Text(call.arguments.to_string()), call),
            Step::IsError(text) => {
                self.result(&call.id, json!({ "isError": true, "content": [{ "type": "text", "text": text }] }));
            }
            Step::Result(result) => self.result(&call.id, result.clone()),
            Step::Error(text) => self.error(&call.id, -32000, text),
            Step::WrongId(value) => self.result(&json!("nobody asked"), value.clone()),
            Step::Giant(bytes) => self.run(&Step::Text("x".repeat(*bytes)), call),
            Step::Progress { fraction, message } => self.send(&json!({
                "jsonrpc": "2.0", "method": "notifications/progress",
                "params": { "progressToken": call.token, "progress": fraction, "total": 1.0, "message": message },
            })),
            Step::Flood(bytes) => self.flood(*bytes),
            Step::LongLine(bytes) => self.send(&notification(*bytes)),
            Step::Line(line) => self.line(line.as_bytes()),
            Step::Garbage(bytes) => self.line(&garbage(*bytes)),
            Step::HalfLine(text) => {
                let mut out = std::io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush()).unwrap();
            }
            Step::Stderr(text) => eprintln_raw(text.as_bytes()),
            Step::StderrFlood(bytes) => eprintln_raw(&vec![b'e'; *bytes]),
            Step::Ask(params) => drop(self.ask("elicitation/create", params).recv()),
            Step::Roots => {
                let answer = self.ask("roots/list", &json!({})).recv().unwrap_or_default();
                self.note(&answer.to_string());
            }
            Step::Sleep(time) => std::thread::sleep(*time),
            Step::Touch(file) => drop(File::create(file).expect("the file can be made")),
            Step::Write { path, text } => {
                let file = call.file(path);
                let parent = file.parent().expect("a file has a directory");
                std::fs::create_dir_all(parent).expect("the directory can be made");
                std::fs::write(file, text).expect("the file can be written");
            }
            Step::Replace { path, old, new } => {
                let file = call.file(path);
                let text = std::fs::read_to_string(&file).expect("the file is readable");
                assert!(text.contains(old), "{old:?} is not in {path}");
                std::fs::write(file, text.replace(old, new)).expect("the file can be written");
            }
            Step::Delete(path) => {
                std::fs::remove_file(call.file(path)).expect("the file can be removed");
            }
            Step::Rename { from, to } => {
                let to = call.file(to);
                let parent = to.parent().expect("a file has a directory");
                std::fs::create_dir_all(parent).expect("the directory can be made");
                std::fs::rename(call.file(from), to).expect("the file can be moved");
            }
            Step::Chmod { mode, path } => chmod(*mode, &call.file(path)),
            Step::Symlink { target, path } => symlink(target, &call.file(path)),
            Step::Pid(directory) => {
                let file = Path::new(directory).join(std::process::id().to_string());
                drop(File::create(file).expect("the file can be made"));
            }
            Step::WaitFor(file) => wait_for(file),
            Step::WaitCancelled => self.wait_cancelled(call),
            Step::Hang => loop {
                std::thread::park();
            },
            Step::Exit(code) => std::process::exit(*code),
            Step::ExitOnce(file) if !Path::new(file).exists() => {
                drop(File::create(file).expect("the file can be made"));
                std::process::exit(1);
            }
            Step::ExitOnce(_) => {}
        }
    }

    fn flood(&self, bytes: usize) {
        let message = notification(64 * 1024).to_string();
        for _ in 0..bytes.div_ceil(message.len()) {
            self.line(message.as_bytes());
        }
    }

    fn ask(&self, method: &str, params: &Value) -> Receiver<Value> {
        let (sender, receiver) = channel();
        let id = {
            let mut answers = self.answers.lock().unwrap();
            let id = 1000 + answers.len() as u64;
            answers.insert(id, sender);
            id
        };
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        receiver
    }

    fn wait_cancelled(&self, call: &Call) {
        while !self.calls.lock().unwrap().cancelled.contains(&call.id) {
            std::thread::sleep(POLL);
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "results are made where they are sent"
    )]
    fn result(&self, id: &Value, result: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    fn error(&self, id: &Value, code: i32, message: &str) {
        self.send(
            &json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }),
        );
    }

    fn send(&self, message: &Value) {
        self.line(message.to_string().as_bytes());
    }

    fn line(&self, line: &[u8]) {
        let mut out = std::io::stdout().lock();
        // The client may be gone; what it does then is the test's business.
        drop(
            out.write_all(line)
                .and_then(|()| out.write_all(b"\n"))
                .and_then(|()| out.flush()),
        );
    }

    fn note(&self, line: &str) {
        if let Some(log) = &self.log {
            writeln!(log.lock().unwrap(), "{line}").expect("the log is writable");
        }
    }
}

/// A notification of about that size.
fn notification(bytes: usize) -> Value {
    json!({
        "jsonrpc": "2.0", "method": "notifications/message",
        "params": { "level": "info", "data": "x".repeat(bytes) },
    })
}

fn garbage(bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|it| if it % 7 == 0 { 0xff } else { b'{' })
        .collect()
}

#[cfg(unix)]
fn chmod(mode: u32, file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(file, mode).expect("the mode can be set");
}

#[cfg(not(unix))]
fn chmod(_: u32, _: &Path) {}

#[cfg(unix)]
fn symlink(target: &str, link: &Path) {
    std::os::unix::fs::symlink(target, link).expect("the link can be made");
}

#[cfg(not(unix))]
fn symlink(_: &str, _: &Path) {}

fn eprintln_raw(text: &[u8]) {
    let mut err = std::io::stderr().lock();
    drop(err.write_all(text).and_then(|()| err.write_all(b"\n")));
}

fn wait_for(file: &str) {
    while !Path::new(file).exists() {
        std::thread::sleep(POLL);
    }
}
