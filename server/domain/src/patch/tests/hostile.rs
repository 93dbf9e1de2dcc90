//! Answers that try to take long: the work is counted, not timed.

use super::super::lines::Lines;
use super::super::place::compared;
use super::super::*;
use crate::text::Text;

/// How often lines of an answer may be looked at, for each of its lines.
const MOST_LOOKS: usize = 60;
/// How many lines may be compared for one file.
const MOST_COMPARED: usize = 25_000_000;

#[test]
fn reading_takes_no_longer_than_the_answer_is_long() {
    let lines = 40_000;
    let many = |unit: &str| unit.repeat(lines / unit.matches('\n').count());
    let answers = [
        (
            "*** Begin Patch\n*** Update File: a\n@@\n x\n".to_owned(),
            "\n",
        ),
        ("*** Begin Patch\n*** Add File: a\n+x\n".to_owned(), "\n"),
        ("*** Add File: a\n".to_owned(), "\n+\n\n"),
        (
            "--- a\n+++ a\n@@ -1,99999999 +1,99999999 @@\n".to_owned(),
            "\n",
        ),
        (
            "--- a\n+++ a\n@@ -1,99999999 +1,99999999 @@\n".to_owned(),
            "x\n",
        ),
        (
            "--- a\n+++ a\n@@ -1,99999999 +1,99999999 @@\n".to_owned(),
            "x\n\n",
        ),
        ("```diff\n--- a\n+++ a\n@@ -1 +1 @@\n".to_owned(), "\n"),
        (String::new(), "@@ -1 +1 @@\n-a\n+b\n"),
        (String::new(), "@@\n"),
        (String::new(), "<<<<<<< SEARCH\n"),
        ("a.txt\n<<<<<<< SEARCH\n".to_owned(), "=======\n"),
        (String::new(), "<<<<<<< SEARCH\n=======\n"),
        (String::new(), "```\n"),
        (String::new(), "```md\n```x\n```\n"),
        (
            "diff --git a/x b/x\n".to_owned(),
            "~~~md\n~~~x\n~~~\n````\n",
        ),
        (String::new(), "```json\n[{\n"),
        (String::new(), "{\"edits\":\n"),
    ];
    for (head, unit) in answers {
        let answer = head.clone() + &many(unit);
        let mut reading = Lines::new(&answer);
        let mut draft = Draft::default();
        read_lines(&mut reading, &mut draft);
        let looks = reading.looks.get();
        assert!(
            looks <= MOST_LOOKS * lines,
            "{head:?} {unit:?}: {} looks for a line",
            looks / lines
        );
        assert!(draft.finish().problems.len() <= MAX_PROBLEMS + 2);
    }
}

#[test]
fn placing_compares_no_more_than_its_limit() {
    let same = "x\n".repeat(40_000);
    let text = Text::new(&same);
    let block = |search: &str, replace: &str| {
        format!("a.txt\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n")
    };
    let half = "x\n".repeat(20_000);
    let answers = [
        // As long as half the text, in half of all places.
        block(&half, "y\n"),
        block(&(half.clone() + "y\n"), "y\n"),
        block("x\n", "y\n").repeat(2000),
        format!(
            "--- a.txt\n+++ a.txt\n{}",
            "@@ class A @@\n x\n+y\n".repeat(2000)
        ),
        "*** Update File: a.txt\n".to_owned() + &"@@ x\n@@ x\n x\n-x\n".repeat(2000),
        // Each builds on the one before.
        (0..2000)
            .map(|it| block(&format!("{it}\n"), &format!("{}\n", it + 1)))
            .collect(),
    ];
    for answer in answers {
        let patch = parse(&answer);
        let Action::Edit { hunks, .. } = &patch.files[0].action else {
            panic!("{:?}", patch.files[0]);
        };
        let compared = compared(hunks, &text);
        assert!(
            compared <= MOST_COMPARED,
            "{compared} for {}",
            &answer[..60]
        );
    }
}

#[test]
fn what_is_too_much_is_told() {
    let text = Text::new(&"x\n".repeat(300_000));
    let answer = format!(
        "--- a.txt\n+++ a.txt\n{}",
        "@@ ... @@\n x\n x\n+y\n".repeat(2000)
    );
    let patch = parse(&answer);
    let placed = place("a.txt", &patch.files[0].action, Some(&text));
    assert!(
        placed.problems.iter().any(|it| it.contains("given up")),
        "{:?}",
        placed.problems.last()
    );
    let many: String = (0..=MAX_FILES)
        .map(|it| format!("*** Delete File: f{it}\n"))
        .collect();
    assert!(parse(&many).problems[0].contains("1 of 1001 changed files were left out"));
    let long = " ".repeat(MAX_BYTES + 1);
    assert!(parse(&long).problems[0].contains("are not read as changes"));
}
