//! Findings known again: a text, what became of it, and findings as triples of numbers (place, length, words), one part
//! each. Those of both texts are paired one to one, and in an unchanged text each with itself.
#![no_main]

use domain::anchor::Anchor;
use domain::finding::{Category, Finding, FindingId};
use domain::identity::{Lines, Mark, Subject, Words, pair};
use domain::text::{Text, TextRange};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

const WORDS: [&str; 4] = [
    "The index may be out of bounds",
    "index out of bounds when the list is empty",
    "`teh` is misspelt",
    "a lock is held too long",
];
const CATEGORIES: [Category; 2] = [Category::Correctness, Category::Security];

fuzz_target!(|data: &[u8]| {
    let [old, new, numbers] = fuzz::parts(data);
    let (old, new) = (Text::new(&old), Text::new(&new));
    let numbers: Vec<u32> = fuzz::numbers(&numbers).into_iter().take(120).collect();
    let said = |text: &Text| -> Vec<Finding> {
        let triples = numbers.chunks_exact(3);
        triples
            .map(|it| finding(text, [it[0], it[1], it[2]]))
            .collect()
    };
    let (before, after) = (said(&old), said(&new));
    check(&after, &new, &before, &old);
    let same = check(&before, &old, &before, &old);
    let places: BTreeSet<_> = before
        .iter()
        .map(|it| (it.range, it.title.clone()))
        .collect();
    // Equal remarks on equal places may stand for each other.
    if places.len() == before.len() {
        assert_eq!(same.len(), before.len());
        assert!(
            same.iter()
                .all(|(new, old)| before[*new].range == before[*old].range)
        );
    }
});

fn check(new: &[Finding], now: &Text, old: &[Finding], then: &Text) -> Vec<(usize, usize)> {
    let (lines, then_lines) = (Lines::of(now), Lines::of(then));
    let marks = |all: &[Finding], text: &Text, lines: &Lines| -> Vec<Mark> {
        all.iter().map(|it| Mark::of(it, text, lines)).collect()
    };
    let (new_marks, old_marks) = (marks(new, now, &lines), marks(old, then, &then_lines));
    let new_subjects = subjects(new, &new_marks);
    let pairs = pair(&new_subjects, &subjects(old, &old_marks), &lines);
    let (news, olds): (BTreeSet<_>, BTreeSet<_>) = pairs.iter().copied().unzip();
    assert_eq!((news.len(), olds.len()), (pairs.len(), pairs.len()));
    assert!(pairs.iter().all(|(a, b)| *a < new.len() && *b < old.len()));
    pairs
}

fn subjects<'a>(findings: &'a [Finding], marks: &'a [Mark]) -> Vec<Subject<'a>> {
    let both = findings.iter().zip(marks);
    let subjects = both.map(|(it, mark)| Subject {
        id: &it.id.0,
        category: &it.category,
        words: Words::of(it),
        mark,
        elsewhere: false,
    });
    subjects.collect()
}

fn finding(text: &Text, [place, length, words]: [u32; 3]) -> Finding {
    let start = text.char_boundary(place as usize % (text.len() + 1));
    let end = text.char_boundary(start + length as usize % 200);
    let range = TextRange::new(start, end.max(start));
    let category = CATEGORIES[words as usize % CATEGORIES.len()].clone();
    Finding {
        id: FindingId(format!("{place} {length} {words}")),
        anchor: Anchor::of(text, range, None),
        ..fuzz::finding(range, category, WORDS[words as usize % WORDS.len()])
    }
}
