//! Which findings become one.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::anchor::Anchor;
use crate::edit::TextEdit;
use crate::finding::{Category, Severity};
use crate::locate::Tier;
use crate::path::RelPath;
use crate::text::Text;
use proptest::prelude::*;
use std::ops::Range;

mod judging;
mod labelled;

/// A finding of `agent` on some bytes of `text`.
fn located(agent: &str, text: &str, range: Range<usize>, title: &str) -> Finding {
    let range = TextRange::new(range.start, range.end);
    let mut it = Finding {
        id: FindingId(String::new()),
        agent: agent.to_owned(),
        provider: agent.to_uppercase(),
        path: RelPath::parse("/r", "a.rs").unwrap(),
        range,
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Correctness,
        code: None,
        title: title.to_owned(),
        body: String::new(),
        confidence: None,
        fix: None,
        anchor: Anchor::of(&Text::new(text), range, None),
    };
    it.identify(0);
    it
}

/// A finding of `agent` on the file as a whole.
fn unlocated(agent: &str, title: &str) -> Finding {
    Finding {
        tier: Tier::File,
        ..located(agent, "x", 0..0, title)
    }
}

/// A finding of `agent` on `line` of a text with ten bytes per line.
fn finding(agent: &str, line: u32, title: &str) -> Finding {
    let text: String = (0..=line).map(|it| format!("line {it:>4}\n")).collect();
    let start = line as usize * 10;
    located(agent, &text, start..start + 8, title)
}

fn merged(findings: &[Finding]) -> Vec<Cluster> {
    merge(findings, Circumstances::default())
}

const LOOP_BOUND: &str = "The loop bound is off by one";

#[test]
fn same_place_and_similar_text() {
    let by = |agent, line, title| finding(agent, line, title);
    let approximate = |it: Finding| Finding {
        tier: Tier::Line,
        ..it
    };
    let in_symbol = |symbol: &str, mut it: Finding| {
        it.anchor.symbol = Some(symbol.to_owned());
        it
    };
    let first = || by("a", 5, LOOP_BOUND);
    let other_words = |line| by("b", line, "Loop reads one element too many: bound");
    for (what, a, b, is_same) in [
        (
            "in one line",
            first(),
            by("b", 5, "Off by one in the loop"),
            true,
        ),
        ("near", first(), other_words(8), true),
        ("far", first(), other_words(9), false),
        (
            "far, the same words",
            first(),
            by("b", 9, LOOP_BOUND),
            false,
        ),
        (
            "near, the same words on another text",
            first(),
            by("b", 8, LOOP_BOUND),
            false,
        ),
        (
            "of other things",
            first(),
            by("b", 5, "Misspelt word in a comment"),
            false,
        ),
        ("twice", first(), first(), true),
        (
            "an agent's next remark",
            first(),
            by("a", 6, "The loop bound is off"),
            false,
        ),
        (
            "a place that may be off",
            approximate(first()),
            by("b", 30, LOOP_BOUND),
            true,
        ),
        (
            "a place that cannot be so far off",
            approximate(first()),
            by("b", 50, LOOP_BOUND),
            false,
        ),
        (
            "in one symbol",
            in_symbol("Cache::get", first()),
            in_symbol("get", other_words(40)),
            true,
        ),
        (
            "in two symbols",
            in_symbol("get", first()),
            in_symbol("set", other_words(40)),
            false,
        ),
        (
            "a place in a larger one",
            Finding {
                range: TextRange::new(0, 500),
                ..by("a", 0, LOOP_BOUND)
            },
            by("b", 40, "Loop bound"),
            true,
        ),
        (
            "two shared identifiers",
            by("a", 5, "`read_all` ignores what `max_len` says"),
            by("b", 5, "max_len makes no difference to callers of read_all"),
            true,
        ),
    ] {
        assert_eq!(
            merged(&[a.clone(), b.clone()]).len() == 1,
            is_same,
            "{what}"
        );
        assert_eq!(merged(&[b, a]).len() == 1, is_same, "{what}");
    }
}

/// Lines are where a text was last seen, so those of an older finding may lag behind edits.
#[test]
fn places_are_near_in_the_text_as_it_is() {
    let old = |line: u32, shift: usize| {
        let mut it = finding("a", line, LOOP_BOUND);
        it.range = TextRange::new(it.range.start + shift, it.range.end + shift);
        it
    };
    let new = |line| finding("b", line, "Off by one in the loop");
    assert_eq!(
        merged(&[old(5, 300), new(36)]).len(),
        1,
        "moved down next to it"
    );
    assert_eq!(
        merged(&[old(5, 300), new(6)]).len(),
        2,
        "moved away from it"
    );
}

