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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Two edits touch the same bytes.
    #[error(
        "two edits overlap: bytes {} to {} and bytes {} to {}",
        first.start, first.end, second.start, second.end
    )]
    Overlap {
        /// The earlier one.
        first: TextRange,
        /// The later one.
        second: TextRange,
    },
    /// An edit lies outside the text or inside a character.
    #[error("an edit of bytes {} to {} does not fit the text", .0.start, .0.end)]
    OutOfBounds(TextRange),
}

/// Applies edits that all refer to the text before; all of them or none. They may come in any order;
/// insertions at one place keep the order they came in, and stand before what replaces the bytes there.
///
/// # Errors
/// When two overlap or one does not fit the text.
pub fn apply(text: &Text, edits: &[TextEdit]) -> Result<Text, EditError> {
    let mut result = text.clone();
    // From the last to the first, so that the ranges still to come stay valid.
    for edit in in_order(text, edits)?.into_iter().rev() {
        result.replace(edit.range, &edit.new_text);
    }
    Ok(result)
}

/// The edits sorted by place, checked against the text they are for.
///
/// # Errors
/// When two overlap or one does not fit the text.
pub fn in_order<'a>(text: &Text, edits: &'a [TextEdit]) -> Result<Vec<&'a TextEdit>, EditError> {
    if let Some(bad) = edits.iter().find(|edit| !fits(text, edit.range)) {
        return Err(EditError::OutOfBounds(bad.range));
    }
    let mut sorted: Vec<&TextEdit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.range);
    for pair in sorted.windows(2) {
        if pair[0].range.end > pair[1].range.start {
            return Err(EditError::Overlap {
                first: pair[0].range,
                second: pair[1].range,
            });
        }
    }
    Ok(sorted)
}

fn fits(text: &Text, range: TextRange) -> bool {
    range.start <= range.end
        && text.char_boundary(range.start) == range.start
        && text.char_boundary(range.end) == range.end
}

#[cfg(test)]
mod tests;
