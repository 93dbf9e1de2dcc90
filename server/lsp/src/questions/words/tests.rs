//! What the user reads of each kind of question, also of hostile ones.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]
use super::*;
use engine::{QuestionId, RunId};
use expect_test::{Expect, expect};
use serde_json::json;
use std::time::Duration;

fn question(ask: Ask) -> Question {
    Question {
        id: QuestionId(1),
        root: "/home/me/project".into(),
        agent: "codex".to_owned(),
        run: None,
        message: "May I go on?".to_owned(),
        ask,
        deadline: Duration::from_secs(120),
    }
}

fn approval(command: Option<&str>, directory: Option<&str>, files: &[&str]) -> Approval {
    Approval {
        command: command.map(str::to_owned),
        directory: directory.map(str::to_owned),
        files: files.iter().map(|it| (*it).to_owned()).collect(),
        ..Approval::default()
    }
}

/// The mention, then each prompt with its buttons.
fn shown(question: &Question) -> String {
    let mut out = format!("({})\n", mention(question));
    let fields = match &question.ask {
        Ask::Form(fields) => fields.len(),
        _ => 1,
    };
    for field in 0..fields {
        let prompt = prompt(question, field).unwrap();
        assert!(
            prompt.message.chars().count() <= 1000,
            "more than VS Code shows"
        );
        let titles = prompt.actions.iter().map(|it| format!("[{}]", it.0));
        let titles: Vec<String> = titles.collect();
        out += &format!("{}\n{}\n", prompt.message, titles.join(" "));
    }
    out
}

fn check(questions: impl IntoIterator<Item = Question>, expected: Expect) {
    let shown: Vec<String> = questions.into_iter().map(|it| shown(&it)).collect();
    expected.assert_eq(&shown.join("\n"));
}

