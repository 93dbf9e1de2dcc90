//! What is written in a format and read back makes the same text.

#![allow(clippy::expect_used)]

use super::super::*;
use crate::diff::{Lines as TextLines, differences};
use crate::edit;
use crate::text::Text;
use proptest::prelude::*;
use serde_json::json;
use std::fmt::Write as _;
use std::ops::Range;

/// A text whose lines differ all, with indentation, and one that differs from it in some of them.
#[derive(Clone, Debug)]
struct Versions {
    old: String,
    new: String,
}

fn versions() -> impl Strategy<Value = Versions> {
    let indent = prop::sample::select(vec!["", "  ", "    ", "\t", "\t\t"]);
    let lines = prop::collection::vec(indent, 3..30);
    let change = (any::<prop::sample::Index>(), 0..2_usize, 0..3_usize);
    let changes = prop::collection::vec(change, 1..4);
    let ends = prop::sample::select(vec!["\n", "\r\n"]);
    (lines, changes, ends, any::<bool>(), any::<bool>()).prop_map(
        |(indents, changes, end, old_ended, new_ended)| {
            let line = |it: (usize, &&str)| format!("{}let value_{} = {};", it.1, it.0, it.0 * 7);
            let old: Vec<String> = indents.iter().enumerate().map(line).collect();
            let mut new = old.clone();
            for (number, (at, going, coming)) in changes.into_iter().enumerate() {
                let from = at.index(new.len());
                let to = (from + going).min(new.len());
                let added = (0..coming).map(|it| format!("    call_{number}_{it}();"));
                new.splice(from..to, added.collect::<Vec<_>>());
            }
            let text = |lines: &[String], ended: bool| {
                let last = if ended && !lines.is_empty() { end } else { "" };
                lines.join(end) + last
            };
            Versions {
                new: text(&new, new_ended),
                old: text(&old, old_ended),
            }
        },
    )
}

/// The text that an answer makes of another, where all of it is taken. Nothing but `a.rs` may be changed.
fn applied(answer: &str, old: &str) -> Result<String, TestCaseError> {
    let patch = parse(answer);
    prop_assert_eq!(&patch.problems, &Vec::<String>::new(), "{}", answer);
    let mut now = Text::new(old);
    for file in &patch.files {
        prop_assert_eq!(&file.path, "a.rs");
        let placed = place(&file.path, &file.action, Some(&now));
        prop_assert_eq!(&placed.problems, &Vec::<String>::new(), "{}", answer);
        if let Outcome::Edits(edits) = placed.outcome {
            now = edit::apply(&now, &edits).expect("edits of a text fit it");
        }
    }
    Ok(now.to_string())
}

fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The text with the last line end of another one: what formats make that cannot tell it.
fn ended_like(text: &str, other: &str) -> String {
    let bare = text.trim_end_matches(['\r', '\n']);
    let end = &other[other.trim_end_matches(['\r', '\n']).len()..];
    if bare.is_empty() {
        String::new()
    } else {
        format!("{bare}{end}")
    }
}

/// The lines that differ, with some around them, none of them twice.
fn stretches(old: &[&str], new: &[&str], around: usize) -> Vec<(Range<usize>, Range<usize>)> {
    let mut stretches: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (going, coming) in differences(old, new) {
        let (before, after) = (going.start.min(around), (old.len() - going.end).min(around));
        let wide = |it: &Range<usize>| it.start.saturating_sub(before)..it.end + after;
        let (going, coming) = (wide(&going), wide(&coming));
        match stretches.last_mut() {
            Some(last) if last.0.end >= going.start => {
                (last.0.end, last.1.end) = (going.end, coming.end);
            }
            _ => stretches.push((going, coming)),
        }
    }
    stretches
}

fn unified(it: &Versions, context: usize) -> String {
    let (old, new) = (plain(&it.old), plain(&it.new));
    let diff = similar::TextDiff::from_lines(&old, &new);
    let mut unified = diff.unified_diff();
    unified
        .context_radius(context)
        .header("a/a.rs", "b/a.rs")
        .to_string()
}

