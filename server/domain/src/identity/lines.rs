//! The lines of a text as hashes without white space, so that places are known again after moves and re-indentation.

use crate::text::Text;
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
    /// The hash and the 0-based number of each line, sorted.
    sorted: Vec<(Fingerprint, u32)>,
}

impl Lines {
    /// Reads a text, once for all that is asked about it.
    pub fn of(text: &Text) -> Self {
        let mut black = String::new();
        let (hashes, says): (Vec<Fingerprint>, Vec<bool>) = text
            .lines()
            .map(|it| {
                strip(&it, &mut black);
                (hash_of(&black), black.chars().nth(SAYS - 1).is_some())
            })
            .unzip();
        let mut sorted: Vec<(Fingerprint, u32)> = hashes.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        Self {
            hashes,
            says,
            sorted,
        }
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
            .min_by_key(|(_, hash)| self.with(**hash).len());
        let Some((offset, hash)) = rarest else {
            return Vec::new();
        };
        let firsts = self
            .with(*hash)
            .iter()
            .take(MAX_COPIES)
            .filter_map(|it| (it.1 as usize).checked_sub(offset));
        firsts
            .filter(|first| self.run(*first, first + run.len() - 1) == run)
            .collect()
    }

    /// How many lines are like line `number`, and how many of them come before it.
    pub(super) fn copies(&self, number: usize) -> (u32, u32) {
        let same = self.with(self.hash(number));
        let before = same.partition_point(|it| (it.1 as usize) < number);
        let count = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        (count(same.len()), count(before))
    }

    /// The lines with a hash, in order.
    fn with(&self, hash: Fingerprint) -> &[(Fingerprint, u32)] {
        let from = self.sorted.partition_point(|it| it.0 < hash);
        let count = self.sorted[from..].partition_point(|it| it.0 == hash);
        &self.sorted[from..from + count]
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

/// The hash of a text without its white space.
pub fn hash(text: &str) -> Fingerprint {
    let mut black = String::with_capacity(text.len());
    strip(text, &mut black);
    hash_of(&black)
}

/// Puts a text without its white space into `black`.
fn strip(text: &str, black: &mut String) {
    black.clear();
    text.split_whitespace().for_each(|it| black.push_str(it));
}

fn hash_of(black: &str) -> Fingerprint {
    if black.is_empty() {
        return BLANK;
    }
    let hash = blake3::hash(black.as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    // A text that is not blank never counts as blank.
    Fingerprint(u64::from_be_bytes([a, b, c, d, e, f, g, h]).max(1))
}
