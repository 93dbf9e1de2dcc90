//! Tests of making proposals: a table of hunks, and that hunks always make the new text.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::edit::{self, TextEdit};
use crate::text::TextRange;
use proptest::prelude::*;

fn path() -> RelPath {
    RelPath::try_from("f".to_owned()).unwrap()
}

/// The hunks between two texts: for each, the text that must stand there and what it becomes.
fn hunks(base: &str, new: &str) -> Vec<(String, String)> {
    let base = Text::new(base);
    let change = FileChange::edit(path(), base.clone(), &Text::new(new));
    let parts = change.iter().flat_map(FileChange::parts);
    let shown = parts.map(|it| match it {
        PartKind::Hunk(_, hunk) => (base.slice(hunk.range).into_owned(), hunk.result(&base)),
        other => panic!("{other:?}"),
    });
    shown.collect()
}

#[test]
fn a_hunk_is_whole_lines_and_an_insertion_has_its_neighbours() {
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);
    let cases: [Case<'_>; 10] = [
        ("a\nb\nc\n", "a\nb\nc\n", &[]),
        ("a\nb\nc\n", "a\nB\nc\n", &[("b\n", "B\n")]),
        ("a\nb\nc\n", "a\nc\n", &[("b\n", "")]),
        ("a\nb\nc\n", "a\nx\nb\nc\n", &[("a\nb\n", "a\nx\nb\n")]),
        ("a\nb", "a\nb\nc", &[("b", "b\nc")]),
        ("a\nb\n", "x\na\nb\n", &[("a\n", "x\na\n")]),
        ("", "a\n", &[("", "a\n")]),
        ("a\r\nb\r\n", "a\r\nB\r\n", &[("b\r\n", "B\r\n")]),
        // Two unchanged lines between them: one hunk. Three: two.
        (
            "1\n2\n3\n4\n",
            "A\n2\n3\nB\n",
            &[("1\n2\n3\n4\n", "A\n2\n3\nB\n")],
        ),
        (
            "1\n2\n3\n4\n5\n",
            "A\n2\n3\n4\nB\n",
            &[("1\n", "A\n"), ("5\n", "B\n")],
        ),
    ];
    for (base, new, expected) in cases {
        let found = hunks(base, new);
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(found, expected, "{base:?} -> {new:?}");
    }
}

#[test]
fn texts_without_anything_in_common_are_one_hunk_however_long() {
    let text = |word: &str| {
        (0..30_000)
            .map(|it| format!("{word} {it}\n"))
            .collect::<String>()
    };
    assert_eq!(hunks(&text("old"), &text("new")).len(), 1);
}

#[test]
fn parts_are_counted_over_all_files() {
    let file = |action| FileChange {
        path: path(),
        action,
    };
    let edit = |rename: Option<RelPath>, executable| FileAction::Edit {
        base: Text::new("a\n"),
        hunks: hunk::between(&Text::new("a\n"), &Text::new("b\n")),
        rename,
        executable,
    };
    let proposal = Proposal {
        id: ProposalId("abcdefgh".to_owned()),
        agent: "a".to_owned(),
        provider: "a".to_owned(),
        title: String::new(),
        summary: String::new(),
        findings: Vec::new(),
        files: vec![
            file(edit(Some(path()), Some(true))),
            file(FileAction::Delete {
                base: Text::new("gone\n"),
            }),
        ],
        check: None,
        problems: Vec::new(),
        usage: None,
    };
    let kinds: Vec<String> = proposal
        .parts()
        .map(|it| {
            let kind = format!("{:?}", it.kind);
            let name = kind.split(['(', ' ']).next().unwrap_or_default();
            format!("{} {name}", it.number)
        })
        .collect();
    assert_eq!(kinds, ["1 Hunk", "2 Rename", "3 Mode", "4 Delete"]);
    let json = serde_json::to_string(&proposal).unwrap();
    assert_eq!(serde_json::from_str::<Proposal>(&json).unwrap(), proposal);
}

fn some_text() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]{0,2}(\n|\r\n|\r)?", 0..12).prop_map(|it| it.concat())
}

proptest! {
    #[test]
    fn hunks_make_the_new_text_each_within_its_own_range(base in some_text(), new in some_text()) {
        let text = Text::new(&base);
        let hunks = hunk::between(&text, &Text::new(&new));
        let edits: Vec<TextEdit> = hunks.iter().flat_map(|it| it.edits.clone()).collect();
        prop_assert_eq!(edit::apply(&text, &edits).unwrap().to_string(), new);
        let mut end = None;
        for hunk in &hunks {
            prop_assert!(end.is_none_or(|end| hunk.range.start > end), "{:?}", hunks);
            for edit in &hunk.edits {
                let TextRange { start, end } = edit.range;
                prop_assert!(hunk.range.start <= start && end <= hunk.range.end);
            }
            end = Some(hunk.range.end);
        }
    }
}

/// Prints how long it takes to hold 1,000 hunks against a text with 1,000 edits in it, in a release build:
/// `cargo test --release -p domain --lib speed -- --ignored --nocapture`.
#[test]
#[ignore = "measures"]
#[allow(clippy::print_stdout)]
fn speed_of_following_and_rebasing() {
    let line = |at: usize| format!("    let value_{at} = compute({at});\n");
    let base: String = (0..20_000)
        .map(|at| {
            if at % 5 == 0 {
                "}\n".to_owned()
            } else {
                line(at)
            }
        })
        .collect();
    let lines = base.split_inclusive('\n').enumerate();
    let new: String = lines
        .map(|(at, it)| {
            if at % 20 == 3 {
                it.replace("compute", "calculate")
            } else {
                it.to_owned()
            }
        })
        .collect();
    let base = Text::new(&base);
    let hunks = hunk::between(&base, &Text::new(&new));
    assert_eq!(hunks.len(), 1000);
    let mut now = base.clone();
    let mut follower = Follower::new(&base, &hunks);
    let start = std::time::Instant::now();
    for at in 0..1000 {
        // In a different order than they stand.
        let line = (at * 7919 % 1000) * 20 + 7;
        let place = now.line_range(line).map_or(0, |it| it.start + 4);
        let change = now.replace(TextRange::new(place, place + 3), "const MINE:");
        follower.follow(change);
    }
    let followed = start.elapsed();
    let start = std::time::Instant::now();
    let standings = follower.standings(&now);
    let judged = start.elapsed();
    let is_open = |it: &Standing| matches!(it, Standing::Open(_));
    assert_eq!(standings.iter().filter(|it| is_open(it)).count(), 1000);
    let start = std::time::Instant::now();
    let one = follower.standing(500, &now);
    let judged_one = start.elapsed();
    assert!(is_open(&one));
    let start = std::time::Instant::now();
    let standings = rebase(&base, &hunks, &now).standings(&now);
    let rebased = start.elapsed();
    assert_eq!(standings.iter().filter(|it| is_open(it)).count(), 1000);
    println!(
        "follow {followed:?}, standings {judged:?}, one standing {judged_one:?}, rebase {rebased:?}"
    );
}
