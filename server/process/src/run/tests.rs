//! Runs of shell scripts to their end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::Environment;
use std::time::Instant;

const LONG: Duration = Duration::from_secs(30);

fn shell(script: &str) -> Spec {
    Spec {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        cwd: std::env::temp_dir(),
        environment: Environment::inherited(),
    }
}

fn limits() -> Limits {
    Limits {
        deadline: LONG,
        stdout: 16 * 1024 * 1024,
        cancel: CancellationToken::new(),
    }
}

#[tokio::test]
async fn input_goes_in_and_output_comes_out() {
    let output = run(
        &shell("cat; echo oops >&2; exit 3"),
        b"some text",
        &limits(),
    )
    .await
    .unwrap();
    assert_eq!(output.exit, Exit::Code(3));
    assert_eq!(output.stdout, b"some text");
    assert_eq!(output.stderr, "oops");
    assert_eq!(output.stdout_cut, 0);
}

#[tokio::test]
async fn much_input_and_output_do_not_lock() {
    let input = vec![b'x'; 8 * 1024 * 1024];
    let output = run(&shell("cat"), &input, &limits()).await.unwrap();
    assert!(output.stdout == input);
    let unread = run(&shell("exit 0"), &input, &limits()).await.unwrap();
    assert_eq!(unread.exit, Exit::Code(0));
}

#[tokio::test]
async fn output_is_cut_and_counted() {
    let script = "head -c 1000000 /dev/zero";
    let output = run(
        &shell(script),
        b"",
        &Limits {
            stdout: 1000,
            ..limits()
        },
    )
    .await
    .unwrap();
    assert_eq!((output.stdout.len(), output.stdout_cut), (1000, 999_000));
    assert_eq!(output.exit, Exit::Code(0));
}

#[tokio::test]
async fn a_held_pipe_delays_nobody() {
    let start = Instant::now();
    let output = run(&shell("sleep 3600 & echo done"), b"", &limits())
        .await
        .unwrap();
    assert_eq!(output.stdout, b"done\n");
    assert!(start.elapsed() < LONG / 2);
}

#[tokio::test]
async fn a_deadline_stops_it_with_its_last_words() {
    let short = Limits {
        deadline: Duration::from_millis(200),
        ..limits()
    };
    let error = run(
        &shell("echo waiting >&2; trap '' TERM; sleep 3600"),
        b"",
        &short,
    )
    .await
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`/bin/sh` did not end within 0.2 s and was stopped; its last words: waiting"
    );
}

#[tokio::test]
async fn cancelling_stops_it() {
    let limits = limits();
    let cancel = limits.cancel.clone();
    let start = Instant::now();
    let spec = shell("sleep 3600");
    let (result, ()) = tokio::join!(run(&spec, b"", &limits), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        cancel.cancel();
    });
    assert_eq!(result.unwrap_err().to_string(), "`/bin/sh` was cancelled");
    assert!(start.elapsed() < LONG / 2);
    // Nothing is started any more.
    assert!(matches!(
        run(&shell("exit 0"), b"", &limits).await,
        Err(RunError::Cancelled(_))
    ));
}

#[tokio::test]
async fn dropping_the_future_kills_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut spec = shell("sleep 3600 & echo $! > pid; wait");
    spec.cwd = directory.path().to_owned();
    let limits = limits();
    let pid = async {
        loop {
            let text = std::fs::read_to_string(directory.path().join("pid")).unwrap_or_default();
            if let Some(pid) = text.strip_suffix('\n') {
                return pid.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let pid = tokio::select! {
        pid = pid => pid,
        output = run(&spec, b"", &limits) => panic!("{output:?}"),
    };
    let start = Instant::now();
    let stat = format!("/proc/{pid}/stat");
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(start.elapsed() < LONG / 2, "{pid} survives");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
