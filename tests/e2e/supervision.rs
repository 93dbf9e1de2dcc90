//! What real agents are known to do, and where it is proven that nothing of it breaks us. Beside the rows of this file:
//!
//! | what agents do | proven by |
//! | --- | --- |
//! | a cancelled call is never answered | here; `agents::pool`: a process that does not come back is recycled |
//! | end of input ignored after a cancel | here; `lifecycle`: stubborn agents |
//! | an approval is not answered, or answered with an error | `approvals`; `agents::connection`: every request of the server is answered; `faults`: an agent that asks |
//! | no time limit of its own, silence, slow progress | `faults`: hang, idle, mute; `agents::pool`: deadlines end calls |
//! | no response headers for ever | here |
//! | lines of 0.8 MB, 4 MB of events for one answer | here; `faults`: giant, flood; `agents::connection`: long lines |
//! | garbage between messages, messages cut short | `faults`: garbage, noise, half |
//! | an answer to an unknown id, or too late | `faults`: wrong-id; `agents::pool`: a late answer is ignored |
//! | answers out of order | `agents::connection`: answers find their calls in any order |
//! | standard error full, or nobody reads it | `faults`: errors; `agents::pool`: a flood on standard error |
//! | `initialize` never answered, never sent | `faults`: mute; here |
//! | ends at its first start, started twice | here |
//! | slow start | here |
//! | crash, again and again | `faults`: crash, early; `agents::pool`: down until it is restarted |
//! | methods that are never answered | here: only what every server answers is asked |
//! | the answer in one of two places only | here |
//! | cancelled twice, and unknown calls cancelled | here, for our own servers |
//! | killed, and its children live on | here; `lifecycle`: a killed server leaves no child |
//! | two agents of one name | here; `engine::config`: layers, imports |
//! | HTTP: restart in the middle of a call, forgotten session, no TLS, nobody there | here; `agents::pool::http` |
//! | the same with the real programs: retries for ever, models in trouble, sessions | `codex`, `claude` |

use crate::{CODE, FINDS_ADD, FINDS_NOTHING, until, workspace};
use serde_json::{Value, json};
use std::path::Path;
use tests::http_agent::OnCall;
use tests::{Editor, HttpAgent, Mcp, Ran, Sandbox, sandbox};

/// The finding of [`FINDS_ADD`], as an answer.
fn finds_add() -> Value {
    let answer = FINDS_ADD.trim_start_matches("on call\nanswer ");
    serde_json::from_str(answer).unwrap()
}

/// Reviews with every agent; returns the document and how the command ended.
fn review(sandbox: &Sandbox) -> (Value, Ran) {
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]);
    let document =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (document, ran)
}

/// What became of one agent, in a review by it alone.
fn reason(sandbox: &Sandbox) -> String {
    let (document, ran) = review(sandbox);
    assert_eq!(
        ran.code, 2,
        "what was not reviewed is never clean: {document:#}"
    );
    document["agents"][0]["reason"].as_str().unwrap().to_owned()
}

/// Ids of the processes that made a file of their name in a directory.
fn pids(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory).unwrap();
    files
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// A zombie is no process any more; its parent has yet to look.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

fn pid_directory(sandbox: &Sandbox) -> std::path::PathBuf {
    let directory = sandbox.path().join("pids");
    std::fs::create_dir(&directory).unwrap();
    directory
}

/// The steps of [`FINDS_ADD`], without the beginning of their section.
fn steps() -> &'static str {
    FINDS_ADD.trim_start_matches("on call\n")
}

#[test]
fn a_call_that_is_never_answered_and_a_process_that_ignores_the_end_of_its_input() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let directory = pid_directory(&sandbox);
    let script = format!(
        "ignore-eof\non call\npid [sandbox]/pids\nwait-for [sandbox]/go\n{}",
        steps()
    );
    sandbox.agent("alpha", &script);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let uri = editor.uri("src/main.rs");
    editor.execute("crosscheck.review", json!({ "scope": "file", "uri": uri }));
    until("the agent has the call", || !pids(&directory).is_empty());
    let first = pids(&directory).remove(0);
    editor.execute("crosscheck.cancel", json!({}));
    assert!(editor.progress_end().contains("cancel"));
    until("the process is gone", || !lives(&first));
    std::fs::write(sandbox.path().join("go"), "").unwrap();
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    assert_eq!(found.len(), 1);
    editor.shutdown();
}

