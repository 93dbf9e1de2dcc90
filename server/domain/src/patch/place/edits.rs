//! The edits that a placed hunk means. Only lines that change are touched; lines that come get the indentation and the
//! line ends of the file.

use super::super::{Line, LineHunk};
use super::indent::Indents;
use super::page::Page;
use super::search::At;
use super::{not_found, whole};
use crate::edit::TextEdit;
use crate::finding::RawPlace;
use crate::locate::{Located, Locator, Tier};
use crate::text::{Text, TextRange};

/// The edits of a hunk whose old lines stand at a place.
pub(super) fn of_lines(page: &Page<'_>, hunk: &LineHunk, at: At) -> Vec<TextEdit> {
    let indents = Indents::of(page, hunk, at);
    let mut edits = Vec::new();
    let (mut line, mut run) = (at.line, Run::at(at.line));
    for (index, of_hunk) in hunk.lines.iter().enumerate() {
        match of_hunk {
            Line::Context(_) => {
                run.finish(page, &mut edits);
                line += 1;
                run = Run::at(line);
            }
            Line::Removed(_) => {
                line += 1;
                run.to = line;
            }
            Line::Added(text) => run.added.push(indents.fitted(index, text)),
        }
    }
    run.finish(page, &mut edits);
    edits
}

/// Lines that go, and the lines that come in their place.
struct Run {
    from: usize,
    to: usize,
    added: Vec<String>,
}

impl Run {
    fn at(line: usize) -> Self {
        Self {
            from: line,
            to: line,
            added: Vec::new(),
        }
    }

    fn finish(self, page: &Page<'_>, edits: &mut Vec<TextEdit>) {
        let Self { from, to, added } = self;
        // An empty last line that the hunk has and the page has not.
        let to = to.min(page.len());
        if from >= to && added.is_empty() {
            return;
        }
        let mut range = TextRange::new(page.start(from), page.start(to).max(page.start(from)));
        let end = page.line_end(from.min(page.len().saturating_sub(1)));
        let mut new_text: String = added
            .iter()
            .flat_map(|line| [line.as_str(), &end])
            .collect();
        if to == page.len() && !page.is_ended() {
            // The last line of the file has no end, and keeps none.
            if from == to {
                new_text.insert_str(0, &end);
            }
            new_text.truncate(new_text.len().saturating_sub(end.len()));
            if added.is_empty() && from > 0 {
                // Its end goes with the lines after it.
                range.start = page.start(from) - page.line_end(from - 1).len();
            }
        }
        if page.text.slice(range) != new_text {
            edits.push(TextEdit { range, new_text });
        }
    }
}

/// The edit of a hunk whose old lines are a piece of a line, or begin and end inside of lines, in just one place.
pub(super) fn inside_a_line(text: &Text, hunk: &LineHunk) -> Option<Vec<TextEdit>> {
    let side = |keep: fn(&Line) -> Option<&String>| {
        let lines: Vec<&str> = hunk
            .lines
            .iter()
            .filter_map(keep)
            .map(String::as_str)
            .collect();
        lines.join("\n")
    };
    let old = side(|line| match line {
        Line::Context(text) | Line::Removed(text) => Some(text),
        Line::Added(_) => None,
    });
    let new = side(|line| match line {
        Line::Context(text) | Line::Added(text) => Some(text),
        Line::Removed(_) => None,
    });
    let has_words = old.chars().filter(|c| c.is_alphanumeric()).count() >= 3;
    if !has_words || hunk.line.is_some() || !hunk.anchors.is_empty() {
        return None;
    }
    let place = RawPlace {
        quote: Some(old.clone()),
        ..RawPlace::default()
    };
    let Located::At {
        range,
        tier: Tier::Exact,
    } = Locator::new(text).locate(&place, "")
    else {
        return None;
    };
    (text.slice(range) == old).then(|| {
        vec![TextEdit {
            range,
            new_text: new,
        }]
    })
}

/// The edit of a place in the words of a finding.
pub(super) fn of_place(
    locator: &Locator<'_>,
    place: &RawPlace,
    new_text: &str,
) -> Result<Vec<TextEdit>, String> {
    let text = locator.text();
    let located = locator.locate(place, "");
    let Located::At { range, tier } = located else {
        return Err(not_found(&located));
    };
    let by_text = place.quote.is_some() && tier.allows_edit();
    if place.quote.is_some() && !by_text {
        return Err("its text is not in the file".to_owned());
    }
    if by_text {
        let old = text.slice(range);
        if tier == Tier::Exact {
            let new_text = new_text.to_owned();
            return Ok(Vec::from_iter(
                (old != new_text).then_some(TextEdit { range, new_text }),
            ));
        }
        return of_quoted_lines(text, place, range, new_text);
    }
    let range = named_lines(text, place).ok_or("it does not say which lines it is for")?;
    if !whole::is_like(&text.slice(range), new_text) {
        return Err("it has nothing in common with the lines whose numbers it gives".to_owned());
    }
    let page = Page::new(text);
    let old = text.slice(range).to_string();
    let hunk = LineHunk::replacing(&lines(&old), &lines(new_text));
    let line = text.line_of(range.start);
    let tier = Tier::Exact;
    Ok(of_lines(&page, &hunk, At { line, tier }))
}

/// A quote that is not letter by letter what stands there, as lines.
fn of_quoted_lines(
    text: &Text,
    place: &RawPlace,
    range: TextRange,
    new_text: &str,
) -> Result<Vec<TextEdit>, String> {
    let quote = place.quote.as_deref().unwrap_or_default();
    let page = Page::new(text);
    let hunk = LineHunk::replacing(&lines(quote), &lines(new_text));
    let line = text.line_of(range.start);
    match page.find(&lines(quote)) {
        Some((tier, found)) if found.contains(&line) => {
            Ok(of_lines(&page, &hunk, At { line, tier }))
        }
        _ => Err("its text is not in the file as it was quoted".to_owned()),
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.trim_matches(['\n', '\r']).lines().collect()
}

/// The bytes of the lines whose numbers a place gives, with their ends.
fn named_lines(text: &Text, place: &RawPlace) -> Option<TextRange> {
    let first = place.start_line?.checked_sub(1)? as usize;
    let last = place
        .end_line
        .map_or(first, |line| (line as usize).saturating_sub(1))
        .max(first);
    if place.start_column.is_some() || last >= text.line_count() {
        return None;
    }
    let start = text.line_range(first)?.start;
    let end = text
        .line_range(last + 1)
        .map_or(text.len(), |next| next.start);
    Some(TextRange::new(start, end))
}
