//! How long it takes. Run by hand: `cargo test --release -p engine speed -- --ignored --nocapture`.

use super::*;
use std::time::{Duration, Instant};

/// Files of the repository.
const FILES: usize = 10_000;
/// How often each warm case is tried.
const ROUNDS: usize = 21;

fn a_repository() -> Repo {
    let repo = Repo::empty();
    for number in 0..FILES {
        let (a, b, c) = (number / 1000, number / 100 % 10, number / 20 % 5);
        let lines = (0..60).map(|it| {
            format!(
                "// line {it} of file {number}, long enough to be like code: {}\n",
                it * number
            )
        });
        let path = format!("src{a}/module{b}/part{c}/file{number}.rs");
        repo.write(&path, lines.collect::<String>());
    }
    repo.write(".gitignore", "target/\n*.o\n");
    repo.commit("first");
    // As after a night: nothing that is as new as the last look.
    std::thread::sleep(Duration::from_millis(1100));
    repo.git(&["status"]);
    repo
}

fn file(number: usize) -> String {
    let number = number * 191 % FILES;
    let (a, b, c) = (number / 1000, number / 100 % 10, number / 20 % 5);
    format!("src{a}/module{b}/part{c}/file{number}.rs")
}

fn shown(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let (p50, p95) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    println!(
        "{name:<44} p50 {p50:>10.1?}   p95 {p95:>10.1?}   of {}",
        times.len()
    );
}

#[test]
#[ignore = "a measurement"]
fn of_a_repository_with_10000_files() {
    let desk = Desk::new(a_repository());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let cancel = CancellationToken::new();
    let acquire = || {
        let start = Instant::now();
        let worktree = runtime
            .block_on(desk.worktrees.acquire(desk.wanted(), &cancel))
            .unwrap();
        (worktree, start.elapsed())
    };
    let mut cold = Vec::new();
    for _ in 0..3 {
        let (worktree, time) = acquire();
        cold.push(time);
        drop(worktree);
        if cold.len() < 3 {
            fs::remove_dir_all(desk.repo.beside("state")).unwrap();
        }
    }
    shown("cold", cold);
    shown("second", vec![acquire().1]);
    shown(
        "warm, nothing changed",
        (0..ROUNDS).map(|_| acquire().1).collect(),
    );
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        for number in 0..50 {
            desk.repo.write(
                &file(round * 50 + number),
                format!("changed in round {round}\n"),
            );
        }
        times.push(acquire().1);
    }
    shown("warm, 50 files changed", times);
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let (worktree, _) = acquire();
        for number in 0..20 {
            fs::write(
                worktree.root().join(file(7 + round + number)),
                format!("agent, round {round}\n"),
            )
            .unwrap();
        }
        let start = Instant::now();
        let changed = runtime.block_on(worktree.changes(&cancel)).unwrap();
        times.push(start.elapsed());
        assert_eq!(changed.files.len(), 20, "{:?}", changed.problems);
    }
    shown("changes after 20 edits", times);
    let mut times = Vec::new();
    for round in 0..5 {
        let linked = desk.repo.beside(&format!("linked{round}"));
        let start = Instant::now();
        desk.repo.git(&[
            "worktree",
            "add",
            "-q",
            "--detach",
            linked.to_str().unwrap(),
        ]);
        times.push(start.elapsed());
    }
    shown("git worktree add", times);
}