#[test]
fn commands() {
    let reason = Approval {
        reason: Some("the types must be right".to_owned()),
        ..approval(Some("cargo check"), Some("/home/me/project/server"), &[])
    };
    let both = approval(Some("sed -i s/a/b/ src/a.rs"), Some("."), &["src/a.rs"]);
    let several = approval(
        Some("cd /tmp\r\n  curl evil\u{2028}sh    x"),
        Some("../other"),
        &[],
    );
    let approvals = [reason, approval(Some("ls"), None, &[]), both, several];
    check(
        approvals.map(|it| question(Ask::Approval(it))),
        expect![[r#"
            (codex wants to run `cargo check`)
            codex wants to run in server:
            `cargo check`
            Its reason: the types must be right
            [Allow] [Deny]

            (codex wants to run `ls`)
            codex wants to run:
            `ls`
            [Allow] [Deny]

            (codex wants to run `sed -i s/a/b/ src/a.rs`)
            codex wants to run in the root of project:
            `sed -i s/a/b/ src/a.rs`
            and to change src/a.rs
            [Allow] [Deny]

            (codex wants to run `cd /tmp⏎␣␣curl evil⏎sh␣␣␣␣x`)
            codex wants to run in /home/me/other (outside of the workspace):
            `cd /tmp⏎␣␣curl evil⏎sh␣␣␣␣x`
            [Allow] [Deny]
        "#]],
    );
}

#[test]
fn a_run_that_is_certain_can_be_allowed_as_a_whole() {
    let question = Question {
        run: Some(RunId(3)),
        ..question(Ask::Approval(approval(Some("ls"), None, &[])))
    };
    check(
        [question],
        expect![[r#"
        (codex wants to run `ls`)
        codex wants to run:
        `ls`
        [Allow] [Allow for this run] [Deny]
    "#]],
    );
}

#[test]
fn what_is_cut_is_counted() {
    let long = Approval {
        reason: Some("because ".repeat(100)),
        ..approval(Some(&"ä".repeat(700)), Some(&"deep/".repeat(40)), &[])
    };
    let twice = approval(Some(&format!("{}…", "c".repeat(600))), None, &[]);
    check(
        [long, twice].map(|it| question(Ask::Approval(it))),
        expect![[r#"
            (codex wants to run `äääääääääääääääääääääääääääääääääääääääääääääääääääääääääää…`)
            codex wants to run in …/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep:
            `ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää… (200 more characters)`
            Its reason: because because because because because because because because because because because because because because because because because because because because because because because because because … (599 more characters)
            [Allow] [Deny]

            (codex wants to run `ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc…`)
            codex wants to run:
            `cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc… (at least 101 more characters)`
            [Allow] [Deny]
        "#]],
    );
}

#[test]
fn files() {
    let paths = [
        "a",
        "b",
        "/home/me/project/c/../d",
        "e",
        "f",
        "/etc/passwd",
        "../x",
    ];
    let many = Approval {
        more_files: 3,
        ..approval(None, None, &paths)
    };
    let unnamed = Approval {
        more_files: 1,
        ..Approval::default()
    };
    let approvals = [approval(None, None, &["src/a.rs"]), many, unnamed];
    check(
        approvals.map(|it| question(Ask::Approval(it))),
        expect![[r#"
            (codex wants to change src/a.rs)
            codex wants to change src/a.rs
            [Allow] [Deny]

            (codex wants to change 10 files)
            codex wants to change 10 files: /etc/passwd (outside of the workspace), /home/me/x (outside of the workspace), a, b, d and 5 more
            [Allow] [Deny]

            (codex asks: May I go on?)
            codex wants to change 1 file
            [Allow] [Deny]
        "#]],
    );
}

#[test]
fn everything_long_stays_within_what_is_shown() {
    let path = "directory/".repeat(30);
    let all = Approval {
        reason: Some("r".repeat(900)),
        ..approval(Some(&"c".repeat(900)), Some(&path), &[])
    };
    let files = Approval {
        reason: Some("r".repeat(900)),
        ..approval(None, None, &[path.as_str(); 9])
    };
    for approval in [all, files] {
        shown(&question(Ask::Approval(approval)));
    }
}

#[test]
fn tools_and_words() {
    let tool = Approval {
        tool: Some("WebFetch".to_owned()),
        ..Approval::default()
    };
    check(
        [tool, Approval::default()].map(|it| question(Ask::Approval(it))),
        expect![[r#"
            (codex wants to use WebFetch)
            codex wants to use the tool WebFetch.
            May I go on?
            [Allow] [Deny]

            (codex asks: May I go on?)
            codex asks: May I go on?
            [Allow] [Deny]
        "#]],
    );
}

#[test]
fn forms() {
    let field = |title: &str, choices: &[(Value, &str)], default: Option<Value>| Field {
        name: "f".to_owned(),
        title: title.to_owned(),
        choices: choices
            .iter()
            .map(|(value, title)| (value.clone(), (*title).to_owned()))
            .collect(),
        default,
    };
    let colour = field(
        "The colour",
        &[
            (json!("r"), "Red"),
            (json!("g"), "Green"),
            (json!("g2"), "Green"),
            (json!(""), " "),
        ],
        Some(json!("g")),
    );
    let sure = field(
        "Sure?",
        &[(json!(true), "Yes"), (json!(false), "Cancel")],
        None,
    );
    let forms = [vec![colour.clone(), sure], vec![colour]];
    check(
        forms.map(|it| question(Ask::Form(it))),
        expect![[r#"
        (codex asks: May I go on?)
        codex asks: May I go on?
        The colour (1 of 2)
        [Green] [Red] [Green (2)] [""] [Cancel]
        codex asks: May I go on?
        Sure? (2 of 2)
        [Yes] [Cancel (2)] [Cancel]

        (codex asks: May I go on?)
        codex asks: May I go on?
        The colour
        [Green] [Red] [Green (2)] [""] [Cancel]
    "#]],
    );
}

#[test]
fn pages() {
    let urls = [
        "https://login.example.com/oauth?state=1",
        "http://127.0.0.1:8080/",
        "https://github.com@evil.example/login",
        "https://github.com:x@evil.example",
        r"https://evil.example\@github.com/",
    ];
    check(
        urls.map(|it| question(Ask::Url(it.to_owned()))),
        expect![[r#"
            (codex asks to open https://login.example.com/…)
            codex asks to open https://login.example.com/…
            May I go on?
            [Open in browser] [Decline]

            (codex asks to open http://127.0.0.1:8080)
            codex asks to open http://127.0.0.1:8080
            May I go on?
            [Open in browser] [Decline]

            (codex asks to open https://evil.example/…)
            codex asks to open https://evil.example/…
            May I go on?
            [Open in browser] [Decline]

            (codex asks to open https://evil.example)
            codex asks to open https://evil.example
            May I go on?
            [Open in browser] [Decline]

            (codex asks to open https://evil.example/…)
            codex asks to open https://evil.example/…
            May I go on?
            [Open in browser] [Decline]
        "#]],
    );
}
