//! The blocks that a hunk's anchors begin: a class, a function in it.

use super::page::Page;

/// Most anchors of one hunk that are looked for.
const MAX_ANCHORS: usize = 8;
/// Shortest anchor that may be the beginning of a line only, in bytes: git cuts long headings.
const SHORTEST_BEGINNING: usize = 8;

/// The lines that are inside the block that the last anchor begins; all of them where there is no such block.
pub(super) fn below(page: &Page<'_>, anchors: &[String], lines: Vec<usize>) -> Vec<usize> {
    let mut blocks = vec![(0, page.len())];
    for anchor in anchors.iter().take(MAX_ANCHORS) {
        let heads = heads(page, anchor.trim());
        let inner: Vec<(usize, usize)> = heads
            .into_iter()
            .filter(|line| is_inside(&blocks, *line))
            .map(|line| (line, page.block_end(line)))
            .collect();
        // Models make up headings; one that is not there says nothing.
        if !inner.is_empty() {
            blocks = merged(inner);
        }
    }
    let inside = |line: &usize| is_inside(&blocks, *line);
    let kept: Vec<usize> = lines.iter().copied().filter(inside).collect();
    if kept.is_empty() { lines } else { kept }
}

/// The lines that an anchor may be, in order.
fn heads(page: &Page<'_>, anchor: &str) -> Vec<usize> {
    let same = page.like(anchor);
    if !page.spend(same.len()) {
        return Vec::new();
    }
    if !same.is_empty() || anchor.len() < SHORTEST_BEGINNING || !page.spend(page.len()) {
        return same.to_vec();
    }
    let begins = |line: &usize| page.line(*line).trim_start().starts_with(anchor);
    (0..page.len()).filter(begins).collect()
}

/// Blocks that overlap as one; they are sorted by their first lines.
fn merged(blocks: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (from, to) in blocks {
        match merged.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

fn is_inside(blocks: &[(usize, usize)], line: usize) -> bool {
    let after = blocks.partition_point(|it| it.0 <= line);
    after > 0 && line < blocks[after - 1].1
}
