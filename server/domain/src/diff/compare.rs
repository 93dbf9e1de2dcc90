//! Which lines two texts have in common, found in bounded time.
//!
//! First the lines that either text has just once, as far as they are in the same order: they say best what was meant
//! (Bram Cohen's patience diff). Between them, the shortest way from one text to the other (Eugene Myers, "An O(ND)
//! Difference Algorithm and Its Variations", 1986, in linear space).

use std::ops::Range;

/// Most steps of one comparison, about a tenth of a second in a release build. What was not compared until then counts as different.
const MOST_STEPS: usize = 5_000_000;
/// Deepest division of the texts into parts that are compared by themselves.
const MAX_DEPTH: usize = 200;

/// Lines that are equal one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) old: usize,
    pub(super) new: usize,
    pub(super) len: usize,
}

/// The equal lines, in order. Lines are told as numbers below `count`, equal lines having the same one.
pub(super) fn equal_runs(old: &[u32], new: &[u32], count: usize) -> Vec<Run> {
    let mut comparison = Comparison {
        old,
        new,
        seen: vec![Seen::default(); count],
        steps: MOST_STEPS,
        runs: Vec::new(),
    };
    comparison.compare(0..old.len(), 0..new.len(), 0);
    comparison.runs
}

struct Comparison<'t> {
    old: &'t [u32],
    new: &'t [u32],
    /// By line number; all zero between two uses.
    seen: Vec<Seen>,
    /// How many are left.
    steps: usize,
    runs: Vec<Run>,
}

/// How often a line is in either part, and where last.
#[derive(Clone, Copy, Default)]
struct Seen {
    old: (usize, usize),
    new: (usize, usize),
}

impl Comparison<'_> {
    fn compare(&mut self, old: Range<usize>, new: Range<usize>, depth: usize) {
        let (a, b) = (&self.old[old.clone()], &self.new[new.clone()]);
        let head = common(a.iter(), b.iter());
        let tail = common(a[head..].iter().rev(), b[head..].iter().rev());
        self.equal(old.start, new.start, head);
        let old = old.start + head..old.end - tail;
        let new = new.start + head..new.end - tail;
        if depth < MAX_DEPTH && !old.is_empty() && !new.is_empty() {
            self.divide(&old, &new, depth + 1);
        }
        self.equal(old.end, new.end, tail);
    }

    fn divide(&mut self, old: &Range<usize>, new: &Range<usize>, depth: usize) {
        if !self.spend(old.len() + new.len()) {
            return;
        }
        let anchors = self.anchors(old, new);
        if anchors.is_empty() {
            if let Some((x, y)) = self.middle(old, new) {
                self.compare(old.start..x, new.start..y, depth);
                self.compare(x..old.end, y..new.end, depth);
            }
            return;
        }
        let (mut from_old, mut from_new) = (old.start, new.start);
        for (x, y) in anchors {
            self.compare(from_old..x, from_new..y, depth);
            self.equal(x, y, 1);
            (from_old, from_new) = (x + 1, y + 1);
        }
        self.compare(from_old..old.end, from_new..new.end, depth);
    }

    fn equal(&mut self, old: usize, new: usize, len: usize) {
        if len > 0 {
            self.runs.push(Run { old, new, len });
        }
    }

    fn spend(&mut self, steps: usize) -> bool {
        let left = self.steps.checked_sub(steps);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    /// The lines that both parts have just once, as many of them as are in the same order.
    fn anchors(&mut self, old: &Range<usize>, new: &Range<usize>) -> Vec<(usize, usize)> {
        for at in old.clone() {
            let seen = &mut self.seen[self.old[at] as usize].old;
            *seen = (seen.0 + 1, at);
        }
        for at in new.clone() {
            let seen = &mut self.seen[self.new[at] as usize].new;
            *seen = (seen.0 + 1, at);
        }
        let unique = old.clone().filter_map(|at| {
            let seen = self.seen[self.old[at] as usize];
            (seen.old.0 == 1 && seen.new.0 == 1).then_some((at, seen.new.1))
        });
        let anchors = longest_rise(&unique.collect::<Vec<_>>());
        for line in self.old[old.clone()].iter().chain(&self.new[new.clone()]) {
            self.seen[*line as usize] = Seen::default();
        }
        anchors
    }

    /// A point on a shortest way through both parts, which is neither its start nor its end; `None` when it would take
    /// too many steps to find.
    fn middle(&mut self, old: &Range<usize>, new: &Range<usize>) -> Option<(usize, usize)> {
        let (a, b) = (&self.old[old.clone()], &self.new[new.clone()]);
        let (n, m) = (a.len().cast_signed(), b.len().cast_signed());
        let delta = n - m;
        // The search looks at the square of the differences.
        let most = ((n + m + 1) / 2).min(self.steps.isqrt().cast_signed()) + 1;
        let mut forward = Reach::new(most);
        let mut backward = Reach::new(most);
        for d in 0..most {
            for k in (-d..=d).rev().step_by(2) {
                let start = forward.step(d, k);
                let mut x = start;
                while x < n && x - k < m && a[x.unsigned_abs()] == b[(x - k).unsigned_abs()] {
                    x += 1;
                }
                forward.set(k, x);
                self.steps = self.steps.checked_sub((x - start + 1).unsigned_abs())?;
                let meets = delta % 2 != 0 && (k - delta).abs() < d;
                if meets && x + backward.get(delta - k) >= n {
                    return inside(start, start - k, old, new);
                }
            }
            for k in (-d..=d).rev().step_by(2) {
                let start = backward.step(d, k);
                let mut x = start;
                while x < n
                    && x - k < m
                    && a[(n - 1 - x).unsigned_abs()] == b[(m - 1 - (x - k)).unsigned_abs()]
                {
                    x += 1;
                }
                backward.set(k, x);
                self.steps = self.steps.checked_sub((x - start + 1).unsigned_abs())?;
                let meets = delta % 2 == 0 && (k - delta).abs() <= d;
                if meets && x + forward.get(delta - k) >= n {
                    return inside(n - x, m - (x - k), old, new);
                }
            }
        }
        None
    }
}

