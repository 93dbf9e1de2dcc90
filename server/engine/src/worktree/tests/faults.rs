//! Tests of what goes wrong: a message that says what to do, and nothing half-written.

use super::*;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Waits for what another thread does.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(std::time::Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn slots(desk: &Desk) -> Vec<PathBuf> {
    let keys = fs::read_dir(desk.worktrees.slots.directory())
        .into_iter()
        .flatten();
    let keys = keys.map(|it| it.unwrap().path()).filter(|it| it.is_dir());
    keys.flat_map(|it| fs::read_dir(it).unwrap().map(|it| it.unwrap().path()))
        .filter(|it| it.is_dir())
        .collect()
}

#[test]
fn a_worktree_that_was_deleted_is_told_and_made_anew() {
    let desk = Desk::with(&[("a", "1\n")]);
    type Delete = fn(&Worktree);
    let ways: [Delete; 3] = [
        |it| fs::remove_dir_all(it.root()).unwrap(),
        |it| fs::remove_dir_all(it.inner.slot.path()).unwrap(),
        |it| {
            fs::remove_dir_all(it.root()).unwrap();
            fs::write(it.root(), "a file").unwrap();
        },
    ];
    for delete in ways {
        let worktree = desk.acquire();
        delete(&worktree);
        let error = block_on(worktree.changes(&CancellationToken::new())).unwrap_err();
        let expected = format!(
            "the worktree {} was deleted while an agent worked in it; its changes are lost, so run the agent again",
            worktree.root().display()
        );
        assert_eq!(error.to_string(), expected);
        let file = FileChange {
            path: path("b"),
            action: domain::proposal::FileAction::Create {
                text: Text::new("x"),
                executable: false,
            },
        };
        assert!(block_on(worktree.write(&[file])).is_err());
        drop(worktree);
        assert_eq!(contents(desk.acquire().root()), contents(&desk.repo.root));
    }
}

#[test]
fn a_place_that_cannot_be_used_is_named() {
    let mut desk = Desk::with(&[("a", "1\n")]);
    let file = desk.repo.beside("file");
    fs::write(&file, "").unwrap();
    for place in [
        file.join("worktrees"),
        file.clone(),
        PathBuf::from("/proc/worktrees"),
    ] {
        desk.worktrees = Worktrees::new(place.clone());
        let error = desk.acquire_as(desk.wanted()).unwrap_err().to_string();
        let start = format!("{} cannot be used for worktrees: ", place.display());
        assert!(
            error.starts_with(&start) && error.contains("set CROSSCHECK_STATE_DIR"),
            "{error}"
        );
    }
    assert_eq!(fs::read(&file).unwrap(), b"");
}

/// A file system of one megabyte, for who may mount one.
struct Small<'d> {
    desk: &'d Repo,
    at: PathBuf,
}

impl<'d> Small<'d> {
    fn mount(desk: &'d Repo) -> Option<Self> {
        let small = Self {
            desk,
            at: desk.beside("small"),
        };
        fs::create_dir(&small.at).unwrap();
        let place = small.at.to_str().unwrap();
        let is_mounted = small.run("mount", &["-t", "tmpfs", "-o", "size=1m", "small", place]);
        is_mounted.then_some(small)
    }

