//! Paths inside a workspace: relative, normalised, with `/`, never leaving the root.

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[cfg(test)]
mod tests;

/// A path relative to the workspace root: `/` between names, no `.`, no `..`, no empty name, not absolute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RelPath(String);

/// Why text is no path inside the workspace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing there, or only the root itself.
    #[error("no file is named")]
    Empty,
    /// It leaves the root.
    #[error("`{0}` is outside the workspace")]
    Outside(String),
    /// It holds what no path holds (control characters, text that is not UTF-8) or is too long.
    #[error("`{0}` is not a path")]
    Malformed(String),
}

impl RelPath {
    /// Longest path taken, in bytes.
    pub const MAX_LEN: usize = 4096;

    /// Reads a path in an agent's words against the absolute `root` (`/` separators): absolute, relative,
    /// `./x`, `a/x` and `b/x` as in diffs are *not* stripped, a `file:` URI is decoded, `\` is a separator
    /// on paths that look like Windows ones. Purely textual: symbolic links are the caller's concern.
    ///
    /// # Errors
    /// When nothing is left, it leaves the root, or it is no path at all.
    pub fn parse(root: &str, said: &str) -> Result<Self, PathError> {
        let said = said.trim();
        if said.len() > Self::MAX_LEN {
            return Err(malformed(said));
        }
        let path = decode_uri(said)?;
        if path.chars().any(char::is_control) {
            return Err(malformed(said));
        }
        let windows_root = drive(root).is_some() || root.starts_with("//");
        let path = if windows_root || looks_like_windows(&path) {
            Cow::Owned(path.replace('\\', "/"))
        } else {
            path
        };
        let path = path.strip_prefix("//?/").unwrap_or(&path);
        let outside = || PathError::Outside(shorten(said));

        let root_names = normalise(&[], root).ok_or_else(outside)?;
        let names = if path.starts_with('/') || drive(path).is_some() {
            normalise(&[], path).ok_or_else(outside)?
        } else {
            normalise(&root_names, path).ok_or_else(outside)?
        };
        if path.is_empty() {
            return Err(PathError::Empty);
        }
        let same_kind = !is_absolute(path)
            || (path.starts_with("//") == root.starts_with("//")
                && drive(path).is_some() == drive(root).is_some());
        if !same_kind || !starts_with(&names, &root_names, windows_root) {
            return Err(outside());
        }
        let rest = names.get(root_names.len()..).unwrap_or_default();
        if windows_root && rest.iter().any(|it| it.contains(':')) {
            return Err(malformed(said));
        }
        if rest.is_empty() {
            Err(PathError::Empty)
        } else {
            Ok(Self(rest.join("/")))
        }
    }
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RelPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes text that already is such a path, as it was stored; refuses everything else.
impl TryFrom<String> for RelPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        let mut names = text.split('/');
        if text.is_empty() {
            Err(PathError::Empty)
        } else if text.len() > Self::MAX_LEN || text.chars().any(char::is_control) {
            Err(malformed(&text))
        } else if names.any(|it| matches!(it, "" | "." | "..")) {
            Err(PathError::Outside(shorten(&text)))
        } else {
            Ok(Self(text))
        }
    }
}

/// The path inside a `file:` URI; text without a scheme as it is.
fn decode_uri(said: &str) -> Result<Cow<'_, str>, PathError> {
    let Some(rest) = strip_prefix_ignoring_case(said, "file:") else {
        return if is_other_uri(said) {
            Err(PathError::Outside(shorten(said)))
        } else {
            Ok(Cow::Borrowed(said))
        };
    };
    let rest = rest.split(['#', '?']).next().unwrap_or_default();
    let path = percent_decode_str(rest)
        .decode_utf8()
        .map_err(|_| malformed(said))?;
    let local = match path.strip_prefix("//") {
        // `file:///x` and `file://localhost/x`; another host is a network share.
        Some(after) if after.starts_with('/') => after,
        Some(after) => match strip_prefix_ignoring_case(after, "localhost") {
            Some(local) if local.starts_with('/') => local,
            _ => &path,
        },
        None => &path,
    };
    // `/C:/x` in a URI is `C:/x` on the machine.
    let local = local
        .strip_prefix('/')
        .filter(|it| drive(it).is_some())
        .unwrap_or(local);
    Ok(Cow::Owned(local.to_owned()))
}

/// `https://…`, `untitled:…` and the like; a single letter is a drive.
fn is_other_uri(said: &str) -> bool {
    said.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.len() > 1
            && scheme.starts_with(|it: char| it.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || matches!(it, '+' | '-' | '.'))
            && (rest.starts_with("//") || matches!(scheme, "untitled" | "data" | "git" | "vscode"))
    })
}

fn looks_like_windows(path: &str) -> bool {
    drive(path).is_some()
        || path.starts_with(r"\\")
        || path.starts_with(r".\")
        || path.starts_with(r"..\")
        || (path.contains('\\') && !path.contains('/'))
}

/// The drive letter of `C:…`.
fn drive(path: &str) -> Option<char> {
    let mut chars = path.chars();
    let letter = chars.next().filter(char::is_ascii_alphabetic)?;
    (chars.next() == Some(':')).then_some(letter)
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || drive(path).is_some()
}

/// The names of `path` after those of `base`, `.` and `..` resolved; `None` when it climbs above everything.
fn normalise<'a>(base: &[&'a str], path: &'a str) -> Option<Vec<&'a str>> {
    let mut names = base.to_vec();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names)
}

/// Windows finds files whatever the case of their names.
fn starts_with(names: &[&str], prefix: &[&str], ignore_case: bool) -> bool {
    names.len() >= prefix.len()
        && names.iter().zip(prefix).all(|(a, b)| {
            if ignore_case {
                a.to_lowercase() == b.to_lowercase()
            } else {
                a == b
            }
        })
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

fn malformed(said: &str) -> PathError {
    PathError::Malformed(shorten(said))
}

/// What is shown of a bad path.
fn shorten(said: &str) -> String {
    crate::sanitize::line(said, 200)
}
