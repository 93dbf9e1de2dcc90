//! Texts as lines, and the stretches in which two of them differ.

use crate::text::TextRange;
use rustc_hash::FxHashMap;
use similar::Algorithm;
use similar::algorithms::DiffHook;
use std::convert::Infallible;
use std::ops::Range;

/// Two stretches of lines whose lengths have a larger product than this are not compared line by line: the search could
/// take minutes, and to say that all of one is replaced by all of the other is as right.
const MOST_COMPARED: usize = 400_000_000;

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
pub fn differences(old: &[&str], new: &[&str]) -> Vec<(Range<usize>, Range<usize>)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count();
    let old_rest = &old_rest[..old_rest.len() - tail];
    let new_rest = &new_rest[..new_rest.len() - tail];
    let mut between = Between {
        found: Vec::new(),
        old: head,
        new: head,
        head,
    };
    if old_rest.len().saturating_mul(new_rest.len()) <= MOST_COMPARED {
        let (old, new) = numbered(old_rest, new_rest);
        // Not `capture_diff_slices`: what that tidies up can have the wrong line numbers.
        let Ok(()) =
            similar::algorithms::diff_slices(Algorithm::Patience, &mut between, &old, &new);
    }
    between.until(old.len() - tail, new.len() - tail);
    between.found
}

/// The lines as numbers from 0, equal lines having the same one.
pub(crate) fn numbered(old: &[&str], new: &[&str]) -> (Vec<u32>, Vec<u32>) {
    let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
    let lines = old.iter().chain(new).map(|line| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(line).or_insert(next)
    });
    let mut all: Vec<u32> = lines.collect();
    let new = all.split_off(old.len());
    (all, new)
}

/// Collects what is between the equal lines.
struct Between {
    found: Vec<(Range<usize>, Range<usize>)>,
    /// Where the last equal lines ended.
    old: usize,
    new: usize,
    /// How many lines were not compared at the start.
    head: usize,
}

impl Between {
    fn until(&mut self, old: usize, new: usize) {
        if self.old < old || self.new < new {
            self.found.push((self.old..old, self.new..new));
        }
    }
}

impl DiffHook for Between {
    type Error = Infallible;

    fn equal(&mut self, old: usize, new: usize, len: usize) -> Result<(), Infallible> {
        let (old, new) = (old + self.head, new + self.head);
        self.until(old, new);
        (self.old, self.new) = (old + len, new + len);
        Ok(())
    }
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
        }
    }
}
