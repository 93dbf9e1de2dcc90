//! One list item, heading or titled paragraph that may be a finding.

use super::super::place::{Spot, regex, spot, undecorated};
use super::super::plain::{self, Message};
use crate::finding::RawFinding;
use regex::Regex;
use std::sync::LazyLock;

/// Reads a list item or a heading. `file` is the file that the headings above name.
pub(super) fn bullet(text: &str, file: Option<&str>) -> Option<RawFinding> {
    let text = unlinked(text);
    let tagged = title(&text);
    let found = leading(&tagged.text).or_else(|| trailing(&tagged.text));
    let Some((spot, rest)) = found else {
        // In a file's own section a line is enough, and without one a severity.
        return (file.is_some() && tagged.severity.is_some())
            .then(|| build(Spot::default(), tagged));
    };
    let inner = title(&rest);
    let severity = tagged.severity.or(inner.severity);
    let known_file = spot.path.is_some() || file.is_some();
    let is_marked = spot.place.start_line.is_some() || severity.is_some();
    let code = tagged.code.or(inner.code);
    (known_file && is_marked).then(|| {
        build(
            spot,
            Message {
                severity,
                code,
                text: inner.text,
            },
        )
    })
}

/// Reads the first line of a paragraph, which needs a severity and a place: `[P1] Title — path:12`.
pub(super) fn paragraph(text: &str, file: Option<&str>) -> Option<RawFinding> {
    let tagged = title(text.trim());
    tagged.severity?;
    bullet(text.trim(), file).filter(|it| it.path.is_some() || it.place.start_line.is_some())
}

/// A title without its marks: numbers, emphasis, severity.
pub(super) fn title(text: &str) -> Message {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"^(?:#?[0-9]{1,4}[.):]|#[0-9]{1,4}|\[ \]|(?i:issue|finding)\s+#?[0-9]{1,4}\s*[:.)–—-])\s+",
        )
    });
    let text = NUMBER.replace(text.trim(), "");
    let mut message = plain::message(&text);
    if message.severity.is_none() {
        // `**[High] Title**`
        let bare = message.text.trim_start_matches('*');
        let inner = plain::message(bare);
        if inner.severity.is_some() && bare.len() < message.text.len() {
            message = Message {
                text: inner.text.trim_start_matches("**").to_owned(),
                ..inner
            };
        }
    }
    message.text = message
        .text
        .trim_start_matches([':', '–', '—', ' '])
        .to_owned();
    message
}

/// Headings of sections that hold no findings.
pub(super) fn tells_no_findings(heading: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:strengths?|positives?|what (?:went|works|looks|is|i)\b.*|looks good|good parts|praise|files? (?:reviewed|changed|checked)|reviewed files|scope|checked|not reviewed|verified|no issues|summary of changes|changes made)\b",
        )
    });
    WORDS.is_match(heading)
}

fn build(spot: Spot, mut message: Message) -> RawFinding {
    message.text = plain_title(&message.text);
    message.at(spot)
}

/// A title without emphasis around it or around its first words.
fn plain_title(text: &str) -> String {
    static BOLD: LazyLock<Regex> =
        LazyLock::new(|| regex(r"^\*\*(?P<title>[^*]+?)[.:]?\*\*[.:]?(?P<rest>.*)$"));
    let text = text
        .trim()
        .trim_end_matches([':', '—', '–', '-', ','])
        .trim();
    match BOLD.captures(text) {
        Some(found) if found["rest"].trim().is_empty() => found["title"].to_owned(),
        Some(found) => {
            let rest = found["rest"].trim_start_matches([' ', '—', '–', '-', ':']);
            format!("{}: {rest}", &found["title"])
        }
        None if text.matches("**").count() % 2 == 1 => text.replacen("**", "", 1),
        None => text.to_owned(),
    }
}

/// `path:12: text`, `` `path:12` — text ``, `**path:12** [error] text`, `Line 12: text`.
fn leading(text: &str) -> Option<(Spot, String)> {
    static LEADING: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"^(?P<spot>[`*\[(]{0,4}(?:(?i:lines?|L)\s?[0-9][0-9\s,–—toL:-]*|[^\s`*\[\]]+(?:\s\((?i:lines?\s|L)[^)]{1,20}\))?)[`*\])]{0,4})(?P<sep>\s*:\**\s+|\s+[-–—]{1,2}\s+|\s+)(?P<text>\S.*)$",
        )
    });
    let found = LEADING.captures(text)?;
    let named = &found["spot"];
    let colon = named.ends_with(':') || named.contains(":*") || named.contains(":`");
    let in_parens = named.starts_with('(') && named.ends_with(')');
    let is_apart = colon || in_parens || !found["sep"].trim().is_empty();
    // Without a sign between them, a path begins many a sentence.
    if !is_apart && title(&found["text"]).severity.is_none() {
        return None;
    }
    let spot = spot(named)?;
    Some((spot, found["text"].to_owned()))
}

/// `text — path:12`, `text (path:12)`, `text (line 12)`, `` text at `path:12` ``.
fn trailing(text: &str) -> Option<(Spot, String)> {
    static DASH: LazyLock<Regex> =
        LazyLock::new(|| regex(r"^(?P<text>.*\S)\s+(?:—|–|--|-|@|→|\|)\s+(?P<spot>\S.{0,400})$"));
    static PARENS: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"^(?P<text>.*\S)\s*[(\[](?:in\s+|at\s+)?(?P<spot>[^()\[\]]{1,400})[)\]][.:]?\**:?$")
    });
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"^(?P<text>.*\S)\s+(?:in|at)\s+(?P<spot>`[^`]{1,400}`|\S{1,400})\**[.:]?$")
    });
    static MIDDLE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"^(?P<text>\*\*[^*]+\*\*)\s*(?:—|–|-|@|[(\[])\s*(?P<spot>[^\s()\[\]]{1,400}(?:\s?\([^)]{1,20}\))?)[)\]]?\s*(?:—|–|-|:)\s+(?P<rest>\S.*)$",
        )
    });
    static CODE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"^(?P<text>.*\S)\s+`(?P<spot>[^`]{1,400}:[0-9][^`]*)`\**[.:]?$"));
    for pattern in [&DASH, &PARENS, &WORD, &CODE] {
        if let Some(found) = pattern.captures(text)
            && let Some(spot) =
                spot(&found["spot"]).filter(|it| it.place.start_line.is_some() || it.path.is_some())
        {
            return Some((spot, found["text"].to_owned()));
        }
    }
    let found = MIDDLE.captures(text)?;
    let spot = spot(undecorated(&found["spot"]))?;
    Some((spot, format!("{} {}", &found["text"], &found["rest"])))
}

/// Text with `[path:12](target)` as `path:12`, `[path](path#L12)` as `path#L12`, and any other text that is
/// linked to a line with the line behind it.
fn unlinked(text: &str) -> String {
    static LINK: LazyLock<Regex> =
        LazyLock::new(|| regex(r"\[(?P<text>[^\[\]]{1,400})\]\((?P<target>[^()\s]{1,1000})\)"));
    let replaced = LINK.replace_all(text, |found: &regex::Captures<'_>| {
        let has_line = |text: &str| spot(text).is_some_and(|it| it.place.start_line.is_some());
        let (text, target) = (&found["text"], &found["target"]);
        match (has_line(text), has_line(target)) {
            (false, true) if spot(text).is_some() => target.to_owned(),
            (false, true) => format!("{text} ({target})"),
            _ => text.to_owned(),
        }
    });
    replaced.into_owned()
}