#[test]
fn megabytes_of_events_before_the_answer() {
    let noise = "long-line 800000\n".repeat(3);
    let script = FINDS_ADD.replace("on call\n", &format!("on call\n{noise}flood 4400000\n"));
    let (document, ran) = review(&workspace(&script));
    assert_eq!(ran.code, 1, "{document:#}");
    assert_eq!(
        document["findings"].as_array().unwrap().len(),
        1,
        "{document:#}"
    );
}

#[test]
fn a_server_that_takes_its_time_to_start() {
    let script = format!("on handshake\nsleep 700\n{FINDS_ADD}");
    let (document, ran) = review(&workspace(&script));
    assert_eq!(ran.code, 1, "{document:#}");
}

#[test]
fn a_server_that_ends_at_its_first_start() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent(
        "alpha",
        &format!("on handshake\nexit-once [sandbox]/started\n{FINDS_ADD}"),
    );
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    editor.wait("window/showMessage");
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    assert_eq!(found.len(), 1);
    editor.shutdown();
}

#[test]
fn only_what_every_server_answers_is_asked() {
    let sandbox = workspace(FINDS_ADD);
    review(&sandbox);
    sandbox.crosscheck(&["doctor", "alpha"]);
    let answered = [
        "initialize",
        "notifications/initialized",
        "notifications/cancelled",
        "ping",
        "tools/call",
        "tools/list",
    ];
    for line in sandbox.sent_to("alpha").lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let method = message["method"].as_str().unwrap();
        assert!(answered.contains(&method), "{line}");
    }
}

#[test]
fn an_answer_in_one_place_only() {
    let content = json!([{ "type": "text", "text": finds_add().to_string() }]);
    let results = [
        json!({ "content": content }),
        json!({ "content": [], "structuredContent": finds_add() }),
        json!({ "structuredContent": finds_add() }),
        json!({ "content": [{ "type": "text", "text": "see there" }], "structuredContent": finds_add() }),
        json!({ "content": content, "structuredContent": { "threadId": "t" } }),
        json!({ "content": content, "structuredContent": { "threadId": "t", "content": finds_add().to_string() } }),
    ];
    for result in results {
        let (document, _) = review(&workspace(&format!("on call\nresult {result}\n")));
        let findings = document["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{result:#}: {document:#}");
    }
}

#[test]
fn a_wrapper_that_is_killed_leaves_none_of_its_children() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let directory = pid_directory(&sandbox);
    let script = sandbox.path().join("agents/inner");
    std::fs::write(
        &script,
        format!("on call\npid {}\nhang\n", directory.display()),
    )
    .unwrap();
    // As npm's: the agent is a child of the program that was started, and has a helper beside it.
    let wrapper = sandbox.path().join("wrapper.sh");
    let text = format!(
        "sh -c 'touch {0}/$$; exec sleep 1000' </dev/null >/dev/null 2>&1 &\necho $$ > {0}.leader\n{1:?} {script:?}\n",
        directory.display(),
        env!("CARGO_BIN_EXE_fake-agent"),
    );
    std::fs::write(&wrapper, text).unwrap();
    sandbox.config(&format!(
        "[agents.alpha]\npreset = \"contract\"\ncommand = [\"sh\", {wrapper:?}]"
    ));
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let uri = editor.uri("src/main.rs");
    editor.execute("crosscheck.review", json!({ "scope": "file", "uri": uri }));
    until("both children are there", || pids(&directory).len() == 2);
    let leader = std::fs::read_to_string(directory.with_extension("leader")).unwrap();
    sandbox
        .command("kill")
        .args(["-KILL", leader.trim()])
        .status()
        .unwrap();
    editor.progress_end();
    let message = editor.wait("window/showMessage");
    assert!(
        message["message"].as_str().unwrap().contains("alpha"),
        "{message}"
    );
    until("both children are gone", || {
        !pids(&directory).iter().any(|it| lives(it))
    });
    editor.shutdown();
}

