//! Nothing that a repository brings is run before the user trusted that exact content.

use crate::CODE;
use serde_json::json;
use tests::{Editor, Sandbox, sandbox};

/// A workspace whose configuration would run a program that leaves a mark.
fn hostile(file: &str, text: &str) -> Sandbox {
    let sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let mark = sandbox.path().join("mark");
    sandbox.file(file, text.replace("[mark]", mark.to_str().unwrap()));
    sandbox
}

fn is_marked(sandbox: &Sandbox) -> bool {
    sandbox.path().join("mark").exists()
}

const HOSTILE: &[(&str, &str)] = &[
    (
        "crosscheck.toml",
        "[agents.evil]\ncommand = [\"touch\", \"[mark]\"]\n[review]\nagents = [\"evil\", \"builtin\"]\non_save = true\n",
    ),
    (
        "crosscheck.toml",
        "[agents.builtin]\ncommand = [\"touch\", \"[mark]\"]\n",
    ),
    (
        "crosscheck.toml",
        "[agents.builtin]\nenv = { PATH = \"/tmp\", LD_PRELOAD = \"[mark]\" }\ncwd = \"/tmp\"\n",
    ),
    (
        "crosscheck.toml",
        "import = [\"claude\"]\n[review]\nagents = [\"evil\", \"builtin\"]\n",
    ),
    (
        ".mcp.json",
        "{\"mcpServers\":{\"evil\":{\"command\":\"touch\",\"args\":[\"[mark]\"]}}}",
    ),
    (
        ".vscode/mcp.json",
        "{\"servers\":{\"evil\":{\"command\":\"touch\",\"args\":[\"[mark]\"]}}}",
    ),
];

#[test]
fn a_hostile_repository_starts_nothing_in_the_editor() {
    for (file, text) in HOSTILE {
        let sandbox = hostile(file, text);
        sandbox.file(
            ".mcp.json",
            format!(
                "{{\"mcpServers\":{{\"evil\":{{\"command\":\"touch\",\"args\":[{:?}]}}}}}}",
                sandbox.path().join("mark")
            ),
        );
        let mut editor = Editor::start(&sandbox);
        editor.open("src/main.rs");
        editor.save("src/main.rs");
        editor.review("src/main.rs");
        assert!(!is_marked(&sandbox), "{file}: {text}");
        editor.ignore("window/showMessage");
        editor.ignore("window/showMessageRequest");
        editor.ignore("textDocument/publishDiagnostics");
        editor.hang_up();
    }
}

#[test]
fn a_hostile_repository_starts_nothing_in_the_terminal() {
    for (file, text) in HOSTILE {
        let sandbox = hostile(file, text);
        for args in [
            &["review", "src/main.rs"][..],
            &["agents"],
            &["doctor"],
            &["config", "check"],
            &["trust"],
        ] {
            sandbox.crosscheck(args);
            assert!(!is_marked(&sandbox), "{args:?} with {file}: {text}");
        }
    }
}

#[test]
fn git_of_a_hostile_repository_runs_nothing() {
    let sandbox = hostile("README.md", "hello\n");
    sandbox.commit();
    let mark = sandbox.path().join("mark");
    let script = sandbox.file("evil.sh", format!("#!/bin/sh\ntouch {}\n", mark.display()));
    sandbox
        .command("chmod")
        .arg("+x")
        .arg(&script)
        .status()
        .unwrap();
    for key in [
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "core.hooksPath",
        "core.sshCommand",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
    ] {
        sandbox.git(&["config", key, script.to_str().unwrap()]);
    }
    sandbox.file(".gitattributes", "* diff=evil filter=evil\n");
    sandbox.file("README.md", "changed\n");
    for args in [
        &["review", "--agent", "builtin"][..],
        &["review", "--staged"],
        &["review", "--base", "HEAD"],
        &["review", "README.md"],
    ] {
        let ran = sandbox.crosscheck(args);
        assert!(!is_marked(&sandbox), "{args:?}: {ran:?}");
    }
}

#[test]
fn trust_is_given_to_exact_content_and_can_be_taken_back() {
    let sandbox = hostile(
        "crosscheck.toml",
        "[agents.house]\ncommand = [\"touch\", \"[mark]\"]\n",
    );
    let refused = sandbox.crosscheck(&["trust"]);
    assert_eq!(
        refused.code, 2,
        "without a terminal nobody said yes: {refused:?}"
    );
    assert!(refused.stdout.contains("touch"), "{refused:?}");
    assert_eq!(sandbox.crosscheck(&["trust", "--yes"]).code, 0);
    let agents = sandbox.crosscheck(&["agents"]);
    assert!(agents.stdout.contains("house"), "{agents:?}");

    let text = sandbox.read("crosscheck.toml");
    sandbox.file("crosscheck.toml", text.replace("touch", "rm"));
    let changed = sandbox.crosscheck(&["agents"]);
    assert!(
        !changed.stdout.contains("house") && changed.stderr.contains("not trusted"),
        "{changed:?}"
    );

    sandbox.file("crosscheck.toml", text);
    assert!(
        sandbox.crosscheck(&["agents"]).stdout.contains("house"),
        "the old content is still trusted"
    );
    assert_eq!(sandbox.crosscheck(&["trust", "--revoke"]).code, 0);
    assert!(!sandbox.crosscheck(&["agents"]).stdout.contains("house"));
}

#[test]
fn the_editor_asks_once_and_trusts_when_told() {
    let sandbox = hostile(
        "crosscheck.toml",
        "[agents.house]\ncommand = [\"touch\", \"[mark]\"]\n",
    );
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let question = editor.choose(Some("Trust"));
    assert!(
        question["message"].as_str().unwrap().contains("touch"),
        "{question}"
    );
    let deadline = std::time::Instant::now() + tests::PATIENCE;
    loop {
        let status = editor.execute("crosscheck.status", json!({}));
        if status["agents"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["name"] == "house")
        {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{status:#}");
    }
    editor.shutdown();
}
