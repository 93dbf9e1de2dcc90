//! Edits of a text: what was replaced, and lists of replacements that may be applied together.

use crate::text::{Text, TextRange};

/// One replacement that has happened, told in the coordinates before it. Enough to carry ranges over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What was replaced, in bytes of the text before.
    pub range: TextRange,
    /// Length in bytes of what stands there now.
    pub new_len: usize,
}

/// A replacement to be made.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TextEdit {
    /// Bytes to replace.
    pub range: TextRange,
    /// What to put there.
    pub new_text: String,
}

/// Why a list of edits cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// Two edits touch the same bytes.
    Overlap {
        /// The earlier one.
        first: TextRange,
        /// The later one.
        second: TextRange,
    },
    /// An edit lies outside the text or inside a character.
    OutOfBounds(TextRange),
}

/// Applies edits that all refer to the text before; all of them or none.
///
/// # Errors
/// When two overlap or one does not fit the text.
pub fn apply(text: &Text, edits: &[TextEdit]) -> Result<Text, EditError> {
    let _ = (text, edits);
    unimplemented!()
}
