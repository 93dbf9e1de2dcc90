//! Questions as they come, as they are understood, and their answers on the wire.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// As in the preset of Codex's own MCP server.
const CODEX: &str = r#"
command = "/codex_command"
directory = "/codex_cwd"
files = "/codex_changes"
call = "/codex_mcp_tool_call_id"

[replies]
allow = { action = "accept", content = {}, decision = "approved" }
allow_for_run = { action = "accept", content = {}, decision = "approved_for_session" }
deny = { action = "decline", decision = { denied = { rejection = "{{ reason }}" } } }
"#;

fn codex() -> ApprovalSpec {
    toml::from_str(CODEX).unwrap()
}

/// What a question is, in lines: its message, what it asks, its call, and the answers to everything.
fn seen(params: &Value, spec: Option<&ApprovalSpec>) -> String {
    let asked = match read(params, spec) {
        Ok(asked) => asked,
        Err(reason) => return format!("declined: {reason}\n{}\n", denied(spec, "x")),
    };
    let mut seen = format!("“{}”\n", asked.message);
    match &asked.ask {
        Ask::Approval(approval) => seen += &format!("{}\n", told(approval)),
        Ask::Form(fields) => {
            for field in fields {
                let choices = field
                    .choices
                    .iter()
                    .map(|(value, title)| format!("{value} {title}"));
                let choices: Vec<String> = choices.collect();
                seen += &format!("{} “{}”: {}", field.name, field.title, choices.join(" | "));
                match &field.default {
                    Some(default) => seen += &format!("; default {default}\n"),
                    None => seen += "\n",
                }
            }
        }
        Ask::Url(url) => seen += &format!("page {url}\n"),
    }
    if let Some(call) = &asked.call {
        seen += &format!("call {call:?}\n");
    }
    let mut answers = vec![
        ("allow", Reply::Allow),
        ("for run", Reply::AllowForRun),
        ("accept", Reply::Accept(Map::new())),
        ("deny", Reply::Deny("not now".into())),
    ];
    if let Ask::Form(fields) = &asked.ask {
        let last = fields
            .iter()
            .map(|field| (field.name.clone(), field.choices.last().unwrap().0.clone()));
        answers.insert(3, ("last", Reply::Accept(last.collect())));
        let wrong = fields
            .iter()
            .map(|field| (field.name.clone(), json!("no choice")));
        answers.insert(4, ("wrong", Reply::Accept(wrong.collect())));
    }
    for (name, reply) in answers {
        seen += &format!("{name}: {}\n", asked.answer(&reply));
    }
    seen
}

fn told(approval: &Approval) -> String {
    let told = format!("{approval:?}");
    let told = told
        .replace("command: None, ", "")
        .replace("directory: None, ", "")
        .replace("tool: None, ", "");
    told.replace("files: [], ", "")
        .replace("more_files: 0, ", "")
        .replace("reason: None ", "")
}

#[expect(clippy::needless_pass_by_value, reason = "reads better")]
fn check(params: Value, expected: Expect) {
    expected.assert_eq(&seen(&params, None));
}

