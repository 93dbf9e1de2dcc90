//! Fenced blocks: whole files under their path, and the suggestion blocks of GitHub and GitLab.

use super::lines::{Lines, fence};
use super::{Action, Hunk, Patch, search_replace};
use crate::answer::spot_of;
use crate::finding::RawPlace;

/// Longest path looked for in a line, in bytes.
const MAX_PATH: usize = 300;

/// Reads one fenced block, if one begins here and holds a file or a suggestion. Of one that holds another format, only
/// the line is read that begins it, and later the one that ends it.
pub(super) fn read(lines: &mut Lines<'_>, patch: &mut Patch) -> bool {
    let number = lines.number();
    let Some((mark, count, info)) = lines.peek().and_then(fence) else {
        return false;
    };
    let before = lines.behind(1).filter(|line| !line.trim().is_empty());
    let before = before.or_else(|| lines.behind(2)).unwrap_or_default();
    lines.next();
    if let Some((open, length)) = lines.inside {
        if open == mark && length <= count && info.is_empty() {
            lines.inside = None;
        }
        return true;
    }
    if let Some(reach) = info.strip_prefix("suggestion") {
        let (text, is_ended) = content(lines, mark, count, "");
        suggestion(reach, before, is_ended.then_some(text), number, patch);
        return true;
    }
    let body = lines.mark();
    let (text, is_ended) = content(lines, mark, count, info);
    if holds_another_format(&text) {
        lines.go_to(body);
        lines.inside = Some((mark, count));
        return true;
    }
    let named = path_in_info(info).or_else(|| path_in(before));
    let first = text.lines().next().filter(|_| is_ended);
    let inside = first.and_then(path_in_comment);
    let Some(path) = named.clone().or_else(|| inside.clone()) else {
        // Code that belongs to no file.
        return true;
    };
    if !is_ended {
        patch.problem(format!(
            "the block of `{path}` in line {number} has no end: the answer was cut"
        ));
        return true;
    }
    let is_titled = inside.is_some() && (named.is_none() || named == inside);
    let text = match text.split_once('\n') {
        Some((_, rest)) if is_titled => rest.to_owned(),
        _ => text,
    };
    patch.push(&path, Action::Rewrite { text });
    true
}

fn suggestion(reach: &str, before: &str, text: Option<String>, number: usize, patch: &mut Patch) {
    let Some(text) = text else {
        return patch.problem(format!(
            "the suggestion in line {number} has no end: the answer was cut"
        ));
    };
    let spot = spot_of(before);
    let place = spot.and_then(|(path, place)| Some((path?, reached(place, reach)?)));
    let Some((path, place)) = place else {
        return patch.problem(format!(
            "the suggestion in line {number} does not say which lines of which file it is for"
        ));
    };
    let new_text = text;
    patch.edit(&path, Hunk::Place { place, new_text });
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

/// The lines up to the end of the fence, and whether it has one. In markdown, fences may be nested.
fn content(lines: &mut Lines<'_>, mark: char, count: usize, info: &str) -> (String, bool) {
    let language = info.split_whitespace().next().unwrap_or_default();
    let may_nest = matches!(language, "md" | "markdown");
    let mut nested = false;
    let mut text = String::new();
    while let Some(line) = lines.next() {
        if let Some((other, length, info)) = fence(line)
            && other == mark
            && length >= count
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

/// True when a line begins a change in another format.
fn holds_another_format(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start).peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().copied().unwrap_or_default();
        let begins = [
            "*** Begin Patch",
            "*** Update File: ",
            "*** Add File: ",
            "*** Delete File: ",
            "diff --git ",
        ]
        .iter()
        .any(|it| line.starts_with(it));
        if begins
            || search_replace::is_head(line)
            || (line.starts_with("--- ") && next.starts_with("+++ "))
        {
            return true;
        }
    }
    false
}

/// The path in the info string of a fence: `rust path=src/a.rs`, `rust title="src/a.rs"`, `rust:src/a.rs`, `src/a.rs`.
fn path_in_info(info: &str) -> Option<String> {
    for key in ["path=", "file=", "filename=", "title="] {
        if let Some((_, rest)) = info.split_once(key) {
            let quoted = rest.strip_prefix('"').and_then(|it| it.split_once('"'));
            let bare = rest.split_whitespace().next().unwrap_or_default();
            return path_in(quoted.map_or(bare, |(path, _)| path));
        }
    }
    let word = info.split_whitespace().next().unwrap_or_default();
    match word.split_once(':') {
        Some((_, path)) => path_in(path),
        None => path_in(word).filter(|path| path.contains(['/', '.'])),
    }
}

/// The path in a line that has nothing but the path, in whatever markup.
pub(super) fn path_in(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches(['#', '*', '-', '>', ' ']);
    let line = strip_word(line, "File")
        .or_else(|| strip_word(line, "Path"))
        .unwrap_or(line);
    let line =
        line.trim_matches(|c: char| matches!(c, '*' | '`' | '"' | '\'' | ':' | ' ' | '(' | ')'));
    let line = line.trim_end_matches(" (new)").trim_end_matches('`');
    let is_name = !line.is_empty()
        && line.len() <= MAX_PATH
        && line.contains(['/', '.', '\\'])
        && !line.ends_with('.')
        && !line.contains(|c: char| {
            c.is_control()
                || matches!(
                    c,
                    '`' | '<' | '>' | '|' | '*' | '?' | '"' | ';' | '{' | '}' | '='
                )
        })
        && !line.contains("://");
    // A sentence has several words; a path may have blanks, but not between all its parts.
    let has_few_words = line.split_whitespace().count() <= 1 + line.matches('/').count();
    (is_name && has_few_words).then(|| line.to_owned())
}

fn strip_word<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let line = line.trim_start_matches(['*', '`']);
    let rest = line
        .get(word.len()..)
        .filter(|_| line[..word.len()].eq_ignore_ascii_case(word))?;
    rest.trim_start_matches(['*', '`']).strip_prefix(':')
}

/// The path in a comment that has nothing else.
fn path_in_comment(line: &str) -> Option<String> {
    let line = line.trim();
    let inner = ["//", "#", "--", ";", "%", "/*", "<!--"]
        .iter()
        .find_map(|mark| line.strip_prefix(mark))?;
    let inner = inner.trim_end_matches("*/").trim_end_matches("-->").trim();
    let path = path_in(inner)?;
    // `#include` and the like are no paths, nor is a sentence.
    let has_extension = path
        .rsplit(['/', '\\'])
        .next()
        .is_some_and(|name| name.contains('.'));
    (has_extension && !path.contains(' ') && !path.starts_with('!')).then_some(path)
}
