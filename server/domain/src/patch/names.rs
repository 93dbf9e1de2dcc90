//! The name of a file in what stands before, on or in a block of code.

use crate::answer::spot_of;

/// Longest path looked for in a line, in bytes.
const MAX_PATH: usize = 300;
/// Names of products, which headings over code are often about; in lower case.
const PRODUCTS: [&str; 20] = [
    "alpine.js",
    "angular.js",
    "asp.net",
    "backbone.js",
    "chart.js",
    "d3.js",
    "ember.js",
    "express.js",
    "moment.js",
    "nest.js",
    "next.js",
    "node.js",
    "nuxt.js",
    "p5.js",
    "react.js",
    "socket.io",
    "solid.js",
    "three.js",
    "vb.net",
    "vue.js",
];
/// Words before a name that say that it is one.
const LABELS: [&str; 6] = [
    "file",
    "path",
    "filename",
    "file name",
    "new file",
    "create",
];

/// The path in a line that has nothing but the path, in whatever markup. Blanks may be in it where it is quoted.
pub(super) fn path_in(line: &str) -> Option<String> {
    let line = line.trim();
    if line.len() > MAX_PATH + 100 {
        return None;
    }
    let line = line.trim_start_matches(['#', '*', '-', '>', ' ']);
    let line = unlabelled(line);
    let line = line.trim_end_matches([':', ' ', '*']);
    let line = ["(new)", "(new file)", "(modified)", "(updated)"]
        .iter()
        .find_map(|it| line.strip_suffix(it))
        .unwrap_or(line)
        .trim_end_matches([':', ' ']);
    let is_quoted = line.starts_with(['`', '"', '\'']);
    let name = line.trim_matches(|c: char| matches!(c, '*' | '`' | '"' | '\'' | ':' | ' '));
    let name = match (name.strip_prefix('('), name.strip_suffix(')')) {
        (Some(inner), Some(_)) => inner.trim_end_matches(')'),
        _ => name,
    };
    is_path(name, is_quoted).then(|| name.to_owned())
}

/// The only path between backticks in a line.
pub(super) fn path_among_words(line: &str) -> Option<String> {
    if line.len() > MAX_PATH * 4 {
        return None;
    }
    let code = line.split('`').skip(1).step_by(2);
    let mut paths = code.filter(|it| is_path(it, true) && !it.contains(' '));
    let first = paths.next()?;
    paths.all(|it| it == first).then(|| first.to_owned())
}

/// The path in the info string of a fence: `rust path=src/a.rs`, `rust title="src/a.rs"`, `rust:src/a.rs`, `src/a.rs`.
pub(super) fn path_in_info(info: &str) -> Option<String> {
    for key in ["path=", "file=", "filename=", "title="] {
        let starts = info.match_indices(key).map(|it| it.0);
        let mut starts = starts.filter(|at| {
            let before = info[..*at].chars().next_back();
            before.is_none_or(|c| c.is_whitespace() || matches!(c, '{' | ','))
        });
        if let Some(at) = starts.next() {
            let rest = &info[at + key.len()..];
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quoted = quote.and_then(|mark| rest[1..].split_once(mark));
            let bare = rest.split([' ', '}', ',']).next().unwrap_or_default();
            let name = quoted.map_or(bare, |(path, _)| path);
            return is_path(name, quoted.is_some()).then(|| name.to_owned());
        }
    }
    let mut words = info.split_whitespace();
    let word = words.next().unwrap_or_default();
    let is_language = |it: &str| {
        it.chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '+' | '#' | '-' | '_'))
    };
    let after_colon = word
        .split_once(':')
        .filter(|it| is_language(it.0) && it.0.len() > 1);
    let mut second = || words.next().filter(|it| it.contains('/'));
    let name = match after_colon {
        Some((_, path)) => path,
        None if word.contains(['/', '.']) => word,
        None => second()?,
    };
    is_path(name, false).then(|| name.to_owned())
}

/// True for the info string of a block that shows lines of a file as they are: `12:20:src/a.rs`.
pub(super) fn is_citation(info: &str) -> bool {
    let mut parts = info.splitn(3, ':');
    let is_number = |it: Option<&str>| {
        it.is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
    };
    is_number(parts.next()) && is_number(parts.next()) && parts.next().is_some()
}

