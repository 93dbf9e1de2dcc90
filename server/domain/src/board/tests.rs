//! Who owns what, what follows edits, and what is shown anew.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::anchor::Anchor;
use crate::finding::{Category, Severity};
use crate::merge::Reviewer;
use proptest::prelude::*;

const TEXT: &str = "fn one() {}\nfn two() {}\nfn three() {}\n";

fn path(name: &str) -> RelPath {
    RelPath::parse("/r", name).unwrap()
}

fn at(agent: &str, text: &str, start: usize, end: usize, title: &str) -> Finding {
    let text = Text::new(text);
    let range = TextRange::new(start, end);
    let mut it = Finding {
        id: FindingId(String::new()),
        agent: agent.to_owned(),
        provider: agent.to_owned(),
        path: path("a.rs"),
        range,
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Correctness,
        code: None,
        title: title.to_owned(),
        body: String::new(),
        confidence: None,
        fix: Some(TextEdit {
            range,
            new_text: "x".into(),
        }),
        anchor: Anchor::of(&text, range, None),
    };
    it.identify(0);
    it
}

/// A finding on the word `word` of [`TEXT`].
fn on(agent: &str, word: &str, title: &str) -> Finding {
    let start = TEXT.find(word).unwrap();
    at(agent, TEXT, start, start + word.len(), title)
}

fn whole_file(agent: &str, title: &str) -> Finding {
    let mut it = Finding {
        tier: Tier::File,
        fix: None,
        ..at(agent, TEXT, 0, 0, title)
    };
    it.identify(0);
    it
}

/// A board that has been shown.
fn board(findings: Vec<Finding>) -> Board {
    let mut board = Board::default();
    board.set("a", &path("a.rs"), &Reviewed::Whole, findings);
    board.take_changed();
    board
}

fn render(board: &mut Board, name: &str) -> Vec<String> {
    let one = |it: &Finding| {
        let fix = it
            .fix
            .as_ref()
            .map(|it| format!("+{}..{}", it.range.start, it.range.end))
            .unwrap_or_default();
        format!(
            "{}:{}@{}..{}{fix}",
            it.agent, it.title, it.range.start, it.range.end
        )
    };
    let cluster = |it: &Cluster| it.findings.iter().map(one).collect::<Vec<_>>().join(" & ");
    board.clusters(&path(name)).iter().map(cluster).collect()
}

fn change(start: usize, end: usize, new_len: usize) -> Change {
    Change {
        range: TextRange::new(start, end),
        new_len,
    }
}

#[test]
fn each_agent_replaces_its_own_share() {
    let mut board = board(vec![
        on("a", "one", "bad name"),
        on("a", "two", "slow loop"),
    ]);
    let file = path("a.rs");
    board.set(
        "b",
        &file,
        &Reviewed::Whole,
        vec![on("b", "one", "name is bad")],
    );
    assert_eq!(
        render(&mut board, "a.rs"),
        [
            "a:bad name@3..6+3..6 & b:name is bad@3..6+3..6",
            "a:slow loop@15..18+15..18"
        ]
    );
    assert_eq!(board.take_changed(), BTreeSet::from([file.clone()]));

    board.set("a", &file, &Reviewed::Whole, vec![]);
    assert_eq!(render(&mut board, "a.rs"), ["b:name is bad@3..6+3..6"]);
    board.set("b", &file, &Reviewed::Whole, vec![]);
    assert_eq!(board.paths(), []);
    assert_eq!(board.take_changed(), BTreeSet::from([file.clone()]));

    board.set("b", &file, &Reviewed::Whole, vec![]);
    assert_eq!(board.take_changed(), BTreeSet::new());
}

#[test]
fn a_review_of_a_part_supersedes_that_part() {
    let mut board = board(vec![
        on("a", "one", "first"),
        on("a", "two", "second"),
        whole_file("a", "no tests"),
    ]);
    let part = Reviewed::Ranges(vec![TextRange::new(0, 11)]);
    board.set("a", &path("a.rs"), &part, vec![on("a", "fn one", "third")]);
    assert_eq!(
        render(&mut board, "a.rs"),
        [
            "a:no tests@0..0",
            "a:third@0..6+0..6",
            "a:second@15..18+15..18"
        ]
    );
    board.set("a", &path("a.rs"), &part, vec![whole_file("a", "no tests")]);
    assert_eq!(
        render(&mut board, "a.rs"),
        ["a:no tests@0..0", "a:second@15..18+15..18"]
    );
}

