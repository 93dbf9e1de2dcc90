//! Framing, case by case: what a client sends, and which bodies come out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value
)]
use super::*;

/// Feeds `input` in pieces of `step` bytes and returns the bodies, `!` for a broken one.
fn decode(input: &[u8], step: usize) -> Vec<String> {
    let mut decoder = Decoder::default();
    let mut seen = Vec::new();
    for piece in input.chunks(step) {
        decoder.space().extend_from_slice(piece);
        while let Some(frame) = decoder.next().expect("the stream is not lost") {
            match frame {
                Frame::Broken => seen.push("!".to_owned()),
                Frame::Body(range) => {
                    let body = String::from_utf8_lossy(decoder.body(range.clone())).into_owned();
                    if body.starts_with('{') && !body.ends_with('}') {
                        decoder.reject(range);
                    }
                    seen.push(body);
                }
            }
        }
    }
    seen
}

fn frame(body: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn finds_messages_in_whatever_stands_around_them() {
    let good = frame(r#"{"a":1}"#);
    let huge_header = format!("X-Pad: {}\r\n", "x".repeat(1 << 20));
    let table: Vec<(&str, String, Vec<&str>)> = vec![
        ("plain", good.clone(), vec![r#"{"a":1}"#]),
        (
            "two in one",
            format!("{good}{good}"),
            vec![r#"{"a":1}"#, r#"{"a":1}"#],
        ),
        (
            "lower case and a type",
            "content-length: 2\r\ncontent-type: x\r\n\r\n{}".into(),
            vec!["{}"],
        ),
        (
            "type first",
            "Content-Type: application/vscode-jsonrpc\r\nContent-Length: 2\r\n\r\n{}".into(),
            vec!["{}"],
        ),
        (
            "line feeds only",
            "Content-Length: 2\n\n{}".into(),
            vec!["{}"],
        ),
        ("no space", "Content-Length:2\r\n\r\n{}".into(), vec!["{}"]),
        (
            "twice, the same",
            "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}".into(),
            vec!["{}"],
        ),
        (
            "garbage line",
            format!("hello\r\n{good}"),
            vec![r#"{"a":1}"#],
        ),
        (
            "garbage without a line end",
            format!("hello{good}"),
            vec![r#"{"a":1}"#],
        ),
        (
            "binary garbage",
            format!("\u{0}\u{1}\n\n\n{good}"),
            vec![r#"{"a":1}"#],
        ),
        (
            "not a number",
            format!("Content-Length: abc\r\n\r\n{{}}{good}"),
            vec![r#"{"a":1}"#],
        ),
        (
            "negative",
            format!("Content-Length: -5\r\n\r\n{{}}{good}"),
            vec![r#"{"a":1}"#],
        ),
        ("missing", format!("\r\n{{}}{good}"), vec![r#"{"a":1}"#]),
        (
            "other header only",
            format!("Content-Type: x\r\n\r\n{{}}{good}"),
            vec![r#"{"a":1}"#],
        ),
        (
            "zero",
            format!("Content-Length: 0\r\n\r\n{good}"),
            vec!["", r#"{"a":1}"#],
        ),
        (
            "two gigabytes",
            format!("Content-Length: 2147483648\r\n\r\n{good}"),
            vec![r#"{"a":1}"#],
        ),
        (
            "over all numbers",
            format!("Content-Length: 99999999999999999999\r\n\r\n{good}"),
            vec![r#"{"a":1}"#],
        ),
        (
            "too short",
            format!("Content-Length: 3\r\n\r\n{{\"b\":2}}{good}"),
            vec!["{\"b", r#"{"a":1}"#],
        ),
        (
            "too long",
            format!("Content-Length: 900\r\n\r\n{{}}{good}"),
            vec!["!", r#"{"a":1}"#],
        ),
        (
            "large header",
            format!("{huge_header}{good}"),
            vec![r#"{"a":1}"#],
        ),
        (
            "large header behind",
            format!("Content-Length: 2\r\n{huge_header}\r\n{{}}"),
            vec!["{}"],
        ),
    ];
    for (name, input, expected) in table {
        for step in [input.len(), 1, 7, 1000] {
            if step == 1 && input.len() > 10_000 {
                continue;
            }
            assert_eq!(
                decode(input.as_bytes(), step),
                expected,
                "{name}, {step} bytes at a time"
            );
        }
    }
}

#[test]
fn a_length_that_swallows_the_next_message_gives_it_back() {
    let good = frame(r#"{"a":1}"#);
    let input = format!("Content-Length: 20\r\n\r\n{{}}{good}");
    assert_eq!(
        decode(input.as_bytes(), input.len())
            .last()
            .map(String::as_str),
        Some(r#"{"a":1}"#)
    );
}

#[test]
fn a_header_inside_a_string_is_text() {
    let body = format!(
        "{{\"text\":\"{}Content-Length: 5\\r\\n\\r\\n\"}}",
        "x".repeat(2000)
    );
    assert_eq!(decode(frame(&body).as_bytes(), 100), vec![body]);
}

#[test]
fn gives_up_on_a_stream_without_messages() {
    let mut decoder = Decoder::default();
    let junk = vec![b'x'; 1 << 20];
    let lost = (0..64).find_map(|_| {
        decoder.space().extend_from_slice(&junk);
        decoder.next().err()
    });
    assert!(lost.is_some());
    assert!(
        decoder.buffer.len() <= 2 << 20,
        "what is skipped is not kept"
    );
}

#[test]
fn a_large_buffer_is_given_back() {
    let mut decoder = Decoder::default();
    decoder
        .space()
        .extend_from_slice(frame(&"x".repeat(8 << 20)).as_bytes());
    assert!(matches!(decoder.next(), Ok(Some(Frame::Body(_)))));
    assert!(decoder.space().capacity() <= 2 * READ_SIZE);
}
