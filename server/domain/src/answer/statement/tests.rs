//! Statements in the many forms that agents give them.
#![allow(clippy::needless_pass_by_value)]

use super::*;
use expect_test::{Expect, expect};
use serde_json::json;
use std::fmt::Write;

fn told(said: &Statement) -> String {
    let outcome = said.outcome.map_or("-", Outcome::as_str);
    let mut out = format!("{outcome}: {:?}", said.why);
    for quote in &said.quotes {
        let path = quote.path.as_deref().unwrap_or("-");
        let _ = write!(out, "\n  quote {path} {:?}", quote.text);
    }
    if let Some(input) = &said.failing_input {
        let _ = write!(out, "\n  input {input:?}");
    }
    for problem in &said.problems {
        let _ = write!(out, "\n  problem {problem}");
    }
    out
}

fn check_text(text: &str, expected: Expect) {
    expected.assert_eq(&told(&read_statement(None, &[text.to_owned()])));
}

fn check_value(value: &Value, expected: Expect) {
    expected.assert_eq(&told(&read_statement(Some(value), &[])));
}

#[test]
fn the_form_asked_for() {
    let asked_for = json!({
        "verdict": "refuted",
        "why": "The guard above ends it.",
        "evidence": [{ "path": "src/a.rs", "quote": "if n == 0 { return; }" }],
        "failing_input": null,
    });
    let expected =
        "refuted: \"The guard above ends it.\"\n  quote src/a.rs \"if n == 0 { return; }\"";
    for text in [
        asked_for.to_string(),
        format!("I looked.\n\n```json\n{asked_for:#}\n```\nDone."),
        format!("Here it is: {asked_for} — as asked."),
    ] {
        assert_eq!(told(&read_statement(None, &[text])), expected);
    }
    // Wrappers, also with text in them.
    for value in [
        asked_for.clone(),
        json!({ "text": asked_for.to_string(), "usage": { "input_tokens": 3 } }),
        json!({ "type": "result", "result": format!("```json\n{asked_for}\n```") }),
    ] {
        assert_eq!(told(&read_statement(Some(&value), &[])), expected);
    }
}

