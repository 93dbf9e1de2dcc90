//! A copy that was brought up to date is as one that was made anew: whatever the user and an agent did in between.

use super::*;
use proptest::prelude::*;
use std::os::unix::fs::{PermissionsExt, symlink};

const NAMES: &[&str] = &[
    "a", "b", "c.o", "d/a", "d/b", "d/e/a", "d/e/c.o", "f", "out/x", "f/g", "d",
];
const TEXTS: &[&str] = &["", "1\n", "2\n", "one\ntwo\n", "1\n2\n3\n"];

/// Something that happens in a directory.
#[derive(Clone, Debug)]
enum Act {
    Write(&'static str, &'static str),
    /// Same size, same time of change.
    Sly(&'static str),
    Delete(&'static str),
    Mode(&'static str, u32),
    Link(&'static str, &'static str),
    Rename(&'static str, &'static str),
    Ignore(&'static str),
    Rule(&'static str),
}

/// Something that only the user does.
#[derive(Clone, Debug)]
enum Step {
    User(Act),
    Agent(Act),
    Commit,
    Stage,
    Switch(&'static str),
    Reset,
    Stash,
    Buffers(Vec<(&'static str, &'static str)>),
    Acquire,
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(NAMES)
}

fn text() -> impl Strategy<Value = &'static str> {
    prop::sample::select(TEXTS)
}

fn act() -> impl Strategy<Value = Act> {
    let targets = prop::sample::select(vec![
        "a",
        "d",
        "../a",
        "d/e",
        "none",
        "..",
        "/etc/passwd",
        "../../out",
    ]);
    prop_oneof![
        8 => (name(), text()).prop_map(|(a, b)| Act::Write(a, b)),
        2 => name().prop_map(Act::Sly),
        3 => name().prop_map(Act::Delete),
        1 => (name(), prop::sample::select(vec![0o644, 0o755, 0o600])).prop_map(|(a, b)| Act::Mode(a, b)),
        1 => (name(), targets).prop_map(|(a, b)| Act::Link(a, b)),
        2 => (name(), name()).prop_map(|(a, b)| Act::Rename(a, b)),
        1 => prop::sample::select(vec!["", "*.o\n", "out/\n*.o\n", "d/\n"]).prop_map(Act::Ignore),
        1 => prop::sample::select(vec!["", "f\n", "/d/e/\n"]).prop_map(Act::Rule),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let buffers = prop::collection::vec((name(), text()), 0..3);
    prop_oneof![
        6 => act().prop_map(Step::User),
        6 => act().prop_map(Step::Agent),
        1 => Just(Step::Commit),
        1 => Just(Step::Stage),
        1 => prop::sample::select(vec!["main", "other"]).prop_map(Step::Switch),
        1 => Just(Step::Reset),
        1 => Just(Step::Stash),
        1 => buffers.prop_map(Step::Buffers),
        3 => Just(Step::Acquire),
    ]
}

/// Does it if it can be done.
fn act_in(root: &Path, act: &Act) {
    let _ = match act {
        Act::Write(name, text) => {
            let _ = fs::create_dir_all(root.join(name).parent().unwrap());
            fs::write(root.join(name), text)
        }
        Act::Sly(name) => sly(&root.join(name)),
        Act::Delete(name) => {
            let _ = fs::remove_dir_all(root.join(name));
            fs::remove_file(root.join(name))
        }
        // Links are followed by this.
        Act::Mode(name, _) if root.join(name).is_symlink() => Ok(()),
        Act::Mode(name, mode) if root.join(name).is_file() => {
            fs::set_permissions(root.join(name), fs::Permissions::from_mode(*mode))
        }
        Act::Mode(..) => Ok(()),
        Act::Link(name, target) => symlink(target, root.join(name)),
        Act::Rename(from, to) => fs::rename(root.join(from), root.join(to)),
        Act::Ignore(text) => fs::write(root.join(".gitignore"), text),
        Act::Rule(text) => fs::write(root.join("d/.aiignore"), text),
    };
}

fn sly(path: &Path) -> std::io::Result<()> {
    if path.is_symlink() || !path.is_file() {
        return Ok(());
    }
    let modified = fs::metadata(path)?.modified()?;
    let mut bytes = fs::read(path)?;
    bytes
        .iter_mut()
        .for_each(|it| *it = it.wrapping_add(u8::from(*it != b'\n')));
    fs::write(path, bytes)?;
    fs::File::options()
        .write(true)
        .open(path)?
        .set_modified(modified)
}

/// Runs git where it may well fail.
fn try_git(desk: &Desk, args: &[&str]) {
    let spec = process::Spec {
        program: "git".into(),
        args: args.iter().map(Into::into).collect(),
        cwd: desk.repo.root.clone(),
        environment: desk.repo.environment(),
    };
    let limits = process::run::Limits {
        deadline: std::time::Duration::from_secs(60),
        stdout: 1 << 20,
        cancel: CancellationToken::new(),
    };
    block_on(process::run(&spec, b"", &limits)).unwrap();
}

/// Has git look into the files: everything here happens in one second, so that time stamps say little.
fn compare_contents(worktree: &Worktree) {
    let index = worktree.root().join(".git/index");
    let index = fs::File::options().write(true).open(index).unwrap();
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
    index.set_modified(long_ago).unwrap();
}

/// What is in a copy, but for what git ignores there: that may stay.
fn tracked(desk: &Desk, worktree: &Worktree) -> BTreeMap<String, String> {
    let mut all = contents(worktree.root());
    let ignored = desk.repo.git_in(
        worktree.root(),
        &["ls-files", "-o", "-i", "--exclude-standard"],
    );
    for name in ignored.lines() {
        all.remove(name);
    }
    all.retain(|_, it| it != "empty");
    all
}

fn run(steps: &[Step]) {
    let desk = Desk::with(&[
        ("a", "1\n"),
        ("d/a", "1\n"),
        ("d/e/a", "1\n"),
        (".gitignore", "out/\n*.o\n"),
        ("f", "1\n"),
    ]);
    desk.repo.git(&["checkout", "-q", "-b", "other"]);
    desk.repo.write("d/b", "other\n");
    desk.repo.write("a", "other\n");
    desk.repo.commit("other");
    desk.repo.git(&["checkout", "-q", "main"]);
    let fresh = Worktrees::new(desk.repo.beside("fresh"));
    let mut wanted = desk.wanted();
    wanted.named = vec![path("c.o")];
    let mut worktree = desk.acquire_as(wanted.clone()).unwrap();
    for step in steps.iter().chain([&Step::Acquire]) {
        match step {
            Step::User(act) => act_in(&desk.repo.root, act),
            Step::Agent(act) => act_in(worktree.root(), act),
            Step::Commit => {
                try_git(&desk, &["add", "-A"]);
                try_git(&desk, &["commit", "-q", "-m", "x"]);
            }
            Step::Stage => try_git(&desk, &["add", "-A"]),
            Step::Switch(branch) => try_git(&desk, &["checkout", "-q", "-f", branch]),
            Step::Reset => try_git(&desk, &["reset", "-q", "--hard"]),
            Step::Stash => try_git(&desk, &["stash", "-q", "-u"]),
            Step::Buffers(buffers) => {
                wanted.open = buffers
                    .iter()
                    .map(|(at, text)| (path(at), buffer(text)))
                    .collect();
            }
            Step::Acquire => {
                // Also as it was left by somebody who was stopped half way.
                let changed = block_on(worktree.changes(&CancellationToken::new()));
                changed.unwrap();
                drop(worktree);
                worktree = desk.acquire_as(wanted.clone()).unwrap();
                let cancel = CancellationToken::new();
                let new = block_on(fresh.acquire(wanted.clone(), &cancel)).unwrap();
                assert_eq!(tracked(&desk, &worktree), tracked(&desk, &new));
                assert_eq!(worktree.notes(), new.notes());
                let ask = |it: &Worktree| {
                    compare_contents(it);
                    desk.repo
                        .git_in(it.root(), &["status", "--porcelain", "-uall"])
                };
                assert_eq!(ask(&worktree), ask(&new));
                let changed = block_on(worktree.changes(&cancel)).unwrap();
                assert_eq!(changed.files, []);
                drop(new);
                let _ = fs::remove_dir_all(desk.repo.beside("fresh"));
            }
        }
    }
}

/// Each case is dozens of git processes: `PROPTEST_CASES` has more of them tried.
fn few() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: cases.and_then(|it| it.parse().ok()).unwrap_or(8),
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(few())]
    #[test]
    fn a_warm_copy_is_as_a_new_one(steps in prop::collection::vec(step(), 1..24)) {
        run(&steps);
    }
}

#[test]
fn a_change_in_the_very_moment_of_the_copy_is_seen() {
    let desk = Desk::with(&[("a", "1\n"), ("b", "1\n")]);
    for round in 0..30 {
        let text = format!("{}\n", round % 10);
        desk.repo.write("a", &text);
        let worktree = desk.acquire();
        // Right after the copy was made, as long, and with the same time of change: only the clock's step tells.
        act_in(&desk.repo.root, &Act::Sly("a"));
        act_in(worktree.root(), &Act::Sly("b"));
        let changed = block_on(worktree.changes(&CancellationToken::new())).unwrap();
        assert_eq!(changed.files.len(), 1, "round {round}");
        drop(worktree);
        let worktree = desk.acquire();
        assert_eq!(
            contents(worktree.root()),
            contents(&desk.repo.root),
            "round {round}"
        );
    }
}
