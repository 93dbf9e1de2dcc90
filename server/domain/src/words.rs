//! The words of a finding's text, as they are compared: when findings are merged, and when one is known again.

use crate::stop_words::is_stop_word;

/// Longest first sentence, in bytes.
const MAX_SENTENCE: usize = 400;
/// Longest text between two quotation marks that is taken for a name, in bytes.
const MAX_NAME: usize = 80;

/// What has a dot and names nothing.
const ABBREVIATIONS: &[&str] = &["e.g", "i.e", "a.k.a", "z.b"];

/// Tells the subject words of `text`: lower case, without stop words and endings, names split where they change
/// case. The same word may come several times.
pub(crate) fn tokens(text: &str, mut each: impl FnMut(&str)) {
    for part in text.split(|it: char| !it.is_alphanumeric()) {
        for part in split_case(part) {
            let word = part.to_lowercase();
            if word.chars().nth(1).is_some() && !is_stop_word(&word) {
                each(stem(&word));
            }
        }
    }
}

/// Tells the subject words of one of [`code_words`] like [`tokens`], and before the parts of a name the name as a whole. `true`
/// comes with what is only a part.
pub(crate) fn terms(word: &str, mut each: impl FnMut(&str, bool)) {
    let word = word.trim_matches('_');
    let has_parts = word.contains('_') || first_part(word) < word.len();
    if has_parts {
        each(stem(&word.to_lowercase()), false);
    }
    tokens(word, |it| each(it, has_parts));
}

/// An explanation up to its first block of code: what comes after that explains the code.
pub(crate) fn prose(body: &str) -> &str {
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let text = line.trim_start();
        if text.starts_with("```") || text.starts_with("~~~") {
            break;
        }
        at += line.len();
    }
    &body[..at]
}

/// The words of `text` as they stand in code: with underscores, nothing left out.
pub(crate) fn code_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_')
        .filter(|it| !it.is_empty())
}

/// The words of `text` with dots inside: what may be identifiers.
pub(crate) fn dotted_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_' && it != '.')
        .map(|it| it.trim_matches('.'))
        .filter(|it| !it.is_empty())
}

/// True for what looks like an identifier: a word with `_`, `.` or inner capitals.
pub(crate) fn is_identifier(word: &str) -> bool {
    // Most words are plain, and this is asked of each.
    if word.bytes().all(|it| it.is_ascii_lowercase()) {
        return false;
    }
    let is_named = word.contains('.') || word.trim_matches('_').contains('_') || is_camel(word);
    let starts = word.starts_with(|it: char| it.is_alphabetic() || it == '_');
    is_named && starts && !ABBREVIATIONS.contains(&word)
}

/// Tells what stands in quotation marks or backticks.
pub(crate) fn quoted<'t>(text: &'t str, mut each: impl FnMut(&'t str)) {
    let mut before = ' ';
    let mut chars = text.char_indices();
    while let Some((at, open)) = chars.next() {
        let close = match open {
            '`' | '\'' | '"' => open,
            '“' => '”',
            '‘' => '’',
            _ => {
                before = open;
                continue;
            }
        };
        let inside = &text[at + open.len_utf8()..];
        // The apostrophe of `doesn't` quotes nothing.
        if !before.is_alphanumeric()
            && let Some(len) = closing(inside, close)
        {
            each(&inside[..len]);
            let after = at + open.len_utf8() + len + close.len_utf8();
            while chars.offset() < after && chars.next().is_some() {}
            before = close;
        } else {
            before = open;
        }
    }
}

/// The length in bytes of what a quotation mark closes.
fn closing(inside: &str, close: char) -> Option<usize> {
    let ends = inside.match_indices(close).map(|(at, _)| at);
    let mut near = ends.take_while(|it| *it <= MAX_NAME);
    near.find(|at| {
        let after = inside[at + close.len_utf8()..].chars().next();
        *at > 0 && after.is_none_or(|it| !it.is_alphanumeric())
    })
}

/// The first sentence of an explanation; nothing of one that begins with code.
pub(crate) fn first_sentence(body: &str) -> &str {
    let body = prose(body).trim_start();
    let mut end = body.find("\n\n").unwrap_or(body.len());
    let stops = body[..end].match_indices(['.', '!', '?']);
    let after = stops.map(|(at, stop)| at + stop.len());
    let mut ends = after.filter(|at| body[*at..].starts_with(char::is_whitespace));
    end = ends.next().unwrap_or(end);
    &body[..body.floor_char_boundary(end.min(MAX_SENTENCE))]
}

fn is_camel(word: &str) -> bool {
    let mut before = ' ';
    word.chars().any(|it| {
        let inner = (before.is_lowercase() || before.is_numeric()) && it.is_uppercase();
        before = it;
        inner
    })
}

