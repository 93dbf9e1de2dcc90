//! Server-sent events out of bytes, as they arrive.

/// Longest event, in bytes. A whole answer fits in one.
const MAX_EVENT: usize = 16 * 1024 * 1024;

/// Takes bytes, gives the data of events.
#[derive(Default)]
pub(super) struct Events {
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The data of the event that has not ended yet.
    data: String,
}

/// An event is too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Events {
    /// The data of the events that end in `bytes`.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut ended = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() + self.data.len() > MAX_EVENT {
                return Err(TooLong);
            }
            if piece.ends_with(b"\n") {
                ended.extend(self.end_line());
            }
        }
        Ok(ended)
    }

    /// The data of the last event, which need not have ended when the stream does.
    pub(super) fn finish(mut self) -> Option<String> {
        let ended = self.end_line();
        ended.or_else(|| self.end_event())
    }

    fn end_line(&mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return self.end_event();
        }
        if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data += data.strip_prefix(' ').unwrap_or(data);
        }
        None
    }

    fn end_event(&mut self) -> Option<String> {
        let data = std::mem::take(&mut self.data);
        (!data.is_empty()).then_some(data)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn events_end_with_an_empty_line_however_the_bytes_arrive() {
        let stream = ": comment\r\nevent: x\r\ndata: {\"a\": \"é\"}\r\n\r\n\ndata:one\ndata: two\n\ndata: last";
        let expected = ["{\"a\": \"é\"}", "one\ntwo", "last"];
        for size in [1, 2, 7, 1000] {
            let mut events = Events::default();
            let mut found = Vec::new();
            for bytes in stream.as_bytes().chunks(size) {
                found.extend(events.take(bytes).unwrap());
            }
            found.extend(events.finish());
            assert_eq!(found, expected, "in pieces of {size} bytes");
        }
    }

    #[test]
    fn an_endless_line_is_given_up() {
        let mut events = Events::default();
        let bytes = vec![b'x'; MAX_EVENT];
        assert_eq!(events.take(&bytes), Ok(Vec::new()));
        assert_eq!(events.take(b"x"), Err(TooLong));
    }
}
