//! Tests of copies of all kinds of repositories, and of what is none.

use super::*;

/// What git says of a working tree.
fn status(desk: &Desk, root: &Path) -> String {
    desk.repo.git_in(root, &["status", "--porcelain", "-uall"])
}

fn names(worktree: &Worktree) -> Vec<String> {
    contents(worktree.root()).into_keys().collect()
}

/// Checks that a copy of the repository at `root` is like it, first and again, and that git says the same in it.
fn is_like(desk: &Desk, root: &Path) {
    let mut wanted = desk.wanted();
    wanted.root = root.to_owned();
    for round in ["cold", "warm"] {
        let worktree = desk.acquire_as(wanted.clone()).unwrap();
        assert_eq!(contents(worktree.root()), contents(root), "{round}");
        assert_eq!(status(desk, worktree.root()), status(desk, root), "{round}");
        let ask = |root: &Path, args: &[&str]| desk.repo.git_in(root, args);
        for args in [&["diff"][..], &["diff", "--cached"], &["ls-files", "-s"]] {
            assert_eq!(
                ask(worktree.root(), args),
                ask(root, args),
                "{round} {args:?}"
            );
        }
    }
}

#[test]
fn one_without_commits() {
    let desk = Desk::new(Repo::empty());
    is_like(&desk, &desk.repo.root);
    desk.repo.write("staged", "s\n");
    desk.repo.git(&["add", "staged"]);
    desk.repo.write("untracked", "u\n");
    is_like(&desk, &desk.repo.root);
}

#[test]
fn a_detached_head_and_an_unmerged_index() {
    let desk = Desk::with(&[("a", "1\n")]);
    let git = |args: &[&str]| desk.repo.git(args);
    git(&["checkout", "-q", "-b", "other"]);
    desk.repo.write("a", "2\n");
    desk.repo.commit("other");
    git(&["checkout", "-q", "--detach", "main"]);
    is_like(&desk, &desk.repo.root);
    desk.repo.write("a", "3\n");
    desk.repo.commit("mine");
    git(&[
        "-c",
        "core.editor=true",
        "read-tree",
        "-m",
        "-u",
        "main",
        "HEAD",
        "other",
    ]);
    assert!(
        status(&desk, &desk.repo.root).starts_with("UU"),
        "{}",
        status(&desk, &desk.repo.root)
    );
    is_like(&desk, &desk.repo.root);
}

#[test]
fn a_linked_worktree_of_gits() {
    let desk = Desk::with(&[("a", "1\n"), ("b", "1\n")]);
    let linked = desk.repo.beside("linked");
    desk.repo.git(&[
        "worktree",
        "add",
        "-q",
        linked.to_str().unwrap(),
        "-b",
        "linked",
    ]);
    fs::write(linked.join("a"), "changed\n").unwrap();
    fs::write(linked.join("new"), "n\n").unwrap();
    fs::write(desk.repo.root.join(".git/info/exclude"), "excluded\n").unwrap();
    fs::write(linked.join("b"), "staged\n").unwrap();
    desk.repo.git_in(&linked, &["add", "b"]);
    is_like(&desk, &linked);
    fs::write(linked.join("excluded"), "n\n").unwrap();
    let mut wanted = desk.wanted();
    wanted.root.clone_from(&linked);
    let worktree = desk.acquire_as(wanted).unwrap();
    assert_eq!(names(&worktree), ["a", "b", "new"]);
    // It is not the slot of the repository's own working tree.
    assert_ne!(worktree.root().parent(), desk.acquire().root().parent());
}

#[test]
fn a_root_that_is_a_part_of_its_repository() {
    let desk = Desk::with(&[("a", "1\n"), ("app/b", "1\n"), ("app/.gitignore", "out\n")]);
    desk.repo.write("app/new", "n\n");
    let mut wanted = desk.wanted();
    wanted.root = desk.repo.root.join("app");
    wanted.open.insert(path("b"), buffer("unsaved\n"));
    let worktree = desk.acquire_as(wanted).unwrap();
    assert_eq!(names(&worktree), [".gitignore", "b", "new"]);
    assert_eq!(fs::read(worktree.root().join("b")).unwrap(), b"unsaved\n");
    assert_eq!(fs::read(worktree.root().join("../a")).unwrap(), b"1\n");
    assert_eq!(status(&desk, worktree.root()), " M app/b\n?? app/new\n");
}

