//! Which pairs of findings are compared: all of few, and of many those that lie together or share rare words.

use super::fix::Fixed;
use super::remark::Remarks;
use rustc_hash::FxHashMap;

/// Up to so many findings of one file, each is compared with each.
const FEW: usize = 200;
/// Of more, a finding is compared with so many that come after it by place.
const NEXT: usize = 12;
/// And with the next that have one of so many of its rarest words,
const RARE_WORDS: usize = 5;
/// so many identifiers,
const NAMES: usize = 3;
/// or the same fix: with so many for each.
const NEXT_BY_WORD: usize = 8;
/// As many pairs at most come of one finding.
#[cfg(test)]
pub(super) const MOST_PER_FINDING: usize = NEXT + (RARE_WORDS + NAMES + 1) * NEXT_BY_WORD;

/// Pairs of numbers of findings that may be the same remark, the smaller number first. In no order, each once.
pub(super) fn candidates(remarks: &Remarks<'_>) -> Vec<(u32, u32)> {
    let count = u32::try_from(remarks.all.len()).unwrap_or(u32::MAX);
    if remarks.all.len() <= FEW {
        let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
        return pairs.collect();
    }
    // From the last to the first: what stands in an index comes after the finding at hand, the nearest last.
    let mut index: FxHashMap<Key<'_>, Vec<u32>> = FxHashMap::default();
    let mut met = vec![u32::MAX; remarks.all.len()];
    let mut pairs = Vec::new();
    let mut rarest: Vec<u32> = Vec::new();
    for a in (0..count).rev() {
        let it = &remarks.all[a as usize];
        rarest.clone_from(&it.words);
        let weight = |it: &u32| remarks.weights[*it as usize];
        rarest.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cmp(b)));
        let mut names = it.identifiers.clone();
        names.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cmp(b)));
        let words = rarest.iter().take(RARE_WORDS).copied().map(Key::Word);
        let names = names.iter().take(NAMES).copied().map(Key::Name);
        let keys = words.chain(names).chain(it.fixed.map(Key::Fix));
        for key in keys {
            let after = index.entry(key).or_default();
            for b in after.iter().rev().take(NEXT_BY_WORD) {
                meet(a, *b, &mut met, &mut pairs);
            }
            after.push(a);
        }
        for b in (a + 1..count).take(NEXT) {
            meet(a, b, &mut met, &mut pairs);
        }
    }
    pairs
}

/// What findings have in common.
#[derive(PartialEq, Eq, Hash)]
enum Key<'f> {
    Word(u32),
    Name(u32),
    Fix(Fixed<'f>),
}

fn meet(a: u32, b: u32, met: &mut [u32], pairs: &mut Vec<(u32, u32)>) {
    if std::mem::replace(&mut met[b as usize], a) != a {
        pairs.push((a, b));
    }
}