#[test]
fn findings_follow_edits() {
    let start = vec![
        on("a", "one", "first"),
        on("a", "two", "second"),
        whole_file("a", "no tests"),
    ];
    let shown = |changes: &[Change]| {
        let mut board = board(start.clone());
        board.clusters(&path("a.rs"));
        board.change(&path("a.rs"), changes);
        let kept = render(&mut board, "a.rs");
        // What was moved along is what merging anew gives.
        board.files.values_mut().for_each(|it| it.clusters = None);
        assert_eq!(kept, render(&mut board, "a.rs"));
        (kept.join(", "), !board.take_changed().is_empty())
    };
    for (changes, expected, changed) in [
        (
            vec![change(30, 30, 5)],
            "a:no tests@0..0, a:first@3..6+3..6, a:second@15..18+15..18",
            false,
        ),
        (
            vec![change(0, 0, 5)],
            "a:no tests@0..0, a:first@8..11+8..11, a:second@20..23+20..23",
            true,
        ),
        (
            vec![change(11, 12, 0), change(0, 2, 0)],
            "a:no tests@0..0, a:first@1..4+1..4, a:second@12..15+12..15",
            true,
        ),
        (
            vec![change(16, 17, 1)],
            "a:no tests@0..0, a:first@3..6+3..6, a:second@15..18",
            true,
        ),
        (vec![change(2, 20, 0)], "a:no tests@0..0", true),
        (
            vec![],
            "a:no tests@0..0, a:first@3..6+3..6, a:second@15..18+15..18",
            false,
        ),
    ] {
        assert_eq!(
            shown(&changes),
            (expected.to_owned(), changed),
            "{changes:?}"
        );
    }
}

#[test]
fn a_fix_goes_when_its_own_text_is_touched() {
    let mut it = on("a", "two", "second");
    it.fix = Some(TextEdit {
        range: TextRange::new(3, 6),
        new_text: "x".into(),
    });
    let mut moved = board(vec![it.clone()]);
    moved.change(&path("a.rs"), &[change(0, 0, 1)]);
    assert_eq!(render(&mut moved, "a.rs"), ["a:second@16..19+4..7"]);
    let mut touched = board(vec![it]);
    touched.change(&path("a.rs"), &[change(4, 5, 1)]);
    assert_eq!(render(&mut touched, "a.rs"), ["a:second@15..18"]);
}

#[test]
fn only_the_changed_file_is_shown_anew() {
    let mut board = board(vec![on("a", "one", "first")]);
    board.set(
        "a",
        &path("b.rs"),
        &Reviewed::Whole,
        vec![on("a", "two", "second")],
    );
    board.take_changed();
    board.change(&path("b.rs"), &[change(0, 0, 1)]);
    board.change(&path("c.rs"), &[change(0, 0, 1)]);
    assert_eq!(board.take_changed(), BTreeSet::from([path("b.rs")]));
    board.forget(&path("c.rs"));
    assert_eq!(board.take_changed(), BTreeSet::new());
    board.forget(&path("b.rs"));
    assert_eq!(board.take_changed(), BTreeSet::from([path("b.rs")]));
    assert_eq!(board.paths(), [path("a.rs")]);
}

#[test]
fn a_cluster_is_removed_by_any_of_its_findings() {
    let (one, other, third) = (
        on("a", "one", "bad name"),
        on("b", "one", "name is bad"),
        on("a", "three", "slow"),
    );
    for id in [&one.id, &other.id] {
        let mut board = board(vec![one.clone(), third.clone()]);
        board.set("b", &path("a.rs"), &Reviewed::Whole, vec![other.clone()]);
        board.take_changed();
        assert_eq!(board.cluster(id).unwrap().1.agents(), ["a", "b"]);
        assert_eq!(board.remove(id), [one.clone(), other.clone()]);
        assert_eq!(board.take_changed(), BTreeSet::from([path("a.rs")]));
        assert_eq!(render(&mut board, "a.rs"), ["a:slow@27..32+27..32"]);
        assert_eq!(board.remove(id), []);
        assert_eq!(board.cluster(id), None);
        assert_eq!(board.take_changed(), BTreeSet::new());
        assert_eq!(board.remove(&third.id), std::slice::from_ref(&third));
        assert_eq!(board.paths(), []);
    }
}

