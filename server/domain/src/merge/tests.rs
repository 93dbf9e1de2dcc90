//! Which findings become one.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::anchor::Anchor;
use crate::edit::TextEdit;
use crate::path::RelPath;
use proptest::prelude::*;

/// A finding of `agent` on `line` with ten bytes per line.
fn finding(agent: &str, line: u32, title: &str) -> Finding {
    let start = line as usize * 10;
    let mut it = Finding {
        id: FindingId(String::new()),
        agent: agent.to_owned(),
        provider: agent.to_uppercase(),
        path: RelPath::parse("/r", "a.rs").unwrap(),
        range: TextRange::new(start, start + 8),
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Correctness,
        code: None,
        title: title.to_owned(),
        body: String::new(),
        confidence: None,
        fix: None,
        anchor: Anchor {
            quote: format!("line {line}"),
            line,
            ..Anchor::default()
        },
    };
    it.identify(0);
    it
}

fn render(findings: &[Finding]) -> Vec<String> {
    let one = |it: &Finding| format!("{}:{}", it.agent, it.anchor.line);
    let cluster = |it: Cluster| it.findings.iter().map(one).collect::<Vec<_>>().join(" ");
    merge(findings).into_iter().map(cluster).collect()
}

#[test]
fn same_place_and_similar_text() {
    let loop_bound = "The loop bound is off by one";
    for (a, b, merged) in [
        (
            finding("a", 5, loop_bound),
            finding("b", 5, "Off by one in the loop"),
            true,
        ),
        (
            finding("a", 5, loop_bound),
            finding("b", 8, "Loop reads one element too many: bound"),
            true,
        ),
        (
            finding("a", 5, loop_bound),
            finding("b", 9, loop_bound),
            false,
        ),
        (
            finding("a", 5, loop_bound),
            finding("b", 5, "Misspelt word in a comment"),
            false,
        ),
        (
            finding("a", 5, loop_bound),
            finding("a", 5, loop_bound),
            false,
        ),
        (
            Finding {
                range: TextRange::new(0, 500),
                ..finding("a", 0, loop_bound)
            },
            finding("b", 40, "Loop bound"),
            true,
        ),
    ] {
        let count = render(&[a.clone(), b.clone()]).len();
        assert_eq!(count == 1, merged, "{} / {}", a.title, b.title);
        assert_eq!(count, render(&[b, a]).len());
    }
}

#[test]
fn equal_fixes_are_the_same_remark() {
    let fixed = |agent, title, category| Finding {
        fix: Some(TextEdit {
            range: TextRange::new(50, 54),
            new_text: "x".into(),
        }),
        category,
        ..finding(agent, 5, title)
    };
    let a = fixed("a", "Unchecked index", Category::Correctness);
    assert_eq!(
        render(&[a.clone(), fixed("b", "Panics here", Category::Correctness)]).len(),
        1
    );
    assert_eq!(
        render(&[a, fixed("b", "Panics here", Category::Style)]).len(),
        2
    );
}

#[test]
fn unlocated_findings_need_the_same_title() {
    let file = |agent, title| Finding {
        tier: Tier::File,
        range: TextRange::new(0, 0),
        ..finding(agent, 0, title)
    };
    let all = [
        file("a", "No tests"),
        file("b", "No tests"),
        file("c", "No tests at all"),
        finding("d", 0, "No tests"),
    ];
    assert_eq!(render(&all), ["a:0 b:0", "c:0", "d:0"]);
}

#[test]
fn one_finding_per_agent() {
    let all = [
        finding("a", 5, "loop bound wrong"),
        finding("a", 6, "loop bound wrong too"),
        finding("b", 5, "loop bound wrong"),
        finding("c", 6, "loop bound too"),
    ];
    assert_eq!(render(&all), ["a:5 b:5", "a:6 c:6"]);
}

#[test]
fn the_surest_is_primary() {
    let a = Finding {
        tier: Tier::Line,
        severity: Severity::Error,
        ..finding("a", 5, "loop bound")
    };
    let b = Finding {
        severity: Severity::Info,
        ..finding("b", 6, "loop bound")
    };
    let c = Finding {
        severity: Severity::Warning,
        ..finding("c", 6, "loop bound")
    };
    let clusters = merge(&[a, b, c.clone()]);
    assert_eq!(clusters.len(), 1);
    assert_eq!(
        (&clusters[0].id, clusters[0].range, clusters[0].severity),
        (&c.id, c.range, Severity::Error)
    );
    assert_eq!(clusters[0].agents(), ["a", "b", "c"]);
    assert_eq!(clusters[0].providers(), 3);
}

/// What bounds the time for thousands of findings: the number of pairs that are compared.
#[test]
fn work_stays_bounded() {
    let everywhere: Vec<Finding> = (0..3000)
        .map(|it| Finding {
            range: TextRange::new(0, 9000),
            ..finding(["a", "b", "c"][it % 3], 1, &format!("loop bound {it}"))
        })
        .collect();
    let sorted: Vec<&Finding> = everywhere.iter().collect();
    assert!(neighbours(&sorted).len() <= 3000 * 2 * MAX_NEIGHBOURS);
    assert_eq!(
        merge(&everywhere)
            .iter()
            .map(|it| it.findings.len())
            .sum::<usize>(),
        3000
    );
}

fn any_findings() -> impl Strategy<Value = Vec<Finding>> {
    let words = prop::sample::select(vec![
        "loop", "bound", "lock", "race", "typo", "index", "panic",
    ]);
    let one = (
        0..4_usize,
        0..12_u32,
        prop::collection::vec(words, 1..4),
        0..30_usize,
        0..4_usize,
    );
    let one = one.prop_map(|(agent, line, words, length, kind)| {
        let mut it = finding(["a", "b", "c", "d"][agent], line, &words.join(" "));
        it.range.end = it.range.start + length;
        it.tier = [Tier::Exact, Tier::Fuzzy, Tier::Line, Tier::File][kind];
        it.severity = [
            Severity::Error,
            Severity::Warning,
            Severity::Info,
            Severity::Hint,
        ][kind];
        it
    });
    prop::collection::vec(one, 0..25)
}

proptest! {
    #[test]
    fn order_does_not_matter(findings in any_findings(), seed in any::<u64>()) {
        let clusters = merge(&findings);
        let mut shuffled = findings.clone();
        shuffled.sort_by_key(|it| blake3::hash(format!("{seed}{it:?}").as_bytes()).to_hex().to_string());
        prop_assert_eq!(&merge(&shuffled), &clusters);

        let mut inside: Vec<String> = clusters.iter().flat_map(|it| &it.findings).map(|it| format!("{it:?}")).collect();
        let mut outside: Vec<String> = findings.iter().map(|it| format!("{it:?}")).collect();
        inside.sort();
        outside.sort();
        prop_assert_eq!(inside, outside);
        for cluster in &clusters {
            prop_assert_eq!(cluster.agents().len(), cluster.findings.len());
        }
    }
}
