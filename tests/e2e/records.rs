//! What users accepted and dismissed decides how much an agent's next findings weigh, in any of their workspaces.

use serde_json::{Value, json};
use tests::{Editor, Sandbox, sandbox};

const SUBJECTS: [&str; 10] = [
    "token", "cookie", "password", "header", "session", "nonce", "digest", "key", "secret", "lease",
];

/// The file in which one agent is wrong ten times.
fn old() -> String {
    SUBJECTS.map(|it| format!("let {it} = 1;\n")).concat()
}

const NEW: &str = "let query = read();\nlet path = read();\n";

fn finding(path: &str, quote: &str, category: &str, title: &str) -> Value {
    json!({"path": path, "quote": quote, "severity": "warning", "category": category, "title": title, "body": ""})
}

fn says(findings: &[Value]) -> String {
    format!("on call\nanswer {}\n", json!({ "findings": findings }))
}

/// Two agents; one of them has said ten things about secrets, each of which was dismissed for this reason.
fn dismissed(reason: &str) -> Sandbox {
    let mut sandbox = sandbox!();
    sandbox.file("old.rs", old());
    sandbox.file("new.rs", NEW);
    let wrong = SUBJECTS.map(|it| {
        let quote = format!("let {it} = 1;");
        finding("old.rs", &quote, "security", &format!("The {it} leaks"))
    });
    sandbox.agent("hasty", &says(&wrong));
    sandbox.agent("fresh", &says(&[]));
    sandbox.config("[review]\nmax_per_file = 1\n");
    let first = review(&sandbox, &["old.rs", "--agent", "hasty"]);
    let names: Vec<&str> = first.iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(names.len(), SUBJECTS.len());
    for name in names {
        let ran = sandbox.crosscheck(&["dismiss", name, "--reason", reason]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let now = |agent: &str, quote: &str, title: &str| {
        let script = says(&[finding("new.rs", quote, "security", title)]);
        std::fs::write(sandbox.path().join("agents").join(agent), script).unwrap();
    };
    now("hasty", "let query = read();", "The query is not escaped");
    now("fresh", "let path = read();", "Any file can be read");
    sandbox
}

fn review(sandbox: &Sandbox, args: &[&str]) -> Vec<Value> {
    let args = [&["review", "--format", "json"], args].concat();
    let ran = sandbox.crosscheck(&args);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    document["findings"].as_array().unwrap().clone()
}

/// How likely what each agent says of the new file is, in a hundred.
fn likely(found: &[Value]) -> Vec<(String, f64)> {
    let of = |it: &Value| {
        let agent = it["agents"][0].as_str().unwrap().to_owned();
        (agent, (it["confidence"].as_f64().unwrap() * 100.0).round())
    };
    found.iter().map(of).collect()
}

#[test]
fn whoever_was_wrong_ten_times_is_shown_after_a_newcomer() {
    let sandbox = dismissed("wrong");
    let found = review(&sandbox, &["new.rs"]);
    let (hasty, fresh) = (("hasty".to_owned(), 6.0), ("fresh".to_owned(), 26.0));
    assert_eq!(likely(&found), [hasty, fresh], "{found:#?}");
    // Nothing was decided since: nothing moves, asked anew or not.
    assert_eq!(review(&sandbox, &["new.rs"]), found);
    assert_eq!(review(&sandbox, &["new.rs", "--fresh"]), found);

    // One of a file is shown.
    let ran = sandbox.crosscheck(&["review", "new.rs"]);
    assert!(ran.stdout.contains("Any file can be read"), "{ran:?}");
    assert!(!ran.stdout.contains("The query is not escaped"), "{ran:?}");
    let mut editor = Editor::start(&sandbox);
    editor.open("new.rs");
    editor.review("new.rs");
    let shown = editor.diagnostics_until("new.rs", |it| {
        it.len() == 1 && it[0]["source"] == "crosscheck (fresh)"
    });
    assert_eq!(shown[0]["message"], "Any file can be read (1/2 agents)");
    assert_eq!(editor.shutdown(), 0);

    // Who thinks better of it takes it back.
    let ran = sandbox.crosscheck(&["dismissed", "--format", "json"]);
    let listed: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let verdicts = listed["verdicts"].as_array().unwrap().iter();
    let numbers: Vec<String> = verdicts.map(|it| it["id"].to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let ran = sandbox.crosscheck(&[&["dismissed", "--undo"], &numbers[..]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let found = review(&sandbox, &["new.rs"]);
    assert!(likely(&found).iter().all(|it| it.1 == 26.0), "{found:#?}");
}

#[test]
fn not_now_says_nothing_of_an_agent() {
    let sandbox = dismissed("not-now");
    let found = review(&sandbox, &["new.rs"]);
    assert!(likely(&found).iter().all(|it| it.1 == 26.0), "{found:#?}");
}
