//! Text snapshots: a rope with exact conversion between byte offsets and LSP positions.

mod lines;

use crate::edit::Change;
use ropey::RopeSlice;
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
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
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
        Self {
            rope: ropey::Rope::from_str(text),
        }
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
    /// The lines without their line ends; an empty text has one empty line.
    pub fn lines(&self) -> impl Iterator<Item = Cow<'_, str>> {
        lines::Lines::new(self.rope.chunks())
    }
    /// The bytes of line `line` (0-based) without its line end; `None` past the last line.
    pub fn line_range(&self, line: usize) -> Option<TextRange> {
        let content = content(self.rope.get_line(line)?);
        let start = self.rope.line_to_byte(line);
        Some(TextRange::new(start, start + content.len_bytes()))
    }
    /// The text of line `line` (0-based) without its line end; empty past the last line.
    pub fn line(&self, line: usize) -> Cow<'_, str> {
        let line = self.rope.get_line(line);
        line.map_or(Cow::Borrowed(""), |line| Cow::from(content(line)))
    }
    /// The 0-based line that holds byte `offset` (clamped to the text).
    pub fn line_of(&self, offset: usize) -> usize {
        self.rope.byte_to_line(self.char_boundary(offset))
    }
    /// `offset` clamped to the text and moved down to the start of the character it lies in.
    pub fn char_boundary(&self, offset: usize) -> usize {
        self.boundary(offset).0
    }
    /// The byte offset of a position. As LSP says, a character past the end of its line means the
    /// end of the line (before the line end), a line past the last means the end of the text, and
    /// the middle of a character means its start.
    pub fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let (line, units) = (position.line as usize, position.character as usize);
        if line >= self.line_count() {
            return self.len();
        }
        let start = self.rope.line_to_byte(line);
        let (chunk, chunk_start, _, _) = self.rope.chunk_at_byte(start);
        let in_chunk = units_in_line(&chunk[start - chunk_start..], units, encoding);
        start
            + in_chunk
                .unwrap_or_else(|| units_to_bytes(content(self.rope.line(line)), units, encoding))
    }
    /// The position of a byte offset, which is clamped to the text and to the start of its character.
    /// The middle of a `\r\n` is the end of its line.
    pub fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let offset = self.char_boundary(offset);
        let line = self.rope.byte_to_line(offset);
        let (chunk, chunk_start, _, _) = self.rope.chunk_at_byte(offset);
        let before = &chunk[..offset - chunk_start];
        let character = match before.rfind(['\r', '\n']) {
            Some(end) if end + 1 < before.len() => str_units(&before[end + 1..], encoding),
            // The line begins in another chunk, or right here, or this is the middle of its end.
            _ => {
                let start = self.rope.line_to_byte(line);
                bytes_to_units(content(self.rope.byte_slice(start..offset)), encoding)
            }
        };
        Position {
            line: saturate(line),
            character: saturate(character),
        }
    }
    /// The bytes between two positions, in whichever order they come.
    pub fn range_of(&self, start: Position, end: Position, encoding: Encoding) -> TextRange {
        let from = self.offset(start, encoding);
        // Most changes are typing, at one place.
        let to = if start == end {
            from
        } else {
            self.offset(end, encoding)
        };
        TextRange::new(from.min(to), from.max(to))
    }
    /// The positions of both ends of a range.
    pub fn positions_of(&self, range: TextRange, encoding: Encoding) -> (Position, Position) {
        (
            self.position(range.start, encoding),
            self.position(range.end, encoding),
        )
    }
    /// The byte offset of the place `units` code units from the start of the text, moved down to the
    /// start of its character; `None` past the end.
    pub fn offset_of_units(&self, units: usize, encoding: Encoding) -> Option<usize> {
        let whole = self.rope.slice(..);
        let fits = units <= bytes_to_units(whole, encoding);
        fits.then(|| units_to_bytes(whole, units, encoding))
    }
    /// `range` clamped to the text and to character boundaries.
    pub fn clamp(&self, range: TextRange) -> TextRange {
        let start = self.char_boundary(range.start);
        TextRange::new(start, self.char_boundary(range.end).max(start))
    }
    /// The text in `range`, clamped to the text and to character boundaries.
    pub fn slice(&self, range: TextRange) -> Cow<'_, str> {
        Cow::from(self.rope.byte_slice(self.clamp(range).as_range()))
    }
    /// Replaces `range` (clamped like [`Text::slice`]) and returns the edit as it was done.
    pub fn replace(&mut self, range: TextRange, new_text: &str) -> Change {
        let (from, start) = self.boundary(range.start);
        let (to, end) = if range.end > range.start {
            self.boundary(range.end)
        } else {
            (from, start)
        };
        let range = TextRange::new(from, to);
        if !range.is_empty() {
            self.rope.remove(start..end);
        }
        if !new_text.is_empty() {
            self.rope.insert(start, new_text);
        }
        Change {
            range,
            new_len: new_text.len(),
        }
    }

    /// The start of the character that `offset` lies in: as byte offset and in characters.
    fn boundary(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.len());
        let (chunk, start, chars, _) = self.rope.chunk_at_byte(offset);
        let before = &chunk[..chunk.floor_char_boundary(offset - start)];
        (start + before.len(), chars + before.chars().count())
    }
}

