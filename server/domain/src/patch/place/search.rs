//! Which of the places where a hunk's lines stand is meant. Several equal ones are nobody's guess, unless the hunks
//! around it, the lines it names above itself, or its number decide.

use super::super::{Hunk, LineHunk};
use super::page::Page;
use crate::locate::Tier;

/// How far from its told line one of several equal places may be, as for findings.
const WINDOW: usize = 40;

/// Where a hunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    /// First of its old lines, 0-based.
    pub(super) line: usize,
    /// How strictly they are the same.
    pub(super) tier: Tier,
}

/// The places where a hunk may stand.
struct Candidates<'h> {
    hunk: &'h LineHunk,
    tier: Tier,
    lines: Vec<usize>,
    /// Number of its old lines.
    length: usize,
}

/// The place of each hunk of lines, or why it has none; `None` for the others.
pub(super) fn find(page: &Page<'_>, hunks: &[Hunk]) -> Vec<Option<Result<At, String>>> {
    let mut all: Vec<Option<Candidates<'_>>> = hunks
        .iter()
        .map(|hunk| match hunk {
            Hunk::Lines(hunk) => Some(candidates(page, hunk)),
            Hunk::Place { .. } => None,
        })
        .collect();
    keep_order(&mut all);
    let drift = drift(&all);
    for (candidates, drift) in all.iter_mut().zip(drift) {
        if let Some(candidates) = candidates {
            candidates.choose_by_number(drift);
        }
    }
    keep_order(&mut all);
    let at = |candidates: Candidates<'_>| match candidates.lines.as_slice() {
        [line] => Ok(At {
            line: *line,
            tier: candidates.tier,
        }),
        [] => Err(missing(page, candidates.hunk)),
        several => Err(format!(
            "its lines stand in {} places and nothing says which one is meant",
            several.len()
        )),
    };
    all.into_iter().map(|it| it.map(at)).collect()
}

fn candidates<'h>(page: &Page<'_>, hunk: &'h LineHunk) -> Candidates<'h> {
    let mut old: Vec<&str> = hunk.old().collect();
    let mut found = places(page, hunk, &old);
    if found.is_none() && old.last().is_some_and(|line| line.is_empty()) && old.len() > 1 {
        // An empty last line is often only the end of the line before.
        old.pop();
        found = places(page, hunk, &old);
    }
    let (tier, mut lines) = found.unwrap_or((Tier::Exact, Vec::new()));
    if hunk.at_end {
        lines.retain(|line| line + old.len() == page.len());
    }
    if lines.len() > 1 && !hunk.anchors.is_empty() {
        lines = below_anchors(page, &hunk.anchors, lines);
    }
    Candidates {
        hunk,
        tier,
        lines,
        length: old.len(),
    }
}

fn places(page: &Page<'_>, hunk: &LineHunk, old: &[&str]) -> Option<(Tier, Vec<usize>)> {
    if !old.is_empty() {
        return page.find(old);
    }
    // Only lines that come: at the end where that is said, or in a file without lines.
    (hunk.at_end || page.len() == 0).then(|| (Tier::Exact, vec![page.len()]))
}

/// The places inside the block that the last anchor begins.
fn below_anchors(page: &Page<'_>, anchors: &[String], lines: Vec<usize>) -> Vec<usize> {
    let mut blocks = vec![(0, page.len())];
    for anchor in anchors {
        let anchor = anchor.trim();
        let inner: Vec<(usize, usize)> = blocks
            .iter()
            .flat_map(|(from, to)| (*from..*to).filter(|line| is_anchor(page.line(*line), anchor)))
            .map(|line| (line, block_end(page, line)))
            .collect();
        if inner.is_empty() {
            // Models make up headings; one that is not there says nothing.
            continue;
        }
        blocks = inner;
    }
    let is_inside = |line: &usize| blocks.iter().any(|(from, to)| (from..to).contains(&line));
    let inside: Vec<usize> = lines.iter().copied().filter(is_inside).collect();
    if inside.is_empty() { lines } else { inside }
}

