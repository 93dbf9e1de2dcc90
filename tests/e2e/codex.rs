//! Codex itself behind `crosscheck agent codex`, with a model of ours behind it.

use crate::adapter::{Scene, refusal, replies};
use expect_test::expect;
use serde_json::json;
use tests::model::Step;
use tests::{real, sandbox};

fn scene() -> Option<Scene> {
    Scene::new("codex", real::codex)
}

#[test]
fn a_review_has_findings_and_what_it_cost() {
    let Some(scene) = scene() else { return };
    let answer = scene.reviews(Step::shell("cat src/main.rs"));
    assert_eq!(answer["usage"]["output_tokens"], 70, "{answer:#}");
}

#[test]
fn an_edit_writes_under_the_root() {
    let patch = "*** Begin Patch\n*** Update File: src/main.rs\n@@\n-    let total = add(1, 2);\n+    let total = 1 + 2;\n*** End Patch";
    let Some(scene) = scene() else { return };
    scene.edits([Step::patch(patch)]);
}

#[test]
fn a_command_of_an_edit_is_asked_about() {
    for (reply, runs) in replies() {
        let Some(scene) = scene() else { return };
        // Outside of where Codex may write by itself.
        let made = scene.sandbox.path().join("made");
        let arguments = json!({
            "cmd": format!("touch {}", made.display()), "sandbox_permissions": "require_escalated",
            "justification": "It must be made.",
        });
        let step = Step::call("exec_command", arguments);
        assert_eq!(scene.touches(step, &made, reply), runs);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_ends_with_its_call_and_with_the_adapter() {
    let Some(scene) = scene() else { return };
    scene.ends_its_commands(false, |command| Step::shell(command));
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
            "the model's provider does not accept Codex's login: unexpected status 401 Unauthorized: the model's service refused with 401, url: http://[model]/v1/responses; run `codex login` in a terminal, or correct the key of the provider that its configuration names"
        ],
    );
    scene.says(
        Step::status(429),
        &expect![
            "the model's provider limits the rate of requests: exceeded retry limit, last status: 429 Too Many Requests; try again later"
        ],
    );
    scene.says(
        Step::status(500),
        &expect![
            "the model's provider has trouble: We’re currently experiencing high demand, which may cause temporary errors; try again later"
        ],
    );
    scene.says(
        Step::text("half an answer").cut(),
        &expect![
            "the connection to the model's provider broke off: stream disconnected before completion: stream closed before response.completed; try again, and check the network if it happens again"
        ],
    );
}

#[test]
fn a_service_that_is_not_there() {
    let mut sandbox = sandbox!();
    let Some(()) = real::codex_offline(&mut sandbox) else {
        return;
    };
    expect!["Codex cannot reach the model's provider: Connection failed: error sending request; check the network and the provider's address"].assert_eq(&refusal(&sandbox, "codex"));
}

#[test]
fn no_codex_at_all() {
    let mut sandbox = sandbox!();
    sandbox.env("PATH", sandbox.path().join("bin"));
    expect!["Codex is not installed: `codex` was not found in PATH ([sandbox]/bin); install it with `npm install -g @openai/codex@latest`, or name the program with `--program`"].assert_eq(&refusal(&sandbox, "codex"));
}