#[test]
fn sparse_checkouts() {
    for (cone, index) in [
        ("--cone", "--no-sparse-index"),
        ("--cone", "--sparse-index"),
        ("--no-cone", "--no-sparse-index"),
    ] {
        let desk = Desk::with(&[
            ("a", "1\n"),
            ("in/b", "1\n"),
            ("out/c", "1\n"),
            ("out/deep/d", "1\n"),
        ]);
        let patterns = if cone == "--cone" { "in" } else { "/a\n/in/" };
        desk.repo
            .git(&["sparse-checkout", "set", cone, index, patterns]);
        if cone == "--no-cone" {
            fs::write(
                desk.repo.root.join(".git/info/sparse-checkout"),
                "/a\n/in/\n",
            )
            .unwrap();
            desk.repo.git(&["sparse-checkout", "reapply"]);
        }
        assert!(!desk.repo.root.join("out/c").exists(), "{cone}");
        is_like(&desk, &desk.repo.root);
        let worktree = desk.acquire();
        let git = |args: &[&str]| desk.repo.git_in(worktree.root(), args);
        assert_eq!(git(&["status", "--porcelain"]), "", "{cone} {index}");
        // What is not checked out is known to be there.
        for (at, text) in [("out/c", "mine\n"), ("out/e", "new\n")] {
            fs::create_dir_all(worktree.root().join("out")).unwrap();
            fs::write(worktree.root().join(at), text).unwrap();
        }
        let changed = block_on(worktree.changes(&CancellationToken::new())).unwrap();
        assert_eq!(changed.files.len(), 1);
        assert_eq!(
            changed.problems,
            [
                "`out/c` is not taken over: it exists already and is not checked out (sparse checkout)."
            ]
        );
    }
}

#[test]
fn a_split_index_and_other_hashes() {
    let desk = Desk::with(&[("a", "1\n"), ("b", "1\n")]);
    desk.repo.git(&["update-index", "--split-index"]);
    desk.repo.write("b", "2\n");
    desk.repo.git(&["add", "b"]);
    is_like(&desk, &desk.repo.root);
    let desk = Desk::new(Repo::none());
    desk.repo.git(&["init", "-q", "--object-format=sha256"]);
    desk.repo.write("a", "1\n");
    desk.repo.commit("first");
    desk.repo.write("a", "2\n");
    is_like(&desk, &desk.repo.root);
}

#[test]
fn objects_that_lie_somewhere_else() {
    let origin = Repo::with(&[("a", "1\n")]);
    origin.write("a", "2\n");
    origin.commit("second");
    let desk = Desk::new(Repo::none());
    let clone = |from: &Path, to: &Path, args: &[&str]| {
        let all = ["clone", "-q"].iter().chain(args).copied();
        let paths = [from.to_str().unwrap(), to.to_str().unwrap()];
        desk.repo.git(&all.chain(paths).collect::<Vec<_>>());
    };
    // A chain of repositories that borrow from each other, and one that has only the last commit.
    let (one, two, shallow) = (
        desk.repo.beside("one"),
        desk.repo.beside("two \"2\""),
        desk.repo.beside("shallow"),
    );
    clone(&origin.root, &one, &["--shared"]);
    clone(&one, &two, &["--shared"]);
    let url = format!("file://{}", origin.root.display());
    clone(Path::new(&url), &shallow, &["--depth", "1"]);
    for root in [&two, &shallow] {
        is_like(&desk, root);
        let mut wanted = desk.wanted();
        wanted.root.clone_from(root);
        let worktree = desk.acquire_as(wanted).unwrap();
        let log = |root: &Path| desk.repo.git_in(root, &["log", "--format=%s %H"]);
        assert_eq!(log(worktree.root()), log(root));
        desk.repo
            .git_in(worktree.root(), &["fsck", "--connectivity-only"]);
    }
}

#[test]
fn files_that_git_converts_are_as_they_are_on_disk() {
    let desk = Desk::with(&[
        ("crlf", "a\nb\n"),
        ("upper", "text\n"),
        (".gitattributes", "upper filter=x\n"),
    ]);
    let git = |args: &[&str]| desk.repo.git(args);
    let marker = desk.repo.beside("marker");
    git(&["config", "core.autocrlf", "true"]);
    git(&[
        "config",
        "filter.x.smudge",
        &format!("touch '{}'; tr a-z A-Z", marker.display()),
    ]);
    git(&[
        "config",
        "filter.x.clean",
        &format!("touch '{}'; tr A-Z a-z", marker.display()),
    ]);
    for name in ["crlf", "upper"] {
        fs::remove_file(desk.repo.root.join(name)).unwrap();
    }
    git(&["checkout", "-q", "."]);
    // So that time stamps decide, as they do after a while.
    for name in ["crlf", "upper"] {
        let path = desk.repo.root.join(name);
        let file = fs::File::options().write(true).open(path).unwrap();
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(100);
        file.set_modified(then).unwrap();
    }
    git(&["status"]);
    fs::remove_file(&marker).unwrap();
    assert_eq!(
        fs::read(desk.repo.root.join("crlf")).unwrap(),
        b"a\r\nb\r\n"
    );
    let worktree = desk.acquire();
    assert_eq!(contents(worktree.root()), contents(&desk.repo.root));
    assert!(!marker.exists(), "no program of the repository's runs");
    assert_eq!(
        desk.repo
            .git_in(worktree.root(), &["status", "--porcelain"]),
        ""
    );
    assert!(!marker.exists(), "not in the copy either");
}

