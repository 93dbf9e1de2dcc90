//! Codex and Claude Code give each other their review, each through our adapter of the other.

use crate::CODE;
use serde_json::{Value, json};
use std::process::Stdio;
use tests::model::Step;
use tests::{Model, Sandbox, real, sandbox};

fn stage() -> Option<(Sandbox, Model, Model)> {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let (codex, claude) = real::both(&mut sandbox)?;
    Some((sandbox, codex, claude))
}

/// A review of the workspace, as the tool of one of our adapters takes it.
fn request(sandbox: &Sandbox) -> Value {
    json!({ "instructions": "Look.", "root": sandbox.root(), "targets": [{ "path": "src/main.rs" }] })
}

#[test]
fn claude_code_has_codex_review() {
    let Some((sandbox, codex, claude)) = stage() else {
        return;
    };
    codex.script([Step::form(real::finding(
        "codex",
        2,
        "add(1, 2)",
        "`add` does not exist",
    ))]);
    claude.script([
        Step::call("mcp__codex__review", request(&sandbox)),
        Step::text("Codex has looked."),
    ]);
    let servers = json!({ "mcpServers": { "codex": {
        "type": "stdio", "command": sandbox.program(), "args": ["agent", "codex"],
    } } });
    let output = sandbox
        .command(sandbox.path().join("bin/claude"))
        .args([
            "-p",
            "--output-format",
            "json",
            "--strict-mcp-config",
            "--mcp-config",
        ])
        .arg(servers.to_string())
        .args([
            "--allowedTools",
            "mcp__codex",
            "--",
            "Have Codex review it.",
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert_eq!(said["result"], "Codex has looked.", "{said:#}");
    let asked = claude.asked();
    let heard = asked.last().unwrap().body.to_string();
    assert!(heard.contains("codex: `add` does not exist"), "{heard}");
    assert_eq!(codex.asked().len(), 1);
}

#[test]
fn codex_has_claude_code_review() {
    let Some((sandbox, codex, claude)) = stage() else {
        return;
    };
    claude.script([Step::form(real::finding(
        "claude",
        2,
        "add(1, 2)",
        "`add` does not exist",
    ))]);
    codex.script([
        Step::call_in("mcp__claude", "review", request(&sandbox)),
        Step::text("Claude has looked."),
    ]);
    let variables = [
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_API_KEY",
        "CLAUDE_CODE_MAX_RETRIES",
        "PATH",
        "HOME",
    ];
    real::add_to_codex(
        &sandbox,
        &format!(
            "[mcp_servers.claude]\ncommand = {:?}\nargs = [\"agent\", \"claude\"]\nenv_vars = {variables:?}\ndefault_tools_approval_mode = \"approve\"\n",
            sandbox.program(),
        ),
    );
    let output = sandbox
        .command(sandbox.path().join("bin/codex"))
        .args([
            "exec",
            "--json",
            "--skip-git-repo-check",
            "--ephemeral",
            "Have Claude review it.",
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Claude has looked."), "{said}");
    let asked = codex.asked();
    let heard = asked.last().unwrap().body.to_string();
    assert!(heard.contains("claude: `add` does not exist"), "{heard}");
    assert!(!claude.asked().is_empty());
}
