//! What the client may send as a message, and how each is read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value
)]
use super::*;
use expect_test::{Expect, expect};

/// One line that says what a body was taken for.
fn describe(body: &[u8]) -> String {
    match parse(body) {
        Ok(Incoming::Request { id, method, params }) => {
            format!(
                "request {id} {method} {}",
                params.map_or("-", RawValue::get)
            )
        }
        Ok(Incoming::Notification { method, params }) => {
            format!(
                "notification {method} {}",
                params.map_or("-", RawValue::get)
            )
        }
        Ok(Incoming::Response { id, result }) => format!("response {id:?} {result:?}"),
        Err(invalid) => format!(
            "invalid {} id {} garbage {}",
            invalid.error.code, invalid.id, invalid.is_garbage
        ),
    }
}

#[test]
fn tells_messages_apart() {
    let check = |body: &str, expected: Expect| expected.assert_eq(&describe(body.as_bytes()));
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"a/b","params":{}}"#,
        expect!["request 1 a/b {}"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":"x","method":"a"}"#,
        expect![[r#"request "x" a -"#]],
    );
    check(
        r#"{"jsonrpc":"2.0","id":null,"method":"a"}"#,
        expect!["request null a -"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":1.5,"method":"a"}"#,
        expect!["invalid -32600 id 1.5 garbage false"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":99999999999999999999,"method":"a"}"#,
        expect!["invalid -32600 id 99999999999999999999 garbage false"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":{},"method":"a"}"#,
        expect!["invalid -32600 id null garbage false"],
    );
    check(
        r#"{"jsonrpc":"2.0","method":"a\u002fb"}"#,
        expect!["notification a/b -"],
    );
    check(
        r#"{"jsonrpc":"2.0","method":7,"id":3}"#,
        expect!["invalid -32600 id 3 garbage false"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":4,"result":null}"#,
        expect!["response Some(4) Ok(Null)"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":"x","result":1}"#,
        expect!["response None Ok(Number(1))"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":4,"error":{"code":1,"message":"no"}}"#,
        expect![[r#"response Some(4) Err("no")"#]],
    );
    check(
        r#"{"jsonrpc":"2.0","id":4}"#,
        expect!["invalid -32600 id 4 garbage false"],
    );
    check(
        r#"[{"jsonrpc":"2.0","id":4,"method":"a"}]"#,
        expect!["invalid -32600 id null garbage false"],
    );
    check("42", expect!["invalid -32600 id null garbage false"]);
    check(
        r#"{"jsonrpc":"2.0","#,
        expect!["invalid -32700 id null garbage true"],
    );
    check("", expect!["invalid -32700 id null garbage true"]);
}

#[test]
fn survives_hostile_json() {
    assert!(describe(b"{\"method\":\"\xff\xfe\"}").starts_with("invalid -32700"));
    let deep = format!(
        r#"{{"id":1,"method":"m","params":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let Ok(Incoming::Request { params: raw, .. }) = parse(deep.as_bytes()) else {
        panic!("a request")
    };
    assert!(
        params::<Value>(raw).is_err(),
        "too deep to be read, and no crash"
    );
    let open = format!(
        r#"{{"id":1,"method":"m","params":{}"#,
        "{\"a\":".repeat(100_000)
    );
    assert!(describe(open.as_bytes()).starts_with("invalid -32700"));
}

#[test]
fn repairs_lone_surrogates_only() {
    let repair = |json: &str| repair_surrogates(json).unwrap_or_else(|| "as it was".to_owned());
    assert_eq!(repair(r#""\ud83d\ude00 fine""#), "as it was");
    assert_eq!(repair(r#""\\ud83d text""#), "as it was");
    assert_eq!(repair(r#""a\ud83d b""#), r#""a\ufffd b""#);
    assert_eq!(repair(r#""\ude00\ud83d\ude00""#), r#""\ufffd\ud83d\ude00""#);
    assert_eq!(repair(r#""\ud83d\ud83d\ude00""#), r#""\ufffd\ud83d\ude00""#);
    let body = br#"{"method":"m","params":{"text":"a\ud800b"}}"#;
    let Ok(Incoming::Notification { params: raw, .. }) = parse(body) else {
        panic!("a notification")
    };
    assert_eq!(
        params::<Value>(raw),
        Ok(serde_json::json!({"text": "a\u{fffd}b"}))
    );
}
