//! One ledger, several processes, and one of them killed in the middle of its work, again and again: nothing is lost that
//! was reported as kept, and nobody is locked out.

use crate::{FINDS_ADD, workspace};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tests::{Editor, PATIENCE};

/// How often a process is killed; `CROSSCHECK_KILLS=1000` for more.
const KILLS: u64 = 25;

#[test]
fn what_was_reported_as_kept_survives_any_kill() {
    let kills = std::env::var("CROSSCHECK_KILLS").ok();
    let kills = kills.and_then(|it| it.parse().ok()).unwrap_or(KILLS);
    let sandbox = workspace(FINDS_ADD);
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let id = document["findings"][0]["id"].as_str().unwrap();
    // Two editors write all the while.
    let mut editors = [Editor::start(&sandbox), Editor::start(&sandbox)];
    for editor in &mut editors {
        editor.open("src/main.rs");
        editor.ignore("textDocument/publishDiagnostics");
    }
    let begin = Instant::now();
    let mut kept = BTreeSet::new();
    let mut whole = Duration::from_millis(200);
    for round in 0..kills {
        let reason = format!("round {round}");
        let mut command = sandbox.command(sandbox.program());
        command.args(["dismiss", id, "--reason", &reason]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        // The first is left alone, to know how long one takes; the others die anywhere in that time.
        if round > 0 {
            let part = u32::try_from(round * 37 % 100).unwrap();
            std::thread::sleep(whole * part / 90);
            // It may be through already.
            let _ = child.kill();
        }
        child.wait().unwrap();
        if round == 0 {
            whole = started.elapsed();
        }
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        if said.contains("dismissed here") {
            kept.insert(reason);
        }
        let editor = &mut editors[usize::from(round % 2 == 0)];
        editor.review("src/main.rs");
    }
    assert!(!kept.is_empty());
    let ran = sandbox.crosscheck(&["dismissed", "--format", "json"]);
    let list: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let there = list["verdicts"].as_array().unwrap().iter();
    let there: BTreeSet<String> = there
        .map(|it| it["reason"].as_str().unwrap().to_owned())
        .collect();
    assert!(kept.is_subset(&there), "{:?}", kept.difference(&there));
    assert!(!ran.stderr.contains("ledger"), "it is whole: {ran:?}");
    for mut editor in editors {
        editor.ignore("textDocument/publishDiagnostics");
        editor.shutdown();
    }
    assert!(begin.elapsed() < PATIENCE * u32::try_from(kills).unwrap());
}
