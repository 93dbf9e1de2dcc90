//! Judging hunks by what stands where they were.

use super::pieces::{Extent, Piece};
use super::reading::read;
use super::slide::Slide;
use super::{Follower, Held};
use crate::diff::Lines;
use crate::text::TextRange;
use std::ops::Range;

/// Letters and digits that a text needs to be known again by itself.
const WEIGHTY: usize = 8;

/// What became of a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its text stands at this byte.
    Open(usize),
    /// Its result stands there.
    Applied,
    /// Neither.
    Conflict,
}

/// A text, prepared for judging the hunks of one follower.
pub(super) struct Judge<'a> {
    /// None when the text is not the one that the changes led to: then nothing is known of any.
    held: &'a [Held],
    base: &'a str,
    now: &'a str,
    follower: &'a Follower,
    slides: Vec<Slide>,
    /// The last stretch that was read, and what it says of its hunks.
    last_read: Option<(Extent, Range<usize>, Vec<Verdict>)>,
}

impl<'a> Judge<'a> {
    /// `now` is the text after everything that `follower` followed.
    pub(super) fn new(follower: &'a Follower, now: &'a str) -> Self {
        let base = &*follower.base;
        let pieces = follower.pieces.all();
        let is_in_step = pieces.last().map_or(0, |it| it.now.end) == now.len()
            && pieces.iter().all(|it| now.is_char_boundary(it.now.end));
        let slides = pieces.iter().enumerate();
        let slides = slides.filter_map(|(number, piece)| Slide::of(number, piece, base, now));
        Self {
            held: if is_in_step { &follower.held } else { &[] },
            base,
            now,
            follower,
            slides: if is_in_step {
                slides.collect()
            } else {
                Vec::new()
            },
            last_read: None,
        }
    }

    pub(super) fn verdict(&mut self, hunk: usize) -> Verdict {
        let held = match self.held.get(hunk) {
            Some(held) => held,
            None => return Verdict::Conflict,
        };
        match self.found(hunk, held) {
            Verdict::Applied => Verdict::Applied,
            _ if self.base == self.now => Verdict::Open(held.hunk.range.start),
            Verdict::Open(place) if self.is_within_result(held, place) => Verdict::Applied,
            Verdict::Open(place) if self.fits(held, place) && !held.is_doubtful => {
                Verdict::Open(place)
            }
            _ => Verdict::Conflict,
        }
    }

    fn found(&mut self, hunk: usize, held: &Held) -> Verdict {
        let extent = self.extent(held);
        let is_intact = extent.base == held.hunk.range && self.is_kept(&extent);
        let (wide, went, came) = self.with_slides(&extent);
        if is_intact {
            let sure = Verdict::Open(extent.now.start);
            let near = self.with_neighbours(&extent);
            let is_applied = |judge: &mut Self, wide: &Extent| {
                *wide != extent && judge.read(wide, hunk) == Verdict::Applied
            };
            let (direct, may_be_it) = self.with_direct_slides(&extent, held);
            return if is_applied(self, &near) || is_applied(self, &direct) {
                Verdict::Applied
            } else if went && came {
                self.read(&wide, hunk)
            } else if may_be_it {
                Verdict::Conflict
            } else {
                sure
            };
        }
        let is_gone = held.result.is_empty() && extent.now.is_empty();
        if is_gone || self.read(&extent, hunk) == Verdict::Applied {
            return Verdict::Applied;
        }
        let mut verdict = self.read(&wide, hunk);
        if verdict == Verdict::Conflict {
            let wide = self.with_neighbours(&wide);
            verdict = self.read(&wide, hunk);
            if verdict == Verdict::Conflict {
                verdict = self.known_again(held, wide.now);
            }
        }
        verdict
    }

    /// Whether lines have got what a hunk adds to them from something that was typed next to them.
    fn is_within_result(&self, held: &Held, place: usize) -> bool {
        let (end, new) = (place + held.hunk.range.len(), &*held.result);
        let Some(added) = new.len().checked_sub(end - place) else {
            return false;
        };
        let pieces = self.follower.pieces.all();
        let is_touched = |from: usize, to: usize| {
            let first = pieces.partition_point(|it| it.now.end < from);
            let touching = pieces[first..].iter().take_while(|it| it.now.start <= to);
            { touching }.any(|it| !it.is_kept)
        };
        let stands = |from: usize| self.now.get(from..).is_some_and(|it| it.starts_with(new));
        let comes_after = stands(place) && is_touched(end, end + added);
        let before = place.checked_sub(added);
        let comes_before = before.is_some_and(|it| stands(it) && is_touched(it, place));
        added > 0 && (comes_after || comes_before)
    }

    /// What has become of a hunk's range, with what came at an end of the file where it inserts itself.
    fn extent(&self, held: &Held) -> Extent {
        let pieces = &self.follower.pieces;
        let mut extent = pieces.extent(held.hunk.range);
        let is_gap = |it: Option<&Piece>| it.is_some_and(|it| !it.is_kept);
        let Range { start, end } = extent.pieces;
        if held.is_at_start() && start == 1 && is_gap(pieces.all().first()) {
            extent = extent.with(&pieces.of(0..1));
        }
        if held.is_at_end(self.base) && end + 1 == pieces.all().len() && is_gap(pieces.all().last())
        {
            extent = extent.with(&pieces.of(end..end + 1));
        }
        extent
    }

