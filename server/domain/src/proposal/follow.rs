//! Holding the hunks of one file against a text that is being edited.

mod judge;
mod pieces;
mod reading;
mod slide;

use super::Hunk;
use crate::edit::{Change, TextEdit};
use crate::text::{Text, TextRange};
use judge::{Judge, Verdict};
use pieces::Pieces;
use std::sync::Arc;

/// What became of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be applied, by these edits: in bytes of the text now, in order.
    Open(Vec<TextEdit>),
    /// What it wants stands there already.
    Applied,
    /// The place was changed in another way.
    Conflict,
}

/// The hunks of one file, held against its text while that is edited.
///
/// A hunk is open while its lines stand untouched, wherever they have moved; that is known exactly, byte by byte. Once
/// they were touched, only the text can tell: when all that was changed around the hunk is as it was, it is open again
/// (undo does that, however a client sends it); when it is as the hunk wants it, the hunk is applied. Equal lines nearby
/// that may have changed places count as touched.
#[derive(Clone, Debug)]
pub struct Follower {
    base: Arc<str>,
    held: Vec<Held>,
    pieces: Pieces,
}

/// One hunk.
#[derive(Clone, Debug)]
struct Held {
    hunk: Hunk,
    /// What shall stand in its range.
    result: String,
    /// Whether its lines may stand at another place than `pieces` say: see [`super::rebase`].
    is_doubtful: bool,
}

impl Held {
    fn old<'b>(&self, base: &'b str) -> &'b str {
        &base[self.hunk.range.as_range()]
    }
    /// Whether it inserts before all of its range, which is so at the start of a file only.
    fn is_at_start(&self) -> bool {
        let first = self.hunk.edits.first();
        first.is_some_and(|it| it.range.end == self.hunk.range.start)
    }
    /// Whether it adds lines behind all of its range, which is so at the end of a file only.
    fn is_at_end(&self, base: &str) -> bool {
        let end = self.hunk.range.end;
        let has_end = base[..end].ends_with(['\n', '\r']);
        self.hunk.edits.last().is_some_and(|it| {
            it.range.start == end
                || (it.range.end == end && !has_end && it.new_text.contains(['\n', '\r']))
        })
    }
}

impl Follower {
    /// Takes over the hunks of a text that nobody has touched. They are in order and fit `base`.
    pub fn new(base: &Text, hunks: &[Hunk]) -> Self {
        let held = hunks.iter().map(|hunk| Held {
            hunk: hunk.clone(),
            result: hunk.result(base),
            is_doubtful: false,
        });
        Self {
            base: base.to_string().into(),
            held: held.collect(),
            pieces: Pieces::untouched(base.len()),
        }
    }

    /// Takes over hunks of a text that has become another in an unknown way, told as stretches that follow one another:
    /// how many bytes each has in the base and now, and whether it is the same. `is_doubtful` says of a hunk by its number
    /// that it cannot be told whose lines its lines are now.
    pub(super) fn of_stretches(
        base: &Text,
        hunks: &[Hunk],
        stretches: impl IntoIterator<Item = (usize, usize, bool)>,
        is_doubtful: impl Fn(usize) -> bool,
    ) -> Self {
        let mut follower = Self::new(base, hunks);
        follower.pieces = Pieces::none();
        for (base_len, now_len, is_same) in stretches {
            follower.pieces.push(base_len, now_len, is_same);
        }
        for (number, held) in follower.held.iter_mut().enumerate() {
            held.is_doubtful = is_doubtful(number);
        }
        follower
    }

    /// Takes over an edit that has happened, in coordinates of the text just before it.
    pub fn follow(&mut self, change: Change) {
        self.pieces.follow(change);
    }

    /// What became of hunk number `hunk`, from 0. `now` is the text after all edits that were followed. For more than a
    /// few hunks, see [`Follower::standings`].
    pub fn standing(&self, hunk: usize, now: &Text) -> Standing {
        let now = now.to_string();
        self.told(hunk, Judge::new(self, &now).verdict(hunk))
    }

    /// What became of each hunk; what their judgements share is done once.
    pub fn standings(&self, now: &Text) -> Vec<Standing> {
        let now = now.to_string();
        let mut judge = Judge::new(self, &now);
        (0..self.held.len())
            .map(|hunk| self.told(hunk, judge.verdict(hunk)))
            .collect()
    }

    /// Where what became of hunk number `hunk` stands now, in bytes; empty at the place where it was when nothing is left
    /// of it.
    pub fn range(&self, hunk: usize) -> TextRange {
        match self.held.get(hunk) {
            Some(held) => self.pieces.extent(held.hunk.range).now,
            None => TextRange::default(),
        }
    }

    fn told(&self, hunk: usize, verdict: Verdict) -> Standing {
        match (verdict, self.held.get(hunk)) {
            (Verdict::Open(place), Some(held)) => Standing::Open(held.edits_at(place)),
            (Verdict::Applied, _) => Standing::Applied,
            _ => Standing::Conflict,
        }
    }
}

impl Held {
    /// Its edits where its range begins at byte `place`.
    fn edits_at(&self, place: usize) -> Vec<TextEdit> {
        let moved = |at: usize| at - self.hunk.range.start + place;
        let edits = self.hunk.edits.iter().map(|edit| TextEdit {
            range: TextRange::new(moved(edit.range.start), moved(edit.range.end)),
            new_text: edit.new_text.clone(),
        });
        edits.collect()
    }
}

#[cfg(test)]
mod schedules;
#[cfg(test)]
pub(in crate::proposal) mod tests;
