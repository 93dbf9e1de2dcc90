//! Tests of placing findings and their fixes, each as the user would see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value
)]

use super::super::files::Masked;
use super::*;
use domain::finding::RawOffsets;
use domain::path::RelPath;
use domain::text::Encoding;
use expect_test::{Expect, expect};

fn source(now: &str) -> Source {
    Source {
        path: RelPath::try_from("a.py".to_owned()).unwrap(),
        now: Text::new(now),
        version: None,
        read: None,
        known: true,
        masked: Masked::No,
    }
}

fn quoting(quote: &str, replacement: Option<&str>) -> RawFinding {
    RawFinding {
        place: RawPlace {
            quote: Some(quote.into()),
            ..RawPlace::default()
        },
        title: "Look".into(),
        replacement: replacement.map(str::to_owned),
        ..RawFinding::default()
    }
}

/// Lines and columns, both 1-based; the end exclusive. Columns count UTF-16 units.
fn counting(start: (u32, u32), end: (u32, u32), replacement: Option<&str>) -> RawFinding {
    let column = |value| {
        Some(RawColumn {
            value,
            unit: Encoding::Utf16,
        })
    };
    let place = RawPlace {
        start_line: Some(start.0),
        end_line: Some(end.0),
        start_column: column(start.1),
        end_column: column(end.1),
        ..RawPlace::default()
    };
    RawFinding {
        place,
        title: "Look".into(),
        replacement: replacement.map(str::to_owned),
        ..RawFinding::default()
    }
}

/// What a user would see: the text marked with `[…]`, the tier, the text after the fix, and what is said.
fn check(source: &Source, raw: &RawFinding, numbers_count: bool, expected: Expect) {
    let shown = match place(&Views::of(source), raw, "Look", numbers_count) {
        Err(reason) => format!("left out: {reason}\n"),
        Ok(placed) => {
            let now = source.now.to_string();
            let (start, end) = (placed.range.start, placed.range.end);
            let mut shown = format!(
                "{:?}: {:?}\n",
                placed.tier,
                [&now[..start], "[", &now[start..end], "]", &now[end..]].concat()
            );
            if let Some(fix) = placed.fix {
                let fixed = domain::edit::apply(&source.now, &[fix]).unwrap();
                shown += &format!("fixed: {:?}\n", fixed.to_string());
            }
            for said in [placed.note, placed.remark].into_iter().flatten() {
                shown += &format!("{said}\n");
            }
            shown
        }
    };
    expected.assert_eq(&shown);
}

