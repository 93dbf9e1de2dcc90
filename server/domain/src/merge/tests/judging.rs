//! What is made of a cluster: severity, confidence, order, and what is left out.

use super::{finding, located};
use crate::check::{Check, Outcome};
use crate::finding::{Category, Finding, FindingId, Severity};
use crate::looked::Looked;
use crate::merge::*;
use crate::path::RelPath;
use crate::text::TextRange;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

use Severity::{Error, Hint, Info, Warning};

const TITLE: &str = "The loop bound is off by one";

fn panel(agents: &[&str]) -> Panel {
    Panel {
        asked: agents.iter().map(|it| (*it).to_owned()).collect(),
        ..Panel::default()
    }
}

/// The one cluster of findings of several agents that say the same with different severities.
fn judged(said: &[(&str, Severity)], panel: &Panel, checks: &[Check]) -> Cluster {
    let findings: Vec<Finding> = said
        .iter()
        .map(|(agent, severity)| Finding {
            severity: *severity,
            ..finding(agent, 5, TITLE)
        })
        .collect();
    let checks: FxHashMap<FindingId, Vec<Check>> = findings
        .iter()
        .map(|it| (it.id.clone(), checks.to_vec()))
        .collect();
    let around = Circumstances {
        panel,
        checks: &checks,
        ..Circumstances::default()
    };
    let mut clusters = merge(&findings, around);
    assert_eq!(clusters.len(), 1);
    clusters.remove(0)
}

fn check(agent: &str, outcome: Outcome) -> Check {
    Check::new(agent, &agent.to_uppercase(), outcome)
}

#[test]
fn severity_is_what_several_agree_on() {
    for (said, expected, is_disputed) in [
        (&[("a", Error), ("b", Error)][..], Error, false),
        (&[("a", Error), ("b", Warning)], Error, false),
        (&[("a", Hint), ("b", Info)], Info, false),
        (&[("a", Error), ("b", Info)], Warning, true),
        (&[("a", Error), ("b", Hint)], Warning, true),
        (&[("a", Error), ("b", Warning), ("c", Info)], Error, false),
        (&[("a", Error), ("b", Error), ("c", Info)], Error, true),
        (&[("a", Error), ("b", Info), ("c", Info)], Info, true),
        (&[("a", Error), ("b", Warning), ("c", Hint)], Warning, true),
    ] {
        let cluster = judged(said, &panel(&["a", "b", "c"]), &[]);
        assert_eq!(cluster.severity, expected, "{said:?}");
        assert_eq!(cluster.is_disputed, is_disputed, "{said:?}");
        assert_eq!(cluster.standing, Standing::Agreed);
    }
}

#[test]
fn what_one_says_alone_is_information_where_another_could_agree() {
    let (alone, together) = (panel(&["a"]), panel(&["a", "b"]));
    for (said, panel, expected) in [
        (Error, &together, Info),
        (Warning, &together, Info),
        (Hint, &together, Hint),
        (Error, &alone, Warning),
        (Info, &alone, Info),
        (Error, &Panel::default(), Warning),
    ] {
        let cluster = judged(&[("a", said)], panel, &[]);
        assert_eq!(cluster.severity, expected, "{said:?} {panel:?}");
        assert_eq!((cluster.claimed, cluster.standing), (said, Standing::Lone));
    }
}

#[test]
fn another_who_looked_and_said_nothing_counts() {
    let (panel, mut looked) = (Panel::default(), Looked::default());
    let it = finding("a", 5, TITLE);
    let mut judged = |agent: &str| {
        looked.add(agent, &crate::board::Reviewed::Whole);
        let around = Circumstances {
            panel: &panel,
            looked: &looked,
            ..Circumstances::default()
        };
        let cluster = merge([&it], around).remove(0);
        (
            cluster.severity,
            cluster.asked.join(" "),
            cluster.providers_asked,
        )
    };
    assert_eq!(judged("a"), (Warning, "a".to_owned(), 1));
    assert_eq!(judged("b"), (Info, "a b".to_owned(), 2));
}

#[test]
fn nobody_waits_for_one_who_is_not_asked_there() {
    let (panel, mut excused) = (panel(&["a", "b"]), Looked::default());
    let it = finding("a", 5, TITLE);
    let severity = |excused: &Looked| {
        let around = Circumstances {
            panel: &panel,
            excused,
            ..Circumstances::default()
        };
        let cluster = merge([&it], around).remove(0);
        (cluster.severity, cluster.votes())
    };
    assert_eq!(severity(&excused), (Info, None));
    let elsewhere = TextRange::new(it.range.end + 1, it.range.end + 5);
    excused.add("b", &crate::board::Reviewed::Ranges(vec![elsewhere]));
    assert_eq!(severity(&excused), (Info, None));
    excused.add("b", &crate::board::Reviewed::Ranges(vec![it.range]));
    assert_eq!(severity(&excused), (Warning, None));
}

