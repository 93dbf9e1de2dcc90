//! Tests of gathering: what is looked at, what is left out and why.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::git::testing::{Repo, block_on};
use crate::request::{Base, Buffer};
use expect_test::{Expect, expect};
use std::time::Duration;

const MAX: u64 = 1000;

/// A key of the right shape, put together here so that this file holds none.
fn key() -> String {
    format!("AKIA{}", "Z7QWERTYUIOPASDF")
}

fn rel(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

fn place(root: &Path, open: &[(&str, &str)]) -> Place {
    let open = open.iter().map(|(path, text)| {
        (
            rel(path),
            Buffer {
                text: Text::new(text),
                version: 7,
            },
        )
    });
    Place {
        root: root.to_owned(),
        open: open.collect(),
        exclude: vec!["*.gen".to_owned()],
        file_bytes: MAX,
        files: 20,
        cancel: CancellationToken::new(),
    }
}

fn run(repo: &Repo, place: Place, scope: &Scope) -> Result<Gathered, ScopeError> {
    block_on(gather_in(place, scope, || repo.environment()))
}

fn show(gathered: &Gathered) -> String {
    let mut out = String::new();
    for target in &gathered.targets {
        let ranges = target.ranges.as_ref().map_or("all".to_owned(), |ranges| {
            let words: Vec<_> = ranges
                .iter()
                .map(|it| format!("{}-{}", it.start_line, it.end_line))
                .collect();
            words.join(" ")
        });
        let version = target
            .version
            .map_or(String::new(), |it| format!(" version {it}"));
        let disk = target
            .disk
            .as_ref()
            .map_or(String::new(), |it| format!(", disk {:?}", it.to_string()));
        let text = domain::sanitize::line(&format!("{:?}", target.text.to_string()), 60);
        out.push_str(&format!(
            "{}{version}: {ranges}, {text}{disk}\n",
            target.path
        ));
    }
    for path in &gathered.deleted {
        out.push_str(&format!("deleted {path}\n"));
    }
    for Skipped {
        path,
        reason,
        asked_for,
    } in &gathered.skipped
    {
        out.push_str(&format!(
            "{} {path}: {reason}\n",
            if *asked_for { "SKIPPED" } else { "skipped" }
        ));
    }
    gathered
        .notes
        .iter()
        .for_each(|it| out.push_str(&format!("note: {it}\n")));
    out
}

fn check_files(repo: &Repo, open: &[(&str, &str)], paths: &[&str], expected: &Expect) {
    let scope = Scope::Files(paths.iter().map(PathBuf::from).collect());
    let gathered = run(repo, place(&repo.root, open), &scope).unwrap();
    let shown = show(&gathered).replace(&repo.root.parent().unwrap().display().to_string(), "$");
    expected.assert_eq(&shown);
}

fn changes(base: Base, paths: &[&str]) -> Scope {
    Scope::Changes {
        base,
        paths: paths.iter().map(PathBuf::from).collect(),
    }
}

fn check_changes(repo: &Repo, open: &[(&str, &str)], base: Base, expected: &Expect) {
    let gathered = run(repo, place(&repo.root, open), &changes(base, &[])).unwrap();
    expected.assert_eq(&show(&gathered));
}

#[test]
fn named_files_say_why_they_are_not_read() {
    let repo = Repo::none();
    repo.write("ok", "text\r\nno end");
    repo.write("empty", "");
    repo.write("binary", b"a\0b");
    repo.write("latin", b"a\nb\nc\xe9\n");
    repo.write("huge", vec![b'x'; 1001]);
    repo.write("secret.gen", "x");
    repo.write(".env", "named, so it is reviewed");
    repo.write("dir/x", "x");
    repo.write("locked", "x");
    std::fs::write(repo.beside("outside"), "x").unwrap();
    let link =
        |to: &Path, name: &str| std::os::unix::fs::symlink(to, repo.root.join(name)).unwrap();
    link(&repo.beside("outside"), "out");
    link(Path::new("ok"), "inner link");
    link(Path::new("nowhere"), "dangling");
    link(Path::new("loop"), "loop");
    link(Path::new("secret.gen"), "disguised");
    link(Path::new("/etc"), "etc");
    repo.pipe("fifo");
    let absolute = repo.root.join("dir/../dir/x").display().to_string();
    check_files(
        &repo,
        &[],
        &[
            "ok",
            "./ok",
            "empty",
            "binary",
            "latin",
            "huge",
            "secret.gen",
            ".env",
            "out",
            "inner link",
            "dangling",
            "loop",
            "disguised",
            "etc",
            "fifo",
            "absent",
            "ok/below",
            "../outside",
            "/etc/passwd",
            &absolute,
        ],
        &expect![[r#"
            .env: all, "named, so it is reviewed"
            dir/x: all, "x"
            empty: all, ""
            inner link: all, "text\r\nno end"
            ok: all, "text\r\nno end"
            SKIPPED ../outside: is outside of the workspace
            SKIPPED /etc/passwd: is outside of the workspace
            SKIPPED absent: does not exist
            SKIPPED binary: is a binary file
            SKIPPED dangling: does not exist
            SKIPPED disguised: is kept from agents by `review.exclude` in the configuration
            SKIPPED etc: leads out of the workspace by a symbolic link
            SKIPPED fifo: is not a regular file
            SKIPPED huge: is larger than 1000 bytes, the limit for a file
            SKIPPED latin: is not UTF-8 (line 3)
            SKIPPED loop: cannot be read: Too many levels of symbolic links (os error 40)
            SKIPPED ok/below: does not exist
            SKIPPED out: leads out of the workspace by a symbolic link
            SKIPPED secret.gen: is kept from agents by `review.exclude` in the configuration
        "#]],
    );
}

#[test]
fn pipes_in_the_place_of_ignore_files_stop_nothing() {
    let repo = Repo::none();
    for path in ["a.rs", "git/x.rs", "own/x.rs", "agents/x.rs", "excluded.rs"] {
        repo.write(path, "text\n");
    }
    repo.pipe("git/.gitignore");
    std::os::unix::fs::symlink("/dev/zero", repo.root.join("own/.ignore")).unwrap();
    repo.pipe("agents/.aiignore");
    repo.write(".git/info/exclude", "excluded.rs\n");
    let expected = expect![[r#"
        a.rs: all, "text\n"
        skipped agents/x.rs: is kept from agents by .aiignore (which cannot be read)
        skipped git/: is left out: its .gitignore is no regular file of at most 1 MB
        skipped own/: is left out: its .ignore is no regular file of at most 1 MB
    "#]];
    check_files(&repo, &[], &["."], &expected);
    let expected = expect![[r#"
        SKIPPED git/: is left out: its .gitignore is no regular file of at most 1 MB
    "#]];
    check_files(&repo, &[], &["git"], &expected);
    std::fs::remove_file(repo.root.join(".git/info/exclude")).unwrap();
    repo.pipe(".git/info/exclude");
    repo.pipe(".git/commondir");
    let gathered = run(
        &repo,
        place(&repo.root, &[]),
        &Scope::Files(vec![".".into()]),
    );
    assert_eq!(gathered.unwrap().targets.len(), 2);
}

#[test]
fn directories_leave_out_what_is_ignored_hidden_or_secret() {
    let repo = Repo::none();
    for path in [
        "a.rs",
        "z.rs",
        "ignored/x",
        "built.o",
        "dot.ignored",
        ".hidden",
        "key.pem",
        "out.gen",
        "private/deep/x",
        "sub/own.txt",
        "sub/kept.txt",
        "sub/cursor.txt",
        "sub/agent/x",
    ] {
        repo.write(path, "text\n");
    }
    repo.write(".gitignore", "ignored/\n*.o\n");
    repo.write(".ignore", "dot.ignored\n");
    repo.write(".aiignore", "/private/\n");
    repo.write("sub/.cursorignore", "*.txt\n!kept.txt\n");
    repo.write(".agentignore", "agent\n");
    std::os::unix::fs::symlink("a.rs", repo.root.join("link.rs")).unwrap();
    check_files(
        &repo,
        &[("sub/new.rs", "unsaved\n"), ("a.rs", "edited\n")],
        &["."],
        &expect![[r#"
        a.rs version 7: all, "edited\n", disk "text\n"
        sub/kept.txt: all, "text\n"
        sub/new.rs version 7: all, "unsaved\n"
        z.rs: all, "text\n"
        skipped key.pem: holds secrets by its name; name it to have it reviewed
        skipped out.gen: is kept from agents by `review.exclude` in the configuration
        skipped private/: is kept from agents by .aiignore
        skipped sub/agent/: is kept from agents by .agentignore
        skipped sub/cursor.txt: is kept from agents by sub/.cursorignore
        skipped sub/own.txt: is kept from agents by sub/.cursorignore
    "#]],
    );
    // Ignored by git only, and named: reviewed. Ignored for agents, and named: not.
    check_files(
        &repo,
        &[],
        &[
            "built.o",
            "ignored/x",
            "private/deep/x",
            "private",
            "sub/own.txt",
        ],
        &expect![[r#"
            built.o: all, "text\n"
            ignored/x: all, "text\n"
            SKIPPED private/: is kept from agents by .aiignore
            SKIPPED private/deep/x: is kept from agents by .aiignore
            SKIPPED sub/own.txt: is kept from agents by sub/.cursorignore
        "#]],
    );
}

#[test]
fn ignore_files_above_the_root_count_up_to_the_repository() {
    let repo = Repo::with(&[
        (".aiignore", "secret.rs\n/closed/\n"),
        ("sub/secret.rs", "x"),
        ("closed/in/a", "x"),
    ]);
    for (root, path) in [("sub", "secret.rs"), ("closed/in", "a")] {
        let place = place(&repo.root.join(root), &[]);
        let gathered = run(&repo, place, &Scope::Files(vec![path.into()])).unwrap();
        assert_eq!(gathered.targets.len(), 0);
        assert!(
            gathered.skipped[0].reason.contains(".aiignore"),
            "{:?}",
            gathered.skipped
        );
    }
}

#[test]
fn too_many_files_are_counted() {
    let repo = Repo::none();
    (0..25).for_each(|it| repo.write(&format!("{it:02}"), "x"));
    let gathered = run(
        &repo,
        place(&repo.root, &[]),
        &Scope::Files(vec![".".into()]),
    )
    .unwrap();
    assert_eq!(gathered.targets.len(), 20);
    assert_eq!(gathered.targets[19].path, rel("19"));
    assert_eq!(
        gathered.skipped,
        [skipped(
            "5 more files",
            "beyond the limit of 20 files for one review",
            true
        )]
    );
}

#[test]
fn a_selection_is_whole_lines_of_the_open_text() {
    let repo = Repo::none();
    repo.write("a", "disk\n");
    let text = "one\ntwo\r\nthree\n";
    for (range, expected) in [
        ((0, 0), (1, 1)),
        ((1, 5), (1, 2)),
        ((4, 9), (2, 2)),
        ((4, 10), (2, 3)),
        ((9, 999), (3, 3)),
        ((15, 15), (4, 4)),
    ] {
        let scope = Scope::Selection {
            path: rel("a"),
            range: TextRange::new(range.0, range.1),
        };
        let gathered = run(&repo, place(&repo.root, &[("a", text)]), &scope).unwrap();
        let target = &gathered.targets[0];
        let found = target.ranges.as_ref().unwrap()[0];
        assert_eq!((found.start_line, found.end_line), expected, "{range:?}");
        assert_eq!(
            (target.version, target.text.to_string().as_str()),
            (Some(7), text)
        );
    }
    let scope = Scope::Selection {
        path: rel("gone"),
        range: TextRange::new(0, 1),
    };
    let gathered = run(&repo, place(&repo.root, &[]), &scope).unwrap();
    assert_eq!(gathered.skipped, [skipped("gone", "does not exist", true)]);
}

/// A repository with one of each kind of change.
fn varied() -> Repo {
    let repo = Repo::with(&[
        ("edited.rs", "a\nb\nc\n"),
        ("crlf.rs", "a\r\nb\r\n"),
        ("touched.rs", "same\n"),
        ("ends.rs", "a\nb\n"),
        ("unended.rs", "a\nb"),
        ("gone.rs", "g\n"),
        ("moved.rs", "one\ntwo\nthree\nfour\n"),
        ("was-binary", "\0"),
        ("unsaved.rs", "a\nb\n"),
        ("reverted.rs", "a\n"),
        (".gitignore", "ignored.rs\n"),
        (".aiignore", "private.rs\n"),
        ("private.rs", "p\n"),
    ]);
    repo.write("edited.rs", "a\nB\nc\n");
    repo.write("crlf.rs", "a\r\nb\r\nc\r\n");
    repo.write("touched.rs", "same\n");
    repo.write("ends.rs", "a\r\nb\r\n");
    repo.write("unended.rs", "a\nb\nc");
    repo.write("reverted.rs", "b\n");
    repo.write("was-binary", "text\n");
    repo.write("private.rs", "q\n");
    std::fs::remove_file(repo.root.join("gone.rs")).unwrap();
    std::fs::rename(repo.root.join("moved.rs"), repo.root.join("arrived.rs")).unwrap();
    repo.write("arrived.rs", "one\ntwo\nthree\n4\n");
    repo.write("new.rs", "n\n");
    repo.write("empty.rs", "");
    repo.write("ignored.rs", "i\n");
    repo.write("huge.rs", vec![b'x'; 1001]);
    repo.write("new.bin", b"\0");
    repo.write(".env", "TOKEN=x\n");
    std::fs::write(
        repo.root
            .join(Path::new(std::str::from_utf8(b"control\x01name").unwrap())),
        "x",
    )
    .unwrap();
    repo
}

#[test]
fn everything_uncommitted_with_unsaved_text() {
    let open = [
        ("unsaved.rs", "a\nb\nc\n"),
        ("reverted.rs", "a\n"),
        ("touched.rs", "same\n"),
        ("edited.rs", "a\nB\nC\n"),
        ("ignored.rs", "i2\n"),
        ("only/open.rs", "o\n"),
    ];
    check_changes(
        &varied(),
        &open,
        Base::Uncommitted,
        &expect![[r#"
        arrived.rs: 4-4, "one\ntwo\nthree\n4\n"
        crlf.rs: 3-3, "a\r\nb\r\nc\r\n"
        edited.rs version 7: 2-3, "a\nB\nC\n", disk "a\nB\nc\n"
        new.rs: all, "n\n"
        only/open.rs version 7: all, "o\n"
        unended.rs: 2-3, "a\nb\nc"
        unsaved.rs version 7: 3-3, "a\nb\nc\n", disk "a\nb\n"
        was-binary: all, "text\n"
        deleted gone.rs
        skipped .env: holds secrets by its name; name it to have it reviewed
        skipped controlname: has a name with control characters
        skipped huge.rs: is larger than 1000 bytes, the limit for a file
        skipped new.bin: is a binary file
        skipped private.rs: is kept from agents by .aiignore
    "#]],
    );
}

#[test]
fn the_diff_has_one_section_for_each_target() {
    let repo = varied();
    let gathered = run(
        &repo,
        place(&repo.root, &[]),
        &changes(Base::Uncommitted, &["edited.rs", "arrived.rs", "new.rs"]),
    )
    .unwrap();
    let diff = gathered.diff.unwrap();
    let sections: String = gathered
        .targets
        .iter()
        .map(|it| &diff[it.diff.unwrap().as_range()])
        .collect();
    assert_eq!(sections, diff);
    assert_eq!(gathered.base.as_deref(), Some("HEAD"));
    expect![[r#"
        diff --git a/moved.rs b/arrived.rs
        rename from moved.rs
        rename to arrived.rs
        --- a/moved.rs
        +++ b/arrived.rs
        @@ -1,4 +1,4 @@
         one
         two
         three
        -four
        +4
        diff --git a/edited.rs b/edited.rs
        --- a/edited.rs
        +++ b/edited.rs
        @@ -1,3 +1,3 @@
         a
        -b
        +B
         c
        diff --git a/new.rs b/new.rs
        new file
        --- /dev/null
        +++ b/new.rs
        @@ -0,0 +1 @@
        +n
    "#]]
    .assert_eq(&diff);
}

#[test]
fn names_that_are_not_utf8_are_skipped() {
    use std::os::unix::ffi::OsStrExt;
    let repo = Repo::with(&[("a", "1\n")]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    std::fs::write(repo.root.join(name), "x").unwrap();
    check_changes(
        &repo,
        &[],
        Base::Uncommitted,
        &expect![[r#"
        skipped caf�: has a name that is not UTF-8
    "#]],
    );
    check_files(
        &repo,
        &[],
        &["."],
        &expect![[r#"
        a: all, "1\n"
        skipped caf�: has a name that is not UTF-8
    "#]],
    );
}

#[test]
fn staged_text_is_the_one_of_the_index() {
    let repo = Repo::with(&[("a", "1\n"), ("b", "1\n")]);
    repo.write("a", "1\n2\n");
    repo.write("new", "n\n");
    repo.write("gone later", "x\n");
    repo.git(&["add", "-A"]);
    repo.write("a", "1\n2\n3\n");
    repo.write("b", "not staged\n");
    std::fs::remove_file(repo.root.join("gone later")).unwrap();
    let open = [("a", "1\n2\n"), ("b", "unsaved"), ("new", "unsaved")];
    check_changes(
        &repo,
        &open,
        Base::Staged,
        &expect![[r#"
        a version 7: 2-2, "1\n2\n", disk "1\n2\n3\n"
        gone later: all, "x\n"
        new: all, "n\n"
    "#]],
    );
}

#[test]
fn a_repository_without_commits_has_only_new_files() {
    let repo = Repo::empty();
    repo.write("staged", "s\n");
    repo.git(&["add", "staged"]);
    repo.write("untracked", "u\n");
    check_changes(
        &repo,
        &[("staged", "open\n")],
        Base::Uncommitted,
        &expect![[r#"
        staged version 7: all, "open\n", disk "s\n"
        untracked: all, "u\n"
    "#]],
    );
    check_changes(
        &repo,
        &[],
        Base::Staged,
        &expect![[r#"
        staged: all, "s\n"
    "#]],
    );
}

#[test]
fn changes_can_be_narrowed() {
    let repo = Repo::with(&[
        ("a/x", "1\n"),
        ("a/key.pem", "1\n"),
        ("ab", "1\n"),
        ("gone", "1\n"),
    ]);
    ["a/x", "a/key.pem", "ab"]
        .iter()
        .for_each(|it| repo.write(it, "2\n"));
    std::fs::remove_file(repo.root.join("gone")).unwrap();
    let shown = |paths: &[&str]| {
        show(
            &run(
                &repo,
                place(&repo.root, &[]),
                &changes(Base::Uncommitted, paths),
            )
            .unwrap(),
        )
    };
    expect![[r#"
        a/x: 1-1, "2\n"
        skipped a/key.pem: holds secrets by its name; name it to have it reviewed
    "#]]
    .assert_eq(&shown(&["a"]));
    expect![[r#"
        a/key.pem: 1-1, "2\n"
        deleted gone
        SKIPPED ../ab: is outside of the workspace
        SKIPPED absent: does not exist
    "#]]
    .assert_eq(&shown(&["a/key.pem", "gone", "absent", "../ab"]));
    assert_eq!(
        shown(&["/nowhere"]),
        "SKIPPED /nowhere: is outside of the workspace\n"
    );
}

#[test]
fn nothing_private_comes_back_as_the_origin_of_a_rename() {
    let text = "one\ntwo\nthree\nfour\n";
    let repo = Repo::with(&[(".env", text), ("kept.gen", text)]);
    for path in [".env", "kept.gen"] {
        std::fs::remove_file(repo.root.join(path)).unwrap();
    }
    repo.write("settings", "one\ntwo\nthree\n4\n");
    check_changes(
        &repo,
        &[],
        Base::Uncommitted,
        &expect![[r#"
        settings: all, "one\ntwo\nthree\n4\n"
        skipped .env: holds secrets by its name; name it to have it reviewed
        skipped kept.gen: is kept from agents by `review.exclude` in the configuration
    "#]],
    );
}

#[test]
fn a_git_lfs_file_is_skipped() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n";
    let repo = Repo::with(&[("big.txt", pointer)]);
    repo.write("big.txt", "big text\n");
    check_changes(
        &repo,
        &[],
        Base::Uncommitted,
        &expect![[r#"
        skipped big.txt: is kept by Git LFS
    "#]],
    );
}

#[test]
fn secrets_are_counted_and_hidden_in_the_diff() {
    let repo = Repo::with(&[
        ("a.rs", "1\n"),
        ("b.rs", &format!("old = \"{}\"\n", key())),
        ("c.rs", "1\n"),
    ]);
    repo.write("a.rs", "2\n");
    repo.write("b.rs", "old = env()\n");
    repo.write("c.rs", format!("new = \"{}\"\n", key()));
    let gathered = run(
        &repo,
        place(&repo.root, &[]),
        &changes(Base::Uncommitted, &[]),
    )
    .unwrap();
    assert_eq!(
        gathered.notes,
        ["c.rs holds a secret; agents other than the embedded one get `*` in place of it."]
    );
    let (diff, masked) = (gathered.diff.unwrap(), gathered.masked_diff.unwrap());
    assert_eq!(diff.matches(&key()).count(), 2);
    assert_eq!(masked, diff.replace(&key(), &"*".repeat(20)));
}

#[test]
fn errors_say_what_to_do() {
    let repo = Repo::none();
    let error = run(
        &repo,
        place(&repo.root, &[]),
        &changes(Base::Uncommitted, &[]),
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is not in a git repository; name files to review instead"),
        "{error}"
    );
    let cancelled = place(&repo.root, &[]);
    cancelled.cancel.cancel();
    let scope = Scope::Files(vec![".".into()]);
    assert!(matches!(
        run(&repo, cancelled, &scope),
        Err(ScopeError::Cancelled)
    ));
}

/// Not a timing test: only that a file is gathered without git, in a directory where git would fail.
#[test]
fn a_file_needs_no_git() {
    let repo = Repo::none();
    repo.write("a", "x\n");
    let scope = Scope::Files(vec!["a".into()]);
    let place = place(&repo.root, &[]);
    let gathered = block_on(async {
        let work = gather_in(place, &scope, || panic!("git was asked for"));
        tokio::time::timeout(Duration::from_secs(10), work)
            .await
            .unwrap()
            .unwrap()
    });
    assert_eq!(gathered.targets.len(), 1);
}
