//! Document sync: what the client sends, and the text that stands here afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::proto::from::DidChange;
use proptest::prelude::*;
use serde_json::{Value, json};

const URI: &str = "file:///a";

fn opened(text: &str) -> Documents {
    let mut documents = Documents::default();
    documents.open(URI, 1, text, Err("no place".to_owned()));
    documents
}

/// The text after the changes, or `refused` when the notification has no readable shape.
fn after(text: &str, encoding: Encoding, changes: &Value) -> String {
    let mut documents = opened(text);
    let params = json!({"textDocument": {"uri": URI, "version": 2}, "contentChanges": changes});
    let Ok(params) = serde_json::from_value::<DidChange>(params) else {
        return "refused".to_owned();
    };
    documents
        .change(URI, params.version(), &params.content_changes, encoding)
        .unwrap();
    documents.get(URI).unwrap().text.to_string()
}

fn edit(from: (i64, i64), to: (i64, i64), text: &str) -> Value {
    json!({"range": {"start": {"line": from.0, "character": from.1}, "end": {"line": to.0, "character": to.1}}, "text": text})
}

#[test]
fn applies_what_clients_send() {
    let big = 1i64 << 53;
    let table: Vec<(&str, &str, Value, &str)> = vec![
        (
            "insert",
            "ab\ncd",
            json!([edit((0, 1), (0, 1), "X")]),
            "aXb\ncd",
        ),
        (
            "delete over lines",
            "ab\ncd",
            json!([edit((0, 1), (1, 1), "")]),
            "ad",
        ),
        (
            "two, the second in the text of the first",
            "ab",
            json!([edit((0, 0), (0, 0), "x"), edit((0, 1), (0, 2), "y")]),
            "xyb",
        ),
        ("the whole text", "ab", json!([{"text": "new"}]), "new"),
        (
            "a null range",
            "ab",
            json!([{"range": null, "text": "new"}]),
            "new",
        ),
        (
            "past the line",
            "ab\ncd",
            json!([edit((0, 99), (0, 99), "X")]),
            "abX\ncd",
        ),
        (
            "past the text",
            "ab",
            json!([edit((9, 0), (9, 9), "X")]),
            "abX",
        ),
        ("reversed", "abc", json!([edit((0, 2), (0, 1), "X")]), "aXc"),
        (
            "huge numbers",
            "ab",
            json!([edit((big, big), (big, big), "X")]),
            "abX",
        ),
        (
            "negative",
            "ab",
            json!([edit((-1, 0), (0, 1), "X")]),
            "refused",
        ),
        (
            "half a range",
            "ab",
            json!([{"range": {"start": {"line": 0, "character": 0}}, "text": "X"}]),
            "refused",
        ),
        ("no text", "ab", json!([{"range": null}]), "refused"),
        (
            "inside a surrogate pair",
            "😀b",
            json!([edit((0, 1), (0, 2), "X")]),
            "Xb",
        ),
        (
            "between CR and LF",
            "a\r\nb",
            json!([edit((0, 2), (0, 2), "X")]),
            "aX\r\nb",
        ),
        ("nothing", "ab", json!([]), "ab"),
    ];
    for (name, text, changes, expected) in table {
        assert_eq!(after(text, Encoding::Utf16, &changes), expected, "{name}");
    }
}

#[test]
fn versions_only_go_forward() {
    let mut documents = opened("a");
    let change = ContentChange {
        range: None,
        text: "b".to_owned(),
    };
    let mut change_to = |uri: &str, version| {
        documents
            .change(uri, version, std::slice::from_ref(&change), Encoding::Utf8)
            .map(|it| it.0.version)
    };
    assert_eq!(change_to(URI, Some(19)), Ok(19));
    assert_eq!(
        change_to(URI, Some(19)),
        Ok(19),
        "some clients do not count"
    );
    assert!(matches!(
        change_to(URI, Some(3)),
        Err(Ignored::Stale {
            version: 3,
            have: 19,
            ..
        })
    ));
    assert_eq!(change_to(URI, None), Ok(20));
    assert_eq!(
        change_to("file:///b", Some(1)),
        Err(Ignored::Unknown("file:///b".to_owned()))
    );
}

#[test]
fn a_document_opened_twice_is_replaced() {
    let mut documents = opened("a");
    documents.open(URI, 0, "b", Err("no place".to_owned()));
    assert_eq!(
        documents
            .get(URI)
            .map(|it| (it.version, it.text.to_string())),
        Some((0, "b".to_owned()))
    );
    assert!(documents.close(URI).is_some());
    assert!(documents.close(URI).is_none());
}

proptest! {
    #[test]
    fn replacing_all_is_one_small_edit(old in "[a-c😀ä\r\n]{0,20}", new in "[a-c😀ä\r\n]{0,20}") {
        let mut text = Text::new(&old);
        let change = replace_all(&mut text, &new);
        prop_assert_eq!(text.to_string(), new.clone());
        prop_assert_eq!(old.len() - change.range.len() + change.new_len, new.len());
        if old == new {
            prop_assert!(change.range.is_empty() && change.new_len == 0);
        }
    }
}
