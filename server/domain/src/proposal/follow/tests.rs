//! Tests of following: what stands where a hunk was after some edits, as tables.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::edit;
use crate::proposal::{FileAction, FileChange};

/// The hunks between two texts.
pub(in crate::proposal) fn hunks(base: &Text, new: &str) -> Vec<Hunk> {
    let path = crate::path::RelPath::try_from("f".to_owned()).unwrap();
    let change = FileChange::edit(path, base.clone(), &Text::new(new));
    match change.map(|it| it.action) {
        Some(FileAction::Edit { hunks, .. }) => hunks,
        _ => Vec::new(),
    }
}

/// In short: what applying would make of the text, or why it cannot be.
pub(in crate::proposal) fn shown(standings: &[Standing], now: &Text) -> Vec<String> {
    let shown = standings.iter().map(|it| match it {
        Standing::Open(edits) => edit::apply(now, edits).unwrap().to_string(),
        Standing::Applied => "applied".to_owned(),
        Standing::Conflict => "conflict".to_owned(),
    });
    shown.collect()
}

/// An edit: the only place of a text, with the edit's own part in brackets, and what it becomes.
type Edit<'a> = (&'a str, &'a str);

/// The standings after each edit, where the text has one hunk.
fn after(base: &str, new: &str, edits: &[Edit<'_>]) -> Vec<String> {
    let mut text = Text::new(base);
    let mut follower = Follower::new(&text, &hunks(&text, new));
    assert_eq!(follower.held.len(), 1, "{base:?} -> {new:?}");
    let step = |(marked, new): &Edit<'_>| {
        let start = marked.find('[').unwrap();
        let len = marked.find(']').unwrap() - start - 1;
        let plain = marked.replace(['[', ']'], "");
        let content = text.to_string();
        let at = content
            .find(&plain)
            .unwrap_or_else(|| panic!("{plain:?} in {content:?}"));
        assert_eq!(content.matches(&plain).count(), 1, "{plain:?}");
        let range = TextRange::new(at + start, at + start + len);
        follower.follow(text.replace(range, new));
        shown(&follower.standings(&text), &text).remove(0)
    };
    edits.iter().map(step).collect()
}

