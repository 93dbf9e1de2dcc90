//! Fenced blocks: whole files under their path, diffs without headers, and the suggestion blocks of GitHub and GitLab.

use super::draft::{Draft, Last};
use super::lines::{Lines, fence};
use super::names::{is_citation, path_among_words, path_in, path_in_comment, path_in_info};
use super::{Action, Hunk, apply_patch, json, search_replace, unified};
use crate::answer::spot_of;
use crate::finding::RawPlace;

/// Most blocks without an end that are looked for; what is in a fence after so many is not read as a block.
const MAX_UNENDED: usize = 16;

/// Reads one fenced block, if one begins here and holds a file, a diff or a suggestion. Of one that holds another format,
/// only the line is read that begins it, and later the one that ends it.
pub(super) fn read(lines: &mut Lines<'_>, draft: &mut Draft) -> bool {
    let number = lines.number();
    let Some((mark, count, info)) = lines.peek().and_then(fence) else {
        return false;
    };
    if lines.inside.is_some() {
        if lines.ends_fence() {
            lines.inside = None;
        }
        lines.next();
        return true;
    }
    if lines.unended > MAX_UNENDED {
        return false;
    }
    let (before, back) = match lines.behind(1).filter(|line| !line.trim().is_empty()) {
        Some(line) => (line, 1),
        None => (lines.behind(2).unwrap_or_default(), 2),
    };
    let head = lines.mark();
    let block = Block {
        mark,
        count,
        info,
        before,
        head,
        back,
        number,
    };
    lines.next();
    block.read(lines, draft);
    true
}

/// A block, and what is said about it.
struct Block<'a> {
    mark: char,
    count: usize,
    info: &'a str,
    /// The line before it that is not blank.
    before: &'a str,
    /// Where it begins.
    head: usize,
    /// How many lines before that its name may stand.
    back: usize,
    /// The same as line number for messages.
    number: usize,
}

