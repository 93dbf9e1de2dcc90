//! Merging the findings of several agents into clusters: the same remark shown once.
//!
//! The rule here is the plain one: same place and similar text.

use crate::finding::{Category, Finding, FindingId, Severity};
use crate::locate::Tier;
use crate::text::TextRange;
use rustc_hash::FxHashMap;
use std::cmp::{Ordering, Reverse};

#[cfg(test)]
mod tests;
mod tokens;

/// Findings that are the same remark; what a door shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Id of the primary finding; stable while that finding lives.
    pub id: FindingId,
    /// The findings, the primary one first.
    pub findings: Vec<Finding>,
    /// Where to show it: the primary finding's place.
    pub range: TextRange,
    /// The highest severity among them.
    pub severity: Severity,
    /// The primary finding's category.
    pub category: Category,
}

impl Cluster {
    /// The finding that gives the cluster its title, place and fix.
    pub fn primary(&self) -> &Finding {
        &self.findings[0]
    }
    /// Names of the agents that said it, each once, sorted.
    pub fn agents(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.findings.iter().map(|it| it.agent.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
    /// Number of different providers that said it.
    pub fn providers(&self) -> usize {
        let mut names: Vec<&str> = self
            .findings
            .iter()
            .map(|it| it.provider.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }
}

/// Merges findings of one file. The same findings in any order give the same clusters, sorted by place.
pub fn merge(findings: &[Finding]) -> Vec<Cluster> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by(|a, b| by_place(a, b));
    let mut groups = Groups::new(&sorted);
    for pair in pairs(&sorted) {
        groups.join(pair.first, pair.second);
    }
    let mut clusters: Vec<Cluster> = groups
        .members()
        .into_iter()
        .map(|it| cluster(&sorted, &it))
        .collect();
    clusters.sort_by(|a, b| {
        a.range
            .cmp(&b.range)
            .then_with(|| by_place(a.primary(), b.primary()))
    });
    clusters
}

/// How alike the texts of two findings at the same place must be: shared words in all words.
const SAME_TEXT: f32 = 0.12;
/// Findings on lines no further apart than this may be the same remark.
const SAME_PLACE_LINES: u32 = 3;
/// Most neighbours that a finding is compared with in each order. Bounds the work where thousands of findings
/// lie on one line or cover the whole file.
const MAX_NEIGHBOURS: usize = 32;
/// Most neighbours looked at for that, those of the same agent included.
const MAX_LOOKED_AT: usize = 256;

/// Two findings, by index, that are the same remark when looked at alone.
struct Pair {
    first: usize,
    second: usize,
    likeness: f32,
    /// Lines between them.
    distance: u32,
}

/// All pairs worth joining, the most alike first, then the nearest.
fn pairs(sorted: &[&Finding]) -> Vec<Pair> {
    let words = words(sorted);
    let mut pairs: Vec<Pair> = neighbours(sorted)
        .into_iter()
        .filter_map(|(first, second)| {
            let likeness = likeness(sorted[first], sorted[second], &words[first], &words[second])?;
            Some(Pair {
                first,
                second,
                likeness,
                distance: sorted[first]
                    .anchor
                    .line
                    .abs_diff(sorted[second].anchor.line),
            })
        })
        .collect();
    pairs.sort_by(|a, b| {
        let rest = |it: &Pair| (it.distance, it.first, it.second);
        b.likeness
            .total_cmp(&a.likeness)
            .then_with(|| rest(a).cmp(&rest(b)))
    });
    pairs
}

/// The words of each finding's title and first line, as sorted numbers.
fn words(sorted: &[&Finding]) -> Vec<Vec<u32>> {
    let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
    let mut number = |word: String| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(word).or_insert(next)
    };
    let of = |it: &&Finding| {
        let first_line = it.body.lines().next().unwrap_or_default();
        let mut words: Vec<u32> = tokens::tokens(&format!("{} {first_line}", it.title))
            .into_iter()
            .map(&mut number)
            .collect();
        words.sort_unstable();
        words
    };
    sorted.iter().map(of).collect()
}

/// Pairs of findings of different agents at the same place.
fn neighbours(sorted: &[&Finding]) -> Vec<(usize, usize)> {
    let located: Vec<usize> = (0..sorted.len())
        .filter(|it| sorted[*it].tier != Tier::File)
        .collect();
    let mut by_line = located.clone();
    by_line.sort_by_key(|it| (sorted[*it].anchor.line, *it));
    let mut by_title: Vec<usize> = (0..sorted.len())
        .filter(|it| sorted[*it].tier == Tier::File)
        .collect();
    by_title.sort_by_key(|it| (sorted[*it].title.as_str(), *it));

    let mut pairs = Vec::new();
    sweep(sorted, &located, &mut pairs, |a, b| {
        b.range.start <= a.range.end && a.range.intersects(b.range)
    });
    sweep(sorted, &by_line, &mut pairs, |a, b| {
        b.anchor.line - a.anchor.line <= SAME_PLACE_LINES
    });
    sweep(sorted, &by_title, &mut pairs, |a, b| a.title == b.title);
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Pairs each finding with those after it in `order` for as long as they are `near`.
fn sweep(
    sorted: &[&Finding],
    order: &[usize],
    pairs: &mut Vec<(usize, usize)>,
    near: impl Fn(&Finding, &Finding) -> bool,
) {
    for (at, first) in order.iter().enumerate() {
        let a = sorted[*first];
        let after = &order[at + 1..];
        let near = after
            .iter()
            .take(MAX_LOOKED_AT)
            .take_while(|it| near(a, sorted[**it]));
        let others = near
            .filter(|it| sorted[**it].agent != a.agent)
            .take(MAX_NEIGHBOURS);
        pairs.extend(others.map(|it| (*first.min(it), *first.max(it))));
    }
}

/// How alike two findings at the same place are; `None` when they are different remarks.
fn likeness(a: &Finding, b: &Finding, a_words: &[u32], b_words: &[u32]) -> Option<f32> {
    if a.category == b.category && a.fix.is_some() && a.fix == b.fix {
        return Some(2.0);
    }
    if a.title == b.title {
        return Some(1.0);
    }
    if a.tier == Tier::File {
        return None;
    }
    let shared = shared(a_words, b_words);
    let all = a_words.len() + b_words.len() - shared;
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are at most some hundred words"
    )]
    let share = shared as f32 / all.max(1) as f32;
    (share >= SAME_TEXT).then_some(share)
}

