//! Findings in the editor: shown, following the text, fixed, dismissed, cancelled.

use crate::{CODE, FINDS_ADD, workspace};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tests::{Editor, sandbox};

fn titles(actions: &[Value]) -> Vec<String> {
    actions
        .iter()
        .map(|it| it["title"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until an agent has made a file.
fn wait_for(file: &Path, otherwise: &str) {
    let deadline = Instant::now() + tests::PATIENCE;
    while !file.exists() {
        assert!(Instant::now() < deadline, "{otherwise}");
        std::thread::yield_now();
    }
}

fn start(sandbox: &tests::Sandbox) -> (Editor, Vec<Value>) {
    let mut editor = Editor::start(sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    (editor, found)
}

#[test]
fn a_finding_is_a_diagnostic_at_its_place() {
    let sandbox = workspace(FINDS_ADD);
    let (editor, found) = start(&sandbox);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0]["range"]["start"],
        json!({ "line": 1, "character": 16 })
    );
    assert_eq!(
        found[0]["range"]["end"],
        json!({ "line": 1, "character": 25 })
    );
    assert_eq!(found[0]["source"], "crosscheck (alpha)");
    assert_eq!(found[0]["severity"], 2);
    assert_eq!(found[0]["code"], "correctness");
    assert!(
        found[0]["message"]
            .as_str()
            .unwrap()
            .starts_with("`add` does not exist"),
        "{}",
        found[0]
    );
    editor.shutdown();
}

#[test]
fn a_finding_follows_its_text() {
    let sandbox = workspace(FINDS_ADD);
    let (mut editor, _) = start(&sandbox);
    editor.change("src/main.rs", [0, 0, 0, 0], "// a new line\n");
    let moved = editor.diagnostics_until("src/main.rs", |it| it[0]["range"]["start"]["line"] == 2);
    assert_eq!(moved[0]["range"]["start"]["character"], 16);
    editor.change("src/main.rs", [2, 16, 2, 25], "3");
    editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);
    editor.shutdown();
}

#[test]
fn edits_made_while_the_agent_works_move_its_findings() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let (started, go) = (sandbox.path().join("started"), sandbox.path().join("go"));
    let wait = format!(
        "on call\ntouch {}\nwait-for {}\n",
        started.display(),
        go.display()
    );
    sandbox.agent("alpha", &FINDS_ADD.replace("on call\n", &wait));
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.execute(
        "crosscheck.review",
        json!({ "scope": "file", "uri": editor.uri("src/main.rs") }),
    );
    wait_for(&started, "the agent was not called");
    editor.change("src/main.rs", [0, 0, 0, 0], "// one\n// two\n");
    std::fs::write(&go, "").unwrap();
    let found = editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    assert_eq!(
        found[0]["range"]["start"],
        json!({ "line": 3, "character": 16 })
    );
    editor.progress_end();
    editor.shutdown();
}

#[test]
fn the_quick_fix_is_a_versioned_edit_and_undo_brings_the_finding_back() {
    let sandbox = workspace(FINDS_ADD);
    let (mut editor, found) = start(&sandbox);
    let actions = editor.actions("src/main.rs", [1, 16, 1, 16], &found);
    let fix = actions
        .iter()
        .find(|it| it["isPreferred"] == true)
        .unwrap_or_else(|| panic!("{actions:#?}"))
        .clone();
    assert_eq!(fix["kind"], "quickfix");
    let fix = if fix.get("edit").is_some() {
        fix
    } else {
        editor.request("codeAction/resolve", fix)
    };
    let change = &fix["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"]["version"], 1);
    assert_eq!(change["edits"][0]["newText"], "1 + 2");
    editor.change("src/main.rs", [1, 16, 1, 25], "1 + 2");
    editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);
    editor.change("src/main.rs", [1, 16, 1, 21], "add(1, 2)");
    editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    editor.shutdown();
}

#[test]
fn a_dismissed_finding_stays_away() {
    let sandbox = workspace(FINDS_ADD);
    let (mut editor, found) = start(&sandbox);
    let actions = editor.actions("src/main.rs", [1, 16, 1, 16], &found);
    let dismiss = actions
        .iter()
        .find(|it| it["title"].as_str().unwrap().starts_with("Dismiss"))
        .unwrap();
    let command = &dismiss["command"];
    editor.request(
        "workspace/executeCommand",
        json!({ "command": command["command"], "arguments": command["arguments"] }),
    );
    editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);
    editor.review("src/main.rs");
    editor.shutdown();

    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    // Neither recalled nor found again: no diagnostics are published, or only empty ones.
    editor.ignore("textDocument/publishDiagnostics");
    assert_eq!(
        editor
            .actions("src/main.rs", [1, 16, 1, 16], &[])
            .iter()
            .filter(|it| it["kind"] == "quickfix")
            .count(),
        0
    );
    editor.shutdown();
}

