//! What edits, dismissals and late answers do to the findings of a file.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::tracked::tests::misspelling;
use domain::merge::{Circumstances, merge};

const FILE: &str = "src/a.rs";

/// A file that is open, with its findings, and the edits that a user makes.
struct Opened {
    findings: Findings,
    path: RelPath,
    text: Text,
}

impl Opened {
    fn new(text: &str, said: &[(&str, &str, &str)]) -> Self {
        let text = Text::new(text);
        let path = RelPath::try_from(FILE.to_owned()).unwrap();
        let mut findings = Findings::default();
        for agent in said.iter().map(|it| it.0).collect::<BTreeSet<_>>() {
            let said = said
                .iter()
                .filter(|it| it.0 == agent)
                .map(|it| misspelling(it.0, FILE, &text, it.1, it.2));
            findings.show(agent, &path, &Reviewed::Whole, said.collect());
        }
        Self {
            findings,
            path,
            text,
        }
    }

    /// Replaces text and lets the quiet time pass.
    fn edit(&mut self, old: &str, new: &str) {
        let start = self.text.to_string().find(old).unwrap();
        let change = self
            .text
            .replace(TextRange::new(start, start + old.len()), new);
        self.findings.edit(&self.path, &[change], Instant::now());
        let text = self.text.clone();
        self.findings.take_changed(|_| Some(&text));
    }

    /// What is shown: the text of each finding, `*` where it has a fix.
    fn shown(&mut self) -> Vec<String> {
        let text = self.text.clone();
        let clusters = self.findings.clusters(&self.path).iter();
        clusters
            .map(|it| {
                format!(
                    "{}{}",
                    text.slice(it.range),
                    if it.primary().fix.is_some() { "*" } else { "" }
                )
            })
            .collect()
    }
}

#[tokio::test]
async fn a_fix_takes_its_finding_away_and_undo_brings_it_back() {
    for (edit, undo) in [
        (("recieve", "receive"), ("receive", "recieve")),
        (("ie", "ei"), ("ei", "ie")),
    ] {
        let mut file = Opened::new(
            "we recieve teh mail",
            &[("a", "recieve", "receive"), ("a", "teh", "the")],
        );
        assert_eq!(file.shown(), ["recieve*", "teh*"]);
        file.edit(edit.0, edit.1);
        assert_eq!(file.shown(), ["teh*"]);
        file.edit(undo.0, undo.1);
        assert_eq!(file.shown(), ["recieve*", "teh*"], "{edit:?}");
        file.edit("teh", "the");
        file.edit("the", "teh");
        assert_eq!(file.shown(), ["recieve*", "teh*"]);
    }
}

#[tokio::test]
async fn a_deleted_line_takes_its_findings_and_undo_brings_them_back() {
    let mut file = Opened::new(
        "one\nteh recieve\ntwo",
        &[("a", "teh", "the"), ("a", "recieve", "receive")],
    );
    file.edit("teh recieve\n", "");
    assert_eq!(file.shown(), Vec::<String>::new());
    file.edit("two", "teh recieve\ntwo");
    assert_eq!(file.shown(), ["teh*", "recieve*"]);
}

#[tokio::test]
async fn typing_elsewhere_moves_findings() {
    let mut file = Opened::new("we recieve it", &[("a", "recieve", "receive")]);
    file.edit("we ", "every day we ");
    assert_eq!(file.shown(), ["recieve*"]);
    file.edit("recieve it", "recievex it");
    assert_eq!(
        file.shown(),
        ["recieve*"],
        "typing behind the word does not touch it"
    );
}

#[tokio::test]
async fn settled_findings_are_told_once() {
    let mut file = Opened::new("teh mail", &[("a", "teh", "the")]);
    file.edit("teh", "the");
    let path = file.path.clone();
    assert_eq!(
        file.findings.take_settled(&path),
        [FindingId("a-teh".to_owned())]
    );
    assert_eq!(file.findings.take_settled(&path), []);
}