/// Number of equal elements of two sorted lists.
fn shared(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            Ordering::Less => i += 1,
            Ordering::Greater => j += 1,
            Ordering::Equal => {
                count += 1;
                i += 1;
                j += 1;
            }
        }
    }
    count
}

/// Findings in groups, no group with two of one agent.
struct Groups<'a> {
    /// The group of each finding.
    group: Vec<usize>,
    members: Vec<Vec<usize>>,
    findings: &'a [&'a Finding],
}

impl<'a> Groups<'a> {
    fn new(findings: &'a [&'a Finding]) -> Self {
        let all = 0..findings.len();
        Self {
            group: all.clone().collect(),
            members: all.map(|it| vec![it]).collect(),
            findings,
        }
    }
    fn join(&mut self, first: usize, second: usize) {
        let (to, from) = (self.group[first], self.group[second]);
        let agent = |it: &usize| self.findings[*it].agent.as_str();
        let clash = |it: &usize| {
            self.members[from]
                .iter()
                .any(|other| agent(other) == agent(it))
        };
        if to == from || self.members[to].iter().any(clash) {
            return;
        }
        let moved = std::mem::take(&mut self.members[from]);
        for it in &moved {
            self.group[*it] = to;
        }
        self.members[to].extend(moved);
    }
    fn members(self) -> Vec<Vec<usize>> {
        self.members
            .into_iter()
            .filter(|it| !it.is_empty())
            .collect()
    }
}

/// The surest place is the primary one, then the highest severity, then the agent's name.
fn cluster(sorted: &[&Finding], members: &[usize]) -> Cluster {
    let mut findings: Vec<&Finding> = members.iter().map(|it| sorted[*it]).collect();
    findings.sort_by(|a, b| {
        (a.tier, Reverse(a.severity), &a.agent)
            .cmp(&(b.tier, Reverse(b.severity), &b.agent))
            .then_with(|| by_place(a, b))
    });
    let primary = findings[0];
    Cluster {
        id: primary.id.clone(),
        range: primary.range,
        severity: findings
            .iter()
            .map(|it| it.severity)
            .max()
            .unwrap_or(primary.severity),
        category: primary.category.clone(),
        findings: findings.into_iter().cloned().collect(),
    }
}

/// An order of findings that depends on nothing but themselves.
fn by_place(a: &Finding, b: &Finding) -> Ordering {
    let key = |it: &Finding| (it.range, it.tier, Reverse(it.severity));
    let fix = |it: &Finding| it.fix.as_ref().map(|it| (it.range, it.new_text.clone()));
    key(a)
        .cmp(&key(b))
        .then_with(|| {
            (&a.title, &a.agent, &a.id, &a.body).cmp(&(&b.title, &b.agent, &b.id, &b.body))
        })
        .then_with(|| {
            let fix = |it: &Finding| (fix(it), it.anchor.line, it.confidence.map(f32::to_bits));
            (&a.category, &a.code, fix(a)).cmp(&(&b.category, &b.code, fix(b)))
        })
}