/// `readHTTPBody2` is `read`, `HTTP`, `Body2`.
fn split_case(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (first, after) = rest.split_at(first_part(rest));
        rest = after;
        Some(first)
    })
}

/// Length in bytes of the first part of a name.
fn first_part(name: &str) -> usize {
    let mut chars = name.char_indices().peekable();
    let mut before: Option<char> = None;
    while let Some((at, it)) = chars.next() {
        let next = chars.peek().map(|it| it.1);
        let ends = before.is_some_and(|before| {
            let lower = before.is_lowercase() && it.is_uppercase();
            // In `HTTPBody` the last capital starts the next word.
            let upper = before.is_uppercase() && it.is_uppercase();
            lower || (upper && next.is_some_and(char::is_lowercase))
        });
        if ends {
            return at;
        }
        before = Some(it);
    }
    name.len()
}

/// A word without its ending; enough to make `locks`, `locked` and `locking` equal.
pub(crate) fn stem(word: &str) -> &str {
    for ending in ["ing", "ed", "es", "s"] {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.chars().nth(2).is_some()
            && !(ending == "s" && rest.ends_with('s'))
        {
            return rest;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(teller: impl FnOnce(&mut dyn FnMut(&str))) -> String {
        let mut all: Vec<String> = Vec::new();
        teller(&mut |it| all.push(it.to_owned()));
        all.join(" ")
    }

    #[test]
    fn tokens_of_text() {
        for (text, expected) in [
            ("The lock is locked while locking", "lock lock lock"),
            (
                "readHTTPBody in `src/parse_url.rs`",
                "read http body src parse url rs",
            ),
            ("x of a to", ""),
            ("Größe ÜberPrüfung", "größe über prüfung"),
            ("class classes pass", "class class pass"),
            ("", ""),
        ] {
            assert_eq!(told(|each| tokens(text, each)), expected, "{text}");
        }
    }

    #[test]
    fn names_are_words_and_have_parts() {
        for (text, expected) in [
            (
                "`readHTTPBody` is read",
                "readhttpbody (read http body) read",
            ),
            ("the retry_counts of x_", "retry_count (retry count)"),
            ("Locks and IO", "lock io"),
            ("", ""),
        ] {
            let mut all = String::new();
            let mut was_part = false;
            let mut add = |it: &str, is_part| {
                all += match (was_part, is_part) {
                    (false, true) => " (",
                    (true, false) => ") ",
                    _ if all.is_empty() => "",
                    _ => " ",
                };
                all += it;
                was_part = is_part;
            };
            code_words(text).for_each(|word| terms(word, &mut add));
            all += if was_part { ")" } else { "" };
            assert_eq!(all, expected, "{text}");
        }
    }

    #[test]
    fn prose_ends_where_code_begins() {
        for (body, expected) in [
            ("Said.\n\n```rust\ncode\n```\nMore.", "Said.\n\n"),
            ("1. Said:\n   ~~~\n   code\n   ~~~", "1. Said:\n"),
            ("```\ncode", ""),
            ("Said ```x``` here.", "Said ```x``` here."),
            ("", ""),
        ] {
            assert_eq!(prose(body), expected, "{body}");
        }
    }

    #[test]
    fn identifiers_of_text() {
        for (text, expected) in [
            ("`max_len` is never read", "max_len"),
            ("call fetchUser() first", "fetchUser"),
            ("session.user is None.", "session.user"),
            ("e.g. this, i.e. that, 1.5 s, done.", ""),
            ("HTTP and JSON and _", ""),
            ("d.log is nil...", "d.log"),
            ("`Cache::get_or_insert`", "get_or_insert"),
        ] {
            let found: Vec<&str> = dotted_words(text).filter(|it| is_identifier(it)).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn what_is_quoted() {
        for (text, expected) in [
            ("`teh` should be \"the\"", "teh the"),
            ("it doesn't say 'why' or ‘how’", "why how"),
            ("“a b” and `", "a b"),
            ("the users' names aren't", ""),
            ("'x' is defined, 'y' isn't", "x y"),
        ] {
            assert_eq!(told(|each| quoted(text, each)), expected, "{text}");
        }
    }

    #[test]
    fn first_sentences() {
        for (body, expected) in [
            ("One thing. Another.", "One thing."),
            ("In `a.rs` it\nis so! Yes", "In `a.rs` it\nis so!"),
            ("no end\n\nmore", "no end"),
            ("```rust\nlet x = 1;\n```", ""),
            ("", ""),
        ] {
            assert_eq!(first_sentence(body), expected);
        }
        assert!(first_sentence(&"ä".repeat(1000)).len() <= MAX_SENTENCE);
    }
}
