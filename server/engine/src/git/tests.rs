//! Tests of asking git: what is listed, and that nothing of the repository's runs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::changes::{Changes, Kind};
use super::testing::{Repo, block_on};
use super::{Git, GitError};
use crate::request::Base;
use expect_test::expect;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

fn changes_in(repo: &Repo, root: &Path, base: &Base) -> Result<Changes, GitError> {
    let git = Git::new(root, repo.environment(), &CancellationToken::new());
    block_on(git.changes(base))
}

fn list(repo: &Repo, base: &Base) -> String {
    let changes = changes_in(repo, &repo.root, base).unwrap();
    let lines = changes.entries.iter().map(|entry| {
        let kind = match &entry.kind {
            Kind::Text { old, new } => {
                let known = |it: &Option<String>| if it.is_some() { "text" } else { "none" };
                format!("{} -> {}", known(old), known(new))
            }
            Kind::Deleted { .. } => "deleted".to_owned(),
            Kind::Submodule => "submodule".to_owned(),
            Kind::Link => "link".to_owned(),
        };
        format!("{}: {kind}\n", String::from_utf8_lossy(&entry.path))
    });
    format!("{}\n{}", changes.base_name, lines.collect::<String>())
}

/// A repository with one of each kind of change.
fn varied() -> Repo {
    let repo = Repo::with(&[
        ("same", "s\n"),
        ("edited", "a\n"),
        ("staged", "a\n"),
        ("gone", "g\n"),
        ("kept on disk", "k\n"),
        ("sub/deep", "d\n"),
        (".gitignore", "ignored\n"),
    ]);
    repo.write("edited", "b\n");
    repo.write("staged", "b\n");
    repo.git(&["add", "staged"]);
    repo.write("staged", "c\n");
    std::fs::remove_file(repo.root.join("gone")).unwrap();
    repo.git(&["rm", "-q", "--cached", "kept on disk"]);
    repo.write("intended", "i\n");
    repo.git(&["add", "-N", "intended"]);
    repo.write("new/ü\nfile", "n\n");
    repo.write("ignored", "x\n");
    repo
}

