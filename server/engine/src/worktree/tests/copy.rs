//! Tests of what a copy holds: everything that the user has in front of them, and nothing that agents must not have.

use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A repository with one of each kind of change.
fn varied() -> Desk {
    let desk = Desk::with(&[
        ("same", "s\n"),
        ("edited", "a\n"),
        ("staged", "a\n"),
        ("gone", "g\n"),
        ("sub/deep/er", "d\n"),
        ("old name", "1\n2\n3\n4\n"),
        ("script", "#!/bin/sh\n"),
        ("was a file", "f\n"),
        ("was a directory/f", "f\n"),
        (".gitignore", "ignored\nbuild/\n"),
    ]);
    let repo = &desk.repo;
    repo.write("binary", [0, 159, 146, 150, 0]);
    repo.write("crlf", "a\r\nb\r\n");
    repo.write("empty", "");
    repo.write("ümläut/日本", "u\n");
    repo.write("with \"quote\"\nand line", "q\n");
    symlink("sub/deep/er", repo.root.join("link")).unwrap();
    symlink("../same", repo.root.join("sub/up")).unwrap();
    symlink("nowhere", repo.root.join("dangling")).unwrap();
    repo.commit("second");
    repo.write("edited", "b\n");
    repo.write("staged", "b\n");
    repo.git(&["add", "staged"]);
    repo.write("staged", "c\n");
    fs::remove_file(repo.root.join("gone")).unwrap();
    repo.git(&["mv", "old name", "new name"]);
    set_mode(&repo.root.join("script"), 0o755);
    set_mode(&repo.root.join("same"), 0o600);
    fs::remove_file(repo.root.join("was a file")).unwrap();
    repo.write("was a file/now", "n\n");
    fs::remove_dir_all(repo.root.join("was a directory")).unwrap();
    repo.write("was a directory", "n\n");
    repo.write("new/untracked", "n\n");
    repo.write("intended", "i\n");
    repo.git(&["add", "-N", "intended"]);
    desk
}

/// What git says in a directory, in several words.
fn said(desk: &Desk, root: &Path) -> String {
    let ask = |args: &[&str]| desk.repo.git_in(root, args);
    [
        ask(&["status", "--porcelain", "-uall"]),
        ask(&["diff"]),
        ask(&["diff", "--cached"]),
        ask(&["log", "--oneline"]),
        ask(&["ls-files", "-s", "-t"]),
    ]
    .join("\n--\n")
}

#[test]
fn a_copy_holds_the_working_tree_and_git_says_the_same_there() {
    let desk = varied();
    let users = contents(&desk.repo.root);
    desk.repo.write("ignored", "x\n");
    desk.repo.write("build/out", "x\n");
    let worktree = desk.acquire();
    assert_eq!(contents(worktree.root()), users);
    assert_eq!(said(&desk, worktree.root()), said(&desk, &desk.repo.root));
    assert_eq!(worktree.notes(), &[] as &[String]);
    let slot = worktree.inner.slot.path();
    for private in [
        slot,
        slot.parent().unwrap(),
        slot.parent().unwrap().parent().unwrap(),
    ] {
        assert_eq!(
            fs::metadata(private).unwrap().permissions().mode() & 0o777,
            0o700
        );
    }
}

#[test]
fn open_buffers_win_over_the_disk() {
    let desk = Desk::with(&[
        ("a", "1\n"),
        ("same", "s\n"),
        ("dir/target", "t\n"),
        ("tool", "x\n"),
        (".gitignore", "ignored\n"),
    ]);
    let root = &desk.repo.root;
    set_mode(&root.join("tool"), 0o755);
    symlink("dir", root.join("to-dir")).unwrap();
    symlink("dir/target", root.join("to-file")).unwrap();
    desk.repo.write("ignored", "i\n");
    let mut stamps = Vec::new();
    let mut wanted = desk.wanted();
    let buffers = [
        ("a", "unsaved ü\r\n"),
        ("same", "s\n"),
        ("tool", "y\n"),
        ("new/file", "new"),
        ("to-dir/target", "through a link\n"),
        ("ignored", "not in the tree\n"),
    ];
    wanted.open = buffers
        .iter()
        .map(|(at, text)| (path(at), buffer(text)))
        .collect();
    for round in ["cold", "warm"] {
        let worktree = desk.acquire_as(wanted.clone()).unwrap();
        let found = contents(worktree.root());
        let expected = BTreeMap::from(
            [
                (".gitignore", "644 ignored\n"),
                ("a", "644 unsaved ü\r\n"),
                ("dir/target", "644 through a link\n"),
                ("new/file", "644 new"),
                ("same", "644 s\n"),
                ("to-dir", "-> dir"),
                ("to-file", "-> dir/target"),
                ("tool", "755 y\n"),
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned())),
        );
        assert_eq!(found, expected, "{round}");
        // Unchanged buffers are not written again, so that no build starts anew.
        let about = fs::metadata(worktree.root().join("a")).unwrap();
        stamps.push(about.modified().unwrap());
    }
    assert_eq!(stamps[0], stamps[1]);
    // Saved and closed: the disk counts again.
    let worktree = desk.acquire();
    assert_eq!(fs::read(worktree.root().join("a")).unwrap(), b"1\n");
    assert!(!worktree.root().join("new/file").exists() && !worktree.root().join("new").exists());
}

