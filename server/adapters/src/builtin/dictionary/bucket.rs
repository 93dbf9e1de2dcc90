//! Where a word stands in the packed dictionary; used when it is packed and when it is read.

/// Number of buckets; a power of two, and about as many as there are words.
pub(crate) const COUNT: usize = 1 << 16;

/// The bucket of a word by FNV-1a. ASCII letters count as lower case.
pub(crate) fn of(word: &[u8]) -> usize {
    let hash = word.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 16)) as usize % COUNT
}