#[test]
fn findings_are_put_at_their_anchors() {
    let mut board = board(vec![
        on("a", "fn one() {}", "first"),
        on("a", "fn two() {}", "second"),
        whole_file("a", "no tests"),
    ]);
    board.relocate(&path("a.rs"), &Text::new(TEXT));
    assert_eq!(board.take_changed(), BTreeSet::new());
    board.relocate(
        &path("a.rs"),
        &Text::new("// new\nfn one() {}\nfn four() {}\nfn three() {}\n"),
    );
    assert_eq!(
        render(&mut board, "a.rs"),
        ["a:no tests@0..0", "a:first@7..18+7..18"]
    );
    assert_eq!(board.take_changed(), BTreeSet::from([path("a.rs")]));
}

/// One step of a random life.
#[derive(Clone, Debug)]
enum Step {
    Set {
        agent: usize,
        whole: bool,
        from: usize,
        len: usize,
        starts: Vec<(usize, usize)>,
    },
    Change {
        start: usize,
        len: usize,
        text: String,
    },
    Relocate,
    Remove(usize),
    Forget,
    Look,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_usize, any::<bool>(), 0..60_usize, 0..30_usize, prop::collection::vec((0..60_usize, 0..9_usize), 0..4))
            .prop_map(|(agent, whole, from, len, starts)| Step::Set { agent, whole, from, len, starts }),
        5 => (0..60_usize, 0..8_usize, "[a-c\n]{0,6}").prop_map(|(start, len, text)| Step::Change { start, len, text }),
        1 => Just(Step::Relocate),
        1 => (0..9_usize).prop_map(Step::Remove),
        1 => Just(Step::Forget),
        2 => Just(Step::Look),
    ]
}

proptest! {
    #[test]
    fn ranges_stay_within_the_text(steps in prop::collection::vec(any_step(), 0..25)) {
        let mut text = Text::new("aab\nbca\nabcabc\naaa\ncba\n");
        let mut board = Board::default();
        let file = path("a.rs");
        for step in steps {
            let now = text.to_string();
            let range = |start: usize, len: usize| {
                let start = start.min(now.len());
                TextRange::new(start, (start + len).min(now.len()))
            };
            match step {
                Step::Set { agent, whole, from, len, starts } => {
                    let agent = ["a", "b", "c"][agent];
                    let places = starts.into_iter().map(|(start, len)| range(start, len));
                    let findings = places.map(|it| at(agent, &now, it.start, it.end, "loop bound")).collect();
                    let reviewed = if whole { Reviewed::Whole } else { Reviewed::Ranges(vec![range(from, len)]) };
                    board.set(agent, &file, &reviewed, findings);
                }
                Step::Change { start, len, text: new } => {
                    let done = text.replace(range(start, len), &new);
                    board.change(&file, &[done]);
                }
                Step::Relocate => board.relocate(&file, &text),
                Step::Remove(index) => {
                    let id = board.clusters(&file).get(index).map(|it| it.id.clone());
                    if let Some(id) = id {
                        prop_assert!(!board.remove(&id).is_empty());
                    }
                }
                Step::Forget => board.forget(&file),
                Step::Look => {}
            }
            let length = text.len();
            let all: usize = board.files.values().flat_map(|it| it.shares.values()).map(Vec::len).sum();
            prop_assert_eq!(board.places.values().map(Vec::len).sum::<usize>(), all);
            let clusters = board.clusters(&file).to_vec();
            prop_assert_eq!(clusters.iter().map(|it| it.findings.len()).sum::<usize>(), all);
            for it in clusters.iter().flat_map(|it| &it.findings) {
                prop_assert!(it.range.start <= it.range.end && it.range.end <= length);
                if let Some(fix) = &it.fix {
                    prop_assert!(fix.range.start <= fix.range.end && fix.range.end <= length);
                }
                prop_assert!(board.cluster(&it.id).is_some());
            }
        }
    }
}

