//! Locating what an agent pointed at: by quote first, then symbol, and by line number only as a last resort.

use crate::finding::RawPlace;
use crate::text::{Text, TextRange};
use serde::{Deserialize, Serialize};

/// How a place was found; earlier is surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// The quote stands there letter by letter.
    Exact,
    /// Equal but for white space at line ends.
    TrailingSpace,
    /// Equal but for white space at both ends of the lines.
    Trimmed,
    /// Equal after mapping typographic dashes, quotes and spaces to ASCII.
    Unicode,
    /// Equal without any white space.
    WhitespaceFree,
    /// Equal but for a first or last line that does not belong.
    DroppedEdge,
    /// Similar enough, and clearly more similar than any other place.
    Fuzzy,
    /// Only the symbol was found.
    Symbol,
    /// Only the line number (or columns, offsets) was usable.
    Line,
    /// Nothing was usable; the finding stands for the whole file.
    File,
}

impl Tier {
    /// True when an automatic edit may be made at such a place.
    pub fn allows_edit(self) -> bool {
        self <= Tier::WhitespaceFree
    }
    /// True when the place must be shown as approximate.
    pub fn is_approximate(self) -> bool {
        self >= Tier::Fuzzy
    }
}

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// Here.
    At {
        /// Bytes of the text searched.
        range: TextRange,
        /// How it was found.
        tier: Tier,
    },
    /// Equally well in several places, and nothing decides between them. Never guessed.
    Ambiguous {
        /// The candidates in text order, at most 20.
        candidates: Vec<TextRange>,
        /// How they were found.
        tier: Tier,
    },
    /// Nowhere.
    Nowhere,
}

/// Finds `place` in `text`. `message` (title and body) may help where there is no quote: identifiers in it
/// choose among lines near the hint.
pub fn locate(text: &Text, place: &RawPlace, message: &str) -> Located {
    let _ = (text, place, message);
    unimplemented!()
}
