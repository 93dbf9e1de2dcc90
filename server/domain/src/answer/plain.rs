//! Plain lines as compilers and linters write them, and sentences that say that nothing was found.

use super::codex::split_priority;
use super::collect::split_text;
use super::place::{Spot, is_path, regex, spot};
use crate::finding::{RawFinding, Severity};
use regex::Regex;
use std::sync::LazyLock;

/// Longest line read as a finding, in bytes.
pub(super) const MAX_LINE: usize = 8 * 1024;

/// `path:12:5-20: message`, `path:12:5 - error TS1: message`.
static COLONS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<spot>(?P<path>(?:[A-Za-z]:)?[^\s:][^:]*):[0-9]{1,9}(?::[0-9]{1,9})?(?:-[0-9]{1,9}(?::[0-9]{1,9})?)?)(?P<sep>\s*:\s*|\s+[-–—]\s+|\s+)(?P<text>\S.*)$",
    )
});
/// `path(12,5): error X: message`.
static PARENS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?P<spot>(?P<path>[^\s()][^()]*)\([0-9]{1,9}(?:,[0-9]{1,9}){0,3}(?:-[0-9]{1,9})?\))(?P<sep>\s*:\s*)(?P<text>\S.*)$",
    )
});

/// Reads one line that starts with a place.
pub(super) fn line(text: &str) -> Option<RawFinding> {
    let text = text.trim();
    if text.len() > MAX_LINE {
        return None;
    }
    let found = COLONS.captures(text).or_else(|| PARENS.captures(text))?;
    if !is_path(found["path"].trim()) {
        return None;
    }
    let message = message(&found["text"]);
    // Without a colon, only a word for the severity tells a finding from a sentence.
    if found["sep"].trim().is_empty() && message.severity.is_none() {
        return None;
    }
    let spot = spot(&found["spot"])?;
    Some(message.at(spot))
}

/// A message taken apart.
pub(super) struct Message {
    pub(super) severity: Option<Severity>,
    pub(super) code: Option<String>,
    pub(super) text: String,
}

impl Message {
    /// The finding that says this about a place.
    pub(super) fn at(self, spot: Spot) -> RawFinding {
        let (title, body) = split_text(&self.text);
        RawFinding {
            path: spot.path,
            place: spot.place,
            severity: self.severity,
            code: self.code,
            title,
            body,
            ..RawFinding::default()
        }
    }
}

/// `[warning]`, `(high)`, `**High**:`, `error[E0308]:`, `warning TS6133:`.
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:(?P<open>[\[(])|(?P<bold>\*\*\[?))?(?P<word>[A-Za-z][A-Za-z_-]{0,14})(?:\[(?P<code>[A-Za-z0-9_@./-]{1,60})\]|\s+(?P<spaced>[A-Z]{1,6}[0-9]{2,6}))?(?P<close>[\])]|\]?:?\*\*)?\s*(?P<colon>[:–—-]?)\s*",
    )
});
/// `🔴` and the like in front.
const SIGNS: &[(char, Severity)] = &[
    ('🔴', Severity::Error),
    ('❌', Severity::Error),
    ('🟠', Severity::Warning),
    ('🟡', Severity::Warning),
    ('⚠', Severity::Warning),
    ('🟢', Severity::Info),
    ('🔵', Severity::Info),
    ('ℹ', Severity::Info),
];

/// Takes severity and code off the front of a message, and a rule in brackets off its end.
pub(super) fn message(text: &str) -> Message {
    let text = text.trim();
    let (mut text, mut severity) = match SIGNS.iter().find(|(sign, _)| text.starts_with(*sign)) {
        Some((sign, severity)) => (
            text[sign.len_utf8()..]
                .trim_start_matches('\u{fe0f}')
                .trim(),
            Some(*severity),
        ),
        None => (text, None),
    };
    let (stripped, priority) = split_priority(text);
    let owned = stripped;
    if priority.is_some() {
        severity = priority;
        text = &owned;
    }
    let mut code = None;
    if let Some(found) = TAG.captures(text)
        && let Some(said) = Severity::parse(&found["word"])
    {
        let marked = found.name("close").is_some()
            && (found.name("open").is_some() || found.name("bold").is_some());
        let rest = &text[found[0].len()..];
        if (marked || &found["colon"] == ":") && !rest.is_empty() {
            severity = Some(said);
            code = found
                .name("code")
                .or_else(|| found.name("spaced"))
                .map(|it| it.as_str().to_owned());
            text = rest;
        }
    }
    let (code, text) = match code {
        Some(code) => (Some(code), text),
        None => rule(text),
    };
    Message {
        severity,
        code,
        text: text.trim().to_owned(),
    }
}

/// The code that a message starts with (`E501 line too long`) or ends with (`… [no-var]`).
fn rule(text: &str) -> (Option<String>, &str) {
    static FIRST: LazyLock<Regex> =
        LazyLock::new(|| regex(r"^(?P<code>[A-Z]{1,5}[0-9]{2,5}):?\s+"));
    static LAST: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"\s+[\[(](?P<code>[a-z@][A-Za-z0-9_@-]*[-/][A-Za-z0-9_@./-]+)[\])]$")
    });
    let found = FIRST.captures(text).or_else(|| LAST.captures(text));
    let Some(found) = found else {
        return (None, text);
    };
    let whole = found.get(0).map_or(0..0, |it| it.range());
    let rest = if whole.start == 0 {
        &text[whole.end..]
    } else {
        &text[..whole.start]
    };
    if rest.trim().is_empty() {
        (None, text)
    } else {
        (Some(found["code"].to_owned()), rest)
    }
}

/// True when a text says that there is nothing to report, and nothing that takes it back.
pub(super) fn says_nothing_found(text: &str) -> bool {
    static NOTHING: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?im)(?:^|[.!]\s+|[:✅*#-]\s*)(?:(?:i|we)\s+)?(?:there\s+(?:are|were)\s+|(?:found|see|saw|identified|have|did\s+not\s+find|didn't\s+find|could\s+not\s+find)\s+)?(?:no|any|zero|0)\s+(?:[a-z-]+,?\s+){0,4}?(?:findings|issues?|problems?|errors|concerns|bugs|comments|defects|vulnerabilities)\b|^\W*(?:lgtm|looks good(?: to me)?)\b",
        )
    });
    static BUT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:but|however|except|although|though|unless|until|unable|failed|cannot|can't|couldn't|could not (?:read|open|access|review|check|run|find the)|not (?:reviewed|checked|read)|skipped|outside|other than|apart from|aside from)\b",
        )
    });
    let prose = without_code(text);
    prose.len() <= MAX_LINE && NOTHING.is_match(&prose) && !BUT.is_match(&prose)
}

/// Text without its fenced blocks.
fn without_code(text: &str) -> String {
    let mut prose = text.to_owned();
    for block in super::json::fences(text) {
        if !block.is_empty() {
            prose = prose.replace(block, "");
        }
    }
    prose
}
