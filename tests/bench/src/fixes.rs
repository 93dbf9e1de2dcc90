//! What changes by agents cost beside the agents: the copy they work in, reading their answers, following the user's edits.

use crate::table::{Sample, head, ratio, row, time};
use domain::edit::TextEdit;
use domain::patch::{self, Outcome};
use domain::path::RelPath;
use domain::proposal::{FileAction, FileChange, Follower, Standing, rebase};
use domain::text::{Text, TextRange};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Files of the generated repository.
const FILES: usize = 10_000;
/// Rounds of what takes long.
const ROUNDS: usize = 7;
/// Files that a user, or an agent, changes at once.
const CHANGED: usize = 50;

/// A copy for an agent, against a linked worktree of git's.
pub(crate) fn worktree() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().canonicalize().unwrap().join(name);
    let root = at("work");
    generate(&root);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let ready = |state: &Path, edit: &dyn Fn(&Path)| {
        runtime
            .block_on(engine::measure::worktree(&root, state, edit))
            .unwrap()
    };
    let nothing = |_: &Path| {};
    let (mut cold, mut warm, mut touched, mut found, mut git) =
        (vec![], vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let linked = at(&format!("linked{round}"));
        let start = Instant::now();
        run(
            &root,
            &[
                "worktree",
                "add",
                "-q",
                "--detach",
                linked.to_str().unwrap(),
            ],
        );
        git.push(start.elapsed());
        run(
            &root,
            &["worktree", "remove", "--force", linked.to_str().unwrap()],
        );
        let state = at(&format!("state{round}"));
        cold.push(ready(&state, &nothing).0);
        // Racy time stamps are read again once, as git does.
        ready(&state, &nothing);
        warm.push(ready(&state, &nothing).0);
        change(&root, round, "user");
        let (start, changes, count) = ready(&state, &|copy| change(copy, round, "agent"));
        assert_eq!(count, CHANGED);
        touched.push(start);
        found.push(changes);
    }
    let [cold, warm, touched, found, git] =
        [cold, warm, touched, found, git].map(|it| Sample::new(it).median());
    let floor = format!("{} (`git worktree add`)", time(git));
    head(&format!("A copy of {FILES} files for an agent"));
    row(
        "cold: nothing is there yet",
        &time(cold),
        &format!("{floor} ({})", ratio(cold, git)),
        "-",
    );
    row(
        "warm: nothing changed",
        &time(warm),
        &format!("{floor} ({})", ratio(warm, git)),
        "well under 100 ms",
    );
    row(
        &format!("warm: the user changed {CHANGED} files"),
        &time(touched),
        &format!("{floor} ({})", ratio(touched, git)),
        "well under 100 ms",
    );
    row(
        &format!("finding {CHANGED} files that the agent changed"),
        &time(found),
        "-",
        "-",
    );
}

fn path_of(number: usize) -> String {
    format!("src/part{}/file{number}.rs", number / 100)
}

fn generate(root: &Path) {
    for number in 0..FILES {
        let file = root.join(path_of(number));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, source(60, number)).unwrap();
    }
    run(root, &["init", "-q", "-b", "main"]);
    run(root, &["add", "-A"]);
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    run(root, &[&who[..], &["commit", "-q", "-m", "first"]].concat());
}

fn change(root: &Path, round: usize, who: &str) {
    for number in 0..CHANGED {
        let file: PathBuf = root.join(path_of(number * 150 + round));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("// {who} {round}\n{text}")).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "the peer, git itself")]
fn run(root: &Path, args: &[&str]) {
    let status = Command::new("git")
        .current_dir(root)
        .args(args)
        .status()
        .unwrap();
    assert!(status.success(), "git {args:?}");
}

fn source(lines: usize, seed: usize) -> String {
    (0..lines)
        .map(|line| format!("    let value_{line} = compute_{seed}({line});\n"))
        .collect()
}

