//! Several agents on one file: who agrees with whom, and how much of it is shown.

use serde_json::{Value, json};
use tests::{Editor, Sandbox, sandbox};

const CODE: &str = "fn total(items: &[u64]) -> u64 {\n    let mut sum = 0;\n    for i in 0..=items.len() {\n        \
                    sum += items[i];\n    }\n    sum\n}\n";

/// A script whose agent has these findings: quote, severity, title, explanation.
fn finds(findings: &[[&str; 4]]) -> String {
    let findings: Vec<Value> = findings
        .iter()
        .map(|[quote, severity, title, body]| {
            let line = CODE.lines().position(|it| it.contains(quote)).unwrap() + 1;
            json!({
                "path": "src/lib.rs", "start_line": line, "end_line": line, "quote": quote, "severity": severity,
                "category": "correctness", "title": title, "body": body,
            })
        })
        .collect();
    format!("on call\nanswer {}\n", json!({ "findings": findings }))
}

/// Three agents of three providers that found the same fault, and one that found another.
fn four_agents() -> Sandbox {
    let mut sandbox = sandbox!();
    sandbox.file("src/lib.rs", CODE);
    for (agent, finding) in [
        (
            "alpha",
            [
                "0..=items.len()",
                "error",
                "Off-by-one: the loop runs past the end of `items`",
                "The last pass reads one element too many.",
            ],
        ),
        (
            "beta",
            [
                "items[i]",
                "warning",
                "`items[i]` panics when the loop index reaches `items.len()`",
                "",
            ],
        ),
        (
            "gamma",
            [
                "for i in 0..=items.len() {",
                "info",
                "Index out of bounds in the last pass of the loop over `items`",
                "",
            ],
        ),
        (
            "delta",
            ["let mut sum = 0;", "error", "The sum may overflow", ""],
        ),
    ] {
        sandbox.agent(agent, &finds(&[finding]));
    }
    sandbox
}

#[test]
fn what_three_say_in_their_own_words_is_one_diagnostic() {
    let sandbox = four_agents();
    let mut editor = Editor::start(&sandbox);
    editor.open("src/lib.rs");
    editor.review("src/lib.rs");
    let found = editor.diagnostics_until("src/lib.rs", |it| {
        it.len() == 2
            && it
                .iter()
                .any(|it| it["message"].as_str().unwrap().contains("(3/4 agents)"))
    });
    let [lone, agreed] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert_eq!(lone["message"], "The sum may overflow (1/4 agents)");
    assert_eq!(
        (&lone["severity"], &lone["source"]),
        (&json!(3), &json!("crosscheck (delta)"))
    );

    assert_eq!(agreed["severity"], 1);
    assert_eq!(agreed["source"], "crosscheck (alpha + beta + gamma)");
    let said = agreed["relatedInformation"].as_array().unwrap();
    assert_eq!(said.len(), 2, "{agreed:#}");

    let hover = editor.request(
        "textDocument/hover",
        json!({ "textDocument": { "uri": editor.uri("src/lib.rs") }, "position": agreed["range"]["start"] }),
    );
    let hover = hover["contents"]["value"].as_str().unwrap();
    for words in [
        "alpha · error",
        "beta · warning",
        "gamma · information",
        "alpha, beta and gamma say so; not delta · 91 % likely",
    ] {
        assert!(hover.contains(words), "{hover}");
    }
    editor.shutdown();
}

#[test]
fn a_terminal_tells_who_agrees() {
    let sandbox = four_agents();
    let ran = sandbox.crosscheck(&["review", "src/lib.rs", "--fail-on", "error"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("(3/4 agents)"), "{}", ran.stdout);
    assert!(ran.stderr.contains("1 error, 1 remark"), "{}", ran.stderr);

    let ran = sandbox.crosscheck(&[
        "review",
        "src/lib.rs",
        "--format",
        "json",
        "--agent",
        "delta",
    ]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let it = &document["findings"][0];
    assert_eq!(
        (&it["severity"], &it["claimed"]),
        (&json!("warning"), &json!("error")),
        "nobody else was asked"
    );
    assert_eq!(
        (&it["standing"], &it["providers_asked"]),
        (&json!("lone"), &json!(1))
    );
}

#[test]
fn the_most_important_is_shown_and_the_rest_is_counted() {
    let mut sandbox = sandbox!();
    sandbox.file("src/lib.rs", CODE);
    let subjects = ["cache", "socket", "header", "token", "cursor", "queue"];
    let titles = subjects.map(|it| format!("The {it} is not documented"));
    let remarks: Vec<[&str; 4]> = titles
        .iter()
        .map(|it| ["sum += items[i];", "hint", it, ""])
        .collect();
    let worse = ["let mut sum = 0;", "warning", "The total may overflow", ""];
    sandbox.agent("alpha", &finds(&[remarks, vec![worse]].concat()));
    sandbox.config("[review]\nmax_per_file = 3\n");

    let ran = sandbox.crosscheck(&["review", "src/lib.rs"]);
    assert_eq!(ran.stdout.matches("by: alpha").count(), 3, "{}", ran.stdout);
    assert!(
        ran.stdout.contains("The total may overflow"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("4 more: `--all`"), "{}", ran.stderr);
    let ran = sandbox.crosscheck(&["review", "src/lib.rs", "--all"]);
    assert_eq!(ran.stdout.matches("by: alpha").count(), 7, "{}", ran.stdout);
    assert!(!ran.stderr.contains("more:"), "{}", ran.stderr);
    let ran = sandbox.crosscheck(&["review", "src/lib.rs", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["findings"].as_array().unwrap().len(), 7);

    let mut editor = Editor::start(&sandbox);
    editor.open("src/lib.rs");
    let end = editor.review("src/lib.rs");
    assert!(end.contains("4 of the workspace's are not shown"), "{end}");
    editor.diagnostics_until("src/lib.rs", |it| it.len() == 3);
    let listed = editor.execute("crosscheck.findings", json!({}));
    assert_eq!(
        (
            listed["findings"].as_array().unwrap().len(),
            &listed["more"]
        ),
        (7, &json!(4))
    );
    let actions = editor.actions("src/lib.rs", [0, 0, 0, 0], &[]);
    let show = actions
        .iter()
        .find(|it| it["title"] == "Show 4 more findings of the workspace");
    let command = &show.unwrap_or_else(|| panic!("{actions:#?}"))["command"];
    let parameters = json!({ "command": command["command"], "arguments": command["arguments"] });
    editor.request("workspace/executeCommand", parameters);
    editor.diagnostics_until("src/lib.rs", |it| it.len() == 7);
    editor.execute("crosscheck.findings", json!({ "all": false }));
    editor.diagnostics_until("src/lib.rs", |it| it.len() == 3);
    editor.shutdown();
}

#[test]
fn what_a_linter_says_needs_nobody_who_agrees() {
    let mut sandbox = sandbox!();
    sandbox.file("src/lib.rs", CODE);
    let error = ["let mut sum = 0;", "error", "Undefined variable", ""];
    sandbox.agent_with("lint", &finds(&[error]), "rules = true\n");
    sandbox.agent("alpha", &finds(&[]));
    sandbox.agent("beta", &finds(&[]));
    let ran = sandbox.crosscheck(&["review", "src/lib.rs", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let it = &document["findings"][0];
    assert_eq!(
        (&it["severity"], &it["standing"]),
        (&json!("error"), &json!("rule")),
        "{document:#}"
    );
    assert_eq!(it["asked"], json!(["lint"]));
}