#[test]
fn approvals_of_the_contract() {
    let form = json!({ "type": "object", "required": ["decision"], "properties": { "decision": { "enum": ["allow", "allow_for_run", "deny"] } } });
    check(
        json!({ "message": "May I?", "requestedSchema": form, "_meta": { "crosscheck/approval": {
            "command": "rm -rf x", "directory": "/w", "reason": "it is\nold", "progressToken": 7 } } }),
        expect![[r#"
            “May I?”
            Approval { command: Some("rm -rf x"), directory: Some("/w"), reason: Some("it is old") }
            call Token(Number(7))
            allow: {"action":"accept","content":{"decision":"allow"}}
            for run: {"action":"accept","content":{"decision":"allow_for_run"}}
            accept: {"action":"decline"}
            deny: {"action":"decline"}
        "#]],
    );
    check(
        json!({ "message": "May I?", "mode": "form", "requestedSchema": form, "_meta": { "crosscheck/approval": {
            "files": ["a.rs", "b\u{202e}.rs"], "tool": null } } }),
        expect![[r#"
            “May I?”
            Approval { files: ["a.rs", "b�.rs"], }
            allow: {"action":"accept","content":{"decision":"allow"}}
            for run: {"action":"accept","content":{"decision":"allow_for_run"}}
            accept: {"action":"decline"}
            deny: {"action":"decline"}
        "#]],
    );
    // Not all choices are there.
    let few = json!({ "properties": { "decision": { "enum": ["allow", "deny"] } } });
    check(
        json!({ "message": "May I?", "requestedSchema": few, "_meta": { "crosscheck/approval": { "tool": "browser" } } }),
        expect![[r#"
            “May I?”
            Approval { tool: Some("browser"), }
            allow: {"action":"accept","content":{"decision":"allow"}}
            for run: {"action":"accept","content":{"decision":"allow"}}
            accept: {"action":"decline"}
            deny: {"action":"decline"}
        "#]],
    );
    check(
        json!({ "_meta": { "crosscheck/approval": { "command": "ls" } } }),
        expect![[r#"
            “”
            Approval { command: Some("ls"), }
            allow: {"action":"accept","content":{}}
            for run: {"action":"accept","content":{}}
            accept: {"action":"decline"}
            deny: {"action":"decline"}
        "#]],
    );
    check(
        json!({ "_meta": { "crosscheck/approval": {} } }),
        expect![[r#"
            declined: it does not say what it asks
            {"action":"decline"}
        "#]],
    );
}

#[test]
fn approvals_of_another_kind_of_agent() {
    let spec = codex();
    let command = json!({ "message": "Allow Codex to run `x` in `/w`?", "requestedSchema": { "type": "object", "properties": {} },
        "codex_elicitation": "exec-approval", "codex_mcp_tool_call_id": "5", "codex_call_id": "call_1",
        "codex_command": ["/bin/bash", "-lc", "touch x && rm \"y\""], "codex_cwd": "/w" });
    expect![[r#"
        “Allow Codex to run `x` in `/w`?”
        Approval { command: Some("touch x && rm \"y\""), directory: Some("/w"), }
        call Any(String("5"))
        allow: {"action":"accept","content":{},"decision":"approved"}
        for run: {"action":"accept","content":{},"decision":"approved_for_session"}
        accept: {"action":"decline","decision":{"denied":{"rejection":"the answer was not clear"}}}
        deny: {"action":"decline","decision":{"denied":{"rejection":"not now"}}}
    "#]]
    .assert_eq(&seen(&command, Some(&spec)));
    let patch = json!({ "message": "Allow Codex to apply proposed code changes?", "codex_mcp_tool_call_id": "5",
        "codex_changes": { "/w/p.txt": { "type": "add", "content": "hello\n" }, "/w/q.txt": { "type": "delete" } } });
    expect![[r#"
        “Allow Codex to apply proposed code changes?”
        Approval { files: ["/w/p.txt", "/w/q.txt"], }
        call Any(String("5"))
        allow: {"action":"accept","content":{},"decision":"approved"}
        for run: {"action":"accept","content":{},"decision":"approved_for_session"}
        accept: {"action":"decline","decision":{"denied":{"rejection":"the answer was not clear"}}}
        deny: {"action":"decline","decision":{"denied":{"rejection":"not now"}}}
    "#]]
    .assert_eq(&seen(&patch, Some(&spec)));
    // Nothing of it, no form: its replies are still what it understands.
    let plain =
        json!({ "message": "Go on?", "requestedSchema": { "type": "object", "properties": {} } });
    expect![[r#"
        “Go on?”
        Approval { }
        allow: {"action":"accept","content":{},"decision":"approved"}
        for run: {"action":"accept","content":{},"decision":"approved_for_session"}
        accept: {"action":"decline","decision":{"denied":{"rejection":"the answer was not clear"}}}
        deny: {"action":"decline","decision":{"denied":{"rejection":"not now"}}}
    "#]]
    .assert_eq(&seen(&plain, Some(&spec)));
    let form = json!({ "message": "Which?", "requestedSchema": { "properties": { "one": { "enum": ["a", "b"] } } } });
    expect![[r#"
        “Which?”
        one “one”: "a" a | "b" b
        allow: {"action":"accept","content":{}}
        for run: {"action":"accept","content":{}}
        accept: {"action":"accept","content":{}}
        last: {"action":"accept","content":{"one":"b"}}
        wrong: {"action":"decline"}
        deny: {"action":"decline"}
    "#]]
    .assert_eq(&seen(&form, Some(&spec)));
    expect![[r#"
        declined: it asks in the mode `dance`, which is not known
        {"action":"decline","decision":{"denied":{"rejection":"x"}}}
    "#]]
    .assert_eq(&seen(&json!({ "mode": "dance" }), Some(&spec)));
    let silent = ApprovalSpec {
        command: Some("/run".into()),
        ..ApprovalSpec::default()
    };
    expect![[r#"
        “”
        Approval { command: Some("ls"), }
        allow: {"action":"accept","content":{}}
        for run: {"action":"accept","content":{}}
        accept: {"action":"decline"}
        deny: {"action":"decline"}
    "#]]
    .assert_eq(&seen(&json!({ "run": "ls" }), Some(&silent)));
}

#[test]
fn a_reason_stays_what_it_is() {
    let asked = read(&json!({ "codex_command": ["ls"] }), Some(&codex())).unwrap();
    let reason = "“{{ reason }}” {% if %} \"quoted\"\nline";
    let answer = asked.answer(&Reply::Deny(reason.into()));
    assert_eq!(answer["decision"]["denied"]["rejection"], reason);
}

#[test]
fn plain_questions() {
    check(
        json!({ "message": "Sure?" }),
        expect![[r#"
        “Sure?”
        Approval { }
        allow: {"action":"accept","content":{}}
        for run: {"action":"accept","content":{}}
        accept: {"action":"accept","content":{}}
        deny: {"action":"decline"}
    "#]],
    );
    check(
        json!({ "message": "Sure?", "requestedSchema": { "type": "object", "properties": {} } }),
        expect![[r#"
            “Sure?”
            Approval { }
            allow: {"action":"accept","content":{}}
            for run: {"action":"accept","content":{}}
            accept: {"action":"accept","content":{}}
            deny: {"action":"decline"}
        "#]],
    );
    check(
        json!({ "message": "  \u{7} " }),
        expect![[r#"
        declined: it does not say what it asks
        {"action":"decline"}
    "#]],
    );
    check(
        Value::Null,
        expect![[r#"
        declined: it does not say what it asks
        {"action":"decline"}
    "#]],
    );
    check(
        json!([1]),
        expect![[r#"
        declined: it does not say what it asks
        {"action":"decline"}
    "#]],
    );
}

#[test]
fn forms_with_choices() {
    check(
        json!({ "message": "How?", "requestedSchema": { "type": "object", "required": ["color", "speed"], "properties": {
            "color": { "type": "string", "enum": ["red", "green"], "title": "Color", "description": "Of the\nshed" },
            "speed": { "type": "string", "oneOf": [{ "const": "s", "title": "Slow" }, { "const": "f", "title": "Fast" }], "default": "f" },
            "level": { "enum": [1, 2.5, true], "enumNames": ["One", ""], "default": 3 },
            "sure": { "type": "boolean", "default": true },
            "odd": { "type": "boolean" },
        } } }),
        expect![[r#"
            “How?”
            color “Color: Of the shed”: "red" red | "green" green
            level “level”: 1 One | 2.5 2.5 | true true
            odd “odd”: true Yes | false No
            speed “speed”: "s" Slow | "f" Fast; default "f"
            sure “sure”: true Yes | false No; default true
            allow: {"action":"decline"}
            for run: {"action":"decline"}
            accept: {"action":"decline"}
            last: {"action":"accept","content":{"color":"green","level":true,"odd":false,"speed":"f","sure":false}}
            wrong: {"action":"decline"}
            deny: {"action":"decline"}
        "#]],
    );
}

#[test]
fn what_has_a_default_is_sent_along_and_what_is_optional_stays_empty() {
    check(
        json!({ "message": "Please fill in.", "requestedSchema": { "type": "object", "required": ["name", "kind"], "properties": {
            "name": { "type": "string", "default": "John Doe" },
            "age": { "type": "integer", "default": 30 },
            "score": { "type": "number", "default": 95.5 },
            "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
            "verified": { "type": "boolean", "default": true },
            "tags": { "type": "array", "items": { "type": "string", "enum": ["a", "b"] }, "default": ["a"] },
            "note": { "type": "string" },
            "more": { "type": "array", "items": { "anyOf": [{ "const": "a", "title": "A" }] } },
            "kind": { "type": "string", "enum": ["only"] },
        } } }),
        expect![[r#"
            “Please fill in. (sent along: age = 30, kind = “only”, name = “John Doe”, score = 95.5, tags = ["a"]; 2 optional fields stay empty)”
            status “status”: "active" active | "inactive" inactive | "pending" pending; default "active"
            verified “verified”: true Yes | false No; default true
            allow: {"action":"accept","content":{"age":30,"kind":"only","name":"John Doe","score":95.5,"status":"active","tags":["a"],"verified":true}}
            for run: {"action":"accept","content":{"age":30,"kind":"only","name":"John Doe","score":95.5,"status":"active","tags":["a"],"verified":true}}
            accept: {"action":"accept","content":{"age":30,"kind":"only","name":"John Doe","score":95.5,"status":"active","tags":["a"],"verified":true}}
            last: {"action":"accept","content":{"age":30,"kind":"only","name":"John Doe","score":95.5,"status":"pending","tags":["a"],"verified":false}}
            wrong: {"action":"decline"}
            deny: {"action":"decline"}
        "#]],
    );
    check(
        json!({ "message": "Go on?", "requestedSchema": { "properties": {
            "name": { "type": "string", "default": "John Doe" }, "age": { "type": "integer", "default": 30 }, "note": { "type": "string" } } } }),
        expect![[r#"
            “Go on? (sent along: age = 30, name = “John Doe”; 1 optional field stays empty)”
            Approval { }
            allow: {"action":"accept","content":{"age":30,"name":"John Doe"}}
            for run: {"action":"accept","content":{"age":30,"name":"John Doe"}}
            accept: {"action":"accept","content":{"age":30,"name":"John Doe"}}
            deny: {"action":"decline"}
        "#]],
    );
    // A default of another type is none.
    check(
        json!({ "message": "Go on?", "requestedSchema": { "properties": { "age": { "type": "integer", "default": "old" } } } }),
        expect![[r#"
            “Go on? (1 optional field stays empty)”
            Approval { }
            allow: {"action":"accept","content":{}}
            for run: {"action":"accept","content":{}}
            accept: {"action":"accept","content":{}}
            deny: {"action":"decline"}
        "#]],
    );
}

#[test]
fn forms_that_nobody_can_fill_in_here() {
    for (field, expected) in [
        (
            json!({ "type": "string", "format": "email" }),
            "it wants a text for `field`, which only a choice could give here",
        ),
        (
            json!({ "type": "integer" }),
            "it wants a number for `field`, which only a choice could give here",
        ),
        (
            json!({ "type": "array", "items": { "enum": ["a", "b"] } }),
            "it wants several choices for `field`, which only a choice could give here",
        ),
        (
            json!({ "enum": [] }),
            "it wants a value for `field`, which only a choice could give here",
        ),
        (
            json!(7),
            "it wants a value for `field`, which only a choice could give here",
        ),
    ] {
        let schema = json!({ "properties": { "field": field, "sure": { "type": "boolean" } }, "required": ["field"] });
        let params = json!({ "message": "Who?", "requestedSchema": schema });
        assert_eq!(read(&params, None).unwrap_err(), expected, "{field}");
    }
    let missing = json!({ "message": "Who?", "requestedSchema": { "required": ["ghost"] } });
    assert_eq!(
        read(&missing, None).unwrap_err(),
        "its form requires `ghost` and does not say what that is"
    );
    let odd = json!({ "message": "Who?", "requestedSchema": { "properties": [1] } });
    assert_eq!(read(&odd, None).unwrap_err(), "its form cannot be read");
}

#[test]
fn pages() {
    check(
        json!({ "message": "Log in", "mode": "url", "url": "https://login.example/x?y", "elicitationId": "1" }),
        expect![[r#"
            “Log in”
            page https://login.example/x?y
            allow: {"action":"accept"}
            for run: {"action":"accept"}
            accept: {"action":"accept"}
            deny: {"action":"decline"}
        "#]],
    );
    for url in [
        "http://localhost:80/x",
        "http://127.1.2.3/",
        "http://[::1]:1/",
    ] {
        assert!(
            read(&json!({ "mode": "url", "url": url }), None).is_ok(),
            "{url}"
        );
    }
    for (url, expected) in [
        (
            "http://login.example/",
            "it wants `http://login.example/` opened; only `https:` is, and `http:` on this machine",
        ),
        (
            "http://localhost.evil.example/",
            "it wants `http://localhost.evil.example/` opened; only `https:` is, and `http:` on this machine",
        ),
        (
            "file:///etc/passwd",
            "it wants `file:///etc/passwd` opened; only `https:` is, and `http:` on this machine",
        ),
        (
            "javascript:alert(1)",
            "it wants `javascript:alert(1)` opened; only `https:` is, and `http:` on this machine",
        ),
        (
            "https://bank.example@evil.example/",
            "it wants `https://bank.example@evil.example/` opened, an address with a user name that may hide where it leads",
        ),
        (
            "/x",
            "it wants `/x` opened, which is no address: relative URL without a base",
        ),
        (
            "",
            "it wants `` opened, which is no address: relative URL without a base",
        ),
    ] {
        assert_eq!(
            read(&json!({ "mode": "url", "url": url }), None).unwrap_err(),
            expected
        );
    }
    let long = format!("https://a.example/{}", "x".repeat(URL));
    assert_eq!(
        read(&json!({ "mode": "url", "url": long }), None).unwrap_err(),
        "it wants a page opened whose address is too long"
    );
}

#[test]
fn hostile_sizes() {
    let many: Map<String, Value> = (0..10_000)
        .map(|number| (format!("f{number}"), json!({ "type": "boolean" })))
        .collect();
    let params = json!({ "message": "Fill in", "requestedSchema": { "properties": many } });
    assert_eq!(
        read(&params, None).unwrap_err(),
        "its form has 10000 fields, more than 100"
    );

    let some: Map<String, Value> = (10..60)
        .map(|number| (format!("f{number}"), json!({ "type": "boolean" })))
        .collect();
    let params =
        json!({ "message": "x".repeat(10_000_000), "requestedSchema": { "properties": some } });
    let asked = read(&params, None).unwrap();
    assert!(
        asked
            .message
            .ends_with("x… (40 optional fields stay empty)"),
        "{}",
        asked.message
    );
    assert!(asked.message.chars().count() < 600);
    let Ask::Form(fields) = &asked.ask else {
        panic!()
    };
    assert_eq!(fields.len(), 10);

    let choices: Vec<String> = (0..100_000)
        .map(|number| format!("choice {number}"))
        .collect();
    let schema = json!({ "properties": { "one": { "enum": choices, "default": "choice 99999" } } });
    let asked = read(
        &json!({ "message": "Which?", "requestedSchema": schema }),
        None,
    )
    .unwrap();
    let Ask::Form(fields) = &asked.ask else {
        panic!()
    };
    assert_eq!(fields[0].title, "one (10 of 100000 choices)");
    assert_eq!(fields[0].choices.len(), 10);
    assert_eq!(fields[0].default, Some(json!("choice 99999")));
    assert_eq!(
        asked.answer(&Reply::Allow)["content"],
        json!({ "one": "choice 99999" })
    );

    let mut deep = json!({ "type": "boolean" });
    for _ in 0..120 {
        deep = json!({ "properties": { "deep": deep }, "default": 1 });
    }
    let params = json!({ "message": "Deep?", "requestedSchema": deep });
    expect!["Deep? (sent along: deep = 1)"].assert_eq(&read(&params, None).unwrap().message);

    let long = "d/".repeat(1000);
    let approval = json!({ "crosscheck/approval": { "command": "ls", "directory": long } });
    assert_eq!(
        read(&json!({ "_meta": approval }), None).unwrap_err(),
        "it names a directory whose path is too long"
    );
}

/// Any JSON, but with the keys that mean something more often than not.
fn hostile() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        3 => prop::sample::select(vec![
            "message", "mode", "url", "requestedSchema", "properties", "required", "type", "enum", "enumNames", "oneOf", "const",
            "title", "description", "default", "_meta", "crosscheck/approval", "command", "files", "progressToken", "decision",
            "codex_command", "codex_cwd", "codex_changes",
        ]).prop_map(str::to_owned),
        1 => ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "string",
            "boolean",
            "array",
            "form",
            "url",
            "https://a.b/c",
            "http://[::1]"
        ])
        .prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn is_presentable(text: &str) -> bool {
    !text.contains(char::is_control) && !text.contains('\u{202e}') && text.chars().count() <= 1000
}

proptest! {
    #[test]
    fn whatever_comes_is_understood_safely_or_declined(params in hostile(), of_codex in any::<bool>(), pick in any::<usize>()) {
        let spec = of_codex.then(codex);
        let Ok(asked) = read(&params, spec.as_ref()) else {
            prop_assert_eq!(&denied(spec.as_ref(), "no")["action"], "decline");
            return Ok(());
        };
        prop_assert!(is_presentable(&asked.message));
        prop_assert_eq!(&asked.answer(&Reply::Deny("no".into()))["action"], "decline");
        let mut chosen = Map::new();
        if let Ask::Form(fields) = &asked.ask {
            prop_assert!((1..=10).contains(&fields.len()));
            for field in fields {
                prop_assert!((2..=10).contains(&field.choices.len()));
                prop_assert!(is_presentable(&field.title));
                prop_assert!(field.choices.iter().all(|(_, title)| is_presentable(title)));
                let is_choice = |value| field.choices.iter().any(|(choice, _)| choice == value);
                prop_assert!(field.default.as_ref().is_none_or(is_choice));
                chosen.insert(field.name.clone(), field.choices[pick % field.choices.len()].0.clone());
            }
            let answer = asked.answer(&Reply::Accept(chosen.clone()));
            prop_assert_eq!(&answer["action"], "accept");
            let content = answer["content"].as_object().unwrap();
            prop_assert!(chosen.iter().all(|(name, value)| content.get(name) == Some(value)));
            let properties = params["requestedSchema"]["properties"].as_object().unwrap();
            prop_assert!(content.keys().all(|name| properties.contains_key(name)));
        }
        for reply in [Reply::Allow, Reply::AllowForRun, Reply::Accept(chosen)] {
            let answer = asked.answer(&reply);
            prop_assert!(answer["action"] == "accept" || answer["action"] == "decline");
        }
    }
}