#[test]
fn security_and_lost_data_are_warnings_also_of_one() {
    let both = panel(&["a", "b"]);
    let around = Circumstances {
        panel: &both,
        ..Circumstances::default()
    };
    let severity = |it: Finding| merge([&it], around)[0].severity;
    let bad = |title| Finding {
        severity: Error,
        ..finding("a", 5, title)
    };
    assert_eq!(severity(bad("Something is wrong")), Info);
    assert_eq!(severity(bad("Unflushed writes lead to data loss")), Warning);
    let leak = Finding {
        category: Category::Security,
        ..bad("Token is logged")
    };
    assert_eq!(severity(leak), Warning);
}

#[test]
fn two_agents_of_one_provider_have_one_voice() {
    let mut twin = finding("b", 5, TITLE);
    twin.provider = "A".to_owned();
    let all = [finding("a", 5, TITLE), twin];
    let cluster = merge(&all, Circumstances::default()).remove(0);
    assert_eq!(cluster.agents(), ["a", "b"]);
    assert_eq!((cluster.providers(), cluster.providers_asked), (1, 1));
    assert_eq!(cluster.standing, Standing::Lone);
}

#[test]
fn what_a_rule_says_stands_as_it_is() {
    let by_rules = Reviewer {
        by_rules: true,
        ..Reviewer::default()
    };
    let panel = Panel {
        reviewers: [("a".to_owned(), by_rules)].into(),
        ..panel(&["a", "b"])
    };
    let cluster = judged(&[("a", Error)], &panel, &[]);
    assert_eq!(
        (cluster.severity, cluster.standing),
        (Error, Standing::Rule)
    );
    assert_eq!(cluster.asked, ["a"]);
    // A model may err; the rule does apply.
    let refuted = judged(&[("a", Error)], &panel, &[check("b", Outcome::Refuted)]);
    assert_eq!(refuted.standing, Standing::Rule);
    let agreed = judged(&[("a", Warning), ("b", Error)], &panel, &[]);
    assert_eq!(
        (agreed.severity, agreed.standing),
        (Error, Standing::Agreed)
    );
}

#[test]
fn checks_change_what_one_says_alone() {
    use Outcome::{Confirmed, Refuted, Unsure};
    let panel = panel(&["a", "b"]);
    for (outcomes, standing, severity, confidence) in [
        (&[][..], Standing::Lone, Info, 0.26),
        (&[("b", Confirmed)], Standing::Confirmed, Error, 0.6),
        (&[("b", Refuted)], Standing::Refuted, Info, 0.1),
        (&[("b", Unsure)], Standing::Unsure, Info, 0.26),
        (
            &[("b", Confirmed), ("c", Refuted)],
            Standing::Unsure,
            Info,
            0.26,
        ),
        (
            &[("b", Confirmed), ("c", Unsure)],
            Standing::Confirmed,
            Error,
            0.6,
        ),
        // Nobody can check what the same provider said.
        (&[("a", Confirmed)], Standing::Lone, Info, 0.26),
    ] {
        let checks: Vec<Check> = outcomes.iter().map(|(by, it)| check(by, *it)).collect();
        let cluster = judged(&[("a", Error)], &panel, &checks);
        assert_eq!(cluster.standing, standing, "{outcomes:?}");
        assert_eq!(cluster.severity, severity, "{outcomes:?}");
        assert!(
            (cluster.confidence - confidence).abs() < 1e-4,
            "{outcomes:?}"
        );
    }
    let both = [("a", Error), ("b", Error)];
    let once = judged(&both, &panel, &[check("c", Refuted)]);
    assert_eq!(once.standing, Standing::Agreed);
    let twice = judged(&both, &panel, &[check("c", Refuted), check("d", Refuted)]);
    assert_eq!((twice.standing, twice.severity), (Standing::Unsure, Info));
}