#[test]
fn what_is_no_repository_is_a_copy_of_the_files_named_used_once() {
    let desk = Desk::new(Repo::none());
    let repo = &desk.repo;
    for (at, text) in [
        ("a", "1\n"),
        ("sub/b", "1\n"),
        ("other", "o\n"),
        (".env", "E\n"),
        (".aiignore", "kept\n"),
        ("kept", "k\n"),
    ] {
        repo.write(at, text);
    }
    std::os::unix::fs::symlink("sub/b", repo.root.join("link")).unwrap();
    let mut wanted = desk.wanted();
    wanted.named = ["a", "link", ".env", "kept", "new", "gone"]
        .map(path)
        .to_vec();
    wanted.open.insert(path("new"), buffer("unsaved\n"));
    wanted.open.insert(path("sub/b"), buffer("unsaved b\n"));
    wanted.open.insert(path("other"), buffer("not asked for\n"));
    let worktree = desk.acquire_as(wanted.clone()).unwrap();
    let found = contents(worktree.root());
    let shown: Vec<(&str, &str)> = found.iter().map(|(a, b)| (&**a, &**b)).collect();
    assert_eq!(
        shown,
        [
            (".env", "644 E\n"),
            ("a", "644 1\n"),
            ("link", "-> sub/b"),
            ("new", "644 unsaved\n"),
            ("sub/b", "644 unsaved b\n"),
        ]
    );
    assert_eq!(
        worktree.notes(),
        [
            "Not in the worktree because an ignore file or `review.exclude` keeps it from agents: kept."
        ]
    );
    fs::write(worktree.root().join("a"), "2\n").unwrap();
    fs::create_dir(worktree.root().join("deep")).unwrap();
    fs::write(worktree.root().join("deep/er"), "new\n").unwrap();
    let changed = block_on(worktree.changes(&CancellationToken::new())).unwrap();
    let files: Vec<&str> = changed.files.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(
        (files, changed.problems),
        (vec!["a", "deep/er"], Vec::new())
    );
    let second = desk.acquire_as(wanted).unwrap();
    assert_ne!(second.root(), worktree.root());
    let roots = [second.root().to_owned(), worktree.root().to_owned()];
    drop((worktree, second));
    assert!(roots.iter().all(|it| !it.exists()));
}

#[test]
fn a_root_that_its_repository_ignores_is_none() {
    let desk = Desk::with(&[(".gitignore", "*\n!.gitignore\n")]);
    desk.repo.write("project/a", "1\n");
    desk.repo.write("project/b", "1\n");
    let mut wanted = desk.wanted();
    wanted.root = desk.repo.root.join("project");
    wanted.named = vec![path("a")];
    assert_eq!(names(&desk.acquire_as(wanted).unwrap()), ["a"]);
}

#[test]
fn what_cannot_be_copied_is_refused_with_its_reason() {
    let desk = Desk::with(&[("a", "1\n")]);
    let bare = desk.repo.beside("bare");
    desk.repo
        .git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let elsewhere = Repo::with(&[("a", "1\n")]);
    elsewhere.git(&["config", "core.worktree", desk.repo.root.to_str().unwrap()]);
    let inside = desk.repo.root.join(".git");
    for root in [&bare, &elsewhere.root, &inside] {
        let mut wanted = desk.wanted();
        wanted.root.clone_from(root);
        let error = desk.acquire_as(wanted).unwrap_err();
        assert!(
            matches!(error, WorktreeError::NoWorkTree(_)),
            "{}: {error}",
            root.display()
        );
    }
    let mut wanted = desk.wanted();
    wanted.environment = wanted.environment.with("PATH", "/nowhere");
    let error = desk.acquire_as(wanted).unwrap_err().to_string();
    assert!(error.contains("`git` was not found in PATH"), "{error}");
    let mut wanted = desk.wanted();
    wanted.max_bytes = 1;
    let error = desk.acquire_as(wanted).unwrap_err().to_string();
    assert!(
        error.contains("would have 2 bytes in 1 files, and worktrees may have 1 bytes"),
        "{error}"
    );
    desk.acquire();
}

#[test]
fn where_git_was_told_to_work_does_not_matter() {
    let desk = Desk::with(&[("a", "1\n")]);
    let other = Repo::with(&[("other", "1\n")]);
    let mut wanted = desk.wanted();
    for (name, at) in [
        ("GIT_DIR", ".git"),
        ("GIT_WORK_TREE", ""),
        ("GIT_INDEX_FILE", ".git/index"),
    ] {
        wanted.environment = wanted.environment.with(name, other.root.join(at));
    }
    let worktree = desk.acquire_as(wanted).unwrap();
    assert_eq!(names(&worktree), ["a"]);
}

#[test]
fn our_own_place_inside_of_the_repository_is_no_part_of_it() {
    let mut desk = Desk::with(&[("a", "1\n")]);
    desk.worktrees = Worktrees::new(desk.repo.root.join("state/worktrees"));
    for _ in 0..2 {
        let worktree = desk.acquire();
        assert_eq!(names(&worktree), ["a"]);
        fs::write(worktree.root().join("a"), "2\n").unwrap();
    }
}
