//! Tables of cases: `«…»` marks where a place must be found; several marks mean that it is ambiguous,
//! none that it is nowhere.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::finding::{RawColumn, RawOffsets};
use crate::text::Encoding;

mod numbers;
mod quotes;
mod symbols;

fn unmark(marked: &str) -> (String, Vec<TextRange>) {
    let (mut text, mut ranges, mut start) = (String::new(), Vec::new(), 0);
    for c in marked.chars() {
        match c {
            '«' => start = text.len(),
            '»' => ranges.push(TextRange::new(start, text.len())),
            c => text.push(c),
        }
    }
    (text, ranges)
}

/// Shows what was found in the same marks.
fn mark(text: &str, ranges: &[TextRange]) -> String {
    let mut marks: Vec<(usize, char)> = Vec::new();
    for range in ranges {
        marks.extend([(range.start, '«'), (range.end, '»')]);
    }
    let mut result = text.to_owned();
    for (offset, mark) in marks.into_iter().rev() {
        result.insert(offset, mark);
    }
    result
}

#[track_caller]
fn check_with(marked: &str, place: &RawPlace, message: &str, expected: impl Into<Option<Tier>>) {
    let (text, _) = unmark(marked);
    let located = locate(&Text::new(&text), place, message);
    let (ranges, tier) = match located {
        Located::At { range, tier } => (vec![range], Some(tier)),
        Located::Ambiguous { candidates, tier } => (candidates, Some(tier)),
        Located::Nowhere => (Vec::new(), None),
    };
    assert_eq!(
        (mark(&text, &ranges).as_str(), tier),
        (marked, expected.into()),
        "{place:?}"
    );
}

#[track_caller]
fn check(marked: &str, place: &RawPlace, expected: impl Into<Option<Tier>>) {
    check_with(marked, place, "", expected);
}

fn quote(quote: &str) -> RawPlace {
    RawPlace {
        quote: Some(quote.to_owned()),
        ..RawPlace::default()
    }
}

fn line(line: u32) -> RawPlace {
    RawPlace::default().line(line)
}

/// Makes places readable; numbers are 1-based as in [`RawPlace`].
trait Said {
    fn line(self, line: u32) -> Self;
    fn to_line(self, line: u32) -> Self;
    fn column(self, column: u32) -> Self;
    fn columns(self, start: u32, end: u32) -> Self;
    fn unit(self, unit: Encoding) -> Self;
    fn symbol(self, symbol: &str) -> Self;
    fn maybe_zero_based(self) -> Self;
}

impl Said for RawPlace {
    fn line(mut self, line: u32) -> Self {
        self.start_line = Some(line);
        self
    }
    fn to_line(mut self, line: u32) -> Self {
        self.end_line = Some(line);
        self
    }
    fn column(mut self, value: u32) -> Self {
        let unit = Encoding::Utf8;
        self.start_column = Some(RawColumn { value, unit });
        self
    }
    fn columns(self, start: u32, end: u32) -> Self {
        let mut place = self.column(start);
        let unit = Encoding::Utf8;
        place.end_column = Some(RawColumn { value: end, unit });
        place
    }
    fn unit(mut self, unit: Encoding) -> Self {
        for column in [&mut self.start_column, &mut self.end_column]
            .into_iter()
            .flatten()
        {
            column.unit = unit;
        }
        self
    }
    fn symbol(mut self, symbol: &str) -> Self {
        self.symbol = Some(symbol.to_owned());
        self
    }
    fn maybe_zero_based(mut self) -> Self {
        self.maybe_zero_based = true;
        self
    }
}

/// A text of `count` lines `line 1`, `line 2`, …, some of them replaced.
fn lines(count: usize, replaced: &[(usize, &str)]) -> String {
    let mut text = String::new();
    for number in 1..=count {
        match replaced.iter().find(|it| it.0 == number) {
            Some((_, line)) => text.push_str(line),
            None => text.push_str(&format!("line {number}")),
        }
        text.push('\n');
    }
    text
}