    fn run(&self, program: &str, args: &[&str]) -> bool {
        let spec = process::Spec {
            program: program.into(),
            args: args.iter().map(Into::into).collect(),
            cwd: self.desk.root.clone(),
            environment: self.desk.environment(),
        };
        let limits = process::run::Limits {
            deadline: Duration::from_secs(10),
            stdout: 1000,
            cancel: CancellationToken::new(),
        };
        let output = block_on(process::run(&spec, b"", &limits));
        output.is_ok_and(|it| it.exit == process::Exit::Code(0))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        self.run("umount", &["-l", self.at.to_str().unwrap()]);
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_stays_of_the_copy() {
    let desk = Desk::with(&[("a", "1\n")]);
    let Some(small) = Small::mount(&desk.repo) else {
        println!("skipped: needs the right to mount a file system");
        return;
    };
    let worktrees = Worktrees::new(small.at.join("worktrees"));
    let acquire = || block_on(worktrees.acquire(desk.wanted(), &CancellationToken::new()));
    acquire().unwrap();
    for number in 0..40 {
        desk.repo
            .write(&format!("big/{number}"), "x".repeat(50_000));
    }
    let error = acquire().unwrap_err();
    assert!(matches!(error, WorktreeError::DiskFull { .. }), "{error:?}");
    let words = error.to_string();
    assert!(words.contains("is full: the copy needs 1 MB"), "{words}");
    let left = || fs::read_dir(small.at.join("worktrees")).unwrap().count();
    eventually("the half-written copy goes", || left() == 1);
    fs::remove_dir_all(desk.repo.root.join("big")).unwrap();
    assert_eq!(
        contents(acquire().unwrap().root()),
        contents(&desk.repo.root)
    );
}

#[test]
fn what_cannot_be_read_is_left_out_and_told() {
    let desk = Desk::with(&[("a", "1\n"), ("locked", "1\n")]);
    set_mode(&desk.repo.root.join("locked"), 0o000);
    if fs::read(desk.repo.root.join("locked")).is_ok() {
        println!("skipped: whoever runs this may read everything");
        return;
    }
    desk.repo.write("dir/b", "1\n");
    set_mode(&desk.repo.root.join("dir"), 0o000);
    for _ in 0..2 {
        let worktree = desk.acquire();
        let names: Vec<String> = contents(worktree.root()).into_keys().collect();
        assert_eq!(names, ["a"]);
        assert_eq!(
            worktree.notes(),
            ["Not in the worktree because it cannot be read: locked."]
        );
        assert_eq!(
            desk.repo
                .git_in(worktree.root(), &["status", "--porcelain"]),
            ""
        );
    }
    set_mode(&desk.repo.root.join("dir"), 0o755);
    set_mode(&desk.repo.root.join("locked"), 0o644);
    assert_eq!(contents(desk.acquire().root()), contents(&desk.repo.root));
}

#[test]
fn whatever_permissions_an_agent_took_the_next_copy_is_right() {
    let desk = Desk::with(&[("d/a", "1\n"), ("d/e/b", "1\n"), ("c", "1\n")]);
    for round in 0..2 {
        let worktree = desk.acquire();
        let root = worktree.root();
        fs::create_dir_all(root.join("new/deep")).unwrap();
        fs::write(root.join("new/deep/f"), "f").unwrap();
        fs::write(root.join("d/a"), "agent\n").unwrap();
        set_mode(&root.join("new/deep"), 0o500);
        set_mode(&root.join("new"), 0o000);
        set_mode(&root.join("c"), 0o000);
        set_mode(&root.join("d/e"), 0o000);
        set_mode(&root.join("d"), if round == 0 { 0o500 } else { 0o000 });
        let changed = block_on(worktree.changes(&CancellationToken::new()));
        assert!(changed.is_ok(), "{changed:?}");
        drop(worktree);
        assert_eq!(
            contents(desk.acquire().root()),
            contents(&desk.repo.root),
            "round {round}"
        );
    }
}

#[test]
fn a_cancelled_one_ends_at_once_and_leaves_nothing_in_use() {
    let desk = Desk::with(&[("a", "1\n")]);
    let cancel = CancellationToken::new();
    cancel.cancel();
    let error = block_on(desk.worktrees.acquire(desk.wanted(), &cancel)).unwrap_err();
    assert!(matches!(error, WorktreeError::Cancelled), "{error}");
    let worktree = desk.acquire();
    let error = block_on(worktree.changes(&cancel)).unwrap_err();
    assert!(matches!(error, WorktreeError::Cancelled), "{error}");
    // Given up at any moment: what was begun is right the next time.
    drop(worktree);
    for number in 0..300 {
        desk.repo
            .write(&format!("d{}/f{number}", number % 7), format!("{number}\n"));
    }
    for milliseconds in [1, 5, 10, 15, 20, 30, 40, 60] {
        desk.repo.write("a", format!("{milliseconds}\n"));
        let wanted = desk.wanted();
        block_on(async {
            let cancel = CancellationToken::new();
            let acquire = desk.worktrees.acquire(wanted, &cancel);
            let _ = tokio::time::timeout(Duration::from_millis(milliseconds), acquire).await;
        });
        let worktree = desk.acquire();
        assert_eq!(
            contents(worktree.root()),
            contents(&desk.repo.root),
            "{milliseconds}"
        );
        drop(worktree);
        fs::remove_dir_all(desk.repo.root.join(format!("d{}", milliseconds % 7)))
            .unwrap_or_default();
    }
    assert!(slots(&desk).iter().all(|it| !it.join("busy").exists()));
}

#[test]
fn those_in_use_are_not_shared_and_a_limit_is_kept() {
    let desk = Desk::with(&[("a", "1\n")]);
    let mut wanted = desk.wanted();
    wanted.max_worktrees = 2;
    let first = desk.acquire_as(wanted.clone()).unwrap();
    // As another process has them.
    let other = Worktrees::new(desk.worktrees.slots.directory().to_owned());
    let second = block_on(other.acquire(wanted.clone(), &CancellationToken::new())).unwrap();
    assert_ne!(first.root(), second.root());
    fs::write(first.root().join("a"), "first\n").unwrap();
    assert_eq!(
        block_on(second.changes(&CancellationToken::new()))
            .unwrap()
            .files,
        []
    );
    let root = second.root().to_owned();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| desk.acquire_as(wanted.clone()).unwrap().root().to_owned());
        drop(second);
        assert_eq!(waiting.join().unwrap(), root);
    });
    assert_eq!(slots(&desk).len(), 2);
}