#[test]
fn confidence_rests_on_providers_and_records() {
    let confidence = |said: &[(&str, Severity)], records: &Records| {
        let findings = said.iter().map(|(agent, severity)| Finding {
            severity: *severity,
            ..finding(agent, 5, TITLE)
        });
        let findings: Vec<Finding> = findings.collect();
        let around = Circumstances {
            records,
            ..Circumstances::default()
        };
        (merge(&findings, around)[0].confidence * 100.0).round()
    };
    let none = Records::default();
    assert_eq!(confidence(&[("a", Error)], &none), 26.0);
    assert_eq!(confidence(&[("a", Error), ("b", Hint)], &none), 76.0);
    let three = [("a", Error), ("b", Hint), ("c", Info)];
    assert_eq!(confidence(&three, &none), 91.0);

    let record = |accepted, dismissed| {
        let record = Record {
            accepted,
            dismissed,
        };
        let mut records = Records::default();
        records.set("a", Category::Correctness, record);
        // Neither what others are worth counts, nor what it is worth in something else.
        for (agent, category) in [("a", Category::Style), ("b", Category::Correctness)] {
            let other = Record {
                accepted: 0,
                dismissed: 99,
            };
            records.set(agent, category, other);
        }
        records
    };
    assert_eq!(confidence(&[("a", Error)], &record(0, 0)), 26.0);
    assert_eq!(confidence(&[("a", Error)], &record(8, 0)), 64.0);
    assert_eq!(confidence(&[("a", Error)], &record(0, 8)), 7.0);
    assert_eq!(confidence(&[("a", Error)], &record(9999, 0)), 99.0);
}

#[test]
fn the_most_important_is_shown_first_and_the_rest_is_counted() {
    let say = |agent: &str, line, severity, title: &str| Finding {
        severity,
        ..finding(agent, line, title)
    };
    let by_rules = Reviewer {
        by_rules: true,
        ..Reviewer::default()
    };
    let panel = Panel {
        reviewers: [("rule".to_owned(), by_rules)].into(),
        ..panel(&["a", "b"])
    };
    let all = [
        say("a", 10, Error, "Retry never stops"),
        say("a", 20, Hint, "Unclear comment"),
        say("b", 30, Hint, "Socket stays open"),
        say("a", 30, Hint, "Open socket"),
        say("rule", 40, Error, "Undefined name"),
        say("b", 50, Error, "Password is compared in variable time"),
        say("b", 60, Error, "Empty header"),
    ];
    let (mut looked, mut checks) = (Looked::default(), FxHashMap::default());
    looked.add("a", &crate::board::Reviewed::Whole);
    checks.insert(all[5].id.clone(), vec![check("a", Outcome::Confirmed)]);
    checks.insert(all[6].id.clone(), vec![check("a", Outcome::Refuted)]);
    let around = Circumstances {
        panel: &panel,
        looked: &looked,
        checks: &checks,
        ..Circumstances::default()
    };
    let mut clusters = merge(&all, around);
    let title = |id: &FindingId| {
        let it = all.iter().find(|it| it.id == *id);
        it.map_or("", |it| it.title.as_str())
    };
    let limited = |per_file, per_run| {
        let caps = Caps { per_file, per_run };
        let withheld = withheld(clusters.iter(), caps);
        let names = |ids: &BTreeMap<RelPath, BTreeSet<FindingId>>| {
            let mut titles: Vec<&str> = ids.values().flatten().map(title).collect();
            titles.sort_unstable();
            titles.join(", ")
        };
        (names(&withheld.more), names(&withheld.refuted))
    };
    let refuted = "Empty header".to_owned();
    let hint = "Unclear comment".to_owned();
    assert_eq!(limited(0, 0), (String::new(), refuted.clone()));
    assert_eq!(limited(3, 0), (hint.clone(), refuted.clone()));
    assert_eq!(limited(0, 3), (hint, refuted.clone()));
    let most = "Retry never stops, Unclear comment".to_owned();
    assert_eq!(limited(2, 20), (most, refuted));

    clusters.sort_by(by_importance);
    let order: Vec<&str> = clusters.iter().map(|it| title(&it.id)).collect();
    assert_eq!(
        order,
        [
            "Password is compared in variable time",
            "Open socket",
            "Undefined name",
            "Retry never stops",
            "Empty header",
            "Unclear comment",
        ]
    );
}

#[test]
fn caps_count_each_file_alone() {
    let in_file = |path: &str, line: usize| {
        let mut it = located("a", "x\ny\nz\n", line * 2..line * 2 + 1, "Loop bound");
        it.path = RelPath::parse("/r", path).unwrap();
        it.identify(u32::try_from(line).unwrap());
        Finding {
            title: format!("Remark {line}"),
            ..it
        }
    };
    let all = ["a.rs", "b.rs"].map(|path| {
        let findings: Vec<Finding> = (0..3).map(|it| in_file(path, it)).collect();
        merge(&findings, Circumstances::default())
    });
    let left = |per_file, per_run| {
        let caps = Caps { per_file, per_run };
        withheld(all.iter().flatten(), caps).count_more()
    };
    assert_eq!(
        (left(2, 0), left(2, 3), left(0, 3), left(0, 0)),
        (2, 3, 3, 0)
    );
}
