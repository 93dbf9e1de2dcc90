//! Search/replace blocks, as Aider introduced them, and the variants of Cline and Roo Code.
//!
//! ```text
//! src/main.rs
//! <<<<<<< SEARCH
//! what is there
//! =======
//! what shall be there
//! >>>>>>> REPLACE
//! ```

use super::draft::{Draft, Last};
use super::lines::{Lines, fence};
use super::names::{path_among_words, path_in};
use super::{Action, Hunk, LineHunk};

/// Lines before a block in which its path is looked for.
const PATH_LINES: usize = 3;
/// Most lines of a block that may be its divider; where there are more, they have to be marked by a backslash.
const MAX_DIVIDERS: usize = 16;

/// Reads one block, if one begins here.
pub(super) fn read(lines: &mut Lines<'_>, draft: &mut Draft) -> bool {
    let (mark, number) = (lines.mark(), lines.number());
    if lines.next_if(is_head).is_none() {
        return false;
    }
    let path = path(lines, mark).or_else(|| match &draft.last {
        // Blocks without a path go on with the file before.
        Some(Last::Blocks(path)) => Some(path.clone()),
        _ => None,
    });
    let line = read_options(lines);
    let (block, is_ended) = take_block(lines);
    let dividers: Vec<usize> = (0..block.len())
        .filter(|at| is_divider(block[*at]))
        .collect();
    let problem = |what: &str| format!("the search/replace block in line {number} {what}");
    if dividers.is_empty() {
        draft.problem(problem("has no divider `=======`"));
    } else if !is_ended {
        draft.problem(problem("has no end `>>>>>>> REPLACE`"));
    } else if dividers.len() > MAX_DIVIDERS {
        draft.problem(problem("has too many dividers `=======`; those that belong to the text need a backslash before them"));
    } else if let Some(path) = path {
        match change(&block, &dividers, line) {
            Some(Change::Edit(hunk)) => draft.edit(&path, hunk),
            Some(Change::Create(text)) => {
                let executable = false;
                draft.push(&path, Action::Create { text, executable });
            }
            None => draft.problem(problem("changes nothing")),
        }
        draft.last = Some(Last::Blocks(path));
    } else {
        draft.problem(problem("names no file"));
    }
    true
}

/// What a block says.
enum Change {
    Edit(Hunk),
    Create(String),
}

/// The change of a block, parted at each of the dividers; `None` when it changes nothing.
fn change(block: &[&str], dividers: &[usize], line: Option<usize>) -> Option<Change> {
    let side = |lines: &[&str]| -> Vec<String> { lines.iter().map(|it| unescaped(it)).collect() };
    let is_blank = |lines: &[&str]| lines.iter().all(|line| line.trim().is_empty());
    if let [at] = dividers
        && is_blank(&block[..*at])
    {
        let mut text = side(&block[at + 1..]).join("\n");
        text.push('\n');
        return Some(Change::Create(text));
    }
    // The text decides which divider is meant: what is there beyond doubt is the longest that is there.
    let readings = dividers.iter().rev().map(|at| {
        let (search, replace) = (side(&block[..*at]), side(&block[at + 1..]));
        LineHunk {
            line,
            in_turn: true,
            ..LineHunk::swapping(
                search.iter().map(String::as_str),
                replace.iter().map(String::as_str),
            )
        }
    });
    let readings =
        readings.filter(|it| it.changes() && it.old().any(|line| !line.trim().is_empty()));
    let mut readings: Vec<LineHunk> = readings.collect();
    let last = readings.pop()?;
    Some(Change::Edit(if readings.is_empty() {
        Hunk::Lines(last)
    } else {
        readings.push(last);
        Hunk::Either(readings)
    }))
}

/// Roo Code's options at the begin of the search part.
fn read_options(lines: &mut Lines<'_>) -> Option<usize> {
    let mut start = None;
    while let Some(option) =
        lines.next_if(|line| line.starts_with(":start_line:") || line.starts_with(":end_line:"))
    {
        if let Some(number) = option.strip_prefix(":start_line:") {
            start = number.trim().parse().ok().filter(|line| *line > 0);
        }
    }
    // With options comes a line that ends them.
    if start.is_some() {
        lines.next_if(|line| line.trim() == "-------");
    }
    start
}

/// The lines up to the end of a block, and whether it has one. Reading goes on where another block begins.
fn take_block<'a>(lines: &mut Lines<'a>) -> (Vec<&'a str>, bool) {
    let mark = lines.mark();
    let mut block = Vec::new();
    while let Some(line) = lines.peek().filter(|line| !is_head(line)) {
        lines.next();
        if is_end(line) {
            return (block, true);
        }
        block.push(line);
    }
    // Some models end a block with a second divider.
    let mut dividers = (0..block.len()).filter(|at| is_divider(block[*at]));
    if let (Some(_), Some(end), None) = (dividers.next(), dividers.next(), dividers.next())
        && block[end + 1..]
            .iter()
            .take(1)
            .all(|line| line.is_empty() || fence(line).is_some())
    {
        lines.go_to(mark + end + 1);
        block.truncate(end);
        return (block, true);
    }
    // What comes after a fence that ends within the block is no part of it.
    let inside = block
        .iter()
        .position(|line| fence(line).is_some_and(|it| it.2.is_empty()));
    if let Some(end) = inside.filter(|_| lines.inside.is_some()) {
        lines.go_to(mark + end);
        block.truncate(end);
    }
    (block, false)
}

/// Markers that belong to the text are escaped with a backslash.
fn unescaped(line: &str) -> String {
    let escaped = line.strip_prefix('\\').filter(|rest| is_marker(rest));
    escaped.unwrap_or(line).to_owned()
}

fn is_marker(line: &str) -> bool {
    is_head(line) || is_divider(line) || is_end(line) || line.trim_end() == "-------"
}

pub(super) fn is_head(line: &str) -> bool {
    word_after(line, '<').or_else(|| word_after(line, '-')) == Some("SEARCH")
}

fn is_end(line: &str) -> bool {
    word_after(line, '>').or_else(|| word_after(line, '+')) == Some("REPLACE")
}

fn is_divider(line: &str) -> bool {
    word_after(line, '=') == Some("")
}

/// What stands after five to nine of a mark.
fn word_after(line: &str, mark: char) -> Option<&str> {
    let rest = line.trim_end().trim_start_matches(mark);
    let count = line.trim_end().len() - rest.len();
    let rest = rest.trim();
    let rest = rest.strip_suffix('>').unwrap_or(rest);
    (5..=9).contains(&count).then_some(rest)
}

/// The path in the lines before a block: alone in a line, else the only one among words.
fn path(lines: &mut Lines<'_>, head: usize) -> Option<String> {
    let read = lines.mark() - head;
    let before: Vec<&str> = (1..=PATH_LINES)
        .map_while(|back| lines.behind(read + back))
        .take_while(|line| !is_end(line))
        .collect();
    let alone = before.iter().enumerate().find_map(|(back, line)| {
        let named = match fence(line) {
            Some((_, _, info)) => super::names::path_in_info(info).or_else(|| path_in(info)),
            None => path_in(line),
        };
        Some((back, named?))
    });
    if let Some((back, path)) = alone {
        let at = head - back - 1;
        lines.belong_to_edit(at..at + 1);
        return Some(path);
    }
    before.iter().find_map(|line| path_among_words(line))
}
