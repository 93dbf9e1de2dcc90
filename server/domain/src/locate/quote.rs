//! Readings of a quote: agents wrap what they quote in fences, line numbers and diff marks.

use super::form::split_lines;

/// One way to read a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) text: String,
    /// It was made of whole lines, so it may only match whole lines.
    pub(super) whole_lines: bool,
}

/// All ways to read a quote.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Readings {
    /// As it is, without fences, without line numbers.
    pub(super) plain: Vec<Reading>,
    /// Without the marks of a diff; to be preferred only when they match better.
    pub(super) undiffed: Vec<Reading>,
    /// 0-based line that a line-number gutter gives to the first line.
    pub(super) line: Option<usize>,
}

/// Longest quote that is searched for, in bytes. A longer one is no quote but a file.
pub(super) const MAX_QUOTE: usize = 64 * 1024;

/// Reads a quote; no reading at all for a blank or overlong one.
pub(super) fn readings(quote: &str) -> Readings {
    let mut result = Readings::default();
    if quote.trim().is_empty() || quote.len() > MAX_QUOTE {
        return result;
    }
    let raw = without_blank_edges(quote);
    push(&mut result.plain, &raw, false);
    let unfenced = unfenced(&raw);
    if let Some(text) = &unfenced {
        push(&mut result.plain, text, false);
    }
    let mut bare = unfenced.unwrap_or(raw);
    if let Some((text, line)) = without_gutter(&bare) {
        result.line = Some(line);
        push(&mut result.plain, &text, true);
        bare = text;
    }
    for text in without_diff_marks(&bare) {
        push(&mut result.undiffed, &text, true);
    }
    result
}

fn push(readings: &mut Vec<Reading>, text: &str, whole_lines: bool) {
    let text = without_blank_edges(text);
    if !text.trim().is_empty() && readings.iter().all(|it| it.text != text) {
        readings.push(Reading { text, whole_lines });
    }
}

/// Without blank lines before and after; the indentation of the first line stays.
fn without_blank_edges(quote: &str) -> String {
    let (head, tail) = (
        quote.len() - quote.trim_start().len(),
        quote.trim_end().len(),
    );
    let start = quote[..head].rfind(['\r', '\n']).map_or(0, |i| i + 1);
    let end = quote[tail..]
        .find(['\r', '\n'])
        .map_or(quote.len(), |i| tail + i);
    quote.get(start..end).unwrap_or("").to_owned()
}

/// Without a code fence around it, or the backticks of inline code.
fn unfenced(quote: &str) -> Option<String> {
    let mut lines: Vec<&str> = split_lines(quote).collect();
    let first = lines.first()?.trim();
    if let Some(fence) = ["```", "~~~"]
        .iter()
        .find(|fence| first.starts_with(**fence))
    {
        lines.remove(0);
        if lines
            .last()
            .is_some_and(|line| line.trim().starts_with(fence))
        {
            lines.pop();
        }
        return Some(lines.join("\n"));
    }
    let inline = quote.trim();
    let inner = inline.trim_matches('`');
    (lines.len() == 1 && inline.starts_with('`') && inline.ends_with('`') && !inner.is_empty())
        .then(|| inner.trim().to_owned())
}

/// Without the line numbers that stand before each line as `12 | code`, `12: code`, `12<tab>code` or
/// `L12: code`, perhaps behind a mark as in `> 12 | code`; also the first number, 0-based.
fn without_gutter(quote: &str) -> Option<(String, usize)> {
    let mut first = None;
    let mut result: Vec<&str> = Vec::new();
    for line in split_lines(quote) {
        if line.trim().is_empty() {
            result.push("");
            continue;
        }
        let (number, rest) = gutter(line)?;
        let expected = first.get_or_insert(number.checked_sub(result.len())?);
        // Numbers that do not count up are code, not a gutter.
        if *expected + result.len() != number {
            return None;
        }
        result.push(rest);
    }
    let line = first?.checked_sub(1)?;
    Some((result.join("\n"), line))
}

fn gutter(line: &str) -> Option<(usize, &str)> {
    let line = line.trim_start();
    let line = line
        .strip_prefix(['>', '*', '→'])
        .unwrap_or(line)
        .trim_start();
    let line = line.strip_prefix('L').unwrap_or(line);
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = line[..digits].parse().ok()?;
    let rest = &line[digits..];
    if let Some(rest) = rest.strip_prefix('\t') {
        return Some((number, rest));
    }
    let rest = rest
        .trim_start_matches(' ')
        .strip_prefix(['|', '│', ':', '→'])?;
    Some((number, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// The new side, the old side and both sides of what may be a piece of a unified diff.
fn without_diff_marks(quote: &str) -> Vec<String> {
    let lines = || split_lines(quote).filter(|line| !is_diff_header(line));
    let marked = lines().all(|line| line.is_empty() || line.starts_with(['+', '-', ' ']));
    let changed = lines().any(|line| line.starts_with(['+', '-']));
    if !marked || !changed {
        return Vec::new();
    }
    let without = |side: &[char]| {
        let kept = lines().filter(|line| !line.starts_with(side));
        let bare: Vec<&str> = kept.map(|line| line.get(1..).unwrap_or("")).collect();
        bare.join("\n")
    };
    vec![without(&['-']), without(&['+']), without(&[])]
}

fn is_diff_header(line: &str) -> bool {
    ["@@ ", "--- ", "+++ ", "diff --git ", "index "]
        .iter()
        .any(|header| line.starts_with(header))
}
