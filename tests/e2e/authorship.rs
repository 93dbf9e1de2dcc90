//! Nobody reviews his own change: what an agent proposed and the user applied is asked of the agents of other providers.

use crate::{FINDS_NOTHING, until};
use serde_json::{Value, json};
use tests::{Editor, Ran, Sandbox, sandbox};

/// Two functions with room between.
const CODE: &str = "fn first() -> u32 {\n    let total = add(1, 2);\n    total\n}\n\n\n\n\n\n\n\nfn last() -> u32 {\n    let rest = sub(3, 4);\n    rest\n}\n";

/// How `alpha` changes the first one.
const CHANGES: &str =
    "on call\nreplace src/lib.rs add(1, 2) => 1u32 + 2\nanswer {\"summary\":\"It adds now.\"}\n";

/// A repository with [`CODE`], where `alpha` makes changes and is asked for reviews together with `others`.
fn stage(others: &[&str]) -> Sandbox {
    let mut sandbox = sandbox!();
    sandbox.file("src/lib.rs", CODE);
    sandbox.commit();
    sandbox.agent("alpha", CHANGES);
    for name in others {
        sandbox.agent(name, FINDS_NOTHING);
    }
    let names: Vec<&str> = ["alpha"].iter().chain(others).copied().collect();
    sandbox.config(&format!(
        "[review]\nagents = {}\n[fix]\nagents = [\"alpha\"]",
        json!(names)
    ));
    sandbox
}