    fn is_kept(&self, extent: &Extent) -> bool {
        let pieces = &self.follower.pieces.all()[extent.pieces.clone()];
        pieces.iter().all(|it| it.is_kept)
    }

    /// The extent with the changes next to it that could as well have happened to it, and whether one of them could be
    /// the hunk itself, applied.
    fn with_direct_slides(&self, extent: &Extent, held: &Held) -> (Extent, bool) {
        let (old, new) = (held.hunk.range.len(), held.result.len());
        let (mut wide, mut may_be_it) = (extent.clone(), false);
        for slide in &self.slides {
            let piece = slide.piece;
            if !extent.pieces.contains(&piece) && self.reaches(slide.reach, extent.now) {
                wide = wide.with(&self.follower.pieces.of(piece..piece + 1));
                may_be_it |= slide.is_deletion == (new < old) && slide.len == old.abs_diff(new);
            }
        }
        (wide, may_be_it)
    }

    /// The extent with every change that could as well have happened to it, and whether text went and came by them.
    fn with_slides(&self, extent: &Extent) -> (Extent, bool, bool) {
        let (mut wide, mut went, mut came) = (extent.clone(), false, false);
        loop {
            let before = wide.clone();
            for slide in &self.slides {
                let is_own = wide.pieces.contains(&slide.piece);
                if !is_own && !self.reaches(slide.reach, wide.now) {
                    continue;
                }
                // Where it could have slid to, another change may be its undo.
                let met = self.gaps_in(slide.reach);
                let gaps = self.follower.pieces.all()[met.clone()].iter();
                let gaps = gaps.filter(|it| !it.is_kept);
                let found = wide.with(&self.follower.pieces.of(met));
                if found != wide {
                    went |= gaps.clone().any(|it| !it.base.is_empty());
                    came |= { gaps }.any(|it| !it.now.is_empty());
                    wide = found;
                }
            }
            if wide == before {
                return (wide, went, came);
            }
        }
    }

    /// From the first to the last gap that a change of that reach could slide to, with what is between them.
    fn gaps_in(&self, reach: TextRange) -> Range<usize> {
        let all = self.follower.pieces.all();
        let first = all.partition_point(|it| it.now.end < reach.start);
        let end = all
            .partition_point(|it| it.now.start <= reach.end)
            .max(first);
        let is_gap = |it: &usize| !all[*it].is_kept;
        let first = (first..end).find(is_gap).unwrap_or(first);
        let last = (first..end).rev().find(is_gap);
        first..last.map_or(first, |it| it + 1)
    }

    /// Whether what slides that far covers the first or last line of a range; where nothing is left of it, the place.
    fn reaches(&self, reach: TextRange, range: TextRange) -> bool {
        if reach.end < range.start || reach.start > range.end {
            return false;
        }
        let text = &self.now[range.as_range()];
        let is_end = |c: char| c == '\n' || c == '\r';
        let first = text.find(is_end).map_or(text.len(), |it| it + 1);
        let last = text
            .trim_end_matches(is_end)
            .rfind(is_end)
            .map_or(0, |it| it + 1);
        (reach.start <= range.start && reach.end >= range.start + first)
            || (reach.end >= range.end && reach.start <= range.start + last)
    }

    /// The extent with the gaps directly next to it: where two changes meet, the text may belong to either.
    fn with_neighbours(&self, extent: &Extent) -> Extent {
        let pieces = &self.follower.pieces;
        let is_gap = |it: usize| pieces.all().get(it).is_some_and(|it| !it.is_kept);
        let edges = pieces.of(extent.pieces.clone());
        let Range { mut start, mut end } = extent.pieces;
        while edges.now.start == extent.now.start && start > 0 && is_gap(start - 1) {
            start -= 1;
        }
        while edges.now.end == extent.now.end && is_gap(end) {
            end += 1;
        }
        let before = pieces.of(start..extent.pieces.start);
        let after = pieces.of(extent.pieces.end..end);
        let mut wide = extent.clone();
        if !before.pieces.is_empty() {
            wide = wide.with(&before);
        }
        if !after.pieces.is_empty() {
            wide = wide.with(&after);
        }
        wide
    }

    /// What the text of a stretch says of a hunk in it.
    fn read(&mut self, extent: &Extent, hunk: usize) -> Verdict {
        let (extent, hunks) = self.with_whole_hunks(extent);
        let is_read = self.last_read.as_ref().is_some_and(|it| it.0 == extent);
        if !is_read {
            let verdicts = read(&extent, &self.held[hunks.clone()], self.base, self.now);
            self.last_read = Some((extent, hunks, verdicts));
        }
        let read = self.last_read.as_ref();
        let verdict = read.and_then(|(_, hunks, all)| all.get(hunk.checked_sub(hunks.start)?));
        verdict.copied().unwrap_or(Verdict::Conflict)
    }

