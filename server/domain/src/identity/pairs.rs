//! Matching the findings of a new review with those kept, by passes from the surest to the least sure.
//!
//! The passes are SonarQube's and SonarLint's issue tracking, with likeness of words in place of equal rules.

use super::{
    ALIKE_AT_PLACE, ALIKE_NEAR, BLANK, Fingerprint, Lines, MANY_NAMES, Mark, NEAR_LINES, Subject,
    is_near,
};
use crate::finding::Category;
use rustc_hash::FxHashMap;
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::hash::Hash as Hashable;

/// In a group of findings with the same key, this many pairs are all compared; in larger ones each finding only
/// with its neighbours by number.
const MAX_PAIRS: usize = 4096;
/// Neighbours on each side, there.
const NEIGHBOURS: usize = 8;
/// Most findings kept that one new finding is compared with because they are near.
const MAX_NEAR: usize = 32;

/// A pair that may be the same remark, best first by its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// How well the places agree, more first.
    place: Reverse<u8>,
    /// How alike the words are, in thousandths, more first.
    likeness: Reverse<u16>,
    /// Difference of the numbers of equal lines, then of the lines, then of the places in the line.
    distance: (u32, u32, u32),
    /// Ranks of both, so that nothing is left to chance.
    new: usize,
    old: usize,
}

/// Pairs of (new, old): the findings of `new` that were said before, as `old`. Each is in one pair at most, and the
/// result depends on neither order. All of `new` are of one agent and one text, whose lines are `lines`; `old` are that
/// agent's kept findings of the same file, and those of files where their text is no longer found.
///
/// In order: 1. same text and category; 2. same first line, like words; 3. same surroundings, like words; then near each
/// other, like words; 4. same symbol, like words or names, once the old text is gone; 5. same text of another file, like words.
/// Among equal lines a place is the same only if something around it is, or if there are as many of them as before.
pub fn pair(new: &[Subject<'_>], old: &[Subject<'_>], lines: &Lines) -> Vec<(usize, usize)> {
    let mut matcher = Matcher {
        new,
        old,
        new_order: order(new),
        old_order: order(old),
        new_taken: vec![false; new.len()],
        old_taken: vec![false; old.len()],
        pairs: Vec::new(),
    };
    let here = |it: &Subject<'_>| !it.elsewhere;
    let text = |it: &Subject<'_>| {
        (here(it) && it.mark.text != BLANK).then(|| (it.mark.text, it.category.clone()))
    };
    let line = |it: &Subject<'_>| Some(it.mark.first()).filter(|first| here(it) && *first != BLANK);
    let around =
        |it: &Subject<'_>| (here(it) && !it.mark.lines.is_empty()).then_some(it.mark.around);
    let file = |it: &Subject<'_>| (here(it) && !it.mark.is_placed()).then_some(it.category.clone());
    let other = |it: &Subject<'_>| (it.mark.text != BLANK).then_some(it.mark.text);

    let equals = Equals::of(old, lines);
    matcher.pass_indexed(text, |n, o, at| same_text(n, o, &equals, at));
    matcher.pass_indexed(line, |n, o, at| {
        is_one_at_place(n, o) && equals.is_same_line(n.mark, at)
    });
    matcher.pass(around, |n, o| {
        if n.mark.lines == o.mark.lines {
            is_one_at_place(n, o)
        } else {
            n.is_alike(o, ALIKE_AT_PLACE) && !n.words.names_clash(&o.words)
        }
    });
    matcher.near(lines);
    let symbol = |it: &Subject<'_>| it.mark.symbol.clone().filter(|_| here(it));
    let gone: Vec<bool> = old
        .iter()
        .map(|it| it.mark.places(lines).is_empty())
        .collect();
    matcher.pass_indexed(symbol, |n, o, at| in_symbol(n, o, gone[at]));
    matcher.pass(file, |n, o| {
        n.is_alike(o, ALIKE_NEAR) && !n.words.names_clash(&o.words)
    });
    matcher.pass(other, |n, o| o.elsewhere && n.is_alike(o, ALIKE_NEAR));
    matcher.pairs.sort_unstable();
    matcher.pairs
}

/// True when two remarks on one line are one.
fn is_one_at_place(new: &Subject<'_>, old: &Subject<'_>) -> bool {
    match old.mark.distance(new.mark.line as usize, new.mark) {
        0 => new.is_alike(old, ALIKE_AT_PLACE),
        distance => is_near(old, new, distance),
    }
}

