//! The MCP servers that Codex and Claude Code are by themselves, each by the preset for it.

use crate::{CODE, until};
use serde_json::{Value, json};
use tests::model::Step;
use tests::{Editor, Model, Sandbox, real, sandbox};

/// How a program is installed.
type Install = fn(&mut Sandbox) -> Option<Model>;

/// A user with a file that was not reviewed, and one of the programs.
fn stage(install: Install) -> Option<(Sandbox, Model)> {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let model = install(&mut sandbox)?;
    Some((sandbox, model))
}

/// What a model says whose client has asked for a form in words only.
fn finding(by: &str) -> Step {
    let finding = real::finding(by, 2, "add(1, 2)", "`add` does not exist");
    Step::text(format!("I have looked.\n\n```json\n{finding:#}\n```\n"))
}

#[test]
fn each_reviews() {
    let servers: [(&str, Install); 2] = [
        ("codex-mcp-server", real::old_codex),
        ("claude-mcp-serve", real::claude),
    ];
    for (name, install) in servers {
        let Some((mut sandbox, model)) = stage(install) else {
            return;
        };
        sandbox.config(&format!("[agents.{name}]"));
        model.script([finding(name)]);
        let ran = sandbox.crosscheck(&["review", "src/main.rs", "--agent", name]);
        assert_eq!(ran.code, 1, "{ran:?}");
        let title = format!("{name}: `add` does not exist");
        for said in ["src/main.rs:2:17", &title, &format!("by: {name}")] {
            assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
        }
        assert_eq!(model.asked().len(), 1, "{name} asks its model once");
    }
}

#[test]
fn codex_never_answers_a_cancelled_call_and_reviews_again() {
    let Some((mut sandbox, model)) = stage(real::old_codex) else {
        return;
    };
    sandbox.config("[agents.codex-mcp-server]");
    model.script([Step::silence(), finding("codex")]);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let uri = editor.uri("src/main.rs");
    editor.execute("crosscheck.review", json!({ "scope": "file", "uri": uri }));
    until("the model is asked", || !model.asked().is_empty());
    editor.execute("crosscheck.cancel", json!({}));
    assert!(editor.progress_end().contains("cancel"));
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    assert_eq!(found.len(), 1, "{found:#?}");
    editor.shutdown();
}

#[test]
fn codex_asks_and_understands_the_answer() {
    for (title, is_made) in [("Allow", true), ("Deny", false)] {
        let Some((mut sandbox, model)) = stage(real::old_codex) else {
            return;
        };
        sandbox.config(
            "[agents.codex-mcp-server]\nreview = { arguments = { approval-policy = \"on-request\" } }",
        );
        let made = sandbox.path().join("made");
        let arguments = json!({
            "cmd": format!("touch {}", made.display()), "sandbox_permissions": "require_escalated",
            "justification": "It must be made.",
        });
        model.script([Step::call("exec_command", arguments), finding("codex")]);
        let mut editor = Editor::start(&sandbox);
        editor.open("src/main.rs");
        let uri = editor.uri("src/main.rs");
        editor.execute("crosscheck.review", json!({ "scope": "file", "uri": uri }));
        let question = editor.choose(Some(title));
        let message = question["message"].as_str().unwrap();
        assert!(message.contains("touch "), "{message}");
        editor.progress_end();
        editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
        assert_eq!(made.exists(), is_made, "{title}: {}", heard(&model));
        editor.ignore("window/showMessage");
        editor.shutdown();
    }
}

/// The last request to a model.
fn heard(model: &Model) -> Value {
    model.asked().pop().map(|it| it.body).unwrap_or_default()
}
