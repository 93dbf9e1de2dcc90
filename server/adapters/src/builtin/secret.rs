//! The check for secrets that are about to be committed, or already were.

use super::source::Source;
use crate::contract::Finding;
use domain::finding::{Category, Severity};
use domain::secrets::{Secret, scan};

/// Characters of a secret that may be shown; the rest appears in no part of a finding.
const SHOWN: usize = 4;

/// Longest part of the line before the secret that is quoted, in characters.
const MAX_BEFORE: usize = 60;

/// Finds secrets.
pub(crate) fn check(source: &Source<'_>) -> Vec<Finding> {
    let secrets = scan(source.text)
        .into_iter()
        .filter(|secret| source.is_asked(&secret.range));
    secrets.map(|secret| finding(source, &secret)).collect()
}

fn finding(source: &Source<'_>, secret: &Secret) -> Finding {
    let line = source.line_range(source.line_of(secret.range.start));
    let start = quote_start(&source.text[line.start..secret.range.start]) + line.start;
    let end = secret.range.start + SHOWN;
    let (first, last) = (source.place(start), source.place(end));
    // Shapes start with ASCII, so the cut cannot fall into a character.
    let beginning = &source.text[secret.range.start..end];
    Finding {
        path: source.path.to_owned(),
        start_line: first.line,
        end_line: last.line,
        quote: source.text[start..end].to_owned(),
        symbol: None,
        severity: Severity::Error,
        category: Category::Security,
        title: format!("{} (`{beginning}…`) stands in the file", secret_name(secret.kind)),
        body: "Whoever can read the file or its history can use it. Revoke it where it was issued, take the new one from \
               the environment or a secret store, and take the old one out of the history too if it was committed."
            .to_owned(),
        confidence: Some(0.95),
        replacement: None,
        start_column: Some(first.column),
        end_column: Some(last.column),
    }
}

/// Where the quote begins in what stands before the secret in its line: not at white space, and near enough.
fn quote_start(before: &str) -> usize {
    let indent = before.len() - before.trim_start().len();
    let cut = before
        .char_indices()
        .rev()
        .nth(MAX_BEFORE)
        .map_or(0, |(at, _)| at);
    indent.max(cut)
}

fn secret_name(kind: &str) -> String {
    let article = if kind.starts_with(['A', 'O']) {
        "An"
    } else {
        "A"
    };
    format!("{article} {kind}")
}