#[test]
fn everything_uncommitted_is_listed_once() {
    expect![[r#"
        HEAD
        edited: text -> none
        gone: deleted
        intended: none -> none
        kept on disk: text -> none
        new/ü
        file: none -> none
        staged: text -> none
    "#]]
    .assert_eq(&list(&varied(), &Base::Uncommitted));
}

#[test]
fn the_index_is_listed_with_its_texts() {
    expect![[r#"
        HEAD
        intended: none -> text
        kept on disk: deleted
        staged: text -> text
    "#]]
    .assert_eq(&list(&varied(), &Base::Staged));
}

#[test]
fn a_repository_without_commits_is_compared_with_nothing() {
    let repo = Repo::empty();
    repo.write("staged", "a\n");
    repo.git(&["add", "staged"]);
    repo.write("untracked", "a\n");
    expect![[r#"
        nothing (the repository has no commits yet)
        staged: none -> none
        untracked: none -> none
    "#]]
    .assert_eq(&list(&repo, &Base::Uncommitted));
    expect![[r#"
        nothing (the repository has no commits yet)
        staged: none -> text
    "#]]
    .assert_eq(&list(&repo, &Base::Staged));
    let error = changes_in(&repo, &repo.root, &Base::Ref("main".into())).unwrap_err();
    assert_eq!(error, GitError::NoSuchRevision("main".into()));
}

#[test]
fn a_revision_means_its_merge_base_also_from_a_detached_head() {
    let repo = Repo::with(&[("a", "1\n")]);
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write("b", "1\n");
    repo.commit("topic");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "2\n");
    repo.commit("main moved on");
    repo.git(&["checkout", "-q", "--detach", "topic"]);
    let base = repo.git(&["merge-base", "main", "topic"]);
    let expected = format!("main (merge base {})\nb: text\n", &base[..7]);
    assert_eq!(
        list(&repo, &Base::Ref("main".into())).replace("none -> none", "text"),
        expected
    );
}

#[test]
fn unrelated_history_is_said() {
    let repo = Repo::with(&[("a", "1\n")]);
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    repo.write("a", "2\n");
    repo.commit("other");
    let changes = changes_in(&repo, &repo.root, &Base::Ref("main".into())).unwrap();
    assert_eq!(changes.entries.len(), 1);
    assert!(
        changes.notes[0].contains("no common history"),
        "{:?}",
        changes.notes
    );
}

#[test]
fn what_is_no_revision_is_named() {
    let repo = Repo::with(&[("a", "1\n")]);
    for name in [
        "",
        "nope",
        "--output=x",
        "HEAD..HEAD",
        "a b",
        "HEAD:a",
        "^HEAD",
        "main\nHEAD",
    ] {
        let error = changes_in(&repo, &repo.root, &Base::Ref(name.into())).unwrap_err();
        assert_eq!(error, GitError::NoSuchRevision(name.into()));
    }
    assert!(!repo.root.join("x").exists());
}

#[test]
fn places_without_files_to_compare() {
    let none = Repo::none();
    let bare = Repo::none();
    bare.git(&["init", "-q", "--bare"]);
    let repo = Repo::with(&[("a", "1\n")]);
    for base in [Base::Uncommitted, Base::Staged, Base::Ref("main".into())] {
        assert_eq!(
            changes_in(&none, &none.root, &base).unwrap_err(),
            GitError::NotARepository
        );
        assert_eq!(
            changes_in(&bare, &bare.root, &base).unwrap_err(),
            GitError::NoWorkTree,
            "{base:?}"
        );
    }
    let inside = repo.root.join(".git");
    assert_eq!(
        changes_in(&repo, &inside, &Base::Uncommitted).unwrap_err(),
        GitError::NoWorkTree
    );
    repo.git(&["config", "core.worktree", "/usr"]);
    assert_eq!(
        changes_in(&repo, &repo.root, &Base::Uncommitted).unwrap_err(),
        GitError::NoWorkTree
    );
}

#[test]
fn a_missing_git_is_said() {
    let repo = Repo::empty();
    let git = Git::new(
        &repo.root,
        repo.environment().with("PATH", "/nowhere"),
        &CancellationToken::new(),
    );
    let error = block_on(git.changes(&Base::Uncommitted)).unwrap_err();
    assert!(
        error.to_string().starts_with("`git` was not found"),
        "{error}"
    );
}

#[test]
fn only_the_root_is_listed_relative_to_it() {
    let repo = varied();
    repo.write("sub/deep", "e\n");
    repo.write("sub/new", "n\n");
    let changes = changes_in(&repo, &repo.root.join("sub"), &Base::Uncommitted).unwrap();
    let paths: Vec<_> = changes
        .entries
        .iter()
        .map(|it| String::from_utf8_lossy(&it.path))
        .collect();
    assert_eq!(paths, ["deep", "new"]);
}

#[test]
fn merge_conflicts_are_listed_against_head() {
    let repo = Repo::with(&[("a", "1\n")]);
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write("a", "2\n");
    repo.commit("topic");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "3\n");
    repo.commit("main");
    repo.git_in(
        &repo.root,
        &["-c", "alias.m=!git merge -q topic || true", "m"],
    );
    assert_eq!(list(&repo, &Base::Uncommitted), "HEAD\na: text -> none\n");
    assert_eq!(list(&repo, &Base::Staged), "HEAD\na: text -> none\n");
}

#[test]
fn submodules_and_links_are_told_apart() {
    let repo = Repo::with(&[("a", "1\n")]);
    let inner = repo.root.join("inner");
    std::fs::create_dir(&inner).unwrap();
    repo.git_in(&inner, &["init", "-q"]);
    repo.git_in(&inner, &["commit", "-q", "--allow-empty", "-m", "x"]);
    std::os::unix::fs::symlink("a", repo.root.join("link")).unwrap();
    repo.git(&["-c", "advice.addEmbeddedRepo=false", "add", "inner", "link"]);
    let other = repo.root.join("untracked");
    std::fs::create_dir(&other).unwrap();
    repo.git_in(&other, &["init", "-q"]);
    repo.git_in(&other, &["commit", "-q", "--allow-empty", "-m", "x"]);
    expect![[r#"
        HEAD
        inner: submodule
        link: link
        untracked: submodule
    "#]]
    .assert_eq(&list(&repo, &Base::Uncommitted));
}

#[test]
fn nothing_that_a_repository_names_runs() {
    let repo = Repo::with(&[("a", "1\n"), ("b.bin", "2\n")]);
    let marker = repo.beside("marker");
    let command = format!("touch '{}'; cat", marker.display());
    let hook = repo.beside("hooks").join("post-index-change");
    std::fs::create_dir(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, format!("#!/bin/sh\ntouch '{}'\n", marker.display())).unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let hooks = hook.parent().unwrap().display().to_string();
    for (key, value) in [
        ("core.fsmonitor", command.as_str()),
        ("core.hooksPath", &hooks),
        ("core.pager", &command),
        ("core.editor", &command),
        ("core.sshCommand", &command),
        ("diff.external", &command),
        ("diff.x.command", &command),
        ("diff.x.textconv", &command),
        ("filter.x.clean", &command),
        ("filter.x.smudge", &command),
        ("filter.X.y.clean", &command),
        ("filter.p.process", &command),
        ("filter.p.required", "true"),
        ("alias.diff-index", &format!("!{command}")),
        ("pager.diff-index", &command),
        ("credential.helper", &command),
    ] {
        repo.git(&[
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            "config",
            key,
            value,
        ]);
    }
    repo.write(
        ".gitattributes",
        "a filter=x diff=x\n*.bin filter=p\n*.c filter=X.y\n",
    );
    repo.write(".git/info/attributes", "a filter=x diff=x\n");
    repo.write("n.c", "new\n");
    // Same size and a time stamp as new as the index: git has to compare the contents.
    let index = std::fs::metadata(repo.root.join(".git/index"))
        .unwrap()
        .modified()
        .unwrap();
    for (path, text) in [("a", "3\n"), ("b.bin", "4\n")] {
        repo.write(path, text);
        let file = std::fs::File::options()
            .write(true)
            .open(repo.root.join(path))
            .unwrap();
        file.set_modified(index).unwrap();
    }
    for base in [Base::Uncommitted, Base::Staged, Base::Ref("main".into())] {
        let changes = changes_in(&repo, &repo.root, &base).unwrap();
        let git = Git::new(&repo.root, repo.environment(), &CancellationToken::new());
        let names: Vec<String> = ["HEAD:./a", "HEAD:./b.bin"].map(String::from).to_vec();
        assert_eq!(
            block_on(git.objects(&names)).unwrap().get("HEAD:./a"),
            Some(&b"1\n"[..])
        );
        assert!(
            base == Base::Staged || changes.entries.len() == 4,
            "{changes:?}"
        );
        assert!(!marker.exists(), "{base:?} ran something");
    }
    // The trap itself works: git runs the filter where it certainly reads the file and nobody turns that off.
    let off = [
        "core.fsmonitor=false",
        "core.hooksPath=/dev/null",
        "filter.p.process=",
        "filter.p.required=false",
    ];
    let mut args: Vec<&str> = off.iter().flat_map(|it| ["-c", it]).collect();
    args.extend(["hash-object", "a"]);
    repo.git(&args);
    assert!(marker.exists());
}

#[test]
fn a_filter_that_cannot_be_turned_off_is_refused() {
    let repo = Repo::with(&[("a", "1\n")]);
    repo.git(&["config", "filter.x=y.clean", "touch /nowhere"]);
    let error = changes_in(&repo, &repo.root, &Base::Uncommitted).unwrap_err();
    assert!(error.to_string().contains("`filter.x=y`"), "{error}");
}

#[test]
fn a_cancelled_run_ends_at_once() {
    let repo = Repo::with(&[("a", "1\n")]);
    let cancel = CancellationToken::new();
    cancel.cancel();
    let git = Git::new(&repo.root, repo.environment(), &cancel);
    assert_eq!(
        block_on(git.changes(&Base::Uncommitted)).unwrap_err(),
        GitError::Cancelled
    );
}

#[test]
fn nothing_is_written() {
    let repo = Repo::with(&[("a", "1\n")]);
    let file = std::fs::File::options()
        .write(true)
        .open(repo.root.join("a"))
        .unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(5000))
        .unwrap();
    let before = std::fs::read(repo.root.join(".git/index")).unwrap();
    list(&repo, &Base::Uncommitted);
    assert_eq!(std::fs::read(repo.root.join(".git/index")).unwrap(), before);
}
