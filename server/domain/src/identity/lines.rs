//! The lines of a text as hashes without white space, so that places are known again after moves and re-indentation.

use crate::text::Text;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The first 64 bits of the BLAKE3 hash of a text without its white space. Kept in databases and in baselines, as 16
/// hexadecimal digits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "String", from = "String")]
pub struct Fingerprint(u64);

/// The fingerprint of a blank text.
pub const BLANK: Fingerprint = Fingerprint(0);

impl From<String> for Fingerprint {
    /// What is no fingerprint counts as blank.
    fn from(digits: String) -> Self {
        Self(u64::from_str_radix(&digits, 16).unwrap_or(0))
    }
}

impl From<Fingerprint> for String {
    fn from(it: Fingerprint) -> Self {
        it.to_string()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Lines around a place that say where it is.
const AROUND: usize = 5;
/// A line with fewer characters than this, white space not counted, says nothing about where it is.
const SAYS: usize = 4;
/// Most places at which equal lines are looked for.
const MAX_COPIES: usize = 256;

/// The lines of one text, ready to ask.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    hashes: Vec<Fingerprint>,
    /// Whether each line is long enough to say where it is.
    says: Vec<bool>,
    /// The 0-based numbers of the lines with each hash, in order.
    at: FxHashMap<Fingerprint, Vec<u32>>,
}

impl Lines {
    /// Reads a text, once for all that is asked about it.
    pub fn of(text: &Text) -> Self {
        let (hashes, says): (Vec<Fingerprint>, Vec<bool>) =
            text.lines().map(|it| (hash(&it), says(&it))).unzip();
        let mut at: FxHashMap<Fingerprint, Vec<u32>> = FxHashMap::default();
        for (number, hash) in (0_u32..).zip(&hashes) {
            at.entry(*hash).or_default().push(number);
        }
        Self { hashes, says, at }
    }

    /// The hash of line `number` (0-based); blank past the last one.
    pub fn hash(&self, number: usize) -> Fingerprint {
        self.hashes.get(number).copied().unwrap_or(BLANK)
    }

    /// The hashes of lines `first` to `last` (0-based, inclusive), as many of them as there are.
    pub(super) fn run(&self, first: usize, last: usize) -> &[Fingerprint] {
        let end = (last + 1).min(self.hashes.len());
        &self.hashes[first.min(end)..end]
    }

    /// Where these lines stand one after the other: the first lines' 0-based numbers, in order. Nothing for lines that
    /// are all blank.
    pub(super) fn places(&self, run: &[Fingerprint]) -> Vec<usize> {
        // The rarest line leaves the fewest places to look at.
        let rarest = run
            .iter()
            .enumerate()
            .filter(|(_, hash)| **hash != BLANK)
            .min_by_key(|(_, hash)| self.at.get(hash).map_or(0, Vec::len));
        let Some((offset, hash)) = rarest else {
            return Vec::new();
        };
        let numbers = self.at.get(hash).map_or(&[][..], Vec::as_slice);
        let firsts = numbers
            .iter()
            .take(MAX_COPIES)
            .filter_map(|it| (*it as usize).checked_sub(offset));
        firsts
            .filter(|first| self.run(*first, first + run.len() - 1) == run)
            .collect()
    }

    /// How many lines are like line `number`, and how many of them come before it.
    pub(super) fn copies(&self, number: usize) -> (u32, u32) {
        let same = self
            .at
            .get(&self.hash(number))
            .map_or(&[][..], Vec::as_slice);
        let before = same.partition_point(|it| (*it as usize) < number);
        let count = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        (count(same.len()), count(before))
    }

    /// The nearest line above `number` that says where it is.
    pub(super) fn above(&self, number: usize) -> Fingerprint {
        let end = number.min(self.hashes.len());
        self.first_telling((end.saturating_sub(AROUND)..end).rev())
    }

    /// The nearest line below `number` that says where it is.
    pub(super) fn below(&self, number: usize) -> Fingerprint {
        let start = (number + 1).min(self.hashes.len());
        self.first_telling(start..(start + AROUND).min(self.hashes.len()))
    }

    fn first_telling(&self, mut numbers: impl Iterator<Item = usize>) -> Fingerprint {
        let told = numbers.find(|it| self.says[*it]);
        told.map_or(BLANK, |it| self.hashes[it])
    }

    /// One hash for the lines around `first` to `last` (0-based, inclusive), those lines not included.
    pub(super) fn around(&self, first: usize, last: usize) -> Fingerprint {
        let above = &self.hashes
            [first.saturating_sub(AROUND).min(self.hashes.len())..first.min(self.hashes.len())];
        let start = (last + 1).min(self.hashes.len());
        let below = &self.hashes[start..(start + AROUND).min(self.hashes.len())];
        let mix = |hash: u64, line: &Fingerprint| hash.wrapping_mul(31).wrapping_add(line.0);
        let above = above.iter().fold(1, mix);
        Fingerprint(below.iter().fold(above.wrapping_mul(31), mix))
    }
}

fn says(line: &str) -> bool {
    let black = line.chars().filter(|it| !it.is_whitespace());
    black.take(SAYS).count() == SAYS
}

/// The hash of a text without its white space.
pub fn hash(text: &str) -> Fingerprint {
    let mut hasher = blake3::Hasher::new();
    let mut blank = true;
    for part in text.split_whitespace() {
        hasher.update(part.as_bytes());
        blank = false;
    }
    if blank {
        return BLANK;
    }
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    // A text that is not blank never counts as blank.
    Fingerprint(u64::from_be_bytes(first).max(1))
}
