//! The last lines of a program's standard error.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest line shown, in characters; the rest of it is replaced by `…`.
const LINE: usize = 400;

/// Shared, bounded: keeps the newest [`Tail::CAPACITY`] bytes.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    shared: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: VecDeque<u8>,
    dropped: u64,
}

impl Tail {
    /// Bytes kept.
    pub const CAPACITY: usize = 16 * 1024;

    /// The last `lines` non-empty lines, control characters (but for line ends) removed, joined with `\n`. Very
    /// long lines are cut with `…`.
    pub fn last(&self, lines: usize) -> String {
        let (bytes, cut) = self.read(|kept| (Vec::from(kept.bytes.clone()), kept.dropped > 0));
        let text = String::from_utf8_lossy(&bytes);
        let mut all: Vec<String> = text.split(['\n', '\r']).map(plain).collect();
        if cut && all.len() > 1 {
            // Its beginning is lost.
            all.remove(0);
        }
        all.retain(|line| !line.is_empty());
        all.split_off(all.len().saturating_sub(lines)).join("\n")
    }

    /// Bytes that were dropped because newer ones came.
    pub fn dropped(&self) -> u64 {
        self.read(|kept| kept.dropped)
    }

    pub(crate) fn push(&self, bytes: &[u8]) {
        self.read(|kept| {
            let newest = &bytes[bytes.len().saturating_sub(Self::CAPACITY)..];
            let excess = (kept.bytes.len() + newest.len()).saturating_sub(Self::CAPACITY);
            kept.bytes.drain(..excess);
            kept.bytes.extend(newest);
            kept.dropped += (excess + bytes.len() - newest.len()) as u64;
        });
    }

    fn read<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        // Bytes cannot be left half changed in a way that matters.
        look(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A line without terminal escape sequences, control and bidirectional characters, trimmed, of bounded length.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut length = 0;
    let mut rest = line.trim().chars().peekable();
    while let Some(character) = rest.next() {
        if character == '\u{1b}' && rest.next_if_eq(&'[').is_some() {
            // A control sequence ends with its first byte from `@` to `~`.
            rest.by_ref().find(|c| ('@'..='~').contains(c));
            continue;
        }
        let character = if character == '\t' { ' ' } else { character };
        if character.is_control() || is_bidirectional(character) {
            continue;
        }
        if length == LINE {
            plain.push('…');
            break;
        }
        plain.push(character);
        length += 1;
    }
    plain
}

fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn tail(chunks: &[&[u8]]) -> Tail {
        let tail = Tail::default();
        for chunk in chunks {
            tail.push(chunk);
        }
        tail
    }

    #[test]
    fn last_lines() {
        let cases: &[(&[&[u8]], usize, &str)] = &[
            (&[], 3, ""),
            (&[b"one\ntwo\n\nthree\n"], 2, "two\nthree"),
            (&[b"half", b" and half\nnext"], 5, "half and half\nnext"),
            (
                &[b"\x1b[1;31merror\x1b[0m: no\x07 key\x00\n"],
                5,
                "error: no key",
            ),
            (&[b"10%\r20%\r100%\r\n"], 1, "100%"),
            (
                &[b"bad \xff utf-8 \xe2\x80\xae!"],
                1,
                "bad \u{fffd} utf-8 !",
            ),
            (&[b"a\tb"], 1, "a b"),
        ];
        for (chunks, lines, expected) in cases {
            assert_eq!(tail(chunks).last(*lines), *expected, "{chunks:?}");
        }
    }

    #[test]
    fn only_the_newest_bytes_are_kept_and_the_rest_is_counted() {
        let tail = Tail::default();
        for number in 0..10_000 {
            tail.push(format!("line {number}\n").as_bytes());
        }
        assert_eq!(tail.last(2), "line 9998\nline 9999");
        let all = tail.last(usize::MAX);
        assert!(
            all.len() <= Tail::CAPACITY && all.starts_with("line "),
            "{all:.40}"
        );
        let written: u64 = (0..10_000)
            .map(|number| format!("line {number}\n").len() as u64)
            .sum();
        assert_eq!(tail.dropped(), written - Tail::CAPACITY as u64);
    }

    #[test]
    fn one_endless_line_is_cut() {
        let tail = tail(&[&vec![b'x'; 1024 * 1024]]);
        assert_eq!(tail.last(3), format!("{}…", "x".repeat(LINE)));
        assert_eq!(tail.dropped(), (1024 * 1024 - Tail::CAPACITY) as u64);
    }
}
