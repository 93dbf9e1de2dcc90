//! Text snapshots: a rope with exact conversion between byte offsets and LSP positions.

use std::borrow::Cow;
use std::ops::Range;

/// An immutable snapshot of a document. Cloning is cheap (the rope is shared).
///
/// Lines end at `\n`, `\r\n` or `\r` and nowhere else, as LSP says.
#[derive(Clone, Debug, Default)]
pub struct Text {
    rope: ropey::Rope,
}

/// A place in a text as editors count it: both numbers are 0-based, and `character` counts the
/// code units of an [`Encoding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// 0-based line.
    pub line: u32,
    /// 0-based code unit within the line.
    pub character: u32,
}

/// How a [`Position`] counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, LSP's default.
    #[default]
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

/// A half-open range of byte offsets; always on character boundaries of the text it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct TextRange {
    /// First byte.
    pub start: usize,
    /// The byte after the last one; never below `start`.
    pub end: usize,
}

impl TextRange {
    /// The range from `start` to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end);
        Self { start, end }
    }
    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }
    /// True when nothing is in the range.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
    /// True when both share a byte, or touch and one of them is empty.
    pub fn intersects(self, other: Self) -> bool {
        if self.is_empty() || other.is_empty() {
            self.start <= other.end && other.start <= self.end
        } else {
            self.start < other.end && other.start < self.end
        }
    }
    /// As a standard range.
    pub fn as_range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl Text {
    /// Takes over a string.
    pub fn new(text: &str) -> Self {
        Self { rope: ropey::Rope::from_str(text) }
    }
    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.rope.len_bytes()
    }
    /// True for the empty text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Number of lines; a text that ends with a line end has an empty last line.
    pub fn line_count(&self) -> usize {
        self.rope.len_lines()
    }
    /// The bytes of line `line` (0-based) without its line end; `None` past the last line.
    pub fn line_range(&self, line: usize) -> Option<TextRange> {
        let _ = line;
        unimplemented!()
    }
    /// The text of line `line` (0-based) without its line end; empty past the last line.
    pub fn line(&self, line: usize) -> Cow<'_, str> {
        let _ = line;
        unimplemented!()
    }
    /// The 0-based line that holds byte `offset` (clamped to the text).
    pub fn line_of(&self, offset: usize) -> usize {
        let _ = offset;
        unimplemented!()
    }
    /// The byte offset of a position. As LSP says, a character past the end of its line means the
    /// end of the line (before the line end), a line past the last means the end of the text, and
    /// the middle of a character means its start.
    pub fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let _ = (position, encoding);
        unimplemented!()
    }
    /// The position of a byte offset, which is clamped to the text and to the start of its character.
    pub fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let _ = (offset, encoding);
        unimplemented!()
    }
    /// The text in `range`, clamped to the text and to character boundaries.
    pub fn slice(&self, range: TextRange) -> Cow<'_, str> {
        let _ = range;
        unimplemented!()
    }
    /// Replaces `range` (clamped like [`Text::slice`]) and returns the edit as it was done.
    pub fn replace(&mut self, range: TextRange, new_text: &str) -> crate::edit::Change {
        let _ = (range, new_text);
        unimplemented!()
    }
}

/// The whole text.
impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.rope.chunks().try_for_each(|chunk| f.write_str(chunk))
    }
}
