//! The last ways to find a quote: with an edge dropped, with lines left out, and by similarity.

use super::Tier;
use super::choose::{Edge, Hint, WINDOW};
use super::form::{Form, split_lines};
use super::matches::{self, Found};
use super::quote::Reading;
use super::source::Source;
use crate::text::TextRange;
use std::ops::RangeInclusive;

/// Least similarity of a place to the quote: aider's edit distance threshold.
const MIN_SIMILARITY: f64 = 0.8;
/// How much less similar the runner-up must be.
const MARGIN: f64 = 0.1;
/// Fewest characters of a quote, and of what is left of one, to be found when it does not match in full.
const MIN_CHARS: usize = 10;
/// Most pairs of characters compared for one quote; beyond it the quote counts as not found.
const MAX_CELLS: usize = 20_000_000;
/// Most lines looked at, and most bytes of each.
const MAX_LINES: usize = 5000;
const MAX_LINE: usize = 2000;
/// Least similarity of what stands between an equal first and last line.
const MIN_MIDDLE: f64 = 0.6;

/// Finds a quote of three lines or more without its first or its last line, which agents tend to
/// make up or to cut.
pub(super) fn without_edge(source: &Source, hint: &Hint, readings: &[Reading]) -> Option<Found> {
    let shortened: Vec<Reading> = readings
        .iter()
        .flat_map(|reading| {
            let lines: Vec<&str> = split_lines(&reading.text).collect();
            let parts: &[&[&str]] = match &lines[..] {
                [_, tail @ ..] if tail.len() >= 2 => &[tail, &lines[..lines.len() - 1]],
                _ => &[],
            };
            let texts: Vec<String> = parts.iter().map(|part| part.join("\n")).collect();
            texts.into_iter().map(|text| Reading {
                text: text.trim().to_owned(),
                whole_lines: true,
            })
        })
        .filter(|reading| long_enough(&reading.text))
        .collect();
    let found = matches::find(source, hint, &shortened)?;
    Some(Found {
        tier: Tier::DroppedEdge,
        ..found
    })
}

fn long_enough(text: &str) -> bool {
    text.chars().filter(|c| !c.is_whitespace()).count() >= MIN_CHARS
}

/// Finds the place that is similar to the quote, if it is clearly more similar than any other within
/// the lines from `first` to `last`.
pub(super) fn similar(
    source: &Source,
    reading: &Reading,
    (first, last): (usize, usize),
) -> Option<TextRange> {
    let last = last.min(source.line_count().saturating_sub(1));
    if !long_enough(&reading.text) || last.saturating_sub(first) >= MAX_LINES {
        return None;
    }
    let quote: Vec<Vec<char>> = split_lines(&reading.text).map(folded).collect();
    let mut budget = Budget { cells: MAX_CELLS };
    match &quote[..] {
        [line] => similar_part_of_line(source, line, first..=last, &mut budget),
        lines => similar_lines(source, lines, first..=last, &mut budget)
            .or_else(|| between_anchors(source, lines, first..=last, &mut budget)),
    }
}

/// The lines to look at: around the hint, else inside the symbol, else all.
pub(super) fn region(source: &Source, hint: &Hint, inside: &[TextRange]) -> (usize, usize) {
    if let Some(window) = hint.window(source, WINDOW) {
        return window;
    }
    match inside {
        [block] => (source.line_of(block.start), source.line_of(block.end)),
        _ => (0, source.line_count().saturating_sub(1)),
    }
}

fn folded(line: &str) -> Vec<char> {
    Form::Unicode.quote(head(line)).chars().collect()
}

/// The part of a line that is looked at.
fn head(line: &str) -> &str {
    &line[..line.floor_char_boundary(MAX_LINE)]
}

/// What may still be spent on comparing.
struct Budget {
    cells: usize,
}

impl Budget {
    fn spend(&mut self, cells: usize) -> Option<()> {
        self.cells = self.cells.checked_sub(cells)?;
        Some(())
    }
}

/// The best of several places by similarity, if it is good enough and the next one is clearly worse.
fn clear_winner(mut places: Vec<(f64, TextRange)>, least: f64) -> Option<TextRange> {
    places.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (best, range) = *places.first()?;
    let runner_up = places.get(1).map_or(0.0, |place| place.0);
    (best >= least && runner_up <= best - MARGIN).then_some(range)
}

/// Windows of as many lines as the quote has, compared line by line.
fn similar_lines(
    source: &Source,
    quote: &[Vec<char>],
    region: RangeInclusive<usize>,
    budget: &mut Budget,
) -> Option<TextRange> {
    let lines: Vec<Vec<char>> = region
        .clone()
        .map(|line| folded(source.line(line)))
        .collect();
    let mut places = Vec::new();
    for (i, window) in lines.windows(quote.len()).enumerate() {
        if let Some(similarity) = similarity_of_lines(quote, window, budget)? {
            let first = region.start() + i;
            places.push((
                similarity,
                source.trimmed_lines(first, first + quote.len() - 1),
            ));
        }
    }
    clear_winner(places, MIN_SIMILARITY)
}

