//! The check for misspelt words in identifiers, comments and strings, on the dictionary of `typos`.
//!
//! The dictionary lists misspellings, not words: a word it does not know is right. It prefers no dialect.

use super::source::Source;
use super::{dictionary, jargon};
use crate::contract::Finding;
use domain::finding::{Category, Severity};
use std::borrow::Cow;
use std::ops::Range;
use typos::tokens::{Case, Identifier, Tokenizer, Word};
use typos::{Dictionary, Status};

/// Longer lines are written by programs, not by people.
const MAX_LINE: usize = 1000;

/// Most candidates named in a finding.
const MAX_CANDIDATES: usize = 5;

/// A misspelt word.
pub(crate) struct Misspelling<'a> {
    /// Bytes of the word.
    pub(crate) range: Range<usize>,
    /// The word itself.
    pub(crate) word: &'a str,
    /// What it may have been meant to be, likeliest first, in the word's own case; may be empty.
    pub(crate) candidates: Vec<String>,
}

impl Misspelling<'_> {
    /// The right word, where there is only one.
    pub(crate) fn correction(&self) -> Option<&str> {
        match self.candidates.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// Finds misspelt words as findings.
pub(crate) fn check(source: &Source<'_>) -> Vec<Finding> {
    misspellings(source)
        .iter()
        .map(|misspelling| finding(source, misspelling))
        .collect()
}

/// Finds misspelt words.
pub(crate) fn misspellings<'a>(source: &Source<'a>) -> Vec<Misspelling<'a>> {
    if !jargon::is_written_by_hand(source) {
        return Vec::new();
    }
    let tokenizer = Tokenizer::new();
    let mut found = Vec::new();
    for asked in source.asked() {
        for typo in typos::check_str(&source.text[asked.clone()], &tokenizer, &Words) {
            let start = asked.start + typo.byte_offset;
            if !is_prose_or_code(source.line(source.line_of(start))) {
                continue;
            }
            let range = start..start + typo.typo.len();
            let word = &source.text[range.clone()];
            found.push(Misspelling {
                range,
                word,
                candidates: candidates(typo.corrections),
            });
        }
    }
    found
}

fn finding(source: &Source<'_>, misspelling: &Misspelling<'_>) -> Finding {
    let (start, end) = (
        source.place(misspelling.range.start),
        source.place(misspelling.range.end),
    );
    let word = misspelling.word;
    let title = match misspelling.candidates.as_slice() {
        [] => format!("`{word}` is misspelt"),
        [only] => format!("`{word}` should be `{only}`"),
        several => format!("`{word}` should be {}", one_of(several)),
    };
    Finding {
        path: source.path.to_owned(),
        start_line: start.line,
        end_line: end.line,
        quote: word.to_owned(),
        symbol: None,
        severity: Severity::Info,
        category: Category::Spelling,
        title,
        body: String::new(),
        confidence: Some(if misspelling.correction().is_some() {
            0.9
        } else {
            0.7
        }),
        replacement: misspelling.correction().map(str::to_owned),
        start_column: Some(start.column),
        end_column: Some(end.column),
    }
}

/// `a`, `b` or `c`.
fn one_of(words: &[String]) -> String {
    let shown: Vec<String> = words
        .iter()
        .take(MAX_CANDIDATES)
        .map(|word| format!("`{word}`"))
        .collect();
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

fn candidates(corrections: Status<'_>) -> Vec<String> {
    match corrections {
        Status::Corrections(words) => words.into_iter().map(Cow::into_owned).collect(),
        Status::Valid | Status::Invalid => Vec::new(),
    }
}

/// False for lines in another language, and for those that no person wrote.
fn is_prose_or_code(line: &str) -> bool {
    line.len() <= MAX_LINE && !jargon::is_foreign(line)
}

/// The dictionary, less what is right in code.
struct Words;

impl Dictionary for Words {
    fn correct_ident<'s>(&'s self, identifier: Identifier<'_>) -> Option<Status<'s>> {
        jargon::is_known_identifier(identifier.token()).then_some(Status::Valid)
    }

    fn correct_word<'s>(&'s self, word: Word<'_>) -> Option<Status<'s>> {
        let (token, case) = (word.token(), word.case());
        if case == Case::None || token.len() < 3 {
            return None;
        }
        let corrections = dictionary::corrections(token)?;
        if jargon::is_known_word(token, case) {
            return None;
        }
        let corrections: Vec<_> = corrections.map(|word| in_case(word, case)).collect();
        Some(if corrections.is_empty() {
            Status::Invalid
        } else {
            Status::Corrections(corrections)
        })
    }
}

/// `word` written in the case of the word it replaces.
fn in_case(word: &'static str, case: Case) -> Cow<'static, str> {
    match case {
        Case::Lower | Case::None => Cow::Borrowed(word),
        Case::Upper => Cow::Owned(word.to_uppercase()),
        Case::Title => {
            let mut letters = word.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            Cow::Owned(first.chain(letters.as_str().chars()).collect())
        }
    }
}