#[test]
fn what_agents_must_not_have_is_left_out_and_told() {
    let desk = Desk::with(&[
        ("src/a", "1\n"),
        (".aiignore", "private/\n"),
        ("private/x", "x\n"),
        ("private/y", "y\n"),
        ("docs/big.txt", "b\n"),
        (".env", "KEY=1\n"),
        ("keys/server.pem", "k\n"),
        ("keys/named.pem", "k\n"),
    ]);
    let root = &desk.repo.root;
    symlink("/etc/passwd", root.join("absolute")).unwrap();
    symlink("../../outside", root.join("src/up")).unwrap();
    symlink("src/../../outside", root.join("sly")).unwrap();
    desk.repo.git(&["add", "-A"]);
    desk.repo.pipe("pipe");
    desk.repo.commit("links");
    let mut wanted = desk.wanted();
    wanted.exclude = vec!["docs/".to_owned()];
    wanted.named = vec![path("keys/named.pem"), path("private/x")];
    wanted.open.insert(path("private/new"), buffer("unsaved\n"));
    for round in ["cold", "warm"] {
        let worktree = desk.acquire_as(wanted.clone()).unwrap();
        let names: Vec<String> = contents(worktree.root()).into_keys().collect();
        assert_eq!(names, [".aiignore", "keys/named.pem", "src/a"], "{round}");
        assert_eq!(
            worktree.notes(),
            [
                "Not in the worktree because ignore files or `review.exclude` keep them from agents: docs/big.txt, \
                 private/new, private/x, private/y.",
                "Not in the worktree because their names say that they hold secrets: .env, keys/server.pem.",
                "Not in the worktree because they are symbolic links that lead out of the repository, or may: absolute, \
                 sly, src/up.",
            ],
            "{round}"
        );
        // Their absence is no change to git.
        assert_eq!(
            desk.repo
                .git_in(worktree.root(), &["status", "--porcelain"]),
            ""
        );
    }
    // When a rule goes, its files come; when one comes, they go.
    fs::remove_file(root.join(".aiignore")).unwrap();
    desk.repo.write("src/.agentignore", "a\n");
    let worktree = desk.acquire_as(wanted).unwrap();
    let names: Vec<String> = contents(worktree.root()).into_keys().collect();
    let expected = [
        "keys/named.pem",
        "private/new",
        "private/x",
        "private/y",
        "src/.agentignore",
    ];
    assert_eq!(names, expected);
}

#[test]
fn submodules_and_other_repositories_are_empty_directories() {
    let desk = Desk::with(&[("a", "1\n")]);
    let other = Repo::with(&[("inside", "i\n")]);
    let url = other.root.to_str().unwrap();
    desk.repo.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        url,
        "sub",
    ]);
    desk.repo.commit("submodule");
    let nested = desk.repo.root.join("vendor/nested");
    fs::create_dir_all(&nested).unwrap();
    desk.repo.git_in(&nested, &["init", "-q"]);
    desk.repo.write("vendor/nested/file", "n\n");
    for round in ["cold", "warm"] {
        let worktree = desk.acquire();
        let found = contents(worktree.root());
        let names: Vec<(&str, &str)> = found
            .iter()
            .map(|(a, b)| (&**a, b.get(..5).unwrap_or(b)))
            .collect();
        assert_eq!(
            names,
            [
                (".gitmodules", "644 ["),
                ("a", "644 1"),
                ("sub", "empty"),
                ("vendor/nested", "empty")
            ],
            "{round}"
        );
        assert_eq!(
            worktree.notes(),
            [
                "Submodules and other repositories are empty directories in the worktree: sub, vendor/nested."
            ]
        );
        assert_eq!(
            desk.repo
                .git_in(worktree.root(), &["status", "--porcelain"]),
            ""
        );
        // What an agent puts there does not stay.
        fs::write(worktree.root().join("sub/mine"), "x").unwrap();
        desk.repo
            .git_in(&worktree.root().join("vendor/nested"), &["init", "-q"]);
    }
    // The submodule itself is a repository like others.
    let mut wanted = desk.wanted();
    wanted.root = desk.repo.root.join("sub");
    let worktree = desk.acquire_as(wanted).unwrap();
    assert_eq!(contents(worktree.root()).len(), 1);
    assert_eq!(
        desk.repo.git_in(worktree.root(), &["log", "--format=%s"]),
        "first\n"
    );
}

