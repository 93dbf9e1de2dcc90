//! A file written anew: as edits of what it was, and only if it is all there.

use super::super::{Line, LineHunk};
use super::page::Page;
use super::search::At;
use super::{edits, elision};
use crate::edit::TextEdit;
use crate::locate::Tier;
use crate::text::Text;
use rustc_hash::FxHashMap;

/// More of the old lines than this may not vanish, in percent; else the answer is a piece of the file.
const MOST_LOST: usize = 60;
/// Files with fewer lines may change as they like.
const SMALL: usize = 10;

/// The edits that make `new` out of a file's text, which keeps its line ends. It keeps the end of its last line, too, unless
/// `new` is told letter by letter (`exact`) and differs in nothing else.
///
/// # Errors
/// Why `new` is not the whole file.
pub(super) fn rewrite(
    path: &str,
    text: &Text,
    new: &str,
    exact: bool,
) -> Result<Vec<TextEdit>, String> {
    let page = Page::new(text, 0);
    if let Some(line) = elision::find(path, new.lines(), |line| page.has(line)) {
        return Err(elision::told(line));
    }
    let old_lines: Vec<&str> = (0..page.len()).map(|line| page.line(line)).collect();
    let new_lines: Vec<&str> = new.lines().collect();
    let counts = |line: &&&str| !line.trim().is_empty();
    let all = old_lines.iter().filter(counts).count();
    let refused = |lost: usize| {
        (all >= SMALL && lost * 100 > all * MOST_LOST)
            .then(|| format!("{lost} of {all} lines would vanish, so it is not the whole file"))
    };
    // To compare two texts that have nothing in common takes longest.
    if let Some(why) = refused(missing(&old_lines, &new_lines)) {
        return Err(why);
    }
    let mut hunk = LineHunk::replacing(&old_lines, &new_lines);
    if exact && !new.is_empty() && old_lines == new_lines {
        (hunk.old_is_cut, hunk.new_is_cut) = (!page.is_ended(), !new.ends_with('\n'));
    }
    let removed = hunk
        .lines
        .iter()
        .filter(|line| matches!(line, Line::Removed(text) if !text.trim().is_empty()));
    if let Some(why) = refused(removed.count()) {
        return Err(why);
    }
    let at = At {
        line: 0,
        tier: Tier::Exact,
    };
    Ok(edits::of_lines(&page, &hunk, at))
}

/// How many of the old lines that are not blank are nowhere in the new ones.
fn missing(old: &[&str], new: &[&str]) -> usize {
    let mut left: FxHashMap<&str, usize> = FxHashMap::default();
    for line in new {
        *left.entry(line).or_default() += 1;
    }
    let mut is_missing = |line: &&&str| {
        let count = left.get_mut(**line).filter(|it| **it > 0);
        count.map(|it| *it -= 1).is_none()
    };
    let counts = old.iter().filter(|line| !line.trim().is_empty());
    counts.filter(|line| is_missing(line)).count()
}

/// How much two pieces of text have in common, in percent of the words of the shorter one; `None` where one has no words:
/// brackets alone are everywhere.
pub(super) fn likeness(old: &str, new: &str) -> Option<usize> {
    fn words(text: &str) -> impl Iterator<Item = &str> {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.filter(|word| !word.is_empty())
    }
    let mut left: FxHashMap<&str, usize> = FxHashMap::default();
    let mut of_old = 0;
    for word in words(old) {
        *left.entry(word).or_default() += 1;
        of_old += 1;
    }
    let (mut of_new, mut common) = (0, 0);
    for word in words(new) {
        of_new += 1;
        if let Some(count) = left.get_mut(word).filter(|it| **it > 0) {
            *count -= 1;
            common += 1;
        }
    }
    (common * 100_usize).checked_div(of_old.min(of_new))
}
