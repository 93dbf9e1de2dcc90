//! Tests of carrying: a table of marked-up strings, and a model that gives each character an identity.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

/// Reads `ab[cd]ef` as a text with a range.
fn marked(marked: &str) -> (String, TextRange) {
    let start = marked.find('[').unwrap();
    let end = marked.find(']').unwrap() - 1;
    (marked.replace(['[', ']'], ""), TextRange::new(start, end))
}

#[test]
fn what_becomes_of_a_range() {
    // The text with its range, what is replaced by what, and the outcome.
    let cases = [
        ("ab[cd]ef", (0, 0, "xx"), "same xxab[cd]ef", "typing before"),
        (
            "ab[cd]ef",
            (2, 2, "xx"),
            "same abxx[cd]ef",
            "typing at the start",
        ),
        (
            "ab[cd]ef",
            (4, 4, "xx"),
            "same ab[cd]xxef",
            "typing at the end",
        ),
        ("ab[cd]ef", (6, 6, "xx"), "same ab[cd]efxx", "typing after"),
        (
            "ab[cd]ef",
            (3, 3, "xx"),
            "edited ab[cxxd]ef",
            "typing inside",
        ),
        ("ab[cd]ef", (3, 3, ""), "same ab[cd]ef", "nothing at all"),
        (
            "ab[cd]ef",
            (0, 2, ""),
            "same [cd]ef",
            "deleting up to the start",
        ),
        (
            "ab[cd]ef",
            (0, 2, "xyz"),
            "same xyz[cd]ef",
            "replacing up to the start",
        ),
        (
            "ab[cd]ef",
            (4, 6, "x"),
            "same ab[cd]x",
            "replacing from the end",
        ),
        ("ab[cd]ef", (1, 3, "x"), "edited ax[d]ef", "over the start"),
        (
            "ab[cd]ef",
            (2, 3, "x"),
            "edited abx[d]ef",
            "the first character",
        ),
        ("ab[cd]ef", (3, 5, "x"), "edited ab[c]xf", "over the end"),
        (
            "ab[cd]ef",
            (3, 4, "x"),
            "edited ab[c]xef",
            "the last character",
        ),
        (
            "ab[cde]f",
            (3, 4, ""),
            "edited ab[ce]f",
            "a deletion inside",
        ),
        ("ab[cd]ef", (2, 4, "cd"), "gone", "all of it"),
        ("ab[cd]ef", (1, 5, ""), "gone", "more than it"),
        (
            "ab[]ef",
            (2, 2, "x"),
            "same ab[]xef",
            "typing at an empty range",
        ),
        (
            "ab[]ef",
            (0, 2, "x"),
            "same x[]ef",
            "replacing before an empty range",
        ),
        (
            "ab[]ef",
            (2, 3, ""),
            "same ab[]f",
            "deleting after an empty range",
        ),
        (
            "ab[]ef",
            (1, 3, "x"),
            "gone",
            "replacing around an empty range",
        ),
    ];
    for (before, (start, end, new), expected, what) in cases {
        let (mut text, range) = marked(before);
        let change = Change {
            range: TextRange::new(start, end),
            new_len: new.len(),
        };
        text.replace_range(start..end, new);
        let show = |word: &str, range: TextRange| {
            let (head, tail) = (&text[..range.start], &text[range.end..]);
            format!("{word} {head}[{}]{tail}", &text[range.as_range()])
        };
        let seen = match over(range, change) {
            Carried::Same(range) => show("same", range),
            Carried::Edited(range) => show("edited", range),
            Carried::Gone => "gone".to_owned(),
        };
        assert_eq!(seen, expected, "{what}");
    }
}

fn insert(at: usize) -> Change {
    Change {
        range: TextRange::new(at, at),
        new_len: 1,
    }
}