/// An answer of 200 hunks over 50 files, read and placed.
pub(crate) fn patches() {
    let texts: Vec<String> = (0..50).map(|it| source(500, it)).collect();
    let answer: String = texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let lines: Vec<&str> = text.lines().collect();
            let hunks: String = [50, 170, 290, 410]
                .map(|at| {
                    format!(
                        "@@ -{at},3 +{at},3 @@\n {}\n-{}\n+    let value = {at};\n {}\n",
                        lines[at - 1],
                        lines[at],
                        lines[at + 1]
                    )
                })
                .concat();
            format!("--- a/file{number}.rs\n+++ b/file{number}.rs\n{hunks}")
        })
        .collect();
    let texts: Vec<Text> = texts.iter().map(|it| Text::new(it)).collect();
    let (mut reading, mut placing) = (vec![], vec![]);
    for _ in 0..ROUNDS * 3 {
        let start = Instant::now();
        let patch = patch::parse(&answer);
        reading.push(start.elapsed());
        assert_eq!((patch.files.len(), patch.problems.len()), (50, 0));
        let start = Instant::now();
        for (file, text) in patch.files.iter().zip(&texts) {
            let placed = patch::place(&file.path, &file.action, Some(text));
            assert!(
                matches!(&placed.outcome, Outcome::Edits(it) if it.len() == 4),
                "{placed:?}"
            );
        }
        placing.push(start.elapsed());
    }
    let (reading, placing) = (Sample::new(reading).median(), Sample::new(placing).median());
    head("An answer with 200 hunks over 50 files of 500 lines");
    row("reading", &time(reading), "-", "-");
    row(
        "finding the places and checking the edits",
        &time(placing),
        "-",
        "-",
    );
    row("together", &time(reading + placing), "-", "10 ms");
}

/// 1,000 hunks held against a text in which a user made 1,000 edits.
pub(crate) fn rebasing() {
    const HUNKS: usize = 1000;
    let lines: Vec<String> = (0..HUNKS * 10)
        .map(|it| format!("line {it} of this text\n"))
        .collect();
    let base = Text::new(&lines.concat());
    let proposed: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(number, it)| {
            if number % 10 == 5 {
                it.replace("line", "proposed")
            } else {
                it.clone()
            }
        })
        .collect();
    let path = RelPath::try_from("file".to_owned()).unwrap();
    let change = FileChange::edit(path, base.clone(), &Text::new(&proposed.concat())).unwrap();
    let FileAction::Edit { hunks, .. } = &change.action else {
        unreachable!()
    };
    assert_eq!(hunks.len(), HUNKS);
    // Every tenth line is typed into; every hundredth of these is a hunk's.
    let mut now = base.clone();
    let mut edits = Vec::new();
    for number in 0..HUNKS {
        let line = number * 10 + if number % 100 == 0 { 5 } else { 0 };
        let at = now.line_range(line).unwrap().start;
        edits.push(now.replace(TextRange::new(at, at), "user "));
    }
    let open = |follower: &Follower| {
        let standings = follower.standings(&now);
        let open = standings
            .iter()
            .filter(|it| matches!(it, Standing::Open(_)))
            .count();
        assert_eq!(open, HUNKS - HUNKS / 100);
        let all: Vec<TextEdit> = standings
            .into_iter()
            .filter_map(|it| match it {
                Standing::Open(edits) => Some(edits),
                _ => None,
            })
            .flatten()
            .collect();
        domain::edit::apply(&now, &all).unwrap();
    };
    let mut measured: [Vec<Duration>; 2] = Default::default();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut follower = Follower::new(&base, hunks);
        edits.iter().for_each(|it| follower.follow(*it));
        open(&follower);
        measured[0].push(start.elapsed());
        let start = Instant::now();
        open(&rebase(&base, hunks, &now));
        measured[1].push(start.elapsed());
    }
    let [followed, guessed] = measured.map(|it| Sample::new(it).median());
    head("1,000 hunks over 1,000 edits of the user, in a text of 10,000 lines");
    row(
        "edits known, as in an editor; with applying",
        &time(followed),
        "-",
        "100 ms",
    );
    row(
        "edits unknown, from the two texts; with applying",
        &time(guessed),
        "-",
        "100 ms",
    );
}
