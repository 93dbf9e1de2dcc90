//! The last lines of a program's standard error.

/// Shared, bounded: keeps the newest [`Tail::CAPACITY`] bytes.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    _private: (),
}

impl Tail {
    /// Bytes kept.
    pub const CAPACITY: usize = 16 * 1024;

    /// The last `lines` non-empty lines, control characters (but for line ends) removed, joined with `\n`.
    pub fn last(&self, lines: usize) -> String {
        let _ = lines;
        unimplemented!()
    }
    /// Bytes that were dropped because newer ones came.
    pub fn dropped(&self) -> u64 {
        unimplemented!()
    }
}
