//! Tests of comments that keep findings away.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::anchor::Anchor;
use crate::finding::{FindingId, Severity};
use crate::path::RelPath;
use crate::text::TextRange;

/// The lines (from 1) on which a security finding is kept away.
fn hidden(path: &str, code: &str, honour: &[&str]) -> Vec<usize> {
    let text = Text::new(code);
    let honour: Vec<String> = honour.iter().map(|it| (*it).to_owned()).collect();
    let all = Suppressions::of(path, &text, &honour);
    (0..text.line_count())
        .filter(|line| {
            let range = text.line_range(*line).unwrap();
            let finding = finding(range);
            !range.is_empty() && all.hides(&finding, &text).is_some()
        })
        .map(|it| it + 1)
        .collect()
}

fn finding(range: TextRange) -> Finding {
    Finding {
        id: FindingId(String::new()),
        agent: "house".into(),
        provider: "us".into(),
        path: RelPath::try_from("a".to_owned()).unwrap(),
        range,
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Security,
        code: Some("S105".into()),
        title: "Secret".into(),
        body: String::new(),
        confidence: None,
        fix: None,
        anchor: Anchor::default(),
    }
}

#[test]
fn comments_of_many_languages() {
    for (path, code, expected) in [
        (
            "a.rs",
            "one\ntwo // crosscheck: ignore security — public key\nthree",
            &[2][..],
        ),
        (
            "a.rs",
            "one\n    // crosscheck: ignore security - public\n    two\nthree",
            &[3],
        ),
        (
            "a.rs",
            "// crosscheck: ignore security: public\n\n// More about it.\none\ntwo",
            &[4],
        ),
        ("a.rs", "one // crosscheck: ignore style — public\ntwo", &[]),
        ("a.rs", "one // crosscheck: ignore\ntwo", &[1]),
        (
            "a.rs",
            "one // crosscheck: ignore all -- because\ntwo",
            &[1],
        ),
        ("a.rs", "one // crosscheck: ignore vulnerability\ntwo", &[1]),
        (
            "a.rs",
            "one // crosscheck: ignore style, s105 — x\ntwo",
            &[1],
        ),
        ("a.rs", "one # crosscheck: ignore security\ntwo", &[]),
        ("a.rs", "let x = \"crosscheck: ignore security\";\ntwo", &[]),
        ("a.rs", "one // crosscheck: ignored\ntwo", &[]),
        ("a.py", "one  # crosscheck: ignore security — x\ntwo", &[1]),
        ("a.py", "one // crosscheck: ignore security\ntwo", &[]),
        (
            "a.sql",
            "-- crosscheck: ignore security -- x\nSELECT 1",
            &[2],
        ),
        (
            "a.html",
            "<!-- crosscheck: ignore security — x -->\n<p>\n<b>",
            &[2],
        ),
        (
            "a.css",
            "/* crosscheck: ignore security */\na {}\nb {}",
            &[2],
        ),
        ("a.lua", "one -- crosscheck: ignore security\ntwo", &[1]),
        ("a.el", ";; crosscheck: ignore security\n(one)\n(two)", &[2]),
        (
            "a.jsx",
            "{/* crosscheck: ignore security — x */}\n<p>\n<b>",
            &[2],
        ),
        ("Makefile", "one # crosscheck: ignore security\ntwo", &[1]),
        (
            "a.rs",
            "one\n// crosscheck: ignore-file security — generated\ntwo",
            &[1, 2, 3],
        ),
        ("a.rs", "one\n// crosscheck: ignore-file style\ntwo", &[]),
        ("a.rs", "// crosscheck: ignore-file\none", &[1, 2]),
    ] {
        assert_eq!(hidden(path, code, &[]), expected, "{path}: {code}");
    }
}

#[test]
fn markers_of_others_only_where_wanted() {
    for (path, code, honour, expected) in [
        ("a.py", "one  # nosemgrep: rule\ntwo", &[][..], &[][..]),
        ("a.py", "one  # nosemgrep: rule\ntwo", &["nosemgrep"], &[1]),
        ("a.py", "# nosemgrep\none\ntwo", &["nosemgrep"], &[2]),
        ("a.py", "one  # noqa: S105\ntwo", &["noqa"], &[1]),
        ("a.py", "one  # noqabout\ntwo", &["noqa"], &[]),
        (
            "a.js",
            "one // eslint-disable-line\ntwo",
            &["eslint-disable-line"],
            &[1],
        ),
        (
            "a.js",
            "// eslint-disable-next-line no-x\ntwo\nthree",
            &["eslint-disable-next-line"],
            &[2],
        ),
        ("a.ts", "// @ts-ignore\ntwo\nthree", &["ts-ignore"], &[2]),
        ("a.cc", "one(); // NOLINT(x)\ntwo", &["NOLINT"], &[1]),
        (
            "a.cc",
            "// NOLINTNEXTLINE(x)\ntwo\nthree",
            &["NOLINT", "NOLINTNEXTLINE"],
            &[2],
        ),
    ] {
        assert_eq!(hidden(path, code, honour), expected, "{path}: {code}");
    }
}

#[test]
fn a_reason_is_kept() {
    let text = Text::new("one // crosscheck: ignore security — a public-key: not secret");
    let all = Suppressions::of("a.rs", &text, &[]);
    let hides = all.hides(&finding(TextRange::new(0, 3)), &text).unwrap();
    assert_eq!(hides.reason, "a public-key: not secret");
    assert_eq!(hides.kinds, ["security"]);
}

#[test]
fn what_is_inserted_is_understood() {
    for path in [
        "a.rs", "b.py", "c.html", "d.css", "e.ml", "f.rst", "g.tex", "Makefile",
    ] {
        let comment = comment_for(path, "  ", &Category::Security).unwrap();
        assert_eq!(
            hidden(path, &format!("{comment}\n  one\ntwo"), &[]),
            [2],
            "{comment}"
        );
    }
}

#[test]
fn nothing_is_inserted_where_it_may_be_no_comment() {
    for path in ["a.json", "b.txt", "c.vue", "LICENSE", "src/d"] {
        assert_eq!(comment_for(path, "", &Category::Security), None, "{path}");
    }
}
