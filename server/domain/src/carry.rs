//! Carrying ranges over edits, so that a finding stays with its text while the user types.

use crate::edit::Change;
use crate::text::TextRange;
use std::collections::VecDeque;

/// What became of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The text is untouched; it now stands here.
    Same(TextRange),
    /// Something inside was edited; what is left of it stands here.
    Edited(TextRange),
    /// All of it was deleted or replaced.
    Gone,
}

impl Carried {
    /// Where it is now, if anything is left.
    pub fn range(self) -> Option<TextRange> {
        match self {
            Self::Same(range) | Self::Edited(range) => Some(range),
            Self::Gone => None,
        }
    }

    /// Carries it on over one more change.
    #[must_use]
    pub fn then(self, change: Change) -> Self {
        match self {
            Self::Same(range) => over(range, change),
            Self::Edited(range) => match over(range, change) {
                Self::Same(range) => Self::Edited(range),
                other => other,
            },
            Self::Gone => Self::Gone,
        }
    }
}

/// Carries `range` over one change.
///
/// Typing directly before or after the range does not grow it. Of a replacement that overlaps one edge,
/// the new text stays outside. An empty range stays between its neighbours, and before text that is
/// typed at it.
pub fn over(range: TextRange, change: Change) -> Carried {
    let Change {
        range: old,
        new_len,
    } = change;
    let after = |offset: usize| offset - old.end + old.start + new_len;
    if old.start >= range.end {
        return Carried::Same(range);
    }
    if old.end <= range.start {
        return Carried::Same(TextRange::new(after(range.start), after(range.end)));
    }
    if old.is_empty() && new_len == 0 {
        return Carried::Same(range);
    }
    // From here on the change touches bytes or the inside of the range.
    match (old.start <= range.start, old.end >= range.end) {
        (true, true) => Carried::Gone,
        (true, false) => Carried::Edited(TextRange::new(after(old.end), after(range.end))),
        (false, true) => Carried::Edited(TextRange::new(range.start, old.start)),
        (false, false) => Carried::Edited(TextRange::new(range.start, after(range.end))),
    }
}

/// Carries `range` over several changes, each told in the coordinates that the one before it left.
pub fn over_all(range: TextRange, changes: impl IntoIterator<Item = Change>) -> Carried {
    changes
        .into_iter()
        .fold(Carried::Same(range), Carried::then)
}

/// The changes of one document since some version, in order; what a range of an older version needs
/// to be brought up to date. Bounded: see [`ChangeLog::push`].
#[derive(Clone, Debug, Default)]
pub struct ChangeLog {
    entries: VecDeque<(i32, Change)>,
    /// Changes up to and including this version have been dropped.
    forgotten: Option<i32>,
}

impl ChangeLog {
    /// Most changes kept; older ones are forgotten and ranges of such versions must be located anew.
    pub const CAPACITY: usize = 100_000;

    /// Notes a change that led to document version `version`; several changes may lead to one version.
    ///
    /// Beyond [`ChangeLog::CAPACITY`] the oldest change is forgotten. A version below the last one means
    /// that the editor began to count anew: versions no longer tell what came first, so everything
    /// before is forgotten.
    pub fn push(&mut self, version: i32, change: Change) {
        if let Some(&(last, _)) = self.entries.back()
            && version < last
        {
            self.entries.clear();
            self.forget(last);
        }
        if self.entries.len() >= Self::CAPACITY
            && let Some((oldest, _)) = self.entries.pop_front()
        {
            self.forget(oldest);
        }
        self.entries.push_back((version, change));
    }

    /// Carries a range of version `since` to now; `None` when that version is forgotten.
    pub fn carry(&self, range: TextRange, since: i32) -> Option<Carried> {
        Some(over_all(range, self.since(since)?))
    }

    /// The changes that happened to version `since`, in order; `None` when that version is forgotten.
    pub fn since(&self, since: i32) -> Option<impl Iterator<Item = Change> + '_> {
        if self.forgotten.is_some_and(|forgotten| since < forgotten) {
            return None;
        }
        let first = self
            .entries
            .partition_point(|&(version, _)| version <= since);
        Some(self.entries.range(first..).map(|&(_, change)| change))
    }

    /// Drops everything, for a document whose text was replaced without a change (`didOpen`).
    pub fn clear(&mut self) {
        self.entries.clear();
        self.forgotten = None;
    }

    fn forget(&mut self, version: i32) {
        self.forgotten = self.forgotten.max(Some(version));
    }
}

#[cfg(test)]
mod tests;
