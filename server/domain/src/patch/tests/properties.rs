//! Diffs of random texts: whatever is taken is right, and what is doubtful is refused.

#![allow(clippy::expect_used)]

use super::super::*;
use crate::edit;
use crate::text::Text;
use proptest::prelude::*;

/// Texts of few different lines, so that much stands in several places.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let words = prop::sample::select(vec![
        "a", "b", "c", "{", "}", "", "  a", "\ta", "x = 1", "x = 2",
    ]);
    prop::collection::vec(words.prop_map(str::to_owned), 0..40)
}

/// A text, another one that differs in some lines, and whether both end with a line end.
fn versions() -> impl Strategy<Value = (String, String)> {
    let change = (any::<prop::sample::Index>(), 0..3_usize, lines());
    let changes = prop::collection::vec(change, 1..4);
    (lines(), changes, any::<bool>()).prop_map(|(old, changes, ended)| {
        let mut new = old.clone();
        for (at, removed, mut added) in changes {
            added.truncate(2);
            let from = at.index(new.len() + 1);
            let to = (from + removed).min(new.len());
            new.splice(from..to, added);
        }
        let text = |lines: &[String]| {
            let end = if ended && !lines.is_empty() { "\n" } else { "" };
            lines.join("\n") + end
        };
        (text(&old), text(&new))
    })
}

fn diff(old: &str, new: &str, context: usize) -> String {
    let diff = similar::TextDiff::from_lines(old, new);
    let mut unified = diff.unified_diff();
    unified
        .context_radius(context)
        .header("a.txt", "a.txt")
        .to_string()
}

/// What a diff makes of a text, and whether all of it was taken.
fn applied(answer: &str, text: &str) -> (String, bool) {
    let text = Text::new(text);
    let (mut now, patch) = (text, parse(answer));
    let mut complete = patch.problems.is_empty();
    for file in &patch.files {
        let placed = place(&file.path, &file.action, Some(&now));
        complete &= placed.problems.is_empty();
        if let Outcome::Edits(edits) = placed.outcome {
            now = edit::apply(&now, &edits).expect("edits of a text fit it");
        }
    }
    (now.to_string(), complete)
}

fn without_end(text: &str) -> &str {
    text.trim_end_matches('\n')
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_diff_with_right_numbers_makes_the_new_text((old, new) in versions(), context in 0..4_usize) {
        let (now, complete) = applied(&diff(&old, &new, context), &old);
        if complete {
            // The file keeps its own last line end.
            prop_assert_eq!(without_end(&now), without_end(&new));
        }
    }

    #[test]
    fn a_diff_without_numbers_is_taken_rightly_or_not_at_all((old, new) in versions(), context in 0..4_usize) {
        let told = diff(&old, &new, context);
        let told: String = told.lines().map(|line| if line.starts_with("@@") { "@@ ... @@\n".to_owned() } else { format!("{line}\n") }).collect();
        let (now, complete) = applied(&told, &old);
        if complete {
            prop_assert_eq!(without_end(&now), without_end(&new));
        }
    }

    #[test]
    fn a_file_written_anew_is_that_file((old, new) in versions()) {
        // A fence cannot tell blank lines at its edges from none.
        if new.is_empty() || !new.ends_with('\n') || new.starts_with('\n') {
            return Ok(());
        }
        let (now, complete) = applied(&format!("```x path=a.txt\n{new}```\n"), &old);
        if complete {
            prop_assert_eq!(without_end(&now), without_end(&new));
        }
    }

    #[test]
    fn nothing_makes_it_fail(answer in "(?s)([ -~\n]|--- a\n\\+\\+\\+ a\n|@@ -1 \\+1 @@\n|<<<<<<< SEARCH\n|=======\n|>>>>>>> REPLACE\n|\\*\\*\\* Update File: a\n|```\n|a\n|-a\n|\\+b\n){0,60}", text in "[ab\n\r\t {}]{0,60}") {
        let (_, _) = applied(&answer, &text);
    }
}

/// Two places that overlap are two places.
#[test]
fn lines_that_stand_in_two_places_which_overlap_are_refused() {
    let old = "a\n  a\n\ta\n  a\n\ta\n  a\n\ta\na";
    let told = "--- a.txt\n+++ a.txt\n@@ ... @@\n   a\n \ta\n+a\n   a\n \ta\n";
    assert_eq!(applied(told, old), (old.to_owned(), false));
    let block = "a.txt\n<<<<<<< SEARCH\nxyx\n=======\nz\n>>>>>>> REPLACE\n";
    assert_eq!(applied(block, "xyxyx\n"), ("xyxyx\n".to_owned(), false));
}
