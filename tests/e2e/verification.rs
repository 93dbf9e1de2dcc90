//! Findings that an agent of another provider is told to refute: in the terminal, in the editor, and at the end of a review.

use crate::{CODE, FINDS_ADD};
use serde_json::{Value, json};
use tests::{Editor, Ran, Sandbox, sandbox};

/// Steps of an agent that says what came of its check, by something in the file of the finding.
fn says(verdict: &str, quote: &str) -> String {
    says_by(verdict, "src/main.rs", quote)
}

/// The same by something in any file.
fn says_by(verdict: &str, path: &str, quote: &str) -> String {
    let answer = json!({
        "verdict": verdict, "why": "I followed every caller.", "failing_input": null,
        "evidence": [{ "path": path, "quote": quote }],
    });
    format!("tools ask\non call\nanswer {answer}\n")
}

/// Says that its quota is used up, as services say it.
const OUT_OF_QUOTA: &str = "tools ask\non call\nis-error You exceeded your current quota, please check your plan and billing details.\n";

/// A workspace in which `finder` finds one fault, and `judge` says what is told.
fn workspace(judge: &str) -> Sandbox {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent("finder", FINDS_ADD);
    sandbox.agent("judge", judge);
    sandbox.config("[review]\nagents = [\"finder\"]\n[verify]\nagents = [\"judge\"]");
    sandbox
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The name of the one finding of a review.
fn reviewed(sandbox: &Sandbox) -> String {
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let found = document(&ran);
    found["findings"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_terminal_has_findings_verified_and_remembers_the_checks() {
    let sandbox = workspace(&says("refuted", "let total = add(1, 2);"));
    let id = reviewed(&sandbox);
    let ran = sandbox.crosscheck(&["verify", &id[..8]]);
    assert_eq!(ran.code, 0, "all of it is refuted: {ran:?}");
    for words in [
        "`add` does not exist",
        "src/main.rs:2",
        "refuted by judge",
        "I followed every caller.",
        "│ let total = add(1, 2);",
    ] {
        assert!(ran.stdout.contains(words), "no `{words}`: {}", ran.stdout);
    }
    assert!(ran.stderr.contains("1 refuted"), "{}", ran.stderr);

    // The finder stays unknown to who judges.
    let asked = sandbox.sent_to("judge");
    let call = asked.lines().find(|it| it.contains("tools/call")).unwrap();
    assert!(
        call.contains("`add` does not exist") && !call.contains("finder"),
        "{call}"
    );

    // Whoever reviews again is not told it again, and no call is made for that.
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.stdout.contains("does not exist"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("1 refuted by another agent"),
        "{}",
        ran.stderr
    );
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]);
    let found = &document(&ran)["findings"][0];
    assert_eq!(found["standing"], "refuted");
    assert_eq!(found["checks"][0]["agent"], "judge");
    assert_eq!(
        found["checks"][0]["evidence"][0]["quote"],
        "let total = add(1, 2);"
    );
    let calls = sandbox.sent_to("judge").matches("tools/call").count();
    assert_eq!(calls, 1);

    // What it rests on is another text now.
    sandbox.file(
        "src/main.rs",
        CODE.replace("let total = add", "let sum = add"),
    );
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]);
    assert_eq!(document(&ran)["findings"][0]["checks"], json!([]));
}

