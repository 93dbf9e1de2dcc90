//! Anchors: a place held by its text, so that it can be found again after any edit.

use crate::locate::Tier;
use crate::text::{Text, TextRange};
use serde::{Deserialize, Serialize};

/// A place held by its text.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Anchor {
    /// The anchored text, at most [`Anchor::MAX_QUOTE`] bytes.
    pub quote: String,
    /// Up to two lines before, for choosing between equal quotes.
    pub before: String,
    /// Up to two lines after.
    pub after: String,
    /// The enclosing symbol, where one is known.
    pub symbol: Option<String>,
    /// 0-based line it was last seen at.
    pub line: u32,
}

impl Anchor {
    /// Longest quote kept, in bytes; a longer place keeps its first lines.
    pub const MAX_QUOTE: usize = 4096;

    /// Anchors `range` of `text`.
    pub fn of(text: &Text, range: TextRange, symbol: Option<String>) -> Self {
        let _ = (text, range, symbol);
        unimplemented!()
    }
    /// Finds the place again in a text that may have changed; `None` when the quote is gone or ambiguous.
    pub fn find(&self, text: &Text) -> Option<(TextRange, Tier)> {
        let _ = text;
        unimplemented!()
    }
}
