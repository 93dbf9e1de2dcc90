//! The words of a finding's text, as they are compared.

/// Most tokens taken of one text.
const MAX_TOKENS: usize = 64;

/// Words that say nothing about the subject, sorted.
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

/// Lower-case words of `text` without stop words and endings, sorted, each once. Names are split where they
/// change case.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = text
        .split(|it: char| !it.is_alphanumeric())
        .flat_map(split_case)
        .map(str::to_lowercase)
        .filter(|it| it.chars().nth(1).is_some() && STOP_WORDS.binary_search(&it.as_str()).is_err())
        .map(|it| stem(&it).to_owned())
        .take(MAX_TOKENS)
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// `readHTTPBody2` is `read`, `HTTP`, `Body2`.
fn split_case(word: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, window) in chars.windows(2).enumerate() {
        let [(_, a), (next, b)] = window else {
            continue;
        };
        let after = chars.get(at + 2).map(|it| it.1);
        let ends_lower = a.is_lowercase() && b.is_uppercase();
        // In `HTTPBody` the last capital starts the next word.
        let ends_upper =
            a.is_uppercase() && b.is_uppercase() && after.is_some_and(char::is_lowercase);
        if (ends_lower || ends_upper) && *next > start {
            parts.push(&word[start..*next]);
            start = *next;
        }
    }
    parts.push(&word[start..]);
    parts
}

/// A word without its ending; enough to make `locks`, `locked` and `locking` equal.
fn stem(word: &str) -> &str {
    for ending in ["ing", "ed", "es", "s"] {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.chars().count() >= 3
            && !(ending == "s" && rest.ends_with('s'))
        {
            return rest;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_text() {
        for (text, expected) in [
            ("The lock is locked while locking", "lock"),
            (
                "readHTTPBody in `src/parse_url.rs`",
                "body http parse read rs src url",
            ),
            ("x of a to", ""),
            ("Größe ÜberPrüfung", "größe prüfung über"),
            ("class classes pass", "class pass"),
            ("", ""),
        ] {
            assert_eq!(tokens(text).join(" "), expected, "{text}");
        }
        assert!(STOP_WORDS.is_sorted());
    }
}