#[test]
fn ignored_files_that_a_build_needs_are_linked_or_copied() {
    let desk = Desk::with(&[
        (
            ".gitignore",
            "node_modules\nconfig/*.local\n.env\n/vendor/\n",
        ),
        (".cursorignore", "vendor/private\n"),
        ("src/a", "1\n"),
    ]);
    for (at, text) in [
        ("node_modules/lib/index.js", "js\n"),
        ("config/db.local", "db\n"),
        (".env", "E=1\n"),
        ("vendor/x/y", "v\n"),
        ("vendor/key.pem", "k\n"),
        ("vendor/private", "p\n"),
    ] {
        desk.repo.write(at, text);
    }
    let list = |paths: &[&str]| paths.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let mut wanted = desk.wanted();
    wanted.link = list(&["node_modules/", "src", "gone", "/etc", "../x", ".git"]);
    wanted.copy = list(&["config/db.local", ".env", "vendor", "vendor/private"]);
    let expected: Vec<String> = [
        ".cursorignore",
        ".env",
        ".gitignore",
        "config/db.local",
        "node_modules",
        "src/a",
        "vendor/x/y",
    ]
    .map(String::from)
    .to_vec();
    for round in ["cold", "warm"] {
        let worktree = desk.acquire_as(wanted.clone()).unwrap();
        let found = contents(worktree.root());
        assert_eq!(
            found.keys().cloned().collect::<Vec<_>>(),
            expected,
            "{round}"
        );
        let target = format!("-> {}", desk.repo.root.join("node_modules").display());
        assert_eq!(found["node_modules"], target);
        assert_eq!(
            worktree.notes(),
            [
                "`gone` is not linked into worktrees because it does not exist, or lies behind a symbolic link.",
                "`/etc` is not linked into worktrees because it is no path inside of the workspace.",
                "`../x` is not linked into worktrees because it is no path inside of the workspace.",
                "`.git` is not linked into worktrees because it is no path that a worktree can have.",
                "`vendor/private` is not copied to worktrees because it is kept from agents by .cursorignore.",
                "`src` is not linked into worktrees because git does not ignore it: what is not ignored is in the worktree \
                 anyway.",
            ]
        );
        assert_eq!(
            desk.repo
                .git_in(worktree.root(), &["status", "--porcelain"]),
            ""
        );
        assert_eq!(
            block_on(worktree.changes(&CancellationToken::new())).unwrap(),
            Changed::default()
        );
        let tree = worktree.root().to_owned();
        drop(worktree);
        // No link stays behind that somebody could delete through.
        assert!(fs::symlink_metadata(tree.join("node_modules")).is_err());
        assert!(desk.repo.root.join("node_modules/lib/index.js").exists());
        desk.repo.write("vendor/x/z", "new\n");
        fs::remove_file(desk.repo.root.join("vendor/x/z")).unwrap();
    }
    // Not wanted any more.
    let worktree = desk.acquire();
    let names: Vec<String> = contents(worktree.root()).into_keys().collect();
    assert_eq!(names, [".cursorignore", ".gitignore", "src/a"]);
}

#[test]
fn what_builds_leave_stays_when_it_is_ignored_and_nothing_else_does() {
    let desk = Desk::with(&[(".gitignore", "target/\n*.o\n"), ("src/a.c", "1\n")]);
    let worktree = desk.acquire();
    let root = worktree.root().to_owned();
    for at in [
        "target/debug/out",
        "src/a.o",
        "junk",
        "src/junk",
        "new/dir/junk",
        "cache/x",
    ] {
        fs::create_dir_all(root.join(at).parent().unwrap()).unwrap();
        fs::write(root.join(at), "left\n").unwrap();
    }
    // An agent does not decide what is ignored.
    fs::write(root.join("cache/.gitignore"), "*\n").unwrap();
    fs::write(root.join("src/.gitignore"), "junk\n").unwrap();
    fs::write(root.join(".gitignore"), "*\n").unwrap();
    drop(worktree);
    for _ in 0..2 {
        let worktree = desk.acquire();
        assert_eq!(worktree.root(), root);
        let names: Vec<String> = contents(&root).into_keys().collect();
        assert_eq!(
            names,
            [".gitignore", "src/a.c", "src/a.o", "target/debug/out"]
        );
        drop(worktree);
    }
    // When the rule goes, so does what it kept.
    desk.repo.write(".gitignore", "*.o\n");
    let names: Vec<String> = contents(desk.acquire().root()).into_keys().collect();
    assert_eq!(names, [".gitignore", "src/a.c", "src/a.o"]);
}
