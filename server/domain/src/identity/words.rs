//! What a finding says, as words that can be compared.

use crate::finding::Finding;
use crate::words::{first_sentence, tokens};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// Most bytes of a text that are read.
const MAX_BYTES: usize = 4096;
/// Most words, and most names, of one finding.
const MAX_WORDS: usize = 64;
/// Shared words in all words, times this, is as good a measure as the cosine is by itself.
const SHARE_WEIGHT: f32 = 1.8;

/// The words of a finding's title and first sentence, and the names of code in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Hashes of the words, sorted.
    words: Vec<u64>,
    /// Hashes of the names, sorted.
    names: Vec<u64>,
}

impl Words {
    /// The words of a finding.
    pub fn of(finding: &Finding) -> Self {
        Self::of_text(&finding.title, &finding.body)
    }
    /// The words of a title, and of the explanation to it.
    pub fn of_text(title: &str, body: &str) -> Self {
        let (title, body) = (cut(title), cut(body));
        let sentence = first_sentence(body);
        let mut words = Vec::new();
        for text in [title, sentence] {
            tokens(text, |it| words.push(hashed(it)));
        }
        let names = names(title).chain(names(body));
        Self {
            words: set(words.into_iter()),
            names: set(names.map(|it| hashed(&it.to_lowercase()))),
        }
    }
    /// How alike two findings' words are, 0 to 1: shared words in all words, weighted so that .2 is worth a look at the
    /// same place, and .3 is the same remark more often than not without knowing the place.
    pub fn likeness(&self, other: &Self) -> f32 {
        let shared = shared(&self.words, &other.words);
        let all = self.words.len() + other.words.len() - shared;
        if all == 0 {
            return 0.0;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "at most a few hundred words are counted"
        )]
        let share = shared as f32 / all as f32;
        (SHARE_WEIGHT * share).min(1.0)
    }
    /// How many words both have.
    pub(super) fn shared_words(&self, other: &Self) -> usize {
        shared(&self.words, &other.words)
    }
    /// True when both name something, and nothing of it is the same.
    pub(super) fn names_clash(&self, other: &Self) -> bool {
        !self.names.is_empty() && !other.names.is_empty() && self.shared_names(other) == 0
    }
    /// How many names of code both have.
    pub fn shared_names(&self, other: &Self) -> usize {
        shared(&self.names, &other.names)
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_BYTES)]
}

/// Names as code has them: with `_`, `.` or `::` inside, a capital inside, or in backticks.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let quoted = quoted.filter(|it| !it.is_empty() && !it.contains(char::is_whitespace));
    let is_part = |it: char| it.is_alphanumeric() || matches!(it, '_' | '.' | ':');
    let plain = text
        .split(move |it: char| !is_part(it))
        .map(|it| it.trim_matches(['.', ':']))
        .filter(|it| {
            let has_capital_inside =
                it.chars().skip(1).any(char::is_uppercase) && it.chars().any(char::is_lowercase);
            it.contains(['_', '.']) || it.contains("::") || has_capital_inside
        });
    quoted
        .map(|it| it.trim_matches(|it: char| !it.is_alphanumeric()))
        .chain(plain)
}

fn hashed(word: &str) -> u64 {
    let mut hasher = FxHasher::default();
    word.hash(&mut hasher);
    hasher.finish()
}

fn set(hashes: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut all: Vec<u64> = hashes.take(MAX_WORDS).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// How many both sorted lists have.
fn shared(a: &[u64], b: &[u64]) -> usize {
    let (mut a, mut b, mut count) = (a.iter().peekable(), b.iter().peekable(), 0);
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        let order = x.cmp(y);
        if order.is_eq() {
            count += 1;
        }
        if order.is_le() {
            a.next();
        }
        if order.is_ge() {
            b.next();
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_of_words() {
        let base = Words::of_text(
            "Off-by-one in `last_index`",
            "The loop reads one element past the end of the slice. More.",
        );
        for (title, body, alike) in [
            ("`last_index` is off by one", "", true),
            ("Loop reads past the end of the slice", "", true),
            (
                "Missing documentation",
                "Nothing says what this is for.",
                false,
            ),
            ("", "", false),
        ] {
            let other = Words::of_text(title, body);
            assert_eq!(base.likeness(&other) >= 0.2, alike, "{title}");
            assert!((base.likeness(&other) - other.likeness(&base)).abs() < f32::EPSILON);
        }
        let other = Words::of_text("x", "`last_index` and readBody");
        assert_eq!(base.shared_names(&other), 1);
    }
}