#[test]
fn reviews_are_offered_where_nothing_was_found_yet() {
    let sandbox = workspace(FINDS_ADD);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let offered = titles(&editor.actions("src/main.rs", [0, 0, 0, 0], &[]));
    assert!(
        offered.iter().any(|it| it.contains("Review this file")),
        "{offered:?}"
    );
    assert!(
        offered.iter().any(|it| it.contains("Review changes")),
        "{offered:?}"
    );
    editor.shutdown();
}

#[test]
fn hover_tells_the_whole_story() {
    let sandbox = workspace(FINDS_ADD);
    let (mut editor, _) = start(&sandbox);
    let document = json!({ "uri": editor.uri("src/main.rs") });
    let hover = editor.request(
        "textDocument/hover",
        json!({ "textDocument": document, "position": { "line": 1, "character": 18 } }),
    );
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(
        text.contains("Nothing named `add` is in scope.") && text.contains("alpha"),
        "{text}"
    );
    editor.shutdown();
}

#[test]
fn a_cancelled_review_ends_at_once_and_the_agent_is_told() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let (started, told) = (sandbox.path().join("started"), sandbox.path().join("told"));
    let script = format!(
        "on call\ntouch {}\nwait-cancelled\ntouch {}\nhang\n",
        started.display(),
        told.display()
    );
    sandbox.agent("alpha", &script);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let run = editor.execute(
        "crosscheck.review",
        json!({ "scope": "file", "uri": editor.uri("src/main.rs") }),
    );
    wait_for(&started, "the agent was not called");
    let before = Instant::now();
    editor.execute("crosscheck.cancel", json!({ "run": run["run"] }));
    let message = editor.progress_end();
    // Ten times what is promised, for slow machines; the promise itself is measured by the bench.
    assert!(
        before.elapsed() < Duration::from_secs(1),
        "{:?}",
        before.elapsed()
    );
    assert!(message.contains("cancel"), "{message}");
    wait_for(&told, "the agent was not told");
    editor.ignore("window/showMessage");
    editor.shutdown();
}

#[test]
fn unsaved_text_is_what_is_reviewed() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", "fn main() {}\n");
    sandbox.agent("alpha", FINDS_ADD);
    let mut editor = Editor::start(&sandbox);
    editor.open_with("src/main.rs", CODE);
    editor.review("src/main.rs");
    assert_eq!(
        editor
            .diagnostics_until("src/main.rs", |it| !it.is_empty())
            .len(),
        1
    );
    assert!(sandbox.sent_to("alpha").contains("add(1, 2)"));
    editor.shutdown();
}

#[test]
fn a_place_that_is_not_found_is_shown_for_the_whole_file_without_a_fix() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent(
        "alpha",
        &FINDS_ADD
            .replace("add(1, 2)", "subtract(everything)")
            .replace("\"start_line\":2,\"end_line\":2,", ""),
    );
    let (mut editor, found) = start(&sandbox);
    assert_eq!(found[0]["range"]["start"]["line"], 0);
    let actions = editor.actions("src/main.rs", [0, 0, 0, 0], &found);
    assert!(
        actions.iter().all(|it| it["isPreferred"] != true),
        "{actions:#?}"
    );
    editor.shutdown();
}

#[test]
fn review_on_save_only_if_configured() {
    let sandbox = workspace(FINDS_ADD);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.save("src/main.rs");
    editor.execute("crosscheck.status", json!({}));
    assert_eq!(sandbox.sent_to("alpha"), "");
    editor.shutdown();

    let mut editor = Editor::start_with(
        &sandbox,
        &tests::editor::rich(),
        json!({ "review": { "on_save": true } }),
    );
    editor.open("src/main.rs");
    editor.configured();
    editor.save("src/main.rs");
    assert_eq!(
        editor
            .diagnostics_until("src/main.rs", |it| !it.is_empty())
            .len(),
        1
    );
    editor.progress_end();
    editor.shutdown();
}
