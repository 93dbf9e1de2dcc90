//! A server that is killed leaves nothing behind.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use rustix::process::{Pid, test_kill_process};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Far more than the guard's grace, far less than the scripts sleep.
const LIMIT: Duration = Duration::from_secs(10);

/// Each script prints process ids, `end` last, and would run for an hour.
#[test]
fn nothing_survives_a_killed_parent() {
    let scripts = [
        "sleep 3600 & echo $!; echo $$; echo end; exec sleep 3600",
        "trap '' TERM; sleep 3600 & echo $!; echo $$; echo end; while :; do sleep 1; done",
        "exec 2>&-; (trap '' HUP TERM; sleep 3600 & echo $!; wait) & echo $!; echo end; exec sleep 3600",
    ];
    for script in scripts {
        let pids = pids_of_a_killed_parent(script);
        assert!(!pids.is_empty());
        let start = Instant::now();
        while pids.iter().any(|pid| is_running(*pid)) {
            assert!(start.elapsed() < LIMIT, "{pids:?} survive: {script}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn pids_of_a_killed_parent(script: &str) -> Vec<Pid> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the parent must be killable from outside"
    )]
    let mut parent = Command::new(env!("CARGO_BIN_EXE_process-guard-test"))
        .args(["parent", script])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let pids = lines
        .take_while(|line| line != "end")
        .map(|line| Pid::from_raw(line.parse().unwrap()).unwrap());
    let pids: Vec<Pid> = pids.collect();
    let guard = guard_of(&parent);
    parent.kill().unwrap();
    parent.wait().unwrap();
    pids.into_iter().chain(guard).collect()
}

/// The guard is a child of the parent too, and has to go as well. Waits until it was started.
fn guard_of(parent: &std::process::Child) -> Option<Pid> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        // Children are listed by the thread that started them.
        let threads = std::fs::read_dir(format!("/proc/{}/task", parent.id()))
            .unwrap()
            .flatten();
        let children = threads.map(|thread| thread.path().join("children"));
        let children: String = children
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .collect();
        for pid in children.split_whitespace() {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            if name.trim() == "cc-guard" {
                return Pid::from_raw(pid.parse().unwrap());
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("no guard was started");
}

/// A process that has ended but was not waited for by its new parent counts as gone.
fn is_running(pid: Pid) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let zombie = state.is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim().starts_with('Z'))
    });
    !zombie && test_kill_process(pid).is_ok()
}