fn is_anchor(line: &str, anchor: &str) -> bool {
    let line = line.trim();
    // git cuts long headings.
    line == anchor || (anchor.len() >= 8 && line.starts_with(anchor))
}

/// The line after a block, by its indentation.
fn block_end(page: &Page<'_>, head: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(page.line(head));
    let ends = |line: &usize| {
        let text = page.line(*line);
        let closes = text.trim_start().starts_with(['}', ')', ']', '{']);
        !text.trim().is_empty() && indent(text) <= own && !closes
    };
    (head + 1..page.len()).find(ends).unwrap_or(page.len())
}

/// Hunks stand in the order in which they are told: a certain one rules out places of the others.
fn keep_order(all: &mut [Option<Candidates<'_>>]) {
    let certain: Vec<(usize, usize, usize)> = all
        .iter()
        .enumerate()
        .filter_map(|(index, it)| {
            let it = it.as_ref()?;
            let [line] = it.lines.as_slice() else {
                return None;
            };
            Some((index, *line, line + it.length))
        })
        .collect();
    // Where even the certain ones are out of order, the order means nothing.
    if certain.windows(2).any(|pair| pair[0].2 > pair[1].1) {
        return;
    }
    for (index, candidates) in all.iter_mut().enumerate() {
        let Some(candidates) = candidates.as_mut().filter(|it| it.lines.len() > 1) else {
            continue;
        };
        let before = certain.iter().rev().find(|it| it.0 < index);
        let after = certain.iter().find(|it| it.0 > index);
        let length = candidates.length;
        let fits = |line: &usize| {
            before.is_none_or(|it| it.2 <= *line) && after.is_none_or(|it| line + length <= it.1)
        };
        let kept: Vec<usize> = candidates.lines.iter().copied().filter(fits).collect();
        if !kept.is_empty() {
            candidates.lines = kept;
        }
    }
}

/// By how much the told numbers are wrong at each hunk, seen from the nearest certain one before it, else after it.
fn drift(all: &[Option<Candidates<'_>>]) -> Vec<isize> {
    let of = |it: &Option<Candidates<'_>>| {
        let it = it.as_ref()?;
        let [line] = it.lines.as_slice() else {
            return None;
        };
        Some(line.cast_signed() - it.hunk.line?.cast_signed() + 1)
    };
    let known: Vec<Option<isize>> = all.iter().map(of).collect();
    (0..all.len())
        .map(|index| {
            let before = known[..=index].iter().rev().flatten().next();
            before
                .or_else(|| known[index..].iter().flatten().next())
                .copied()
                .unwrap_or(0)
        })
        .collect()
}

impl Candidates<'_> {
    /// Takes the place nearest to the told number, where it is clearly nearer than the next.
    fn choose_by_number(&mut self, drift: isize) {
        let Some(told) = self.hunk.line.filter(|_| self.lines.len() > 1) else {
            return;
        };
        let expected = told.saturating_sub(1).saturating_add_signed(drift);
        let mut by_distance: Vec<(usize, usize)> = self
            .lines
            .iter()
            .map(|line| (line.abs_diff(expected), *line))
            .collect();
        by_distance.sort_unstable();
        if let [(near, line), (next, _), ..] = by_distance[..]
            && near <= WINDOW
            && (near == 0 || next > 2 * near)
        {
            self.lines = vec![line];
        }
    }
}

/// Why a hunk has no place, with the line that is missing where just one is.
fn missing(page: &Page<'_>, hunk: &LineHunk) -> String {
    let old: Vec<&str> = hunk.old().collect();
    if old.is_empty() {
        return "it only adds lines and does not say next to which".to_owned();
    }
    let absent: Vec<&&str> = old
        .iter()
        .filter(|line| !line.trim().is_empty() && page.find(&[line]).is_none())
        .collect();
    match absent.as_slice() {
        [] => "its lines are in the file, but not together".to_owned(),
        [line] => format!(
            "the line `{}` is not in the file",
            crate::sanitize::line(line, 120)
        ),
        [line, rest @ ..] => format!(
            "the line `{}` and {} more are not in the file",
            crate::sanitize::line(line, 120),
            rest.len()
        ),
    }
}
