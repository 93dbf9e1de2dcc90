//! `crosscheck review` and its kin, as a person at a terminal or a CI job sees them.

use crate::{CODE, FINDS_ADD, FINDS_NOTHING, workspace};
use expect_test::expect;
use serde_json::Value;
use tests::sandbox;

/// Durations differ from run to run.
fn timeless(text: &str) -> String {
    let cut = |line: &str| {
        line.split_once(" · ")
            .map_or(line.to_owned(), |it| it.0.to_owned())
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_finding_is_shown_with_its_code_and_fix() {
    let sandbox = workspace(FINDS_ADD);
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    expect![[r#"
        warning[correctness]: `add` does not exist  a105cd5b
          ╭▸ src/main.rs:2:17
          │
        1 │ fn main() {
        2 │     let total = add(1, 2);
          │                 ━━━━━━━━━
        3 │     println!("{total}");
          │
          ├ Nothing named `add` is in scope.
          ╰ by: alpha
        help: replace it
          ╭╴
        2 -     let total = add(1, 2);
        2 +     let total = 1 + 2;
          ╰╴

    "#]]
    .assert_eq(&ran.stdout);
    expect!["1 warning in 1 file"].assert_eq(&timeless(&ran.stderr));
    assert_eq!(ran.code, 1);
}

#[test]
fn nothing_found_is_exit_code_0() {
    let sandbox = workspace(FINDS_NOTHING);
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    expect!["nothing found in 1 file"].assert_eq(&timeless(&ran.stderr));
}

#[test]
fn the_severity_that_fails_can_be_chosen() {
    let sandbox = workspace(FINDS_ADD);
    for (fail_on, code) in [
        ("error", 0),
        ("warning", 1),
        ("info", 1),
        ("hint", 1),
        ("never", 0),
    ] {
        let ran = sandbox.crosscheck(&["review", "src/main.rs", "--fail-on", fail_on]);
        assert_eq!(ran.code, code, "--fail-on {fail_on}: {ran:?}");
    }
}

#[test]
fn two_agents_that_agree_are_one_finding() {
    let mut sandbox = workspace(FINDS_ADD);
    sandbox.agent(
        "beta",
        &FINDS_ADD
            .replace("`add` does not exist", "no function named `add` exists")
            .replace("warning", "error"),
    );
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{document:#}");
    assert_eq!(findings[0]["agents"], serde_json::json!(["alpha", "beta"]));
    assert_eq!(findings[0]["severity"], "error");
    assert_eq!(
        findings[0]["place"],
        serde_json::json!({ "start_line": 2, "start_column": 17, "end_line": 2, "end_column": 26 })
    );
    assert_eq!(document["complete"], true);
}

#[test]
fn sarif_names_the_place_and_the_fix() {
    let sandbox = workspace(FINDS_ADD);
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "sarif"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let result = &document["runs"][0]["results"][0];
    assert_eq!(result["level"], "warning");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "src/main.rs");
    assert_eq!(
        place["region"],
        serde_json::json!({ "startLine": 2, "startColumn": 17, "endLine": 2, "endColumn": 26 })
    );
    assert_eq!(
        result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
        "1 + 2"
    );
}

#[test]
fn changes_are_reviewed_where_they_are() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.file("untouched.rs", "fn untouched() {}\n");
    sandbox.commit();
    sandbox.file("src/main.rs", CODE.replace("add(1, 2)", "add(1, 3)"));
    sandbox.file("new.rs", "fn new() {}\n");
    sandbox.agent("alpha", "on call\nanswer {\"findings\":[]}\n");
    let ran = sandbox.crosscheck(&["review", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        document["files"],
        serde_json::json!(["new.rs", "src/main.rs"]),
        "{document:#}"
    );
    let sent = sandbox.sent_to("alpha");
    assert!(
        sent.contains("add(1, 3)") && !sent.contains("untouched"),
        "{sent}"
    );
}

#[test]
fn changes_can_be_narrowed_to_paths() {
    let mut sandbox = sandbox!();
    sandbox.file("a/one.rs", "fn one() {}\n");
    sandbox.file("b/two.rs", "fn two() {}\n");
    sandbox.commit();
    sandbox.file("a/one.rs", "fn one() { 1; }\n");
    sandbox.file("b/two.rs", "fn two() { 2; }\n");
    sandbox.agent("alpha", FINDS_NOTHING);
    let ran = sandbox.crosscheck(&["review", "--uncommitted", "b", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["files"], serde_json::json!(["b/two.rs"]));
}

#[test]
fn no_changes_is_clean_and_says_so() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.commit();
    sandbox.agent("alpha", FINDS_NOTHING);
    let ran = sandbox.crosscheck(&["review"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    expect![[r#"
        note: no changes against HEAD
        nothing found"#]]
    .assert_eq(&timeless(&ran.stderr));
    assert_eq!(
        sandbox.sent_to("alpha"),
        "",
        "no agent is started for nothing"
    );
}

#[test]
fn staged_changes_are_those_of_the_index() {
    let mut sandbox = sandbox!();
    sandbox.file("a.rs", "fn a() {}\n");
    sandbox.commit();
    sandbox.file("a.rs", "fn a() { staged(); }\n");
    sandbox.git(&["add", "a.rs"]);
    sandbox.file("a.rs", "fn a() { working(); }\n");
    sandbox.agent("alpha", FINDS_NOTHING);
    let ran = sandbox.crosscheck(&["review", "--staged"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let sent = sandbox.sent_to("alpha");
    assert!(
        sent.contains("staged()") && !sent.contains("working()"),
        "{sent}"
    );
}

#[test]
fn a_branch_is_reviewed_against_its_base() {
    let mut sandbox = sandbox!();
    sandbox.file("a.rs", "fn a() {}\n");
    sandbox.commit();
    sandbox.git(&["checkout", "-q", "-b", "topic"]);
    sandbox.file("b.rs", "fn b() {}\n");
    sandbox.commit();
    sandbox.agent("alpha", FINDS_NOTHING);
    let ran = sandbox.crosscheck(&["review", "--base", "main", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        document["files"],
        serde_json::json!(["b.rs"]),
        "{document:#}"
    );
}

#[test]
fn agents_are_listed_with_where_they_come_from() {
    let mut sandbox = sandbox!();
    sandbox.config("[agents.house]\ncommand = [\"house-agent\", \"--mcp\"]\nprovider = \"house\"");
    let ran = sandbox.crosscheck(&["agents", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let names: Vec<&str> = document["agents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"builtin") && names.contains(&"house"),
        "{document:#}"
    );
}

#[test]
fn init_writes_a_file_that_is_valid_and_never_overwrites() {
    let sandbox = sandbox!();
    assert_eq!(sandbox.crosscheck(&["init"]).code, 0);
    let check = sandbox.crosscheck(&["config", "check"]);
    assert_eq!(check.code, 0, "{check:?}");
    sandbox.file("crosscheck.toml", "# mine\n");
    let again = sandbox.crosscheck(&["init"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("exists already"), "{again:?}");
    assert_eq!(sandbox.read("crosscheck.toml"), "# mine\n");
}

#[test]
fn doctor_finds_what_is_wrong_and_says_what_to_do() {
    let mut sandbox = sandbox!();
    sandbox.agent("well", FINDS_NOTHING);
    sandbox.agent("toolless", "tools something-else\n");
    sandbox.agent("dying", "on start\nstderr no licence\nexit 3\n");
    sandbox.config("[agents.missing]\ncommand = [\"no-such-program-anywhere\"]");
    let ran = sandbox.crosscheck(&["doctor", "well", "toolless", "dying", "missing"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for said in [
        "no tool",
        "something-else",
        "no licence",
        "no-such-program-anywhere",
    ] {
        assert!(ran.stdout.contains(said), "{said} is not in {}", ran.stdout);
    }
}

#[test]
fn completions_and_schema_are_printed() {
    let sandbox = sandbox!();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            sandbox
                .crosscheck(&["completions", shell])
                .stdout
                .contains("crosscheck"),
            "{shell}"
        );
    }
    let schema: Value =
        serde_json::from_str(&sandbox.crosscheck(&["config", "schema"]).stdout).unwrap();
    assert!(schema["properties"]["agents"].is_object(), "{schema:#}");
}
