//! What was said comes back from memory at the places it was said of, wherever they have moved.
#![allow(clippy::unwrap_used)]

use super::hunks::FileHunks;
use super::key::{Key, Parts};
use super::{Fate, answers, hunks, narrow};
use crate::ledger::HunkAnswer;
use crate::run::answer::FilePart;
use crate::run::identity::identify;
use crate::scope::{Gathered, LineRange, Target};
use domain::anchor::Anchor;
use domain::board::Reviewed;
use domain::edit::TextEdit;
use domain::finding::{Category, Finding, FindingId, Severity};
use domain::locate::Tier;
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

fn gathered(text: &str, ranges: Option<Vec<LineRange>>) -> Arc<Gathered> {
    let target = Target {
        path: RelPath::try_from("src/a.rs".to_owned()).unwrap(),
        text: Text::new(text),
        version: None,
        ranges,
        disk: None,
        diff: None,
    };
    Arc::new(Gathered {
        targets: vec![target],
        ..Gathered::default()
    })
}

fn cut(gathered: &Gathered) -> FileHunks {
    hunks::of(gathered, &[], &Parts::new("an agent"), true).remove(0)
}

fn finding(text: &Text, start: usize, len: usize, fix: bool) -> Finding {
    let start = text.char_boundary(start % (text.len() + 1));
    let range = TextRange::new(start, text.char_boundary((start + len).min(text.len())));
    Finding {
        id: FindingId(String::new()),
        agent: "house".into(),
        provider: "us".into(),
        path: RelPath::try_from("src/a.rs".to_owned()).unwrap(),
        range,
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Correctness,
        code: None,
        title: format!("title {len}"),
        body: String::new(),
        confidence: None,
        fix: fix.then(|| TextEdit {
            range,
            new_text: "x".into(),
        }),
        anchor: Anchor::of(text, range, None),
    }
}

/// What an answer about all of a file leaves in memory.
fn remember(gathered: &Gathered, findings: Vec<Finding>) -> (Vec<HunkAnswer>, FileHunks) {
    let mut file = cut(gathered);
    let said = FilePart {
        path: file.path.clone(),
        text: gathered.targets[0].text.clone(),
        version: None,
        reviewed: Reviewed::Whole,
        findings,
        is_seen: true,
    };
    let mut loose = Vec::new();
    file.cover(None, &said, &mut loose);
    let answers = file.take_answered(&mut loose);
    (answers, file)
}

/// What memory says of a text, and how many hunks are left to ask.
fn recall(gathered: &Gathered, known: &[HunkAnswer]) -> (FilePart, FileHunks) {
    let mut file = cut(gathered);
    let known: BTreeMap<Key, &HunkAnswer> = known.iter().map(|it| (it.key, it)).collect();
    for hunk in &mut file.hunks {
        if let Some(answer) = known.get(&hunk.key).filter(|it| hunk.fits(it)) {
            hunk.fate = Fate::Known((*answer).clone());
        }
    }
    file.part_from_incomplete(false, &BTreeMap::new());
    let part = answers::of_file(&gathered.targets[0], &file, &mut BTreeMap::new());
    (part, file)
}

/// A text of many blocks, some of them equal.
fn blocks() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("fn f() {\n"),
        Just("    let ä = 1;\n"),
        Just("        deep();\r\n"),
        Just("}\n"),
        Just("\n"),
        Just("\n"),
    ];
    prop::collection::vec(line, 0..300).prop_map(|it| it.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn an_unchanged_file_has_the_same_findings(
        text in blocks(),
        places in prop::collection::vec((0_usize..9000, 1_usize..30, any::<bool>()), 0..20),
    ) {
        let gathered = gathered(&text, None);
        let text = &gathered.targets[0].text;
        let said: Vec<Finding> = places.iter().map(|(at, len, fix)| finding(text, *at, *len, *fix)).collect();
        // A finding over the border of two hunks is held by its text, which may stand in several places.
        let file = cut(&gathered);
        let within = |it: &Finding| file.hunks.iter().any(|hunk| {
            hunk.bytes.start <= it.range.start && it.range.end <= hunk.bytes.end
        });
        let said: Vec<Finding> = said.into_iter().filter(within).collect();
        let (answers, _) = remember(&gathered, said.clone());
        let (part, file) = recall(&gathered, &answers);
        prop_assert!(file.hunks.iter().all(|it| matches!(it.fate, Fate::Known(_))));
        prop_assert_eq!(part.reviewed, Reviewed::Whole);
        prop_assert_eq!(identify(part.findings), identify(said));
        prop_assert!(narrow::to_open(&gathered, &[file]).targets.is_empty());
    }

    #[test]
    fn after_an_edit_nothing_is_at_a_wrong_place(
        text in blocks(),
        places in prop::collection::vec((0_usize..9000, 1_usize..30, any::<bool>()), 0..20),
        at in 0_usize..9000, inserted in prop_oneof![Just("new();\n"), Just("\n\nfn g() {}\n\n"), Just("ö")],
    ) {
        let before = gathered(&text, None);
        let old = &before.targets[0].text;
        let said: Vec<Finding> = places.iter().map(|(at, len, fix)| finding(old, *at, *len, *fix)).collect();
        let (answers, _) = remember(&before, said.clone());
        let mut now = old.clone();
        let at = now.char_boundary(at % (now.len() + 1));
        now.replace(TextRange::new(at, at), inserted);
        let after = gathered(&now.to_string(), None);
        let (part, file) = recall(&after, &answers);
        // A finding over the border of two hunks is found by its text, white space aside.
        let black = |text: &str| text.split_whitespace().collect::<String>();
        let quoted = |it: &Finding, text: &Text| (it.title.clone(), black(&text.slice(it.range)));
        let told: Vec<_> = said.iter().map(|it| quoted(it, old)).collect();
        for found in &part.findings {
            prop_assert!(told.contains(&quoted(found, &now)), "{:?}", found);
            if let Some(fix) = &found.fix {
                prop_assert_eq!(now.slice(fix.range), now.slice(found.range));
            }
        }
        // What is known and what is asked are all of the file.
        let open = narrow::to_open(&after, std::slice::from_ref(&file));
        let lines = open.targets.first().map(|it| it.ranges.clone());
        let open: usize = match lines {
            None => 0,
            Some(None) => file.hunks.len(),
            Some(Some(_)) => file.hunks.iter().filter(|it| it.fate == Fate::Open).count(),
        };
        let known = file.hunks.iter().filter(|it| matches!(it.fate, Fate::Known(_))).count();
        prop_assert_eq!(open + known, file.hunks.len());
    }
}

#[test]
fn hunks_of_which_the_whole_is_spoken_hold_only_together() {
    let text: String = (0..30)
        .map(|it| format!("fn f{it}() {{\n    {it}\n}}\n\n"))
        .collect();
    let before = gathered(&text, None);
    let mut whole = finding(&before.targets[0].text, 0, 0, false);
    whole.tier = Tier::File;
    let (answers, _) = remember(&before, vec![whole]);
    let (part, _) = recall(&before, &answers);
    assert_eq!(part.findings.len(), 1);
    let after = gathered(&text.replace("    7\n", "    8\n"), None);
    let (part, file) = recall(&after, &answers);
    assert_eq!(part.findings, []);
    assert!(file.hunks.iter().all(|it| it.fate == Fate::Open));
}
