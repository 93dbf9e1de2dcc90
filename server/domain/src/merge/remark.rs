//! Findings as they are compared: their words as numbers, and where they are.

use super::fix::{self, Fixed};
use super::numbers::{Numbers, Said, Term, sorted};
use crate::finding::{Category, Finding};
use crate::locate::Tier;
use crate::merge::Panel;
use crate::words;
use rustc_hash::FxHashMap;

/// Most bytes of an explanation, and of the code at a place, that are read.
const MAX_SCANNED: usize = 1000;
/// What a part of a name counts, against a word: `user` in `getUser` is not much about users.
const PART: f32 = 0.3;

/// A finding, taken apart. All lists of numbers are sorted and have each number once.
pub(super) struct Remark<'f> {
    pub(super) finding: &'f Finding,
    /// Number of the agent.
    pub(super) agent: u32,
    pub(super) by_rules: bool,
    /// Subject words of title and explanation; of names both the whole and the parts.
    pub(super) words: Vec<u32>,
    /// What each of them counts: 1, or less for what is only a part of a name.
    pub(super) counts: Vec<f32>,
    /// Length of the vector of their weights.
    pub(super) length: f32,
    /// Those of the words that stand in no name.
    pub(super) plain: Vec<u32>,
    /// The words of the opening: of title and first sentence.
    pub(super) opening: Vec<u32>,
    /// Those of the opening that stand in no name.
    pub(super) opening_plain: Vec<u32>,
    /// Words of code in the opening: of identifiers, and of what it quotes.
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
            let next = u32::try_from(agents.len()).unwrap_or(u32::MAX);
            let agent = *agents.entry(&finding.agent).or_insert(next);
            let by_rules = panel.is_by_rules(&finding.agent);
            all.push(remark(&mut numbers, finding, agent, by_rules));
        }
        let weights = numbers.weights(all.iter().map(|it| it.words.as_slice()));
        for it in &mut all {
            let words = it.words.iter().zip(&it.counts);
            let squares = words.map(|(word, count)| weights[*word as usize] * count * count);
            it.length = squares.sum::<f32>().sqrt();
        }
        Self { all, weights }
    }
}

fn remark<'f>(
    numbers: &mut Numbers<'f>,
    finding: &'f Finding,
    agent: u32,
    by_rules: bool,
) -> Remark<'f> {
    let body = words::prose(start(&finding.body)).trim_start();
    let (sentence, rest) = body.split_at(words::first_sentence(body).len());
    let mut said = Said::default();
    numbers.read(&finding.title, &mut said);
    numbers.read(sentence, &mut said);
    let opening = sorted(said.words.iter().map(|it| it.number).collect());
    let names = sorted(std::mem::take(&mut said.names));
    numbers.read(rest, &mut said);
    let in_names = sorted(said.in_names);
    let not_in_names = |all: &[u32]| {
        let all = all.iter().copied();
        all.filter(|it| in_names.binary_search(it).is_err())
            .collect()
    };
    let (words, counts) = counted(said.words);
    let code = numbers.code(start(&finding.anchor.quote));
    let mut elsewhere = names.clone();
    elsewhere.retain(|it| code.binary_search(it).is_err());
    let symbol = finding.anchor.symbol.as_deref();
    Remark {
        finding,
        agent,
        by_rules,
        plain: not_in_names(&words),
        words,
        counts,
        length: 0.0,
        opening_plain: not_in_names(&opening),
        opening,
        names,
        elsewhere,
        identifiers: numbers.identifiers(&said.identifiers, file_name(finding)),
        code,
        symbol: symbol.and_then(|it| numbers.symbol(it)),
        fixed: fix::fixed(finding),
    }
}

fn file_name(finding: &Finding) -> &str {
    let path = finding.path.as_str();
    path.rsplit('/').next().unwrap_or(path)
}

fn start(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_SCANNED)]
}

/// Each word once, sorted, and what it counts.
fn counted(mut words: Vec<Term>) -> (Vec<u32>, Vec<f32>) {
    words.sort_unstable();
    words.dedup_by_key(|it| it.number);
    let count = |it: &Term| if it.is_part { PART } else { 1.0 };
    let counts = words.iter().map(count).collect();
    (words.into_iter().map(|it| it.number).collect(), counts)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "shares of millions of remarks need no more digits"
)]
pub(super) fn float(it: usize) -> f32 {
    it as f32
}
