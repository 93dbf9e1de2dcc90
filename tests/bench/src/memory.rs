//! What a review costs of which everything is known: calls, the engine's part, and the whole command in the terminal.

use crate::table::{Sample, head, row, time};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Files of the repository, and changed places in each.
const FILES: usize = 100;
const HUNKS: usize = 10;
/// Lines from one changed place to the next.
const DISTANCE: usize = 40;
const ROUNDS: usize = 15;

/// One finding in each of 1,000 hunks.
pub(crate) fn memory() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().canonicalize().unwrap().join(name);
    for name in ["config", "state", "work"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    let program = std::env::current_exe().unwrap();
    let log = at("calls");
    let config = format!(
        "[agents.trivial]\npreset = \"contract\"\ncommand = [{program:?}, \"floor-agent\"]\n\
         env = {{ BENCH_FINDINGS = \"{HUNKS}\", BENCH_MARK = \"changed\", BENCH_LOG = {log:?} }}\n\
         [review]\nagents = [\"trivial\"]\n"
    );
    std::fs::write(at("config/config.toml"), config).unwrap();
    for (what, is_git) in [("changes against HEAD", true), ("files", false)] {
        generate(&at("work"), "old");
        if is_git {
            git(&at("work"), &["init", "-q", "-b", "main"]);
            git(&at("work"), &["add", "-A"]);
            let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
            git(
                &at("work"),
                &[&who[..], &["commit", "-q", "-m", "first"]].concat(),
            );
        }
        generate(&at("work"), "changed");
        let calls = || {
            std::fs::read_to_string(&log)
                .unwrap_or_default()
                .lines()
                .count()
        };
        let review = |fresh: bool| review(directory.path(), &at("work"), is_git, fresh);
        let (document, _, _) = review(true);
        let first = calls();
        let findings = document["findings"].as_array().unwrap().len();
        let (mut engine, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (again, inner, outer) = review(false);
            assert_eq!(again["findings"], document["findings"], "the same findings");
            engine.push(inner);
            whole.push(outer);
        }
        let hunks = document["agents"][0]["hunks"].as_u64().unwrap();
        head(&format!(
            "A review of what is known ({what}): {FILES} files, {hunks} hunks, {findings} findings"
        ));
        row("calls of the first review", &first.to_string(), "-", "-");
        row(
            "calls of the next ones",
            &((calls() - first) / ROUNDS).to_string(),
            "-",
            "0",
        );
        row(
            "the engine's part",
            &time(Sample::new(engine).median()),
            "-",
            "50 ms",
        );
        row(
            "start to exit",
            &time(Sample::new(whole).median()),
            "-",
            "-",
        );
    }
}

/// A review in the terminal: its document, how long the run took, and how long the process.
#[expect(clippy::disallowed_methods, reason = "the measured program")]
fn review(home: &Path, root: &Path, is_git: bool, fresh: bool) -> (Value, Duration, Duration) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--log", "error", "review", "--format", "json", "--quiet"]);
    if fresh {
        command.arg("--fresh");
    }
    if !is_git {
        command.arg(".");
    }
    command
        .current_dir(root)
        .env("CROSSCHECK_CONFIG_DIR", home.join("config"))
        .env("CROSSCHECK_STATE_DIR", home.join("state"))
        .stderr(Stdio::inherit());
    let start = Instant::now();
    let output = command.output().unwrap();
    let whole = start.elapsed();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let engine = Duration::from_millis(document["elapsed_ms"].as_u64().unwrap());
    (document, engine, whole)
}

fn generate(root: &Path, word: &str) {
    for file in 0..FILES {
        let lines = (0..HUNKS * DISTANCE).map(|line| match line % DISTANCE {
            20 => format!("    let {word}_{line} = compute_{file}({line});\n"),
            39 => "}\n\n".to_owned(),
            0 => format!("fn f{line}() {{\n"),
            _ => format!("    let value_{line} = compute_{file}({line});\n"),
        });
        std::fs::write(
            root.join(format!("file{file}.rs")),
            lines.collect::<String>(),
        )
        .unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "what makes the repository")]
fn git(root: &Path, args: &[&str]) {
    let status = Command::new("git").current_dir(root).args(args).status();
    assert!(status.unwrap().success(), "git {args:?}");
}
