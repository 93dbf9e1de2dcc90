//! Telling a moved file from a new one: by how much of a deleted file's text it has.

use domain::text::Text;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Files on either side beyond which nothing is compared.
pub(crate) const LIMIT: usize = 200;
/// Least share of equal bytes that makes a rename, as git has it.
const SIMILAR_PERCENT: usize = 50;

/// The lines of a text by their hash, with the bytes they have together.
struct Profile {
    bytes: usize,
    lines: HashMap<u64, usize>,
}

/// Pairs of (deleted, new), most similar first; each file is in one pair at most. Empty files are in none.
pub(crate) fn find(deleted: &[Text], new: &[&Text]) -> Vec<(usize, usize)> {
    if deleted.len() > LIMIT || new.len() > LIMIT {
        return Vec::new();
    }
    let deleted: Vec<Profile> = deleted.iter().map(profile).collect();
    let new: Vec<Profile> = new.iter().map(|it| profile(it)).collect();
    let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
    for (from, a) in deleted.iter().enumerate() {
        for (to, b) in new.iter().enumerate() {
            let percent = similarity(a, b);
            if percent >= SIMILAR_PERCENT {
                pairs.push((percent, from, to));
            }
        }
    }
    pairs.sort_by_key(|(percent, from, to)| (usize::MAX - percent, *from, *to));
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (_, from, to) in pairs {
        if found.iter().all(|(a, b)| *a != from && *b != to) {
            found.push((from, to));
        }
    }
    found
}

fn profile(text: &Text) -> Profile {
    let mut profile = Profile {
        bytes: 0,
        lines: HashMap::new(),
    };
    for line in text.lines().filter(|it| !it.trim().is_empty()) {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        *profile.lines.entry(hasher.finish()).or_default() += line.len();
        profile.bytes += line.len();
    }
    profile
}

/// Bytes in lines that both have, in percent of the larger text.
fn similarity(a: &Profile, b: &Profile) -> usize {
    let (large, small) = (a.bytes.max(b.bytes), a.bytes.min(b.bytes));
    if large == 0 || small * 100 < large * SIMILAR_PERCENT {
        return 0;
    }
    let common: usize = a
        .lines
        .iter()
        .map(|(line, bytes)| b.lines.get(line).map_or(0, |it| *it.min(bytes)))
        .sum();
    common * 100 / large
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_pair_wins_and_unlike_files_stay_apart() {
        let deleted = ["one\ntwo\nthree\nfour\n", "unrelated\n", ""].map(Text::new);
        let new = [
            "one\ntwo\nx\ny\n",
            "one\ntwo\nthree\n4\n",
            "",
            "something else\n",
        ]
        .map(Text::new);
        let new: Vec<&Text> = new.iter().collect();
        assert_eq!(find(&deleted, &new), [(0, 1)]);
    }
}