#[test]
fn other_words_and_shapes() {
    check_text(
        r#"{"Verdict": "FALSE POSITIVE", "reasoning": "no", "evidence": "let x = 1;"}"#,
        expect![[r#"
            refuted: "no"
              quote - "let x = 1;""#]],
    );
    check_text(
        r#"{"verdict": "true positive", "reason": "yes", "counterexample": "n = 0", "evidence": ["a[n]", {"file": "src/b.rs:12-13", "code": "b[n]"}, {"note": 1}, 7]}"#,
        expect![[r#"
            confirmed: "yes"
              quote - "a[n]"
              quote src/b.rs "b[n]"
              input "n = 0""#]],
    );
    check_text(
        r#"{"status": "cannot tell", "why": "the caller is missing"}"#,
        expect![[r#"unsure: "the caller is missing""#]],
    );
    check_text(
        r#"{"verdict": "not confirmed", "why": ""}"#,
        expect![[r#"unsure: """#]],
    );
    // A slip of the pen.
    check_text(
        "{\"verdict\": \"confirmed\", \"why\": \"two\nlines\",}",
        expect![[r#"confirmed: "two\nlines""#]],
    );
    // The form of findings, from an agent that has no other.
    check_value(
        &json!({ "findings": [{ "path": "src/a.rs", "quote": "a[n]", "title": "Verdict: confirmed", "body": "n may be len", "severity": "info" }], "summary": null }),
        expect![[r#"
            confirmed: "n may be len"
              quote src/a.rs "a[n]""#]],
    );
}

#[test]
fn prose() {
    check_text(
        "I read it.\n\n**Verdict:** refuted. The guard is there.\n\nIn `src/a.rs:12`:\n\n```rust\nif n == 0 { return; }\n```\n",
        expect![[r#"
            refuted: "I read it.\n\n**Verdict:** refuted. The guard is there.\n\nIn `src/a.rs:12`:\n\n```rust\nif n == 0 { return; }\n```"
              quote - "if n == 0 { return; }\n""#]],
    );
    check_text(
        "__Verdict__\n\n**CONFIRMED**\n\n`src/a.rs:12`:\n```\na[n]\n```",
        expect![[r#"
            confirmed: "__Verdict__\n\n**CONFIRMED**\n\n`src/a.rs:12`:\n```\na[n]\n```"
              quote src/a.rs "a[n]\n""#]],
    );
    check_text(
        "Refuted: nothing calls it with zero.",
        expect![[r#"refuted: "Refuted: nothing calls it with zero.""#]],
    );
    check_text(
        "My verdict is confirmed because of the loop.",
        expect![[r#"confirmed: "My verdict is confirmed because of the loop.""#]],
    );
    check_text(
        "Verdict: confirmed false positive",
        expect![[r#"
            -: "Verdict: confirmed false positive"
              problem its verdict is in words that are not known"#]],
    );
}

#[test]
fn what_is_no_verdict() {
    let why = |text: &str| {
        let said = read_statement(None, &[text.to_owned()]);
        assert_eq!(said.outcome, None, "{text}");
        said.problems.first().cloned().unwrap_or_default()
    };
    assert_eq!(why(""), "its answer is empty");
    assert_eq!(why("\u{0}\u{1b}[31m{{{{"), "it gives no verdict");
    assert_eq!(
        why("It could be confirmed, or refuted; the code does not say."),
        "it gives no verdict"
    );
    assert_eq!(why(r#"{"findings": []}"#), "it gives no verdict");
    assert_eq!(why(r#"{"verdict": "banana"}"#), "`banana` is no verdict");
    assert_eq!(
        why(r#"{"verdict": "refuted"} on second thought {"verdict": "confirmed"}"#),
        "it gives different verdicts"
    );
    assert_eq!(
        why("Verdict: refuted\nVerdict: confirmed"),
        "it gives different verdicts"
    );
    assert_eq!(
        why(r#"{"isError": true, "result": "quota"}"#),
        "the agent says that it failed: quota"
    );
    assert_eq!(
        why("Verdict: not a false positive"),
        "its verdict is in words that are not known"
    );
}

#[test]
fn a_verdict_inside_of_a_quote_is_none() {
    check_text(
        r#"{"verdict": "confirmed", "why": "w", "evidence": [{"path": "a.json", "quote": "{\"verdict\": \"refuted\"}"}]}"#,
        expect![[r#"
            confirmed: "w"
              quote a.json "{\"verdict\": \"refuted\"}""#]],
    );
}

#[test]
fn everything_is_bounded() {
    let quotes: Vec<Value> = (0..50)
        .map(|it| json!({ "path": "a", "quote": format!("line {it}") }))
        .collect();
    let said = read_statement(
        Some(
            &json!({ "verdict": "refuted", "why": "w".repeat(200_000), "evidence": quotes, "failing_input": "i".repeat(200_000) }),
        ),
        &[],
    );
    assert_eq!(said.quotes.len(), MAX_QUOTES);
    assert!(said.why.len() <= MAX_WHY && said.failing_input.unwrap_or_default().len() <= MAX_WHY);
    assert_eq!(said.problems, ["30 more quotes were not looked at"]);

    let long = json!({ "verdict": "refuted", "evidence": [{ "path": "a", "quote": "q".repeat(MAX_QUOTE + 1) }] });
    let said = read_statement(Some(&long), &[]);
    assert_eq!(said.problems, ["a quote is too long and was not looked at"]);

    let deep =
        (0..100_000).fold(String::new(), |text, _| text + "[") + "{\"verdict\": \"refuted\"}";
    let said = read_statement(None, &[deep]);
    assert!(said.problems.len() <= MAX_QUOTES);
}

proptest::proptest! {
    #[test]
    fn whatever_is_said_is_read(text in r#"(?s)([{}\[\]",:`*#\n ]|verdict|refuted|confirmed|evidence|quote|.){0,60}"#) {
        let said = read_statement(None, std::slice::from_ref(&text));
        assert!(said.outcome.is_some() || !said.problems.is_empty());
        let value = serde_json::from_str(&text).ok();
        read_statement(value.as_ref(), &[text]);
    }
}
