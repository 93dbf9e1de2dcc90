//! The text being searched: contiguous, with its lines and its normalised forms, each made once.

use super::form::{Form, Normal};
use crate::text::{Text, TextRange};
use std::cell::OnceCell;

/// A text prepared for many searches.
pub(super) struct Source {
    pub(super) whole: String,
    /// The lines without their line ends; never empty.
    lines: Vec<TextRange>,
    normals: [OnceCell<Normal>; Form::ALL.len()],
}

impl Source {
    pub(super) fn new(text: &Text) -> Self {
        let whole = text.to_string();
        Self {
            lines: line_ranges(&whole),
            whole,
            normals: Default::default(),
        }
    }

    pub(super) fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The text of a line; empty past the last.
    pub(super) fn line(&self, line: usize) -> &str {
        self.lines
            .get(line)
            .map_or("", |range| &self.whole[range.as_range()])
    }

    /// The bytes of a line; the end of the text past the last.
    pub(super) fn line_range(&self, line: usize) -> TextRange {
        let end = TextRange::new(self.whole.len(), self.whole.len());
        self.lines.get(line).copied().unwrap_or(end)
    }

    /// The bytes from the start of line `first` to the end of line `last`.
    pub(super) fn lines_range(&self, first: usize, last: usize) -> TextRange {
        let start = self.line_range(first).start;
        TextRange::new(start, self.line_range(last).end.max(start))
    }

    /// The bytes from the start of line `first` to the end of line `last`, without the white space
    /// at both ends.
    pub(super) fn trimmed_lines(&self, first: usize, last: usize) -> TextRange {
        let range = self.lines_range(first, last);
        let text = &self.whole[range.as_range()];
        let trimmed = text.trim();
        let indent = text.len() - text.trim_start().len();
        let start = range.start + if trimmed.is_empty() { 0 } else { indent };
        TextRange::new(start, start + trimmed.len())
    }

    /// The line that holds a byte.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.lines
            .partition_point(|line| line.start <= offset)
            .saturating_sub(1)
    }

    pub(super) fn normal(&self, form: Form) -> &Normal {
        self.normals[form as usize].get_or_init(|| Normal::new(form, &self.whole, &self.lines))
    }

    /// The bytes of the original that stand for `start..end` of a normalised form.
    pub(super) fn original(&self, form: Form, start: usize, end: usize) -> TextRange {
        let normal = self.normal(form);
        let first = normal.origin(form, self, start);
        let last = normal.origin(form, self, end.saturating_sub(1));
        TextRange::new(first.start, last.end.max(first.start))
    }
}

fn line_ranges(text: &str) -> Vec<TextRange> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    for (i, byte) in bytes.iter().enumerate() {
        match byte {
            b'\r' => lines.push(TextRange::new(start, i)),
            b'\n' if i > 0 && bytes[i - 1] == b'\r' => {}
            b'\n' => lines.push(TextRange::new(start, i)),
            _ => continue,
        }
        start = i + 1;
    }
    lines.push(TextRange::new(start, bytes.len()));
    lines
}
