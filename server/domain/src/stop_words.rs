//! Words that say nothing about what a finding is about.

use rustc_hash::FxHashSet;
use std::sync::LazyLock;

/// In lower case, sorted.
const STOP_WORDS: &[&str] = &[
    "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because", "been",
    "before", "being", "but", "by", "can", "cannot", "could", "did", "do", "does", "doesn", "don",
    "for", "from", "had", "has", "have", "here", "how", "if", "in", "instead", "into", "is", "isn",
    "it", "its", "may", "might", "more", "must", "no", "not", "of", "on", "only", "or", "other",
    "out", "over", "should", "so", "some", "such", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "too", "up", "use", "used", "uses", "using",
    "very", "was", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with",
    "without", "would", "you", "your",
];

/// True for words that say nothing about the subject. In lower case.
pub(crate) fn is_stop_word(word: &str) -> bool {
    static SET: LazyLock<FxHashSet<&str>> = LazyLock::new(|| STOP_WORDS.iter().copied().collect());
    SET.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }
}
