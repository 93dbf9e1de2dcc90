//! What is wrong with a configuration, gathered, bounded and put in order.

use std::path::PathBuf;

/// Most problems told; the rest is counted.
const MAX_PROBLEMS: usize = 100;
/// Longest message, in characters; parts of it may come from a stranger's file.
const MAX_MESSAGE: usize = 600;

/// Something wrong with a configuration file or setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file; `None` for the editor's settings.
    pub file: Option<PathBuf>,
    /// 1-based line, where known.
    pub line: Option<usize>,
    /// Dotted key, where known: `agents.codex.timeout`.
    pub key: Option<String>,
    /// What is wrong and what to do, a sentence.
    pub message: String,
    /// True when it is only a warning (an unknown key).
    pub warning: bool,
}

impl Problem {
    pub(super) fn new(message: &str) -> Self {
        Self {
            file: None,
            line: None,
            key: None,
            message: domain::sanitize::line(message, MAX_MESSAGE),
            warning: false,
        }
    }
}

/// A key in the notation of TOML: `agents."a b".timeout`.
pub(super) fn dotted<S: AsRef<str>>(path: &[S]) -> String {
    let bare = |it: char| it.is_ascii_alphanumeric() || "-_$".contains(it);
    let segments = path.iter().map(|segment| match segment.as_ref() {
        it if !it.is_empty() && it.chars().all(bare) => it.to_owned(),
        it => format!("{it:?}"),
    });
    segments.collect::<Vec<_>>().join(".")
}

/// The known word that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A longer word may have more slips; a word of which less than two thirds fit is another word.
    let most = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|it| (strsim::damerau_levenshtein(word, it), it))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, it)| it)
}

/// Puts errors before warnings, and drops repetitions and what is too many. Otherwise the order stays.
pub(super) fn in_order(problems: Vec<Problem>) -> Vec<Problem> {
    let mut ordered: Vec<Problem> = Vec::new();
    for problem in problems {
        if !ordered.contains(&problem) {
            ordered.push(problem);
        }
    }
    ordered.sort_by_key(|it| it.warning);
    let dropped = ordered.len().saturating_sub(MAX_PROBLEMS);
    if dropped > 0 {
        ordered.truncate(MAX_PROBLEMS);
        let mut rest = Problem::new(&format!("there are {dropped} more problems"));
        rest.warning = ordered.iter().any(|it| it.warning);
        ordered.push(rest);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_near() {
        let known = ["timeout", "tool", "idle", "agents"];
        for (word, expected) in [
            ("timout", Some("timeout")),
            ("timeuot", Some("timeout")),
            ("agent", Some("agents")),
            ("idel", Some("idle")),
            ("x", None),
            ("model", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }

    #[test]
    fn keys_are_written_as_in_toml() {
        assert_eq!(dotted(&["agents", "a.b", "env"]), "agents.\"a.b\".env");
        assert_eq!(dotted(&["", "a\u{7}"]), "\"\".\"a\\u{7}\"");
    }

    #[test]
    fn many_problems_are_counted() {
        let problems = (0..MAX_PROBLEMS + 5)
            .map(|n| Problem::new(&n.to_string()))
            .collect();
        let ordered = in_order(problems);
        assert_eq!(ordered.len(), MAX_PROBLEMS + 1);
        assert_eq!(ordered[MAX_PROBLEMS].message, "there are 5 more problems");
    }
}
