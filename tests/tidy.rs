//! The rules of the house, as tests: what must never be is looked for, not hoped for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Longest source file, in lines.
const MAX_LINES: usize = 800;
/// Longest `docs/architecture.md`, in lines.
const MAX_ARCHITECTURE: usize = 250;
/// What may stand at the top of the repository, beside dot-files.
const TOP: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "docs",
    "editors",
    "server",
    "tests",
];
/// The crates, and the crates of ours that each may depend on. There is no other arrow.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("process", &[]),
    ("agents", &["domain", "process"]),
    ("adapters", &["domain", "process"]),
    ("engine", &["agents", "domain", "process"]),
    ("lsp", &["domain", "engine"]),
    (
        "cli",
        &["adapters", "agents", "domain", "engine", "lsp", "process"],
    ),
];
/// What a crate must not know, as names of other people's crates.
const UNKNOWN: &[(&str, &[&str])] = &[
    (
        "domain",
        &["tokio", "rmcp", "tower-lsp", "rusqlite", "process-wrap"],
    ),
    ("process", &["rmcp", "tower-lsp", "rusqlite", "serde_json"]),
    ("agents", &["tower-lsp", "rusqlite", "ropey"]),
    ("adapters", &["tower-lsp", "rusqlite"]),
    ("engine", &["rmcp", "tower-lsp", "reqwest"]),
    ("lsp", &["rmcp", "rusqlite", "reqwest"]),
    ("cli", &["rmcp", "tower-lsp", "rusqlite", "reqwest"]),
];

#[test]
fn crates_depend_only_along_the_arrows() {
    let crates: BTreeSet<String> = std::fs::read_dir(root().join("server"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        crates, known,
        "a crate came or went: say in this test what it may know"
    );
    for (name, allowed) in ARROWS {
        for dependency in dependencies(name) {
            let ours = known.contains(&dependency);
            assert!(
                !ours || allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn crates_do_not_know_what_they_must_not() {
    for (name, unknown) in UNKNOWN {
        for dependency in dependencies(name) {
            assert!(
                !unknown.contains(&dependency.as_str()),
                "{name} must not know {dependency}"
            );
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{}: {lines} lines; split it", file.display()));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!(
                "{}: the first line must be a `//!` sentence",
                file.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_to_be_written() {
    // Put together at run time, so that this file does not find itself.
    let marks = ["todo", "unimplemented"].map(|it| format!("{it}!("));
    assert_absent(&marks, |_| true);
}

#[test]
fn only_process_starts_programs() {
    let marks = [
        ["Command", "new("].join("::"),
        ["process", "Command"].join("::"),
    ];
    assert_absent(&marks, |file| {
        file.starts_with("server") && !file.starts_with("server/process")
    });
}

#[test]
fn the_top_of_the_repository_is_small() {
    let listed = git_files();
    let top: BTreeSet<&str> = listed
        .iter()
        .filter_map(|it| it.split('/').next())
        .filter(|it| !it.starts_with('.'))
        .collect();
    let allowed: BTreeSet<&str> = TOP.iter().copied().collect();
    assert_eq!(
        top.difference(&allowed).collect::<Vec<_>>(),
        Vec::<&&str>::new()
    );
}

#[test]
fn the_architecture_is_told_in_few_words() {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let lines = text.lines().count();
    assert!(
        lines <= MAX_ARCHITECTURE,
        "docs/architecture.md has {lines} lines"
    );
    for (name, _) in ARROWS {
        assert!(
            text.contains(&format!("`{name}`")),
            "docs/architecture.md does not speak of `{name}`"
        );
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let architecture = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let section = manifest
        .split("[workspace.dependencies]")
        .nth(1)
        .unwrap()
        .split("\n[")
        .next()
        .unwrap();
    let names = section
        .lines()
        .filter(|it| !it.contains("path = "))
        .filter_map(|it| it.split_once(" = "))
        .map(|it| it.0);
    let missing: Vec<&str> = names
        .filter(|it| !architecture.contains(&format!("`{it}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/architecture.md gives no reason for {missing:?}"
    );
}

/// Names in the dependency tables of a crate of ours, but for those of its tests.
fn dependencies(name: &str) -> Vec<String> {
    let manifest =
        std::fs::read_to_string(root().join("server").join(name).join("Cargo.toml")).unwrap();
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]") && !line.contains("dev-dependencies");
        } else if let (true, Some(end)) = (inside, line.find(['.', ' ', '='])) {
            names.push(line[..end].to_owned());
        }
    }
    names
}

fn assert_absent(marks: &[String], applies: impl Fn(&Path) -> bool) {
    let mut found = Vec::new();
    for (file, text) in sources() {
        if !applies(&file) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if marks.iter().any(|it| line.contains(it)) {
                found.push(format!(
                    "{}:{}: {}",
                    file.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// All Rust files of the repository, relative to its root, with their text.
fn sources() -> Vec<(PathBuf, String)> {
    let rust = git_files().into_iter().filter(|it| it.ends_with(".rs"));
    // A file that git still lists may have been deleted since.
    rust.filter_map(|it| {
        Some((
            PathBuf::from(&it),
            std::fs::read_to_string(root().join(&it)).ok()?,
        ))
    })
    .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests start the programs they need"
)]
fn git_files() -> Vec<String> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}