/// For each cluster who said it and who was asked.
fn votes(board: &mut Board) -> Vec<String> {
    let clusters = board.clusters(&path("a.rs")).iter();
    let vote = |it: &Cluster| format!("{} of {}", it.agents().join(" "), it.asked.join(" "));
    clusters.map(vote).collect()
}

#[test]
fn who_looked_is_counted_and_who_did_not_is_not() {
    let file = path("a.rs");
    let mut board = board(vec![
        on("a", "one", "bad name"),
        on("a", "three", "slow loop"),
    ]);
    assert_eq!(votes(&mut board), ["a of a", "a of a"]);

    board.looked("a", &file, &Reviewed::Whole);
    board.looked("b", &file, &Reviewed::Whole);
    assert_eq!(votes(&mut board), ["a of a b", "a of a b"]);
    assert_eq!(board.take_changed(), BTreeSet::from([file.clone()]));

    let part = Reviewed::Ranges(vec![TextRange::new(0, 11)]);
    board.looked("c", &file, &part);
    board.set("c", &file, &part, vec![on("c", "fn one", "name is bad")]);
    assert_eq!(votes(&mut board), ["a c of a b c", "a of a b"]);

    // Edits change nothing of what was seen.
    board.change(&file, &[change(0, 0, 3), change(33, 33, 4)]);
    board.set("d", &file, &part, vec![]);
    board.looked("d", &file, &Reviewed::Whole);
    assert_eq!(votes(&mut board), ["a c of a b c d", "a of a b d"]);

    // What a file that was changed by somebody else was before says nothing of who saw it.
    board.relocate(&file, &Text::new(&TEXT.replace("two", "2")));
    assert_eq!(votes(&mut board), ["a c of a c", "a of a"]);
}

#[test]
fn what_is_known_of_agents_counts() {
    let file = path("a.rs");
    let mut board = board(vec![on("a", "one", "bad name")]);
    board.looked("a", &file, &Reviewed::Whole);
    board.looked("b", &file, &Reviewed::Whole);
    let severity = |board: &mut Board| board.clusters(&file)[0].severity;
    assert_eq!(severity(&mut board), Severity::Info);
    board.take_changed();

    let by_rules = |agent: &str| {
        let reviewer = Reviewer {
            by_rules: true,
            ..Reviewer::default()
        };
        Panel {
            reviewers: [(agent.to_owned(), reviewer)].into(),
            ..Panel::default()
        }
    };
    board.set_panel(by_rules("a"));
    assert_eq!(severity(&mut board), Severity::Warning);
    assert_eq!(board.take_changed(), BTreeSet::from([file.clone()]));
    board.set_panel(by_rules("a"));
    assert_eq!(board.take_changed(), BTreeSet::new());

    // A rule finds nothing of what a model looks for.
    board.set_panel(by_rules("b"));
    assert_eq!(votes(&mut board), ["a of a"]);
}

/// However findings arrive, what is shown in the end is the same.
#[test]
fn the_order_of_arrival_does_not_matter() {
    let file = path("a.rs");
    let all = [
        (
            "a",
            vec![on("a", "one", "bad name"), on("a", "two", "slow loop")],
        ),
        ("b", vec![on("b", "fn one", "name is bad")]),
        (
            "c",
            vec![
                on("c", "one", "the name is bad"),
                on("c", "two", "loop is slow"),
            ],
        ),
        ("d", vec![]),
    ];
    let shown = |order: &[usize]| {
        let mut board = Board::default();
        for at in order {
            let (agent, findings) = &all[*at];
            board.looked(agent, &file, &Reviewed::Whole);
            board.set(agent, &file, &Reviewed::Whole, findings.clone());
            board.clusters(&file);
        }
        board.clusters(&file).to_vec()
    };
    let first = shown(&[0, 1, 2, 3]);
    assert_eq!(first.len(), 2);
    for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        assert_eq!(shown(&order), first);
    }
}

