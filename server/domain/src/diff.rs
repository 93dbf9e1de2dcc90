//! Texts as lines, and the stretches in which two of them differ.

mod compare;

use crate::text::TextRange;
use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::ops::Range;

/// A text as lines with their ends, which are those of [`crate::text::Text`]. An empty last line is none.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    all: Vec<&'t str>,
    /// Where each begins, and where the text ends.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// The lines of a text.
    pub fn of(text: &'t str) -> Self {
        let mut starts = vec![0];
        let mut bytes = text.bytes().enumerate().peekable();
        while let Some((at, byte)) = bytes.next() {
            let is_end = match byte {
                b'\n' => true,
                b'\r' => bytes.peek().is_none_or(|(_, next)| *next != b'\n'),
                _ => false,
            };
            if is_end && at + 1 < text.len() {
                starts.push(at + 1);
            }
        }
        if text.is_empty() {
            let all = Vec::new();
            return Self { all, starts };
        }
        starts.push(text.len());
        let all = starts.windows(2).map(|it| &text[it[0]..it[1]]).collect();
        Self { all, starts }
    }

    /// All of them, in order.
    pub fn all(&self) -> &[&'t str] {
        &self.all
    }

    /// The number of the line that begins at byte `at`, or of the next one that begins.
    pub fn at(&self, at: usize) -> usize {
        let line = self.starts.partition_point(|it| *it < at);
        line.min(self.all.len())
    }

    /// The bytes of some lines; past the last line, the end of the text.
    pub fn bytes(&self, lines: &Range<usize>) -> TextRange {
        let start = |line: usize| self.starts.get(line).copied();
        let end = self.starts.last().copied().unwrap_or_default();
        TextRange::new(
            start(lines.start).unwrap_or(end),
            start(lines.end).unwrap_or(end),
        )
    }
}

/// The stretches of lines that differ: what goes and what comes instead. Between them the lines are equal, one by one.
/// Takes a bounded time; where it would take too long to find out what two stretches have in common, all of one goes
/// and all of the other comes.
pub fn differences<T: Eq + Hash>(old: &[T], new: &[T]) -> Vec<(Range<usize>, Range<usize>)> {
    let (old_numbers, new_numbers, count) = numbered(old, new);
    let mut found = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    let mut until = |old: usize, new: usize, len: usize| {
        if at_old < old || at_new < new {
            found.push((at_old..old, at_new..new));
        }
        (at_old, at_new) = (old + len, new + len);
    };
    for run in compare::equal_runs(&old_numbers, &new_numbers, count) {
        until(run.old, run.new, run.len);
    }
    until(old.len(), new.len(), 0);
    found
}

/// The lines as numbers from 0, equal lines having the same one; and how many different ones there are.
pub(crate) fn numbered<T: Eq + Hash>(old: &[T], new: &[T]) -> (Vec<u32>, Vec<u32>, usize) {
    let mut numbers: FxHashMap<&T, u32> = FxHashMap::default();
    let lines = old.iter().chain(new).map(|line| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(line).or_insert(next)
    });
    let mut all: Vec<u32> = lines.collect();
    let new = all.split_off(old.len());
    (all, new, numbers.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_end_as_editors_say() {
        let lines = |text| Lines::of(text).all().to_vec();
        assert_eq!(lines(""), Vec::<&str>::new());
        assert_eq!(lines("a"), ["a"]);
        assert_eq!(lines("a\nb\r\nc\rd\n"), ["a\n", "b\r\n", "c\r", "d\n"]);
        assert_eq!(Lines::of("a\nbc").bytes(&(1..9)), TextRange::new(2, 4));
    }

    #[test]
    fn lines_that_stand_once_in_both_are_what_stays() {
        let old = ["a {", "  x", "}", "", "b {", "  y", "}"];
        let new = [
            "a {", "  x", "}", "", "c {", "  z", "}", "", "b {", "  y", "}",
        ];
        assert_eq!(differences(&old, &new), [(4..4, 4..8)]);
        assert_eq!(differences(&old, &old), []);
        assert_eq!(differences(&old, &[]), [(0..7, 0..0)]);
    }

    /// The tidying step of a well-known library gets the numbers of these wrong.
    #[test]
    fn lines_that_stand_several_times() {
        let old = ["é\n", "\n", "a\n", "\n", "é\n", "\n", "\r\n"];
        let new = ["\r\n", "\r\n", "é"];
        assert_eq!(apply(&old, &new, &differences(&old, &new)), new);
    }

    #[test]
    fn texts_without_anything_in_common_are_not_compared_for_long() {
        let lines = |seed: u64| {
            let mut state = seed;
            std::iter::repeat_with(move || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 40) % 5000
            })
        };
        let old: Vec<u64> = lines(1).take(60_000).collect();
        let new: Vec<u64> = lines(2).take(60_000).collect();
        assert_eq!(apply(&old, &new, &differences(&old, &new)), new);
    }

    fn apply<T: Clone>(old: &[T], new: &[T], found: &[(Range<usize>, Range<usize>)]) -> Vec<T> {
        let mut result = old.to_vec();
        for (going, coming) in found.iter().rev() {
            result.splice(going.clone(), new[coming.clone()].iter().cloned());
        }
        result
    }

    proptest! {
        #[test]
        fn between_the_differences_lines_are_equal(
            old in prop::collection::vec(prop::sample::select(vec!["a", "b", "", "c"]), 0..40),
            new in prop::collection::vec(prop::sample::select(vec!["a", "b", "", "d"]), 0..40),
        ) {
            let (mut at_old, mut at_new) = (0, 0);
            for (going, coming) in differences(&old, &new) {
                prop_assert_eq!(&old[at_old..going.start], &new[at_new..coming.start]);
                prop_assert!(!going.is_empty() || !coming.is_empty());
                (at_old, at_new) = (going.end, coming.end);
            }
            prop_assert_eq!(&old[at_old..], &new[at_new..]);
            prop_assert_eq!(apply(&old, &new, &differences(&old, &new)), new);
        }
    }
}
