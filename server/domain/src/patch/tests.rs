//! Tests of reading and placing changes: answers in every format, and what becomes of the files.

#![allow(clippy::expect_used)]

mod damaged;
mod formats;
mod hostile;
mod json;
mod places;
mod properties;
mod round_trip;
mod tables;

use super::*;
use crate::edit;
use crate::text::Text;
use expect_test::Expect;
use std::fmt::Write as _;

/// Reads an answer and applies it to files; shows the changed files and the problems.
fn check(files: &[(&str, &str)], answer: &str, expected: &Expect) {
    expected.assert_eq(&outcome(files, &parse(answer)));
}

fn outcome(files: &[(&str, &str)], patch: &Patch) -> String {
    let mut files: Vec<(String, Text)> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), Text::new(text)))
        .collect();
    let mut shown = String::new();
    for FilePatch { path, action } in &patch.files {
        let at = files.iter().position(|it| it.0 == *path);
        let placed = place(path, action, at.map(|at| &files[at].1));
        let _ = writeln!(shown, "{}{}", path, detail(action));
        match placed.outcome {
            Outcome::Same => shown += "  (same)\n",
            Outcome::Deleted => shown += "  (deleted)\n",
            Outcome::Created(text) => show(&mut shown, &text),
            Outcome::Edits(edits) => {
                let at = at.expect("edits are of a file");
                files[at].1 = edit::apply(&files[at].1, &edits).expect("edits fit");
                show(&mut shown, &files[at].1.to_string());
            }
        }
        for problem in placed.problems {
            let _ = writeln!(shown, "  ! {problem}");
        }
    }
    for problem in &patch.problems {
        let _ = writeln!(shown, "! {problem}");
    }
    shown
}

fn detail(action: &Action) -> String {
    match action {
        Action::Edit {
            rename, executable, ..
        } => {
            let rename = rename.as_ref().map(|it| format!(" -> {it}"));
            let mode = executable.map(|it| if it { " +x" } else { " -x" });
            rename.unwrap_or_default() + mode.unwrap_or_default()
        }
        Action::Create {
            executable: true, ..
        } => " (new, +x)".to_owned(),
        Action::Create { .. } => " (new)".to_owned(),
        Action::Rewrite { .. } => " (whole)".to_owned(),
        Action::Delete => String::new(),
    }
}

fn show(shown: &mut String, text: &str) {
    for line in text.split_inclusive('\n') {
        let visible = line.replace('\r', "␍").replace('\t', "→");
        let visible = visible
            .strip_suffix('\n')
            .map_or_else(|| format!("{visible}⊣"), str::to_owned);
        let _ = writeln!(shown, "  |{visible}");
    }
}

/// A name, files with their texts, and an answer.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// What answers make of files, one after the other, as diffs without context; for tables.
fn check_all(cases: &[Case<'_>], expected: &Expect) {
    let mut shown = String::new();
    for (name, files, answer) in cases {
        let _ = writeln!(shown, "# {name}");
        shown += &changes(files, &parse(answer));
    }
    expected.assert_eq(&shown);
}

fn changes(files: &[(&str, &str)], patch: &Patch) -> String {
    let mut shown = String::new();
    let mut now: Vec<(String, Text)> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), Text::new(text)))
        .collect();
    for FilePatch { path, action } in &patch.files {
        let at = now.iter().position(|it| it.0 == *path);
        let placed = place(path, action, at.map(|at| &now[at].1));
        let _ = writeln!(shown, "{path}{}", detail(action));
        match (placed.outcome, at) {
            (Outcome::Edits(edits), Some(at)) => {
                let new = edit::apply(&now[at].1, &edits).expect("edits fit");
                show_diff(&mut shown, &now[at].1.to_string(), &new.to_string());
                now[at].1 = new;
            }
            (Outcome::Created(text), _) => {
                show_diff(&mut shown, "", &text);
                now.push((path.clone(), Text::new(&text)));
            }
            (Outcome::Deleted, _) => shown += "  (deleted)\n",
            _ => {}
        }
        for problem in placed.problems {
            let _ = writeln!(shown, "  ! {problem}");
        }
    }
    for problem in &patch.problems {
        let _ = writeln!(shown, "! {problem}");
    }
    shown
}

fn show_diff(shown: &mut String, old: &str, new: &str) {
    let diff = similar::TextDiff::from_lines(old, new);
    for change in diff.iter_all_changes() {
        let mark = match change.tag() {
            similar::ChangeTag::Equal => continue,
            similar::ChangeTag::Delete => '-',
            similar::ChangeTag::Insert => '+',
        };
        let line = change.value().replace('\r', "␍").replace('\t', "→");
        let line = line
            .strip_suffix('\n')
            .map_or_else(|| format!("{line}⊣"), str::to_owned);
        let _ = writeln!(shown, "  {mark}{line}");
    }
}
