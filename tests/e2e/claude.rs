//! Claude Code itself behind `crosscheck agent claude`, with a model of ours behind it.

use crate::CODE;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use tests::model::{End, Step};
use tests::{Mcp, Model, Sandbox, real, sandbox};

fn stage() -> (Sandbox, Model) {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let model = real::claude(&mut sandbox);
    (sandbox, model)
}

fn start(sandbox: &Sandbox) -> Mcp {
    Mcp::start(sandbox, &["agent", "claude"])
}

fn question(sandbox: &Sandbox, prompt: &str) -> Value {
    json!({ "prompt": prompt, "root": sandbox.root() })
}

fn edit(sandbox: &Sandbox) -> Value {
    json!({ "instructions": "Do it.", "root": sandbox.root(), "targets": [{ "path": "src/main.rs" }] })
}

#[test]
fn a_review_has_findings_and_what_it_cost() {
    let (sandbox, model) = stage();
    model.script([
        Step::call(
            "Read",
            json!({ "file_path": sandbox.root().join("src/main.rs") }),
        ),
        Step::form(crate::real_finding("claude")).usage(1000, 50),
    ]);
    let mut claude = start(&sandbox);
    let request = json!({ "instructions": "Look.", "root": sandbox.root(), "targets": [{ "path": "src/main.rs" }] });
    let answer = claude.answer("review", request);
    assert_eq!(answer["findings"][0]["quote"], "add(1, 2)", "{answer:#}");
    assert!(
        answer["usage"]["cost_usd"].as_f64().unwrap() > 0.0,
        "{answer:#}"
    );
    assert!(answer["session"].is_string(), "{answer:#}");
    assert!(!claude.progress.is_empty(), "it was said what happens");
    assert_eq!(claude.asked, Vec::<Value>::new(), "a review asks nothing");
    assert_eq!(claude.end(), 0);
}

#[test]
fn an_edit_writes_under_the_root() {
    let (sandbox, model) = stage();
    let file = sandbox.root().join("src/main.rs");
    model.script([
        Step::call("Read", json!({ "file_path": file })),
        Step::call(
            "Edit",
            json!({ "file_path": file, "old_string": "add(1, 2)", "new_string": "1 + 2" }),
        ),
        Step::text("It is done."),
    ]);
    let mut claude = start(&sandbox);
    let answer = claude.answer("edit", edit(&sandbox));
    assert_eq!(
        sandbox.read("src/main.rs"),
        CODE.replace("add(1, 2)", "1 + 2")
    );
    assert_eq!(answer["summary"], "It is done.");
}

#[test]
fn a_command_of_an_edit_is_asked_about() {
    for (reply, runs) in [
        (
            json!({ "action": "accept", "content": { "decision": "allow" } }),
            true,
        ),
        (
            json!({ "action": "accept", "content": { "decision": "deny" } }),
            false,
        ),
        (json!({ "action": "decline" }), false),
    ] {
        let (sandbox, model) = stage();
        let made = sandbox.root().join("made");
        model.script([
            Step::shell(format!("touch {}", made.display())),
            Step::text("It is done."),
        ]);
        let mut claude = start(&sandbox);
        claude.reply = reply.clone();
        claude.answer("edit", edit(&sandbox));
        let [asked] = claude.asked.as_slice() else {
            panic!("one question: {:#?}", claude.asked);
        };
        let params = &asked["params"];
        assert!(
            params["message"].as_str().unwrap().contains("touch"),
            "{params:#}"
        );
        let command = params["_meta"]["crosscheck/approval"]["command"]
            .as_str()
            .unwrap();
        assert!(command.contains("touch"), "{params:#}");
        assert_eq!(made.exists(), runs, "{reply}");
    }
}

