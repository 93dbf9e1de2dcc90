//! Unified and git diffs.
//!
//! Format: git's documentation of `diff-generate-patch`, GNU diffutils' manual. The counts of a hunk are not believed:
//! models get them wrong, so a hunk ends where its lines end.

use super::lines::Lines;
use super::{Action, Hunk, Line, LineHunk, Patch};

/// What the headers say before the first hunk.
#[derive(Default)]
struct Header {
    /// From `diff --git`.
    git: Option<(String, String)>,
    old: Option<String>,
    new: Option<String>,
    rename: Option<(Option<String>, Option<String>)>,
    copy: bool,
    created: bool,
    deleted: bool,
    executable: Option<bool>,
    binary: bool,
}

/// Reads the diff of one file, if one begins here.
pub(super) fn read(lines: &mut Lines<'_>, patch: &mut Patch) -> bool {
    let number = lines.number();
    let Some(header) = read_header(lines) else {
        return false;
    };
    let mut hunks = Vec::new();
    while let Some(hunk) = read_hunk(lines) {
        hunks.push(hunk);
    }
    add(patch, &header, hunks, number);
    true
}

fn read_header(lines: &mut Lines<'_>) -> Option<Header> {
    let mark = lines.mark();
    let mut header = Header::default();
    if let Some(line) = lines.next_if(|line| line.starts_with("diff --git ")) {
        header.git = git_paths(line.trim_start_matches("diff --git "));
        while let Some(line) = lines.peek() {
            if !header.take_extended(line) {
                break;
            }
            lines.next();
        }
    } else if lines.peek()?.starts_with("Index: ") && lines.ahead(1)?.starts_with("====") {
        lines.next();
        lines.next();
    }
    let is_pair = lines.peek().is_some_and(|line| line.starts_with("--- "))
        && lines.ahead(1).is_some_and(|line| line.starts_with("+++ "));
    if is_pair {
        header.old = lines.next().map(|line| file_name(&line[4..]));
        header.new = lines.next().map(|line| file_name(&line[4..]));
    } else if header.git.is_none() {
        lines.go_to(mark);
        return None;
    }
    Some(header)
}

impl Header {
    /// Takes an extended header line of git.
    fn take_extended(&mut self, line: &str) -> bool {
        let mode = |mode: &str| Some(mode.trim().ends_with("755"));
        let after = |prefix: &str| line.strip_prefix(prefix);
        if after("old mode ").is_some()
            || after("similarity index ").is_some()
            || after("dissimilarity index ").is_some()
        {
        } else if let Some(new) = after("new mode ") {
            self.executable = mode(new);
        } else if let Some(new) = after("new file mode ") {
            (self.created, self.executable) = (true, mode(new));
        } else if after("deleted file mode ").is_some() {
            self.deleted = true;
        } else if let Some(index) = after("index ") {
            let said = index.split_once(' ').and_then(|(_, it)| mode(it));
            self.executable = self.executable.or(said.filter(|it| *it));
        } else if let Some(from) = after("rename from ") {
            self.rename.get_or_insert_default().0 = Some(unquoted(from));
        } else if let Some(to) = after("rename to ") {
            self.rename.get_or_insert_default().1 = Some(unquoted(to));
        } else if after("copy from ").is_some() || after("copy to ").is_some() {
            self.copy = true;
        } else if line.starts_with("Binary files ") || line == "GIT binary patch" {
            self.binary = true;
        } else {
            return false;
        }
        true
    }

    fn paths(&self) -> (Option<String>, Option<String>) {
        if let Some((from, to)) = &self.rename {
            return (from.clone(), to.clone());
        }
        let git = self.git.as_ref();
        let old = self.old.clone().or_else(|| git.map(|it| it.0.clone()));
        let new = self.new.clone().or_else(|| git.map(|it| it.1.clone()));
        let (old, new) = (
            old.filter(|it| it != NOTHING),
            new.filter(|it| it != NOTHING),
        );
        // The letters stand for the two sides only where both have them.
        match (&old, &new) {
            (Some(a), Some(b)) if side(a, 'a') && side(b, 'b') => (Some(bare(a)), Some(bare(b))),
            (Some(a), None) if side(a, 'a') => (Some(bare(a)), None),
            (None, Some(b)) if side(b, 'b') => (None, Some(bare(b))),
            _ => (old, new),
        }
    }
}

