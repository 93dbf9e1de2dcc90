//! Framing: from a stream of bytes to the bodies of messages, surviving whatever stands between them.
//!
//! The decoder does no input or output. It looks for `Content-Length` headers and skips what is none, so that
//! one bad message never costs more than itself. It gives up only when so much was skipped that no further
//! message can be expected.

use std::ops::Range;

#[cfg(test)]
mod tests;

/// Largest body taken, in bytes.
pub(crate) const MAX_BODY: usize = 256 << 20;
/// How much may be skipped since the last message before the stream is given up, in bytes.
const MAX_SKIPPED: usize = 16 << 20;
/// Longest line kept whole while its end has not arrived, in bytes; of a longer one only the tail is kept.
const MAX_LINE: usize = 64 << 10;
/// The tail kept of a longer line: enough to hold a header that follows garbage.
const LINE_TAIL: usize = 1 << 10;
/// Free space offered to each read, in bytes.
const READ_SIZE: usize = 64 << 10;
/// A buffer that grew above this is given back once it is empty, in bytes.
const KEEP_CAPACITY: usize = 1 << 20;
/// The one header that matters.
const LENGTH: &[u8] = b"content-length:";

/// What the decoder found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The body of a message; read it with [`Decoder::body`].
    Body(Range<usize>),
    /// The next message began before the announced end of this one.
    Broken,
}

/// No message can be found in the stream any more.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no message was found in {0} bytes of input; the client does not speak LSP")]
pub(crate) struct Lost(usize);

/// Splits a stream into message bodies.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    buffer: Vec<u8>,
    /// Where the next unread byte is.
    start: usize,
    /// Bytes after `start` already searched in vain.
    searched: usize,
    /// The length that the headers read so far announce.
    length: Option<usize>,
    in_body: bool,
    skipped: usize,
}

impl Decoder {
    /// Room for the next read; append to it.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
            if self.buffer.capacity() > KEEP_CAPACITY {
                self.buffer.shrink_to(READ_SIZE);
            }
        } else if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.reserve(READ_SIZE);
        &mut self.buffer
    }

    /// The next message, if it has arrived.
    ///
    /// # Errors
    /// When the stream holds nothing that looks like messages.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Lost> {
        loop {
            if self.in_body {
                return Ok(self.take_body());
            }
            if !self.take_line() {
                return if self.skipped > MAX_SKIPPED {
                    Err(Lost(self.skipped))
                } else {
                    Ok(None)
                };
            }
        }
    }

    /// The bytes of a body, valid until the next call of [`Decoder::space`].
    pub(crate) fn body(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// Tells that a body was no JSON. When the beginning of another message lies in it, that one comes next.
    pub(crate) fn reject(&mut self, range: Range<usize>) {
        // The header may reach over the announced end.
        let end = self.buffer.len().min(range.end + LINE_TAIL);
        if let Some(at) = find_header(&self.buffer[range.start..end]).filter(|it| *it < range.len())
        {
            self.begin_headers(range.start + at);
        }
    }

    fn take_body(&mut self) -> Option<Frame> {
        let length = self.length.unwrap_or_default();
        let available = self.buffer.len() - self.start;
        if available >= length {
            let range = self.start..self.start + length;
            self.begin_headers(range.end);
            self.skipped = 0;
            return Some(Frame::Body(range));
        }
        // Raw line ends cannot stand inside of strings, and a header cannot stand outside of them: where one
        // is seen the announced length was wrong.
        let from = self.start + self.searched.saturating_sub(LINE_TAIL);
        let fresh = &self.buffer[self.start + self.searched..];
        let header = if fresh.contains(&b'\n') {
            find_header(&self.buffer[from..])
        } else {
            None
        };
        self.searched = available;
        let at = from + header?;
        self.skipped += at - self.start;
        self.begin_headers(at);
        Some(Frame::Broken)
    }

    fn begin_headers(&mut self, start: usize) {
        self.start = start;
        self.searched = 0;
        self.in_body = false;
        self.length = None;
    }

    /// Reads one header line; false when it has not arrived.
    fn take_line(&mut self) -> bool {
        let unread = &self.buffer[self.start..];
        let Some(end) = unread[self.searched..].iter().position(|it| *it == b'\n') else {
            let surplus = if unread.len() > MAX_LINE {
                unread.len() - LINE_TAIL
            } else {
                0
            };
            self.searched = unread.len() - surplus;
            self.start += surplus;
            self.skipped += surplus;
            return false;
        };
        let end = self.searched + end;
        let line = unread[..end].trim_ascii();
        let consumed = end + 1;
        if line.is_empty() {
            self.in_body = self.length.is_some();
        } else if let Some(at) = find_ignoring_case(line, LENGTH) {
            self.length = parse_length(&line[at + LENGTH.len()..]);
            if self.length.is_none() {
                let line = String::from_utf8_lossy(&line[at..])
                    .chars()
                    .take(80)
                    .collect::<String>();
                tracing::warn!("a message with an unusable header was skipped: {line}");
            }
        } else if !is_header(line) {
            self.skipped += consumed;
            tracing::warn!("{consumed} bytes between messages were skipped");
        } else {
            // Headers without end are no better than garbage.
            self.skipped += consumed;
        }
        self.start += consumed;
        self.searched = 0;
        true
    }
}

fn parse_length(value: &[u8]) -> Option<usize> {
    let value = std::str::from_utf8(value).ok()?;
    value.trim().parse().ok().filter(|it| *it <= MAX_BODY)
}

/// `Name: value`.
fn is_header(line: &[u8]) -> bool {
    let name = line.split(|it| *it == b':').next().unwrap_or_default();
    name.len() < line.len()
        && !name.is_empty()
        && name
            .iter()
            .all(|it| it.is_ascii_alphanumeric() || *it == b'-')
}

/// Where a `Content-Length` header with its number and line end stands.
fn find_header(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = find_ignoring_case(&bytes[from..], LENGTH) {
        let at = from + at;
        let value = bytes[at + LENGTH.len()..].trim_ascii_start();
        let digits = value.iter().take_while(|it| it.is_ascii_digit()).count();
        let rest = &value[digits..];
        if digits > 0 && (rest.starts_with(b"\r\n") || rest.starts_with(b"\n")) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// `needle` is lower case.
fn find_ignoring_case(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|it| it[0] | 0x20 == needle[0] && it.eq_ignore_ascii_case(needle))
}