#[test]
fn a_log_carries_only_over_what_came_later() {
    let mut log = ChangeLog::default();
    log.push(2, insert(0));
    log.push(3, insert(0));
    log.push(3, insert(0));
    let range = TextRange::new(10, 20);
    let moved = |by: usize| Some(Carried::Same(TextRange::new(10 + by, 20 + by)));
    assert_eq!(log.carry(range, 0), moved(3));
    assert_eq!(log.carry(range, 1), moved(3));
    assert_eq!(log.carry(range, 2), moved(2));
    assert_eq!(log.carry(range, 3), moved(0));
    assert_eq!(log.carry(range, 9), moved(0));
    log.clear();
    assert_eq!(log.carry(range, 0), moved(0));
}

#[test]
fn a_full_log_forgets_its_oldest_versions_and_says_so() {
    let mut log = ChangeLog::default();
    for version in 1..=i32::try_from(ChangeLog::CAPACITY).unwrap() + 2 {
        log.push(version, insert(0));
    }
    let range = TextRange::new(0, 1);
    assert_eq!(log.carry(range, 0), None);
    assert_eq!(log.carry(range, 1), None);
    let moved = ChangeLog::CAPACITY;
    let all = TextRange::new(moved, moved + 1);
    assert_eq!(log.carry(range, 2), Some(Carried::Same(all)));
}

#[test]
fn versions_that_go_backwards_make_older_ranges_unknown() {
    let mut log = ChangeLog::default();
    log.push(7, insert(0));
    log.push(1, insert(0));
    log.push(8, insert(0));
    let range = TextRange::new(0, 1);
    assert_eq!(log.carry(range, 0), None);
    assert_eq!(log.carry(range, 6), None);
    assert_eq!(log.carry(range, 8), Some(Carried::Same(range)));
}

/// A text whose characters are numbers that never come twice.
struct Model {
    ids: Vec<u32>,
    next: u32,
}

impl Model {
    fn new(len: usize) -> Self {
        let next = u32::try_from(len).unwrap();
        Self {
            ids: (0..next).collect(),
            next,
        }
    }

    fn apply(&mut self, a: usize, b: usize, new_len: usize) -> Change {
        let (a, b) = (a % (self.ids.len() + 1), b % (self.ids.len() + 1));
        let range = TextRange::new(a.min(b), a.max(b));
        let fresh = self.next..self.next + u32::try_from(new_len).unwrap();
        self.next = fresh.end;
        self.ids.splice(range.as_range(), fresh);
        Change { range, new_len }
    }
}

proptest! {
    #[test]
    fn a_carried_range_stays_on_its_characters(
        len in 1usize..40,
        a in 0usize..40,
        b in 0usize..40,
        edits in prop::collection::vec((0usize..60, 0usize..60, 0usize..4), 0..12),
    ) {
        let mut model = Model::new(len);
        let (a, b) = (a % (len + 1), b % (len + 1));
        let range = TextRange::new(a.min(b), a.max(b));
        let held = model.ids[range.as_range()].to_vec();
        let mut carried = Carried::Same(range);
        for (a, b, new_len) in edits {
            let inside = carried.range().map(|range| model.ids[range.as_range()].to_vec());
            carried = carried.then(model.apply(a, b, new_len));
            if let (Some(inside), Some(range)) = (inside, carried.range()) {
                let now = &model.ids[range.as_range()];
                prop_assert!(now.first().is_none_or(|id| inside.contains(id)), "grown at the start");
                prop_assert!(now.last().is_none_or(|id| inside.contains(id)), "grown at the end");
            }
        }
        let left: Vec<u32> = held.iter().copied().filter(|id| model.ids.contains(id)).collect();
        match carried {
            Carried::Same(range) => prop_assert_eq!(&model.ids[range.as_range()], &held[..]),
            Carried::Edited(range) => {
                let now = &model.ids[range.as_range()];
                let kept: Vec<u32> = now.iter().copied().filter(|id| held.contains(id)).collect();
                prop_assert_eq!(kept, left, "everything that is left is inside");
            }
            Carried::Gone => prop_assert!(left.is_empty(), "nothing of it is left"),
        }
    }
}