/// What stands for the missing side of a new or deleted file.
const NOTHING: &str = "/dev/null";

fn side(path: &str, letter: char) -> bool {
    path.strip_prefix(letter)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn bare(path: &str) -> String {
    path[2..].to_owned()
}

fn add(patch: &mut Patch, header: &Header, hunks: Vec<LineHunk>, number: usize) {
    let executable = header.executable;
    let (old, new) = header.paths();
    let created = header.created || (old.is_none() && new.is_some());
    let deleted = header.deleted || (old.is_some() && new.is_none());
    let Some(path) = (if created { new.clone() } else { old }) else {
        return patch.problem(format!("the diff in line {number} names no file"));
    };
    if header.binary || header.copy {
        let what = if header.binary {
            "is binary"
        } else {
            "copies a file"
        };
        return patch.problem(format!("the diff of `{path}` {what}, which is not taken"));
    }
    if created {
        let text = new_text(&hunks);
        let executable = executable.unwrap_or(false);
        return patch.push(&path, Action::Create { text, executable });
    }
    if deleted {
        return patch.push(&path, Action::Delete);
    }
    let rename = new.filter(|new| *new != path);
    let hunks: Vec<Hunk> = hunks
        .into_iter()
        .filter(LineHunk::changes)
        .map(Hunk::Lines)
        .collect();
    if hunks.is_empty() && rename.is_none() && executable.is_none() {
        return patch.problem(format!("the diff of `{path}` changes nothing"));
    }
    let action = Action::Edit {
        hunks,
        rename,
        executable,
    };
    patch.push(&path, action);
}

/// The text of a new file.
fn new_text(hunks: &[LineHunk]) -> String {
    let mut text = String::new();
    for line in hunks.iter().flat_map(|hunk| &hunk.lines) {
        if let Line::Added(line) | Line::Context(line) = line {
            text += line;
            text.push('\n');
        }
    }
    if hunks.last().is_some_and(|hunk| hunk.ends_without_newline) {
        text.pop();
    }
    text
}

/// Reads one hunk, if one begins here.
fn read_hunk(lines: &mut Lines<'_>) -> Option<LineHunk> {
    let head = lines.next_if(|line| line.starts_with("@@"))?;
    let (line, counts, section) = hunk_head(head);
    let mut hunk = LineHunk {
        line,
        anchors: section.into_iter().collect(),
        ..LineHunk::default()
    };
    let mut marks = Vec::new();
    while let Some(line) = lines.peek() {
        let read = match line.split_at_checked(1) {
            // Editors and models drop the blank of an empty context line.
            None => Line::Context(String::new()),
            Some((" ", text)) => Line::Context(text.to_owned()),
            Some(("+", text)) => Line::Added(text.to_owned()),
            Some(("-", text)) if !begins_file(lines) => Line::Removed(text.to_owned()),
            Some(("\\", _)) => {
                hunk.ends_without_newline |= !matches!(hunk.lines.last(), Some(Line::Removed(_)));
                lines.next();
                continue;
            }
            _ => break,
        };
        marks.push(lines.mark());
        hunk.lines.push(read);
        lines.next();
    }
    drop_blank_end(lines, &mut hunk, &marks, counts);
    Some(hunk)
}

/// Blank lines after a hunk are no part of it, unless its count says so.
fn drop_blank_end(
    lines: &mut Lines<'_>,
    hunk: &mut LineHunk,
    marks: &[usize],
    counts: Option<usize>,
) {
    let is_blank = |line: &Line| matches!(line, Line::Context(text) if text.is_empty());
    let blank = hunk
        .lines
        .iter()
        .rev()
        .take_while(|line| is_blank(line))
        .count();
    let told = counts.unwrap_or(0).max(hunk.lines.len() - blank);
    if told < hunk.lines.len()
        && let Some(mark) = marks.get(told)
        // A line with its blank is meant.
        && lines_are_empty(lines, *mark)
    {
        hunk.lines.truncate(told);
        lines.go_to(*mark);
    }
}

/// True when the lines from `mark` to the next one to read are empty, without even a blank.
fn lines_are_empty(lines: &Lines<'_>, mark: usize) -> bool {
    (1..=lines.mark().saturating_sub(mark))
        .all(|back| lines.behind(back).is_some_and(str::is_empty))
}

/// True when the next line is no removed line but the header of the next file.
fn begins_file(lines: &Lines<'_>) -> bool {
    lines.peek().is_some_and(|line| line.starts_with("--- "))
        && lines.ahead(1).is_some_and(|line| line.starts_with("+++ "))
        && lines.ahead(2).is_some_and(|line| line.starts_with("@@"))
}

/// Takes `@@ -3,7 +3,8 @@ fn main()` apart: first old line, number of lines in the hunk, section. All may be missing.
fn hunk_head(head: &str) -> (Option<usize>, Option<usize>, Option<String>) {
    let head = head.trim_start_matches('@').trim();
    let (ranges, section) = match head.split_once("@@") {
        Some((ranges, section)) => (ranges.trim(), section.trim()),
        // Without numbers, everything is the section.
        None if head.starts_with('-') => (head, ""),
        None => ("", head),
    };
    let mut numbers = ranges.split_whitespace().map(|range| {
        let range = range.trim_start_matches(['-', '+']);
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        (start.parse().ok(), count.parse::<usize>().ok())
    });
    let old = numbers.next();
    let line = old.and_then(|it| it.0).filter(|line| *line > 0);
    let count = old
        .and_then(|it| it.1)
        .zip(numbers.next().and_then(|it| it.1));
    let section = Some(section.to_owned()).filter(|it| !it.is_empty() && *it != "...");
    // A hunk has at least as many lines as either side.
    (line, count.map(|(old, new)| old.max(new)), section)
}

/// The two paths of `diff --git`, which are parted by a blank that may also be in them.
fn git_paths(text: &str) -> Option<(String, String)> {
    if text.starts_with('"') {
        let (old, rest) = quoted(text)?;
        return Some((old, unquoted(rest.trim())));
    }
    // Without a rename both are the same but for their letter.
    let halves = text.match_indices(' ').find_map(|(at, _)| {
        let (old, new) = (&text[..at], &text[at + 1..]);
        (side(old, 'a') && side(new, 'b') && old[2..] == new[2..]).then_some((old, new))
    });
    let (old, new) = halves.or_else(|| text.split_once(' '))?;
    Some((old.to_owned(), unquoted(new)))
}

/// The name after `--- ` or `+++ `: without a date, unquoted.
fn file_name(text: &str) -> String {
    let text = text.trim_end();
    if text.starts_with('"') {
        return unquoted(text);
    }
    let name = text.split_once('\t').map_or(text, |(name, _)| name);
    name.trim_end().to_owned()
}

/// A path as git writes it: C-quoted where it has unusual characters.
fn unquoted(text: &str) -> String {
    quoted(text).map_or_else(|| text.to_owned(), |(path, _)| path)
}

/// Reads a C-quoted path, and gives what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut bytes = Vec::new();
    let mut rest = inner.as_bytes();
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => break,
            b'\\' => {
                let (&escape, after) = rest.split_first()?;
                rest = after;
                bytes.push(match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    b'0'..=b'3' => {
                        let (digits, after) = rest.split_at_checked(2)?;
                        rest = after;
                        let digits = [escape, digits[0], digits[1]];
                        let octal = std::str::from_utf8(&digits).ok()?;
                        u8::from_str_radix(octal, 8).ok()?
                    }
                    other => other,
                });
            }
            byte => bytes.push(byte),
        }
    }
    let path = String::from_utf8(bytes).ok()?;
    Some((path, &inner[inner.len() - rest.len()..]))
}