/// The same text, where it can be told from equal ones.
fn same_text(new: &Subject<'_>, old: &Subject<'_>, equals: &Equals<'_, '_>, at: usize) -> bool {
    if new.mark.lines == old.mark.lines {
        return equals.is_same_line(new.mark, at);
    }
    // The rest of the line, or the lines of the place, are others: something else must speak for it.
    new.mark.context(old.mark) > 0 || (new.is_alike(old, ALIKE_NEAR) && new.mark.copies == 1)
}

/// Telling equal lines apart.
struct Equals<'a, 'f> {
    old: &'a [Subject<'f>],
    lines: &'a Lines,
    /// For each old one, whether something around one of its lines' places is as it was; asked for only when it matters.
    is_known: Vec<OnceCell<bool>>,
}

impl<'a, 'f> Equals<'a, 'f> {
    fn of(old: &'a [Subject<'f>], lines: &'a Lines) -> Self {
        Self {
            old,
            lines,
            is_known: vec![OnceCell::new(); old.len()],
        }
    }
    /// Of lines that stand in the file once, each is itself. Of several, the surroundings tell, or, when they are new
    /// everywhere, the number, as long as none was added and none removed.
    fn is_same_line(&self, new: &Mark, at: usize) -> bool {
        let old = self.old[at].mark;
        let is_single = new.copies == 1 && old.copies == 1;
        let same_number = (new.copies, new.occurrence) == (old.copies, old.occurrence);
        is_single || new.context(old) > 0 || (same_number && !self.is_known(at))
    }
    fn is_known(&self, at: usize) -> bool {
        let old = self.old[at].mark;
        *self.is_known[at].get_or_init(|| {
            let places = self.lines.places(&old.lines);
            !old.familiar(self.lines, &places).is_empty()
        })
    }
}

/// In one symbol whose text was edited, like words are enough. While the old text stands, the agent must have changed its
/// mind about the line, and words as well as names must say so.
fn in_symbol(new: &Subject<'_>, old: &Subject<'_>, old_is_gone: bool) -> bool {
    if new.mark.lines == old.mark.lines {
        return false;
    }
    if old_is_gone {
        return new.is_alike(old, ALIKE_NEAR) && !new.words.names_clash(&old.words);
    }
    new.likeness(old) >= ALIKE_NEAR && new.words.shared_names(&old.words) >= MANY_NAMES
}

/// The findings by place and words, so that the order in which they come does not matter.
fn order(all: &[Subject<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| sort_key(&all[*a]).cmp(&sort_key(&all[*b])));
    order
}

type SortKey<'s> = (bool, u32, u32, Fingerprint, &'s Category, &'s str);

fn sort_key<'s>(it: &'s Subject<'_>) -> SortKey<'s> {
    let Mark {
        line, offset, text, ..
    } = it.mark;
    (it.elsewhere, *line, *offset, *text, it.category, it.id)
}

struct Matcher<'a, 'f> {
    new: &'a [Subject<'f>],
    old: &'a [Subject<'f>],
    /// Indices in the order of [`sort_key`].
    new_order: Vec<usize>,
    old_order: Vec<usize>,
    new_taken: Vec<bool>,
    old_taken: Vec<bool>,
    pairs: Vec<(usize, usize)>,
}