#[test]
fn a_quote_is_placed_and_its_replacement_offered() {
    let text = source("x = teh\ny = 2\n");
    check(
        &text,
        &quoting("teh", Some("the")),
        false,
        expect![[r#"
        Exact: "x = [teh]\ny = 2\n"
        fixed: "x = the\ny = 2\n"
    "#]],
    );
    check(
        &text,
        &quoting("teh", Some("teh")),
        false,
        expect![[r#"
        Exact: "x = [teh]\ny = 2\n"
    "#]],
    );
    check(
        &text,
        &quoting("teh", Some("t\u{202E}he")),
        false,
        expect![[r#"
        Exact: "x = [teh]\ny = 2\n"
        its replacement cannot be offered: it has invisible characters
    "#]],
    );
    check(
        &text,
        &quoting("x = teh", Some("x = the\n")),
        false,
        expect![[r#"
        Exact: "[x = teh]\ny = 2\n"
        fixed: "x = the\ny = 2\n"
    "#]],
    );
}

#[test]
fn a_replacement_takes_the_indentation_and_the_line_ends_of_the_text() {
    let text = source("if a:\r\n    if b:\r\n        c()\r\n");
    check(
        &text,
        &quoting("if b:\n    c()", Some("if b:\n    d()\n    e()")),
        false,
        expect![[r#"
        Trimmed: "if a:\r\n    [if b:\r\n        c()]\r\n"
        fixed: "if a:\r\n    if b:\r\n        d()\r\n        e()\r\n"
    "#]],
    );
    check(
        &text,
        &quoting("  if b:\n      c()", Some("  if b:\n      d()")),
        false,
        expect![[r#"
        Trimmed: "if a:\r\n    [if b:\r\n        c()]\r\n"
        fixed: "if a:\r\n    if b:\r\n        d()\r\n"
    "#]],
    );
    check(
        &text,
        &quoting("  if b:\n      c()", Some("if b:\n  d()")),
        false,
        expect![[r#"
        Trimmed: "if a:\r\n    [if b:\r\n        c()]\r\n"
        its replacement cannot be offered: it is for a text that differs
    "#]],
    );
    check(
        &text,
        &quoting("if b:\nc()", Some("if b:\nd()")),
        false,
        expect![[r#"
        Trimmed: "if a:\r\n    [if b:\r\n        c()]\r\n"
        its replacement cannot be offered: it is for a text that differs
    "#]],
    );
    check(
        &text,
        &quoting("\tc()\n", Some("d()\n")),
        false,
        expect![[r#"
        Trimmed: "if a:\r\n    if b:\r\n        [c()]\r\n"
        fixed: "if a:\r\n    if b:\r\n        d()\r\n"
    "#]],
    );
    check(
        &text,
        &quoting("    if b:\n        c()", Some("    if b:\n        d()")),
        false,
        expect![[r#"
        TrailingSpace: "if a:\r\n[    if b:\r\n        c()]\r\n"
        fixed: "if a:\r\n    if b:\r\n        d()\r\n"
    "#]],
    );
}

#[test]
fn an_approximate_or_ambiguous_place_gets_no_fix() {
    let text = source("def f():\n    return 1\n\ndef g():\n    return 1\n");
    check(
        &text,
        &quoting("return 1", Some("return 2")),
        false,
        expect![[r#"
        File: "[]def f():\n    return 1\n\ndef g():\n    return 1\n"
        It may be about any of the lines 2 and 5.
    "#]],
    );
    check(
        &text,
        &quoting("nothing of this", Some("x")),
        false,
        expect![[r#"
        File: "[]def f():\n    return 1\n\ndef g():\n    return 1\n"
    "#]],
    );
    let line = counting((2, 5), (2, 13), Some("return 2"));
    check(
        &text,
        &line,
        false,
        expect![[r#"
        Line: "def f():\n    [return 1]\n\ndef g():\n    return 1\n"
        its replacement cannot be offered: its place is not certain
    "#]],
    );
}

#[test]
fn the_numbers_of_a_tool_count_when_its_text_is_known() {
    let text = source("s = '😀' ; x\n");
    let semicolon = counting((1, 10), (1, 11), Some(""));
    check(
        &text,
        &semicolon,
        true,
        expect![[r#"
        Exact: "s = '😀' [;] x\n"
        fixed: "s = '😀'  x\n"
    "#]],
    );
    check(
        &Source {
            known: false,
            ..text.clone()
        },
        &semicolon,
        true,
        expect![[r#"
        Line: "s = '😀' [;] x\n"
        its replacement cannot be offered: its place is not certain
    "#]],
    );
    let mut elsewhere = counting((1, 12), (1, 13), Some("semi"));
    elsewhere.replacement_place = Some(RawPlace {
        offsets: Some(RawOffsets {
            start: 0,
            end: 1,
            unit: Encoding::Utf16,
        }),
        ..RawPlace::default()
    });
    check(
        &text,
        &elsewhere,
        true,
        expect![[r#"
        Exact: "s = '😀' ; [x]\n"
        fixed: "semi = '😀' ; x\n"
    "#]],
    );
    let mut start_only = counting((1, 1), (1, 1), Some("t"));
    start_only.place.end_column = None;
    check(
        &text,
        &start_only,
        true,
        expect![[r#"
        Exact: "[s] = '😀' ; x\n"
        its replacement cannot be offered: its place is not exact to the character
    "#]],
    );
    check(
        &text,
        &counting((1, 40), (1, 41), Some("t")),
        true,
        expect![[r#"
        Line: "[s = '😀' ; x]\n"
        its replacement cannot be offered: its place is not certain
    "#]],
    );
}

#[test]
fn what_was_read_on_disk_is_carried_to_the_open_document() {
    let disk = "a = 1\nteh = 2\n";
    let open = |now: &str| Source {
        read: Some(Text::new(disk)),
        ..source(now)
    };
    let misspelt = counting((2, 1), (2, 4), Some("the"));
    check(
        &open("# new\na = 1\nteh = 2\n"),
        &misspelt,
        true,
        expect![[r##"
        Exact: "# new\na = 1\n[teh] = 2\n"
        fixed: "# new\na = 1\nthe = 2\n"
    "##]],
    );
    check(
        &open("a = 1\nthe = 2\n"),
        &misspelt,
        true,
        expect![[r#"
        left out: the open document no longer has the text that it is about
    "#]],
    );
}