    /// The extent, so that it cuts no hunk, and the numbers of the hunks in it.
    fn with_whole_hunks(&self, extent: &Extent) -> (Extent, Range<usize>) {
        let mut extent = extent.clone();
        loop {
            let TextRange { start, end } = extent.base;
            let is_before = |it: &Held| it.hunk.range.end <= start && start < end;
            let first = self.held.partition_point(is_before);
            let is_within = |it: &Held| it.hunk.range.start < end || start == end;
            let hunks = first..self.held.partition_point(is_within).max(first);
            let outer = [hunks.start, hunks.end.saturating_sub(1)];
            let outer = outer.iter().filter(|it| hunks.contains(it));
            let wide = outer.fold(extent.clone(), |wide, it| {
                wide.with(&self.extent(&self.held[*it]))
            });
            if wide == extent {
                return (extent, hunks);
            }
            extent = wide;
        }
    }

    /// A text that says enough by itself is known again within what was touched: the old one by its first and last line,
    /// which stand once in the base and once now, if the new one does not stand anywhere; the new one because no such
    /// lines were there.
    fn known_again(&self, held: &Held, within: TextRange) -> Verdict {
        let (old, new) = (held.old(self.base), &*held.result);
        let is_known = |line: &&&str| count(self.base, line) == 1 && count(self.now, line) == 1;
        let lines = Lines::of(old);
        let edges = lines.all().first().into_iter().chain(lines.all().last());
        let is_known = edges.clone().filter(is_known).count() == 2;
        let open = self.only(old, within).filter(|_| is_known);
        let is_new = self.line_matches(self.base, new).is_empty();
        let applied = self.only(new, within).filter(|_| is_new);
        let holds = |outer: TextRange, inner: TextRange| {
            outer.start <= inner.start && inner.end <= outer.end
        };
        let is_nowhere = !new.is_empty() && self.line_matches(self.now, new).is_empty();
        match (open, applied) {
            (Some(open), None) if is_nowhere => Verdict::Open(open.start),
            (None, Some(_)) => Verdict::Applied,
            (Some(open), Some(applied)) if holds(open, applied) => Verdict::Open(open.start),
            (Some(open), Some(applied)) if holds(applied, open) => Verdict::Applied,
            _ => Verdict::Conflict,
        }
    }

    /// The only place of a weighty text, if it is within a range.
    fn only(&self, text: &str, within: TextRange) -> Option<TextRange> {
        let [place] = self.line_matches(self.now, text)[..] else {
            return None;
        };
        let range = TextRange::new(place, place + text.len());
        let is_inside = within.start <= range.start && range.end <= within.end;
        (is_inside && is_weighty(text)).then_some(range)
    }

    /// Where `needle`, which is whole lines, stands in `text`; two places are enough.
    fn line_matches(&self, text: &str, needle: &str) -> Vec<usize> {
        let mut found = Vec::new();
        let mut from = 0;
        while found.len() < 2
            && let Some(at) = text.get(from..).and_then(|it| it.find(needle))
        {
            let at = from + at;
            if is_line_start(text, at) {
                found.push(at);
            }
            let step = text[at..].chars().next().map_or(1, char::len_utf8);
            from = at + step;
        }
        found
    }

    /// Whether a hunk can be applied at a place without joining its lines to others or leaving an empty one.
    fn fits(&self, held: &Held, place: usize) -> bool {
        let old = held.old(self.base);
        let Some(rest) = self.now.get(place..).and_then(|it| it.strip_prefix(old)) else {
            return false;
        };
        if !is_line_start(self.now, place) {
            return false;
        }
        if rest.is_empty() {
            return true;
        }
        let (before, new) = (&self.now[..place], &*held.result);
        let is_open = |text: &str| !text.is_empty() && !text.ends_with(['\n', '\r']);
        let ends = if is_open(old) {
            rest.starts_with(['\n', '\r']) && is_open(new)
        } else {
            !old.is_empty() && is_line_start(self.now, place + old.len()) && !is_open(new)
        };
        let joins = |a: &str, b: &str| a.ends_with('\r') && b.starts_with('\n');
        let is_joined = if new.is_empty() {
            joins(before, rest)
        } else {
            joins(before, new) || joins(new, rest)
        };
        ends && !is_joined
    }
}

/// How many lines are that one, whatever ends them.
fn count(text: &str, line: &str) -> usize {
    let content = |line: &str| line.trim_end_matches(['\n', '\r']).len();
    let line = &line[..content(line)];
    let lines = Lines::of(text);
    let same = lines.all().iter().filter(|it| it[..content(it)] == *line);
    same.count()
}

fn is_line_start(text: &str, at: usize) -> bool {
    let (before, after) = (&text[..at], &text[at..]);
    before.is_empty()
        || before.ends_with('\n')
        || (before.ends_with('\r') && !after.starts_with('\n'))
}

fn is_weighty(text: &str) -> bool {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .nth(WEIGHTY - 1)
        .is_some()
}
