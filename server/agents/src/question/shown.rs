//! The words of agents as a question shows them: bounded, and safe to print.

/// Stands for a line break in what is shown verbatim.
const BREAK: char = '⏎';
/// Stands for a character that cannot be seen.
const UNSEEN: char = '\u{fffd}';
/// Stands where something was cut off.
const CUT: char = '…';

/// Prose on one line, at most `max` characters.
pub(super) fn words(text: &str, max: usize) -> String {
    // A character has four bytes at most; the rest is room for white space that is folded.
    let kept = prefix(text, 16 * max);
    let mut shown = domain::sanitize::line(kept, max);
    if kept.len() < text.len() && !shown.ends_with(CUT) {
        shown.push(CUT);
    }
    shown
}

/// What will be run or changed, at most `max` characters. Nothing in it vanishes: what is approved must not differ
/// from what is shown.
pub(super) fn verbatim(text: &str, max: usize) -> String {
    let mut shown = String::new();
    let mut chars = text.chars().peekable();
    let mut count = 0;
    while let Some(it) = chars.next() {
        if count == max {
            shown.push(CUT);
            break;
        }
        count += 1;
        shown.push(match it {
            ' '..='~' => it,
            '\t' => ' ',
            '\r' if chars.peek() == Some(&'\n') => {
                chars.next();
                BREAK
            }
            '\n' => BREAK,
            it if is_seen(it) => it,
            _ => UNSEEN,
        });
    }
    shown
}

fn is_seen(it: char) -> bool {
    !domain::sanitize::line(it.encode_utf8(&mut [0; 4]), 1).is_empty()
}

fn prefix(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn words_are_folded_and_cut() {
        for (text, expected) in [
            ("May\u{7} I\n  run?", "May I run?"),
            ("one two three four", "one two t…"),
            ("ünï ©", "ünï ©"),
        ] {
            assert_eq!(words(text, 10), expected);
        }
        let spaces = " ".repeat(10_000_000) + "end";
        assert_eq!(words(&spaces, 10), "…");
    }

    #[test]
    fn nothing_vanishes_from_what_is_shown_verbatim() {
        for (text, expected) in [
            ("cargo  test", "cargo  test"),
            (" ls\nrm -rf x\r\n", " ls⏎rm -rf x⏎"),
            ("a\tb\u{200b}c\u{202e}d\0e\u{a0}f", "a b�c�d�e�f"),
            ("0123456789012345", "0123456789012…"),
            ("grün 😀", "grün 😀"),
        ] {
            assert_eq!(verbatim(text, 13), expected);
        }
    }
}
