//! Tests of anchors: where a place is found again after edits, and where it must not be.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::carry::{self, Carried};
use proptest::prelude::*;

/// `«…»` marks the anchored place in `before` and where it must be in `after` (nowhere without marks).
#[track_caller]
fn check(before: &str, after: &str, expected: Option<Tier>) {
    check_symbol(before, after, None, expected);
}

#[track_caller]
fn check_symbol(before: &str, after: &str, symbol: Option<&str>, expected: Option<Tier>) {
    let (text, range) = unmark(before);
    let anchor = Anchor::of(&Text::new(&text), range.unwrap(), symbol.map(str::to_owned));
    let (text, range) = unmark(after);
    let found = anchor.find(&Text::new(&text));
    assert_eq!(found, range.zip(expected), "{anchor:?}");
}

fn unmark(marked: &str) -> (String, Option<TextRange>) {
    let start = marked.find('«');
    let end = marked.find('»').map(|end| end - '«'.len_utf8());
    let range = start
        .zip(end)
        .map(|(start, end)| TextRange::new(start, end));
    (marked.replace(['«', '»'], ""), range)
}

#[test]
fn a_place_follows_its_text() {
    let exact = Some(Tier::Exact);
    check(
        "a\n«let total = items;»\nb\n",
        "new\n\na\n«let total = items;»\nb\n",
        exact,
    );
    check("x «teh» y\nz\n", "1\n2\nx «teh» y\nz\n", exact);
    check("«»whole file\n", "«»another file\n", Some(Tier::File));
    check("a\n  b«» c\nd", "x\na\n  «b c»\nd", exact);
    check(
        "first\n«»\nsecond\n\nthird\n",
        "zero\nfirst\n«»\nsecond\n\nthird\n",
        exact,
    );
}

#[test]
fn white_space_may_change() {
    check(
        "if x {\n    «first(one);\n    second(two);»\n}",
        "if y {\n«first(one);\nsecond(two);»\n}",
        Some(Tier::Trimmed),
    );
    check(
        "«first(one);\nsecond(two);»\n",
        "«first(one);\r\nsecond(two);»\r\n",
        Some(Tier::TrailingSpace),
    );
    check(
        "x = «first(one, two)»;\n",
        "x = «first(\n    one,\n    two)»;\n",
        Some(Tier::WhitespaceFree),
    );
}

#[test]
fn neighbours_choose_among_equal_quotes() {
    let exact = Some(Tier::Exact);
    let before = "fn a() {\n    return x;\n}\nfn b() {\n    «return x;»\n}\n";
    check(
        before,
        "fn b() {\n    «return x;»\n}\nfn a() {\n    return x;\n}\n",
        exact,
    );
    check("let «teh» = teh;\n", "x\nlet «teh» = teh;\n", exact);
    check("let teh = «teh»;\n", "x\nlet teh = «teh»;\n", exact);
    // One changed neighbour does not hide the next.
    let before = "one()\ntwo()\n«same()»\nthree()\nsame()\nfour()\n";
    check(
        before,
        "one()\nchanged()\n«same()»\nthree()\nx()\nsame()\nfour()\n",
        exact,
    );
}

#[test]
fn then_the_symbol_then_the_line() {
    let exact = Some(Tier::Exact);
    let same = "{\n    x();\n    y();\n    z();\n    w();\n    v();\n}\n";
    let other = same.replace("z()", "«z()»");
    check_symbol(
        &format!("fn f() {same}fn g() {other}"),
        &format!("fn g() {other}fn f() {same}"),
        Some("g"),
        exact,
    );
    check(&format!("{same}{other}"), &format!("{same}{other}"), exact);
    check(&format!("{other}{same}"), &format!("{other}{same}"), exact);
}

#[test]
fn what_is_gone_or_ambiguous_is_not_found() {
    check("a\n«let total = items;»\n", "a\nlet sum = items;\n", None);
    check("a\n«let total = items;»\n", "", None);
    // Similar is not enough.
    check(
        "«let total = items.len() + offset;»\n",
        "let total = items.len() + ofset;\n",
        None,
    );
    // The same word somewhere else is another place.
    check(
        "the «teh» here in this line\nmore\n",
        "the the here in this line\nmore\n\nfar away is teh other\n",
        None,
    );
    // Two places are equally near.
    let around = "one();\nsame();\ntwo();\n";
    check(
        "a\na\none();\n«same();»\ntwo();\n",
        &format!("{around}x\n{around}"),
        None,
    );
    check(
        "a\na\none();\n«same();»\ntwo();\n",
        "x\none();\n«same();»\ntwo();\nx\none();\nsame();\ntwo();\n",
        Some(Tier::Exact),
    );
}

#[test]
fn a_long_place_keeps_its_first_lines() {
    let line = "0123456789 0123456789\n";
    let text = Text::new(&line.repeat(1000));
    let anchor = Anchor::of(&text, TextRange::new(0, text.len()), None);
    assert!(anchor.quote.len() <= Anchor::MAX_QUOTE);
    assert!(anchor.quote.ends_with('9'));
    let long = Text::new(&"é".repeat(5000));
    let anchor = Anchor::of(&long, TextRange::new(1, 9999), None);
    assert_eq!(anchor.quote.len(), Anchor::MAX_QUOTE);
    assert!(
        anchor.before.len() <= Anchor::MAX_CONTEXT && anchor.after.len() <= Anchor::MAX_CONTEXT
    );
}

proptest! {
    #[test]
    fn never_panics(text in "[ab\n\r é{};]{0,60}", start in 0usize..70, len in 0usize..30, other in "[ab\n\r é{};]{0,60}") {
        let text = Text::new(&text);
        let anchor = Anchor::of(&text, TextRange::new(start, start + len), Some("a".to_owned()));
        let other = Text::new(&other);
        if let Some((range, tier)) = anchor.find(&other) {
            prop_assert_eq!(other.clamp(range), range);
            prop_assert!(tier.allows_edit() || tier == Tier::File);
        }
    }

    /// In an unchanged text every place is found again, or told to be ambiguous, never another one.
    #[test]
    fn an_unchanged_place_is_found(text in "[ab\n é{};]{1,60}", start in 0usize..60, len in 1usize..30) {
        let text = Text::new(&text);
        let start = start % text.len();
        let range = text.clamp(TextRange::new(start, start + len));
        prop_assume!(!text.slice(range).trim().is_empty());
        if let Some((found, _)) = Anchor::of(&text, range, None).find(&text) {
            prop_assert_eq!(text.slice(found), text.slice(range));
            prop_assert_eq!(text.line_of(found.start), text.line_of(range.start));
        }
    }

    /// After one edit elsewhere a line of its own is found where it was carried to.
    #[test]
    fn a_line_is_found_where_it_was_carried(
        above in prop::collection::vec("[ab]{0,3}", 0..6),
        below in prop::collection::vec("[ab]{0,3}", 0..6),
        at in 0usize..60,
        removed in 0usize..6,
        new in "[ab\n]{0,8}",
    ) {
        let line = "the_anchored_line();";
        let head = above.iter().map(|it| format!("{it}\n")).collect::<String>();
        let mut text = Text::new(&format!("{head}{line}\n{}", below.join("\n")));
        let range = TextRange::new(head.len(), head.len() + line.len());
        let anchor = Anchor::of(&text, range, None);
        let change = text.replace(TextRange::new(at, at + removed), &new);
        if let Carried::Same(carried) = carry::over(range, change) {
            prop_assert_eq!(anchor.find(&text), Some((carried, Tier::Exact)));
        }
    }
}
