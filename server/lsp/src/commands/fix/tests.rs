//! What an agent is asked to settle.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]
use super::*;
use crate::capabilities::Capabilities;
use crate::commands::ask;
use crate::handlers::code_action::tests::state;
use expect_test::{Expect, expect};

fn describe(wanted: &Wanted) -> String {
    let (title, remarks, targets) = match &wanted.task.what {
        What::Fix {
            title,
            remarks,
            targets,
        } => (title, remarks.clone(), targets),
        What::Ask { title, targets } => (title, Vec::new(), targets),
        What::Review(_) | What::Verify { .. } => panic!("no such thing was asked for"),
    };
    let mut out = format!("{title} | {}\n", wanted.subject);
    for it in remarks {
        let place = (it.range.start, it.range.end);
        let known = (it.source, it.code, it.severity, it.finding.map(|it| it.0));
        out.push_str(&format!("{place:?} {known:?} {}\n", it.message));
    }
    for it in targets {
        let range = it.range.map(|it| (it.start, it.end));
        out.push_str(&format!("{} {range:?}\n", it.path));
    }
    let task = &wanted.task;
    out + &format!("{:?} {:?}\n", task.agents, task.instructions)
}

fn check(argument: Value, expected: Expect) {
    let (mut state, uri, _dir) = state(Capabilities::default());
    let mut argument = argument;
    argument["uri"] = json!(uri);
    let argument = serde_json::from_value(argument).unwrap();
    let shown = match wanted(&mut state, argument) {
        Ok((wanted, omitted)) => describe(&wanted) + &format!("omitted {omitted}\n"),
        Err(why) => why,
    };
    expected.assert_eq(&shown);
}

fn at(start: u32, end: u32) -> Value {
    json!({"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}})
}

#[test]
fn findings_by_name_by_place_and_all_of_a_file() {
    check(
        json!({"ids": ["codex-teh", "codex-teh"], "agents": ["codex"]}),
        expect![[r#"
            `teh` should be `the` | a.rs:1
            (11, 14) ("codex", None, Warning, Some("codex-teh")) `teh` should be `the`
            ["codex"] None
            omitted 0
        "#]],
    );
    check(
        json!({"range": at(3, 5)}),
        expect![[r#"
        `recieve` should be `receive` | a.rs:1
        (3, 10) ("codex", None, Warning, Some("codex-recieve")) `recieve` should be `receive`
        a.rs Some((3, 5))
        [] None
        omitted 0
    "#]],
    );
    check(
        json!({}),
        expect![[r#"
        2 problems in a.rs | 2 problems in a.rs
        (3, 10) ("codex", None, Warning, Some("codex-recieve")) `recieve` should be `receive`
        (11, 14) ("codex", None, Warning, Some("codex-teh")) `teh` should be `the`
        [] None
        omitted 0
    "#]],
    );
    check(
        json!({"ids": ["gone"]}),
        expect!["This finding is gone already."],
    );
    check(
        json!({"range": at(16, 16)}),
        expect![
            "There is nothing to fix in a.rs: no finding, and no problem of another tool was passed on. To have something else changed, say what."
        ],
    );
    check(
        json!({"range": at(16, 16), "instructions": "Shorten it.\nMuch."}),
        expect![[r#"
            Shorten it. | a.rs
            a.rs Some((16, 16))
            [] Some("Shorten it.\nMuch.")
            omitted 0
        "#]],
    );
}

#[test]
fn what_other_tools_say_is_passed_on_with_all_they_know() {
    let rustc = json!({
        "range": at(0, 2), "message": "mismatched types", "severity": 1, "source": "rustc", "code": "E0308",
        "data": {"rendered": "error[E0308]: mismatched types\n --> a.rs:1:1\n"},
    });
    let clippy = json!({
        "range": at(90, 99), "message": "needless borrow\nhelp: remove it", "code": 7,
        "relatedInformation": [{"location": {"uri": "file:///x/b.rs", "range": at(1, 2)}, "message": "defined here"}],
    });
    let ours = json!({"range": at(0, 2), "message": "m", "source": "crosscheck (codex)", "data": "codex-teh"});
    check(
        json!({"diagnostics": [rustc, clippy, ours], "ids": ["codex-recieve"]}),
        expect![[r#"
            3 problems in a.rs | 3 problems in a.rs
            (3, 10) ("codex", None, Warning, Some("codex-recieve")) `recieve` should be `receive`
            (0, 2) ("rustc", Some("E0308"), Error, None) mismatched types

            error[E0308]: mismatched types
             --> a.rs:1:1

            (19, 19) ("another tool", Some("7"), Warning, None) needless borrow
            help: remove it
            b.rs:1: defined here
            [] None
            omitted 0
        "#]],
    );
}

#[test]
fn too_much_is_cut_and_counted() {
    let one =
        |it: u32| json!({"range": at(0, 1), "message": format!("{it}{}", "m".repeat(20_000))});
    let mut all: Vec<Value> = (0..105).map(one).collect();
    all.push(all[0].clone());
    let (mut state, uri, _dir) = state(Capabilities::default());
    let argument = json!({"uri": uri, "diagnostics": all});
    let argument = serde_json::from_value(argument).unwrap();
    let (wanted, omitted) = wanted(&mut state, argument).ok().unwrap();
    let What::Fix { remarks, .. } = wanted.task.what else {
        panic!("a fix was asked for");
    };
    assert_eq!((remarks.len(), omitted), (100, 5));
    assert!(remarks.iter().all(|it| it.message.len() < 9000));
}

#[test]
fn a_request_is_about_a_selection_a_line_a_file_or_everything() {
    let ask = |argument: Value, has_uri: bool| {
        let (state, uri, _dir) = state(Capabilities::default());
        let mut argument = argument;
        if has_uri {
            argument["uri"] = json!(uri);
        }
        match ask::wanted(&state, serde_json::from_value(argument).unwrap()) {
            Ok(wanted) => describe(&wanted),
            Err(why) => why,
        }
    };
    let selection =
        json!({"prompt": "Shorten it.\nMuch.", "range": at(3, 10), "agents": ["codex"]});
    expect![[r#"
        Shorten it. | “Shorten it.” in a.rs:1
        a.rs Some((3, 10))
        ["codex"] Some("Shorten it.\nMuch.")
    "#]]
    .assert_eq(&ask(selection, true));
    let cursor = json!({"prompt": "Shorten it.", "range": at(3, 3), "title": "Shorter"});
    expect![[r#"
        Shorter | “Shorter” in a.rs:1
        a.rs Some((0, 19))
        [] Some("Shorten it.")
    "#]]
    .assert_eq(&ask(cursor, true));
    expect![[r#"
        Shorten it. | “Shorten it.” in a.rs
        a.rs None
        [] Some("Shorten it.")
    "#]]
    .assert_eq(&ask(json!({"prompt": "Shorten it."}), true));
    expect![[r#"
        Shorten it. | “Shorten it.”
        [] Some("Shorten it.")
    "#]]
    .assert_eq(&ask(json!({"prompt": "Shorten it."}), false));
    expect!["Nothing was asked for; give a `prompt`."]
        .assert_eq(&ask(json!({"prompt": " "}), false));
}
