//! Agents that are installed and that no configuration tells of: listed, offered, and asked only by name.

use crate::{FINDS_NOTHING, workspace};
use expect_test::expect;
use serde_json::{Value, json};
use tests::{Sandbox, real, sandbox};

/// Installs a program that notes how it was called and then does what the shell script says.
#[cfg(unix)]
fn program(sandbox: &Sandbox, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let file = sandbox.path().join("bin").join(name);
    let log = calls(sandbox, name);
    let text = format!("#!/bin/sh\necho \"$*\" >> {}\n{script}\n", log.display());
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
}

fn calls(sandbox: &Sandbox, name: &str) -> std::path::PathBuf {
    sandbox.path().join("tmp").join(format!("{name}.calls"))
}

/// What is listed of an agent.
fn listed<'a>(document: &'a Value, name: &str) -> &'a Value {
    let mut agents = document["agents"].as_array().unwrap().iter();
    agents.find(|it| it["name"] == name).unwrap()
}

#[test]
fn both_are_listed_with_their_versions() {
    let mut sandbox = sandbox!();
    if real::both(&mut sandbox).is_none() {
        return;
    }
    let ran = sandbox.crosscheck(&["agents", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    for (name, package) in [
        ("codex", "@openai/codex/package.json"),
        ("claude", "@anthropic-ai/claude-code/package.json"),
    ] {
        let package = std::fs::read_to_string(real::installed(package).unwrap()).unwrap();
        let package: Value = serde_json::from_str(&package).unwrap();
        let agent = listed(&document, name);
        assert_eq!(agent["version"], package["version"], "{agent:#}");
        assert_eq!(agent["source"], "found on PATH");
        assert_eq!(agent["reviews"], false);
    }
}

#[cfg(unix)]
#[test]
fn a_version_that_is_not_told_is_unknown() {
    let mut sandbox = sandbox!();
    program(&sandbox, "codex", "echo codex-cli 7.8.9; pwd >&2");
    program(&sandbox, "claude", "echo broken >&2; exit 4");
    sandbox
        .config("[agents.claude]\napprove = [\"npm test\"]\n[agents.codex]\napprove = \"never\"");
    let ran = sandbox.crosscheck(&["agents", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let (codex, claude) = (listed(&document, "codex"), listed(&document, "claude"));
    assert_eq!(
        (
            &codex["version"],
            &codex["version_unknown"],
            &codex["approve"]
        ),
        (&json!("7.8.9"), &json!(null), &json!("never"))
    );
    let reason = "`claude --version` ended with exit code 4: broken";
    assert_eq!(
        (
            &claude["version"],
            &claude["version_unknown"],
            &claude["approve"]
        ),
        (&json!(null), &json!(reason), &json!(["npm test"]))
    );
    assert_eq!(listed(&document, "builtin")["approve"], "ask");
    let ran = sandbox.crosscheck(&["agents"]);
    for said in [
        "codex    7.8.9 ",
        "claude   unknown",
        "the version of claude is unknown: `claude --version` ended with exit code 4: broken",
        "claude may do without asking: `npm test`",
        "codex is denied whatever needs approval",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
    let calls = std::fs::read_to_string(calls(&sandbox, "codex")).unwrap();
    assert_eq!(calls, "--version\n--version\n");
    let ran = sandbox.crosscheck(&["doctor", "codex", "claude"]);
    for said in [
        "codex 7.8.9 (",
        "it is denied whatever needs approval",
        "version unknown: `claude --version` ended with exit code 4: broken",
        "it may do without asking: `npm test`",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
}

#[cfg(unix)]
#[test]
fn what_is_found_is_offered_and_never_asked() {
    let sandbox = sandbox!();
    for name in ["codex", "claude"] {
        program(&sandbox, name, "exit 1");
    }
    sandbox.file("a.rs", "fn a() {}\n");
    let ran = sandbox.crosscheck(&["review", "a.rs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let offer = "claude and codex are on this machine, too; `crosscheck review --agent claude --agent codex` asks them.";
    assert_eq!(ran.stderr.lines().last(), Some(offer));
    for options in [
        &["--quiet"][..],
        &["--format", "json"],
        &["--format", "sarif"],
        &["--agent", "builtin"],
    ] {
        let ran = sandbox.crosscheck(&[&["review", "a.rs"], options].concat());
        assert!(!ran.stderr.contains("on this machine"), "{ran:?}");
    }
    for name in ["codex", "claude"] {
        assert!(!calls(&sandbox, name).exists(), "{name} was started");
    }
}

#[cfg(unix)]
#[test]
fn who_has_chosen_is_offered_nothing() {
    let mut sandbox = sandbox!();
    program(&sandbox, "codex", "exit 1");
    sandbox.config("[review]\nagents = [\"builtin\"]");
    sandbox.file("a.rs", "fn a() {}\n");
    let ran = sandbox.crosscheck(&["review", "a.rs"]);
    assert!(!ran.stderr.contains("codex"), "{ran:?}");
}

#[test]
fn a_failure_is_told_once_and_also_where_it_is_quiet() {
    let mut sandbox = workspace(FINDS_NOTHING);
    sandbox.agent(
        "beta",
        "on start\nstderr no licence\nstderr at all\nexit 3\n",
    );
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(
        ran.stderr.matches("no licence").count(),
        1,
        "{}",
        ran.stderr
    );
    let quiet = sandbox.crosscheck(&["review", "src/main.rs", "--quiet"]);
    assert_eq!(quiet.code, 2);
    expect![[r#"
        error: beta reviewed nothing: agent `beta` could not be started: before the handshake it ended with exit code 3; its last words: no licence / at all
    "#]].assert_eq(&quiet.stderr);
    for format in ["json", "sarif"] {
        let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", format]);
        assert_eq!(ran.stderr, quiet.stderr);
    }
}
