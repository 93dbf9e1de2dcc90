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

use super::fenced::path_in;
use super::lines::{Lines, fence};
use super::{Action, FilePatch, Hunk, LineHunk, Patch};

/// Lines before a block in which its path is looked for.
const PATH_LINES: usize = 3;

/// Reads one block, if one begins here.
pub(super) fn read(lines: &mut Lines<'_>, patch: &mut Patch) -> bool {
    let (mark, number) = (lines.mark(), lines.number());
    if lines.next_if(is_head).is_none() {
        return false;
    }
    let path = path(lines, mark).or_else(|| last_path(patch));
    let line = read_options(lines);
    let Some(search) = take_until(lines, is_divider) else {
        patch.problem(format!(
            "the search/replace block in line {number} has no divider `=======`"
        ));
        return true;
    };
    let Some(replace) = take_until(lines, |line| is_end(line) || is_divider(line)) else {
        patch.problem(format!(
            "the search/replace block in line {number} has no end `>>>>>>> REPLACE`"
        ));
        return true;
    };
    let Some(path) = path else {
        patch.problem(format!(
            "the search/replace block in line {number} names no file"
        ));
        return true;
    };
    if search.iter().all(|line| line.trim().is_empty()) {
        let mut text = replace.join("\n");
        text.push('\n');
        let executable = false;
        patch.push(&path, Action::Create { text, executable });
        return true;
    }
    let hunk = LineHunk {
        line,
        ..replacing(&search, &replace)
    };
    if hunk.changes() {
        patch.edit(&path, Hunk::Lines(hunk));
    } else {
        patch.problem(format!(
            "the search/replace block in line {number} changes nothing"
        ));
    }
    true
}

fn replacing(search: &[String], replace: &[String]) -> LineHunk {
    let search: Vec<&str> = search.iter().map(String::as_str).collect();
    let replace: Vec<&str> = replace.iter().map(String::as_str).collect();
    LineHunk::replacing(&search, &replace)
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

/// The lines up to one that is such; markers that belong to the text are escaped with a backslash.
fn take_until(lines: &mut Lines<'_>, is: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let mut taken = Vec::new();
    loop {
        let line = lines.next()?;
        if is(line) {
            return Some(taken);
        }
        let escaped = line.strip_prefix('\\').filter(|rest| is_marker(rest));
        taken.push(escaped.unwrap_or(line).to_owned());
    }
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

/// The path in the lines before a block.
fn path(lines: &Lines<'_>, head: usize) -> Option<String> {
    let read = lines.mark() - head;
    let before = (1..=PATH_LINES).map_while(|back| lines.behind(read + back));
    for line in before {
        if is_end(line) {
            return None;
        }
        let named = match fence(line) {
            Some((_, _, info)) => path_in(info),
            None => path_in(line),
        };
        if named.is_some() {
            return named;
        }
    }
    None
}

/// Blocks without a path go on with the file before.
fn last_path(patch: &Patch) -> Option<String> {
    patch
        .files
        .last()
        .map(|FilePatch { path, .. }| path.clone())
}
