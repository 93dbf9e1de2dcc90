//! Tests of what is hidden, by whom, and for how long.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::event::Verdict;
use crate::request::{NOT_NOW, OpenBuffers, Reach};
use domain::anchor::Anchor;
use domain::finding::{Category, FindingId, Severity};
use domain::locate::Tier;
use domain::text::TextRange;
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

/// A finding at the `nth` occurrence of `quote`.
fn finding(text: &Text, quote: &str, nth: usize, title: &str) -> Finding {
    let whole = text.to_string();
    let (start, _) = whole
        .match_indices(quote)
        .nth(nth)
        .expect("the quote stands there");
    let range = TextRange::new(start, start + quote.len());
    Finding {
        id: FindingId(format!("{title} {start}")),
        agent: "house".into(),
        provider: "us".into(),
        path: path("src/a.rs"),
        range,
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Spelling,
        code: None,
        title: title.into(),
        body: String::new(),
        confidence: None,
        fix: None,
        anchor: Anchor::of(text, range, None),
    }
}

fn entry(
    verdict: Verdict,
    reach: Reach,
    reason: Option<&str>,
    finding: &Finding,
    text: &Text,
) -> Entry {
    Entry {
        id: 0,
        verdict,
        reach,
        reason: reason.map(str::to_owned),
        created: UNIX_EPOCH,
        remarks: vec![Judged::of(finding, Some(text))],
    }
}

fn dismissed(reach: Reach, finding: &Finding, text: &Text) -> Verdicts {
    let mut verdicts = Verdicts::default();
    verdicts.add(entry(Verdict::Dismissed, reach, None, finding, text));
    verdicts
}

/// Why a finding is hidden by decisions alone.
fn why(verdicts: &Verdicts, root: &Path, finding: &Finding, text: &Text) -> Option<Why> {
    let sieve = Sieve {
        verdicts,
        baseline: &Baseline::default(),
        honour: &[],
        elsewhere: &Elsewhere::new(root, OpenBuffers::new(), 1 << 20),
    };
    let mut sifted = sieve.sift(&finding.path, text, &Lines::of(text), vec![finding.clone()]);
    sifted.hidden.pop().map(|it| it.why)
}

#[test]
fn a_dismissal_reaches_as_far_as_it_says() {
    let root = TempDir::new().unwrap();
    let text = Text::new("teh one\nmiddle\nteh two\nend\n");
    fs::create_dir(root.path().join("src")).unwrap();
    fs::write(root.path().join("src/a.rs"), text.to_string()).unwrap();
    let first = finding(&text, "teh", 0, "`teh` is misspelt");
    let second = finding(&text, "teh", 1, "`teh` is misspelt");
    let reworded = Finding {
        title: "A typo: teh".into(),
        agent: "other".into(),
        ..first.clone()
    };
    let wider = Finding {
        title: "Spelling of `teh`".into(),
        ..finding(&text, "teh one", 0, "")
    };
    let elsewhere = Finding {
        path: path("src/b.rs"),
        ..first.clone()
    };
    let far = Finding {
        path: path("lib/c.rs"),
        ..first.clone()
    };
    let other_text = finding(&text, "middle", 0, "`middle` is misspelt");
    let other_kind = Finding {
        category: Category::Style,
        title: "Line says nothing".into(),
        ..first.clone()
    };
    let all = [
        &first,
        &second,
        &reworded,
        &wider,
        &elsewhere,
        &far,
        &other_text,
        &other_kind,
    ];
    for (reach, expected) in [
        (
            Reach::Here,
            [true, false, true, true, false, false, false, false],
        ),
        (
            Reach::Text,
            [true, true, true, false, true, true, false, false],
        ),
        (
            Reach::KindInFile,
            [true, true, true, true, false, false, true, false],
        ),
        (
            Reach::KindInDirectory,
            [true, true, true, true, true, false, true, false],
        ),
        (
            Reach::Kind,
            [true, true, true, true, true, true, true, false],
        ),
    ] {
        let verdicts = dismissed(reach, &first, &text);
        let hidden = all.map(|it| why(&verdicts, root.path(), it, &text).is_some());
        assert_eq!(hidden, expected, "{reach:?}");
    }
}

