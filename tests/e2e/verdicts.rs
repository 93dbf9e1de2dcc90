//! Decisions about findings, as a person at a terminal makes them: dismissed stays away, undone is back, the team's
//! baseline and comments in the code hide and are counted.

use crate::{CODE, FINDS_ADD, workspace};
use serde_json::{Value, json};
use tests::Sandbox;

/// The findings of a review that asks anew, as (path, line, id), and the whole document.
fn review(sandbox: &Sandbox, path: &str) -> (Vec<(String, u64, String)>, Value) {
    let ran = sandbox.crosscheck(&["review", path, "--fresh", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let found = document["findings"].as_array().unwrap().iter().map(|it| {
        (
            it["path"].as_str().unwrap().to_owned(),
            it["place"]["start_line"].as_u64().unwrap(),
            it["id"].as_str().unwrap().to_owned(),
        )
    });
    (found.collect(), document)
}

/// A script whose agent says one thing of a file.
fn says(path: &str, quote: &str, title: &str) -> String {
    let finding = json!({"findings": [{
        "path": path, "quote": quote, "severity": "warning", "category": "correctness", "title": title, "body": "",
    }]});
    format!("on call\nanswer {finding}\n")
}

/// Gives the agent of the workspace other words.
fn rescript(sandbox: &Sandbox, script: &str) {
    std::fs::write(sandbox.path().join("agents/alpha"), script).unwrap();
}

fn listed(sandbox: &Sandbox) -> Value {
    let ran = sandbox.crosscheck(&["dismissed", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_dismissed_finding_stays_away_through_renames_and_other_words_until_it_is_taken_back() {
    let mut sandbox = workspace(FINDS_ADD);
    let (found, _) = review(&sandbox, "src/main.rs");
    let [(_, 2, id)] = found.as_slice() else {
        panic!("{found:?}")
    };
    let ran = sandbox.crosscheck(&["dismiss", &id[..6], "--reason", "intended"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.contains("dismissed here: `add` does not exist"),
        "{ran:?}"
    );

    // The file is renamed, indented and longer; the agent has other words and quotes more.
    std::fs::remove_file(sandbox.root().join("src/main.rs")).unwrap();
    let moved = CODE.replace("    ", "\t\t");
    sandbox.file("lib/start.rs", format!("// New.\nuse std::fmt;\n\n{moved}"));
    rescript(
        &sandbox,
        &says(
            "lib/start.rs",
            "let total = add(1, 2);",
            "There is no function add",
        ),
    );
    let (found, document) = review(&sandbox, "lib/start.rs");
    assert_eq!(found, [], "{document:#}");
    assert_eq!(document["agents"][0]["dismissed"], 1);
    // Whoever says it.
    rescript(&sandbox, "on call\nanswer {\"findings\":[]}\n");
    sandbox.agent(
        "beta",
        &says("lib/start.rs", "add(1, 2)", "Undefined name `add`"),
    );
    assert_eq!(review(&sandbox, "lib/start.rs").0, []);

    let list = listed(&sandbox);
    let [verdict] = list["verdicts"].as_array().unwrap().as_slice() else {
        panic!("{list:#}")
    };
    assert_eq!(verdict["reason"], "intended");
    let number = verdict["id"].to_string();
    let hidden = list["hidden"].as_array().unwrap();
    assert!(
        hidden
            .iter()
            .any(|it| it["agent"] == "beta" && it["why"].as_str().unwrap().contains("intended")),
        "{list:#}"
    );
    let ran = sandbox.crosscheck(&["dismissed", "--undo", "999"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = sandbox.crosscheck(&["dismissed", "--undo", &number]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (found, _) = review(&sandbox, "lib/start.rs");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.as_str(), found[0].1), ("lib/start.rs", 5));
}

#[test]
fn a_finding_keeps_its_name_in_other_words_and_places() {
    let sandbox = workspace(FINDS_ADD);
    let (found, _) = review(&sandbox, "src/main.rs");
    let id = found[0].2.clone();
    sandbox.file("src/main.rs", format!("// One.\n// Two.\n{CODE}"));
    rescript(
        &sandbox,
        &says(
            "src/main.rs",
            "let total = add(1, 2);",
            "The function add is not defined",
        ),
    );
    let (found, _) = review(&sandbox, "src/main.rs");
    assert_eq!(found, [("src/main.rs".to_owned(), 4, id.clone())]);
    // Moved to another file.
    sandbox.file("src/main.rs", "fn main() {}\n");
    sandbox.file("src/sum.rs", format!("\n{CODE}"));
    rescript(
        &sandbox,
        &says(
            "src/sum.rs",
            "let total = add(1, 2);",
            "`add` does not exist",
        ),
    );
    let (found, _) = review(&sandbox, "src/sum.rs");
    assert_eq!(found, [("src/sum.rs".to_owned(), 3, id)]);
}

#[test]
fn dismissed_here_does_not_outlive_its_text() {
    let sandbox = workspace(FINDS_ADD);
    let (found, _) = review(&sandbox, "src/main.rs");
    sandbox.crosscheck(&["dismiss", &found[0].2, "--reason", "not-now"]);
    assert_eq!(review(&sandbox, "src/main.rs").0, []);
    sandbox.file("src/main.rs", CODE.replace("add(1, 2)", "add(1, 3)"));
    rescript(
        &sandbox,
        &says("src/main.rs", "add(1, 3)", "`add` does not exist"),
    );
    let (found_again, _) = review(&sandbox, "src/main.rs");
    assert_eq!(found_again, found, "the same finding, wanted again");
}

#[test]
fn the_baseline_hides_for_everybody_and_is_counted() {
    let sandbox = workspace(FINDS_ADD);
    assert_eq!(review(&sandbox, "src/main.rs").0.len(), 1);
    let ran = sandbox.crosscheck(&["baseline"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.contains("1 finding added, 0 removed, 1 in it"),
        "{ran:?}"
    );
    // Somebody else has another ledger and the same file.
    std::fs::remove_dir_all(sandbox.state()).unwrap();
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.contains("1 in the baseline"),
        "never silently clean: {ran:?}"
    );

    sandbox.file(
        ".crosscheck/baseline.json",
        "{\"version\": 1, \"findings\": [\n17\n]}",
    );
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr.contains(".crosscheck/baseline.json:2: "),
        "{ran:?}"
    );
}

#[test]
fn what_nothing_matches_any_more_is_pruned() {
    let sandbox = workspace(FINDS_ADD);
    review(&sandbox, "src/main.rs");
    sandbox.crosscheck(&["baseline"]);
    rescript(&sandbox, "on call\nanswer {\"findings\":[]}\n");
    sandbox.file("src/main.rs", "fn main() {}\n");
    review(&sandbox, "src/main.rs");
    let ran = sandbox.crosscheck(&["baseline", "--prune"]);
    assert!(
        ran.stderr.contains("0 findings added, 1 removed, 0 in it"),
        "{ran:?}"
    );
}

#[test]
fn a_comment_in_the_code_hides_and_is_counted() {
    let sandbox = workspace(FINDS_ADD);
    sandbox.file(
        "src/main.rs",
        CODE.replace(
            "    let",
            "    // crosscheck: ignore correctness — defined by a macro\n    let",
        ),
    );
    let (found, document) = review(&sandbox, "src/main.rs");
    assert_eq!(found, []);
    assert_eq!(
        document["agents"][0]["left_out"]["comments"], 1,
        "{document:#}"
    );
    let list = listed(&sandbox);
    assert!(
        list["hidden"][0]["why"]
            .as_str()
            .unwrap()
            .contains("defined by a macro"),
        "{list:#}"
    );
    sandbox.file("src/main.rs", CODE.replace("2);", "2); // nosemgrep"));
    assert_eq!(
        review(&sandbox, "src/main.rs").0.len(),
        1,
        "not honoured unless it is configured"
    );
}

#[test]
fn an_accepted_finding_is_shown_again() {
    let sandbox = workspace(FINDS_ADD);
    let (found, _) = review(&sandbox, "src/main.rs");
    sandbox.crosscheck(&["dismiss", &found[0].2, "--reach", "kind"]);
    assert_eq!(review(&sandbox, "src/main.rs").0, []);
    let ran = sandbox.crosscheck(&["accept", &found[0].2]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(review(&sandbox, "src/main.rs").0, found);
}

#[test]
fn an_editor_takes_a_dismissal_back() {
    use tests::Editor;
    let sandbox = workspace(FINDS_ADD);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    let id = found[0]["data"].clone();
    let accepted = editor.execute("crosscheck.accept", json!({ "id": id }));
    assert_eq!(accepted, json!({ "accepted": true }));
    let dismissed = editor.execute(
        "crosscheck.dismiss",
        json!({ "id": id, "reach": "kind-in-file", "reason": "wrong" }),
    );
    assert_eq!(dismissed, json!({ "dismissed": true }));
    editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);
    editor.review("src/main.rs");
    editor.execute("crosscheck.undismiss", json!({ "id": id }));
    let again = editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    assert_eq!(again[0]["data"], id);
    editor.shutdown();
}
