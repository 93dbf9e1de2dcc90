//! Which bytes of a base still stand in a text that is being edited, and which places were touched.

use crate::edit::Change;
use crate::text::TextRange;
use std::ops::Range;

/// A stretch of the base and what it has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// In bytes of the base; empty where text only came.
    pub(super) base: TextRange,
    /// In bytes of the text now; empty where text only went.
    pub(super) now: TextRange,
    /// Never touched: the very bytes of the base. Else a *gap*.
    pub(super) is_kept: bool,
}

impl Piece {
    /// Length in the base minus length now.
    fn missing(&self) -> Option<usize> {
        self.base.len().checked_sub(self.now.len())
    }
}

/// A stretch of the base and what stands there now, which may begin and end within kept pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// The numbers of its pieces.
    pub(super) pieces: Range<usize>,
    /// In bytes of the base.
    pub(super) base: TextRange,
    /// In bytes of the text now.
    pub(super) now: TextRange,
}

impl Extent {
    /// It, the other, and all between them.
    pub(super) fn with(&self, other: &Self) -> Self {
        let hull =
            |a: TextRange, b: TextRange| TextRange::new(a.start.min(b.start), a.end.max(b.end));
        let start = self.pieces.start.min(other.pieces.start);
        Self {
            pieces: start..self.pieces.end.max(other.pieces.end),
            base: hull(self.base, other.base),
            now: hull(self.now, other.now),
        }
    }
}

/// The base, cut into pieces. They follow one another without a break, in the base and in the text now, and no kept
/// piece is next to another or empty.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    all: Vec<Piece>,
}

impl Pieces {
    /// Nothing yet, to be filled by [`Pieces::push`].
    pub(super) fn none() -> Self {
        Self { all: Vec::new() }
    }

    /// A base of `len` bytes that nobody has touched.
    pub(super) fn untouched(len: usize) -> Self {
        let whole = TextRange::new(0, len);
        let all = (len > 0).then_some(Piece {
            base: whole,
            now: whole,
            is_kept: true,
        });
        Self {
            all: all.into_iter().collect(),
        }
    }