#[test]
fn a_crash_leaves_nothing_behind_after_the_next_start() {
    let desk = Desk::with(&[("a", "1\n")]);
    let worktree = desk.acquire();
    let slot = worktree.inner.slot.path().to_owned();
    drop(worktree);
    // As a process leaves it that was killed.
    fs::write(slot.join("busy"), "1").unwrap();
    fs::write(slot.join("tree/a"), "half").unwrap();
    let foreign = slot.parent().unwrap().join("5");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("precious"), "p").unwrap();
    let remarks = block_on(desk.worktrees.tidy());
    assert_eq!(
        remarks,
        [
            format!(
                "{} is among the worktrees but not one of crosscheck's; it is left alone.",
                foreign.display()
            ),
            "1 worktree that a crash had left was deleted.".to_owned(),
        ]
    );
    assert!(!slot.exists() && foreign.join("precious").exists());
    assert_eq!(contents(desk.acquire().root()), contents(&desk.repo.root));
}

#[test]
fn a_damaged_or_forged_manifest_counts_as_none() {
    let desk = Desk::with(&[("a", "1\n"), ("b", "1\n")]);
    for damage in 0..4 {
        let worktree = desk.acquire();
        let slot = worktree.inner.slot.path().to_owned();
        let manifest = worktree.inner.manifest.clone();
        drop(worktree);
        fs::write(slot.join("tree/a"), "changed\n").unwrap();
        fs::write(slot.join("tree/junk"), "junk\n").unwrap();
        let file = slot.join("manifest");
        match damage {
            0 => fs::write(&file, "nonsense").unwrap(),
            1 => fs::remove_file(&file).unwrap(),
            2 => {
                let other = Manifest {
                    top: b"/somewhere/else".to_vec(),
                    ..manifest
                };
                fs::write(&file, other.write()).unwrap();
            }
            _ => {
                fs::remove_file(&file).unwrap();
                symlink("/dev/zero", &file).unwrap();
            }
        }
        assert_eq!(
            contents(desk.acquire().root()),
            contents(&desk.repo.root),
            "{damage}"
        );
    }
}

#[test]
fn a_file_that_is_written_all_the_time_is_as_it_was_at_some_time_or_left_out() {
    let desk = Desk::with(&[("a", "1\n")]);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let log = desk.repo.root.join("log");
    fs::write(&log, "").unwrap();
    let found: Vec<_> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::File::options().append(true).open(&log).unwrap();
            let mut number: u64 = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                number += 1;
                writeln!(file, "{number}").unwrap();
            }
        });
        let found = (0..10).map(|_| {
            let worktree = desk.acquire_as(desk.wanted()).ok()?;
            let bytes = fs::read(worktree.root().join("log")).ok();
            Some((bytes, worktree.notes().to_vec()))
        });
        let found = found.collect();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        found
    });
    let all = fs::read(&log).unwrap();
    for found in found {
        match found.unwrap() {
            (Some(bytes), _) => assert!(all.starts_with(&bytes)),
            (None, notes) => assert_eq!(
                notes,
                ["Not in the worktree because it did not stop changing while it was copied: log."]
            ),
        }
    }
    assert_eq!(contents(desk.acquire().root()), contents(&desk.repo.root));
}

#[test]
fn what_builds_leave_counts_and_goes_when_it_is_too_much() {
    let desk = Desk::with(&[(".gitignore", "out/\n"), ("a", "1\n")]);
    let mut wanted = desk.wanted();
    wanted.max_bytes = 10_000;
    let worktree = desk.acquire_as(wanted.clone()).unwrap();
    let slot = worktree.inner.slot.path().to_owned();
    fs::create_dir(worktree.root().join("out")).unwrap();
    fs::write(worktree.root().join("out/x"), "x".repeat(20_000)).unwrap();
    drop(worktree);
    // Counting goes on while the agent works, so the runtime has to.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cancel = CancellationToken::new();
    let acquire = desk.worktrees.acquire(wanted.clone(), &cancel);
    let worktree = runtime.block_on(acquire).unwrap();
    assert!(worktree.root().join("out/x").exists());
    let counted = || {
        fs::read_to_string(slot.join("bytes"))
            .is_ok_and(|it| it.parse().is_ok_and(|it: u64| it > 20_000))
    };
    eventually("what is there is counted", counted);
    drop(worktree);
    let worktree = desk.acquire_as(wanted).unwrap();
    assert!(!worktree.root().join("out").exists());
    assert_eq!(
        worktree.notes(),
        [
            "What builds had left in the worktree was deleted, because it had become more than worktrees may have."
        ]
    );
}
