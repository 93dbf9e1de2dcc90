//! Comments that stand for code that was left out: `// ... existing code ...`.

/// What begins a comment in some language.
const COMMENTS: [&str; 8] = ["//", "#", "--", "/*", "<!--", ";", "%", "{/*"];
/// What such a comment says, where it has dots.
const WORDS: [&str; 10] = [
    "existing",
    "rest of",
    "rest unchanged",
    "unchanged",
    "remaining",
    "same as before",
    "previous code",
    "omitted",
    "keep the",
    "other code",
];
/// What such a comment says from its begin on, with or without dots.
const SENTENCES: [(&str, &[&str]); 8] = [
    (
        "rest of",
        &["unchanged", "same", "as before", "stays", "here"],
    ),
    (
        "the rest of",
        &["unchanged", "same", "as before", "stays", "here"],
    ),
    ("rest unchanged", &[""]),
    ("rest is unchanged", &[""]),
    ("existing code", &["here", "unchanged", "remains", "stays"]),
    (
        "remaining code",
        &["here", "unchanged", "remains", "stays", "same"],
    ),
    (
        "other code",
        &["here", "unchanged", "remains", "stays", "same"],
    ),
    ("unchanged code", &[""]),
];

/// The first of these lines that stands for what was left out and is not `known`; `path` is of the file.
pub(super) fn find<'l>(
    path: &str,
    mut lines: impl Iterator<Item = &'l str>,
    known: impl Fn(&str) -> bool,
) -> Option<&'l str> {
    lines.find(|line| is_elision(path, line) && !known(line))
}

/// How such a line is told.
pub(super) fn told(line: &str) -> String {
    format!(
        "it leaves something out (`{}`)",
        crate::sanitize::line(line.trim(), 80)
    )
}

fn is_elision(path: &str, line: &str) -> bool {
    let trimmed = line.trim();
    let comment = COMMENTS.iter().find_map(|mark| trimmed.strip_prefix(mark));
    let Some(words) = comment else {
        // Inside of something, dots are Python's own; prose has them everywhere.
        let (_, ending) = path.rsplit_once('.').unwrap_or_default();
        let is_code = match ending {
            "py" | "pyi" => trimmed.len() == line.trim_end().len(),
            "md" | "rst" | "txt" | "adoc" | "tex" | "ipynb" => false,
            _ => true,
        };
        return is_code && matches!(trimmed, "..." | "…" | "[...]" | "(...)" | "{...}");
    };
    let words = words
        .trim_end_matches('}')
        .trim_end_matches("*/")
        .trim_end_matches("-->")
        .trim()
        .to_lowercase();
    let is_dot = |c: char| matches!(c, '.' | '…' | ' ');
    let bare = words.trim_matches(is_dot);
    let has_dots = |text: &str| text.starts_with("..") || text.starts_with('…');
    let (begins, ends) = (
        has_dots(&words),
        words.ends_with("...") || words.ends_with('…'),
    );
    let dots = begins || ends;
    if dots && bare.is_empty() {
        return true;
    }
    let says = WORDS.iter().any(|it| bare.contains(it));
    let opens = WORDS.iter().any(|it| bare.starts_with(it));
    let sentence = || {
        let bare = bare.trim_start_matches(['(', '[', '<']);
        let said = SENTENCES
            .iter()
            .find(|it| bare.starts_with(it.0))
            .is_some_and(|it| it.1.iter().any(|end| bare.contains(end)));
        said || bare.contains("remains unchanged") || bare.contains("omitted for brevity")
    };
    (begins && says) || (ends && opens) || sentence()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_that_leave_something_out() {
        for line in [
            "// ...",
            "    // ... existing code ...",
            "# ... rest of the file unchanged",
            "# rest unchanged",
            "// rest of the function stays the same",
            "// existing code here",
            "/* ... */",
            "<!-- ... rest of the page ... -->",
            "{/* ... existing JSX ... */}",
            "-- remaining code unchanged",
            "// … unchanged …",
            "// (rest of the code remains unchanged)",
            "// imports omitted for brevity",
            "# The rest of the file is unchanged.",
            "...",
        ] {
            assert!(is_elision("a.rs", line), "{line}");
        }
        for line in [
            "// Waits until the rest of the bytes are there...",
            "// keep the old value",
            "# the remaining items are sorted",
            "# Existing users keep their name",
            "//! What follows ... is an example",
            "let all = [..];",
            "println!(\"...\");",
            "// rest of the line",
            "/// ...and then some.",
            "# unchanged lines are skipped",
        ] {
            assert!(!is_elision("a.rs", line), "{line}");
        }
        assert!(!is_elision("a.pyi", "    ..."));
        assert!(is_elision("a.py", "..."));
        assert!(!is_elision("a.md", "..."));
    }
}