/// Has `alpha` change the first function and applies that; the proposal's name. From then on `alpha` finds nothing.
fn changed_by_alpha(sandbox: &Sandbox) -> String {
    let ran = sandbox.crosscheck(&["ask", "Add them.", "src/lib.rs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let open = document(&sandbox.crosscheck(&["proposals", "--format", "json"]));
    let id = open["proposals"][0]["id"].as_str().unwrap().to_owned();
    let ran = sandbox.crosscheck(&["apply", &id]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let text = sandbox.read("src/lib.rs");
    assert!(text.contains("1u32 + 2"), "{text}");
    script(sandbox, "alpha", FINDS_NOTHING);
    id
}

fn script(sandbox: &Sandbox, agent: &str, script: &str) {
    std::fs::write(sandbox.path().join("agents").join(agent), script).unwrap();
}

/// A script that finds fault with what `alpha` wrote.
fn finds_alphas(severity: &str) -> String {
    let finding = json!({
        "path": "src/lib.rs", "start_line": 2, "end_line": 2, "quote": "1u32 + 2", "severity": severity,
        "category": "correctness", "title": "The sum is a constant", "body": "It never changes.",
    });
    format!("on call\nanswer {}\n", json!({ "findings": [finding] }))
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The lines that an agent was asked to review, call by call.
fn asked(sandbox: &Sandbox, agent: &str) -> Vec<Value> {
    let sent = sandbox.sent_to(agent);
    let calls = sent.lines().filter_map(|it| {
        let message: Value = serde_json::from_str(it).ok()?;
        (message["params"]["name"] == "review")
            .then(|| message["params"]["arguments"]["targets"][0]["ranges"].clone())
    });
    calls.collect()
}

/// Changes the second function, as its user would.
fn edit_last(sandbox: &Sandbox) {
    let text = sandbox.read("src/lib.rs");
    sandbox.file("src/lib.rs", text.replace("sub(3, 4)", "4 - 3"));
}

#[test]
fn an_applied_change_is_asked_of_others_only() {
    let sandbox = stage(&["beta"]);
    let id = changed_by_alpha(&sandbox);
    script(&sandbox, "beta", &finds_alphas("warning"));
    let ran = sandbox.crosscheck(&["review"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let note = format!("not asked of `alpha` about 1 of 1 hunk: it wrote it (proposal {id})");
    assert!(ran.stderr.contains(&note), "{ran:?}");
    assert_eq!(asked(&sandbox, "alpha").len(), 0);
    assert_eq!(asked(&sandbox, "beta").len(), 1);
    // Nobody else could have said it: it is a warning, and no vote of two.
    assert!(ran.stdout.contains("warning"), "{ran:?}");
    assert!(!ran.stdout.contains("/2 agents"), "{ran:?}");

    // The others' answers are remembered, and what was left out is not taken for answered.
    let again = sandbox.crosscheck(&["review", "--format", "json"]);
    let report = document(&again);
    assert_eq!(report["complete"], true, "{report:#}");
    assert_eq!(asked(&sandbox, "beta").len(), 1);
    let alone = sandbox.crosscheck(&["review", "--agent", "alpha"]);
    assert_eq!(alone.code, 0, "{alone:?}");
    assert_eq!(
        asked(&sandbox, "alpha").len(),
        1,
        "it was never asked before"
    );
}

#[test]
fn only_the_changes_that_it_wrote_are_left_out() {
    let sandbox = stage(&["beta"]);
    let id = changed_by_alpha(&sandbox);
    edit_last(&sandbox);
    let ran = sandbox.crosscheck(&["review"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let note = format!("not asked of `alpha` about 1 of 2 hunks: it wrote it (proposal {id})");
    assert!(ran.stderr.contains(&note), "{ran:?}");
    let (first, last) = (
        json!({ "start_line": 2, "end_line": 2 }),
        json!({ "start_line": 13, "end_line": 13 }),
    );
    assert_eq!(asked(&sandbox, "alpha"), [json!([last])]);
    assert_eq!(asked(&sandbox, "beta"), [json!([first, last])]);
    let known = sandbox.crosscheck(&["review", "--format", "json"]);
    let memory = &document(&known)["agents"][0];
    assert_eq!(
        (&memory["hunks"], &memory["remembered"], &memory["own"]),
        (&json!(2), &json!(1), &json!(1)),
        "{known:?}"
    );
}

#[test]
fn a_change_that_the_user_edited_is_asked_of_everybody() {
    let sandbox = stage(&["beta"]);
    changed_by_alpha(&sandbox);
    let text = sandbox.read("src/lib.rs");
    sandbox.file("src/lib.rs", text.replace("    total\n", "    total * 2\n"));
    let ran = sandbox.crosscheck(&["review"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.stderr.contains("not asked of"), "{ran:?}");
    assert_eq!(asked(&sandbox, "alpha").len(), 1);
}

#[test]
fn what_was_taken_back_is_nobodys() {
    let sandbox = stage(&["beta"]);
    changed_by_alpha(&sandbox);
    let ran = sandbox.crosscheck(&["revert"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // The user writes the same.
    let text = sandbox.read("src/lib.rs");
    sandbox.file("src/lib.rs", text.replace("add(1, 2)", "1u32 + 2"));
    let ran = sandbox.crosscheck(&["review"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(asked(&sandbox, "alpha").len(), 1, "{ran:?}");
}

#[test]
fn alone_it_reviews_its_own_change_and_that_is_said() {
    let sandbox = stage(&[]);
    let id = changed_by_alpha(&sandbox);
    let ran = sandbox.crosscheck(&["review"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(asked(&sandbox, "alpha").len(), 1);
    let note = format!(
        "1 of 1 hunk reviewed by `alpha` alone, although it wrote it (proposal {id}); configure an agent of another \
         provider in `[review] agents`"
    );
    assert!(ran.stderr.contains(&note), "{ran:?}");
}

#[test]
fn a_linter_is_no_second_opinion() {
    let mut sandbox = stage(&[]);
    changed_by_alpha(&sandbox);
    sandbox.config("[agents.builtin]");
    let ran = sandbox.crosscheck(&["review", "--agent", "alpha", "--agent", "builtin"]);
    assert!(ran.stderr.contains("reviewed by `alpha` alone"), "{ran:?}");
    assert_eq!(asked(&sandbox, "alpha").len(), 1, "{ran:?}");
}

#[test]
fn a_file_that_it_made_is_its_own_without_git_too() {
    let mut sandbox = sandbox!();
    let text = "fn made() {\\n    let all = 1;\\n}\\n";
    sandbox.file("src/lib.rs", CODE);
    sandbox.agent(
        "alpha",
        &format!("on call\nwrite src/made.rs {text}\nanswer {{\"summary\":\"Made.\"}}\n"),
    );
    sandbox.agent("beta", FINDS_NOTHING);
    sandbox.config("[review]\nagents = [\"alpha\", \"beta\"]\n[fix]\nagents = [\"alpha\"]");
    let ran = sandbox.crosscheck(&["ask", "Make it.", "src/lib.rs", "--write"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    script(&sandbox, "alpha", FINDS_NOTHING);
    let ran = sandbox.crosscheck(&["review", "src/made.rs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr
            .contains("not asked of `alpha` about 1 of 1 hunk"),
        "{ran:?}"
    );
    assert_eq!(
        (
            asked(&sandbox, "alpha").len(),
            asked(&sandbox, "beta").len()
        ),
        (0, 1)
    );
}

#[test]
fn a_fallback_does_not_get_its_own_change_by_the_back_door() {
    let mut sandbox = sandbox!();
    sandbox.file("src/lib.rs", CODE);
    sandbox.commit();
    sandbox.agent("alpha", CHANGES);
    let refused = "on call\nis-error You exceeded your current quota, please check your plan and billing details.\n";
    sandbox.agent_with("beta", refused, "fallback = \"alpha\"");
    sandbox.config("[review]\nagents = [\"beta\"]\n[fix]\nagents = [\"alpha\"]");
    let id = changed_by_alpha(&sandbox);
    let ran = sandbox.crosscheck(&["review"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let reason = format!(
        "it was not asked about 1 of 1 hunk: it wrote it (proposal {id}), and nobody else is left to review that"
    );
    assert!(ran.stderr.contains(&reason), "{ran:?}");
    assert_eq!(asked(&sandbox, "alpha").len(), 0);

    // What it did not write it takes over.
    edit_last(&sandbox);
    let ran = sandbox.crosscheck(&["review"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let last = json!({ "start_line": 13, "end_line": 13 });
    assert_eq!(asked(&sandbox, "alpha"), [json!([last])]);
}

#[test]
fn the_author_is_not_asked_to_refute_what_is_said_of_its_change() {
    let sandbox = stage(&["beta"]);
    changed_by_alpha(&sandbox);
    script(&sandbox, "beta", &finds_alphas("error"));
    let ran = sandbox.crosscheck(&["review", "--verify=lone"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr
            .contains("`beta` said it and `alpha` wrote the code"),
        "{ran:?}"
    );
    assert!(!sandbox.sent_to("alpha").contains("refute"), "{ran:?}");
}

#[test]
fn an_editor_asks_others_only_about_what_was_applied_in_it() {
    let sandbox = stage(&["beta"]);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/lib.rs");
    editor.configured();
    let uri = editor.uri("src/lib.rs");
    editor.execute(
        "crosscheck.ask",
        json!({ "uri": uri, "prompt": "Add them." }),
    );
    let proposed = editor.diagnostics_until("src/lib.rs", |it| !it.is_empty());
    editor.wait("window/showMessage");
    let id = proposed[0]["data"]["proposal"].clone();
    editor.execute("crosscheck.apply", json!({ "id": id }));
    editor.change("src/lib.rs", [1, 16, 1, 25], "1u32 + 2");
    editor.applies();
    script(&sandbox, "alpha", FINDS_NOTHING);
    script(&sandbox, "beta", &finds_alphas("warning"));
    until("the edit is taken for applied", || {
        let open = document(&sandbox.crosscheck(&["proposals", "--format", "json"]));
        open["proposals"].as_array().unwrap().is_empty()
    });
    editor.execute(
        "crosscheck.review",
        json!({ "scope": "changes", "uri": uri }),
    );
    let found = editor.diagnostics_until("src/lib.rs", |it| !it.is_empty());
    // Nobody else looks at this place: a warning, not information.
    assert_eq!(found[0]["severity"], 2, "{found:#?}");
    assert_eq!(
        found[0]["message"].as_str().unwrap().lines().next(),
        Some("The sum is a constant")
    );
    editor.progress_end();
    assert_eq!(
        (
            asked(&sandbox, "alpha").len(),
            asked(&sandbox, "beta").len()
        ),
        (0, 1)
    );
    editor.shutdown();
}

/// Has `alpha` propose its change; the proposal's name. From then on `alpha` finds nothing.
fn proposed_by_alpha(sandbox: &Sandbox) -> String {
    let ran = sandbox.crosscheck(&["ask", "Add them.", "src/lib.rs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    script(sandbox, "alpha", FINDS_NOTHING);
    let open = document(&sandbox.crosscheck(&["proposals", "--format", "json"]));
    open["proposals"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_proposal_is_reviewed_before_it_is_applied() {
    let sandbox = stage(&["beta"]);
    let id = proposed_by_alpha(&sandbox);
    script(&sandbox, "beta", &finds_alphas("warning"));
    let ran = sandbox.crosscheck(&["review", "--proposal", &id[..5]]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for said in [
        format!("this is about proposal {id} of `alpha`"),
        "not asked: `alpha`, since `alpha` made it".to_owned(),
    ] {
        assert!(ran.stderr.contains(&said), "{said}: {ran:?}");
    }
    // Nobody else is asked, who could agree: it is a warning.
    for said in [
        "warning[correctness]: The sum is a constant\n",
        "src/lib.rs:2:17",
        "1u32 + 2",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {ran:?}");
    }
    assert_eq!(asked(&sandbox, "alpha").len(), 0);
    let line = json!([{ "start_line": 2, "end_line": 2 }]);
    assert_eq!(asked(&sandbox, "beta"), [line]);
    let sent = sandbox.sent_to("beta");
    assert!(sent.contains("-    let total = add(1, 2);"), "{sent}");
    assert!(sent.contains("is proposed and not applied"), "{sent}");

    // Nothing was written, and nothing is shown at places of files that are as they were.
    assert_eq!(sandbox.read("src/lib.rs"), CODE);
    let found = sandbox.crosscheck(&["findings"]);
    assert!(found.stderr.contains("no findings"), "{found:?}");
    let again = sandbox.crosscheck(&["review", "--proposal", &id, "--format", "json"]);
    let report = document(&again);
    assert_eq!(
        (&report["proposal"], &report["findings"][0]["title"]),
        (&json!(id), &json!("The sum is a constant")),
        "{report:#}"
    );
    assert_eq!(
        asked(&sandbox, "beta").len(),
        1,
        "it is answered from memory"
    );
}

#[test]
fn a_proposal_is_reviewed_by_its_author_where_nobody_else_is() {
    let sandbox = stage(&[]);
    let id = proposed_by_alpha(&sandbox);
    let ran = sandbox.crosscheck(&["review", "--proposal", &id]);
    assert_eq!(
        (ran.code, asked(&sandbox, "alpha").len()),
        (0, 1),
        "{ran:?}"
    );
    let said = "reviewed by `alpha` alone, although `alpha` made it; configure an agent of another provider";
    assert!(ran.stderr.contains(said), "{ran:?}");
}

#[test]
fn what_of_a_proposal_cannot_be_applied_is_not_reviewed() {
    let sandbox = stage(&["beta"]);
    let both = CHANGES.replace("answer", "replace src/lib.rs sub(3, 4) => 4u32 - 3\nanswer");
    script(&sandbox, "alpha", &both);
    let id = proposed_by_alpha(&sandbox);
    sandbox.file("src/lib.rs", CODE.replace("add(1, 2)", "add(2, 1)"));
    let ran = sandbox.crosscheck(&["review", "--proposal", &id]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("part 1 cannot be applied"), "{ran:?}");
    let last = json!([{ "start_line": 13, "end_line": 13 }]);
    assert_eq!(asked(&sandbox, "beta"), [last]);
    let ran = sandbox.crosscheck(&["review", "--proposal", "zzzz"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("there is no proposal `zzzz`"),
        "{ran:?}"
    );
    let ran = sandbox.crosscheck(&["review", "--proposal", &id, "--format", "sarif"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}