impl Block<'_> {
    fn read(&self, lines: &mut Lines<'_>, draft: &mut Draft) {
        if let Some(reach) = self.info.strip_prefix("suggestion") {
            let (text, is_ended) = self.content(lines, "");
            return self.suggestion(reach, is_ended.then_some(text), lines, draft);
        }
        let body = lines.mark();
        let (text, is_ended) = self.content(lines, self.info);
        lines.unended += usize::from(!is_ended);
        if holds_another_format(&text) {
            self.enter(body, lines);
            return;
        }
        let named = path_in_info(self.info).or_else(|| path_in(self.before));
        if self.holds_diff(&text) {
            let path = named.or_else(|| path_among_words(self.before));
            let path = path.or_else(|| match &draft.last {
                Some(Last::Diff(path) | Last::Codex(path)) => Some(path.clone()),
                _ => None,
            });
            self.takes_name(lines);
            self.enter(body, lines);
            return unified::read_headless(path.as_deref(), lines, draft, self.number);
        }
        let end = lines.mark();
        if is_citation(self.info) {
            return lines.are_words(self.head..end);
        }
        if named.is_none() && is_ended && self.may_be_json(&text) && json::read_text(&text, draft) {
            return;
        }
        let first = text.lines().next().filter(|_| is_ended);
        let inside = first.and_then(path_in_comment);
        let Some(path) = named.clone().or_else(|| inside.clone()) else {
            // Code that belongs to no file.
            return lines.are_words(self.head..end);
        };
        self.takes_name(lines);
        if !is_ended {
            return draft.problem(format!(
                "the block of `{path}` in line {} has no end: the answer was cut",
                self.number
            ));
        }
        let is_titled = inside.is_some() && (named.is_none() || named == inside);
        let text = match text.split_once('\n') {
            Some((_, rest)) if is_titled => rest.to_owned(),
            _ => text,
        };
        let exact = false;
        draft.push(&path, Action::Rewrite { text, exact });
    }

    /// Goes into the block, to read what is in it in another format.
    fn enter(&self, body: usize, lines: &mut Lines<'_>) {
        lines.go_to(body);
        lines.inside = Some((self.mark, self.count));
    }

    /// Where the line before has the name only, it is part of the edit.
    fn takes_name(&self, lines: &mut Lines<'_>) {
        if path_in(self.before).is_some()
            && let Some(at) = self.head.checked_sub(self.back)
        {
            lines.belong_to_edit(at..at + 1);
        }
    }

    fn language(&self) -> &str {
        let word = self.info.split_whitespace().next().unwrap_or_default();
        word.split([':', '{', ',']).next().unwrap_or_default()
    }

    /// True for hunks of a diff without the lines that name the file.
    fn holds_diff(&self, text: &str) -> bool {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let is_diff = matches!(self.language(), "diff" | "patch" | "udiff");
        match lines.next() {
            Some(first) if first.starts_with("@@") => is_diff || first[2..].contains("@@"),
            Some(first) => {
                is_diff
                    && [first]
                        .into_iter()
                        .chain(lines)
                        .any(|it| it.starts_with(['+', '-']))
            }
            None => false,
        }
    }

    fn may_be_json(&self, text: &str) -> bool {
        matches!(
            self.language(),
            "" | "json" | "jsonc" | "json5" | "jsonl" | "sarif"
        ) && text.trim_start().starts_with(['{', '['])
    }

    /// The lines up to the end of the fence, and whether it has one. In markdown, fences may be nested.
    fn content(&self, lines: &mut Lines<'_>, info: &str) -> (String, bool) {
        let language = info.split_whitespace().next().unwrap_or_default();
        let may_nest = matches!(language, "md" | "markdown");
        let mut nested = false;
        let mut text = String::new();
        while let Some(line) = lines.next() {
            if let Some((other, length, info)) = fence(line)
                && other == self.mark
                && length >= self.count
            {
                match (may_nest, nested, info.is_empty()) {
                    (true, false, false) => nested = true,
                    (true, true, true) => nested = false,
                    (_, _, true) => return (text, true),
                    _ => {}
                }
            }
            text += line;
            text.push('\n');
        }
        (text, false)
    }

    fn suggestion(
        &self,
        reach: &str,
        text: Option<String>,
        lines: &mut Lines<'_>,
        draft: &mut Draft,
    ) {
        let number = self.number;
        let Some(text) = text else {
            return draft.problem(format!(
                "the suggestion in line {number} has no end: the answer was cut"
            ));
        };
        let spot = spot_of(self.before);
        let place = spot.and_then(|(path, place)| Some((path?, reached(place, reach)?)));
        let Some((path, place)) = place else {
            return draft.problem(format!(
                "the suggestion in line {number} does not say which lines of which file it is for"
            ));
        };
        if let Some(at) = self.head.checked_sub(self.back) {
            lines.belong_to_edit(at..at + 1);
        }
        let hunk = Hunk::Place {
            place,
            new_text: text,
            counted: false,
        };
        draft.edit(&path, hunk);
    }
}

/// GitLab's `:-2+1`: that many lines above and below the one that is named.
fn reached(mut place: RawPlace, reach: &str) -> Option<RawPlace> {
    let line = place.start_line?;
    let Some(reach) = reach.trim().strip_prefix(":-") else {
        return Some(place);
    };
    let (above, below) = reach.split_once('+')?;
    place.start_line = Some(line.checked_sub(above.parse().ok()?)?.max(1));
    place.end_line = Some(
        place
            .end_line
            .unwrap_or(line)
            .checked_add(below.parse().ok()?)?,
    );
    Some(place)
}

/// True when a line begins a change in another format.
fn holds_another_format(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start).peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().copied().unwrap_or_default();
        if apply_patch::HEADS.iter().any(|it| line.starts_with(it))
            || line.starts_with("diff --git ")
            || search_replace::is_head(line)
            || (line.starts_with("--- ") && next.starts_with("+++ "))
        {
            return true;
        }
    }
    false
}
