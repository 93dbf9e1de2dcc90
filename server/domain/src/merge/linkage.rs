//! Grouping findings by average link.

use super::candidates::candidates;
use super::likeness::{APART, is_said_twice, likeness};
use super::remark::{Remarks, float};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Most agents that one cluster brings together; bounds the work.
const MAX_AGENTS: usize = 64;
/// The most that one pair counts in an average: being very like one finding does not make it like the others.
const MOST: f32 = 2.0;

/// The findings in groups that are the same remark, each group as numbers in order; the groups in no order.
pub(super) fn groups(remarks: &Remarks<'_>) -> Vec<Vec<u32>> {
    let (same_agent, others): (Vec<_>, Vec<_>) = candidates(remarks)
        .into_iter()
        .partition(|(a, b)| agent(remarks, *a) == agent(remarks, *b));
    let mut groups = Groups::new(remarks);
    let mut same_agent = same_agent;
    same_agent.sort_unstable();
    for (a, b) in same_agent {
        if is_said_twice(remarks, a as usize, b as usize) {
            groups.repeat(a, b);
        }
    }
    groups.link(&others);
    groups.into_members()
}

fn agent(remarks: &Remarks<'_>, it: u32) -> u32 {
    remarks.all[it as usize].agent
}

/// Two groups that may be joined, by a finding of each, and how alike they were when that was computed. Joining others
/// to either never makes them more alike than the most alike pair that is left.
struct Link {
    likeness: f32,
    a: u32,
    b: u32,
    /// How many findings the two groups had.
    size: usize,
}

impl Ord for Link {
    fn cmp(&self, other: &Self) -> Ordering {
        let likeness = self.likeness.total_cmp(&other.likeness);
        // Of equal ones the first pair comes first.
        likeness.then_with(|| (other.a, other.b).cmp(&(self.a, self.b)))
    }
}

impl PartialOrd for Link {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Link {}

struct Groups<'r, 'f> {
    remarks: &'r Remarks<'f>,
    /// The group of each finding.
    group: Vec<u32>,
    /// Of each group the findings that stand for it, one of each agent.
    voices: Vec<Vec<u32>>,
    /// Of each voice what its agent said again.
    again: Vec<Vec<u32>>,
}

impl<'r, 'f> Groups<'r, 'f> {
    fn new(remarks: &'r Remarks<'f>) -> Self {
        let all = 0..u32::try_from(remarks.all.len()).unwrap_or(u32::MAX);
        Self {
            remarks,
            group: all.clone().collect(),
            voices: all.clone().map(|it| vec![it]).collect(),
            again: all.map(|_| Vec::new()).collect(),
        }
    }

    /// Notes that an agent says the same in both: `b` stands behind `a`, unless `a` stands behind another one.
    fn repeat(&mut self, a: u32, b: u32) {
        let is_free = |it: u32| self.voices[it as usize] == [it];
        if is_free(a) && is_free(b) && self.again[b as usize].is_empty() {
            self.again[a as usize].push(b);
            self.voices[b as usize].clear();
            self.group[b as usize] = a;
        }
    }

    /// Joins the two most alike groups, again and again, for as long as there are any that are alike.
    fn link(&mut self, pairs: &[(u32, u32)]) {
        let mut links = BinaryHeap::new();
        for (a, b) in pairs {
            if self.voices[*a as usize].is_empty() || self.voices[*b as usize].is_empty() {
                continue;
            }
            let likeness = likeness(self.remarks, *a as usize, *b as usize);
            if likeness >= 1.0 {
                links.push(Link {
                    likeness,
                    a: *a,
                    b: *b,
                    size: 2,
                });
            }
        }
        while let Some(link) = links.pop() {
            let (a, b) = (self.group[link.a as usize], self.group[link.b as usize]);
            if a == b || self.have_one_agent(a, b) {
                continue;
            }
            let size = self.voices[a as usize].len() + self.voices[b as usize].len();
            if size == link.size {
                self.join(a.min(b), a.max(b));
                continue;
            }
            let likeness = self.average(a, b);
            if likeness >= 1.0 && size <= MAX_AGENTS {
                links.push(Link {
                    likeness,
                    size,
                    ..link
                });
            }
        }
    }

    fn have_one_agent(&self, a: u32, b: u32) -> bool {
        let agent = |it: &u32| agent(self.remarks, *it);
        let (a, b) = (&self.voices[a as usize], &self.voices[b as usize]);
        a.iter().any(|x| b.iter().any(|y| agent(x) == agent(y)))
    }

    /// The mean likeness between the findings of two groups; [`APART`] when any two are.
    fn average(&self, a: u32, b: u32) -> f32 {
        let (a, b) = (&self.voices[a as usize], &self.voices[b as usize]);
        let mut sum = 0.0;
        for x in a {
            for y in b {
                let likeness = likeness(self.remarks, *x as usize, *y as usize);
                if likeness == APART {
                    return APART;
                }
                sum += likeness.min(MOST);
            }
        }
        sum / float(a.len() * b.len())
    }

    fn join(&mut self, to: u32, from: u32) {
        let moved = std::mem::take(&mut self.voices[from as usize]);
        for it in &moved {
            self.group[*it as usize] = to;
        }
        let voices = &mut self.voices[to as usize];
        voices.extend(moved);
        voices.sort_unstable();
    }

    fn into_members(self) -> Vec<Vec<u32>> {
        let groups = self.voices.into_iter().filter(|it| !it.is_empty());
        let with_repeated = groups.map(|voices| {
            let again = voices.iter().flat_map(|it| &self.again[*it as usize]);
            let mut all: Vec<u32> = voices.iter().chain(again).copied().collect();
            all.sort_unstable();
            all
        });
        with_repeated.collect()
    }
}
