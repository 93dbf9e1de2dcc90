//! Hunks: the places in which two texts differ, as whole lines.

use crate::edit::TextEdit;
use crate::text::{Text, TextRange};
use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffTag};
use std::ops::Range;

/// Changes with at most so many unchanged lines between them are one hunk: nobody wants to decide on them apart.
const JOINED: usize = 2;
/// Two stretches of lines whose lengths have a larger product than this are not compared line by line: the search could
/// take minutes, and a hunk that replaces all of one by all of the other is as right.
const MOST_COMPARED: usize = 400_000_000;

/// A place that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The text that must stand there for the hunk to make sense, in bytes of the base: the lines that change or go;
    /// where lines only come, the line before and the line after them. Always whole lines with their ends.
    pub range: TextRange,
    /// What changes, in bytes of the base: in order, none touching another, all of them inside of `range`.
    pub edits: Vec<TextEdit>,
}

impl Hunk {
    /// The text at [`Hunk::range`] after the hunk. `base` is the text that it is for.
    pub fn result(&self, base: &Text) -> String {
        let mut out = String::new();
        let mut from = self.range.start;
        for edit in &self.edits {
            out.push_str(&base.slice(TextRange::new(from, edit.range.start)));
            out.push_str(&edit.new_text);
            from = edit.range.end;
        }
        out.push_str(&base.slice(TextRange::new(from, self.range.end)));
        out
    }
}

/// The hunks that make `new` out of `base`.
pub(super) fn between(base: &Text, new: &Text) -> Vec<Hunk> {
    let (old_text, new_text) = (base.to_string(), new.to_string());
    let (old, new) = (Lines::of(&old_text), Lines::of(&new_text));
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut last_line = 0;
    for (going, coming) in differences(&old.lines, &new.lines) {
        let edit = TextEdit {
            range: old.bytes(&going),
            new_text: new_text[new.bytes(&coming).as_range()].to_owned(),
        };
        let range = if going.is_empty() {
            let neighbours = going.start.saturating_sub(1)..(going.end + 1).min(old.lines.len());
            old.bytes(&neighbours)
        } else {
            edit.range
        };
        match hunks.last_mut() {
            Some(hunk) if going.start - last_line <= JOINED => {
                hunk.range.end = hunk.range.end.max(range.end);
                hunk.edits.push(edit);
            }
            _ => hunks.push(Hunk {
                range,
                edits: vec![edit],
            }),
        }
        last_line = going.end;
    }
    hunks
}

/// The stretches of lines that differ: what goes and what comes instead.
fn differences(old: &[&str], new: &[&str]) -> Vec<(Range<usize>, Range<usize>)> {
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[prefix..], &new[prefix..]);
    let ends = old.iter().rev().zip(new.iter().rev());
    let suffix = ends.take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - suffix], &new[..new.len() - suffix]);
    let moved = |it: Range<usize>| it.start + prefix..it.end + prefix;
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    if old.len().saturating_mul(new.len()) > MOST_COMPARED {
        return vec![(moved(0..old.len()), moved(0..new.len()))];
    }
    let ops = similar::capture_diff_slices(Algorithm::Patience, old, new);
    ops.iter()
        .filter(|it| it.tag() != DiffTag::Equal)
        .map(|it| (moved(it.old_range()), moved(it.new_range())))
        .collect()
}

/// A text as lines with their ends. An empty last line is none.
struct Lines<'t> {
    lines: Vec<&'t str>,
    /// Where each begins, and where the text ends.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let mut starts = vec![0];
        let mut bytes = text.bytes().enumerate().peekable();
        while let Some((at, byte)) = bytes.next() {
            let is_end = match byte {
                b'\n' => true,
                b'\r' => bytes.peek().is_none_or(|(_, next)| *next != b'\n'),
                _ => false,
            };
            if is_end && at + 1 < text.len() {
                starts.push(at + 1);
            }
        }
        if text.is_empty() {
            return Self {
                lines: Vec::new(),
                starts,
            };
        }
        starts.push(text.len());
        let lines = starts.windows(2).map(|it| &text[it[0]..it[1]]).collect();
        Self { lines, starts }
    }

    /// The bytes of some lines.
    fn bytes(&self, lines: &Range<usize>) -> TextRange {
        let start = |line: usize| self.starts.get(line).copied();
        let end = self.starts.last().copied().unwrap_or_default();
        TextRange::new(
            start(lines.start).unwrap_or(end),
            start(lines.end).unwrap_or(end),
        )
    }
}
