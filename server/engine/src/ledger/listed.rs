//! Lists that are handed out: bounded, and with what is missing counted.

use rusqlite::{Result, Row, Rows};

/// What was asked for, as far as it could be had.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed<T> {
    /// What there is.
    pub(crate) items: Vec<T>,
    /// Rows that are damaged, or that another version wrote in words unknown here.
    pub(crate) unreadable: usize,
    /// What is beyond the most that is handed out.
    pub(crate) left_out: usize,
    /// The ledger could not answer, or it lives in memory and knows nothing of earlier processes.
    pub(crate) is_unread: bool,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            unreadable: 0,
            left_out: 0,
            is_unread: false,
        }
    }
}

impl<T> Listed<T> {
    /// Takes rows, of which there are at most `most`, with `item`, which gives `None` for one that cannot be used. `all` counts
    /// the rows that there would be without that limit.
    pub(super) fn take(
        mut rows: Rows<'_>,
        most: u32,
        item: impl Fn(&Row<'_>) -> Result<Option<T>>,
        all: impl FnOnce() -> Result<u32>,
    ) -> Result<Self> {
        let mut listed = Self::default();
        while let Some(row) = rows.next()? {
            // A column that is not what it should be is damage of this row alone.
            match item(row).ok().flatten() {
                Some(item) => listed.items.push(item),
                None => listed.unreadable += 1,
            }
        }
        let read = listed.items.len() + listed.unreadable;
        if read >= most as usize {
            listed.left_out = (all()? as usize).saturating_sub(read);
        }
        Ok(listed)
    }
}
