//! Tests of rebasing: a table, and a model that gives each line an identity.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::edit;
use crate::proposal::Standing;
use crate::proposal::follow::tests::{hunks, shown};
use crate::text::TextRange;
use proptest::prelude::*;
use proptest::sample::Index;
use std::cell::Cell;

/// Texts per run.
const TEXTS: u32 = 10_000;

/// What applying makes of a text that has changed, hunk by hunk.
fn rebased(base: &str, new: &str, now: &str) -> Vec<String> {
    let (base, now) = (Text::new(base), Text::new(now));
    shown(
        &rebase(&base, &hunks(&base, new), &now).standings(&now),
        &now,
    )
}

#[test]
fn lines_are_found_by_their_text() {
    let base = "a\nb\nc\nd\n";
    // The agent's text, the text now, and what becomes of the only hunk.
    let cases = [
        ("a\nB\nc\nd\n", base, "a\nB\nc\nd\n"),
        ("a\nB\nc\nd\n", "x\na\nb\nc\n", "x\na\nB\nc\n"),
        ("a\nB\nc\nd\n", "a\nB\nc\n", "applied"),
        ("a\nB\nc\nd\n", "a\nx\nc\nd\n", "conflict"),
        ("a\nc\nd\n", "a\nb\nd\n", "a\nd\n"),
        ("a\nc\nd\n", "a\nd\n", "applied"),
        ("a\nb\nx\nc\nd\n", "b\nc\nd\n", "b\nx\nc\nd\n"),
        ("a\nb\nx\nc\nd\n", "a\nb\nx\nc\nd\ne\n", "applied"),
        ("a\nb\nx\nc\nd\n", "a\nb\ny\nc\nd\n", "conflict"),
    ];
    for (new, now, expected) in cases {
        assert_eq!(rebased(base, new, now), [expected], "{new:?} {now:?}");
    }
    assert_eq!(rebased("", "x\n", "y\n"), ["conflict"]);
    assert_eq!(rebased("", "x\n", ""), ["x\n"]);
    assert_eq!(rebased("", "x\n", "x\n"), ["applied"]);
}

#[test]
fn equal_lines_are_told_apart_by_what_is_around_them_or_not_at_all() {
    let base = "f {\n1\n}\ng {\n2\n}\nh {\n3\n}\n";
    let new = "f {\n1\n}\ng {\n2\n!\nh {\n3\n}\n";
    let cases = [
        // Nothing happened to any of them.
        (
            "0\nf {\n1\n}\ng {\n2\n}\nh {\n3\n}\n",
            "0\nf {\n1\n}\ng {\n2\n!\nh {\n3\n}\n",
        ),
        (
            "f {\nx\n}\ng {\n2\n}\nh {\n3\n}\n",
            "f {\nx\n}\ng {\n2\n!\nh {\n3\n}\n",
        ),
        ("f {\n1\n}\ng {\nx\n}\nh {\n3\n}\n", "conflict"),
        // One of the others went.
        ("f {\n1\ng {\n2\n}\nh {\n3\n}\n", "conflict"),
        // It went itself, or another block came that has one.
        ("f {\n1\n}\ng {\n2\nh {\n3\n}\n", "conflict"),
        ("f {\n1\n}\ng {\n2\n}\ni {\n4\n}\nh {\n3\n}\n", "conflict"),
    ];
    for (now, expected) in cases {
        assert_eq!(rebased(base, new, now), [expected], "{now:?}");
    }
    // Of two lines that stand once and have changed places, one may have gone while its like came elsewhere.
    let base = "\n\n{\na\nb\n}\na\n";
    let new = "\n\n{\na\nb\n}\nadded\na\n";
    assert_eq!(rebased(base, new, "{\n}\na\nb\n"), ["conflict"]);
    // Blocks that are equal with all that is around them.
    let block = "{\nx\ny\nz\n}\n";
    let base = block.repeat(3);
    let new = format!("{block}{block}{{\nx\nY\nz\n}}\n");
    assert_eq!(rebased(&base, &new, &block.repeat(2)), ["conflict"]);
    assert_eq!(rebased(&base, &new, &block.repeat(4)), ["conflict"]);
}

#[test]
fn later_edits_are_followed_from_there() {
    let base = Text::new("a\nb\nc\n");
    let mut now = Text::new("x\na\nb\nc\n");
    let mut follower = rebase(&base, &hunks(&base, "a\nB\nc\n"), &now);
    follower.follow(now.replace(TextRange::new(4, 4), "y\n"));
    let seen = |follower: &Follower, now: &Text| shown(&follower.standings(now), now);
    assert_eq!(seen(&follower, &now), ["x\na\ny\nB\nc\n"]);
    follower.follow(now.replace(TextRange::new(6, 7), ""));
    assert_eq!(seen(&follower, &now), ["conflict"]);
    follower.follow(now.replace(TextRange::new(6, 6), "b"));
    assert_eq!(seen(&follower, &now), ["x\na\ny\nB\nc\n"]);
}