impl<'f> Matcher<'_, 'f> {
    /// Pairs what has the same key and passes `agree`.
    fn pass<K: Hashable + Eq>(
        &mut self,
        key: impl Fn(&Subject<'f>) -> Option<K>,
        agree: impl Fn(&Subject<'f>, &Subject<'f>) -> bool,
    ) {
        self.pass_indexed(key, |new, old, _| agree(new, old));
    }
    /// The same, for an `agree` that wants to know the index of the old one, too.
    fn pass_indexed<K: Hashable + Eq>(
        &mut self,
        key: impl Fn(&Subject<'f>) -> Option<K>,
        agree: impl Fn(&Subject<'f>, &Subject<'f>, usize) -> bool,
    ) {
        let mut groups: FxHashMap<K, (Vec<usize>, Vec<usize>)> = FxHashMap::default();
        for rank in 0..self.old_order.len() {
            let at = self.old_order[rank];
            if let (false, Some(key)) = (self.old_taken[at], key(&self.old[at])) {
                groups.entry(key).or_default().1.push(rank);
            }
        }
        let mut candidates = Vec::new();
        // By the order of the new ones: that of the groups is none.
        let mut keys = Vec::new();
        for rank in 0..self.new_order.len() {
            let at = self.new_order[rank];
            let Some(key) = key(&self.new[at]).filter(|_| !self.new_taken[at]) else {
                continue;
            };
            if let Some(group) = groups.get_mut(&key) {
                if group.0.is_empty() {
                    keys.push(key);
                }
                group.0.push(rank);
            }
        }
        for key in keys {
            if let Some((new, old)) = groups.remove(&key) {
                self.compare(&new, &old, &agree, &mut candidates);
            }
        }
        self.take(candidates);
    }
    /// Compares the members of a group, given by rank.
    fn compare(
        &self,
        new: &[usize],
        old: &[usize],
        agree: &impl Fn(&Subject<'f>, &Subject<'f>, usize) -> bool,
        candidates: &mut Vec<Candidate>,
    ) {
        let is_small = new.len().saturating_mul(old.len()) <= MAX_PAIRS;
        let mut consider = |new: usize, old: usize| {
            let at = self.old_order[old];
            if agree(&self.new[self.new_order[new]], &self.old[at], at) {
                candidates.push(self.candidate(new, old));
            }
        };
        for (number, new) in new.iter().enumerate() {
            let window = if is_small {
                0..old.len()
            } else {
                let start = number.saturating_sub(NEIGHBOURS).min(old.len());
                start..(number + NEIGHBOURS + 1).min(old.len())
            };
            old[window].iter().for_each(|old| consider(*new, *old));
        }
        if is_small {
            return;
        }
        // Of many equal ones, the surroundings say at once which is which.
        let mut by_around: FxHashMap<Fingerprint, Vec<usize>> = FxHashMap::default();
        for rank in old {
            let around = self.old[self.old_order[*rank]].mark.around;
            by_around.entry(around).or_default().push(*rank);
        }
        for new in new {
            let around = self.new[self.new_order[*new]].mark.around;
            let same = by_around.get(&around).into_iter().flatten();
            same.take(NEIGHBOURS).for_each(|old| consider(*new, *old));
        }
    }
    /// Pairs findings near each other in the text as it is now, with like words.
    fn near(&mut self, lines: &Lines) {
        let mut places: Vec<(usize, usize, usize)> = Vec::new();
        for (rank, at) in self.old_order.iter().enumerate() {
            let old = &self.old[*at];
            if self.old_taken[*at] || old.elsewhere || old.mark.lines.is_empty() {
                continue;
            }
            let last = |first: usize| first + old.mark.lines.len() - 1;
            // A place that is not there, or at several, is near nothing.
            if let [first] = old.mark.places(lines)[..] {
                places.push((first, last(first), rank));
            }
        }
        places.sort_unstable();
        let mut candidates = Vec::new();
        for (rank, at) in self.new_order.iter().enumerate() {
            let new = &self.new[*at];
            if self.new_taken[*at] || !new.mark.is_placed() {
                continue;
            }
            let (first, last) = (new.mark.line as usize, new.mark.last_line());
            let reach = NEAR_LINES + 1;
            let start = places.partition_point(|it| it.0 + super::MAX_LINES + reach <= first);
            let near = places[start..]
                .iter()
                .take_while(|it| it.0 <= last + reach)
                .filter(|it| it.1 + reach >= first)
                .take(MAX_NEAR);
            for (old_first, _, old) in near {
                let old_one = &self.old[self.old_order[*old]];
                let distance = old_one.mark.distance(*old_first, new.mark);
                let is_one = match distance {
                    0 => new.is_alike(old_one, ALIKE_AT_PLACE),
                    _ => is_near(old_one, new, distance),
                };
                if is_one {
                    candidates.push(self.candidate(rank, *old));
                }
            }
        }
        self.take(candidates);
    }
    /// A pair, by rank.
    fn candidate(&self, new: usize, old: usize) -> Candidate {
        let (n, o) = (
            &self.new[self.new_order[new]],
            &self.old[self.old_order[old]],
        );
        let same_lines = u8::from(n.mark.lines == o.mark.lines);
        let same_symbol = u8::from(n.mark.symbol.is_some() && n.mark.symbol == o.mark.symbol);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a likeness is between 0 and 1"
        )]
        let likeness = (n.likeness(o) * 1000.0) as u16;
        Candidate {
            place: Reverse(4 * n.mark.context(o.mark) + 2 * same_lines + same_symbol),
            likeness: Reverse(likeness),
            distance: (
                n.mark.occurrence.abs_diff(o.mark.occurrence),
                n.mark.line.abs_diff(o.mark.line),
                n.mark.offset.abs_diff(o.mark.offset),
            ),
            new,
            old,
        }
    }
    /// Takes the best candidates whose sides are both still free.
    fn take(&mut self, mut candidates: Vec<Candidate>) {
        candidates.sort_unstable();
        candidates.dedup();
        for it in candidates {
            let (new, old) = (self.new_order[it.new], self.old_order[it.old]);
            if !self.new_taken[new] && !self.old_taken[old] {
                self.new_taken[new] = true;
                self.old_taken[old] = true;
                self.pairs.push((new, old));
            }
        }
    }
}