/// Equal content. Cheap for clones of one snapshot, else a comparison of the bytes.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.rope.is_instance(&other.rope) || self.rope == other.rope
    }
}

impl Eq for Text {}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// As a string.
impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From a string.
impl<'de> serde::Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Ok(Self::new(&text))
    }
}

/// The whole text.
impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.rope.chunks().try_for_each(|chunk| f.write_str(chunk))
    }
}

/// A line without its line end.
fn content(line: RopeSlice<'_>) -> RopeSlice<'_> {
    let len = line.len_bytes();
    let end = match len.checked_sub(1).map(|last| line.byte(last)) {
        Some(b'\n') if len > 1 && line.byte(len - 2) == b'\r' => len - 2,
        Some(b'\n' | b'\r') => len - 1,
        _ => return line,
    };
    line.byte_slice(..end)
}

/// The byte offset of `units` code units into `slice`, at most its length; the middle of a character
/// means its start.
fn units_to_bytes(slice: RopeSlice<'_>, units: usize, encoding: Encoding) -> usize {
    if units == 0 {
        return 0;
    }
    if let Some(text) = slice.as_str() {
        return units_to_bytes_in_str(text, units, encoding);
    }
    match encoding {
        Encoding::Utf8 if units >= slice.len_bytes() => slice.len_bytes(),
        Encoding::Utf8 => slice.char_to_byte(slice.byte_to_char(units)),
        Encoding::Utf16 if units >= slice.len_utf16_cu() => slice.len_bytes(),
        Encoding::Utf16 => slice.char_to_byte(slice.utf16_cu_to_char(units)),
        Encoding::Utf32 => slice.char_to_byte(units.min(slice.len_chars())),
    }
}

fn units_to_bytes_in_str(text: &str, units: usize, encoding: Encoding) -> usize {
    let mut seen = 0;
    for (offset, c) in text.char_indices() {
        seen += width(c, encoding);
        if seen > units {
            return offset;
        }
    }
    text.len()
}

/// Like [`units_to_bytes`] for a text that goes on after the line; `None` when it ends before it can tell.
fn units_in_line(text: &str, units: usize, encoding: Encoding) -> Option<usize> {
    let mut seen = 0;
    for (offset, c) in text.char_indices() {
        seen += width(c, encoding);
        if seen > units || c == '\n' || c == '\r' {
            return Some(offset);
        }
    }
    None
}

fn width(c: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => c.len_utf8(),
        Encoding::Utf16 => c.len_utf16(),
        Encoding::Utf32 => 1,
    }
}

fn str_units(text: &str, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => text.len(),
        Encoding::Utf16 => text.chars().map(char::len_utf16).sum(),
        Encoding::Utf32 => text.chars().count(),
    }
}

fn bytes_to_units(slice: RopeSlice<'_>, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => slice.len_bytes(),
        Encoding::Utf16 => slice.len_utf16_cu(),
        Encoding::Utf32 => slice.len_chars(),
    }
}

/// LSP's numbers have 32 bits; a text that exceeds them gets the largest.
fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
