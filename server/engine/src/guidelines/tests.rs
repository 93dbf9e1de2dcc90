//! Tests of guideline files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::git::testing::Repo;
use expect_test::{Expect, expect};

fn check(files: &[(&str, &str)], targets: &[&str], expected: &Expect) {
    let repo = Repo::none();
    files.iter().for_each(|(path, text)| repo.write(path, text));
    expected.assert_eq(&show(&repo, targets));
}

fn show(repo: &Repo, targets: &[&str]) -> String {
    let targets: Vec<RelPath> = targets
        .iter()
        .map(|it| RelPath::try_from((*it).to_owned()).unwrap())
        .collect();
    let found = collect(
        &repo.root,
        &targets.iter().collect::<Vec<_>>(),
        Reader::Reviewer,
    );
    let lines = found.iter().map(|it| {
        let to: Vec<&str> = it.applies_to.iter().map(RelPath::as_str).collect();
        let cut = if it.cut { " (cut)" } else { "" };
        format!(
            "{}{cut} for {}: {}\n",
            it.path,
            to.join(", "),
            it.text.replace('\n', "|")
        )
    });
    lines.collect()
}

#[test]
fn pipes_are_passed_over() {
    let repo = Repo::none();
    for path in [
        "AGENTS.md",
        ".cursor/rules/1.md",
        ".clinerules",
        ".github/copilot-instructions.md",
    ] {
        repo.pipe(path);
    }
    repo.write(".cursor/rules/2.md", "two");
    let expected = expect![[r#"
        .cursor/rules/2.md for x.rs: two
    "#]];
    expected.assert_eq(&show(&repo, &["x.rs"]));
}

#[test]
fn the_nearest_of_each_kind_wins() {
    check(
        &[
            ("AGENTS.md", "root agents"),
            ("CLAUDE.md", "root claude"),
            ("a/AGENT.md", "a agent"),
            ("a/b/AGENTS.md", "b agents"),
            ("a/b/AGENT.md", "b agent"),
            ("other/AGENTS.md", "not on the way"),
            (".cursor/BUGBOT.md", "root bugbot"),
            ("a/.cursor/BUGBOT.md", "a bugbot"),
            ("a/REVIEW.md", "review"),
            (".clinerules", "a file"),
            ("a/.clinerules/2.md", "two"),
            ("a/.clinerules/1.md", "one"),
        ],
        &["x.rs", "a/x.rs", "a/b/x.rs", "a/b/c/x.rs"],
        &expect![[r#"
            .clinerules for x.rs: a file
            AGENTS.md for x.rs: root agents
            CLAUDE.md for x.rs, a/x.rs, a/b/x.rs, a/b/c/x.rs: root claude
            .cursor/BUGBOT.md for x.rs, a/x.rs, a/b/x.rs, a/b/c/x.rs: root bugbot
            a/AGENT.md for a/x.rs: a agent
            a/REVIEW.md for a/x.rs, a/b/x.rs, a/b/c/x.rs: review
            a/.clinerules/1.md for a/x.rs, a/b/x.rs, a/b/c/x.rs: one
            a/.clinerules/2.md for a/x.rs, a/b/x.rs, a/b/c/x.rs: two
            a/.cursor/BUGBOT.md for a/x.rs, a/b/x.rs, a/b/c/x.rs: a bugbot
            a/b/AGENTS.md for a/b/x.rs, a/b/c/x.rs: b agents
        "#]],
    );
}

#[test]
fn nothing_is_sent_twice() {
    check(
        &[
            ("AGENTS.md", "same\n"),
            ("CLAUDE.md", "@AGENTS.md\n"),
            ("GEMINI.md", "same"),
            ("a/AGENTS.md", "nearer"),
            ("a/CLAUDE.md", "@AGENTS.md\nand more"),
        ],
        &["x", "a/x"],
        &expect![[r#"
            AGENTS.md for x: same
            GEMINI.md for a/x: same
            a/AGENTS.md for a/x: nearer
            a/CLAUDE.md for a/x: @AGENTS.md|and more
        "#]],
    );
}

#[test]
fn a_section_for_reviewers_is_sent_alone() {
    check(
        &[
            (
                "AGENTS.md",
                "# Build\nmake\n## Code Review Rules\nNo panics.\n### Tests\nMany.\n```\n# no heading\n```\n## Other\nx\n",
            ),
            ("CLAUDE.md", "# Review guidelines:\nAll of it.\n"),
            ("GEMINI.md", "# About code review rules of others\nAll.\n"),
        ],
        &["x"],
        &expect![[r#"
            AGENTS.md for x: ## Code Review Rules|No panics.|### Tests|Many.|```|# no heading|```
            CLAUDE.md for x: # Review guidelines:|All of it.
            GEMINI.md for x: # About code review rules of others|All.
        "#]],
    );
}

#[test]
fn who_changes_code_is_sent_all_of_a_file() {
    let repo = Repo::none();
    repo.write(
        "AGENTS.md",
        "# Build\nmake\n## Code Review Rules\nNo panics.\n",
    );
    let target = RelPath::try_from("x".to_owned()).unwrap();
    let found = collect(&repo.root, &[&target], Reader::Author);
    let texts: Vec<&str> = found.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(texts, ["# Build\nmake\n## Code Review Rules\nNo panics."]);
}

#[test]
fn front_matter_says_for_which_files() {
    check(
        &[
            (".github/copilot-instructions.md", "all"),
            (
                ".github/instructions/ts.instructions.md",
                "---\napplyTo: \"**/*.ts,**/*.{jsx,tsx}\"\n---\nts",
            ),
            (
                ".github/instructions/none.instructions.md",
                "---\ndescription: d\n---\nno globs",
            ),
            (".github/instructions/readme.md", "not one"),
            (
                ".cursor/rules/always.mdc",
                "---\nalwaysApply: true\n---\nalways",
            ),
            (
                ".cursor/rules/rs.mdc",
                "---\nglobs:\n  - src/**/*.rs\nalwaysApply: false\n---\nrs",
            ),
            (
                ".cursor/rules/asked.mdc",
                "---\ndescription: d\nalwaysApply: false\n---\nby request",
            ),
            (".cursor/rules/plain.md", "plain"),
            ("sub/.cursor/rules/own.mdc", "---\nglobs: lib/*\n---\nown"),
        ],
        &["a.ts", "src/x/a.rs", "sub/lib/a.tsx", "sub/a.rs"],
        &expect![[r#"
            .github/copilot-instructions.md for a.ts, src/x/a.rs, sub/lib/a.tsx, sub/a.rs: all
            .github/instructions/none.instructions.md for a.ts, src/x/a.rs, sub/lib/a.tsx, sub/a.rs: no globs
            .github/instructions/ts.instructions.md for a.ts, sub/lib/a.tsx: ts
            .cursor/rules/always.mdc for a.ts, src/x/a.rs: always
            .cursor/rules/plain.md for a.ts, src/x/a.rs: plain
            .cursor/rules/rs.mdc for src/x/a.rs: rs
            sub/.cursor/rules/own.mdc for sub/lib/a.tsx: own
        "#]],
    );
}

#[test]
fn texts_are_bounded_and_the_nearest_come_first() {
    let repo = Repo::none();
    let long = "0123456789abcde\n".repeat(4000);
    for path in ["AGENTS.md", "a/CLAUDE.md", "a/b/GEMINI.md"] {
        repo.write(path, format!("{path}\n{long}"));
    }
    let target = RelPath::try_from("a/b/x".to_owned()).unwrap();
    let found = collect(&repo.root, &[&target], Reader::Reviewer);
    let sizes: Vec<_> = found
        .iter()
        .map(|it| (it.path.as_str(), it.text.len(), it.cut))
        .collect();
    assert!(found.iter().map(|it| it.text.len()).sum::<usize>() <= MAX_ALL);
    expect![[r#"
        [
            (
                "AGENTS.md",
                8,
                true,
            ),
            (
                "a/CLAUDE.md",
                32763,
                true,
            ),
            (
                "a/b/GEMINI.md",
                32765,
                true,
            ),
        ]
    "#]]
    .assert_debug_eq(&sizes);
}

#[test]
fn what_is_outside_ignored_or_no_file_is_not_read() {
    let repo = Repo::none();
    std::fs::write(repo.beside("secret.md"), "outside").unwrap();
    std::os::unix::fs::symlink(repo.beside("secret.md"), repo.root.join("AGENTS.md")).unwrap();
    std::os::unix::fs::symlink("/etc", repo.root.join(".rules")).unwrap();
    repo.write("REVIEW.md", "real");
    std::os::unix::fs::symlink("REVIEW.md", repo.root.join("CLAUDE.md")).unwrap();
    repo.write(".aiignore", "GEMINI.md\n");
    repo.write("GEMINI.md", "ignored");
    std::fs::create_dir(repo.root.join(".cursorrules")).unwrap();
    repo.write(".windsurfrules", "");
    expect![[r#"
        CLAUDE.md for x: real
    "#]]
    .assert_eq(&show(&repo, &["x"]));
}
