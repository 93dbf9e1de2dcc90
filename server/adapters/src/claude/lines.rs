//! Lines of a stream, each within a limit of length.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// Longest line that is taken, in bytes.
pub(super) const MAX_LINE: usize = 64 * 1024 * 1024;

/// Reads lines.
pub(super) struct Lines<R> {
    read: BufReader<R>,
    /// What has come of the next line.
    begun: Vec<u8>,
    max: usize,
}

/// What the stream gives next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its end.
    Whole(Vec<u8>),
    /// A line that is longer than the limit; nothing after it can be made sense of.
    TooLong,
    /// The end of the stream.
    End,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(read: R, max: usize) -> Self {
        Self {
            read: BufReader::with_capacity(64 * 1024, read),
            begun: Vec::new(),
            max,
        }
    }

    /// The next line. Nothing is lost when the future is dropped. The last line needs no end.
    pub(super) async fn next(&mut self) -> Line {
        loop {
            // A stream that breaks has ended.
            let chunk = self.read.fill_buf().await.unwrap_or_default();
            if chunk.is_empty() {
                return match std::mem::take(&mut self.begun) {
                    rest if rest.is_empty() => Line::End,
                    rest => Line::Whole(rest),
                };
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            self.begun
                .extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
            let used = end.map_or(chunk.len(), |end| end + 1);
            self.read.consume(used);
            if self.begun.len() > self.max {
                return Line::TooLong;
            }
            if end.is_some() {
                return Line::Whole(std::mem::take(&mut self.begun));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    async fn all(text: &str, max: usize) -> Vec<Line> {
        let mut lines = Lines::new(text.as_bytes(), max);
        let mut all = Vec::new();
        loop {
            all.push(lines.next().await);
            if matches!(all.last(), Some(Line::End | Line::TooLong)) {
                return all;
            }
        }
    }

    #[tokio::test]
    async fn lines_come_whole_or_not_at_all() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        assert_eq!(all("", 5).await, [Line::End]);
        assert_eq!(
            all("a\n\nlast", 5).await,
            [whole("a"), whole(""), whole("last"), Line::End]
        );
        assert_eq!(
            all("12345\n123456\n", 5).await,
            [whole("12345"), Line::TooLong]
        );
        let long = "x".repeat(1024 * 1024);
        assert_eq!(
            all(&format!("{long}\n"), MAX_LINE).await,
            [whole(&long), Line::End]
        );
    }
}
