//! Programs, their groups, and all the ways they end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::Environment;
use rustix::process::{Pid, test_kill_process};
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, BufReader};

/// Far more than anything here takes, far less than the scripts sleep.
const LIMIT: Duration = Duration::from_secs(10);
const STEPS: Shutdown = Shutdown {
    close: Duration::from_millis(100),
    terminate: Duration::from_millis(100),
};

fn shell(script: &str) -> Spec {
    Spec {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        cwd: std::env::temp_dir(),
        environment: Environment::inherited(),
    }
}

/// Starts a script that prints process ids and `end`.
async fn start(script: &str) -> (Child, Vec<Pid>) {
    let mut child = Child::spawn(&shell(script)).unwrap();
    let mut lines = BufReader::new(child.take_stdout().unwrap()).lines();
    let mut pids = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line == "end" {
            break;
        }
        pids.push(Pid::from_raw(line.parse().unwrap()).unwrap());
    }
    (child, pids)
}

async fn assert_gone(pids: &[Pid]) {
    let start = Instant::now();
    while pids.iter().any(|pid| is_running(*pid)) {
        assert!(start.elapsed() < LIMIT, "{pids:?} are still running");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Whoever is the parent of orphans here may never wait for them.
fn is_running(pid: Pid) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let zombie = state.is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim().starts_with('Z'))
    });
    !zombie && test_kill_process(pid).is_ok()
}

const GRANDCHILD: &str = "sleep 3600 & echo $!; echo $$; echo end; sleep 3600";

#[tokio::test]
async fn dropping_kills_the_group() {
    let (child, pids) = start(GRANDCHILD).await;
    assert_eq!(pids.len(), 2);
    drop(child);
    assert_gone(&pids).await;
}

#[tokio::test]
async fn killing_kills_the_group_and_wait_tells_how() {
    let (mut child, pids) = start(GRANDCHILD).await;
    child.kill();
    assert_eq!(child.wait().await, Exit::Signal(9));
    assert_eq!(child.wait().await, Exit::Signal(9));
    assert_eq!(child.id(), None);
    assert_gone(&pids).await;
}

#[tokio::test]
async fn the_end_of_a_program_is_the_end_of_its_group() {
    // The grandchild holds all pipes open.
    let (mut child, pids) =
        start("sleep 3600 & echo $!; echo end; echo last words >&2; exit 3").await;
    let start = Instant::now();
    assert_eq!(child.wait().await, Exit::Code(3));
    assert!(start.elapsed() < LIMIT);
    assert_eq!(child.stderr().last(5), "last words");
    assert_gone(&pids).await;
}

#[tokio::test]
async fn shutdown_goes_as_far_as_it_must() {
    let cases = [
        // Ends with its input, with SIGTERM, and only with SIGKILL.
        (
            "sleep 3600 & p=$!; echo $p; echo end; read line; kill $p; exit 7",
            Exit::Code(7),
        ),
        (
            "trap 'exit 8' TERM; echo $$; echo end; while :; do sleep 0.01; done",
            Exit::Code(8),
        ),
        (
            "trap '' TERM; sleep 3600 & echo $!; echo $$; echo end; while :; do sleep 0.1; done",
            Exit::Signal(9),
        ),
        // The program ends at once, but what it started ignores SIGTERM.
        (
            "(trap '' TERM; sleep 3600) & echo $!; echo end; read line; exit 9",
            Exit::Code(9),
        ),
    ];
    for (script, expected) in cases {
        let (child, pids) = start(script).await;
        let start = Instant::now();
        assert_eq!(child.shutdown(STEPS).await, expected, "{script}");
        assert!(start.elapsed() < LIMIT);
        assert_gone(&pids).await;
    }
}

#[tokio::test]
async fn a_gentle_end_is_left_in_peace() {
    let slow = Shutdown {
        close: LIMIT,
        terminate: LIMIT,
    };
    let script = "echo end; read line; (sleep 0.2; echo late >&2) & exit 0";
    let (child, _) = start(script).await;
    let stderr = child.stderr();
    assert_eq!(child.shutdown(slow).await, Exit::Code(0));
    assert_eq!(stderr.last(1), "late");
}

#[tokio::test]
async fn a_flood_on_standard_error_blocks_nothing() {
    let script = "head -c 1048576 /dev/zero | tr '\\0' x >&2; echo done >&2; echo end; sleep 3600";
    let (child, _) = start(script).await;
    assert!(child.stderr().dropped() > 0);
    drop(child);
}

#[tokio::test]
async fn waiting_may_be_given_up_and_taken_up_again() {
    let mut child = Child::spawn(&shell("read line; exit 4")).unwrap();
    let stdin = child.take_stdin();
    assert!(child.take_stdin().is_none());
    assert!(
        timeout(Duration::from_millis(20), child.wait())
            .await
            .is_err()
    );
    assert!(child.id().is_some());
    drop(stdin);
    assert_eq!(child.wait().await, Exit::Code(4));
}

#[tokio::test]
async fn a_program_sees_only_what_it_was_given() {
    let directory = tempfile::tempdir().unwrap();
    let cwd = directory.path().canonicalize().unwrap();
    let mut spec = shell("pwd; env");
    spec.cwd = cwd.clone();
    spec.environment = Environment::empty()
        .with("PATH", "/usr/bin:/bin")
        .with("ONE", "1");
    let mut child = Child::spawn(&spec).unwrap();
    let mut out = String::new();
    child
        .take_stdout()
        .unwrap()
        .read_to_string(&mut out)
        .await
        .unwrap();
    // These two the shell sets by itself.
    let mut seen: Vec<&str> = out
        .lines()
        .filter(|line| !line.starts_with("PWD=") && !line.starts_with("_="))
        .collect();
    seen.retain(|line| !line.starts_with("OLDPWD") && !line.starts_with("SHLVL"));
    seen[1..].sort_unstable();
    assert_eq!(seen, [cwd.to_str().unwrap(), "ONE=1", "PATH=/usr/bin:/bin"]);
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("data"), "").unwrap();
    std::fs::write(at("script"), "#!/no/such/interpreter\n").unwrap();
    for (name, mode) in [("data", 0o644), ("script", 0o755)] {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let spec = |program: &str| Spec {
        program: program.into(),
        args: Vec::new(),
        cwd: directory.path().to_owned(),
        environment: Environment::empty().with("PATH", "/no/such/dir:/bin"),
    };
    let cases = [
        (
            "no-such-program",
            "`no-such-program` was not found in PATH (/no/such/dir:/bin)",
        ),
        ("./none", "`./none` was not found"),
        ("/none/at/all", "`/none/at/all` was not found"),
        (
            "./data",
            "`./data` could not be started: Permission denied (os error 13)",
        ),
        (
            "./script",
            "`./script` could not be started: the interpreter that its first line names, or the loader it needs, was not found",
        ),
    ];
    for (program, expected) in cases {
        assert_eq!(
            Child::spawn(&spec(program)).unwrap_err().to_string(),
            expected
        );
    }
    let nowhere = Spec {
        cwd: "/no/such/dir".into(),
        ..spec("sh")
    };
    assert_eq!(
        Child::spawn(&nowhere).unwrap_err().to_string(),
        "the working directory /no/such/dir does not exist"
    );
}
