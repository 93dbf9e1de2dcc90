//! The ledger as a user notices it: findings are there again, in spite of everything that happens to its file.

use crate::{CODE, FINDS_ADD, workspace};
use serde_json::Value;
use tests::Editor;

fn reviewed(sandbox: &tests::Sandbox) {
    let mut editor = Editor::start(sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    assert_eq!(editor.shutdown(), 0);
}

#[test]
fn findings_are_there_again_without_a_new_review() {
    let sandbox = workspace(FINDS_ADD);
    reviewed(&sandbox);
    let sent = sandbox.sent_to("alpha");
    // The file grew above the finding meanwhile.
    sandbox.file("src/main.rs", format!("// one\n// two\n{CODE}"));
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    assert_eq!(
        found[0]["range"]["start"],
        serde_json::json!({ "line": 3, "character": 16 })
    );
    assert_eq!(sandbox.sent_to("alpha"), sent, "no agent was called");
    editor.shutdown();
}

#[test]
fn a_finding_whose_text_is_gone_does_not_come_back() {
    let sandbox = workspace(FINDS_ADD);
    reviewed(&sandbox);
    sandbox.file("src/main.rs", CODE.replace("add(1, 2)", "1 + 2"));
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.execute("crosscheck.status", serde_json::json!({}));
    editor.ignore("textDocument/publishDiagnostics");
    let hover = serde_json::json!({ "textDocument": { "uri": editor.uri("src/main.rs") }, "position": { "line": 1, "character": 18 } });
    assert_eq!(editor.request("textDocument/hover", hover), Value::Null);
    editor.shutdown();
}

#[test]
fn a_ledger_that_cannot_be_read_is_set_aside_and_named() {
    let sandbox = workspace(FINDS_ADD);
    let ledger = sandbox.state().join("ledger.sqlite");
    std::fs::write(&ledger, "this is no database at all, and it is the user's").unwrap();
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    let message = editor.wait("window/showMessage");
    assert!(
        message["message"].as_str().unwrap().contains("ledger"),
        "{message}"
    );
    editor.shutdown();
    let aside: Vec<_> = std::fs::read_dir(sandbox.state())
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| std::fs::read(it).is_ok_and(|text| text.starts_with(b"this is no database")))
        .collect();
    assert_eq!(aside.len(), 1, "it is kept, under another name");
    assert_ne!(aside[0], ledger);
}

#[test]
fn several_processes_share_the_ledger() {
    let sandbox = workspace(FINDS_ADD);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    editor.close("src/main.rs");
    editor.open("src/main.rs");
    assert_eq!(
        editor
            .diagnostics_until("src/main.rs", |it| !it.is_empty())
            .len(),
        1
    );
    editor.shutdown();
}

#[test]
fn a_ledger_that_cannot_be_read_is_not_taken_for_an_empty_one() {
    let sandbox = workspace(FINDS_ADD);
    // Nothing that could be set aside and begun anew.
    std::fs::create_dir(sandbox.state().join("ledger.sqlite")).unwrap();
    for args in [
        &["findings"][..],
        &["stats"],
        &["usage"],
        &["fix", "--all"],
        &["fix", "abc"],
        &["verify", "abc"],
        &["dismiss", "abc"],
        &["accept", "abc"],
        &["dismissed"],
        &["dismissed", "--undo", "1"],
        &["baseline"],
        &["baseline", "--prune"],
        &["proposals"],
        &["apply", "abc"],
        &["revert"],
        &["review", "--proposal", "abc"],
    ] {
        let ran = sandbox.crosscheck(args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        for said in [
            "error: the ledger could not be read: [sandbox]/state/ledger.sqlite cannot be used: ",
            "; `crosscheck doctor` says what to do",
        ] {
            assert!(ran.stderr.contains(said), "{args:?}: {said}: {ran:?}");
        }
        assert_eq!(ran.stdout, "", "{args:?}");
    }
    let ran = sandbox.crosscheck(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let said = "fail [sandbox]/state/ledger.sqlite cannot be used: ";
    assert!(ran.stdout.contains(said), "{ran:?}");
    assert!(
        ran.stdout.contains("can be read and written by you"),
        "{ran:?}"
    );

    // What needs no memory works.
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr.contains("are kept only until crosscheck ends"),
        "{ran:?}"
    );
}