#[test]
fn a_client_that_cancels_twice_and_cancels_what_it_never_asked() {
    let sandbox = sandbox!();
    let mut client = Mcp::start(
        &sandbox,
        &[
            "agent",
            "exec",
            "--",
            "sh",
            "-c",
            "cat > /dev/null; [ -e go ] || exec sleep 1000; echo fine",
        ],
    );
    let call = json!({ "prompt": "Well?", "root": sandbox.root() });
    for _ in 0..2 {
        let id = client.begin("ask", call.clone());
        client.cancel(id);
        client.cancel(id);
        client.cancel(4711);
    }
    sandbox.file("go", "");
    assert_eq!(client.answer("ask", call)["text"], "fine\n");
    assert_eq!(client.end(), 0);
}

#[test]
fn a_client_that_never_says_a_word() {
    let sandbox = sandbox!();
    for agent in [&["agent", "builtin"][..], &["agent", "exec", "--", "cat"]] {
        let ran = sandbox.crosscheck(agent);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    }
}

#[test]
fn two_agents_of_one_name() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent("house", FINDS_NOTHING);
    sandbox.file(
        "crosscheck.toml",
        "[agents.house]\ncommand = [\"sh\", \"-c\", \"touch stolen\"]\n",
    );
    sandbox.file(
        ".mcp.json",
        r#"{ "mcpServers": { "house": { "command": "touch", "args": ["stolen"] } } }"#,
    );
    sandbox.config("import = [\"claude\"]");
    let (document, ran) = review(&sandbox);
    // Without trust the user's own is the only one.
    assert_eq!(ran.code, 0, "{document:#}");
    assert!(!sandbox.root().join("stolen").exists());
    let agents = document["agents"].as_array().unwrap();
    assert_eq!(agents.len(), 1, "{document:#}");
}

/// A workspace with one agent behind HTTP.
fn behind(url: &str, keys: &str) -> Sandbox {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.config(&format!(
        "[agents.web]\npreset = \"contract\"\nprovider = \"web\"\nurl = {url:?}\n{keys}"
    ));
    sandbox
}

#[test]
fn no_response_headers_for_ever() {
    let server = HttpAgent::start([OnCall::Silent]);
    let reason = reason(&behind(
        &format!("http://{}/", server.address()),
        "timeout = \"300ms\"",
    ));
    assert!(reason.contains("300"), "{reason}");
}

#[test]
fn a_server_that_restarts_in_the_middle_of_a_call() {
    let server = HttpAgent::start([OnCall::Restart, OnCall::Answer(finds_add())]);
    let sandbox = behind(&format!("http://{}/", server.address()), "");
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    let message = editor.wait("window/showMessage");
    assert!(
        message["message"].as_str().unwrap().contains("web"),
        "{message}"
    );
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    assert_eq!(found.len(), 1);
    editor.shutdown();
}

#[test]
fn a_server_that_forgot_its_session() {
    let server = HttpAgent::start([OnCall::Forget, OnCall::Answer(finds_add())]);
    let (document, ran) = review(&behind(&format!("http://{}/", server.address()), ""));
    assert_eq!(ran.code, 1, "{document:#}");
    assert_eq!(server.count("initialize"), 2);
}

#[test]
fn a_server_without_tls_and_none_at_all() {
    let server = HttpAgent::start([OnCall::Silent]);
    let without_tls = reason(&behind(
        &format!("https://{}/", server.address()),
        "start = \"5s\"",
    ));
    assert!(without_tls.contains("tls"), "{without_tls}");
    let address = server.address();
    drop(server);
    until("nobody listens", || {
        std::net::TcpStream::connect(address).is_err()
    });
    let nobody = reason(&behind(&format!("http://{address}/"), ""));
    assert!(nobody.contains("refused"), "{nobody}");
}
