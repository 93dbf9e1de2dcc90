//! Names of findings, and words for severities and categories.

#![allow(clippy::unwrap_used)]

use super::*;

fn finding() -> Finding {
    Finding {
        id: FindingId(String::new()),
        agent: "codex".into(),
        provider: "openai".into(),
        path: RelPath::parse("/r", "src/a.rs").unwrap(),
        range: TextRange::new(10, 20),
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Correctness,
        code: None,
        title: "Off by one in `next_page`".into(),
        body: String::new(),
        confidence: None,
        fix: None,
        anchor: Anchor {
            quote: "if i <= n {\n    x\n}".into(),
            line: 3,
            ..Anchor::default()
        },
    }
}

fn id(change: impl FnOnce(&mut Finding), occurrence: u32) -> String {
    let mut it = finding();
    change(&mut it);
    it.identify(occurrence);
    it.id.0
}

#[test]
fn the_same_remark_has_the_same_name() {
    let name = id(|_| {}, 0);
    assert_eq!(name.len(), 16);
    assert!(name.bytes().all(|it| it.is_ascii_hexdigit()));
    assert_eq!(name, id(|it| it.range = TextRange::new(99, 120), 0));
    assert_eq!(name, id(|it| it.anchor.line = 77, 0));
    assert_eq!(
        name,
        id(|it| it.anchor.quote = "\tif i<=n {x\r\n}".into(), 0)
    );
    assert_eq!(
        name,
        id(
            |it| it.title = "off by one in next_page.".replace("next_page", "next page"),
            0
        )
    );
    assert_eq!(name, id(|it| it.body = "More words".into(), 0));
}

#[test]
fn another_remark_has_another_name() {
    let mut names = vec![
        id(|_| {}, 0),
        id(|_| {}, 1),
        id(|it| it.agent = "claude".into(), 0),
        id(|it| it.path = RelPath::parse("/r", "src/b.rs").unwrap(), 0),
        id(|it| it.category = Category::Style, 0),
        id(|it| it.category = Category::Other("x".into()), 0),
        id(|it| it.title = "Off by two".into(), 0),
        id(|it| it.anchor.quote = "if i < n {".into(), 0),
    ];
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 8);
}

#[test]
fn severities_in_many_words() {
    use Severity::{Error, Hint, Info, Warning};
    for (words, expected) in [
        (
            "error ERROR err critical High P0 [P1] blocker fatal must-fix",
            Some(Error),
        ),
        (
            "warning warn medium Moderate P2 major important",
            Some(Warning),
        ),
        (
            "info information low minor P3 note pre_existing",
            Some(Info),
        ),
        ("hint nit nitpick trivial suggestion", Some(Hint)),
        ("banana 7 - P9", None),
    ] {
        for word in words.split(' ') {
            assert_eq!(Severity::parse(word), expected, "{word}");
        }
    }
}

#[test]
fn categories_in_many_words() {
    for (word, expected) in [
        ("bug", "correctness"),
        ("Logic", "correctness"),
        ("vulnerability", "security"),
        ("CWE-79: XSS", "security"),
        ("cwe_362", "concurrency"),
        ("CWE 476", "correctness"),
        ("race-condition", "concurrency"),
        ("perf", "performance"),
        ("breaking change", "api"),
        ("Testing", "tests"),
        ("documentation", "docs"),
        ("naming", "style"),
        ("typo", "spelling"),
        ("Merge Conflict!", "merge-conflict"),
        ("@scope/rule.name_x", "@scope/rule.name_x"),
        ("  ", "<none>"),
        ("äöü", "<none>"),
        (
            "a-very-long-word-that-goes-on-and-on-and-on-for-ever",
            "a-very-long-word-that-goes-on-and-on-and",
        ),
    ] {
        let category = Category::parse(word);
        assert_eq!(
            category.as_ref().map_or("<none>", Category::as_str),
            expected,
            "{word}"
        );
        if let Some(category) = category {
            let json = serde_json::to_string(&category).unwrap();
            assert_eq!(json, format!("\"{expected}\""));
            assert_eq!(serde_json::from_str::<Category>(&json).unwrap(), category);
        }
    }
}
