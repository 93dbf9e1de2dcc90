//! What a review costs of which everything is known: calls, the engine's part, and the whole command in the terminal.

use crate::table::{Sample, head, row, time};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A repository in which something changed.
#[derive(Clone, Copy)]
struct Shape {
    files: usize,
    /// Changed places in each file.
    hunks: usize,
    /// Changed lines of each place, with a finding each.
    lines: usize,
}

/// 1,000 findings, in many places and in few.
const SHAPES: [Shape; 2] = [
    Shape {
        files: 100,
        hunks: 10,
        lines: 1,
    },
    Shape {
        files: 20,
        hunks: 5,
        lines: 10,
    },
];
/// Lines from one changed place to the next.
const DISTANCE: usize = 40;
const ROUNDS: usize = 15;

pub(crate) fn memory() {
    for shape in SHAPES {
        for (what, is_git) in [("changes against HEAD", true), ("files", false)] {
            measure(shape, what, is_git);
        }
    }
}

fn measure(shape: Shape, what: &str, is_git: bool) {
    let Shape {
        files,
        hunks,
        lines,
    } = shape;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().canonicalize().unwrap().join(name);
    for name in ["config", "state", "work"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    let (program, log) = (std::env::current_exe().unwrap(), at("calls"));
    let config = format!(
        "[agents.trivial]\npreset = \"contract\"\ncommand = [{program:?}, \"floor-agent\"]\n\
         env = {{ BENCH_FINDINGS = \"{}\", BENCH_MARK = \"changed\", BENCH_LOG = {log:?} }}\n\
         [review]\nagents = [\"trivial\"]\n",
        hunks * lines
    );
    std::fs::write(at("config/config.toml"), config).unwrap();
    generate(&at("work"), shape, "old");
    if is_git {
        git(&at("work"), &["init", "-q", "-b", "main"]);
        git(&at("work"), &["add", "-A"]);
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let commit = [&who[..], &["commit", "-q", "-m", "first"]].concat();
        git(&at("work"), &commit);
    }
    generate(&at("work"), shape, "changed");
    let calls = || {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        log.lines().count()
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
    let count = document["agents"][0]["hunks"].as_u64().unwrap();
    head(&format!(
        "A review of what is known ({what}): {files} files, {count} hunks, {findings} findings"
    ));
    row("calls of the first review", &first.to_string(), "-", "-");
    let next = (calls() - first) / ROUNDS;
    row("calls of the next ones", &next.to_string(), "-", "0");
    let engine = time(Sample::new(engine).median());
    row("the engine's part", &engine, "-", "50 ms");
    let whole = time(Sample::new(whole).median());
    row("start to exit", &whole, "-", "-");
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

fn generate(root: &Path, shape: Shape, word: &str) {
    for file in 0..shape.files {
        let lines = (0..shape.hunks * DISTANCE).map(|line| match line % DISTANCE {
            0 => format!("fn f{line}() {{\n"),
            39 => "}\n\n".to_owned(),
            at if (20..20 + shape.lines).contains(&at) => {
                format!("    let {word}_{line} = compute_{file}({line});\n")
            }
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
