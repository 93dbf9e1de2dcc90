//! How much two findings are the same remark.

use super::remark::{Remark, Remarks, float};
use std::cmp::Ordering;

/// Least similarity of findings that lie near each other; [`merge`](super) tells what the thresholds bring.
const NEAR: f32 = 0.20;
/// Least similarity of findings in the same symbol.
const IN_SYMBOL: f32 = 0.23;
/// Least similarity of findings in one file.
const IN_FILE: f32 = 0.26;
/// As many shared identifiers are enough instead. Alone they have a precision of 0.97 and a recall of 0.41.
const IDENTIFIERS: usize = 2;
/// Lines from one finding to the next that are still near.
const NEAR_LINES: usize = 3;
/// As many lines an approximate place may be off: where agents' quotes are looked for, too.
const APPROXIMATE_LINES: u32 = 40;
/// Least similarity of two findings of one agent on one text that are one remark said twice.
const SAID_TWICE: f32 = 0.60;
/// Least similarity of findings that share few words, and those in names only: they may say two things of one.
const ONLY_NAMES: f32 = 0.50;
/// Fewer words than these are few.
const FEW_WORDS: f32 = 3.0;
/// Words other than names make the same sentence when this share of them is the same.
const SAME_SENTENCE: f32 = 0.5;

/// Counts for more than any words.
const EQUAL_FIXES: f32 = 10.0;

/// What two findings certainly are not: the same remark.
pub(super) const APART: f32 = f32::NEG_INFINITY;

/// How much two findings of different agents are the same remark: yes from 1 on, never negative but for [`APART`]. [`APART`] when they must not be one
/// even if a third finding is like both.
pub(super) fn likeness(remarks: &Remarks<'_>, a: usize, b: usize) -> f32 {
    let (first, second) = (&remarks.all[a], &remarks.all[b]);
    if first.fixed.is_some() && first.fixed == second.fixed {
        return EQUAL_FIXES;
    }
    if are_two_cases(first, second) || name_other_things(first, second) {
        return APART;
    }
    let Some(threshold) = threshold(first, second) else {
        return 0.0;
    };
    let common = Common::of(remarks, first, second);
    let by_words = common.similarity / common.least(first, second, threshold);
    let shared = shared(&first.identifiers, &second.identifiers);
    let by_names = if shared >= IDENTIFIERS {
        float(shared) / float(IDENTIFIERS)
    } else {
        0.0
    };
    by_words.max(by_names)
}

/// True when one agent says the same of the same text twice.
pub(super) fn is_said_twice(remarks: &Remarks<'_>, a: usize, b: usize) -> bool {
    let (first, second) = (&remarks.all[a], &remarks.all[b]);
    let of_file = |it: &Remark<'_>| it.is_of_file();
    let one_text = if of_file(first) || of_file(second) {
        of_file(first) && of_file(second)
    } else {
        first.finding.range.intersects(second.finding.range)
    };
    let of_other_things = !first.names.is_empty()
        && !second.names.is_empty()
        && shared(&first.names, &second.names) == 0;
    one_text && !of_other_things && Common::of(remarks, first, second).similarity >= SAID_TWICE
}

/// The words that two findings share.
struct Common {
    /// How many they are.
    shared: usize,
    /// What they count.
    count: f32,
    /// The cosine of the two by TF-IDF, with half of what one is longer than the other taken off: whoever explains at length
    /// says other things, too. (Length normalisation with a pivot: Singhal, Buckley and Mitra, SIGIR 1996.)
    similarity: f32,
}

impl Common {
    fn of(remarks: &Remarks<'_>, a: &Remark<'_>, b: &Remark<'_>) -> Self {
        let (mut shared, mut count, mut product) = (0, 0.0, 0.0);
        for_shared(&a.words, &b.words, |i, j| {
            let (of_a, of_b) = (a.counts[i], b.counts[j]);
            shared += 1;
            count += of_a.min(of_b);
            product += of_a * of_b * remarks.weights[a.words[i] as usize];
        });
        let similarity = if shared > 0 {
            let shorter = a.length.min(b.length);
            product / (shorter * f32::midpoint(a.length, b.length))
        } else {
            0.0
        };
        Self {
            shared,
            count,
            similarity,
        }
    }

