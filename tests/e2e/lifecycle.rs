//! How the server ends, and that nothing is left of it.

use crate::CODE;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tests::{Editor, Sandbox, sandbox};

/// An agent with a child of its own; both ignore everything but SIGKILL. Their ids are in `pids`.
fn stubborn(sandbox: &mut Sandbox) {
    sandbox.file("src/main.rs", CODE);
    let directory = sandbox.path().join("pids");
    std::fs::create_dir(&directory).unwrap();
    let script = sandbox.path().join("stubborn.sh");
    let fake = sandbox.path().join("agents/inner");
    std::fs::write(
        &fake,
        format!(
            "ignore-eof\non call\ntouch {}/called\nhang\n",
            directory.display()
        ),
    )
    .unwrap();
    let text = format!(
        "#!/bin/sh\ntrap '' TERM INT HUP\ntouch {pids}/$$\nsh -c \"trap '' TERM INT HUP; touch {pids}/\\$\\$; while :; do sleep 1000; done\" </dev/null >/dev/null 2>&1 &\n{agent} {fake}\n",
        pids = directory.display(),
        agent = env!("CARGO_BIN_EXE_fake-agent"),
        fake = fake.display(),
    );
    std::fs::write(&script, text).unwrap();
    sandbox.config(&format!(
        "[agents.stubborn]\npreset = \"contract\"\ncommand = [\"sh\", {script:?}]"
    ));
}

/// Starts a review that hangs, and returns when the agent has it.
fn hanging(sandbox: &Sandbox) -> Editor {
    let mut editor = Editor::start(sandbox);
    editor.open("src/main.rs");
    editor.execute(
        "crosscheck.review",
        json!({ "scope": "file", "uri": editor.uri("src/main.rs") }),
    );
    let deadline = Instant::now() + tests::PATIENCE;
    while !sandbox.path().join("pids/called").exists() || pids(sandbox).len() < 2 {
        assert!(Instant::now() < deadline, "the agent was not called");
        std::thread::yield_now();
    }
    editor
}

fn pids(sandbox: &Sandbox) -> Vec<u32> {
    let files = std::fs::read_dir(sandbox.path().join("pids")).unwrap();
    files
        .filter_map(|it| it.unwrap().file_name().to_str()?.parse().ok())
        .collect()
}

/// A zombie is no process any more; its parent has yet to look.
fn lives(pid: u32) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))
        .unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

fn assert_all_gone(sandbox: &Sandbox, within: Duration) {
    let deadline = Instant::now() + within;
    while pids(sandbox).into_iter().any(lives) {
        assert!(
            Instant::now() < deadline,
            "children are left: {:?}",
            pids(sandbox)
        );
        std::thread::yield_now();
    }
}

/// What is promised is one second; a loaded machine gets more before a test calls it broken.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn exit_after_shutdown_is_code_0_and_leaves_no_child() {
    let mut sandbox = sandbox!();
    stubborn(&mut sandbox);
    let editor = hanging(&sandbox);
    let before = Instant::now();
    assert_eq!(editor.shutdown(), 0);
    assert!(before.elapsed() < SOON, "{:?}", before.elapsed());
    assert_all_gone(&sandbox, SOON);
}

#[test]
fn exit_without_shutdown_is_code_1() {
    let sandbox = sandbox!();
    let mut editor = Editor::start(&sandbox);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.exit_code(), 1);
}

#[test]
fn the_end_of_input_ends_the_server_and_its_children() {
    let mut sandbox = sandbox!();
    stubborn(&mut sandbox);
    let mut editor = hanging(&sandbox);
    editor.hang_up();
    assert_eq!(editor.exit_code(), 1);
    assert_all_gone(&sandbox, SOON);
}

#[test]
fn a_killed_server_leaves_no_child() {
    let mut sandbox = sandbox!();
    stubborn(&mut sandbox);
    let mut editor = hanging(&sandbox);
    sandbox
        .command("kill")
        .arg("-KILL")
        .arg(editor.pid().to_string())
        .status()
        .unwrap();
    assert_eq!(editor.exit_code(), -1);
    assert_all_gone(&sandbox, SOON);
}

#[test]
fn a_dead_client_ends_the_server() {
    let sandbox = sandbox!();
    let mut client = sandbox.command("sleep").arg("1000").spawn().unwrap();
    let mut editor = Editor::spawn(&sandbox);
    editor.request(
        "initialize",
        json!({ "processId": client.id(), "rootUri": null, "capabilities": {} }),
    );
    client.kill().unwrap();
    client.wait().unwrap();
    // Its pipes are still open: only the process id tells.
    assert_eq!(editor.exit_code(), 1);
}

#[test]
fn malformed_messages_are_answered_and_survived() {
    let sandbox = sandbox!();
    let mut editor = Editor::start(&sandbox);
    let frame = |body: &[u8]| {
        [
            format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(),
            body,
        ]
        .concat()
    };
    let nested = "[".repeat(100_000);
    let cases: &[&[u8]] = &[
        b"{not json",
        b"\xff\xfe\xfd",
        b"[]",
        br#"[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]"#,
        br#"{"jsonrpc":"2.0","method":"textDocument/didChange","params":7}"#,
        br#"{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"file:///nowhere"}}}"#,
        br#"{"jsonrpc":"2.0","method":"no/such/notification"}"#,
        br#"{"jsonrpc":"2.0","id":99999,"result":null}"#,
        br#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"nobody"}}"#,
        nested.as_bytes(),
    ];
    for case in cases {
        editor.raw(&frame(case));
    }
    editor.raw(
        b"content-length: 2\r\ncontent-type: application/vscode-jsonrpc; charset=utf8\r\n\r\n{}",
    );
    editor.raw(&frame(br#"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///x","languageId":"x","version":1,"text":"\ud800 lone"}}}"#));
    // Lua's empty object.
    editor.execute("crosscheck.cancel", json!([]));
    // Every case is behind this request, and it is answered.
    editor.execute("crosscheck.status", json!({}));
    editor.shutdown();
}

#[test]
fn requests_at_the_wrong_time_are_refused_by_the_book() {
    let sandbox = sandbox!();
    let mut editor = Editor::spawn(&sandbox);
    let id = editor.begin("textDocument/hover", json!({ "textDocument": { "uri": "file:///x" }, "position": { "line": 0, "character": 0 } }));
    assert_eq!(editor.answer(id)["error"]["code"], -32002);
    editor.request(
        "initialize",
        json!({ "processId": null, "rootUri": null, "capabilities": {} }),
    );
    editor.notify("initialized", json!({}));
    let id = editor.begin(
        "initialize",
        json!({ "processId": null, "rootUri": null, "capabilities": {} }),
    );
    assert_eq!(editor.answer(id)["error"]["code"], -32600);
    editor.request("shutdown", Value::Null);
    let id = editor.begin(
        "workspace/executeCommand",
        json!({ "command": "crosscheck.status" }),
    );
    assert_eq!(editor.answer(id)["error"]["code"], -32600);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.exit_code(), 0);
}

#[test]
fn lost_framing_ends_the_server_with_a_word() {
    let sandbox = sandbox!();
    let mut editor = Editor::start(&sandbox);
    editor.raw(b"Content-Length: 99999999999999999\r\n\r\n{}");
    editor.execute("crosscheck.status", json!({}));
    // The server ends while this is written.
    editor.try_raw(&vec![b'x'; 64 << 20]);
    assert_eq!(editor.exit_code(), 1);
}
