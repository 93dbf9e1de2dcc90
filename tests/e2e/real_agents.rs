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