/// Who a line is: one of the base, a copy of one, or a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Base(usize),
    Copy(usize),
    New,
}

type Lines = Vec<(String, Id)>;

#[derive(Clone, Debug)]
enum Op {
    Delete(Index, usize),
    Move(Index, usize, Index),
    Copy(Index, usize, Index),
    Add(Index),
    Change(Index),
    Apply(Index),
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<Index>;
    prop_oneof![
        3 => (index(), 1..5usize).prop_map(|(at, len)| Op::Delete(at, len)),
        2 => (index(), 1..5usize, index()).prop_map(|(at, len, to)| Op::Move(at, len, to)),
        2 => (index(), 1..5usize, index()).prop_map(|(at, len, to)| Op::Copy(at, len, to)),
        2 => index().prop_map(Op::Add),
        2 => index().prop_map(Op::Change),
        1 => index().prop_map(Op::Apply),
    ]
}

/// Bases in which lines and whole blocks repeat, and what an agent makes of them.
fn texts() -> impl Strategy<Value = (String, String)> {
    let block = prop::sample::select(vec![
        "}\n",
        "}\n",
        "\n",
        "a\n",
        "b\n",
        "{\na\nb\n}\n",
        "{\na\nb\n}\n\n",
        "one\n",
        "two\n",
        "three\n",
        "four\n",
    ]);
    let bases = prop::collection::vec(block, 0..12).prop_map(|it| it.concat());
    (bases, prop::collection::vec(0..12u8, 60), any::<bool>()).prop_map(|(base, how, is_cut)| {
        let base = match base.strip_suffix('\n') {
            Some(it) if is_cut => it.to_owned(),
            _ => base,
        };
        let lines = base.split_inclusive('\n').zip(how);
        let new = lines.map(|(line, how)| match how {
            0 => String::new(),
            1 => format!("new {line}"),
            2 => format!("{line}}}\n"),
            3 => format!("added\n{line}"),
            _ => line.to_owned(),
        });
        let new = new.collect();
        (base, new)
    })
}

fn string(lines: &[(String, Id)]) -> String {
    lines.iter().map(|it| it.0.as_str()).collect()
}

/// Does one thing to the text. Returns the hunk that was applied, if one was.
fn run(
    lines: &mut Lines,
    op: &Op,
    base: &Text,
    hunks: &[Hunk],
    added: &mut usize,
) -> Option<usize> {
    let stretch = |lines: &Lines, at: &Index, len: usize| {
        let at = at.index(lines.len() + 1);
        at..(at + len).min(lines.len())
    };
    match op {
        Op::Delete(at, len) => drop(lines.drain(stretch(lines, at, *len))),
        Op::Move(at, len, to) => {
            let lifted: Lines = lines.drain(stretch(lines, at, *len)).collect();
            let to = to.index(lines.len() + 1);
            lines.splice(to..to, lifted);
        }
        Op::Copy(at, len, to) => {
            let copied = lines[stretch(lines, at, *len)].to_vec();
            let copied = copied.into_iter().map(|(text, id)| match id {
                Id::Base(at) | Id::Copy(at) => (text, Id::Copy(at)),
                Id::New => (text, id),
            });
            let to = to.index(lines.len() + 1);
            let copied: Lines = copied.collect();
            lines.splice(to..to, copied);
        }
        Op::Add(at) => {
            *added += 1;
            let at = at.index(lines.len() + 1);
            lines.insert(at, (format!("mine {added}\n"), Id::New));
        }
        Op::Change(at) => {
            if let Some(line) = stretch(lines, at, 1).next() {
                lines[line] = (format!("my {}", lines[line].0), Id::New);
            }
        }
        Op::Apply(hunk) => {
            let number = hunk.index(hunks.len().max(1));
            let hunk = hunks.get(number)?;
            let at = own_place(lines, base, hunk)?;
            let own = own_lines(base, hunk);
            for edit in hunk.edits.iter().rev() {
                let new = edit.new_text.split_inclusive('\n');
                let new = new.map(|it| (it.to_owned(), Id::New));
                let going = Hunk {
                    range: edit.range,
                    edits: Vec::new(),
                };
                let going = own_lines(base, &going);
                let first = at + going.start - own.start;
                lines.splice(first..first + going.len(), new);
            }
            return Some(number);
        }
    }
    None
}

/// A line without an end is one with the next.
fn join(lines: &mut Lines) {
    while let Some(at) = lines.iter().position(|it| !it.0.ends_with('\n'))
        && at + 1 < lines.len()
    {
        let next = lines.remove(at + 1);
        lines[at] = (format!("{}{}", lines[at].0, next.0), Id::New);
    }
}

fn own_lines(base: &Text, hunk: &Hunk) -> Range<usize> {
    let text = base.to_string();
    let count = |text: &str| text.split_inclusive('\n').count();
    let start = count(&text[..hunk.range.start]);
    start..start + count(&text[hunk.range.as_range()])
}

