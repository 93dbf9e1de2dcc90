//! What stands before the hunks of a unified or git diff: names, modes, renames.

use super::super::lines::Lines;

/// What the headers say before the first hunk.
#[derive(Default)]
pub(super) struct Header {
    /// From `diff --git`.
    git: Option<(String, String)>,
    old: Option<String>,
    new: Option<String>,
    rename: Option<(Option<String>, Option<String>)>,
    copy: Option<(Option<String>, Option<String>)>,
    pub(super) created: bool,
    pub(super) deleted: bool,
    pub(super) executable: Option<bool>,
    /// Why it is no diff of text.
    pub(super) foreign: Option<&'static str>,
}

/// Reads the lines before the hunks of a file, if there are some here.
pub(super) fn read(lines: &mut Lines<'_>) -> Option<Header> {
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
        let after = |prefix: &str| line.strip_prefix(prefix);
        if after("similarity index ").is_some() || after("dissimilarity index ").is_some() {
        } else if let Some(old) = after("old mode ") {
            self.mode(old);
        } else if let Some(new) = after("new mode ") {
            self.executable = self.mode(new);
        } else if let Some(new) = after("new file mode ") {
            (self.created, self.executable) = (true, self.mode(new));
        } else if let Some(old) = after("deleted file mode ") {
            self.deleted = true;
            self.mode(old);
        } else if let Some(index) = after("index ") {
            let said = index.split_once(' ').and_then(|(_, it)| self.mode(it));
            self.executable = self.executable.or(said.filter(|it| *it));
        } else if let Some(from) = after("rename from ") {
            self.rename.get_or_insert_default().0 = Some(unquoted(from));
        } else if let Some(to) = after("rename to ") {
            self.rename.get_or_insert_default().1 = Some(unquoted(to));
        } else if let Some(from) = after("copy from ") {
            self.copy.get_or_insert_default().0 = Some(unquoted(from));
        } else if let Some(to) = after("copy to ") {
            self.copy.get_or_insert_default().1 = Some(unquoted(to));
        } else if line.starts_with("Binary files ") || line == "GIT binary patch" {
            self.foreign = Some("is binary");
        } else {
            return false;
        }
        true
    }

    /// Whether a file with this mode is executable; notes what is no file.
    fn mode(&mut self, mode: &str) -> Option<bool> {
        match mode.trim() {
            "120000" => self.foreign = Some("is of a symbolic link"),
            "160000" => self.foreign = Some("is of a submodule"),
            _ => {}
        }
        Some(mode.trim().ends_with("755"))
    }

    /// The file that is copied, and the copy.
    pub(super) fn copied(&self) -> Option<(&str, &str)> {
        let (from, to) = self.copy.as_ref()?;
        Some((from.as_deref()?, to.as_deref()?))
    }

    /// The old and the new name; `None` for the side that is missing.
    pub(super) fn paths(&self) -> (Option<String>, Option<String>) {
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