#[test]
fn a_session_outlives_the_adapter() {
    let (sandbox, model) = stage();
    model.script([Step::text("I shall."), Step::text("The word was `teapot`.")]);
    let mut claude = start(&sandbox);
    let first = claude.answer("ask", question(&sandbox, "Remember the word `teapot`."));
    assert_eq!(claude.end(), 0);
    let mut claude = start(&sandbox);
    let mut request = question(&sandbox, "Which word?");
    request["session"] = first["session"].clone();
    let second = claude.answer("ask", request);
    assert_eq!(second["text"], "The word was `teapot`.");
    let asked = model.asked();
    let body = asked[1].body.to_string();
    assert!(
        body.contains("Remember the word `teapot`.") && body.contains("I shall."),
        "{body}"
    );
}

#[test]
fn a_cancelled_call_leaves_it_usable() {
    let (sandbox, model) = stage();
    model.script([Step::silence(), Step::text("Here.")]);
    let mut claude = start(&sandbox);
    let id = claude.begin("ask", question(&sandbox, "Well?"));
    crate::until("the model is asked", || !model.asked().is_empty());
    claude.cancel(id);
    assert_eq!(
        claude.answer("ask", question(&sandbox, "Still there?"))["text"],
        "Here."
    );
    crate::until("the first request is gone", || {
        model.asked()[0].end == Some(End::ClientGone)
    });
}

/// What a call says when the model's service does this.
fn trouble(step: Step, said: &Expect) {
    let (sandbox, model) = stage();
    model.always(step);
    let refusal = start(&sandbox).refusal("ask", question(&sandbox, "Well?"));
    let address = model.url().replace("http://", "");
    said.assert_eq(&refusal.replace(&address, "[model]"));
}

#[test]
fn a_service_in_trouble_is_one_clear_sentence() {
    trouble(
        Step::status(401),
        &expect![
            "Claude Code is not logged in, or its login is not accepted: Failed to authenticate. API Error: 401 the model's service refused with 401; run `claude` once and log in, or set ANTHROPIC_API_KEY"
        ],
    );
    trouble(
        Step::status(429),
        &expect![
            "Claude Code has reached a rate or usage limit: API Error: Request rejected (429) · the model's service refused with 429; try again later, or use another agent"
        ],
    );
    trouble(
        Step::status(500),
        &expect![
            "the service behind Claude Code has an error: API Error: 500 the model's service refused with 500. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway ([model]); try again in a few minutes"
        ],
    );
    trouble(
        Step::status(529),
        &expect![
            "the service behind Claude Code is overloaded: API Error: 529 the model's service refused with 529. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway ([model]); try again in a few minutes"
        ],
    );
}

#[test]
fn a_service_that_is_not_there() {
    let mut sandbox = sandbox!();
    real::claude_offline(&mut sandbox);
    let said = start(&sandbox).refusal("ask", question(&sandbox, "Well?"));
    expect!["the service behind Claude Code has an error: API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED); try again in a few minutes"].assert_eq(&said);
}

#[test]
fn a_service_that_is_silent_ends_with_the_deadline() {
    let (mut sandbox, model) = stage();
    model.always(Step::silence());
    sandbox.config("[agents.claude]\npreset = \"contract\"\ncommand = [\"crosscheck\", \"agent\", \"claude\"]\ntimeout = \"6s\"");
    crate::reviewed_in_vain(&sandbox, &expect!["agent `claude` did not answer within 6s; the call was stopped"]);
    crate::until("no request is left", || {
        model
            .asked()
            .iter()
            .all(|it| it.end == Some(End::ClientGone))
    });
}

#[test]
fn no_claude_at_all() {
    let mut sandbox = sandbox!();
    sandbox.env("PATH", sandbox.path().join("bin"));
    let said = start(&sandbox).refusal("ask", question(&sandbox, "Well?"));
    expect!["`claude` was not found in PATH ([sandbox]/bin); install Claude Code (`npm install -g @anthropic-ai/claude-code`), or say where it is with `crosscheck agent claude --program PATH`"].assert_eq(&sandbox.mask(&said));
}
