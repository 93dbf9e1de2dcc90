//! The check for merge-conflict markers that were left in a file.

use super::source::Source;
use crate::contract::Finding;
use domain::finding::{Category, Severity};
use std::ops::Range;

/// Finds whole sets of markers: a start, perhaps a base, a middle and an end, each at the start of a line. A lone
/// `=======` is a heading in several languages and no marker.
pub(crate) fn check(source: &Source<'_>) -> Vec<Finding> {
    if !source.text.contains(START) {
        return Vec::new();
    }
    let prose = is_markdown(source.path);
    let sets = sets(source).into_iter();
    sets.filter(|set| !(prose && set.in_fence))
        .filter_map(|set| set.finding(source))
        .collect()
}

const START: &str = "<<<<<<<";
const BASE: &str = "|||||||";
const MIDDLE: &str = "=======";
const END: &str = ">>>>>>>";

/// Longest label shown, in characters.
const MAX_LABEL: usize = 60;

/// Whole set of markers, in 0-based lines.
struct Set {
    lines: Range<usize>,
    /// All of it stands in one fenced block, as an example does.
    in_fence: bool,
}

enum Seen {
    Nothing,
    Start { line: usize, fence: Option<usize> },
    Middle { line: usize, fence: Option<usize> },
}

fn sets(source: &Source<'_>) -> Vec<Set> {
    let mut sets = Vec::new();
    let (mut seen, mut fence) = (Seen::Nothing, None);
    for number in 0..source.line_count() {
        let line = source.line(number);
        if line.starts_with("```") || line.starts_with("~~~") {
            fence = if fence.is_some() { None } else { Some(number) };
        }
        // A start begins anew wherever it stands: what came before was no set.
        seen = match seen {
            _ if is_marker(line, START) && !is_edit_block(line) => Seen::Start {
                line: number,
                fence,
            },
            Seen::Start { line: start, fence } if line == MIDDLE => {
                Seen::Middle { line: start, fence }
            }
            Seen::Start { .. } if is_marker(line, END) => Seen::Nothing,
            Seen::Middle {
                line: start,
                fence: began,
            } if is_marker(line, END) => {
                sets.push(Set {
                    lines: start..number,
                    in_fence: began.is_some() && began == fence,
                });
                Seen::Nothing
            }
            seen => seen,
        };
    }
    sets
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|label| label.is_empty() || label.starts_with(' '))
}

/// Blocks in which agents write edits look like conflicts and are quoted in prompts and in documentation.
fn is_edit_block(line: &str) -> bool {
    matches!(label(line), "SEARCH" | "ORIGINAL")
}

fn label(line: &str) -> &str {
    line[START.len()..].trim()
}

fn is_markdown(path: &str) -> bool {
    let extension = path
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    matches!(
        extension.as_deref(),
        Some("md" | "mdx" | "markdown" | "mkd" | "qmd" | "rmd")
    )
}

impl Set {
    fn finding(&self, source: &Source<'_>) -> Option<Finding> {
        let bytes =
            source.line_range(self.lines.start).start..source.line_range(self.lines.end).end;
        if !source.is_asked(&bytes) {
            return None;
        }
        let (start, end) = (source.line(self.lines.start), source.line(self.lines.end));
        let place = source.place(bytes.start);
        let last = self.lines.end + 1;
        Some(Finding {
            path: source.path.to_owned(),
            start_line: place.line,
            end_line: place.line,
            quote: start.to_owned(),
            symbol: None,
            severity: Severity::Error,
            category: Category::Correctness,
            title: format!(
                "Merge conflict{} was left in the file",
                sides(label(start), label(end))
            ),
            body: format!(
                "The conflict goes to line {last}. Keep the lines of one side, or of both, and delete the lines that \
                 start with `{START}`, `{BASE}`, `{MIDDLE}` and `{END}`."
            ),
            confidence: Some(0.99),
            replacement: None,
            start_column: Some(place.column),
            end_column: source
                .place(source.line_range(self.lines.start).end)
                .column
                .into(),
        })
    }
}

fn sides(ours: &str, theirs: &str) -> String {
    match (shown(ours), shown(theirs)) {
        (Some(ours), Some(theirs)) => format!(" between {ours} and {theirs}"),
        (Some(side), None) | (None, Some(side)) => format!(" with {side}"),
        (None, None) => String::new(),
    }
}

fn shown(label: &str) -> Option<String> {
    (!label.is_empty()).then(|| format!("`{}`", domain::sanitize::line(label, MAX_LABEL)))
}
