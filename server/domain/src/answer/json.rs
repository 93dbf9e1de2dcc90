//! Finding JSON in text: all of it, in fenced blocks, line by line, or in the midst of prose.

use super::repair::repair;
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde_json::Value;
use std::hash::BuildHasher;

/// How much may be read in vain before giving up: this many times the text's length, and some bytes more.
/// Keeps hostile text from taking long.
const MAX_WASTE: (usize, usize) = (4, 1024 * 1024);

/// What JSON a text holds.
#[derive(Default)]
pub(crate) struct Found {
    /// The values, objects and lists only, in order.
    pub(crate) values: Vec<Value>,
    /// Why some of it could not be read.
    pub(crate) error: Option<String>,
    /// Where among them a value with this hash is.
    seen: FxHashMap<u64, usize>,
}

/// All of the text as JSON, one value or several after each other; mended if need be.
pub(crate) fn whole(text: &str) -> Option<Found> {
    let text = text.trim().trim_start_matches('\u{feff}');
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let strict = stream(text);
    if strict.error.is_none() {
        return Some(strict);
    }
    let mended = stream(&repair(text));
    if mended.error.is_none() {
        return Some(mended);
    }
    None
}

/// The contents of fenced blocks that are JSON.
pub(super) fn fenced(text: &str) -> Vec<Value> {
    fences(text)
        .into_iter()
        .filter_map(whole)
        .flat_map(|it| it.values)
        .collect()
}

/// Values in the midst of prose, or what is whole of a text that was cut off.
pub(crate) fn scattered(text: &str) -> Found {
    let found = scan(text);
    if found.error.is_none() {
        return found;
    }
    // A slip in the midst of one large value: mend from its first to its last bracket.
    let slice = text
        .find(['{', '['])
        .and_then(|start| Some(&text[start..=text.rfind(['}', ']'])?.max(start)]));
    match slice.and_then(whole) {
        Some(mended) => mended,
        None => found,
    }
}

/// The contents of fenced blocks; one that is never closed ends with the text.
pub(super) fn fences(text: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let end = at + line.len();
        match open {
            Some((mark, start))
                if trimmed.starts_with(mark)
                    && trimmed.trim_start_matches(&mark[..1]).is_empty() =>
            {
                blocks.push(&text[start..at]);
                open = None;
            }
            Some(_) => {}
            None => {
                if let Some(mark) = fence_mark(trimmed) {
                    open = Some((mark, end));
                }
            }
        }
        at = end;
    }
    if let Some((_, start)) = open {
        blocks.push(&text[start..]);
    }
    blocks
}

/// The backticks or tildes of a line that opens a block.
pub(super) fn fence_mark(trimmed: &str) -> Option<&str> {
    let mark = trimmed
        .chars()
        .next()
        .filter(|it| matches!(it, '`' | '~'))?;
    let len = trimmed.chars().take_while(|it| *it == mark).count();
    (len >= 3 && !trimmed[len..].contains('`')).then(|| &trimmed[..len])
}

/// Values one after the other, with nothing but white space between them.
fn stream(text: &str) -> Found {
    let mut found = Found::default();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    loop {
        match values.next() {
            Some(Ok(value)) => found.push(value),
            Some(Err(error)) => {
                found.error = Some(error.to_string());
                return found;
            }
            None => return found,
        }
    }
}

/// Looks at every bracket that may start a value.
fn scan(text: &str) -> Found {
    let mut found = Found::default();
    let mut at = 0;
    let mut waste = 0;
    while let Some(start) = next_start(text, at) {
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                found.push(value);
                at = start + values.byte_offset();
            }
            Some(Err(error)) => {
                waste += cost(&text[start..], &error);
                found.error.get_or_insert_with(|| error.to_string());
                at = start + 1;
            }
            None => at = start + 1,
        }
        if waste > MAX_WASTE.0 * text.len() + MAX_WASTE.1 {
            break;
        }
    }
    found
}

/// Where an object with a key, or a list of objects, seems to start.
fn next_start(text: &str, from: usize) -> Option<usize> {
    text[from..]
        .match_indices(['{', '['])
        .map(|(at, _)| from + at)
        .find(|at| {
            let after = text[at + 1..].trim_start();
            if text[*at..].starts_with('{') {
                after.starts_with('"')
            } else {
                after.starts_with('{')
            }
        })
}

/// How many bytes were read before `error`.
fn cost(text: &str, error: &serde_json::Error) -> usize {
    if error.is_eof() {
        return text.len();
    }
    let before: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    before + error.column()
}

impl Found {
    /// Takes an object or a list that is not there yet.
    fn push(&mut self, value: Value) {
        if !value.is_object() && !value.is_array() {
            return;
        }
        let hash = FxBuildHasher.hash_one(&value);
        let seen = self.seen.get(&hash).and_then(|at| self.values.get(*at));
        if seen != Some(&value) {
            self.seen.insert(hash, self.values.len());
            self.values.push(value);
        }
    }
}