/// How similar two blocks of equally many lines are; `Some(None)` when they are too different to matter,
/// `None` when the budget is spent.
fn similarity_of_lines(
    quote: &[Vec<char>],
    window: &[Vec<char>],
    budget: &mut Budget,
) -> Option<Option<f64>> {
    let pairs = || quote.iter().zip(window);
    let total: usize = pairs().map(|(a, b)| a.len().max(b.len())).sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "lengths of quotes are far below 2^52"
    )]
    let share = |errors: usize| errors as f64 / total.max(1) as f64;
    let hopeless = 1.0 - MIN_SIMILARITY + MARGIN;
    let mut errors: usize = pairs().map(|(a, b)| a.len().abs_diff(b.len())).sum();
    for (a, b) in pairs() {
        if share(errors) > hopeless {
            return Some(None);
        }
        errors += distance(a, b, budget)? - a.len().abs_diff(b.len());
    }
    Some(Some(1.0 - share(errors)))
}

/// Blocks whose first and last line are the quote's, with a similar middle of perhaps another length.
fn between_anchors(
    source: &Source,
    quote: &[Vec<char>],
    region: RangeInclusive<usize>,
    budget: &mut Budget,
) -> Option<TextRange> {
    let [head, middle @ .., tail] = quote else {
        return None;
    };
    if middle.is_empty() || head.is_empty() || tail.is_empty() {
        return None;
    }
    let lines: Vec<Vec<char>> = region
        .clone()
        .map(|line| folded(source.line(line)))
        .collect();
    let middle = middle.join(&'\n');
    let mut places = Vec::new();
    for first in (0..lines.len()).filter(|i| lines[*i] == *head) {
        let reach = (first + 2 * quote.len()).min(lines.len());
        for last in (first + 1..reach).filter(|i| lines[*i] == *tail) {
            let between = lines[first + 1..last].join(&'\n');
            let errors = distance(&middle, &between, budget)?;
            let longer = middle.len().max(between.len()).max(1);
            #[expect(
                clippy::cast_precision_loss,
                reason = "lengths of quotes are far below 2^52"
            )]
            let similarity = 1.0 - errors as f64 / longer as f64;
            let at = region.start();
            places.push((similarity, source.trimmed_lines(at + first, at + last)));
        }
    }
    clear_winner(places, MIN_MIDDLE)
}

/// The part of each line that is most similar to a quote of one line.
fn similar_part_of_line(
    source: &Source,
    quote: &[char],
    region: RangeInclusive<usize>,
    budget: &mut Budget,
) -> Option<TextRange> {
    let mut places = Vec::new();
    for line in region {
        let range = source.line_range(line);
        let chars: Vec<(usize, char)> = head(source.line(line)).char_indices().collect();
        let folded: Vec<char> = chars.iter().map(|(_, c)| ascii_like(*c)).collect();
        budget.spend(quote.len() * folded.len())?;
        let (errors, start, end) = best_part(quote, &folded);
        #[expect(
            clippy::cast_precision_loss,
            reason = "lengths of quotes are far below 2^52"
        )]
        let similarity = 1.0 - errors as f64 / quote.len().max(1) as f64;
        let offset =
            |i: usize| range.start + chars.get(i).map_or(range.len(), |(offset, _)| *offset);
        let part = TextRange::new(offset(start), offset(end));
        places.push((similarity, whole_words(source, part, range)));
    }
    clear_winner(places, MIN_SIMILARITY)
}

/// One character for one, so that places in the line stay what they are.
fn ascii_like(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let mut buffer = [0; 4];
    let folded = Form::Unicode.quote(c.encode_utf8(&mut buffer));
    folded.chars().next().unwrap_or(c)
}

/// Extends a part of a line to the ends of the words it cuts, and leaves out white space at its ends.
fn whole_words(source: &Source, part: TextRange, line: TextRange) -> TextRange {
    let text = &source.whole;
    let trimmed = text[part.as_range()].trim();
    let start = part.start + (part.len() - text[part.as_range()].trim_start().len());
    let (mut start, mut end) = (start.min(part.end), start.min(part.end) + trimmed.len());
    while start > line.start && Edge::of(text, TextRange::new(start, start)) < Edge::Word {
        start = text.floor_char_boundary(start - 1);
    }
    while end < line.end && Edge::of(text, TextRange::new(end, end)) < Edge::Word {
        end = text.ceil_char_boundary(end + 1);
    }
    TextRange::new(start, end)
}

/// Edit distance (Levenshtein) of two strings.
fn distance(a: &[char], b: &[char], budget: &mut Budget) -> Option<usize> {
    let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    budget.spend(a.len() * b.len() + head + tail)?;
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied()
}

/// The part of `text` with the least edit distance to `pattern` (Sellers' algorithm): errors, start, end.
fn best_part(pattern: &[char], text: &[char]) -> (usize, usize, usize) {
    // Each cell: errors so far and where the part begins.
    let mut row: Vec<(usize, usize)> = (0..=text.len()).map(|start| (0, start)).collect();
    for (i, x) in pattern.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (i + 1, 0);
        for (j, y) in text.iter().enumerate() {
            let replaced = (diagonal.0 + usize::from(x != y), diagonal.1);
            diagonal = row[j + 1];
            let left_out = (diagonal.0 + 1, diagonal.1);
            let added = (row[j].0 + 1, row[j].1);
            row[j + 1] = [replaced, left_out, added]
                .into_iter()
                .min_by_key(|it| it.0)
                .unwrap_or(replaced);
        }
    }
    let best = row.iter().enumerate().min_by_key(|(_, cell)| cell.0);
    best.map_or((pattern.len(), 0, 0), |(end, &(errors, start))| {
        (errors, start.min(end), end)
    })
}