#[test]
fn untouched_lines_are_open_wherever_they_are() {
    let (base, new) = ("one\ntwo\nthree\n", "one\nTWO\nthree\n");
    let cases: [(&[Edit<'_>], &str); 8] = [
        (&[("[]one\n", "zero\n")], "zero\none\nTWO\nthree\n"),
        (&[("one\n[]two", "and\n")], "one\nand\nTWO\nthree\n"),
        (&[("two\n[]three", "and\n")], "one\nTWO\nand\nthree\n"),
        (&[("[one\n]two", "")], "TWO\nthree\n"),
        (&[("two\n[three\n]", "")], "one\nTWO\n"),
        (
            &[("[one\n]two", "1\n"), ("two\n[three\n]", "3\n")],
            "1\nTWO\n3\n",
        ),
        // Without a line end, what is typed at the edge is in the line.
        (&[("one\n[]two", "x")], "conflict"),
        (&[("one[\n]two", "")], "conflict"),
    ];
    for (edits, expected) in cases {
        let seen = after(base, new, edits);
        assert_eq!(seen.last().unwrap(), expected, "{edits:?}");
    }
}

#[test]
fn undo_opens_a_hunk_again_however_it_is_sent() {
    let (base, new) = ("one\ntwo\nthree\n", "one\nTWO\nthree\n");
    let open = "one\nTWO\nthree\n";
    let cases: [&[Edit<'_>]; 6] = [
        &[("t[w]o", ""), ("t[]o", "w")],
        &[("[two\n]", ""), ("one\n[]three", "two\n")],
        // The deletion of a line is undone as two insertions, and as one replacement of more.
        &[
            ("[two\n]", ""),
            ("one\n[]three", "two"),
            ("two[]three", "\n"),
        ],
        &[("[two\n]", ""), ("[one\nthree\n]", base)],
        &[("[one\ntwo\nthree\n]", "x"), ("[x]", base)],
        // With something typed in between, undone as well.
        &[("t[w]o", "xy"), ("tx[]y", "z"), ("t[xzy]o", "w")],
    ];
    for edits in cases {
        let mut seen = after(base, new, edits);
        assert_eq!(seen.pop().unwrap(), open, "{edits:?}");
        assert!(seen.iter().all(|it| it == "conflict"), "{edits:?} {seen:?}");
    }
    // What was typed next to it meanwhile stays.
    let seen = after(
        base,
        new,
        &[("one\n[]two", "x\n"), ("x\n[t]wo", ""), ("x\n[]wo", "t")],
    );
    assert_eq!(seen[2], "one\nx\nTWO\nthree\n");
}

#[test]
fn an_undo_told_as_one_large_change_leaves_no_trace() {
    // One of two equal lines goes and comes back, then the other one goes, which was the hunk's.
    let edits: [Edit<'_>; 3] = [("a\n\n[\n]", ""), ("[a\n\n]", "a\n\n\n"), ("a\n[\n]\n", "")];
    let seen = after("a\n\n\n", "a\nx\n\n", &edits);
    assert_eq!(seen[1..], ["a\nx\n\n", "conflict"]);
}

#[test]
fn a_hunk_is_applied_when_its_result_stands_there() {
    let cases: [(&str, &str, &[Edit<'_>]); 10] = [
        ("one\ntwo\n", "one\nTWO\n", &[("[two]", "TWO")]),
        (
            "one\ntwo\n",
            "one\nTWO\n",
            &[("[one\ntwo\n]", "one\nTWO\n")],
        ),
        (
            "one\ntwo\n",
            "one\nTWO\n",
            &[("[t]wo", "T"), ("T[w]o", "W"), ("TW[o]", "O")],
        ),
        // Deletions, also as a client tells them that has compared the texts.
        ("a\nb\nc\n", "a\nc\n", &[("[b\n]", "")]),
        ("a\nb\nc\n", "a\nc\n", &[("a[\nb]\nc", "")]),
        ("a\na\nc\n", "a\nc\n", &[("[a\n]a\nc", "")]),
        ("a\na\nc\n", "a\nc\n", &[("a\n[a\n]c", "")]),
        // Insertions, at the edges of the file, too.
        ("a\nb\n", "a\nx\nb\n", &[("a\n[]b", "x\n")]),
        ("a\nb\n", "x\na\nb\n", &[("[]a\nb", "x\n")]),
        ("a\nb", "a\nb\nx", &[("b[]", "\nx")]),
    ];
    for (base, new, edits) in cases {
        let seen = after(base, new, edits);
        assert_eq!(seen.last().unwrap(), "applied", "{base:?} {edits:?}");
    }
}

#[test]
fn an_insertion_is_held_by_its_neighbours() {
    let (base, new) = ("a\nb\n", "a\nx\nb\n");
    assert_eq!(after(base, new, &[("a\n[]b", "y\n")]), ["conflict"]);
    assert_eq!(after(base, new, &[("[]a\nb", "y\n")]), ["y\na\nx\nb\n"]);
    assert_eq!(after(base, new, &[("[a\n]b", "")]), ["conflict"]);
    // The edge of the file is a neighbour, too.
    assert_eq!(after("a\n", "x\na\n", &[("[]a", "y\n")]), ["conflict"]);
    assert_eq!(after("a\n", "a\nx\n", &[("a\n[]", "y\n")]), ["conflict"]);
    assert_eq!(after("", "x\n", &[("[]", "y\n")]), ["conflict"]);
    assert_eq!(
        after("", "x\n", &[("[]", "y\n"), ("[y\n]", "")]),
        ["conflict", "x\n"]
    );
    assert_eq!(after("", "x\n", &[("[]", "x\n")]), ["applied"]);
}

#[test]
fn line_ends_are_part_of_a_line() {
    // A last line without one may get one, if the hunk gives it none either.
    assert_eq!(after("a\nb", "a\nB", &[("b[]", "\nc")]), ["a\nB\nc"]);
    assert_eq!(after("a\nb", "a\nB", &[("b[]", "c")]), ["conflict"]);
    assert_eq!(after("a\nb", "a\nB\n", &[("b[]", "\nc")]), ["conflict"]);
    assert_eq!(after("a\nb\n", "a\nB", &[("b\n[]", "c")]), ["conflict"]);
    // A line end that becomes another.
    assert_eq!(after("a\rb\r", "A\rb\r", &[("a\r[]b", "\n")]), ["conflict"]);
    assert_eq!(
        after("a\r\nb\r\n", "A\r\nb\r\n", &[("b[\r\n]", "\n")]),
        ["A\r\nb\n"]
    );
    assert_eq!(
        after("a\r\nb\r\n", "A\r\nb\r\n", &[("a[\r\n]", "\n")]),
        ["conflict"]
    );
    // Bytes are whole characters.
    assert_eq!(after("é\nä\n", "é\nÄ\n", &[("[é]", "öö")]), ["öö\nÄ\n"]);
}

#[test]
fn a_weighty_text_is_known_again_within_a_replacement() {
    let base = "fn first() {}\nfn second() {}\nfn third() {}\n";
    let new = "fn first() {}\nfn second() { todo() }\nfn third() {}\n";
    let reordered = "fn third() {}\nfn second() {}\nfn first() {}\n";
    assert_eq!(
        after(
            base,
            new,
            &[(
                "[fn first() {}\nfn second() {}\nfn third() {}\n]",
                reordered
            )]
        ),
        ["fn third() {}\nfn second() { todo() }\nfn first() {}\n"]
    );
    let twice = "fn second() {}\nfn second() {}\n";
    assert_eq!(
        after(
            base,
            new,
            &[("[fn first() {}\nfn second() {}\nfn third() {}\n]", twice)]
        ),
        ["conflict"]
    );
    assert_eq!(
        after("a\nb\nc\n", "a\nB\nc\n", &[("[a\nb\nc\n]", "c\nb\na\n")]),
        ["conflict"]
    );
}

#[test]
fn several_hunks_may_be_applied_by_one_replacement() {
    let base = Text::new("a\n1\n2\n3\nb\n1\n2\n3\nc\n");
    let hunks = hunks(&base, "A\n1\n2\n3\nB\n1\n2\n3\nC\n");
    let mut follower = Follower::new(&base, &hunks);
    let mut text = base;
    let new = "A\n1\n2\n3\nb\n1\n2\n3\nC\n";
    follower.follow(text.replace(TextRange::new(0, text.len()), new));
    assert_eq!(
        shown(&follower.standings(&text), &text),
        ["applied", "A\n1\n2\n3\nB\n1\n2\n3\nC\n", "applied"]
    );
}

#[test]
fn a_conflict_has_a_place_to_show() {
    let base = Text::new("a\nb\nc\n");
    let mut follower = Follower::new(&base, &hunks(&base, "a\nB\nc\n"));
    let mut text = base;
    assert_eq!(follower.range(0), TextRange::new(2, 4));
    follower.follow(text.replace(TextRange::new(0, 0), "zero\n"));
    assert_eq!(follower.range(0), TextRange::new(7, 9));
    follower.follow(text.replace(TextRange::new(7, 8), "other"));
    assert_eq!(text.slice(follower.range(0)), "other\n");
    follower.follow(text.replace(TextRange::new(5, 13), ""));
    assert_eq!(follower.range(0), TextRange::new(5, 5));
}

#[test]
fn a_text_that_the_changes_do_not_lead_to_tells_nothing() {
    let base = Text::new("a\nb\n");
    let mut follower = Follower::new(&base, &hunks(&base, "a\nB\n"));
    let other = Text::new("é\nb\n");
    assert_eq!(follower.standings(&other), [Standing::Conflict]);
    assert_eq!(follower.standing(7, &base), Standing::Conflict);
    // A change that lies outside of the text is cut.
    follower.follow(Change {
        range: TextRange::new(100, 200),
        new_len: 0,
    });
    assert!(matches!(follower.standing(0, &base), Standing::Open(_)));
}