    /// Adds the next piece, in the base as in the text now.
    pub(super) fn push(&mut self, base_len: usize, now_len: usize, is_kept: bool) {
        let last = self.all.last().map(|it| (it.base.end, it.now.end));
        let (base, now) = last.unwrap_or_default();
        let piece = Piece {
            base: TextRange::new(base, base + base_len),
            now: TextRange::new(now, now + now_len),
            is_kept,
        };
        match self.all.last_mut() {
            _ if base_len == 0 && now_len == 0 => {}
            Some(last) if last.is_kept && is_kept => *last = joined(last, &piece, true),
            _ => self.all.push(piece),
        }
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> &[Piece] {
        &self.all
    }

    /// What has become of a stretch of the base: of the gaps that reach into it all, of kept pieces its share. An empty
    /// stretch is there in an empty base only, and all that came belongs to it.
    pub(super) fn extent(&self, range: TextRange) -> Extent {
        let first = self.all.partition_point(|it| it.base.end <= range.start);
        let end = self.all.partition_point(|it| it.base.start < range.end);
        if range.is_empty() || first >= end {
            return self.whole();
        }
        let (head, tail) = (&self.all[first], &self.all[end - 1]);
        let mut extent = self.of(first..end);
        if head.is_kept && head.base.start < range.start {
            extent.now.start += range.start - head.base.start;
            extent.base.start = range.start;
        }
        if tail.is_kept && tail.base.end > range.end {
            extent.now.end -= tail.base.end - range.end;
            extent.base.end = range.end;
        }
        extent
    }

    /// Some pieces as a whole.
    pub(super) fn of(&self, pieces: Range<usize>) -> Extent {
        let (first, last) = (self.all.get(pieces.start), self.all[..pieces.end].last());
        let range = |side: fn(&Piece) -> TextRange| {
            let start = first.map_or(0, |it| side(it).start);
            TextRange::new(start, last.map_or(start, |it| side(it).end))
        };
        Extent {
            base: range(|it| it.base),
            now: range(|it| it.now),
            pieces,
        }
    }

    fn whole(&self) -> Extent {
        self.of(0..self.all.len())
    }

    /// Takes over one change of the text.
    ///
    /// What it replaces becomes one gap with the gaps that it reaches into; where other text comes for it, also with places
    /// next to it where text only went: that may be back, as a client tells an undo that has compared the texts. What is
    /// typed where gaps are belongs to them all, unless it fills up the only one where something went, as the undo of a
    /// deletion does.
    pub(super) fn follow(&mut self, change: Change) {
        let len = self.all.last().map_or(0, |it| it.now.end);
        let new_len = change.new_len;
        let range = TextRange::new(change.range.start.min(len), change.range.end.min(len));
        if range.is_empty() && new_len == 0 {
            return;
        }
        let (first, end) = if range.is_empty() {
            self.typed_at(range.start, new_len)
        } else {
            // Where text went and text comes next to it, that may be what went.
            let may_return = |it: &Piece| new_len > 0 && it.now.is_empty();
            let is_before = |it: &Piece| {
                it.now.end < range.start || (it.now.end == range.start && !may_return(it))
            };
            let is_within = |it: &Piece| {
                it.now.start < range.end || (it.now.start == range.end && may_return(it))
            };
            let first = self.all.partition_point(is_before);
            let end = self.all.partition_point(is_within);
            (first, end.max(first))
        };
        let met = &self.all[first..end];
        let (Some(head), Some(tail)) = (met.first(), met.last()) else {
            let base = self.all[..first].last().map_or(0, |it| it.base.end);
            let gap = Piece {
                base: TextRange::new(base, base),
                now: TextRange::new(range.start, range.start + new_len),
                is_kept: false,
            };
            self.put(first..end, &[gap], range.len(), new_len);
            return;
        };
        let (before, left) = cut(head, range.start, true);
        let (after, right) = cut(tail, range.end, false);
        let gap = Piece {
            base: TextRange::new(left.0, right.0),
            now: TextRange::new(left.1, (right.1 - range.len()) + new_len),
            is_kept: false,
        };
        let pieces: Vec<Piece> = before
            .into_iter()
            .chain(Some(gap))
            .chain(after.map(|it| shifted(&it, range.len(), new_len)))
            .collect();
        self.put(first..end, &pieces, range.len(), new_len);
    }

    /// The pieces that text typed at `at` belongs to.
    fn typed_at(&self, at: usize, len: usize) -> (usize, usize) {
        let first = self.all.partition_point(|it| it.now.end < at);
        let end = self.all.partition_point(|it| it.now.start <= at);
        let touching = first..end.max(first);
        let inside = touching
            .clone()
            .find(|it| self.all[*it].now.start < at && at < self.all[*it].now.end);
        if let Some(inside) = inside {
            return (inside, inside + 1);
        }
        // Kept pieces can be the outermost only.
        let is_gap = |it: &usize| !self.all[*it].is_kept;
        let mut gaps = touching.filter(is_gap);
        let Some(first_gap) = gaps.next() else {
            let between = self.all.partition_point(|it| it.now.end <= at);
            return (between, between);
        };
        let end = first_gap + 1 + gaps.count();
        let mut with_base = (first_gap..end).filter(|it| !self.all[*it].base.is_empty());
        match (with_base.next(), with_base.next()) {
            (Some(only), None) if self.all[only].missing() == Some(len) => (only, only + 1),
            _ => (first_gap, end),
        }
    }

    /// Puts `pieces`, told in the coordinates after the change, in the place of some, and moves what follows.
    fn put(&mut self, old: Range<usize>, pieces: &[Piece], old_len: usize, new_len: usize) {
        if old_len != new_len {
            for piece in &mut self.all[old.end..] {
                *piece = shifted(piece, old_len, new_len);
            }
        }
        let start = old.start;
        let left = pieces
            .iter()
            .filter(|it| !it.base.is_empty() || !it.now.is_empty());
        let count = left.clone().count();
        self.all.splice(old, left.copied());
        // Where typed text went again, the kept pieces around it are one as before.
        for at in (start..=start + count).rev() {
            if let Some([a, b]) = at.checked_sub(1).and_then(|it| self.all.get(it..=at))
                && a.is_kept
                && b.is_kept
            {
                self.all[at - 1] = joined(a, b, true);
                self.all.remove(at);
            }
        }
    }
}

/// Cuts a piece at `at`, a byte of the text now: what a change before or behind `at` leaves of it, and where (in the base
/// and in the text now) the new gap begins or ends. A gap is never cut.
fn cut(piece: &Piece, at: usize, keeps_head: bool) -> (Option<Piece>, (usize, usize)) {
    if !piece.is_kept {
        let edge = |it: TextRange| if keeps_head { it.start } else { it.end };
        return (None, (edge(piece.base), edge(piece.now)));
    }
    let in_base = piece.base.start + (at - piece.now.start);
    let part = |range: TextRange, at| {
        if keeps_head {
            TextRange::new(range.start, at)
        } else {
            TextRange::new(at, range.end)
        }
    };
    let rest = Piece {
        base: part(piece.base, in_base),
        now: part(piece.now, at),
        is_kept: true,
    };
    let rest = Some(rest).filter(|it| !it.now.is_empty());
    (rest, (in_base, at))
}

fn shifted(piece: &Piece, old_len: usize, new_len: usize) -> Piece {
    let shift = |at: usize| at - old_len + new_len;
    Piece {
        now: TextRange::new(shift(piece.now.start), shift(piece.now.end)),
        ..*piece
    }
}

fn joined(a: &Piece, b: &Piece, is_kept: bool) -> Piece {
    Piece {
        base: TextRange::new(a.base.start, b.base.end),
        now: TextRange::new(a.now.start, b.now.end),
        is_kept,
    }
}
