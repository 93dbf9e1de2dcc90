//! Codex and Claude Code, as npm installs them and without any configuration: both review together.

use crate::CODE;
use serde_json::{Value, json};
use tests::model::Step;
use tests::{Model, Sandbox, real, sandbox};

/// A user who has installed both, and has configured nothing.
fn stage() -> Option<(Sandbox, Model, Model)> {
    let mut sandbox = sandbox!();
    let (codex, claude) = real::both(&mut sandbox)?;
    Some((sandbox, codex, claude))
}

#[test]
fn both_review_a_change() {
    let Some((sandbox, codex, claude)) = stage() else {
        return;
    };
    sandbox.file("src/main.rs", CODE.replace("add(1, 2)", "3"));
    sandbox.commit();
    sandbox.file("src/main.rs", CODE);
    codex.script([Step::form(real::finding(
        "codex",
        2,
        "add(1, 2)",
        "`add` does not exist",
    ))]);
    let other = real::finding("claude", 3, "println!", "nobody reads standard output");
    claude.script([Step::form(other)]);
    let ran = sandbox.crosscheck(&["review", "--agent", "codex", "--agent", "claude"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for said in [
        "codex: `add` does not exist",
        "by: codex",
        "claude: nobody reads standard output",
        "by: claude",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
}

#[test]
fn what_both_find_is_one_finding() {
    let Some((sandbox, codex, claude)) = stage() else {
        return;
    };
    sandbox.file("src/main.rs", CODE);
    codex.script([Step::form(real::finding(
        "codex",
        2,
        "add(1, 2)",
        "`add` does not exist",
    ))]);
    claude.script([Step::form(real::finding(
        "claude",
        2,
        "add(1, 2)",
        "`add` does not exist",
    ))]);
    let ran = sandbox.crosscheck(&[
        "review",
        "src/main.rs",
        "--agent",
        "codex",
        "--agent",
        "claude",
        "--format",
        "json",
    ]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{document:#}");
    assert_eq!(
        findings[0]["agents"],
        json!(["claude", "codex"]),
        "{document:#}"
    );
}

/// Both edit, each in a copy of its own, at the same time; the user's files, and what git says of them, stay as they are.
#[test]
fn both_change_the_code_each_in_a_copy_of_its_own() {
    let Some((sandbox, codex, claude)) = stage() else {
        return;
    };
    sandbox.file("src/main.rs", CODE);
    sandbox.commit();
    codex.script([
        Step::patch(
            "*** Begin Patch\n*** Update File: src/main.rs\n@@\n-    let total = add(1, 2);\n+    let total = 3;\n*** End Patch",
        ),
        Step::text("A number will do."),
    ]);
    claude.script([
        Step::call("Read", json!({ "file_path": "src/main.rs" })),
        Step::call(
            "Edit",
            json!({ "file_path": "src/main.rs", "old_string": "add(1, 2)", "new_string": "1 + 2" }),
        ),
        Step::text("A sum will do."),
    ]);
    let ran = sandbox.crosscheck(&[
        "ask",
        "--agents",
        "codex,claude",
        "Do without add",
        "src/main.rs",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for said in ["+    let total = 3;", "+    let total = 1 + 2;"] {
        assert!(ran.stdout.contains(said), "{said}: {ran:?}");
    }
    assert!(ran.stderr.contains("A sum will do."), "{ran:?}");
    assert_eq!(sandbox.read("src/main.rs"), CODE);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}
