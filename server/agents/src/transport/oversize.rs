//! Whose answer a line is that is too long, or too broken, to be read.

use super::id;
use rmcp::model::RequestId;

/// Longest key or id looked at, in bytes.
const TOKEN: usize = 64;

/// Finds the `id` of a JSON object without reading the rest of it. Takes the bytes in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct IdFinder {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// In the outermost object, the next string is a key.
    at_key: bool,
    is_id: bool,
    token: Vec<u8>,
    id: Option<RequestId>,
    has_method: bool,
}

impl IdFinder {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.in_string {
                self.string_byte(*byte)
            } else {
                self.byte(*byte)
            }
        }
    }

    /// The id, if the bytes were an answer; `None` for requests, notifications and unknown things.
    pub(super) fn answer(&self) -> Option<RequestId> {
        self.id.clone().filter(|_| !self.has_method)
    }

    /// Whether it is certain that the bytes were no answer.
    pub(super) fn is_no_answer(&self) -> bool {
        self.has_method
    }

    fn string_byte(&mut self, byte: u8) {
        self.keep(byte);
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
            if self.depth == 1 && self.at_key {
                self.at_key = false;
                self.is_id = self.token == b"\"id\"";
                self.has_method |= self.token == b"\"method\"";
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.in_string = true;
                if self.at_key {
                    self.token.clear();
                }
                self.keep(byte);
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.at_key = self.depth == 1 && byte == b'{';
            }
            b'}' | b']' => {
                self.end_value();
                self.depth = self.depth.saturating_sub(1);
            }
            b',' if self.depth == 1 => {
                self.end_value();
                self.at_key = true;
            }
            b':' if self.depth == 1 => self.token.clear(),
            _ if byte.is_ascii_whitespace() => {}
            _ => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.token.len() < TOKEN {
            self.token.push(byte);
        }
    }

    fn end_value(&mut self) {
        if self.depth == 1 && self.is_id {
            self.id = serde_json::from_slice(&self.token)
                .ok()
                .and_then(|value| id::from_json(&value));
            self.is_id = false;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use rmcp::model::NumberOrString::Number;

    #[test]
    fn the_id_is_found_wherever_it_stands() {
        let cases: &[(&str, Option<i64>)] = &[
            (r#"{"jsonrpc":"2.0","id":7,"result":{"id":8}}"#, Some(7)),
            (
                r#"{"result":{"id":8,"a":["}",{"id":9}]},"jsonrpc":"2.0","id":7}"#,
                Some(7),
            ),
            (r#"{"result":"\"id\":8,","id" : 7 }"#, Some(7)),
            (r#"{"result":"\\","id":7}"#, Some(7)),
            (r#"{"result":"id","error":8,"id":7}"#, Some(7)),
            (r#"{"id":7,"result":"cut off in the mid"#, Some(7)),
            (r#"{"result":"cut off in the mid"#, None),
            (r#"{"id":7,"method":"ping"}"#, None),
            (
                r#"{"method":"notifications/progress","params":{"id":7}}"#,
                None,
            ),
            (r#"{"id":null,"result":1}"#, None),
            (r#"[{"id":7}]"#, None),
            ("plain text", None),
        ];
        for (text, expected) in cases {
            for piece in [1, 3, text.len()] {
                let mut finder = IdFinder::default();
                text.as_bytes()
                    .chunks(piece)
                    .for_each(|bytes| finder.feed(bytes));
                assert_eq!(
                    finder.answer(),
                    expected.map(Number),
                    "{text} in pieces of {piece}"
                );
            }
        }
    }
}