/// How far the search has come on each diagonal.
struct Reach {
    most: isize,
    x: Vec<isize>,
}

impl Reach {
    /// For diagonals up to `most` on either side.
    fn new(most: isize) -> Self {
        let x = vec![0; 2 * most.unsigned_abs() + 3];
        Self { most, x }
    }

    fn at(&self, k: isize) -> usize {
        (k + self.most + 1).unsigned_abs()
    }

    fn get(&self, k: isize) -> isize {
        self.x[self.at(k)]
    }

    fn set(&mut self, k: isize, x: isize) {
        let at = self.at(k);
        self.x[at] = x;
    }

    /// Where diagonal `k` begins after `d` differences: from the neighbour that has come further.
    fn step(&self, d: isize, k: isize) -> isize {
        let (below, above) = (self.get(k - 1), self.get(k + 1));
        if d == 0 {
            0
        } else if k == -d || (k != d && below < above) {
            above
        } else {
            below + 1
        }
    }
}

/// A point told from the starts of both parts, if it is one of them and divides them.
fn inside(x: isize, y: isize, old: &Range<usize>, new: &Range<usize>) -> Option<(usize, usize)> {
    let x = old
        .start
        .checked_add_signed(x)
        .filter(|it| *it <= old.end)?;
    let y = new
        .start
        .checked_add_signed(y)
        .filter(|it| *it <= new.end)?;
    let divides = (x, y) != (old.start, new.start) && (x, y) != (old.end, new.end);
    divides.then_some((x, y))
}

fn common<'t>(a: impl Iterator<Item = &'t u32>, b: impl Iterator<Item = &'t u32>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

/// The longest part of pairs, sorted by the first number, in which the second one rises, too.
fn longest_rise(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the pair with the lowest end of a rise of that length; and for each pair, the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, new)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *new);
        before.push(length.checked_sub(1).map(|it| ends[it]));
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut rise: Vec<(usize, usize)> =
        std::iter::successors(ends.last().copied(), |at| before[*at])
            .map(|at| pairs[at])
            .collect();
    rise.reverse();
    rise
}
