//! What an editor shows in its status line, and comments that keep findings away.

use crate::workspace;
use serde_json::{Value, json};
use tests::PATIENCE;
use tests::editor::{Editor, rich};

/// An agent that finds fault with the second line of the workspace's file, and tells what that took.
const COSTS: &str = r#"on call
answer {"findings":[{"path":"src/main.rs","quote":"add(1, 2)","severity":"warning","category":"correctness","title":"`add` does not exist","body":""}],"usage":{"input_tokens":1000,"output_tokens":0,"cost_usd":0.25,"model":"m"}}
"#;

/// Reads the status until one is as wanted.
fn status_until(editor: &mut Editor, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let status = editor.wait("crosscheck/status");
        if wanted(&status) {
            return status;
        }
        assert!(std::time::Instant::now() < deadline, "{status}");
    }
}

#[test]
fn a_status_line_tells_of_the_run_and_of_what_the_day_has_cost() {
    let sandbox = workspace(COSTS);
    let mut capabilities = rich();
    capabilities["experimental"] = json!({ "crosscheckStatus": true });
    let mut editor = Editor::start_with(&sandbox, &capabilities, json!({}));
    editor.configured();
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    let last = "crosscheck: 1 finding · $0.25 today";
    let status = status_until(&mut editor, |it| it["text"] == last);
    assert_eq!(status["running"], json!([]));
    assert_eq!(status["findings"], json!({ "shown": 1, "more": 0 }));
    assert_eq!(status["spent_today"]["calls"], 1, "{status}");
    let agents = status["agents"].as_array().unwrap();
    assert!(
        agents.contains(&json!({ "name": "alpha", "state": "ready" })),
        "{status}"
    );
    assert_eq!(
        editor.execute("crosscheck.status", json!({}))["text"],
        last,
        "asked, it says the same"
    );
    assert_eq!(editor.shutdown(), 0);

    // The day goes on in another session.
    let mut editor = Editor::start_with(&sandbox, &capabilities, json!({}));
    status_until(&mut editor, |it| it["text"] == "crosscheck: $0.25 today");
    assert_eq!(editor.shutdown(), 0);
}

#[test]
fn a_finding_is_ignored_by_a_comment_that_the_editor_writes() {
    let sandbox = workspace(COSTS);
    let mut editor = Editor::start(&sandbox);
    editor.configured();
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    let actions = editor.actions("src/main.rs", [1, 17, 1, 17], &found);
    let title = "Ignore “`add` does not exist” by a comment";
    let action = actions.iter().find(|it| it["title"] == title);
    let action = action.unwrap_or_else(|| panic!("{actions:?}"));
    let change = &action["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"]["version"], 1, "{action}");
    let edit = &change["edits"][0];
    let at = json!({ "line": 1, "character": 0 });
    assert_eq!(edit["range"], json!({ "start": at, "end": at }));
    let comment = edit["newText"].as_str().unwrap();
    assert_eq!(comment, "    // crosscheck: ignore correctness\n");
    editor.change("src/main.rs", [1, 0, 1, 0], comment);
    editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);
    // Without it the finding is back.
    editor.change("src/main.rs", [1, 0, 2, 0], "");
    editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    editor.change("src/main.rs", [1, 0, 1, 0], comment);
    editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);
    // A review says nothing of it, either.
    editor.review("src/main.rs");
    let findings = editor.execute("crosscheck.findings", json!({}));
    assert_eq!(findings["findings"], json!([]));
    assert_eq!(editor.shutdown(), 0);
}
