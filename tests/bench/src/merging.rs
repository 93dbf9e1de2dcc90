//! What merging thousands of findings of several agents costs, next to what taking apart their texts' words costs anyway.

use crate::finding::finding;
use crate::table::{Sample, head, ratio, row, time};
use domain::anchor::Anchor;
use domain::finding::Finding;
use domain::merge::{Circumstances, merge};
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Findings that are merged.
const FINDINGS: usize = 5_000;
/// Agents that found them.
const AGENTS: [&str; 3] = ["codex", "claude", "gemini"];
/// Rounds of each row.
const ROUNDS: usize = 15;

const SUBJECTS: &[&str] = &[
    "cache", "token", "header", "retry", "socket", "parser", "buffer", "session", "cursor",
    "queue", "worker", "lease", "digest", "schema", "ledger", "branch", "signal", "channel",
    "region", "bucket",
];
const FAULTS: &[[&str; 3]] = &[
    [
        "is used after it was closed",
        "closed too early, later use fails",
        "use after close",
    ],
    [
        "may be null when the request fails",
        "null dereference after a failed request",
        "missing null check on failure",
    ],
    [
        "is read without holding the lock",
        "data race: unlocked read",
        "access lacks synchronisation with the lock",
    ],
    [
        "overflows for large input",
        "integer overflow on large sizes",
        "size computation can overflow",
    ],
    [
        "leaks when an error is returned",
        "never released on the error path",
        "resource leak on early return",
    ],
    [
        "is off by one at the end",
        "loop bound misses the last element",
        "off-by-one in the loop bound",
    ],
];

/// Where the findings are: how many files, and how many places in each.
struct Layout {
    what: &'static str,
    files: usize,
    lines: usize,
    /// All agents use the same few words.
    is_alike: bool,
}

const LAYOUTS: [Layout; 5] = [
    Layout {
        what: "in 100 files",
        files: 100,
        lines: 20,
        is_alike: false,
    },
    Layout {
        what: "in one file, far apart",
        files: 1,
        lines: 2_000,
        is_alike: false,
    },
    Layout {
        what: "in one file, on 100 lines",
        files: 1,
        lines: 100,
        is_alike: false,
    },
    Layout {
        what: "on one line",
        files: 1,
        lines: 1,
        is_alike: false,
    },
    Layout {
        what: "on one line, in the same words",
        files: 1,
        lines: 1,
        is_alike: true,
    },
];

/// The findings of each file are merged by one call, as the board does it.
pub(crate) fn merging() {
    head(&format!(
        "Merging {FINDINGS} findings of {} agents",
        AGENTS.len()
    ));
    for layout in LAYOUTS {
        let files: Vec<Vec<Finding>> = (0..layout.files)
            .map(|file| findings(&layout, file))
            .collect();
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            for file in &files {
                black_box(merge(file, Circumstances::default()));
            }
            ours.push(start.elapsed());
            floor.push(words(&files));
        }
        let (ours, floor) = (Sample::new(ours), Sample::new(floor));
        let clusters: usize = files
            .iter()
            .map(|it| merge(it, Circumstances::default()).len())
            .sum();
        row(
            &format!("{} ({clusters} clusters)", layout.what),
            &format!(
                "{}, at most {}",
                time(ours.median()),
                time(ours.percentile(100))
            ),
            &format!(
                "{} ({})",
                time(floor.median()),
                ratio(ours.median(), floor.median())
            ),
            "< 100 ms",
        );
    }
}

/// The floor: each finding copied, and the words of each as a set.
fn words(files: &[Vec<Finding>]) -> Duration {
    let start = Instant::now();
    for finding in files.iter().flatten() {
        let lower = finding.title.to_lowercase();
        let set: BTreeSet<&str> = lower
            .split_whitespace()
            .chain(finding.body.split_whitespace())
            .collect();
        black_box((set.len(), finding.clone()));
    }
    start.elapsed()
}

/// The findings of one file: each fault is told by each agent, in words of its own, on one line or the next.
fn findings(layout: &Layout, file: usize) -> Vec<Finding> {
    let lines: String = (0..layout.lines + 1)
        .map(|it| format!("    let value_{it} = compute(left, right);\n"))
        .collect();
    let text = Text::new(&lines);
    let path = RelPath::parse("/work", &format!("src/file{file}.rs")).unwrap();
    let one = |number: usize| {
        let (fault, agent) = (number / AGENTS.len(), number % AGENTS.len());
        let subject = SUBJECTS[fault % SUBJECTS.len()];
        let words = if layout.is_alike {
            FAULTS[0][0]
        } else {
            FAULTS[fault / SUBJECTS.len() % FAULTS.len()][agent]
        };
        let number = if layout.is_alike { 0 } else { fault };
        let line = text
            .line_range((fault * 7 + agent % 2) % layout.lines)
            .unwrap();
        let range = TextRange::new(line.start + 4, line.end - 1);
        let title = format!("`{subject}_{number}` {words}");
        let mut it = Finding {
            body: format!(
                "The {subject} that `compute` returns {words}. A caller which keeps `{subject}_{number}` sees this when two requests \
                 arrive at the same time, and the second one finds the state of the first. Check the result before it is used."
            ),
            anchor: Anchor::of(&text, range, None),
            ..finding(AGENTS[agent], &path, range, title)
        };
        it.identify(u32::try_from(fault).unwrap());
        it
    };
    (0..FINDINGS / layout.files).map(one).collect()
}
