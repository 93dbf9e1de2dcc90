//! Hiding who said something: a model judges its own words, and those of its kin, more kindly than others.

use std::borrow::Cow;

/// What stands in place of a name.
const SOMEBODY: &str = "the reviewer";

/// Models and their vendors, in lower case. Agents sign with them, whatever they are called here.
const MODELS: &[&str] = &[
    "anthropic",
    "chatgpt",
    "claude",
    "codestral",
    "codex",
    "cohere",
    "copilot",
    "deepseek",
    "gemini",
    "gemma",
    "gpt",
    "grok",
    "haiku",
    "kimi",
    "llama",
    "mistral",
    "moonshot",
    "ollama",
    "openai",
    "opus",
    "phi",
    "qwen",
    "sonnet",
    "xai",
];

/// `text` without `names` and without names of models, as far as none of them is a word of `context`: what the code is about must
/// be told.
pub(super) fn without_names(text: &str, names: &[&str], context: &str) -> String {
    let context = context.to_lowercase();
    let names: Vec<String> = names.iter().map(|it| it.to_lowercase()).collect();
    let is_name = |word: &str| {
        let word = word.to_lowercase();
        let is = |name: &str| word == name || is_version_of(&word, name);
        let named = names.iter().any(|it| !it.is_empty() && is(it));
        (named || MODELS.iter().any(|it| is(it))) && !has_word(&context, &word)
    };
    let mut out = String::with_capacity(text.len());
    for word in words(text) {
        out.push_str(&match word {
            Word(word) if is_name(word) => Cow::Borrowed(SOMEBODY),
            Word(other) | Between(other) => Cow::Borrowed(other),
        });
    }
    out
}

/// `gpt-5.1` and `claude-sonnet-4` are versions of `gpt` and `claude`; `claude.rs` is a file.
fn is_version_of(word: &str, name: &str) -> bool {
    let Some(rest) = word.strip_prefix(name) else {
        return false;
    };
    let digit = |it: &str| it.starts_with(|it: char| it.is_ascii_digit());
    rest.starts_with('-') || digit(rest) || rest.strip_prefix('.').is_some_and(digit)
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |it: char| it.is_alphanumeric();
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

enum Piece<'t> {
    Word(&'t str),
    Between(&'t str),
}
use Piece::{Between, Word};

/// The text in pieces: words, with `-`, `_` and `.` inside of them, and what is between.
fn words(text: &str) -> Vec<Piece<'_>> {
    let is_word = |it: char| it.is_alphanumeric() || matches!(it, '-' | '_' | '.');
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_word).unwrap_or(rest.len());
        pieces.push(Between(&rest[..end]));
        rest = &rest[end..];
        let end = rest.find(|it| !is_word(it)).unwrap_or(rest.len());
        // A sentence ends in a full stop, no word does.
        let word = rest[..end].trim_end_matches(['.', '-']);
        pieces.push(Word(word));
        pieces.push(Between(&rest[word.len()..end]));
        rest = &rest[end..];
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hidden_unless_the_code_is_about_them() {
        for (text, code, expected) in [
            (
                "As Claude, I see a race. — claude-sonnet-4.5",
                "",
                "As the reviewer, I see a race. — the reviewer",
            ),
            (
                "house: off by one (GPT-5.1).",
                "",
                "the reviewer: off by one (the reviewer).",
            ),
            ("Initech's view", "", "the reviewer's view"),
            (
                "see src/claude.rs and housekeeping",
                "",
                "see src/claude.rs and housekeeping",
            ),
            (
                "The claude client never closes",
                "let claude = Client::new();",
                "The claude client never closes",
            ),
            ("openai_key is logged", "", "openai_key is logged"),
            ("größe wird 0.", "", "größe wird 0."),
        ] {
            assert_eq!(
                without_names(text, &["house", "initech", ""], code),
                expected
            );
        }
    }
}
