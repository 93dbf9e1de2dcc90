//! What agents say of findings, and their evidence.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

use super::*;
use crate::answer::read_statement;
use serde_json::{Value, json};

const CODE: &str = "fn take(items: &[u32], n: usize) -> u32 {\n    if n >= items.len() {\n        return 0;\n    }\n    items[n]\n}\n";

fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

/// The files that there are: `src/a.rs`, which was asked about, and `src/b.rs`.
fn weighed(said: &Value) -> Weighed {
    let said = read_statement(Some(said), &[]);
    weigh(&said, |named| match named.unwrap_or("src/a.rs") {
        "src/a.rs" => Ok((path("src/a.rs"), Text::new(CODE))),
        "src/b.rs" => Ok((path("src/b.rs"), Text::new("take(&[], 0);\r\n"))),
        other => Err(format!("there is no file `{other}`")),
    })
}

fn refuted(evidence: Value) -> (Outcome, String) {
    let weighed = weighed(&json!({ "verdict": "refuted", "why": "guarded", "evidence": evidence }));
    (weighed.outcome, weighed.caveat.unwrap_or_default())
}

#[test]
fn quotes_that_are_there_count() {
    for quote in [
        "if n >= items.len() {",
        "if n >= items.len() {\n    return 0;\n}",
        "  2 |     if n >= items.len() {\n  3 |         return 0;",
        "```rust\n    items[n]\n```",
        "if   n >= items.len()   {",
        "fn take(items: &[u32], n: usize) -> u32 {\n    ...\n    items[n]",
    ] {
        let said = refuted(json!([{ "path": "src/a.rs", "quote": quote }]));
        assert_eq!(said, (Outcome::Refuted, String::new()), "{quote}");
    }
    // Without a path it is the file that was asked about; line ends do not matter.
    assert_eq!(
        refuted(json!(["if n >= items.len() {"])).0,
        Outcome::Refuted
    );
    assert_eq!(
        refuted(json!([{ "path": "src/b.rs", "quote": "take(&[], 0);\n" }])).0,
        Outcome::Refuted
    );
}

#[test]
fn a_verdict_without_evidence_is_none() {
    for (evidence, why) in [
        (
            json!([]),
            "it says refuted, but it quotes nothing that shows it",
        ),
        (
            json!([{ "path": "src/a.rs", "quote": "if n > items.len() {" }]),
            "it says refuted, but its quote is not in `src/a.rs`",
        ),
        // Almost the same is not the same, and neither is another file.
        (
            json!([{ "path": "src/b.rs", "quote": "if n >= items.len() {" }]),
            "it says refuted, but its quote is not in `src/b.rs`",
        ),
        (
            json!([{ "path": "/etc/passwd", "quote": "root:x:0:0" }]),
            "it says refuted, but its quote is not to be found: there is no file `/etc/passwd`",
        ),
        (
            json!(["if n >= items.len() {", "unreachable!()"]),
            "it says refuted, but 1 of its 2 quotes are not in `src/a.rs`",
        ),
        (
            json!(["no such line", "nor this one"]),
            "it says refuted, but its quotes are not in `src/a.rs`",
        ),
        (
            json!(["}"]),
            "it says refuted, but what it quotes is too short to show it",
        ),
        // The parts stand there, in another order.
        (
            json!(["items[n]\n...\nfn take(items: &[u32]"]),
            "it says refuted, but its quote is not in `src/a.rs`",
        ),
    ] {
        let said = refuted(evidence.clone());
        assert_eq!(said, (Outcome::Unsure, why.to_owned()), "{evidence}");
    }
}

#[test]
fn unsure_needs_no_evidence_and_garbage_is_unsure() {
    let unsure = weighed(&json!({ "verdict": "unsure", "why": "no caller shown" }));
    assert_eq!((unsure.outcome, unsure.caveat), (Outcome::Unsure, None));
    let garbage = weighed(&json!({ "verdict": "banana" }));
    assert_eq!(garbage.outcome, Outcome::Unsure);
    assert_eq!(garbage.caveat.as_deref(), Some("`banana` is no verdict"));
}

#[test]
fn what_is_shown_is_harmless() {
    let said = weighed(&json!({
        "verdict": "confirmed", "why": "see <script>\u{202e}", "failing_input": "n\u{1b}[31m = 0",
        "evidence": ["if n >= items.len() {"],
    }));
    assert_eq!(said.outcome, Outcome::Confirmed);
    assert!(!said.why.contains('\u{202e}') && !said.why.contains("<script>"));
    assert_eq!(said.failing_input.as_deref(), Some("n = 0"));
}
