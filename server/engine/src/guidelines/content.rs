//! What one guideline file says.

use super::Reader;
use crate::read::Open;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Most bytes of a file that are read, to find its section about reviews.
const MAX_READ: u64 = 256 * 1024;
/// Headings of a section that is meant for reviewers, in lower case.
const HEADINGS: &[&str] = &[
    "code review rules",
    "code review guidelines",
    "review guidelines",
    "review rules",
];

/// A file's text without its front matter, and what the front matter says.
#[derive(Clone, Debug)]
pub(super) struct Content {
    /// What is sent of it.
    pub(super) text: String,
    /// The file was longer than what is read.
    pub(super) cut: bool,
    scope: Scope,
}

/// Which files it holds for.
#[derive(Clone, Debug)]
enum Scope {
    All,
    Globs(Gitignore),
    Nothing,
}

impl Content {
    /// Reads a file; `None` when it is unreadable or empty.
    pub(super) fn read(path: &str, file: Open, reader: Reader) -> Option<Self> {
        let mut bytes = file.start(MAX_READ + 1).ok()?;
        let cut = bytes.len() as u64 > MAX_READ;
        bytes.truncate(usize::try_from(MAX_READ).unwrap_or(usize::MAX));
        let text = String::from_utf8_lossy(&bytes);
        Self::new(path, text.trim_start_matches('\u{feff}'), cut, reader)
    }

    fn new(path: &str, text: &str, cut: bool, reader: Reader) -> Option<Self> {
        let (front, body) = split_front_matter(text);
        let has_front_matter = path.ends_with(".mdc")
            || path.ends_with(".instructions.md")
            || path.contains("/rules/");
        let (scope, body) = if has_front_matter {
            (scope(front), body)
        } else {
            (Scope::All, text)
        };
        let section = review_section(body).filter(|_| reader == Reader::Reviewer);
        let text = section.unwrap_or(body).trim();
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
            cut,
            scope,
        })
    }

    /// True when it holds for `target`; its globs start at the directory that has the rules.
    pub(super) fn holds_for(&self, path: &str, target: &str) -> bool {
        let base = [".cursor/", ".github/"]
            .iter()
            .find_map(|it| path.find(it))
            .unwrap_or(0);
        let below = target.strip_prefix(&path[..base]).unwrap_or(target);
        match &self.scope {
            Scope::All => true,
            Scope::Globs(globs) => globs.matched_path_or_any_parents(below, false).is_ignore(),
            Scope::Nothing => false,
        }
    }

    /// True when it only names another file to read (`@AGENTS.md`).
    pub(super) fn is_import(&self) -> bool {
        let mut lines = self.text.lines().map(str::trim).filter(|it| !it.is_empty());
        lines.all(|it| it.starts_with('@') && !it.contains(char::is_whitespace))
    }

    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// At most `max` bytes, cut at the end of a line where there is one.
pub(super) fn cut(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let end = text.floor_char_boundary(max);
    let end = text[..end].rfind('\n').unwrap_or(end);
    &text[..end]
}

/// The lines between `---` and `---` at the start, and what follows.
fn split_front_matter(text: &str) -> (Option<&str>, &str) {
    let rest = text
        .strip_prefix("---\n")
        .or_else(|| text.strip_prefix("---\r\n"));
    let Some(rest) = rest else {
        return (None, text);
    };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return (Some(&rest[..at]), &rest[at + line.len()..]);
        }
        at += line.len();
    }
    (None, text)
}

/// Reads `applyTo`, `globs` and `alwaysApply` from the few shapes that are in use: a word, a quoted string, globs
/// apart by commas, a list in brackets or below.
fn scope(front: Option<&str>) -> Scope {
    let Some(front) = front else {
        return Scope::All;
    };
    let (mut globs, mut always, mut is_conditional) = (Vec::new(), false, false);
    let mut lines = front.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        match key.trim() {
            "applyTo" | "globs" => {
                is_conditional |= key.trim() == "globs";
                globs.extend(split_globs(value));
                while let Some(item) = lines.next_if(|it| it.trim_start().starts_with("- ")) {
                    globs.extend(split_globs(item.trim_start().trim_start_matches("- ")));
                }
            }
            "alwaysApply" => {
                is_conditional = true;
                always = value.trim() == "true";
            }
            _ => {}
        }
    }
    match (globs.is_empty(), always) {
        (_, true) => Scope::All,
        (true, false) if is_conditional => Scope::Nothing,
        (true, false) => Scope::All,
        (false, false) => {
            let mut builder = GitignoreBuilder::new("");
            for glob in globs {
                // A glob that is none holds for nothing.
                let _ = builder.add_line(None, &glob);
            }
            builder.build().map_or(Scope::Nothing, Scope::Globs)
        }
    }
}

/// Splits at commas that are not inside of `{a,b}`.
fn split_globs(value: &str) -> Vec<String> {
    let quote = ['"', '\'', ' '];
    let value = value
        .trim()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_matches(quote);
    let mut depth = 0;
    let parts = value.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts
        .map(|it| it.trim().trim_matches(quote).to_owned())
        .filter(|it| !it.is_empty())
        .collect()
}

/// The section under a heading that is meant for reviewers, up to the next heading of its level or a higher one.
fn review_section(text: &str) -> Option<&str> {
    let mut found: Option<(usize, usize)> = None;
    let (mut at, mut fenced) = (0, false);
    for line in text.split_inclusive('\n') {
        fenced ^= line.trim_start().starts_with("```");
        let level = line.bytes().take_while(|it| *it == b'#').count();
        if !fenced && (1..=6).contains(&level) && line[level..].starts_with([' ', '\t']) {
            let title = line[level..]
                .trim()
                .trim_end_matches('#')
                .trim_end_matches([' ', ':'])
                .to_lowercase();
            match found {
                Some((start, own)) if level <= own => return Some(&text[start..at]),
                None if HEADINGS.contains(&title.as_str()) => found = Some((at, level)),
                _ => {}
            }
        }
        at += line.len();
    }
    found.map(|(start, _)| &text[start..])
}
