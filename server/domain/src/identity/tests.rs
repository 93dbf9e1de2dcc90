//! Tests of identity over time: sessions of edits between reviews, and single cases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::anchor::Anchor;
use crate::finding::{FindingId, Severity};
use crate::path::RelPath;
use crate::text::TextRange;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// A finding on the `nth` place of `quote` in `text`.
fn finding(text: &Text, quote: &str, nth: usize, title: &str) -> Finding {
    let whole = text.to_string();
    let (start, _) = whole
        .match_indices(quote)
        .nth(nth)
        .expect("the quote stands there");
    at(text, TextRange::new(start, start + quote.len()), title)
}

fn at(text: &Text, range: TextRange, title: &str) -> Finding {
    Finding {
        id: FindingId(title.to_owned()),
        agent: "house".into(),
        provider: "us".into(),
        path: RelPath::try_from("src/a.rs".to_owned()).unwrap(),
        range,
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Correctness,
        code: None,
        title: title.into(),
        body: String::new(),
        confidence: None,
        fix: None,
        anchor: Anchor::of(text, range, None),
    }
}

/// Findings with their marks, as they are kept.
#[derive(Clone)]
struct Kept {
    finding: Finding,
    mark: Mark,
    elsewhere: bool,
}

impl Kept {
    fn of(text: &Text, finding: Finding) -> Self {
        let mark = Mark::of(&finding, text, &Lines::of(text));
        Self {
            finding,
            mark,
            elsewhere: false,
        }
    }
    fn subject(&self) -> Subject<'_> {
        Subject {
            id: &self.finding.id.0,
            category: &self.finding.category,
            words: Words::of(&self.finding),
            mark: &self.mark,
            elsewhere: self.elsewhere,
        }
    }
}

fn subjects(all: &[Kept]) -> Vec<Subject<'_>> {
    all.iter().map(Kept::subject).collect()
}

/// A remark that is really there, in several wordings.
struct Bug {
    line: &'static str,
    quotes: [&'static str; 2],
    titles: [&'static str; 3],
}

const BUGS: &[Bug] = &[
    Bug {
        line: "let total = items.iter().map(|it| it.price).sum::<u32>();",
        quotes: [
            "sum::<u32>()",
            "items.iter().map(|it| it.price).sum::<u32>()",
        ],
        titles: [
            "Summing `price` may overflow `u32`",
            "The sum of all `it.price` overflows u32 for large carts",
            "`u32` overflow: the price sum is not checked",
        ],
    },
    Bug {
        line: "let name = users.get(&id).unwrap().name.clone();",
        quotes: ["unwrap()", "users.get(&id).unwrap()"],
        titles: [
            "Panics for an unknown user id",
            "`users.get` is unwrapped: an unknown id panics",
            "Panic when the id of the user is unknown",
        ],
    },
    Bug {
        line: "for i in 0..=values.len() {",
        quotes: ["0..=values.len()", "for i in 0..=values.len() {"],
        titles: [
            "Off-by-one: the loop reads past the end of `values`",
            "Loop bound reads one past the end",
            "The inclusive loop bound reads past the end of the slice",
        ],
    },
    Bug {
        line: "let query = format!(\"SELECT * FROM t WHERE id = {id}\");",
        quotes: ["{id}", "format!(\"SELECT * FROM t WHERE id = {id}\")"],
        titles: [
            "SQL injection through `format!`",
            "The query is built with format!: SQL injection",
            "Untrusted input in the SQL query (injection)",
        ],
    },
    Bug {
        line: "std::thread::sleep(Duration::from_secs(delay));",
        quotes: ["sleep", "std::thread::sleep(Duration::from_secs(delay));"],
        titles: [
            "Blocking sleep inside of an async task",
            "`std::thread::sleep` blocks the async executor",
            "Async task blocks its thread with sleep",
        ],
    },
    Bug {
        line: "if password == stored {",
        quotes: ["password == stored", "if password == stored {"],
        titles: [
            "Password comparison is not constant-time",
            "Timing attack: password compared with `==`",
            "Comparing a password in variable time leaks timing",
        ],
    },
];

/// What happens to the text between two reviews.
#[derive(Clone, Copy, Debug)]
enum Act {
    Insert(usize, usize),
    Remove(usize),
    Move(usize, usize, usize),
    Indent(usize, usize, bool),
    Reword(usize),
}

fn acts() -> impl Strategy<Value = Act> {
    let place = 0..10_000_usize;
    prop_oneof![
        (place.clone(), 1..9_usize).prop_map(|(at, count)| Act::Insert(at, count)),
        place.clone().prop_map(Act::Remove),
        (place.clone(), 1..15_usize, place.clone())
            .prop_map(|(from, count, to)| Act::Move(from, count, to)),
        (place.clone(), 1..30_usize, any::<bool>())
            .prop_map(|(from, count, more)| Act::Indent(from, count, more)),
        place.prop_map(Act::Reword),
    ]
}

/// A line, and the bug on it.
type Line = (String, Option<usize>);

/// A file of functions with plain lines, equal lines and bugs.
fn file() -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, bug) in BUGS.iter().enumerate() {
        lines.push((format!("fn number_{number}() {{"), None));
        for filler in 0..6 {
            lines.push((format!("    let filler_{filler} = work({number});"), None));
        }
        lines.push(("    return None;".to_owned(), None));
        lines.push((format!("    {}", bug.line), Some(number)));
        lines.push(("    log();".to_owned(), None));
        lines.push(("}".to_owned(), None));
        lines.push((String::new(), None));
    }
    lines
}

