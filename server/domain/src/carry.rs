//! Carrying ranges over edits, so that a finding stays with its text while the user types.

use crate::edit::Change;
use crate::text::TextRange;

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

/// Carries `range` over one change.
pub fn over(range: TextRange, change: Change) -> Carried {
    let _ = (range, change);
    unimplemented!()
}

/// The changes of one document since some version, in order; what a range of an older version needs
/// to be brought up to date. Bounded: see [`ChangeLog::push`].
#[derive(Clone, Debug, Default)]
pub struct ChangeLog {
    entries: std::collections::VecDeque<(i32, Change)>,
    /// Changes up to and including this version have been dropped.
    forgotten: Option<i32>,
}

impl ChangeLog {
    /// Most changes kept; older ones are forgotten and ranges of such versions must be located anew.
    pub const CAPACITY: usize = 100_000;

    /// Notes a change that led to document version `version`.
    pub fn push(&mut self, version: i32, change: Change) {
        let _ = (version, change);
        unimplemented!()
    }
    /// Carries a range of version `since` to now; `None` when that version is forgotten.
    pub fn carry(&self, range: TextRange, since: i32) -> Option<Carried> {
        let _ = (range, since);
        unimplemented!()
    }
    /// Drops everything, for a document whose text was replaced without a change (`didOpen`).
    pub fn clear(&mut self) {
        self.entries.clear();
        self.forgotten = None;
    }
}