#[test]
fn a_dismissal_lives_as_long_as_its_text() {
    let root = TempDir::new().unwrap();
    let before = Text::new("a();\nbefore();\nteh one\nafter();\nd();\n");
    let verdicts = dismissed(
        Reach::Here,
        &finding(&before, "teh one", 0, "Misspelt"),
        &before,
    );
    for (now, quote, hidden) in [
        ("a();\nx();\nteh one\nafter();\nd();\n", "teh one", true),
        ("a();\nx();\n    teh one\ny();\nd();\n", "teh", true),
        ("d();\nteh   one\n", "teh", true),
        (
            "a();\nbefore();\nteh two\nafter();\nd();\n",
            "teh two",
            false,
        ),
        (
            "a();\nbefore();\nteh\none\nafter();\nd();\n",
            "teh\none",
            true,
        ),
    ] {
        let now = Text::new(now);
        let found = why(
            &verdicts,
            root.path(),
            &finding(&now, quote, 0, "A word is misspelt"),
            &now,
        );
        assert_eq!(found.is_some(), hidden, "{now}");
    }
}

#[test]
fn a_dismissal_follows_its_text_into_another_file() {
    let root = TempDir::new().unwrap();
    let before = Text::new("fn one() {\n    let teh = word();\n}\n");
    let verdicts = dismissed(
        Reach::Here,
        &finding(&before, "teh", 0, "`teh` is misspelt"),
        &before,
    );
    let now = Text::new("// Moved.\nlet teh = word();\n");
    let moved = Finding {
        path: path("lib/b.rs"),
        ..finding(&now, "let teh = word();", 0, "Spelling: teh")
    };
    // The old file is gone.
    assert!(why(&verdicts, root.path(), &moved, &now).is_some());
    // It is there, without the text, and with it: then this is a copy.
    fs::create_dir(root.path().join("src")).unwrap();
    for (content, hidden) in [("fn one() {}\n", true), ("  let teh = word();\n", false)] {
        fs::write(root.path().join("src/a.rs"), content).unwrap();
        assert_eq!(
            why(&verdicts, root.path(), &moved, &now).is_some(),
            hidden,
            "{content}"
        );
    }
}

#[test]
fn a_kind_is_hidden_after_three_dismissals_unless_it_is_accepted() {
    let root = TempDir::new().unwrap();
    let text = Text::new("alpha();\nbeta();\ngamma();\ndelta();\nepsilon();\n");
    let of = |quote: &str, category: Category| Finding {
        category,
        ..finding(
            &text,
            quote,
            0,
            &format!("Result of `{quote}` is ignored without a comment"),
        )
    };
    let style = |quote: &str| of(quote, Category::Style);
    let mut verdicts = Verdicts::default();
    let last = style("delta");
    for (quote, reason) in [
        ("alpha", None),
        ("beta", Some("wrong")),
        ("epsilon", Some(NOT_NOW)),
    ] {
        verdicts.add(entry(
            Verdict::Dismissed,
            Reach::Here,
            reason,
            &style(quote),
            &text,
        ));
        assert_eq!(why(&verdicts, root.path(), &last, &text), None, "{quote}");
    }
    verdicts.add(entry(
        Verdict::Dismissed,
        Reach::Text,
        None,
        &style("gamma"),
        &text,
    ));
    assert_eq!(
        why(&verdicts, root.path(), &last, &text),
        Some(Why::Kind { dismissed: 3 })
    );
    let other = Finding {
        title: "Names say nothing".into(),
        ..last.clone()
    };
    assert_eq!(
        why(&verdicts, root.path(), &other, &text),
        None,
        "another kind"
    );
    let mut holes = Verdicts::default();
    for quote in ["alpha", "beta", "gamma"] {
        let hole = of(quote, Category::Security);
        holes.add(entry(Verdict::Dismissed, Reach::Here, None, &hole, &text));
    }
    let hole = of("delta", Category::Security);
    assert_eq!(why(&holes, root.path(), &hole, &text), None, "never a hole");

    verdicts.add(entry(Verdict::Accepted, Reach::Here, None, &last, &text));
    assert_eq!(
        why(&verdicts, root.path(), &last, &text),
        None,
        "this one is wanted"
    );
}

