//! Claude Code itself behind `crosscheck agent claude`, with a model of ours behind it.

use crate::adapter::{Scene, refusal, replies};
use expect_test::expect;
use serde_json::json;
use tests::model::Step;
use tests::{real, sandbox};

fn scene() -> Option<Scene> {
    Scene::new("claude", real::claude)
}

#[test]
fn a_review_has_findings_and_what_it_cost() {
    let Some(scene) = scene() else { return };
    let file = scene.sandbox.root().join("src/main.rs");
    let answer = scene.reviews(Step::call("Read", json!({ "file_path": file })));
    assert!(
        answer["usage"]["cost_usd"].as_f64().unwrap() > 0.0,
        "{answer:#}"
    );
}

#[test]
fn an_edit_writes_under_the_root() {
    let Some(scene) = scene() else { return };
    let file = scene.sandbox.root().join("src/main.rs");
    let change = json!({ "file_path": file, "old_string": "add(1, 2)", "new_string": "1 + 2" });
    scene.edits([
        Step::call("Read", json!({ "file_path": file })),
        Step::call("Edit", change),
    ]);
}

#[test]
fn a_command_of_an_edit_is_asked_about() {
    for (reply, runs) in replies() {
        let Some(scene) = scene() else { return };
        let made = scene.sandbox.root().join("made");
        let step = Step::shell(format!("touch {}", made.display()));
        assert_eq!(scene.touches(step, &made, reply), runs);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_ends_with_its_call_and_with_the_adapter() {
    let Some(scene) = scene() else { return };
    scene.ends_its_commands(true, |command| {
        Step::shell(format!("touch started && {command}"))
    });
}

#[test]
fn a_session_outlives_the_adapter() {
    let Some(scene) = scene() else { return };
    scene.remembers();
}

#[test]
fn a_cancelled_call_leaves_it_usable() {
    let Some(scene) = scene() else { return };
    scene.can_be_cancelled();
}

#[test]
fn a_service_that_is_silent_ends_with_the_deadline() {
    let Some(mut scene) = scene() else { return };
    scene.has_a_deadline();
}

#[test]
fn a_service_in_trouble_is_one_clear_sentence() {
    let Some(scene) = scene() else { return };
    scene.says(
        Step::status(401),
        &expect![
            "Claude Code is not logged in, or its login is not accepted: Failed to authenticate. API Error: 401 the model's service refused with 401; run `claude` once and log in, or set ANTHROPIC_API_KEY"
        ],
    );
    scene.says(
        Step::status(429),
        &expect![
            "Claude Code has reached a rate or usage limit: API Error: Request rejected (429) · the model's service refused with 429; try again later, or use another agent"
        ],
    );
    scene.says(
        Step::status(529),
        &expect![
            "the service behind Claude Code is overloaded: API Error: 529 the model's service refused with 529. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway ([model]); try again in a few minutes"
        ],
    );
}

#[test]
fn a_service_that_is_not_there() {
    let mut sandbox = sandbox!();
    let Some(()) = real::claude_offline(&mut sandbox) else {
        return;
    };
    expect!["Claude Code cannot reach its service: API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED); check the network, the proxy, and ANTHROPIC_BASE_URL if it is set"].assert_eq(&refusal(&sandbox, "claude"));
}

#[test]
fn no_claude_at_all() {
    let mut sandbox = sandbox!();
    sandbox.env("PATH", sandbox.path().join("bin"));
    expect!["`claude` was not found in PATH ([sandbox]/bin); install Claude Code (`npm install -g @anthropic-ai/claude-code`), or say where it is with `crosscheck agent claude --program PATH`"].assert_eq(&refusal(&sandbox, "claude"));
}
