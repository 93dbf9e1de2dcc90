//! Findings as they are compared: their words as numbers, and where they are.

use super::fix::{self, Fixed};
use super::frequency;
use crate::finding::{Category, Finding};
use crate::locate::Tier;
use crate::merge::Panel;
use crate::stop_words::is_stop_word;
use crate::words;
use rustc_hash::FxHashMap;

/// Most words of one finding that are compared.
const MAX_WORDS: usize = 64;
/// Most names of one finding that are compared.
const MAX_NAMES: usize = 32;
/// Most bytes of an explanation, and of the code at a place, in which names are looked for.
const MAX_SCANNED: usize = 1000;

/// A finding, taken apart. All lists of numbers are sorted and have each number once.
pub(super) struct Remark<'f> {
    pub(super) finding: &'f Finding,
    /// Number of the agent.
    pub(super) agent: u32,
    pub(super) by_rules: bool,
    /// Subject words of title and first sentence.
    pub(super) words: Vec<u32>,
    /// Length of the vector of their weights.
    pub(super) length: f32,
    /// Those of them that stand in no name.
    pub(super) plain: Vec<u32>,
    /// Words of code in title and first sentence: of identifiers, and of what they quote.
    pub(super) names: Vec<u32>,
    /// Those of them that do not stand at the place itself.
    pub(super) elsewhere: Vec<u32>,
    /// Identifiers of title and explanation.
    pub(super) identifiers: Vec<u32>,
    /// Words of the code at the place.
    pub(super) code: Vec<u32>,
    /// The last part of the symbol that the place is in.
    pub(super) symbol: Option<u32>,
    pub(super) fixed: Option<Fixed<'f>>,
}

impl Remark<'_> {
    /// True when the place is where the agent meant it, as far as anybody can tell.
    pub(super) fn is_placed(&self) -> bool {
        !self.finding.tier.is_approximate()
    }
    pub(super) fn is_of_file(&self) -> bool {
        self.finding.tier == Tier::File
    }
    pub(super) fn is_spelling(&self) -> bool {
        self.finding.category == Category::Spelling
    }
}

/// Findings of one file, taken apart, in the order given.
pub(super) struct Remarks<'f> {
    pub(super) all: Vec<Remark<'f>>,
    /// By word: the square of its inverse document frequency.
    pub(super) weights: Vec<f32>,
}

impl<'f> Remarks<'f> {
    pub(super) fn new(findings: &[&'f Finding], panel: &Panel) -> Self {
        let mut numbers = Numbers::default();
        let mut agents: FxHashMap<&str, u32> = FxHashMap::default();
        let mut all: Vec<Remark<'f>> = Vec::with_capacity(findings.len());
        for finding in findings {
            let next = count(agents.len());
            let agent = *agents.entry(&finding.agent).or_insert(next);
            let by_rules = panel.is_by_rules(&finding.agent);
            all.push(numbers.remark(finding, agent, by_rules));
        }
        let weights = numbers.weights(&all);
        for it in &mut all {
            let squares = it.words.iter().map(|word| weights[*word as usize]);
            it.length = squares.sum::<f32>().sqrt();
        }
        Self { all, weights }
    }
}

/// Gives numbers to words.
#[derive(Default)]
struct Numbers {
    numbers: FxHashMap<String, u32>,
    /// By number: the share of remarks that have the word, by the table.
    shares: Vec<f32>,
}

impl Numbers {
    fn of(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = count(self.numbers.len());
        self.numbers.insert(word.to_owned(), number);
        self.shares.push(frequency::share(word));
        number
    }

    fn remark<'f>(&mut self, finding: &'f Finding, agent: u32, by_rules: bool) -> Remark<'f> {
        let sentence = words::first_sentence(&finding.body);
        let mut all = Vec::new();
        let mut names = Vec::new();
        let mut in_names = Vec::new();
        for text in [finding.title.as_str(), sentence] {
            words::tokens(text, |it| all.push(self.of(it)));
            let mut name = |numbers: &mut Self, it: &str| {
                let code = words::code_words(it).filter(|it| !is_stop_word(it));
                names.extend(code.map(|it| numbers.of(it)));
                words::tokens(it, |part| in_names.push(numbers.of(part)));
            };
            words::quoted(text, |it| name(self, it));
            for it in words::dotted_words(text).filter(|it| words::is_identifier(it)) {
                name(self, it);
            }
        }
        all.truncate(MAX_WORDS);
        let all = sorted(all);
        let in_names = sorted(in_names);
        let mut plain = all.clone();
        plain.retain(|it| in_names.binary_search(it).is_err());
        let quote = &finding.anchor.quote;
        let code = words::code_words(start(quote)).map(|it| self.of(it));
        let code = sorted(code.collect());
        let names = sorted(names);
        let mut elsewhere = names.clone();
        elsewhere.retain(|it| code.binary_search(it).is_err());
        Remark {
            finding,
            agent,
            by_rules,
            words: all,
            length: 0.0,
            plain,
            names,
            elsewhere,
            identifiers: self.identifiers(finding),
            code,
            symbol: finding
                .anchor
                .symbol
                .as_deref()
                .and_then(|it| self.symbol(it)),
            fixed: fix::fixed(finding),
        }
    }

    /// Identifiers of title and explanation; of one with dots the parts, too. The file's own name says nothing.
    fn identifiers(&mut self, finding: &Finding) -> Vec<u32> {
        let path = finding.path.as_str();
        let file = path.rsplit('/').next().unwrap_or(path);
        let mut found = Vec::new();
        for text in [finding.title.as_str(), start(&finding.body)] {
            let names = words::dotted_words(text);
            for name in names.filter(|it| *it != file && words::is_identifier(it)) {
                found.push(self.of(name));
                if name.contains('.') {
                    let parts = name.split('.').filter(|it| it.len() > 1);
                    found.extend(parts.map(|it| self.of(it)));
                }
                if found.len() >= MAX_NAMES {
                    return sorted(found);
                }
            }
        }
        sorted(found)
    }

    /// `Cache::get(key)` is in `get`.
    fn symbol(&mut self, symbol: &str) -> Option<u32> {
        let name = symbol.split('(').next().unwrap_or(symbol);
        let last = words::code_words(name).last()?;
        Some(self.of(last))
    }

    /// The squares of the words' inverse document frequencies, by the table and the remarks that are there.
    fn weights(&self, all: &[Remark<'_>]) -> Vec<f32> {
        let mut seen = vec![0_u32; self.shares.len()];
        for word in all.iter().flat_map(|it| &it.words) {
            seen[*word as usize] += 1;
        }
        let total = frequency::REMARKS + float(all.len());
        let weight = |(share, seen): (&f32, u32)| {
            let share = (share * frequency::REMARKS + float(seen as usize)) / total;
            (1.0 + 1.0 / share).ln().powi(2)
        };
        self.shares.iter().zip(seen).map(weight).collect()
    }
}

fn start(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_SCANNED)]
}

fn sorted(mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn count(it: usize) -> u32 {
    u32::try_from(it).unwrap_or(u32::MAX)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "shares of millions of remarks need no more digits"
)]
pub(super) fn float(it: usize) -> f32 {
    it as f32
}
