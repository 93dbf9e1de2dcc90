//! Sessions: reviews with edits, moves, new indentation and renamed files between them, on a real ledger.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::event::{FileFindings, RunId, Verdict};
use crate::ledger::Clock;
use crate::request::Reach;
use crate::run::identity::identify;
use crate::sift::{Baseline, Entry, Judged, Sieve, Verdicts};
use domain::anchor::Anchor;
use domain::board::Reviewed;
use domain::finding::{Category, Severity};
use domain::locate::Tier;
use domain::text::{Text, TextRange};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// A remark that is really there: its line, and what agents say of which part of it.
type Bug = (&'static str, [(&'static str, &'static str); 3]);

const BUGS: &[Bug] = &[
    (
        "let total = items.iter().map(|it| it.price).sum::<u32>();",
        [
            ("sum::<u32>()", "Summing `price` may overflow `u32`"),
            (
                "items.iter().map(|it| it.price).sum::<u32>()",
                "The sum of all prices overflows `u32`",
            ),
            (
                "let total = items.iter().map(|it| it.price).sum::<u32>();",
                "`u32` overflow: the price sum is not checked",
            ),
        ],
    ),
    (
        "let name = users.get(&id).unwrap().name.clone();",
        [
            ("unwrap()", "Panics for an unknown user id"),
            (
                "users.get(&id).unwrap()",
                "`users.get` is unwrapped: an unknown id panics",
            ),
            (
                "let name = users.get(&id).unwrap().name.clone();",
                "Panic when the id of the user is unknown",
            ),
        ],
    ),
    (
        "for i in 0..=values.len() {",
        [
            (
                "0..=values.len()",
                "Off-by-one: the loop reads past the end of `values`",
            ),
            ("0..=values.len()", "Loop bound reads one past the end"),
            (
                "for i in 0..=values.len() {",
                "The inclusive loop bound reads past the end of the slice",
            ),
        ],
    ),
    (
        "if password == stored {",
        [
            (
                "password == stored",
                "Password comparison is not constant-time",
            ),
            (
                "if password == stored {",
                "Timing attack: password compared with `==`",
            ),
            (
                "password == stored",
                "Comparing a password in variable time leaks timing",
            ),
        ],
    ),
];

#[derive(Clone, Debug)]
enum Act {
    Insert(usize, usize),
    Move(usize, usize, usize),
    Indent(usize, usize, bool),
    Remove(usize),
    Rename,
}

fn acts() -> impl Strategy<Value = Act> {
    let place = 0..10_000_usize;
    prop_oneof![
        3 => (place.clone(), 1..9_usize).prop_map(|(at, count)| Act::Insert(at, count)),
        3 => (place.clone(), 1..15_usize, place.clone()).prop_map(|(from, count, to)| Act::Move(from, count, to)),
        2 => (place.clone(), 1..30_usize, any::<bool>()).prop_map(|(from, count, more)| Act::Indent(from, count, more)),
        2 => place.prop_map(Act::Remove),
        1 => Just(Act::Rename),
    ]
}

/// A line, and the bug on it.
type Line = (String, Option<usize>);

fn act(lines: &mut Vec<Line>, act: &Act, number: usize) {
    let len = lines.len();
    match *act {
        Act::Insert(at, count) => {
            let new = (0..count).map(|it| match it % 3 {
                0 => ("    return None;".to_owned(), None),
                _ => (format!("    let new_{number}_{it} = 0;"), None),
            });
            let at = at % (len + 1);
            lines.splice(at..at, new);
        }
        Act::Move(from, count, to) => {
            let from = from % len;
            let taken: Vec<Line> = lines.drain(from..(from + count).min(len)).collect();
            let to = to % (lines.len() + 1);
            lines.splice(to..to, taken);
        }
        Act::Indent(from, count, more) => {
            let from = from % len;
            for (line, _) in &mut lines[from..(from + count).min(len)] {
                *line = if more {
                    format!("\t  {line}")
                } else {
                    line.trim_start().to_owned()
                };
            }
        }
        Act::Remove(at) => {
            if lines[at % len].1.is_none() && len > 20 {
                lines.remove(at % len);
            }
        }
        Act::Rename => {}
    }
}

fn file() -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, (line, _)) in BUGS.iter().enumerate() {
        lines.push((format!("fn number_{number}() {{"), None));
        for filler in 0..4 {
            lines.push((format!("    let filler_{filler} = work({number});"), None));
        }
        lines.push(("    return None;".to_owned(), None));
        lines.push((format!("    {line}"), Some(number)));
        lines.push(("}".to_owned(), None));
    }
    lines
}

/// A workspace with a ledger, of which one file is reviewed again and again.
struct Session {
    directory: TempDir,
    runtime: tokio::runtime::Runtime,
    ledger: Ledger,
    path: RelPath,
    verdicts: Verdicts,
    runs: u64,
}