#[test]
fn a_check_with_invented_evidence_is_unsure() {
    let sandbox = workspace(&says("refuted", "fn add(a: i32, b: i32) -> i32 {"));
    let id = reviewed(&sandbox);
    let ran = sandbox.crosscheck(&["verify", &id, "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let check = &document(&ran)["findings"][0]["check"];
    assert_eq!(check["verdict"], "unsure");
    assert_eq!(
        check["caveat"],
        "it says refuted, but its quote is not in `src/main.rs`"
    );
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert!(ran.stdout.contains("does not exist"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_verified_is_said() {
    let sandbox = workspace("tools ask\non call\nstderr the house burns\nexit 3\n");
    let id = reviewed(&sandbox);
    let ran = sandbox.crosscheck(&["verify", &id]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("src/main.rs:2 was not verified")
            && ran.stderr.contains("the house burns"),
        "{}",
        ran.stderr
    );
    let ran = sandbox.crosscheck(&["verify", &id, "--agent", "finder"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("`finder` said it"), "{}", ran.stderr);
    let ran = sandbox.crosscheck(&["verify", "0000"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("there is no open finding `0000`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn lone_findings_are_verified_at_the_end_of_a_review() {
    let sandbox = workspace(&says("confirmed", "let total = add(1, 2);"));
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--verify", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let found = document(&ran);
    assert_eq!(found["findings"][0]["standing"], "confirmed");
    assert_eq!(found["complete"], true);
    assert_eq!(found["agents"][1]["name"], "judge");
    assert_eq!(found["agents"][1]["checks"], 1);

    // It is known now.
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--verify=all"]);
    assert!(ran.stdout.contains("confirmed by judge"), "{}", ran.stdout);
    assert_eq!(sandbox.sent_to("judge").matches("tools/call").count(), 1);
}

#[test]
fn no_more_is_verified_than_allowed_and_the_rest_is_told() {
    let mut sandbox = sandbox!();
    let code: String = (0..6)
        .map(|it| format!("let value{it} = compute{it}();\n"))
        .collect();
    sandbox.file("src/main.rs", code);
    let finding = |it: usize| {
        json!({
            "path": "src/main.rs", "start_line": it + 1, "quote": format!("let value{it} = compute{it}();"),
            "severity": if it == 4 { "error" } else { "warning" }, "category": "correctness",
            "title": format!("compute{it} may fail in way number {it}"), "body": "",
        })
    };
    let findings: Vec<Value> = (0..5).map(finding).collect();
    let found = json!({ "findings": findings });
    sandbox.agent("finder", &format!("on call\nanswer {found}\n"));
    sandbox.agent(
        "judge",
        "tools ask\non call\nanswer {\"verdict\":\"unsure\",\"why\":\"\",\"evidence\":[]}\n",
    );
    sandbox.config("[review]\nagents = [\"finder\"]\nverify = \"lone\"\n[verify]\nagents = [\"judge\"]\nlimit = 2");
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--all"]);
    let sent = sandbox.sent_to("judge");
    assert_eq!(sent.matches("tools/call").count(), 2);
    assert!(
        sent.contains("way number 4"),
        "the most severe one goes first"
    );
    assert!(
        ran.stderr
            .contains("3 more were not verified: 2 is the most"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        ran.stdout.matches("unsure by judge").count(),
        2,
        "{}",
        ran.stdout
    );
}

#[test]
fn an_editor_offers_to_verify_and_hides_what_is_refuted() {
    let sandbox = workspace(&says("refuted", "let total = add(1, 2);"));
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    let actions = editor.actions("src/main.rs", [1, 18, 1, 18], &found);
    let verify = actions
        .iter()
        .find(|it| it["title"] == "Verify with judge")
        .unwrap_or_else(|| panic!("{actions:#?}"));
    let argument = verify["command"]["arguments"][0].clone();
    editor.execute("crosscheck.verify", argument);
    let end = editor.progress_end();
    assert_eq!(
        end,
        "1 finding checked by judge; 1 hidden, listed by `crosscheck.hidden`; 1 refuted"
    );
    editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);
    let listed = editor.execute("crosscheck.findings", json!({}));
    assert_eq!(listed["refuted"], 1);
    let listed = &listed["findings"][0];
    assert_eq!(
        (&listed["standing"], &listed["shown"]),
        (&json!("refuted"), &json!(false))
    );
    assert_eq!(listed["checks"][0]["agent"], "judge");

    // The guard that it rests on goes: so does what the check says.
    editor.change("src/main.rs", [1, 8, 1, 13], "sum");
    let again = editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    assert!(
        again[0]["message"]
            .as_str()
            .unwrap()
            .starts_with("`add` does not exist")
    );
    editor.shutdown();
}

#[test]
fn an_editor_tells_who_confirms_and_why() {
    let sandbox = workspace(&says("confirmed", "let total = add(1, 2);"));
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    editor.execute("crosscheck.verify", json!({ "ids": [found[0]["data"]] }));
    let confirmed = editor.diagnostics_until("src/main.rs", |it| {
        it.len() == 1
            && it[0]["message"]
                .as_str()
                .unwrap()
                .contains("Confirmed by judge.")
    });
    editor.progress_end();
    let hover = editor.request(
        "textDocument/hover",
        json!({ "textDocument": { "uri": editor.uri("src/main.rs") }, "position": confirmed[0]["range"]["start"] }),
    );
    let hover = hover["contents"]["value"].as_str().unwrap();
    for words in [
        "**judge** confirms it",
        "I followed every caller.",
        "let total = add(1, 2);",
    ] {
        assert!(hover.contains(words), "{hover}");
    }
    editor.shutdown();

    // Another session on another day.
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.diagnostics_until("src/main.rs", |it| {
        it.len() == 1
            && it[0]["message"]
                .as_str()
                .unwrap()
                .contains("Confirmed by judge.")
    });
    editor.shutdown();
}

#[test]
fn a_check_is_stale_while_what_it_quotes_of_another_file_is_another_text() {
    let guard = "pub fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\n";
    let sandbox = workspace(&says_by(
        "refuted",
        "src/guard.rs",
        "pub fn add(a: i32, b: i32) -> i32 {",
    ));
    sandbox.file("src/guard.rs", guard);
    let id = reviewed(&sandbox);
    let ran = sandbox.crosscheck(&["verify", &id]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let standings = || {
        let of = |args: &[&str]| {
            let ran = sandbox.crosscheck(&[args, &["--format", "json"]].concat());
            document(&ran)["findings"][0]["standing"].clone()
        };
        (of(&["review", "src/main.rs"]), of(&["findings"]))
    };
    let both = |word: &str| (json!(word), json!(word));
    assert_eq!(standings(), both("refuted"));

    // The file that it quotes is not reviewed, but read again.
    sandbox.file("src/guard.rs", guard.replace("add", "sum"));
    assert_eq!(standings(), both("lone"));
    std::fs::remove_file(sandbox.root().join("src/guard.rs")).unwrap();
    assert_eq!(standings(), both("lone"));
    sandbox.file("src/guard.rs", guard);
    assert_eq!(standings(), both("refuted"));

    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    let refuted =
        |editor: &mut Editor| editor.execute("crosscheck.findings", json!({}))["refuted"].clone();
    assert_eq!(refuted(&mut editor), 1);
    // A file that is not open is read with the next review.
    sandbox.file("src/guard.rs", guard.replace("add", "sum"));
    editor.review("src/main.rs");
    editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    sandbox.file("src/guard.rs", guard);
    editor.open("src/guard.rs");
    editor.review("src/main.rs");
    editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);
    assert_eq!(refuted(&mut editor), 1);
    for (path, at, text, undo) in [
        // Each edit, and what takes it back.
        ("src/guard.rs", [0, 7, 0, 10], "sum", ([0, 7, 0, 10], "add")),
        ("src/main.rs", [1, 17, 1, 17], "x", ([1, 17, 1, 18], "")),
    ] {
        editor.change(path, at, text);
        editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
        editor.change(path, undo.0, undo.1);
        editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);
        assert_eq!(refuted(&mut editor), 1, "{path}");
    }
    editor.shutdown();
}

#[test]
fn a_person_has_the_last_word_over_who_refutes() {
    let sandbox = workspace(&says("refuted", "let total = add(1, 2);"));
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    let id = found[0]["data"].clone();
    editor.execute("crosscheck.verify", json!({ "ids": [id] }));
    editor.progress_end();
    editor.diagnostics_until("src/main.rs", <[Value]>::is_empty);

    editor.execute("crosscheck.hidden", json!({}));
    let shown = editor.wait("window/showDocument");
    let list = shown["uri"].as_str().unwrap().strip_prefix("file://");
    let list = std::fs::read_to_string(list.unwrap()).unwrap();
    for words in [
        "1 finding is not shown.",
        "src/main.rs:2: `add` does not exist",
        "said by finder; refuted by judge: I followed every caller.",
        id.as_str().unwrap(),
    ] {
        assert!(list.contains(words), "no `{words}`: {list}");
    }

    editor.execute("crosscheck.accept", json!({ "id": id }));
    editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    editor.shutdown();
    // In another session it stays so, and nobody is asked again.
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.diagnostics_until("src/main.rs", |it| it.len() == 1);
    editor.shutdown();
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--verify=all"]);
    assert!(ran.stdout.contains("does not exist"), "{ran:?}");
    let calls = sandbox.sent_to("judge").matches("tools/call").count();
    assert_eq!(calls, 1);
}

/// How often an agent was called.
fn calls_of(sandbox: &Sandbox, agent: &str) -> usize {
    sandbox.sent_to(agent).matches("\"tools/call\"").count()
}

#[test]
fn an_editor_asks_before_an_expensive_verification() {
    let mut sandbox = workspace(&says("confirmed", "let total = add(1, 2);"));
    let id = reviewed(&sandbox);
    sandbox.config("[budget]\nconfirm = { calls = 0 }");
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.configured();
    let uri = editor.uri("src/main.rs");
    editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    let argument = json!({ "uri": uri, "ids": [id] });
    editor.execute("crosscheck.verify", argument.clone());
    let asked = editor.choose(Some("No"));
    let asked = asked["message"].as_str().unwrap();
    assert!(
        asked.contains("This verification takes about 1 call"),
        "{asked}"
    );
    let said = editor.wait("window/showMessage");
    let said = said["message"].as_str().unwrap();
    assert!(said.contains("nobody agreed to spend that"), "{said}");
    assert_eq!(calls_of(&sandbox, "judge"), 0);

    editor.execute("crosscheck.verify", argument);
    editor.choose(Some("Yes"));
    editor.diagnostics_until("src/main.rs", |it| {
        let message = |it: &Value| {
            it["message"]
                .as_str()
                .unwrap()
                .contains("Confirmed by judge")
        };
        it.iter().any(message)
    });
    assert_eq!(calls_of(&sandbox, "judge"), 1);
    editor.shutdown();
}

#[test]
fn a_verification_counts_with_its_review_when_it_is_asked_whether_to_begin() {
    let mut sandbox = workspace(&says("refuted", "let total = add(1, 2);"));
    sandbox.config("[budget]\nconfirm = { calls = 1 }");
    let mut editor = Editor::start_with(
        &sandbox,
        &tests::editor::rich(),
        json!({ "review": { "verify": "lone" } }),
    );
    editor.open("src/main.rs");
    editor.configured();
    let uri = editor.uri("src/main.rs");
    // The review is one call, and not asked about; with its verification it would be two.
    editor.execute("crosscheck.review", json!({ "scope": "file", "uri": uri }));
    let asked = editor.choose(Some("No"));
    let asked = asked["message"].as_str().unwrap();
    let words = "To have a finding of this review verified takes about 1 call";
    assert!(asked.contains(words), "{asked}");
    editor.progress_end();
    let shown = editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    assert_eq!(shown.len(), 1, "what is not verified is shown: {shown:#?}");
    assert_eq!(
        (calls_of(&sandbox, "finder"), calls_of(&sandbox, "judge")),
        (1, 0)
    );
    editor.ignore("window/showMessage");
    editor.shutdown();
}

#[test]
fn the_fallback_verifies_where_the_verifier_has_no_quota() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent("finder", FINDS_ADD);
    sandbox.agent_with("judge", OUT_OF_QUOTA, "fallback = \"third\"");
    sandbox.agent("third", &says("confirmed", "let total = add(1, 2);"));
    sandbox.config("[review]\nagents = [\"finder\"]\n[verify]\nagents = [\"judge\"]");
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--verify=lone"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("confirmed by third"), "{ran:?}");
    let said = "`judge` was out of quota; `third` took over a check";
    assert!(ran.stderr.contains(said), "{ran:?}");

    let id = reviewed(&sandbox);
    let ran = sandbox.crosscheck(&["verify", &id]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("confirmed by third"), "{ran:?}");
    let said = "judge was out of quota; third took over 1 call";
    assert!(ran.stderr.contains(said), "{ran:?}");
}

#[test]
fn a_fallback_that_said_it_itself_does_not_verify() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent("finder", FINDS_ADD);
    sandbox.agent_with("judge", OUT_OF_QUOTA, "fallback = \"finder\"");
    sandbox.config("[review]\nagents = [\"finder\"]\n[verify]\nagents = [\"judge\"]");
    let id = reviewed(&sandbox);
    let ran = sandbox.crosscheck(&["verify", &id]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let said = "its fallback `finder` is of finder, which said it or wrote the code";
    assert!(ran.stderr.contains(said), "{ran:?}");
    assert_eq!(calls_of(&sandbox, "finder"), 1, "{ran:?}");
}
