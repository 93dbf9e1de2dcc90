//! Holding hunks against a text of which nobody knows how it came to be: a file that has changed on disk.

use super::{Follower, Hunk};
use crate::diff::{Lines, differences, numbered};
use crate::text::Text;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Lines on each side that tell equal lines apart.
const CONTEXT: usize = 3;
/// Most places at which equal lines are looked at; where there are more, nothing tells them apart.
const MOST_EQUAL: usize = 1000;

/// Holds hunks of `base` against `now`; later edits can be followed from there.
///
/// Equal lines are where a comparison of two texts goes wrong: when one of three closing braces went, it cannot know
/// which. So one of a hunk's lines must stand once in both texts, and no other such line have changed places with it; or the
/// lines around them must be as in the base, and either none of their equals has come, gone or moved, or both above and below
/// there is a line that stands once, or the edge of the file. Otherwise the hunk is a conflict.
pub fn rebase(base: &Text, hunks: &[Hunk], now: &Text) -> Follower {
    let (base_text, now_text) = (base.to_string(), now.to_string());
    let (old, new) = (Lines::of(&base_text), Lines::of(&now_text));
    let differences = differences(old.all(), new.all());
    let mut stretches = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    for (going, coming) in &differences {
        let same = old.bytes(&(at_old..going.start)).len();
        stretches.push((same, same, true));
        stretches.push((old.bytes(going).len(), new.bytes(coming).len(), false));
        (at_old, at_new) = (going.end, coming.end);
    }
    let rest = old.bytes(&(at_old..old.all().len())).len();
    debug_assert_eq!(rest, new.bytes(&(at_new..new.all().len())).len());
    stretches.push((rest, rest, true));

    let guard = Guard::new(&old, &new, &differences);
    let sure: Vec<bool> = hunks
        .iter()
        .map(|it| guard.is_sure(old.at(it.range.start)..old.at(it.range.end)))
        .collect();
    Follower::of_stretches(base, hunks, stretches, |number| !sure[number])
}

/// Two texts as numbers, equal lines having the same one.
struct Guard<'d> {
    old: Vec<u32>,
    new: Vec<u32>,
    differences: &'d [(Range<usize>, Range<usize>)],
    /// By number: the lines of the base that are that one, and the lines of the text now.
    lines: Vec<[Vec<usize>; 2]>,
    /// Lines of the text now that may as well be the ones that came, or be next to the ones that went.
    mistakable: Vec<Range<usize>>,
    /// Lines of the base that others have moved over: or it was they who have moved.
    crossed: Vec<Range<usize>>,
    /// The same of others that stand once in both texts.
    crossed_by_single: Vec<Range<usize>>,
}

impl<'d> Guard<'d> {
    fn new(
        old: &Lines<'_>,
        new: &Lines<'_>,
        differences: &'d [(Range<usize>, Range<usize>)],
    ) -> Self {
        // A last line without an end is equal to others.
        let (old, new, count) = numbered(&contents(old), &contents(new));
        let mut lines = vec![[Vec::new(), Vec::new()]; count];
        for (side, numbers) in [&old, &new].into_iter().enumerate() {
            for (line, number) in numbers.iter().enumerate() {
                lines[*number as usize][side].push(line);
            }
        }
        let mistakable = differences.iter().filter_map(|it| slide(&old, &new, it));
        let mut guard = Self {
            mistakable: mistakable.collect(),
            crossed: Vec::new(),
            crossed_by_single: Vec::new(),
            old,
            new,
            differences,
            lines,
        };
        guard.crossed = guard.crossings(|_| true);
        guard.crossed_by_single = guard.crossings(|it| guard.is_single(it));
        guard
    }