#[test]
fn a_check_weighs_and_lasts_until_the_same_agent_checks_again() {
    use crate::check::{Check, Outcome};
    use crate::merge::Standing;
    let file = path("a.rs");
    let said = on("a", "one", "bad name");
    let id = said.id.clone();
    let key = crate::check::text_key(&Text::new(TEXT), Some(said.range));
    let mut board = board(vec![said.clone()]);
    let check = |agent: &str, outcome| Check::new(agent, &format!("provider of {agent}"), outcome);
    let standing = |board: &mut Board| board.clusters(&file)[0].standing;
    board.take_changed();
    board.check(&id, check("b", Outcome::Unsure), key.clone());
    assert_eq!(board.take_changed(), BTreeSet::from([file.clone()]));
    assert_eq!(standing(&mut board), Standing::Unsure);

    board.check(&id, check("b", Outcome::Refuted), key);
    assert_eq!(standing(&mut board), Standing::Refuted);
    let withheld = board.withheld(Caps::default());
    assert!(withheld.has(&file, &id));
    assert_eq!((withheld.count_more(), withheld.count_refuted()), (0, 1));

    // A new review that says the same changes nothing of that.
    board.set("a", &file, &Reviewed::Whole, vec![]);
    board.set("a", &file, &Reviewed::Whole, vec![said]);
    assert_eq!(standing(&mut board), Standing::Refuted);
}

#[test]
fn a_check_counts_while_the_texts_stand_that_it_rests_on() {
    use crate::check::{Check, Evidence, Outcome, text_key};
    let (file, other) = (path("a.rs"), path("b.rs"));
    let code = "let n = len;\nassert!(n > 0);\nitems[n]\n";
    let start = code.find("items").unwrap();
    let said = at("a", code, start, start + "items[n]".len(), "Out of bounds");
    let quote = |path: &RelPath, quote: &str| Evidence {
        path: path.clone(),
        quote: quote.to_owned(),
    };
    let refuted = Check {
        evidence: vec![
            quote(&file, "assert!(n > 0);"),
            quote(
                &other,
                "let key = \"********************\"; // checked by the caller",
            ),
        ],
        ..Check::new("b", "provider of b", Outcome::Refuted)
    };
    let count = |board: &mut Board| board.clusters(&file)[0].checks.len();
    let key = text_key(&Text::new(code), Some(said.range));
    let mut board = board(vec![said.clone()]);
    board.check(&said.id, refuted, key);
    assert!(board.is_quoted(&other) && !board.is_quoted(&path("c.rs")));
    assert_eq!(board.quoted_of(&file), BTreeSet::from([other.clone()]));
    assert_eq!(board.quoted_of(&other), BTreeSet::new());

    let own = BTreeSet::from([file.clone()]);
    for (path, with, without) in [
        // The guard is gone, there and elsewhere; what was masked is not looked for.
        (&file, code, "let n = len;\nother(); \nitems[n]\n"),
        (
            &other,
            "let key = \"AKIA\"; // checked by the caller",
            "let key = \"AKIA\"; // checked by nobody",
        ),
    ] {
        assert_eq!(board.recheck(path, &Text::new(with)), BTreeSet::new());
        assert_eq!(count(&mut board), 1);
        board.take_changed();
        assert_eq!(board.recheck(path, &Text::new(without)), own);
        assert_eq!(count(&mut board), 0);
        assert_eq!(board.take_changed(), own);
        assert_eq!(board.recheck(path, &Text::new(with)), own);
        assert_eq!(count(&mut board), 1);
    }

    // The finding itself is another, for a moment.
    let inside = said.range.start + 3;
    let edit = |board: &mut Board, end, new_len| {
        let range = TextRange::new(inside, end);
        board.change(&file, &[Change { range, new_len }]);
    };
    edit(&mut board, inside, 2);
    assert_eq!(count(&mut board), 0);
    let edited = [&code[..inside], "xy", &code[inside..]].concat();
    board.recheck(&file, &Text::new(&edited));
    assert_eq!(count(&mut board), 0);
    edit(&mut board, inside + 2, 0);
    board.recheck(&file, &Text::new(code));
    assert_eq!(count(&mut board), 1);
}