fn lines(text: &str) -> Vec<String> {
    plain(text).lines().map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn unified_and_git_diffs(it in versions(), git in any::<bool>(), fenced in any::<bool>()) {
        let head = if git { "diff --git a/a.rs b/a.rs\nindex 1234567..89abcde 100644\n" } else { "" };
        let diff = unified(&it, 3);
        prop_assume!(!diff.is_empty());
        let answer = if fenced { format!("Look.\n\n```diff\n{head}{diff}```\nDone.\n") } else { format!("{head}{diff}") };
        prop_assert_eq!(applied(&answer, &it.old)?, &it.new[..]);
    }

    #[test]
    fn search_replace_blocks(it in versions()) {
        let (old, new) = (lines(&it.old), lines(&it.new));
        let (old, new): (Vec<&str>, Vec<&str>) = (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
        let mut answer = String::new();
        for (going, coming) in stretches(&old, &new, 1) {
            let side = |lines: &[&str]| lines.iter().fold(String::new(), |all, line| all + line + "\n");
            let _ = write!(answer, "a.rs\n<<<<<<< SEARCH\n{}=======\n{}>>>>>>> REPLACE\n\n", side(&old[going]), side(&new[coming]));
        }
        prop_assert_eq!(applied(&answer, &it.old)?, ended_like(&it.new, &it.old));
    }

    #[test]
    fn apply_patch(it in versions()) {
        let (old, new) = (lines(&it.old), lines(&it.new));
        let (old, new): (Vec<&str>, Vec<&str>) = (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
        prop_assume!(old != new);
        let mut answer = "*** Begin Patch\n*** Update File: a.rs\n".to_owned();
        for (going, coming) in stretches(&old, &new, 2) {
            answer += "@@\n";
            for line in &LineHunk::replacing(&old[going], &new[coming]).lines {
                let _ = match line {
                    Line::Context(it) => writeln!(answer, " {it}"),
                    Line::Removed(it) => writeln!(answer, "-{it}"),
                    Line::Added(it) => writeln!(answer, "+{it}"),
                };
            }
        }
        answer += "*** End Patch\n";
        prop_assert_eq!(applied(&answer, &it.old)?, ended_like(&it.new, &it.old));
    }

    #[test]
    fn whole_files(it in versions()) {
        let new = plain(&it.new);
        let mark = if new.ends_with('\n') || new.is_empty() { "" } else { "\n" };
        let fenced = format!("a.rs\n```rust\n{new}{mark}```\n");
        prop_assert_eq!(applied(&fenced, &it.old)?, ended_like(&it.new, &it.old));
        let as_json = json!({"files": [{"path": "a.rs", "content": it.new}]}).to_string();
        let made = applied(&as_json, &it.old)?;
        if lines(&it.old) == lines(&it.new) {
            prop_assert_eq!(made, &it.new[..]);
        } else {
            prop_assert_eq!(made, ended_like(&it.new, &it.old));
        }
    }

    #[test]
    fn edits_in_json(it in versions(), by_range in any::<bool>()) {
        let (old, new) = (TextLines::of(&it.old), TextLines::of(&it.new));
        let parts: Vec<(Range<usize>, Range<usize>)> = if by_range {
            differences(old.all(), new.all())
        } else {
            stretches(old.all(), new.all(), 1)
        };
        let text = Text::new(&it.old);
        let edit = |(going, coming): &(Range<usize>, Range<usize>)| {
            let (was, is) = (old.all()[going.clone()].concat(), new.all()[coming.clone()].concat());
            if by_range {
                let (start, end) = text.positions_of(old.bytes(going), crate::text::Encoding::Utf16);
                let at = |it: crate::text::Position| json!({"line": it.line, "character": it.character});
                json!({"range": {"start": at(start), "end": at(end)}, "newText": is})
            } else {
                json!({"path": "a.rs", "old_text": was, "new_text": is})
            }
        };
        let edits: Vec<serde_json::Value> = parts.iter().map(edit).collect();
        prop_assume!(!edits.is_empty());
        let answer = if by_range { json!({"changes": {"a.rs": edits}}) } else { json!({"edits": edits}) };
        prop_assert_eq!(applied(&answer.to_string(), &it.old)?, &it.new[..]);
    }

    #[test]
    fn no_answer_makes_it_fail_or_reach_other_files(answer in "(?s)([ -~\n]|--- a\n\\+\\+\\+ a\n|@@ -1 \\+1 @@\n|<<<<<<< SEARCH\n|=======\n|>>>>>>> REPLACE\n|\\*\\*\\* Begin Patch\n|\\*\\*\\* Update File: a\n|\\*\\*\\* Add File: b\n|\\*\\*\\* End Patch\n|```\n|```diff\n|```json\n|\\{\"edits\": \\[|\\{\"path\": \"a\", |\"old_text\": \"a\", \"new_text\": \"b\"\\}|\\]\\}|a.rs\n|-a\n|\\+b\n|ä\n){0,60}", text in "[abä\n\r\t {}]{0,60}") {
        let patch = parse(&answer);
        let text = Text::new(&text);
        for file in &patch.files {
            prop_assert!(answer.contains(&file.path), "{}", file.path);
            if let Outcome::Edits(edits) = place(&file.path, &file.action, Some(&text)).outcome {
                prop_assert!(edit::apply(&text, &edits).is_ok());
            }
        }
    }
}
