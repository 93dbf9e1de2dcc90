//! The lines of a text, one after the other.

use ropey::iter::Chunks;
use std::borrow::Cow;

/// What [`Text::lines`](super::Text::lines) hands out. Nearly all lines lie in one piece of memory and are not copied.
pub(super) struct Lines<'a> {
    chunks: Chunks<'a>,
    /// What is left of the chunk at hand.
    rest: &'a str,
    /// The last line was told.
    ended: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(chunks: Chunks<'a>) -> Self {
        Self {
            chunks,
            rest: "",
            ended: false,
        }
    }

    /// Leaves the line end at `at` behind, which may go on in the next chunk.
    fn skip_end(&mut self, at: usize) {
        let is_return = self.rest.as_bytes()[at] == b'\r';
        self.rest = &self.rest[at + 1..];
        if is_return && self.rest.is_empty() {
            self.rest = self.chunks.next().unwrap_or_default();
        }
        if is_return {
            self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        if self.ended {
            return None;
        }
        let mut line = Cow::Borrowed("");
        loop {
            let mut bytes = self.rest.bytes();
            if let Some(at) = bytes.position(|it| matches!(it, b'\n' | b'\r')) {
                add(&mut line, &self.rest[..at]);
                self.skip_end(at);
                return Some(line);
            }
            add(&mut line, self.rest);
            let Some(next) = self.chunks.next() else {
                self.ended = true;
                return Some(line);
            };
            self.rest = next;
        }
    }
}

fn add<'a>(line: &mut Cow<'a, str>, piece: &'a str) {
    if line.is_empty() {
        *line = Cow::Borrowed(piece);
    } else if !piece.is_empty() {
        line.to_mut().push_str(piece);
    }
}
