//! `crosscheck findings`: the list of what is remembered, as a person at a terminal asks for it.

use crate::{CODE, FINDS_ADD, workspace};
use serde_json::{Value, json};
use tests::Sandbox;

/// A workspace with two agents that reviewed two files: both find fault with `src/main.rs`, beta with `src/other.rs`, too.
fn reviewed() -> Sandbox {
    let mut sandbox = workspace(FINDS_ADD);
    sandbox.file("src/other.rs", "fn id(it: u8) -> u8 {\n    it\n}\n");
    let says = json!({"findings": [
        {"path": "src/main.rs", "quote": "add(1, 2)", "severity": "warning", "category": "correctness",
         "title": "`add` does not exist", "body": ""},
        {"path": "src/other.rs", "quote": "fn id(it: u8)", "severity": "info", "category": "docs",
         "title": "`id` says nothing\nof what it does", "body": ""},
    ]});
    sandbox.agent("beta", &format!("on call\nanswer {says}\n"));
    let ran = sandbox.crosscheck(&["review", "src", "--agent", "alpha", "--agent", "beta"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    sandbox
}

fn lines(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let ran = sandbox.crosscheck(&[&["findings"], args].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout.lines().map(str::to_owned).collect()
}

fn document(sandbox: &Sandbox, args: &[&str]) -> Value {
    let ran = sandbox.crosscheck(&[&["findings", "--format", "json"], args].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

#[test]
fn findings_are_listed_where_they_are_now_and_chosen_from() {
    let sandbox = reviewed();
    sandbox.file("src/main.rs", format!("// One.\n// Two.\n{CODE}"));
    let all = lines(&sandbox, &[]);
    let [main, other] = all.as_slice() else {
        panic!("{all:?}")
    };
    for part in [
        "warning src/main.rs:4:17 ",
        "`add` does not exist (2/2)",
        "alpha, beta · agreed",
    ] {
        assert!(main.contains(part), "{main}");
    }
    for part in [
        "info ",
        "src/other.rs:1:1 ",
        "`id` says nothing",
        "beta · lone",
    ] {
        assert!(other.contains(part), "{other}");
    }
    let name = main.split(' ').next().unwrap();
    for args in [
        &[name][..],
        &[&name[..5]],
        &["src/main.rs"],
        &["--agent", "alpha"],
        &["--severity", "warning"],
        &["--category", "correctness", "src"],
    ] {
        assert_eq!(
            lines(&sandbox, args),
            std::slice::from_ref(main),
            "{args:?}"
        );
    }
    let both = [name, "src/other.rs"];
    assert_eq!(lines(&sandbox, &both), all);
    assert_eq!(lines(&sandbox, &["--agent", "beta"]), all);

    let listed = document(&sandbox, &[]);
    let found = listed["findings"].as_array().unwrap();
    assert_eq!(found.len(), 2, "{listed:#}");
    assert_eq!(found[0]["place"]["start_line"], 4);
    assert_eq!(found[0]["agents"], json!(["alpha", "beta"]));
    assert_eq!(found[0]["standing"], "agreed");
}

#[test]
fn what_is_hidden_is_listed_with_why_when_asked_for() {
    let sandbox = reviewed();
    let all = lines(&sandbox, &["src/main.rs"]);
    let name = all[0].split(' ').next().unwrap();
    let ran = sandbox.crosscheck(&["dismiss", name, "--reason", "intended"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(lines(&sandbox, &["src/main.rs"]), [""; 0]);
    let hidden = lines(&sandbox, &["src/main.rs", "--hidden"]);
    assert_eq!(hidden.len(), 1, "{hidden:?}");
    let why = "alpha, beta · hidden: dismissed here: intended";
    assert!(hidden[0].contains(why), "{hidden:?}");
    let listed = document(&sandbox, &["--hidden"]);
    assert_eq!(listed["findings"].as_array().unwrap().len(), 1);
    let why = listed["hidden"][0]["why"].as_str().unwrap();
    assert!(why.contains("intended"), "{listed:#}");
    assert_eq!(document(&sandbox, &[])["hidden"], json!([]));
}

#[test]
fn beyond_the_limits_findings_are_counted_and_all_lists_them() {
    let sandbox = reviewed();
    let code: String = (0..8).map(|it| format!("fn f{it}() {{}}\n")).collect();
    sandbox.file("src/many.rs", &code);
    let findings: Vec<Value> = (0..8)
        .map(|it| {
            json!({"path": "src/many.rs", "quote": format!("fn f{it}()"), "severity": "info", "category": "docs",
                   "title": format!("f{it} is never used anywhere"), "body": format!("Remove f{it}.")})
        })
        .collect();
    let script = format!("on call\nanswer {}\n", json!({ "findings": findings }));
    std::fs::write(sandbox.path().join("agents/alpha"), script).unwrap();
    sandbox.crosscheck(&["review", "src/many.rs", "--agent", "alpha"]);
    let ran = sandbox.crosscheck(&["findings", "src/many.rs"]);
    assert_eq!(ran.stdout.lines().count(), 5, "{ran:?}");
    assert!(ran.stderr.contains("3 more: `--all`"), "{ran:?}");
    assert_eq!(lines(&sandbox, &["src/many.rs", "--all"]).len(), 8);
}

#[test]
fn nothing_is_said_in_one_line_and_what_is_not_there_is_an_error() {
    let sandbox = workspace(FINDS_ADD);
    let ran = sandbox.crosscheck(&["findings"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert_eq!(sandbox.crosscheck(&["findings", "src"]).code, 0);
    let ran = sandbox.crosscheck(&["findings", "abc123"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("no finding and no file `abc123`"),
        "{ran:?}"
    );
    let ran = sandbox.crosscheck(&["findings", "src", "../.."]);
    assert_eq!(ran.code, 2, "{ran:?}");
}
