//! How well the same remark is told from another one, on what real tools said, next to a plain rule on the same pairs.
//!
//! The pairs are those of the offline Code Review Bench (Martian, repository `withmartian/code-review-benchmark`): fifty
//! changes, twelve tools, and a model that held each remark against a list of what there was to find. Two remarks of two
//! tools are the same when they were matched with the same entry, and different when they were matched with two entries
//! of one change. The data are not part of this repository: `BENCH_EVALUATIONS` names one of its `evaluations.json`.

use crate::finding::finding;
use crate::table::{head, row};
use domain::anchor::Anchor;
use domain::finding::Finding;
use domain::locate::Tier;
use domain::merge::{Circumstances, merge};
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::fmt::{Display, Formatter};

/// Names the file with the remarks and what they were matched with.
const FILE: &str = "BENCH_EVALUATIONS";

/// Where both findings of a pair are.
struct Place {
    what: &'static str,
    tier: Tier,
    ranges: [TextRange; 2],
}

/// Two remarks of two tools on one change.
struct Pair {
    is_same: bool,
    said: [String; 2],
}

pub(crate) fn likeness() {
    head("The same remark or another one: precision, recall, F1; the floor is word overlap alone");
    let Some(file) = std::env::var_os(FILE) else {
        return row(
            "pairs of remarks",
            "-",
            &format!("`{FILE}` names no file of them"),
            "-",
        );
    };
    let pairs = pairs(&serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap());
    let same = pairs.iter().filter(|it| it.is_same).count();
    let floor = floor(&pairs);
    let text = Text::new("    let first = compute(left);\n    store(first);\n    check(right);\n");
    let places = [
        Place {
            what: "of the whole file",
            tier: Tier::File,
            ranges: [TextRange::new(0, 0); 2],
        },
        Place {
            what: "all two lines apart",
            tier: Tier::Exact,
            ranges: [TextRange::new(4, 30), TextRange::new(53, 66)],
        },
    ];
    for place in places {
        let ours = score(&pairs, |it| is_merged(&text, &place, it));
        row(
            &format!(
                "{same} pairs that are the same, {} that are not, {}",
                pairs.len() - same,
                place.what
            ),
            &ours.to_string(),
            &floor.to_string(),
            "F1 0.877",
        );
    }
}

/// A remark that was matched with several entries is left out: it is neither the same nor different.
fn pairs(evaluations: &Value) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for tools in evaluations.as_object().unwrap().values() {
        let mut entries: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
        for (tool, result) in tools.as_object().unwrap() {
            for it in result["true_positives"].as_array().into_iter().flatten() {
                let (said, entry) = (&it["matched_candidate"], &it["golden_comment"]);
                let said = (tool.as_str(), said.as_str().unwrap());
                entries
                    .entry(said)
                    .or_default()
                    .push(entry.as_str().unwrap());
            }
        }
        let one = entries.iter().filter(|it| it.1.len() == 1);
        let mut all: Vec<_> = one
            .map(|((tool, said), it)| (*tool, *said, it[0]))
            .collect();
        all.sort_unstable();
        for (at, a) in all.iter().enumerate() {
            let others = all[at + 1..].iter().filter(|b| b.0 != a.0 && b.1 != a.1);
            pairs.extend(others.map(|b| Pair {
                is_same: a.2 == b.2,
                said: [a.1.to_owned(), b.1.to_owned()],
            }));
        }
    }
    pairs
}

/// How good it is what is said to be the same.
#[derive(Default)]
struct Score {
    precision: f64,
    recall: f64,
    f1: f64,
}

impl Display for Score {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.3}, {:.3}, {:.3}",
            self.precision, self.recall, self.f1
        )
    }
}

fn score(pairs: &[Pair], is_one: impl Fn(&Pair) -> bool) -> Score {
    let count = |is_same, said| {
        let these = pairs
            .iter()
            .filter(|it| it.is_same == is_same && is_one(it) == said);
        these.count() as f64
    };
    let (right, wrong, missed) = (count(true, true), count(false, true), count(true, false));
    let (precision, recall) = (right / (right + wrong), right / (right + missed));
    Score {
        precision,
        recall,
        f1: 2.0 * precision * recall / (precision + recall),
    }
}

fn is_merged(text: &Text, place: &Place, pair: &Pair) -> bool {
    let path = RelPath::parse("/work", "src/a.rs").unwrap();
    let by = |agent: usize| {
        let (range, title) = (place.ranges[agent], pair.said[agent].clone());
        let mut it = Finding {
            tier: place.tier,
            anchor: Anchor::of(text, range, None),
            ..finding(["a", "b"][agent], &path, range, title)
        };
        it.identify(0);
        it
    };
    merge(&[by(0), by(1)], Circumstances::default()).len() == 1
}

/// The Jaccard index of the words alone, at the threshold that is best for these very pairs, which nobody knows beforehand.
fn floor(pairs: &[Pair]) -> Score {
    let thresholds = (1..50).map(|it| f64::from(it) / 100.0);
    let scores = thresholds.map(|least| score(pairs, |it| jaccard(&it.said) >= least));
    let better = |a: Score, b: Score| if b.f1 > a.f1 { b } else { a };
    scores.fold(Score::default(), better)
}

fn jaccard(said: &[String; 2]) -> f64 {
    let [a, b] = said.each_ref().map(|it| words(it));
    a.intersection(&b).count() as f64 / a.union(&b).count() as f64
}

fn words(text: &str) -> BTreeSet<String> {
    let parts = text.split(|it: char| !it.is_alphanumeric() && it != '_');
    let long = parts.filter(|it| it.len() > 3);
    long.map(str::to_lowercase).collect()
}
