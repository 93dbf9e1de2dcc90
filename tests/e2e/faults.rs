//! What agents do to us: each fault gives one clear message with the agent's name, the others' findings stand, and
//! nothing is taken for clean.

use crate::{CODE, FINDS_ADD, workspace};
use serde_json::{Value, json};
use tests::{Editor, sandbox};

/// Script of the faulty agent, further keys of its configuration, and what the message must say.
const FAULTS: &[(&str, &str, &str, &[&str])] = &[
    (
        "crash",
        "on call\nstderr out of memory\nexit 7\n",
        "",
        &["exit code 7", "out of memory"],
    ),
    (
        "early",
        "on start\nstderr no licence\nexit 3\n",
        "",
        &["exit code 3", "no licence"],
    ),
    (
        "garbage",
        "on call\ntext lorem ipsum dolor sit amet\n",
        "",
        &["answer"],
    ),
    (
        "noise",
        "on call\ngarbage 100000\nline {\"not\": \"rpc\"}\nline [1,2,3]\nexit 0\n",
        "",
        &["exit code 0"],
    ),
    ("hang", "on call\nhang\n", "timeout = \"300ms\"", &["300"]),
    (
        "idle",
        "on call\nprogress 0.1 thinking\nhang\n",
        "idle = \"300ms\"",
        &["300"],
    ),
    (
        "mute",
        "on handshake\nhang\n",
        "start = \"300ms\"",
        &["300"],
    ),
    ("giant", "on call\ngiant 68000000\n", "", &["MiB"]),
    (
        "half",
        "on call\nhalf-line {\"jsonrpc\": \"2.0\", \nexit 1\n",
        "",
        &["exit code 1"],
    ),
    (
        "refusal",
        "on call\nis-error quota exceeded, try again tomorrow\n",
        "",
        &["quota exceeded"],
    ),
    (
        "error",
        "on call\nerror database is locked\n",
        "",
        &["database is locked"],
    ),
    (
        "wrong-id",
        "on call\nwrong-id {\"content\":[]}\nhang\n",
        "timeout = \"300ms\"",
        &["300"],
    ),
    (
        "flood",
        "on call\nflood 20000000\nexit 9\n",
        "",
        &["exit code 9"],
    ),
    (
        "errors",
        "on call\nstderr-flood 20000000\nstderr the last words\nexit 4\n",
        "",
        &["exit code 4", "the last words"],
    ),
];

#[test]
fn each_fault_is_told_once_and_the_others_findings_stand() {
    for (name, script, keys, said) in FAULTS {
        let mut sandbox = sandbox!();
        sandbox.file("src/main.rs", CODE);
        sandbox.agent("good", FINDS_ADD);
        sandbox.agent_with(name, script, keys);
        let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]);
        assert_eq!(
            ran.code, 2,
            "{name}: what was not reviewed is never clean: {ran:?}"
        );
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            document["findings"].as_array().unwrap().len(),
            1,
            "{name}: {document:#}"
        );
        let agents = document["agents"].as_array().unwrap();
        let faulty = agents.iter().find(|it| it["name"] == *name).unwrap();
        assert_eq!(faulty["outcome"], "failed", "{name}: {faulty:#}");
        let reason = faulty["reason"].as_str().unwrap();
        for it in *said {
            assert!(reason.contains(it), "{name}: `{it}` is not in: {reason}");
        }
    }
}

#[test]
fn the_server_lives_through_every_fault() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent("good", FINDS_ADD);
    for (name, script, keys, _) in FAULTS {
        sandbox.agent_with(name, script, keys);
    }
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    for (name, _, _, said) in FAULTS {
        let argument =
            json!({ "scope": "file", "uri": editor.uri("src/main.rs"), "agents": [name] });
        editor.execute("crosscheck.review", argument);
        editor.progress_end();
        let message = editor.wait("window/showMessage");
        let text = message["message"].as_str().unwrap().to_owned();
        assert!(text.contains(name), "the agent is named: {text}");
        for it in *said {
            assert!(text.contains(it), "{name}: `{it}` is not in: {text}");
        }
    }
    editor.execute(
        "crosscheck.review",
        json!({ "scope": "file", "uri": editor.uri("src/main.rs"), "agents": ["good"] }),
    );
    assert_eq!(
        editor
            .diagnostics_until("src/main.rs", |it| !it.is_empty())
            .len(),
        1
    );
    editor.ignore("window/showMessage");
    editor.shutdown();
}

#[test]
fn an_agent_that_asks_is_answered_and_goes_on() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let ask = r#"ask {"message":"May I?","requestedSchema":{"type":"object","properties":{}}}"#;
    sandbox.agent(
        "curious",
        &FINDS_ADD.replace("on call\n", &format!("on call\n{ask}\nroots\n")),
    );
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let log = sandbox.mask(&sandbox.sent_to("curious"));
    assert!(log.contains(r#""action":"decline""#), "{log}");
    assert!(log.contains("file://[sandbox]/work"), "{log}");
}

#[test]
fn a_crash_during_a_review_does_not_take_the_next_one() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let once = "[sandbox]/crashed";
    // The second process finds the mark of the first.
    let script = format!(
        "on call\nexit-once {once}\n{}",
        FINDS_ADD.trim_start_matches("on call\n")
    );
    sandbox.agent("shaky", &script);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    editor.wait("window/showMessage");
    editor.review("src/main.rs");
    assert_eq!(
        editor
            .diagnostics_until("src/main.rs", |it| !it.is_empty())
            .len(),
        1
    );
    editor.shutdown();
}

#[test]
fn a_failed_review_keeps_the_earlier_findings() {
    let sandbox = workspace(&format!("{FINDS_ADD}on call\nexit 1\n"));
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    assert_eq!(
        editor
            .diagnostics_until("src/main.rs", |it| !it.is_empty())
            .len(),
        1
    );
    let again = json!({ "scope": "file", "uri": editor.uri("src/main.rs"), "fresh": true });
    editor.execute("crosscheck.review", again);
    editor.progress_end();
    editor.wait("window/showMessage");
    // No publication takes them away: nothing is unread at the end.
    editor.shutdown();
}