/// The line where the hunk's own lines stand in one piece.
fn own_place(lines: &Lines, base: &Text, hunk: &Hunk) -> Option<usize> {
    let own = own_lines(base, hunk);
    let at = lines.iter().position(|it| it.1 == Id::Base(own.start))?;
    let stand = lines[at..].iter().map(|it| it.1).take(own.len());
    stand.eq(own.map(Id::Base)).then_some(at)
}

/// Whether some of the lines there are its own or copies of them, or the three lines before or after are those around it in
/// the base: then the other lines there, which are equal to its own, are where its own were.
fn is_about_its_own(lines: &Lines, base: &Text, hunk: &Hunk, line: usize) -> bool {
    let own = own_lines(base, hunk);
    let count = base.to_string().split_inclusive('\n').count();
    let id = |at: Option<usize>| at.and_then(|it| lines.get(it)).map(|it| it.1);
    let of_base = |at: Option<usize>| at.filter(|it| *it < count).map(Id::Base);
    let before = (1..4).all(|it| id(line.checked_sub(it)) == of_base(own.start.checked_sub(it)));
    let after = (0..3).all(|it| id(Some(line + own.len() + it)) == of_base(Some(own.end + it)));
    let is_own = |at: usize| match id(Some(line + at)) {
        Some(Id::Base(of) | Id::Copy(of)) => of == own.start + at,
        _ => false,
    };
    (0..own.len()).any(is_own) || before || after
}

/// How many lines differ, if lines are who they are. Where equal texts are found with less, nobody can know.
fn changed_lines(lines: &Lines, base: &Text) -> usize {
    let ids = lines.iter().filter_map(|it| match it.1 {
        Id::Base(at) => Some(at),
        _ => None,
    });
    // The longest rising sequence of them is what has stayed.
    let mut ends: Vec<usize> = Vec::new();
    for id in ids {
        let at = ends.partition_point(|it| *it < id);
        ends.splice(at..(at + 1).min(ends.len()), [id]);
    }
    let count = base.to_string().split_inclusive('\n').count();
    count + lines.len() - 2 * ends.len()
}

fn found_changed_lines(base: &Text, now: &Text) -> usize {
    let (base, now) = (base.to_string(), now.to_string());
    let (base, now) = (crate::diff::Lines::of(&base), crate::diff::Lines::of(&now));
    let found = differences(base.all(), now.all());
    found.iter().map(|it| it.0.len() + it.1.len()).sum()
}

#[test]
fn a_hunk_is_applied_at_its_own_lines_or_not_at_all() {
    let (untouched, missed) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig {
        cases: TEXTS,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |((base, new) in texts(), ops in prop::collection::vec(op(), 0..6))| {
        let base = Text::new(&base);
        let hunks = hunks(&base, &new);
        let numbered = base.to_string();
        let mut lines: Lines = numbered
            .split_inclusive('\n')
            .enumerate()
            .map(|(at, it)| (it.to_owned(), Id::Base(at)))
            .collect();
        let (mut added, mut applied) = (0, Vec::new());
        for op in &ops {
            let before = lines.clone();
            applied.extend(run(&mut lines, op, &base, &hunks, &mut added));
            join(&mut lines);
            // To swap equal lines is to do nothing.
            if string(&before) == string(&lines) {
                lines = before;
            }
        }
        // Of a line that was copied before it went, a copy is as good.
        for at in 0..lines.len() {
            if let Id::Copy(of) = lines[at].1
                && !lines.iter().any(|it| it.1 == Id::Base(of))
            {
                lines[at].1 = Id::Base(of);
            }
        }
        let now = Text::new(&string(&lines));
        let is_simpler = found_changed_lines(&base, &now) < changed_lines(&lines, &base);
        let standings = rebase(&base, &hunks, &now).standings(&now);
        let mut all = Vec::new();
        for (number, (hunk, standing)) in hunks.iter().zip(&standings).enumerate() {
            let own = own_place(&lines, &base, hunk);
            untouched.set(untouched.get() + usize::from(own.is_some()));
            match standing {
                Standing::Open(edits) => {
                    let place = edits[0].range.start + hunk.range.start - hunk.edits[0].range.start;
                    let line = now.line_of(place);
                    prop_assert!(
                        is_simpler || applied.contains(&number) || now == base || own == Some(line) || is_about_its_own(&lines, &base, hunk, line),
                        "{:?} in line {}, its own are in {:?} of {:#?}", hunk, line, own, lines
                    );
                    all.extend(edits.clone());
                }
                Standing::Applied => {}
                Standing::Conflict => missed.set(missed.get() + usize::from(own.is_some())),
            }
        }
        edit::apply(&now, &all).expect("open hunks can be applied together");
    });
    // Most of what stands untouched is found although so many lines are equal.
    assert!(
        missed.get() * 2 < untouched.get(),
        "{missed:?} of {untouched:?}"
    );
}
