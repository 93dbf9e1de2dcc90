//! A file written anew: as edits of what it was, and only if it is all there.

use super::super::{Line, LineHunk};
use super::edits;
use super::page::Page;
use super::search::At;
use crate::edit::TextEdit;
use crate::locate::Tier;
use crate::text::Text;

/// More of the old lines than this may not vanish, in percent; else the answer is a piece of the file.
const MOST_LOST: usize = 60;
/// Files with fewer lines may change as they like.
const SMALL: usize = 10;
/// Less of the text than this in common means that the numbers are wrong, in percent.
const LEAST_COMMON: usize = 40;

/// The edits that make `new` out of a file's text.
///
/// # Errors
/// Why `new` is not the whole file.
pub(super) fn rewrite(text: &Text, new: &str) -> Result<Vec<TextEdit>, String> {
    let old = text.to_string();
    if let Some(line) = new
        .lines()
        .find(|line| is_elision(line) && !old.contains(line.trim()))
    {
        let line = crate::sanitize::line(line, 80);
        return Err(format!("it leaves something out (`{line}`)"));
    }
    let page = Page::new(text);
    let old_lines: Vec<&str> = (0..page.len()).map(|line| page.line(line)).collect();
    let new_lines: Vec<&str> = new.lines().collect();
    let hunk = LineHunk::replacing(&old_lines, &new_lines);
    let counts = |line: &str| !line.trim().is_empty();
    let removed = hunk
        .lines
        .iter()
        .filter(|line| matches!(line, Line::Removed(text) if counts(text)));
    let (lost, all) = (
        removed.count(),
        old_lines.iter().filter(|line| counts(line)).count(),
    );
    if all >= SMALL && lost * 100 > all * MOST_LOST {
        return Err(format!(
            "{lost} of {all} lines would vanish, so it is not the whole file"
        ));
    }
    let at = At {
        line: 0,
        tier: Tier::Exact,
    };
    Ok(edits::of_lines(&page, &hunk, at))
}

/// A comment that stands for code that was left out.
fn is_elision(line: &str) -> bool {
    let line = line.trim();
    let comment = ["//", "#", "--", "/*", "<!--", ";", "%", "{/*"]
        .iter()
        .find_map(|mark| line.strip_prefix(mark));
    let Some(words) = comment else {
        return matches!(line, "..." | "…" | "[...]");
    };
    let words = words
        .trim_end_matches("*/")
        .trim_end_matches("-->")
        .trim()
        .to_lowercase();
    let dots = words.starts_with("...")
        || words.starts_with('…')
        || words.ends_with("...")
        || words.ends_with('…');
    let says = [
        "existing code",
        "rest of",
        "unchanged",
        "remaining",
        "same as before",
        "previous code",
        "omitted",
        "keep the",
        "other code",
    ]
    .iter()
    .any(|it| words.contains(it));
    dots && (says || words.trim_matches(['.', '…', ' ']).is_empty())
        || (says
            && (words.starts_with("rest of")
                || words.contains("remains unchanged")
                || words.contains("omitted for brevity")))
}

/// True when two pieces of text have enough words in common to be versions of one another.
pub(super) fn is_like(old: &str, new: &str) -> bool {
    fn words(text: &str) -> Vec<&str> {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        let mut words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.sort_unstable();
        words
    }
    let (old, new) = (words(old), words(new));
    if old.is_empty() || new.is_empty() {
        return true;
    }
    let mut rest = new.as_slice();
    let common = old.iter().filter(|word| match rest.binary_search(word) {
        Ok(at) => {
            let first = rest[..=at].iter().position(|it| it == *word).unwrap_or(at);
            rest = &rest[first + 1..];
            true
        }
        Err(at) => {
            rest = &rest[at..];
            false
        }
    });
    common.count() * 100 >= old.len().min(new.len()) * LEAST_COMMON
}