#[test]
fn equal_fixes_are_the_same_remark() {
    let text = "let a = recieve(order);\nlet b = 2;\n";
    let fixed = |agent, range: Range<usize>, edit: Range<usize>, new_text: &str, title| Finding {
        fix: Some(TextEdit {
            range: TextRange::new(edit.start, edit.end),
            new_text: new_text.to_owned(),
        }),
        ..located(agent, text, range, title)
    };
    let word = fixed("a", 8..15, 8..15, "receive", "Unknown word");
    for (what, other, is_same) in [
        (
            "the same word",
            fixed("b", 8..15, 8..15, "receive", "Will not compile"),
            true,
        ),
        (
            "the line around it",
            fixed(
                "b",
                0..23,
                0..23,
                "let a = receive(order);",
                "Will not compile",
            ),
            true,
        ),
        (
            "letters of it",
            fixed("b", 8..15, 11..13, "ei", "Will not compile"),
            true,
        ),
        (
            "another change",
            fixed("b", 8..15, 8..15, "receives", "Will not compile"),
            false,
        ),
        (
            "more than that",
            fixed(
                "b",
                0..23,
                0..23,
                "let c = receive(order);",
                "Will not compile",
            ),
            false,
        ),
        (
            "the same text elsewhere",
            fixed("b", 24..34, 24..34, "receive", "Nonsense"),
            false,
        ),
        (
            "nothing",
            fixed("b", 8..15, 8..15, "recieve", "Will not compile"),
            false,
        ),
    ] {
        assert_eq!(merged(&[word.clone(), other]).len() == 1, is_same, "{what}");
    }
}

#[test]
fn remarks_on_the_whole_file_need_similar_words_only() {
    let all = [
        unlocated("a", "No tests for the parser"),
        unlocated("b", "The parser has no tests"),
        unlocated("c", "Licence header is missing"),
        finding("d", 40, "Parser: tests are missing"),
    ];
    let said: Vec<String> = merged(&all)
        .iter()
        .map(|it| it.agents().join(" "))
        .collect();
    assert_eq!(said, ["c", "a b d"]);
}

/// What two rules say of two places must not become one, however near and alike they are.
#[test]
fn each_case_of_a_rule_is_one_finding() {
    let text = "if a == b && c == d {\n    e == f;\n}\n";
    let rule = |agent, range: Range<usize>| Finding {
        code: Some("eqeqeq".to_owned()),
        body: "Expected '===' and instead saw '=='.".to_owned(),
        ..located(agent, text, range, "Expected '===' and instead saw '=='")
    };
    let all = [
        rule("eslint", 3..9),
        rule("biome", 3..9),
        rule("eslint", 13..19),
        rule("biome", 26..32),
    ];
    let linters = ["eslint", "biome"].map(|it| {
        let reviewer = Reviewer {
            by_rules: true,
            ..Reviewer::default()
        };
        (it.to_owned(), reviewer)
    });
    let linters = Panel {
        reviewers: linters.into(),
        ..Panel::default()
    };
    for panel in [Panel::default(), linters] {
        let around = Circumstances {
            panel: &panel,
            ..Circumstances::default()
        };
        let clusters = merge(&all, around);
        let said: Vec<String> = clusters.iter().map(|it| it.agents().join(" ")).collect();
        assert_eq!(said, ["biome eslint", "eslint", "biome"]);
    }
}

#[test]
fn what_an_agent_says_twice_of_one_text_is_shown_once() {
    let text = "let hit = map.get(key);\n";
    let all = [
        located(
            "a",
            text,
            4..23,
            "Expired entries are returned from the map",
        ),
        located("a", text, 0..23, "The map returns entries that are expired"),
        located("b", text, 10..22, "`get` returns expired entries"),
        located("a", text, 4..7, "Unclear name"),
    ];
    let clusters = merged(&all);
    let said: Vec<(Vec<&str>, usize)> = clusters
        .iter()
        .map(|it| (it.agents(), it.findings.len()))
        .collect();
    assert_eq!(said, [(vec!["a", "b"], 3), (vec!["a"], 1)]);
    let agents: Vec<&str> = clusters[0]
        .findings
        .iter()
        .map(|it| it.agent.as_str())
        .collect();
    assert_eq!(
        agents,
        ["a", "b", "a"],
        "the best of each agent comes first"
    );
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
        ..finding("b", 6, "the loop has a wrong bound")
    };
    let c = Finding {
        severity: Severity::Warning,
        ..finding("c", 6, "bound of the loop")
    };
    let clusters = merged(&[a, b, c.clone()]);
    assert_eq!(clusters.len(), 1);
    assert_eq!(
        (&clusters[0].id, clusters[0].range, clusters[0].severity),
        (&c.id, c.range, Severity::Error)
    );
    assert_eq!(clusters[0].agents(), ["a", "b", "c"]);
    assert_eq!(clusters[0].asked, ["a", "b", "c"]);
    assert_eq!(clusters[0].providers(), 3);
}