fn act(lines: &mut Vec<Line>, act: Act, number: usize) {
    let len = lines.len();
    match act {
        Act::Insert(at, count) => {
            let new = (0..count).map(|it| match it % 3 {
                0 => ("    return None;".to_owned(), None),
                _ => (format!("    let new_{number}_{it} = 0;"), None),
            });
            let at = at % (len + 1);
            lines.splice(at..at, new);
        }
        Act::Remove(at) => {
            let at = at % len;
            if lines[at].1.is_none() && len > 40 {
                lines.remove(at);
            }
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
        Act::Reword(at) => {
            let line = &mut lines[at % len];
            if line.1.is_none() {
                line.0 = format!("    edited_{number}();");
            }
        }
    }
}

/// What an agent says of the bugs in a text, in words and with a quote of its choice.
fn said(lines: &[Line], choice: usize) -> (Text, Vec<(usize, Kept)>) {
    let whole: Vec<&str> = lines.iter().map(|it| it.0.as_str()).collect();
    let text = Text::new(&whole.join("\n"));
    let known = Lines::of(&text);
    let mut all = Vec::new();
    for (number, (line, bug)) in lines.iter().enumerate() {
        let Some(bug) = *bug else { continue };
        let start = text.line_range(number).unwrap().start;
        let quote = BUGS[bug].quotes[(choice + bug) % 2];
        let offset = line.find(quote).unwrap();
        let range = TextRange::new(start + offset, start + offset + quote.len());
        let mut finding = at(&text, range, BUGS[bug].titles[(choice / 2 + bug) % 3]);
        finding.id = FindingId(format!("fresh {bug} {choice}"));
        let mark = Mark::of(&finding, &text, &known);
        all.push((
            bug,
            Kept {
                finding,
                mark,
                elsewhere: false,
            },
        ));
    }
    (text, all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_session_of_edits_loses_and_confuses_nothing(
        acts in prop::collection::vec(acts(), 50),
        every in 1..4_usize,
        choices in prop::collection::vec(0..1000_usize, 50),
    ) {
        let mut lines = file();
        let (_, first) = said(&lines, 0);
        // Every second bug is dismissed by what was said of it at first.
        let dismissed: Vec<(usize, Kept)> = first.iter().filter(|it| it.0 % 2 == 0).cloned().collect();
        let mut kept: Vec<(usize, Kept)> = first;
        for (number, it) in acts.iter().enumerate() {
            act(&mut lines, *it, number);
            if number % every != 0 {
                continue;
            }
            let (text, new) = said(&lines, choices[number]);
            let (new_all, old_all): (Vec<Kept>, Vec<Kept>) =
                (new.iter().map(|it| it.1.clone()).collect(), kept.iter().map(|it| it.1.clone()).collect());
            let pairs = pair(&subjects(&new_all), &subjects(&old_all), &Lines::of(&text));
            let found: BTreeMap<usize, usize> = pairs.iter().map(|(n, o)| (new[*n].0, kept[*o].0)).collect();
            let expected: BTreeMap<usize, usize> = new.iter().map(|it| (it.0, it.0)).collect();
            prop_assert_eq!(found, expected, "{}", text);

            let known = Lines::of(&text);
            for (bug, it) in &new {
                let hidden = dismissed.iter().any(|(_, old)| still_says(&old.subject(), &it.subject(), &known));
                prop_assert_eq!(hidden, bug % 2 == 0, "{}: {}\n{}", bug, it.finding.title, text);
            }
            kept = new;
        }
    }

    #[test]
    fn the_order_does_not_matter(choices in prop::collection::vec(any::<prop::sample::Index>(), 12), edits in prop::collection::vec(acts(), 6)) {
        let mut lines = file();
        // The same bugs several times, so that there is something to confuse.
        lines.extend(file());
        let (_, old) = said(&lines, 1);
        for (number, it) in edits.iter().enumerate() {
            act(&mut lines, *it, number);
        }
        let (text, new) = said(&lines, 2);
        let (mut new, mut old): (Vec<Kept>, Vec<Kept>) =
            (new.into_iter().map(|it| it.1).collect(), old.into_iter().map(|it| it.1).collect());
        let named = |new: &[Kept], old: &[Kept]| -> BTreeSet<(u32, u32)> {
            let pairs = pair(&subjects(new), &subjects(old), &Lines::of(&text));
            pairs.into_iter().map(|(n, o)| (new[n].mark.line, old[o].mark.line)).collect()
        };
        let before = named(&new, &old);
        for it in &choices {
            let (a, b) = (it.index(new.len()), it.index(old.len()));
            new.swap(0, a);
            old.swap(0, b);
        }
        prop_assert_eq!(before, named(&new, &old));
    }
}

/// Which findings of `new` are which of `old`, by their titles.
fn matched(old: (&Text, &[Finding]), new: (&Text, &[Finding])) -> Vec<(String, String)> {
    let keep = |(text, all): (&Text, &[Finding])| -> Vec<Kept> {
        all.iter().map(|it| Kept::of(text, it.clone())).collect()
    };
    let (kept_old, kept_new) = (keep(old), keep(new));
    pair(
        &subjects(&kept_new),
        &subjects(&kept_old),
        &Lines::of(new.0),
    )
    .into_iter()
    .map(|(n, o)| (new.1[n].title.clone(), old.1[o].title.clone()))
    .collect()
}

#[test]
fn of_equal_lines_only_the_same_one_is_the_same() {
    let before = Text::new("fn alpha() {\n    check();\n}\nfn beta() {\n    check();\n}\n");
    let old = [finding(&before, "check", 1, "Result of check is ignored")];
    for (now, nth, expected) in [
        // The line above says which one it is.
        (
            "fn beta() {\n    check();\n}\nfn alpha() {\n    check();\n}\n",
            0,
            true,
        ),
        (
            "fn beta() {\n    check();\n}\nfn alpha() {\n    check();\n}\n",
            1,
            false,
        ),
        // One is left, and it is the other one.
        (
            "fn alpha() {\n    check();\n}\nfn beta() {\n    other();\n}\n",
            0,
            false,
        ),
    ] {
        let now = Text::new(now);
        let new = [finding(
            &now,
            "check",
            nth,
            "The result of check is ignored",
        )];
        // What was said of the other one, so that it has something to be.
        let found = matched((&before, &old), (&now, &new));
        assert_eq!(found.len(), usize::from(expected), "{now} {nth}");
    }
}

#[test]
fn a_line_that_was_edited_keeps_its_remark_and_loses_its_dismissal() {
    let before = Text::new("one();\ntwo();\nlet x = a / b;\nthree();\n");
    let now = Text::new("one();\ntwo();\nlet x = a / (b + c);\nthree();\n");
    let old = finding(&before, "a / b", 0, "Division by zero when `b` is zero");
    let new = finding(&now, "a / (b + c)", 0, "Division by zero");
    assert_eq!(
        matched(
            (&before, std::slice::from_ref(&old)),
            (&now, std::slice::from_ref(&new))
        )
        .len(),
        1
    );
    let (old, new) = (Kept::of(&before, old), Kept::of(&now, new));
    assert!(!still_says(
        &old.subject(),
        &new.subject(),
        &Lines::of(&now)
    ));
}

#[test]
fn another_remark_on_the_same_line_is_another() {
    let text = Text::new("one();\nlet x = a / b;\nthree();\n");
    let old = Kept::of(&text, finding(&text, "a / b", 0, "Division by zero"));
    let mut other = finding(&text, "let x = a / b;", 0, "Name says nothing");
    other.category = Category::Style;
    let new = Kept::of(&text, other);
    let lines = Lines::of(&text);
    assert!(!still_says(&old.subject(), &new.subject(), &lines));
    assert_eq!(pair(&[new.subject()], &[old.subject()], &lines), []);
}

#[test]
fn like_remarks_beside_each_other_are_several() {
    let text = Text::new("let teh = recieve();\nlet wich = 1;\n");
    let said = |word: &str| finding(&text, word, 0, &format!("`{word}` is misspelt"));
    let old = Kept::of(&text, said("teh"));
    let lines = Lines::of(&text);
    for other in ["recieve", "wich"] {
        let new = Kept::of(&text, said(other));
        assert!(
            !still_says(&old.subject(), &new.subject(), &lines),
            "{other}"
        );
        assert_eq!(
            pair(&[new.subject()], &[old.subject()], &lines),
            [],
            "{other}"
        );
    }
    // The same remark on a wider place.
    let new = Kept::of(
        &text,
        finding(&text, "let teh = recieve();", 0, "A name is misspelt: teh"),
    );
    assert!(still_says(&old.subject(), &new.subject(), &lines));
}

#[test]
fn what_moved_to_another_file_is_known_there_by_its_words() {
    let before = Text::new("one();\nlet x = a / b;\nthree();\n");
    let now = Text::new("fn other() {\n        let x = a / b;\n}\n");
    let mut old = Kept::of(&before, finding(&before, "a / b", 0, "Division by zero"));
    old.elsewhere = true;
    let lines = Lines::of(&now);
    let same = Kept::of(&now, finding(&now, "a / b", 0, "May divide by zero"));
    let other = Kept::of(&now, finding(&now, "a / b", 0, "Precision is lost"));
    assert_eq!(pair(&[same.subject()], &[old.subject()], &lines), [(0, 0)]);
    assert_eq!(pair(&[other.subject()], &[old.subject()], &lines), []);
}

#[test]
fn hashes_are_for_ever() {
    // They are in databases and in baselines; another value here needs a migration.
    assert_eq!(hash(" let  x = 1; \n"), hash("letx=1;"));
    assert_eq!(hash("let x = 1;").to_string(), "dac6147d2961846f");
    assert_eq!(hash(" \t\n"), BLANK);
}

#[test]
fn thousands_of_equal_lines_end() {
    let text = Text::new(&"check();\n".repeat(5000));
    let lines = Lines::of(&text);
    let all: Vec<Kept> = (0..5000)
        .map(|it| {
            let range = text.line_range(it).unwrap();
            let finding = at(&text, range, "Result is ignored");
            let mark = Mark::of(&finding, &text, &lines);
            Kept {
                finding,
                mark,
                elsewhere: false,
            }
        })
        .collect();
    let pairs = pair(&subjects(&all), &subjects(&all), &lines);
    assert!(pairs.iter().all(|(new, old)| new == old));
    assert_eq!(pairs.len(), 5000);
}
