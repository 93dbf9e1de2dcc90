//! Knowing findings again after the text was shuffled.

use crate::finding::finding;
use crate::table::{Sample, head, row, time};
use domain::finding::{Finding, FindingId};
use domain::identity::{Lines, Mark, Subject, Words, pair};
use domain::path::RelPath;
use domain::text::Text;
use std::time::Instant;

/// Findings on both sides.
const FINDINGS: usize = 5_000;
/// Lines of the file, of which those of [`SHUFFLED`] change their places.
const LINES: usize = 20_000;
const SHUFFLED: usize = 2_000;
const ROUNDS: usize = 9;

/// 5,000 new findings against 5,000 kept ones after a shuffle of 2,000 lines.
pub(crate) fn identity() {
    let before: Vec<String> = (0..LINES)
        .map(|it| format!("    let value_{it} = compute(input_{}, {it});", it % 97))
        .collect();
    let mut after = before.clone();
    // Blocks of ten lines, far from where they were, and all of them indented anew.
    for block in 0..SHUFFLED / 20 {
        for line in 0..10 {
            after.swap(block * 200 + line, LINES - 1 - block * 100 - line);
        }
    }
    let after: Vec<String> = after.iter().map(|it| it.trim_start().to_owned()).collect();
    let every = LINES / FINDINGS;
    let kept = Said::of(&before, &|number| {
        (number % every == 0)
            .then(|| format!("`value_{number}` may overflow when the input is large"))
    });
    let new = Said::of(&after, &|number| {
        (number % every == 0).then(|| format!("Large inputs overflow `value_{number}`"))
    });
    let (mut marking, mut pairing) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let lines = Lines::of(&new.text);
        let marks = new.marks(&lines);
        marking.push(start.elapsed());
        let old_marks = kept.marks(&Lines::of(&kept.text));
        let start = Instant::now();
        let (subjects, old) = (new.subjects(&marks), kept.subjects(&old_marks));
        let pairs = pair(&subjects, &old, &lines);
        pairing.push(start.elapsed());
        let number = |it: &Finding| it.id.0.clone();
        let right = pairs
            .iter()
            .filter(|(a, b)| number(&new.findings[*a]) == number(&kept.findings[*b]));
        assert_eq!((pairs.len(), right.count()), (FINDINGS, FINDINGS));
    }
    head("identity: 5,000 findings against 5,000 after a 2,000-line shuffle");
    let show = |what: &str, sample: Sample, target: &str| {
        row(what, &time(sample.median()), "", target);
    };
    show(
        "fingerprints of a 20,000-line text",
        Sample::new(marking),
        "",
    );
    show("matching, all right", Sample::new(pairing), "100 ms");
}

struct Said {
    text: Text,
    findings: Vec<Finding>,
}

impl Said {
    /// Findings on the lines that `title` has words for, by the number in the line.
    fn of(lines: &[String], title: &dyn Fn(usize) -> Option<String>) -> Self {
        let text = Text::new(&lines.join("\n"));
        let path = RelPath::try_from("src/a.rs".to_owned()).unwrap();
        let findings = lines.iter().enumerate().filter_map(|(at, line)| {
            let number = line
                .split(['_', ' '])
                .find_map(|it| it.parse::<usize>().ok())?;
            let title = title(number)?;
            let range = text.line_range(at)?;
            Some(Finding {
                id: FindingId(number.to_string()),
                ..finding("house", &path, range, title)
            })
        });
        let findings = findings.collect();
        Self { text, findings }
    }
    fn marks(&self, lines: &Lines) -> Vec<Mark> {
        let all = self.findings.iter();
        all.map(|it| Mark::of(it, &self.text, lines)).collect()
    }
    fn subjects<'a>(&'a self, marks: &'a [Mark]) -> Vec<Subject<'a>> {
        let all = self.findings.iter().zip(marks);
        all.map(|(it, mark)| Subject {
            id: &it.id.0,
            category: &it.category,
            words: Words::of(it),
            mark,
            elsewhere: false,
        })
        .collect()
    }
}
