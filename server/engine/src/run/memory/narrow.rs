//! What is left to ask when some hunks are known.

use super::Fate;
use super::hunks::FileHunks;
use crate::prompt;
use crate::scope::{Gathered, LineRange, Target};
use domain::text::TextRange;
use std::sync::Arc;

/// The targets with open hunks, each with those only.
pub(super) fn to_open(gathered: &Arc<Gathered>, files: &[FileHunks]) -> Arc<Gathered> {
    let is_open = |file: &FileHunks| file.hunks.iter().all(|it| it.fate == Fate::Open);
    if files.iter().all(is_open) {
        return gathered.clone();
    }
    let mut open = Gathered {
        diff: gathered.diff.as_ref().map(|_| String::new()),
        masked_diff: gathered.masked_diff.as_ref().map(|_| String::new()),
        base: gathered.base.clone(),
        deleted: gathered.deleted.clone(),
        ..Gathered::default()
    };
    for file in files {
        let lines = file.hunks.iter().filter(|it| it.fate == Fate::Open);
        let lines = joined(lines.map(|it| it.lines()).collect());
        let Some(target) = gathered
            .targets
            .get(file.target)
            .filter(|_| !lines.is_empty())
        else {
            continue;
        };
        let diff = target
            .diff
            .filter(|_| is_open(file) || target.ranges.is_some());
        let narrowed = (!is_open(file)).then_some(&lines);
        let diff =
            diff.and_then(|at| add_diff(&mut open, gathered, at, narrowed.map(Vec::as_slice)));
        open.targets.push(Target {
            ranges: if is_open(file) {
                target.ranges.clone()
            } else {
                Some(lines)
            },
            diff,
            ..target.clone()
        });
    }
    Arc::new(open)
}

/// Adds a file's section of the diff, of `lines` only where they are given.
fn add_diff(
    open: &mut Gathered,
    gathered: &Gathered,
    at: TextRange,
    lines: Option<&[LineRange]>,
) -> Option<TextRange> {
    let section = gathered.diff.as_deref()?.get(at.as_range())?;
    let masked = gathered.masked_diff.as_deref();
    let masked = masked.and_then(|it| it.get(at.as_range()));
    let (diff, masked_diff) = (open.diff.as_mut()?, open.masked_diff.as_mut());
    let start = diff.len();
    match lines {
        None => {
            diff.push_str(section);
            if let (Some(out), Some(masked)) = (masked_diff, masked) {
                out.push_str(masked);
            }
        }
        Some(lines) => {
            let kept = prompt::hunks_in(section, lines);
            diff.extend(kept.iter().filter_map(|it| section.get(it.clone())));
            if let (Some(out), Some(masked)) = (masked_diff, masked) {
                // Byte for byte as long.
                out.extend(kept.iter().filter_map(|it| masked.get(it.clone())));
            }
        }
    }
    Some(TextRange::new(start, diff.len()))
}

/// Sorted ranges, those that touch as one.
pub(super) fn joined(mut ranges: Vec<LineRange>) -> Vec<LineRange> {
    ranges.sort_unstable();
    let mut joined: Vec<LineRange> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start_line <= last.end_line.saturating_add(1) => {
                last.end_line = last.end_line.max(range.end_line);
            }
            _ => joined.push(range),
        }
    }
    joined
}