#[test]
fn a_baseline_hides_and_is_told() {
    let root = TempDir::new().unwrap();
    let text = Text::new("one\nlet teh = 1;\nthree\nlet recieve = 2;\n");
    fs::create_dir(root.path().join("src")).unwrap();
    fs::write(root.path().join("src/a.rs"), text.to_string()).unwrap();
    let (first, second) = (
        finding(&text, "teh", 0, "`teh` is misspelt"),
        finding(&text, "recieve", 0, "`recieve` is misspelt"),
    );
    let elsewhere = Elsewhere::new(root.path(), OpenBuffers::new(), 1 << 20);
    let present = |findings: &[&Finding]| {
        [Present {
            findings: findings.iter().map(|it| (*it).clone()).collect(),
            text: text.clone(),
        }]
    };
    let both = present(&[&second, &first]);
    let change = update(
        root.path(),
        &|it| it.id == first.id,
        false,
        &both,
        &elsewhere,
    )
    .unwrap();
    assert_eq!((change.added, change.removed, change.total), (1, 0, 1));
    let file = root.path().join(BASELINE_FILE);
    let one = fs::read_to_string(&file).unwrap();

    let hidden = |now: &Text, finding: &Finding| {
        let sieve = Sieve {
            verdicts: &Verdicts::default(),
            baseline: &CachedBaseline::default().get(root.path()),
            honour: &[],
            elsewhere: &elsewhere,
        };
        let sifted = sieve.sift(&finding.path, now, &Lines::of(now), vec![finding.clone()]);
        sifted.hidden.first().map(|it| it.why.clone())
    };
    assert_eq!(hidden(&text, &first), Some(Why::Baseline));
    assert_eq!(hidden(&text, &second), None);
    let moved = Text::new("three\n\n    let   teh = 1;\nnew\n");
    let reworded = finding(&moved, "teh", 0, "Spelling: teh should be the");
    assert_eq!(hidden(&moved, &reworded), Some(Why::Baseline));

    // Adding is stable: the lines of what was there stay as they are, and nothing is added twice.
    let change = update(root.path(), &|_| true, false, &both, &elsewhere).unwrap();
    assert_eq!((change.added, change.total), (1, 2));
    let two = fs::read_to_string(&file).unwrap();
    let kept = one
        .lines()
        .filter(|it| it.contains("\"title\""))
        .map(|it| it.trim_end_matches(','));
    assert!(kept.into_iter().all(|it| two.contains(it)), "{one}\n{two}");
    let change = update(root.path(), &|_| true, false, &both, &elsewhere).unwrap();
    assert_eq!((change.added, change.removed), (0, 0));
    let change = update(
        root.path(),
        &|_| false,
        true,
        &present(&[&second]),
        &elsewhere,
    )
    .unwrap();
    assert_eq!((change.added, change.removed, change.total), (0, 1, 1));
    assert_eq!(hidden(&text, &first), None);
}

#[test]
fn a_hostile_baseline_is_named_and_harms_nothing() {
    let good =
        r#"{"agent":"a","path":"src/a.rs","category":"style","title":"t","mark":{"text":"00ff"}}"#;
    let outside = good.replace("src/a.rs", "../../etc/passwd");
    for (content, expected) in [
        ("", &["baseline.json:1: EOF"][..]),
        (
            "{\n\"version\": 1,\n\"findings\": [",
            &["baseline.json:3: EOF"],
        ),
        ("[]", &["baseline.json:1: "]),
        (r#"{"version": 2, "findings": []}"#, &["version 2"]),
        (
            &format!("{{\"version\":1,\"findings\":[\n{good},\n17,\n{outside}]}}"),
            &["baseline.json:3: ", "baseline.json:4: "],
        ),
        (
            &format!(
                "{{\"version\":1,\"findings\":[{}{good}]}}",
                "1,\n".repeat(9)
            ),
            &["json:1: ", "json:2: ", "json:3: ", "6 more"],
        ),
        (&"[".repeat(100_000), &["baseline.json:1: "]),
    ] {
        let problems = baseline::testing::parse(content).problems;
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, part) in problems.iter().zip(expected) {
            assert!(problem.contains(part), "{problem}");
        }
    }
    assert_eq!(
        baseline::testing::parse(&format!("{{\"version\":1,\"findings\":[{good}]}}")).problems,
        Vec::<String>::new()
    );
}