/// The path in a comment that has nothing else.
pub(super) fn path_in_comment(line: &str) -> Option<String> {
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

/// Without `File:` and the like before it.
fn unlabelled(line: &str) -> &str {
    let bare = line.trim_start_matches(['*', '`', ' ']);
    let label = bare.split_once(':').filter(|(label, rest)| {
        if rest.starts_with("//") {
            return false;
        }
        let label = label.trim_matches(['*', '`', ' ']);
        LABELS.iter().any(|it| it.eq_ignore_ascii_case(label))
    });
    match label {
        Some((_, rest)) => rest.trim_start_matches(['*', ' ']),
        None => line,
    }
}

/// Whether text is the name of a file and nothing else.
fn is_path(name: &str, is_quoted: bool) -> bool {
    let is_foreign = |c: char| {
        c.is_control()
            || matches!(
                c,
                '`' | '<' | '>' | '|' | '*' | '?' | '"' | ';' | '{' | '}' | '='
            )
    };
    if name.is_empty() || name.len() > MAX_PATH || name.ends_with('.') || name.contains(is_foreign)
    {
        return false;
    }
    if name.starts_with("file://") {
        return true;
    }
    let has_blanks = name.contains(char::is_whitespace);
    let local = match name.as_bytes() {
        [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic() => &name[2..],
        _ => name,
    };
    if local.contains(':') || (has_blanks && !is_quoted) {
        return false;
    }
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.contains(['/', '\\']) {
        // Words between slashes are many things; a name has an ending, or is marked as one.
        let looks = is_quoted || last.contains('.') || name == name.to_lowercase();
        return looks && !last.is_empty() && (!has_blanks || last.contains('.'));
    }
    let is_product = PRODUCTS.contains(&name.to_lowercase().as_str());
    let joined = name.replace(char::is_whitespace, "_");
    let is_known = spot_of(&joined).is_some_and(|it| it.0.as_deref() == Some(&joined));
    is_known && (is_quoted || !is_product)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alone_in_a_line() {
        for (line, path) in [
            ("src/a.rs", "src/a.rs"),
            ("### `src/a.rs`:", "src/a.rs"),
            ("**File:** `src/a.rs`", "src/a.rs"),
            ("File: src/a.rs", "src/a.rs"),
            ("`new file.txt` (new)", "new file.txt"),
            ("- `Node.js`", "Node.js"),
            ("### main.rs", "main.rs"),
            ("Makefile", "Makefile"),
            ("bin/run", "bin/run"),
            ("file:///work/src/a.rs", "file:///work/src/a.rs"),
            ("C:/work/a.rs", "C:/work/a.rs"),
            ("src/(app)/page.tsx", "src/(app)/page.tsx"),
            ("(src/a.rs)", "src/a.rs"),
        ] {
            assert_eq!(path_in(line).as_deref(), Some(path), "{line}");
        }
        for line in [
            "See src/a.rs:",
            "Here is src/a.rs",
            "### Node.js",
            "## Client/Server",
            "https://example.com/a.rs",
            "12:20:src/a.rs",
            "profile=src/a.rs",
            "That is all.",
            "```",
            "and so on...",
        ] {
            assert_eq!(path_in(line), None, "{line}");
        }
        assert_eq!(
            path_among_words("Then in `src/a.rs`:").as_deref(),
            Some("src/a.rs")
        );
        assert_eq!(path_among_words("From `a.rs` to `b.rs`"), None);
    }

    #[test]
    fn names_in_info_strings() {
        for (info, path) in [
            ("rust path=src/a.rs", "src/a.rs"),
            ("js {title=\"my file.js\"}", "my file.js"),
            ("rust:src/a.rs", "src/a.rs"),
            ("src/a.rs", "src/a.rs"),
            ("js src/a.js", "src/a.js"),
        ] {
            assert_eq!(path_in_info(info).as_deref(), Some(path), "{info}");
        }
        for info in [
            "rust",
            "rust profile=a.rs",
            "rust,ignore",
            "12:20:src/a.rs",
            "text a.b",
        ] {
            assert_eq!(path_in_info(info), None, "{info}");
        }
        assert!(is_citation("12:20:src/a.rs") && !is_citation("rust:src/a.rs"));
    }
}
