//! Words as numbers, so that thousands of findings can be compared: each word is taken apart once.

use super::frequency;
use super::remark::float;
use crate::stop_words::is_stop_word;
use crate::words;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Most words of one finding that are compared.
const MAX_WORDS: usize = 128;
/// Most identifiers of one finding that are compared.
const MAX_IDENTIFIERS: usize = 32;

/// Gives numbers to the words of findings.
#[derive(Default)]
pub(super) struct Numbers<'f> {
    numbers: FxHashMap<String, u32>,
    /// By number: the share of remarks that have the word, by the table.
    shares: Vec<f32>,
    /// By word as it stands in a text: where in `terms` its subject words are.
    known: FxHashMap<&'f str, Range<usize>>,
    terms: Vec<Term>,
}

/// A subject word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Term {
    pub(super) number: u32,
    /// It is only a part of a name.
    pub(super) is_part: bool,
}

/// What a text says, in its order.
#[derive(Default)]
pub(super) struct Said<'f> {
    pub(super) words: Vec<Term>,
    /// Words of code: of identifiers, and of what is quoted.
    pub(super) names: Vec<u32>,
    /// The subject words in those.
    pub(super) in_names: Vec<u32>,
    pub(super) identifiers: Vec<&'f str>,
}

impl<'f> Numbers<'f> {
    /// Adds what a text says.
    pub(super) fn read(&mut self, text: &'f str, said: &mut Said<'f>) {
        for word in words::code_words(text) {
            let terms = self.terms(word);
            let free = MAX_WORDS - said.words.len();
            let terms = self.terms[terms].iter().take(free);
            said.words.extend(terms);
        }
        words::quoted(text, |it| self.name(it, said));
        for it in words::dotted_words(text).filter(|it| words::is_identifier(it)) {
            self.name(it, said);
            said.identifiers.push(it);
        }
    }

    /// The words of code.
    pub(super) fn code(&mut self, text: &str) -> Vec<u32> {
        sorted(words::code_words(text).map(|it| self.of(it)).collect())
    }

    /// Identifiers; of one with dots the parts, too. The file's own name says nothing.
    pub(super) fn identifiers(&mut self, all: &[&str], file: &str) -> Vec<u32> {
        let mut found = Vec::new();
        for name in all.iter().filter(|it| **it != file) {
            found.push(self.of(name));
            if name.contains('.') {
                let parts = name.split('.').filter(|it| it.len() > 1);
                found.extend(parts.map(|it| self.of(it)));
            }
            if found.len() >= MAX_IDENTIFIERS {
                break;
            }
        }
        sorted(found)
    }

    /// `Cache::get(key)` is in `get`.
    pub(super) fn symbol(&mut self, symbol: &str) -> Option<u32> {
        let name = symbol.split('(').next().unwrap_or(symbol);
        let last = words::code_words(name).last()?;
        Some(self.of(last))
    }

    /// The squares of the words' inverse document frequencies, by the table and the words of the remarks that are there.
    pub(super) fn weights<'r>(
        &self,
        remarks: impl ExactSizeIterator<Item = &'r [u32]>,
    ) -> Vec<f32> {
        let mut seen = vec![0_u32; self.shares.len()];
        let total = frequency::REMARKS + float(remarks.len());
        for word in remarks.flatten() {
            seen[*word as usize] += 1;
        }
        let weight = |(share, seen): (&f32, u32)| {
            let share = (share * frequency::REMARKS + float(seen as usize)) / total;
            (1.0 + 1.0 / share).ln().powi(2)
        };
        self.shares.iter().zip(seen).map(weight).collect()
    }

    fn name(&mut self, name: &'f str, said: &mut Said<'f>) {
        for word in words::code_words(name) {
            if !is_stop_word(word) {
                said.names.push(self.of(word));
            }
            let terms = self.terms(word);
            let terms = self.terms[terms].iter();
            said.in_names.extend(terms.map(|it| it.number));
        }
    }

    /// Where the subject words of a word are.
    fn terms(&mut self, word: &'f str) -> Range<usize> {
        if let Some(known) = self.known.get(word) {
            return known.clone();
        }
        let start = self.terms.len();
        words::terms(word, |it, is_part| {
            let number = self.of(it);
            self.terms.push(Term { number, is_part });
        });
        let terms = start..self.terms.len();
        self.known.insert(word, terms.clone());
        terms
    }

    fn of(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(word.to_owned(), number);
        self.shares.push(frequency::share(word));
        number
    }
}

pub(super) fn sorted(mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