#[tokio::test]
async fn what_the_ledger_remembers_does_not_replace_what_was_just_said() {
    let mut file = Opened::new("teh recieve", &[("a", "teh", "the")]);
    let old = misspelling("a", FILE, &file.text, "recieve", "receive");
    let path = file.path.clone();
    file.findings.recall("a", &path, vec![old.clone()]);
    assert_eq!(file.shown(), ["teh*"]);
    let text = file.text.clone();
    file.findings.opened(&path, &text);
    file.findings.recall("a", &path, vec![old]);
    assert_eq!(file.shown(), ["recieve*"]);
}

#[tokio::test]
async fn dismissed_findings_stay_away() {
    let mut file = Opened::new(
        "teh recieve",
        &[("a", "teh", "the"), ("a", "recieve", "receive")],
    );
    let id = FindingId("a-teh".to_owned());
    assert_eq!(file.findings.dismiss(&id, Reach::Here).len(), 1);
    assert_eq!(file.shown(), ["recieve*"]);
    let again = misspelling("a", FILE, &file.text, "teh", "the");
    let path = file.path.clone();
    file.findings
        .show("a", &path, &Reviewed::Whole, vec![again]);
    assert_eq!(file.shown(), Vec::<String>::new());
    assert!(
        file.findings.dismiss(&id, Reach::Here).is_empty(),
        "it is gone already"
    );
}

#[tokio::test]
async fn a_dismissal_of_a_kind_reaches_further() {
    let mut file = Opened::new(
        "teh recieve",
        &[("a", "teh", "the"), ("b", "recieve", "receive")],
    );
    file.findings
        .dismiss(&FindingId("a-teh".to_owned()), Reach::Text);
    assert_eq!(file.shown(), ["recieve*"], "another text");
    let mut same = misspelling("a", FILE, &file.text, "teh", "the");
    same.id = FindingId("a-other".to_owned());
    same.title = "`recieve` should be `receive`".to_owned();
    let path = file.path.clone();
    file.findings.show("a", &path, &Reviewed::Whole, vec![same]);
    file.findings
        .dismiss(&FindingId("b-recieve".to_owned()), Reach::Kind);
    assert_eq!(
        file.shown(),
        Vec::<String>::new(),
        "the same title and category"
    );
}

#[tokio::test]
async fn findings_of_a_closed_file_follow_the_disk() {
    let mut file = Opened::new("we recieve it", &[("a", "recieve", "receive")]);
    let (path, text) = (file.path.clone(), file.text.clone());
    file.findings.closed(&path, &text);
    file.text = Text::new("today we recieve it");
    let text = file.text.clone();
    file.findings.placed(&path, Some(&text));
    assert_eq!(file.shown().len(), 1);
    assert_eq!(
        file.text.slice(file.findings.clusters(&path)[0].range),
        "recieve"
    );
    file.findings.placed(&path, None);
    assert_eq!(file.shown(), Vec::<String>::new());
}

#[test]
fn the_index_finds_what_a_scan_finds() {
    let text = Text::new(&"word ".repeat(40));
    let cluster = |(start, end): (usize, usize)| {
        let mut finding = misspelling("a", FILE, &text, "word", "Word");
        finding.range = TextRange::new(start, end);
        merge([&finding], Circumstances::default()).remove(0)
    };
    let clusters: Vec<Cluster> = [
        (0, 0),
        (0, 150),
        (3, 9),
        (10, 20),
        (20, 20),
        (25, 60),
        (30, 31),
        (90, 95),
    ]
    .map(cluster)
    .into();
    let index = Index::of(&clusters);
    for start in 0..100 {
        for end in start..100 {
            let range = TextRange::new(start, end);
            let all: Vec<TextRange> = clusters
                .iter()
                .map(|it| it.range)
                .filter(|it| touches(*it, range))
                .collect();
            let some = clusters[index.candidates(range)]
                .iter()
                .map(|it| it.range)
                .filter(|it| touches(*it, range));
            assert_eq!(some.collect::<Vec<_>>(), all, "{range:?}");
        }
    }
}
