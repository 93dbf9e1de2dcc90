//! Tests of comparing: tables of two proposals and what they have to say to one another.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::proposal::ProposalId;

/// What happens to a file, in short.
#[derive(Clone, Copy, Debug)]
enum Does<'a> {
    /// Its text becomes another.
    Edits(&'a str, &'a str),
    Renames(&'a str),
    /// Both at once.
    Moves(&'a str, &'a str, &'a str),
    Mode(bool),
    Creates(&'a str),
    Deletes(&'a str),
}
use Does::{Creates, Deletes, Edits, Mode, Moves, Renames};

type File<'a> = (&'a str, Does<'a>);

fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

fn proposal(files: &[File<'_>]) -> Proposal {
    let edit = |base: &str, new: &str, to: Option<&str>, mode: Option<bool>| {
        let change = FileChange::edit(path("f"), Text::new(base), &Text::new(new));
        let hunks = match change.map(|it| it.action) {
            Some(FileAction::Edit { hunks, .. }) => hunks,
            _ => Vec::new(),
        };
        FileAction::Edit {
            base: Text::new(base),
            hunks,
            rename: to.map(path),
            executable: mode,
        }
    };
    let files = files.iter().map(|(name, does)| FileChange {
        path: path(name),
        action: match does {
            Edits(base, new) => edit(base, new, None, None),
            Renames(to) => edit("", "", Some(to), None),
            Moves(base, new, to) => edit(base, new, Some(to), None),
            Mode(executable) => edit("", "", None, Some(*executable)),
            Creates(text) => FileAction::Create {
                text: Text::new(text),
                executable: false,
            },
            Deletes(base) => FileAction::Delete {
                base: Text::new(base),
            },
        },
    });
    Proposal {
        id: ProposalId("abcdefgh".to_owned()),
        agent: "a".to_owned(),
        provider: "a".to_owned(),
        title: String::new(),
        summary: String::new(),
        findings: Vec::new(),
        files: files.collect(),
        check: None,
        problems: Vec::new(),
        usage: None,
    }
}

/// `same 1`, `clash 2 3`, `-`; parted by commas.
fn compared(ours: &[File<'_>], theirs: &[File<'_>]) -> String {
    let relations = compare(&proposal(ours), &proposal(theirs));
    let shown = relations.iter().map(|it| match it {
        Relation::Same(number) => format!("same {number}"),
        Relation::Clash(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
            format!("clash {}", numbers.join(" "))
        }
        Relation::Apart => "-".to_owned(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

#[test]
fn hunks_of_one_base() {
    // What each does to ten numbered lines.
    type Lines<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Lines<'_>, Lines<'_>, &str); 9] = [
        (
            &[("2", "two"), ("8", "eight")],
            &[("2", "two"), ("8", "EIGHT")],
            "same 1, clash 2",
        ),
        (&[("2", "two")], &[("8", "eight")], "-"),
        // One that another is a part of, and neighbours.
        (&[("2", "two")], &[("2", "two"), ("3", "three")], "clash 1"),
        (&[("2", "two")], &[("3", "three")], "clash 1"),
        (&[("2", "two")], &[("4", "four")], "-"),
        // Insertions at one place, and next to what changes.
        (&[("2", "2\nx")], &[("2", "2\nx")], "same 1"),
        (&[("2", "2\nx")], &[("2", "2\ny")], "clash 1"),
        (&[("2", "2\nx")], &[("3", "three")], "clash 1"),
        (
            &[("5", "five")],
            &[("1", "one"), ("5", "V"), ("9", "nine")],
            "clash 2",
        ),
    ];
    let made = |edits: Lines<'_>| {
        let edited = TEN.lines().map(|line| {
            let edit = edits.iter().find(|it| it.0 == line);
            format!("{}\n", edit.map_or(line, |it| it.1))
        });
        edited.collect::<String>()
    };
    for (ours, theirs, expected) in cases {
        let (a, b) = (made(ours), made(theirs));
        let seen = compared(&[("f", Edits(TEN, &a))], &[("f", Edits(TEN, &b))]);
        assert_eq!(seen, expected, "{ours:?} {theirs:?}");
    }
    assert_eq!(
        compared(
            &[("f", Edits(TEN, &made(&[("2", "two")])))],
            &[("g", Edits(TEN, &made(&[("2", "two")])))]
        ),
        "-"
    );
}

#[test]
fn hunks_of_bases_that_differ_by_what_the_user_typed() {
    let base = "fn a() {}\nfn b() {}\nfn c() {}\n";
    let ours = "fn a() {}\nfn b() { 1 }\nfn c() {}\n";
    // The other's base, its text, and what that means to our hunk.
    let cases = [
        (
            "use x;\nfn a() {}\nfn b() {}\nfn c() {}\n",
            "use x;\nfn a() {}\nfn b() { 1 }\nfn c() {}\n",
            "same 1",
        ),
        (
            "use x;\nfn a() {}\nfn b() {}\nfn c() {}\n",
            "use x;\nfn a() {}\nfn b() { 2 }\nfn c() {}\n",
            "clash 1",
        ),
        (
            "use x;\nfn a() {}\nfn b() {}\nfn c() {}\n",
            "use y;\nfn a() {}\nfn b() {}\nfn c() {}\n",
            "-",
        ),
        // The user has changed the very lines.
        (
            "fn a() {}\nfn b(x) {}\nfn c() {}\n",
            "fn a() {}\nfn b(x) { 1 }\nfn c() {}\n",
            "clash 1",
        ),
        // What the other does is done in our base.
        (
            "fn a() {}\nfn b( {}\nfn c() {}\n",
            "fn a() {}\nfn b() {}\nfn c() {}\n",
            "-",
        ),
    ];
    for (their_base, theirs, expected) in cases {
        let seen = compared(
            &[("f", Edits(base, ours))],
            &[("f", Edits(their_base, theirs))],
        );
        assert_eq!(seen, expected, "{theirs:?}");
    }
}

#[test]
fn whole_files() {
    let edits = Edits("a\n", "b\n");
    let cases: [(&[File<'_>], &[File<'_>], &str); 18] = [
        (&[("f", Creates("a"))], &[("f", Creates("a"))], "same 1"),
        (&[("f", Creates("a"))], &[("f", Creates("b"))], "clash 1"),
        (&[("f", Creates("a"))], &[("g", Creates("a"))], "-"),
        (&[("f", Creates("a"))], &[("g", Renames("f"))], "clash 1"),
        (&[("f", Deletes("a\n"))], &[("f", Deletes("x\n"))], "same 1"),
        (&[("f", Deletes("a\n"))], &[("f", edits)], "clash 1"),
        (&[("f", edits)], &[("f", Deletes("a\n"))], "clash 1"),
        (
            &[("f", Deletes("a\n"))],
            &[("f", Moves("a\n", "b\n", "g"))],
            "clash 1 2",
        ),
        (
            &[("f", Moves("a\n", "b\n", "g"))],
            &[("f", Deletes("a\n"))],
            "clash 1, clash 1",
        ),
        (&[("f", Renames("g"))], &[("f", Renames("g"))], "same 1"),
        (&[("f", Renames("g"))], &[("f", Renames("h"))], "clash 1"),
        // Two files to one path.
        (&[("f", Renames("h"))], &[("g", Renames("h"))], "clash 1"),
        (&[("f", Renames("h"))], &[("h", Creates("x"))], "clash 1"),
        // A new name and a new text are apart.
        (&[("f", Renames("g"))], &[("f", edits)], "-"),
        (
            &[("f", Moves("a\n", "b\n", "g"))],
            &[("f", Moves("a\n", "b\n", "g"))],
            "same 1, same 2",
        ),
        (&[("f", Mode(true))], &[("f", Mode(true))], "same 1"),
        (&[("f", Mode(true))], &[("f", Mode(false))], "clash 1"),
        (&[("f", Mode(true))], &[("f", Renames("g"))], "-"),
    ];
    for (ours, theirs, expected) in cases {
        assert_eq!(compared(ours, theirs), expected, "{ours:?} {theirs:?}");
    }
}

#[test]
fn parts_are_named_by_their_numbers_in_the_whole_proposal() {
    let ours: &[File<'_>] = &[("b", Edits("a\n", "b\n")), ("c", Creates("x"))];
    let theirs: &[File<'_>] = &[
        ("a", Creates("x")),
        ("b", Edits("a\n", "b\n")),
        ("c", Creates("y")),
    ];
    assert_eq!(compared(ours, theirs), "same 2, clash 3");
    assert_eq!(compared(theirs, ours), "-, same 1, clash 2");
}
