//! Tests of what an agent does with git in a copy: it happens there and nowhere else.

use super::*;
use std::os::unix::fs::MetadataExt;

/// What differs between two states.
fn difference(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let names = before.keys().chain(now.keys());
    let mut all: Vec<String> = names
        .filter(|it| before.get(*it) != now.get(*it))
        .cloned()
        .collect();
    all.dedup();
    all
}

/// All that must not change of the user's: what git says, and every byte of the repository.
fn users(desk: &Desk) -> BTreeMap<String, String> {
    let root = &desk.repo.root;
    let mut all = contents(root);
    for (name, content) in contents(&root.join(".git")) {
        let about = fs::symlink_metadata(root.join(".git").join(&name)).unwrap();
        // Somebody who writes an object that exists already gives it a new time stamp, which only keeps it longer.
        let stamp = match name.starts_with("objects/") {
            true => String::new(),
            false => format!("{} {:?} ", about.ino(), about.modified()),
        };
        all.insert(format!(".git/{name}"), format!("{stamp}{content}"));
    }
    let ask = |args: &[&str]| desk.repo.git(args);
    for args in [
        &[
            "--no-optional-locks",
            "status",
            "--porcelain=v2",
            "--branch",
        ][..],
        &["for-each-ref"],
        &["stash", "list"],
        &["config", "--list", "--local"],
        &["reflog"],
        &["worktree", "list"],
    ] {
        all.insert(format!("git {args:?}"), ask(args));
    }
    all
}

#[test]
fn nothing_of_the_users_changes_whatever_an_agent_does_with_git() {
    let desk = Desk::with(&[("a", "1\n"), ("b", "1\n"), (".gitignore", "out\n")]);
    let repo = &desk.repo;
    repo.git(&["branch", "other"]);
    repo.git(&["tag", "v1"]);
    repo.write("a", "stashed\n");
    repo.git(&["stash", "-q"]);
    repo.git(&["config", "remote.origin.url", "https://example.org/x"]);
    repo.write("a", "2\n");
    repo.write("b", "staged\n");
    repo.git(&["add", "b"]);
    repo.write("new", "n\n");
    let hook = repo.root.join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\ntouch hooked\nexit 1\n").unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    repo.git(&["status"]);
    let before = users(&desk);
    for round in 0..2 {
        let worktree = desk.acquire();
        let git = |args: &[&str]| desk.repo.git_in(worktree.root(), args);
        assert_eq!(git(&["remote"]), "");
        assert_eq!(git(&["stash", "list"]), "");
        for args in [
            &["add", "-A"][..],
            &["commit", "-q", "-m", "mine"],
            &["branch", "mine"],
            &["tag", "mine"],
            &["config", "user.name", "Mallory"],
            &["config", "core.hooksPath", "/tmp"],
            &["checkout", "-q", "-b", "topic"],
            &["checkout", "-q", "HEAD~1"],
            &["clean", "-fdxq"],
            &["update-ref", "refs/heads/main", "HEAD"],
        ] {
            git(args);
            assert_eq!(
                difference(&before, &users(&desk)),
                Vec::<String>::new(),
                "round {round}: git {args:?}"
            );
        }
        fs::write(worktree.root().join("b"), "more\n").unwrap();
        for args in [
            &["stash", "-q"][..],
            &["stash", "clear"],
            &["reset", "-q", "--hard", "mine"],
            &["rm", "-q", "a"],
            &["reflog", "expire", "--expire=all", "--all"],
            &["gc", "-q", "--prune=now"],
            &["repack", "-adq"],
            &["prune"],
            &["worktree", "prune"],
            &["update-index", "--force-remove", "b"],
        ] {
            git(args);
            assert_eq!(
                difference(&before, &users(&desk)),
                Vec::<String>::new(),
                "round {round}: git {args:?}"
            );
        }
        drop(worktree);
        // The next one gets a repository as it was.
        let worktree = desk.acquire();
        let git = |args: &[&str]| desk.repo.git_in(worktree.root(), args);
        assert_eq!(git(&["status", "--porcelain"]), " M a\nM  b\n?? new\n");
        assert_eq!(git(&["for-each-ref"]), "");
        assert!(!git(&["config", "--list", "--local"]).contains("Mallory"));
        assert_eq!(git(&["log", "--format=%s"]), "first\n");
    }
    assert!(!repo.root.join("hooked").exists());
    assert_eq!(difference(&before, &users(&desk)), Vec::<String>::new());
}

#[test]
fn a_lock_on_the_users_index_does_not_matter() {
    let desk = Desk::with(&[("a", "1\n")]);
    desk.repo.write("a", "2\n");
    for lock in ["index.lock", "HEAD.lock", "config.lock"] {
        fs::write(desk.repo.root.join(".git").join(lock), "").unwrap();
    }
    for _ in 0..2 {
        let worktree = desk.acquire();
        assert_eq!(
            desk.repo
                .git_in(worktree.root(), &["status", "--porcelain"]),
            " M a\n"
        );
        fs::write(worktree.root().join("a"), "3\n").unwrap();
        assert_eq!(
            block_on(worktree.changes(&CancellationToken::new()))
                .unwrap()
                .files
                .len(),
            1
        );
    }
}

#[test]
fn traps_that_an_agent_lays_lead_nowhere() {
    let desk = Desk::with(&[("src/a", "1\n"), ("src/b", "1\n"), ("top", "1\n")]);
    let users = desk.repo.root.clone();
    let before = contents(&users);
    let git_before = contents(&users.join(".git"));
    let link = |to: PathBuf, at: PathBuf| std::os::unix::fs::symlink(to, at).unwrap();
    for trap in 0..7 {
        let worktree = desk.acquire();
        assert_eq!(contents(worktree.root()), before, "before trap {trap}");
        let (root, slot) = (
            worktree.root().to_owned(),
            worktree.inner.slot.path().to_owned(),
        );
        match trap {
            0 => {
                fs::remove_dir_all(root.join("src")).unwrap();
                link(users.join("src"), root.join("src"));
            }
            1 => {
                fs::remove_dir_all(root.join(".git")).unwrap();
                link(users.join(".git"), root.join(".git"));
            }
            2 => {
                fs::remove_file(root.join("top")).unwrap();
                link(users.join("top"), root.join("top"));
            }
            3 => {
                fs::remove_file(root.join("top")).unwrap();
                fs::hard_link(users.join("top"), root.join("top")).unwrap();
            }
            4 => {
                fs::remove_dir_all(&root).unwrap();
                link(users.clone(), root.clone());
            }
            5 => {
                fs::remove_dir_all(slot.join("base")).unwrap();
                link(users.clone(), slot.join("base"));
            }
            _ => {
                fs::remove_file(slot.join("manifest")).unwrap();
                link(users.join("top"), slot.join("manifest"));
            }
        }
        let changed = block_on(worktree.changes(&CancellationToken::new()));
        if let Ok(changed) = changed {
            assert!(
                changed
                    .files
                    .iter()
                    .all(|it| matches!(it.action, domain::proposal::FileAction::Delete { .. })),
                "{changed:?}"
            );
        }
        drop(worktree);
        // What the user changes comes into the copy, and nothing goes the other way.
        drop(desk.acquire());
        assert_eq!(contents(&users), before, "trap {trap}");
        assert_eq!(contents(&users.join(".git")), git_before, "trap {trap}");
    }
}