    /// Where equal lines went and came, what is in between.
    fn crossings(&self, counts: impl Fn(u32) -> bool) -> Vec<Range<usize>> {
        // The lines of the base where such a line went, and those before which one came: the first and the last.
        type Ends = Option<(usize, usize)>;
        let mut moved: FxHashMap<u32, [Ends; 2]> = FxHashMap::default();
        let mut note = |number: u32, side: usize, at: usize| {
            let ends = &mut moved.entry(number).or_default()[side];
            *ends = Some(ends.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        };
        for (going, coming) in self.differences {
            for line in going.clone() {
                note(self.old[line], 0, line);
            }
            for line in coming.clone() {
                note(self.new[line], 1, going.end);
            }
        }
        let moved = moved.iter().filter(|it| counts(*it.0));
        let hulls = moved.filter_map(|(_, sides)| {
            let [(went, last_went), (came, last_came)] = [sides[0]?, sides[1]?];
            Some(went.min(came)..(last_went + 1).max(last_came))
        });
        let mut hulls: Vec<Range<usize>> = hulls.collect();
        hulls.sort_unstable_by_key(|it| (it.start, it.end));
        let mut joined: Vec<Range<usize>> = Vec::new();
        for hull in hulls {
            match joined.last_mut() {
                Some(last) if hull.start < last.end => last.end = last.end.max(hull.end),
                _ => joined.push(hull),
            }
        }
        joined
    }

    /// Whether it is known which lines of the text now are these of the base, if any are.
    fn is_sure(&self, lines: Range<usize>) -> bool {
        let Some([old, new]) = self.places(&lines) else {
            return lines.is_empty();
        };
        if self.has_single(&lines) {
            // Of two that have changed places, one may have gone while its like came elsewhere.
            return !is_among(&self.crossed_by_single, &lines);
        }
        let Some(now) = self.now(&lines) else {
            return false;
        };
        let is_mistakable = |it: &Range<usize>| it.start < now + lines.len() && now < it.end;
        let is_crossed = |it: &usize| is_among(&self.crossed, &(*it..it + lines.len()));
        if self.mistakable.iter().any(is_mistakable) || old.iter().any(is_crossed) {
            return false;
        }
        let Some(block) = self.with_context(&lines, now) else {
            return false;
        };
        let is_there = |it: &usize| self.now(&(*it..it + lines.len())).is_some();
        let nothing_moved = old.len() == new.len() && old.iter().all(is_there);
        let (above, below) = (block.start..lines.start, lines.end..block.end);
        let is_held = |it: &Range<usize>| it.len() < CONTEXT || self.has_single(it);
        nothing_moved || (is_held(&above) && is_held(&below))
    }

    /// Whether one of the lines of the base stands once there and once at most now.
    fn has_single(&self, lines: &Range<usize>) -> bool {
        self.old[lines.clone()].iter().any(|it| self.is_single(*it))
    }

    fn is_single(&self, number: u32) -> bool {
        self.lines[number as usize].iter().all(|it| it.len() <= 1)
    }

    /// The lines with those around them, if they are the same now.
    fn with_context(&self, lines: &Range<usize>, now: usize) -> Option<Range<usize>> {
        let start = lines.start.saturating_sub(CONTEXT);
        let end = (lines.end + CONTEXT).min(self.old.len());
        let now_start = now.checked_sub(lines.start - start)?;
        let now_end = now_start + (end - start);
        // The edge of a file is a neighbour.
        let (above, below) = (lines.start - start, end - lines.end);
        let has_edges =
            (above == CONTEXT || now_start == 0) && (below == CONTEXT || now_end == self.new.len());
        let is_same = self.new.get(now_start..now_end) == Some(&self.old[start..end]);
        (has_edges && is_same).then_some(start..end)
    }

    /// Where the comparison has found these lines of the base in the text now, in one piece.
    fn now(&self, lines: &Range<usize>) -> Option<usize> {
        let after = self
            .differences
            .partition_point(|it| it.0.end <= lines.start);
        let before = self.differences[..after].last();
        let (old, new) = before.map_or((0, 0), |it| (it.0.end, it.1.end));
        let next = self.differences.get(after);
        let is_whole = next.is_none_or(|it| it.0.start >= lines.end);
        is_whole.then(|| lines.start - old + new)
    }

    /// Where equal lines stand in the base and now; `None` for no lines, and when they are too many to look at.
    fn places(&self, lines: &Range<usize>) -> Option<[Vec<usize>; 2]> {
        let wanted = &self.old[lines.clone()];
        // The rarest of them is where to look.
        let count = |number: u32| {
            self.lines[number as usize]
                .iter()
                .map(Vec::len)
                .sum::<usize>()
        };
        let (at, rarest) = wanted.iter().enumerate().min_by_key(|it| count(*it.1))?;
        if count(*rarest) > MOST_EQUAL {
            return None;
        }
        let sides = [&self.old, &self.new];
        let [old, new] = &self.lines[*rarest as usize];
        let find = |side: usize, lines: &[usize]| -> Vec<usize> {
            let starts = lines.iter().filter_map(|it| it.checked_sub(at));
            let stands = |it: &usize| sides[side].get(*it..it + wanted.len()) == Some(wanted);
            starts.filter(stands).collect()
        };
        Some([find(0, old), find(1, new)])
    }
}

/// Whether some lines touch any of the stretches, which are sorted and apart.
fn is_among(stretches: &[Range<usize>], lines: &Range<usize>) -> bool {
    let after = stretches.partition_point(|it| it.end <= lines.start);
    let next = stretches.get(after);
    next.is_some_and(|it| it.start < lines.end)
}

/// The lines without their ends.
fn contents<'t>(lines: &Lines<'t>) -> Vec<&'t str> {
    let lines = lines.all().iter();
    lines.map(|it| it.trim_end_matches(['\n', '\r'])).collect()
}

/// How far lines that went or came could be others: where they are repeated before or after.
fn slide(
    old: &[u32],
    new: &[u32],
    (going, coming): &(Range<usize>, Range<usize>),
) -> Option<Range<usize>> {
    let moved = match (going.is_empty(), coming.is_empty()) {
        (true, false) => &new[coming.clone()],
        (false, true) => &old[going.clone()],
        _ => return None,
    };
    let ahead = &new[coming.end..];
    let pairs = ahead.iter().zip(moved.iter().chain(ahead));
    let right = pairs.take_while(|(a, b)| a == b).count();
    let behind = new[..coming.start].iter().rev();
    let pairs = behind.clone().zip(moved.iter().rev().chain(behind));
    let left = pairs.take_while(|(a, b)| a == b).count();
    Some(coming.start - left..coming.end + right).filter(|_| left + right > 0)
}

#[cfg(test)]
mod tests;