    /// The threshold for words alone. What they share must say something: one word, or a name, is soon shared in short texts.
    fn least(&self, a: &Remark<'_>, b: &Remark<'_>, threshold: f32) -> f32 {
        let have_others = !a.plain.is_empty() && !b.plain.is_empty();
        if have_others && self.count < FEW_WORDS && shared(&a.plain, &b.plain) == 0 {
            threshold.max(ONLY_NAMES)
        } else if self.shared < 2 {
            threshold.max(IN_FILE)
        } else {
            threshold
        }
    }
}

/// How similar two findings must be at their places; `None` when they cannot be about the same.
fn threshold(a: &Remark<'_>, b: &Remark<'_>) -> Option<f32> {
    if a.is_of_file() || b.is_of_file() {
        return Some(IN_FILE);
    }
    if are_near(a, b) {
        return Some(NEAR);
    }
    if let (Some(a), Some(b)) = (a.symbol, b.symbol) {
        return (a == b).then_some(IN_SYMBOL);
    }
    let lines = a.finding.anchor.line.abs_diff(b.finding.anchor.line);
    let is_unsure = !a.is_placed() || !b.is_placed();
    let speaks_of = (is_unsure && lines <= APPROXIMATE_LINES)
        || shared(&a.elsewhere, &b.code) > 0
        || shared(&b.elsewhere, &a.code) > 0;
    speaks_of.then_some(IN_FILE)
}

/// True when two places overlap or have few lines between them, by what their anchors know of the text around.
fn are_near(a: &Remark<'_>, b: &Remark<'_>) -> bool {
    let (a, b) = (a.finding, b.finding);
    let (a, b) = if a.range <= b.range { (a, b) } else { (b, a) };
    let Some(gap) = b.range.start.checked_sub(a.range.end) else {
        return true;
    };
    if gap == 0 {
        return true;
    }
    let (after, before) = (a.anchor.after.as_bytes(), b.anchor.before.as_bytes());
    let known = gap.min(after.len());
    let rest = gap - known;
    let Some(from) = before.len().checked_sub(rest) else {
        return false;
    };
    let ends = |it: &[u8]| it.iter().filter(|it| **it == b'\n').count();
    ends(&after[..known]) + ends(&before[from..]) <= NEAR_LINES
}

/// True for two cases of one thing rather than one case told twice: two places for certain, and the same words, or two
/// rules, or two misspelt words.
fn are_two_cases(a: &Remark<'_>, b: &Remark<'_>) -> bool {
    a.is_placed()
        && b.is_placed()
        && !a.finding.range.intersects(b.finding.range)
        && (a.opening == b.opening
            || (a.by_rules && b.by_rules)
            || (a.is_spelling() && b.is_spelling()))
}

/// True for the same sentence about two things: “`a` may be null” and “`b` may be null”.
fn name_other_things(a: &Remark<'_>, b: &Remark<'_>) -> bool {
    if a.names.is_empty()
        || b.names.is_empty()
        || a.opening_plain.is_empty()
        || b.opening_plain.is_empty()
    {
        return false;
    }
    let same = shared(&a.opening_plain, &b.opening_plain);
    let union = a.opening_plain.len() + b.opening_plain.len() - same;
    float(same) >= SAME_SENTENCE * float(union) && shared(&a.names, &b.names) == 0
}

/// Number of equal elements of two sorted lists.
fn shared(a: &[u32], b: &[u32]) -> usize {
    let mut count = 0;
    for_shared(a, b, |_, _| count += 1);
    count
}

/// Tells where equal elements are in two sorted lists.
fn for_shared(a: &[u32], b: &[u32], mut each: impl FnMut(usize, usize)) {
    let (mut i, mut j) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            Ordering::Less => i += 1,
            Ordering::Greater => j += 1,
            Ordering::Equal => {
                each(i, j);
                i += 1;
                j += 1;
            }
        }
    }
}
