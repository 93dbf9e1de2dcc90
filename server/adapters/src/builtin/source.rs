//! A file under review: its text, where its lines are, and which of them are asked about.

use crate::contract::LineRange;
use std::ops::Range;

/// Text with its lines. Lines end at `\n`, `\r\n` or `\r`, as in the editor.
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    /// First byte of each line.
    starts: Vec<usize>,
    /// Bytes of the lines asked about, in order, not overlapping.
    asked: Vec<Range<usize>>,
}

/// A place in lines and columns, as the contract counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// 1-based.
    pub(crate) line: u32,
    /// 1-based, in Unicode characters.
    pub(crate) column: u32,
}

impl<'a> Source<'a> {
    /// `ranges` limits what is asked about; none means all of it.
    pub(crate) fn new(path: &'a str, text: &'a str, ranges: Option<&[LineRange]>) -> Self {
        let starts = line_starts(text);
        let mut source = Self {
            path,
            text,
            starts,
            asked: Vec::new(),
        };
        source.asked = source.bytes_of(ranges.unwrap_or_default());
        source
    }

    /// Number of lines.
    pub(crate) fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// Bytes of the lines asked about.
    pub(crate) fn asked(&self) -> &[Range<usize>] {
        &self.asked
    }

    /// True when a byte of `range` is asked about.
    pub(crate) fn is_asked(&self, range: &Range<usize>) -> bool {
        let next = self.asked.partition_point(|asked| asked.end <= range.start);
        self.asked
            .get(next)
            .is_some_and(|asked| asked.start < range.end)
    }

    /// The 0-based line that holds a byte.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }

    /// Bytes of a line (0-based) without its line end.
    pub(crate) fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.starts[line];
        let end = self
            .starts
            .get(line + 1)
            .copied()
            .unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// A line (0-based) without its line end.
    pub(crate) fn line(&self, line: usize) -> &'a str {
        &self.text[self.line_range(line)]
    }

    /// The place of a byte.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let line = self.line_of(offset);
        let column = self.text[self.starts[line]..offset].chars().count() + 1;
        Place {
            line: count(line + 1),
            column: count(column),
        }
    }

    fn bytes_of(&self, ranges: &[LineRange]) -> Vec<Range<usize>> {
        if ranges.is_empty() {
            return std::iter::once(0..self.text.len()).collect();
        }
        let ranges = ranges
            .iter()
            .filter_map(|range| self.bytes_of_lines(*range));
        let mut asked: Vec<Range<usize>> = ranges.collect();
        asked.sort_by_key(|range| range.start);
        asked.dedup_by(|next, last| {
            let joins = next.start <= last.end;
            if joins {
                last.end = last.end.max(next.end);
            }
            joins
        });
        asked
    }

    /// `None` for lines that do not exist.
    fn bytes_of_lines(&self, range: LineRange) -> Option<Range<usize>> {
        let first = (range.start_line.max(1) - 1) as usize;
        let start = *self.starts.get(first)?;
        let after = self.starts.get((range.end_line as usize).max(first + 1));
        Some(start..after.copied().unwrap_or(self.text.len()))
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends =
        |at: usize| bytes[at] == b'\n' || bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    let starts = (0..bytes.len()).filter(|at| ends(*at)).map(|at| at + 1);
    std::iter::once(0).chain(starts).collect()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
