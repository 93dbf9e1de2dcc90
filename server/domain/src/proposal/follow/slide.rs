//! How far a change could be moved without changing any text.

use super::pieces::Piece;
use crate::text::TextRange;

/// A change that could slide further than so many bytes over equal text is taken to reach everything.
const MOST_SLID: usize = 1 << 16;

/// How far a gap could be moved without changing any text: lines that went or came among equal lines may as well have
/// been the ones before or after.
pub(super) struct Slide {
    /// The number of the gap.
    pub(super) piece: usize,
    /// Whether text went, or else came.
    pub(super) is_deletion: bool,
    /// How many bytes went or came.
    pub(super) len: usize,
    /// In bytes of the text now.
    pub(super) reach: TextRange,
}

impl Slide {
    /// How far the gap `piece` with that number could be moved; `None` for what is not only a deletion or an insertion.
    pub(super) fn of(number: usize, piece: &Piece, base: &str, now: &str) -> Option<Self> {
        if piece.is_kept {
            return None;
        }
        let now_bytes = now.as_bytes();
        let went = &base.as_bytes()[piece.base.as_range()];
        let came = now_bytes.get(piece.now.as_range())?;
        let pairs = went.iter().zip(came);
        let same_head = pairs.take_while(|(a, b)| a == b).count();
        let (went, came) = (&went[same_head..], &came[same_head..]);
        let pairs = went.iter().rev().zip(came.iter().rev());
        let same_tail = pairs.take_while(|(a, b)| a == b).count();
        let went = &went[..went.len() - same_tail];
        let came = &came[..came.len() - same_tail];
        let start = piece.now.start + same_head;
        let moved = match (went.is_empty(), came.is_empty()) {
            (true, false) => came,
            (false, true) => went,
            _ => return None,
        };
        let end = start + came.len();
        // The text is periodic as far as it goes on like what came or went.
        let ahead = now_bytes[end..]
            .iter()
            .zip(moved.iter().chain(&now_bytes[end..]));
        let right = ahead.take(MOST_SLID).take_while(|(a, b)| a == b).count();
        let back = now_bytes[..start].iter().rev();
        let behind = back.clone().zip(moved.iter().rev().chain(back));
        let left = behind.take(MOST_SLID).take_while(|(a, b)| a == b).count();
        let reach = if left.max(right) >= MOST_SLID {
            TextRange::new(0, now.len())
        } else {
            TextRange::new(start - left, end + right)
        };
        Some(Self {
            piece: number,
            is_deletion: came.is_empty(),
            len: moved.len(),
            reach,
        })
    }
}
