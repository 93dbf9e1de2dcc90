//! Patterns of the approval policy: `cargo check*`, `files:src/**`, `tool:search`.

use domain::path::RelPath;
use std::fmt;
use std::str::FromStr;

/// Longest pattern, in bytes.
const MAX_LEN: usize = 500;
/// Begins a pattern for files.
const FILES: &str = "files:";
/// Begins a pattern for tools.
const TOOL: &str = "tool:";
/// What a command may have beside letters and digits for a pattern to allow it. With anything else a shell might run
/// more than is seen, or we may not see all of it.
const PLAIN: &str = " -_./:,=+@~*?[]#'\"";

/// What an agent may do without asking. `*` stands for any characters; in paths for those of one name, while `**` as a
/// name stands for any number of directories. Nothing else is special.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    kind: Kind,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// A whole command line.
    Command(String),
    /// Names of a path below the root.
    Files(Vec<String>),
    /// Name of a tool.
    Tool(String),
}

impl Pattern {
    /// True for a command line that fits and that a shell cannot understand otherwise.
    pub(super) fn fits_command(&self, command: &str) -> bool {
        matches!(&self.kind, Kind::Command(it) if odd_character(command).is_none() && fits(it, command))
    }
    /// True for a path below the root that fits.
    pub(super) fn fits_file(&self, path: &RelPath) -> bool {
        let Kind::Files(pattern) = &self.kind else {
            return false;
        };
        let names: Vec<&str> = path.as_str().split('/').collect();
        fits_names(pattern, &names)
    }
    /// True for a tool's name that fits.
    pub(super) fn fits_tool(&self, tool: &str) -> bool {
        matches!(&self.kind, Kind::Tool(it) if fits(it, tool))
    }
}

impl FromStr for Pattern {
    type Err = String;
    /// # Errors
    /// What is wrong with it, the middle of a sentence.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > MAX_LEN {
            return Err(format!("it is longer than {MAX_LEN} bytes"));
        }
        let kind = if let Some(path) = text.strip_prefix(FILES) {
            files(path)?
        } else if let Some(name) = text.strip_prefix(TOOL) {
            tool(name)?
        } else {
            command(text)?
        };
        Ok(Self {
            text: text.to_owned(),
            kind,
        })
    }
}

fn files(path: &str) -> Result<Kind, String> {
    let names: Vec<String> = path.split('/').map(str::to_owned).collect();
    if names
        .iter()
        .any(|it| matches!(it.as_str(), "" | "." | ".."))
        || path.contains('\\')
    {
        return Err(
            "its path must be relative to the workspace root, with `/` between names, like `files:src/**`"
                .to_owned(),
        );
    }
    if names.iter().any(|it| it != "**" && it.contains("**")) {
        return Err("`**` must stand alone between slashes".to_owned());
    }
    Ok(Kind::Files(names))
}

fn tool(name: &str) -> Result<Kind, String> {
    if name.is_empty() || name.starts_with('*') || name.contains(char::is_whitespace) {
        return Err("name the tool, like `tool:search`".to_owned());
    }
    Ok(Kind::Tool(name.to_owned()))
}

fn command(text: &str) -> Result<Kind, String> {
    if text.trim() != text || text.is_empty() {
        return Err("a command must not be empty, nor begin or end with white space".to_owned());
    }
    if let Some(odd) = odd_character(text) {
        return Err(format!(
            "no pattern allows a command with {odd:?}, since a shell may run more than one sees"
        ));
    }
    let program = text.split(' ').next().unwrap_or_default();
    if program.contains('*') {
        return Err("name the program; `*` may only stand in its arguments".to_owned());
    }
    Ok(Kind::Command(text.to_owned()))
}

/// The pattern as it was written.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The pattern as it was written, quoted.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

/// The first character that no command allowed by a pattern has.
fn odd_character(command: &str) -> Option<char> {
    let plain = |it: char| it.is_alphanumeric() || PLAIN.contains(it);
    command.chars().find(|it| !plain(*it))
}

/// True when the whole text fits a pattern with `*`. The last `*` alone is ever widened, so this takes no more than
/// the product of the lengths.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == text[from] => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((star_at, taken)) = &mut star else {
                    return false;
                };
                *taken += 1;
                (at, from) = (*star_at + 1, *taken);
            }
        }
    }
    pattern[at..].iter().all(|it| *it == b'*')
}

/// The same for the names of a path, where `**` stands for any number of them.
fn fits_names(pattern: &[String], names: &[&str]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < names.len() {
        match pattern.get(at) {
            Some(it) if it == "**" => {
                star = Some((at, from));
                at += 1;
            }
            Some(it) if fits(it, names[from]) => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((star_at, taken)) = &mut star else {
                    return false;
                };
                *taken += 1;
                (at, from) = (*star_at + 1, *taken);
            }
        }
    }
    pattern[at..].iter().all(|it| it == "**")
}