impl Session {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let clock: Clock = Arc::new(SystemTime::now);
        let ledger = Ledger::new(
            directory.path().join("ledger.sqlite"),
            clock,
            Arc::new(|text| panic!("{text}")),
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Self {
            directory,
            runtime: runtime.unwrap(),
            ledger,
            path: RelPath::try_from("f0.rs".to_owned()).unwrap(),
            verdicts: Verdicts::default(),
            runs: 0,
        }
    }
    fn rename(&mut self) {
        let old = self.directory.path().join(self.path.as_str());
        self.path = RelPath::try_from(format!("f{}.rs", self.runs)).unwrap();
        drop(fs::rename(
            old,
            self.directory.path().join(self.path.as_str()),
        ));
    }
    /// A review of all lines by an agent that chooses its words: the findings shown and hidden, by bug.
    fn review(
        &mut self,
        agent: &str,
        lines: &[Line],
        choice: usize,
    ) -> BTreeMap<usize, (Finding, bool)> {
        self.runs += 1;
        let whole: Vec<&str> = lines.iter().map(|it| it.0.as_str()).collect();
        let text = Text::new(&whole.join("\n"));
        fs::write(
            self.directory.path().join(self.path.as_str()),
            whole.join("\n"),
        )
        .unwrap();
        let mut said = Vec::new();
        let mut bugs = BTreeMap::new();
        for (number, (line, bug)) in lines.iter().enumerate() {
            let Some(bug) = *bug else { continue };
            let (quote, title) = BUGS[bug].1[(choice + bug) % 3];
            let start = text.line_range(number).unwrap().start + line.find(quote).unwrap();
            let range = TextRange::new(start, start + quote.len());
            bugs.insert(number, bug);
            said.push(Finding {
                id: FindingId(String::new()),
                agent: agent.to_owned(),
                provider: "us".into(),
                path: self.path.clone(),
                range,
                tier: Tier::Exact,
                severity: Severity::Warning,
                category: Category::Correctness,
                code: None,
                title: title.into(),
                body: String::new(),
                confidence: None,
                fix: None,
                anchor: Anchor::of(&text, range, None),
            });
        }
        let root = self.directory.path();
        let elsewhere = Elsewhere::new(root, Default::default(), 1 << 20);
        let mut names = Names::default();
        let said = identify(said);
        let known = Lines::of(&text);
        let marks: Vec<Mark> = said.iter().map(|it| Mark::of(it, &text, &known)).collect();
        let asked = [(&self.path, marks.as_slice())];
        let asking = names.before(&self.ledger, root, agent, &asked, &elsewhere);
        let before = self.runtime.block_on(asking).and_then(|mut it| it.pop());
        let named = names.give(said, marks, &[], &known, before, &elsewhere);
        let sieve = Sieve {
            verdicts: &self.verdicts,
            baseline: &Baseline::default(),
            honour: &[],
            elsewhere: &elsewhere,
        };
        let sifted = sieve.sift(&self.path, &text, &Lines::of(&text), named);
        let run = RunId(self.runs);
        self.ledger.begin(run, root, &[agent.to_owned()]);
        self.ledger.save(
            run,
            root,
            FileFindings {
                path: self.path.clone(),
                agent: agent.to_owned(),
                reviewed: Reviewed::Whole,
                findings: sifted.shown.clone(),
                hidden: sifted.hidden.clone(),
                text: text.clone(),
                version: None,
            },
        );
        let shown = sifted.shown.into_iter().map(|it| (it, true));
        let hidden = sifted.hidden.into_iter().map(|it| (it.finding, false));
        let bug_of = |it: &Finding| bugs[&text.line_of(it.range.start)];
        shown.chain(hidden).map(|it| (bug_of(&it.0), it)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]
    #[test]
    fn every_finding_keeps_its_name_and_every_dismissed_one_stays_away(
        acts in prop::collection::vec(acts(), 50),
        choices in prop::collection::vec(0..1000_usize, 50),
    ) {
        let mut session = Session::new();
        let mut lines = file();
        let first = session.review("codex", &lines, 0);
        let other = session.review("claude", &lines, 1);
        let whole: Vec<&str> = lines.iter().map(|it| it.0.as_str()).collect();
        let text = Text::new(&whole.join("\n"));
        // One agent's words of every second bug are dismissed.
        for (bug, (finding, _)) in &first {
            if bug % 2 == 0 {
                session.verdicts.add(Entry {
                    id: 0,
                    verdict: Verdict::Dismissed,
                    reach: Reach::Here,
                    reason: None,
                    created: UNIX_EPOCH,
                    remarks: vec![Judged::of(finding, Some(&text))],
                });
            }
        }
        for (number, it) in acts.iter().enumerate() {
            if matches!(it, Act::Rename) {
                session.rename();
            }
            act(&mut lines, it, number);
            let (agent, known) = if number % 2 == 0 { ("codex", &first) } else { ("claude", &other) };
            let found = session.review(agent, &lines, choices[number]);
            prop_assert_eq!(found.len(), BUGS.len());
            for (bug, (finding, is_shown)) in &found {
                let (before, _) = &known[bug];
                prop_assert_eq!(&finding.id, &before.id, "{} after {:?}", finding.title, it);
                prop_assert_eq!(*is_shown, bug % 2 == 1, "{} of {}", finding.title, agent);
            }
        }
    }
}
