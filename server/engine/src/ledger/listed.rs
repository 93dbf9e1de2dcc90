//! Lists that are handed out: bounded, and with what is missing counted.

use super::store::Store;
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
    /// Why the ledger could not answer, or knows nothing of earlier processes because it lives in memory.
    pub(crate) unread: Option<String>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            unreadable: 0,
            left_out: 0,
            unread: None,
        }
    }
}

impl<T> Listed<T> {
    /// Nothing, for this reason.
    pub(crate) fn unread(why: impl Into<String>) -> Self {
        Self {
            unread: Some(why.into()),
            ..Self::default()
        }
    }
    /// What became of reading it, handed to `reply` in any case: also when it failed, which is an error all the same.
    pub(super) fn hand(store: &Store, read: Result<Self>, reply: impl FnOnce(Self)) -> Result<()> {
        match read {
            Ok(mut listed) => {
                listed.unread = store.forgetful().map(str::to_owned);
                reply(listed);
                Ok(())
            }
            Err(error) => {
                reply(Self::unread(error.to_string()));
                Err(error)
            }
        }
    }
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