/// What this is for: three who found the same fault, and one who found something else.
#[test]
fn three_agree_and_a_fourth_is_alone() {
    let text = "fn total(items: &[Item]) -> u64 {\n    let mut sum = 0;\n    \
                for i in 0..=items.len() {\n        sum += items[i].price;\n    }\n    sum\n}\n";
    let on = |agent, quote: &str, severity, title| {
        let start = text.find(quote).unwrap();
        Finding {
            severity,
            ..located(agent, text, start..start + quote.len(), title)
        }
    };
    let all = [
        on(
            "codex",
            "0..=items.len()",
            Severity::Error,
            "Off-by-one: the loop runs past the end of `items`",
        ),
        on(
            "claude",
            "items[i].price",
            Severity::Warning,
            "`items[i]` panics when the loop index reaches `items.len()`",
        ),
        on(
            "gemini",
            "for i in 0..=items.len() {",
            Severity::Info,
            "Index out of bounds in the last pass of the loop over `items`",
        ),
        on(
            "house",
            "let mut sum = 0;",
            Severity::Error,
            "The sum may overflow",
        ),
    ];
    let panel = Panel {
        asked: ["codex", "claude", "gemini", "house"]
            .map(str::to_owned)
            .into(),
        ..Panel::default()
    };
    let around = Circumstances {
        panel: &panel,
        ..Circumstances::default()
    };
    let clusters = merge(&all, around);
    let shown: Vec<(Vec<&str>, Severity, Standing)> = clusters
        .iter()
        .map(|it| (it.agents(), it.severity, it.standing))
        .collect();
    assert_eq!(
        shown,
        [
            (vec!["house"], Severity::Info, Standing::Lone),
            (
                vec!["claude", "codex", "gemini"],
                Severity::Error,
                Standing::Agreed
            ),
        ]
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
        let clusters = merged(&findings);
        let mut shuffled = findings.clone();
        shuffled.sort_by_key(|it| blake3::hash(format!("{seed}{it:?}").as_bytes()).to_hex().to_string());
        prop_assert_eq!(&merged(&shuffled), &clusters);

        let mut inside: Vec<String> = clusters.iter().flat_map(|it| &it.findings).map(|it| format!("{it:?}")).collect();
        let mut outside: Vec<String> = findings.iter().map(|it| format!("{it:?}")).collect();
        inside.sort();
        outside.sort();
        prop_assert_eq!(inside, outside, "each finding is in one cluster");
        for cluster in &clusters {
            let agents = cluster.agents();
            let first: BTreeSet<&str> = cluster.findings[..agents.len()].iter().map(|it| it.agent.as_str()).collect();
            prop_assert_eq!(first.len(), agents.len(), "each agent has one finding before any has two");
            prop_assert_eq!(&cluster.id, &cluster.primary().id);
        }
    }

    /// A finding that is far from all others stands alone. (How alike the others are may change a little: words are weighed
    /// by how many findings have them.)
    #[test]
    fn a_finding_elsewhere_stands_alone(findings in any_findings()) {
        let mut more = findings;
        more.push(finding("a", 5000, "licence header"));
        let clusters = merged(&more);
        let is_it = |it: &Finding| it.title == "licence header";
        let with_it: Vec<&Cluster> = clusters.iter().filter(|it| it.findings.iter().any(is_it)).collect();
        prop_assert_eq!(with_it.len(), 1);
        prop_assert_eq!(with_it[0].findings.len(), 1);
    }
}

/// Thousands of findings are not compared each with each; what belongs together is found all the same.
#[test]
fn many_findings_are_merged_like_few() {
    let names = [
        "cache", "token", "header", "retry", "socket", "parser", "buffer",
    ];
    let fault = |number: u32, agent: &str| {
        let (one, two) = (names[number as usize % 7], names[number as usize / 7 % 7]);
        let title = match agent {
            "a" => format!("`{one}_{number}` is used after the {two} was closed"),
            "b" => format!("Use of {one}_{number} when {two} is closed already"),
            _ => format!("{two} is closed before `{one}_{number}` is done"),
        };
        // Three lie in each line, and one agent, which knows lines only, is off by one.
        let line = number / 3 * 5;
        match agent {
            "b" => Finding {
                tier: Tier::Line,
                ..finding(agent, line + 1, &title)
            },
            _ => finding(agent, line, &title),
        }
    };
    let all: Vec<Finding> = (0..300)
        .flat_map(|number| ["a", "b", "c"].map(|agent| fault(number, agent)))
        .collect();
    let clusters = merged(&all);
    let torn = clusters.iter().filter(|it| it.providers() != 3);
    let torn: Vec<Vec<&str>> = torn
        .map(|it| it.findings.iter().map(|it| it.title.as_str()).collect())
        .collect();
    assert_eq!((torn, clusters.len()), (Vec::new(), 300));
}

/// What bounds the time: the number of pairs that are compared.
#[test]
fn work_stays_bounded() {
    let everywhere: Vec<Finding> = (0..3000)
        .map(|it| Finding {
            range: TextRange::new(0, 9000),
            ..finding(["a", "b", "c"][it % 3], 1, &format!("loop bound {it}"))
        })
        .collect();
    let sorted: Vec<&Finding> = everywhere.iter().collect();
    let pairs = candidates::candidates(&Remarks::new(&sorted, &Panel::default()));
    assert!(
        pairs.len() <= 3000 * candidates::MOST_PER_FINDING,
        "{}",
        pairs.len()
    );
}
