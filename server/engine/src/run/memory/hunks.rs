//! The hunks of what an agent is asked about, and which of them its answers cover.

use super::blocks::Lines;
use super::key::{self, Key, Parts};
use super::{Fate, MAX_ROUNDS, answers};
use crate::guidelines::Guideline;
use crate::ledger::{HunkAnswer, Said};
use crate::parallel;
use crate::prompt;
use crate::run::answer::FilePart;
use crate::scope::{Gathered, LineRange, Target};
use domain::finding::Finding;
use domain::locate::Tier;
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use std::collections::BTreeMap;
use std::ops::Range;

/// The hunks of one file.
pub(super) struct FileHunks {
    /// Index of the target.
    pub(super) target: usize,
    pub(super) path: RelPath,
    pub(super) hunks: Vec<Hunk>,
    /// What was said in answers of this run, in bytes of the target's text.
    said: Vec<Finding>,
}

/// A part of a file that is answered for as a whole.
pub(super) struct Hunk {
    /// 0-based.
    range: Range<usize>,
    /// The same in bytes of the target's text, the last line end among them.
    pub(super) bytes: TextRange,
    pub(super) key: Key,
    /// Name of its place, which edits do not change.
    pub(super) region: Key,
    pub(super) fate: Fate,
    /// The lines that answers of this run are about.
    covered: Vec<Range<usize>>,
    is_kept: bool,
}

/// Cuts all targets. `takes_ranges`: the agent is told which lines it is asked about; if not, a file is one hunk.
pub(super) fn of(
    gathered: &Gathered,
    guidelines: &[Guideline],
    agent: &Parts,
    takes_ranges: bool,
) -> Vec<FileHunks> {
    let targets = gathered.targets.iter().enumerate().collect();
    parallel::map(targets, |(index, target): (usize, &Target)| {
        let file = key::of_file(agent, target, guidelines, gathered.base.is_some());
        let diff = target.diff.zip(gathered.diff.as_deref());
        let diff = diff.and_then(|(at, diff)| diff.get(at.as_range()));
        FileHunks {
            target: index,
            path: target.path.clone(),
            hunks: cut(target, &file, diff, takes_ranges),
            said: Vec::new(),
        }
    })
}

fn cut(target: &Target, file: &Parts, diff: Option<&str>, takes_ranges: bool) -> Vec<Hunk> {
    let lines = Lines::new(target.text.lines());
    let ranges = match &target.ranges {
        _ if !takes_ranges => vec![Range {
            start: 0,
            end: lines.len(),
        }],
        None => lines.hunks(),
        Some(ranges) => ranges.iter().map(|it| to_range(*it, lines.len())).collect(),
    };
    // Equal hunks are told apart by their order.
    let mut numbers: BTreeMap<Key, u32> = BTreeMap::new();
    let mut numbered = |mut parts: Parts| {
        let number = numbers.entry(parts.key()).or_default();
        parts.add(&number.to_string());
        *number += 1;
        parts.key()
    };
    let changes = diff.filter(|_| target.ranges.is_some());
    let hunks = ranges.into_iter().map(|range| {
        let around = lines.around(&range);
        let bytes = bytes(&target.text, &range);
        let change = changes.map(|it| without_numbers(it, to_lines(&range)));
        let change = change.unwrap_or_default();
        let key = key::of_hunk(file, &target.text, bytes, &lines, &around, &change);
        let region = key::of_region(target, &lines, &around, &range);
        let region = if target.ranges.is_some() {
            // Changes in one block are one place.
            region.key()
        } else {
            numbered(region)
        };
        Hunk {
            bytes,
            key: numbered(key),
            region,
            range,
            fate: Fate::Open,
            covered: Vec::new(),
            is_kept: false,
        }
    });
    hunks.collect()
}

/// The part of a diff that is about these lines, without where they are and what git says of the file.
fn without_numbers(diff: &str, lines: LineRange) -> String {
    let hunks = prompt::hunks_in(diff, &[lines]);
    let mut within = false;
    let lines = hunks.into_iter().filter_map(|it| diff.get(it));
    let lines = lines
        .flat_map(|it| it.split_inclusive('\n'))
        .filter(|line| {
            let is_head = line.starts_with("@@ ");
            within |= is_head;
            within && !is_head
        });
    lines.collect()
}

fn to_range(lines: LineRange, count: usize) -> Range<usize> {
    let start = (lines.start_line as usize).saturating_sub(1).min(count);
    start..(lines.end_line as usize).clamp(start, count.max(start))
}

fn to_lines(range: &Range<usize>) -> LineRange {
    let number = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    LineRange {
        start_line: number(range.start + 1),
        end_line: number(range.end.max(range.start + 1)),
    }
}

fn bytes(text: &Text, range: &Range<usize>) -> TextRange {
    let start = |line| text.line_range(line).map_or(text.len(), |it| it.start);
    TextRange::new(start(range.start), start(range.end))
}

impl Hunk {
    /// The lines as agents are told them.
    pub(super) fn lines(&self) -> LineRange {
        to_lines(&self.range)
    }
    /// The lines, 0-based.
    pub(super) fn range(&self) -> Range<usize> {
        self.range.clone()
    }
    fn is_covered(&self) -> bool {
        let mut at = self.range.start;
        while at < self.range.end {
            let next = self.covered.iter().filter(|it| it.contains(&at));
            match next.map(|it| it.end).max() {
                Some(end) => at = end,
                None => return false,
            }
        }
        !self.covered.is_empty()
    }
}

impl FileHunks {
    /// Hunks that hold only together are open when some of them are missing.
    pub(super) fn part_from_incomplete(&mut self, automatic: bool, rounds: &BTreeMap<Key, u32>) {
        let mut there: BTreeMap<Key, usize> = BTreeMap::new();
        let together = |hunk: &Hunk| match &hunk.fate {
            Fate::Known(answer) => answer.together,
            Fate::Open | Fate::HeldBack | Fate::Own => None,
        };
        for (name, _) in self.hunks.iter().filter_map(together) {
            *there.entry(name).or_default() += 1;
        }
        for hunk in &mut self.hunks {
            if together(hunk).is_some_and(|(name, of)| there.get(&name) != Some(&of)) {
                let held = automatic && rounds.get(&hunk.region) >= Some(&MAX_ROUNDS);
                hunk.fate = if held { Fate::HeldBack } else { Fate::Open };
            }
        }
    }
    /// Takes in what an answer says of this file. `asked`: the lines that it was asked about, all of them when `None`.
    pub(super) fn cover(
        &mut self,
        asked: Option<&[LineRange]>,
        file: &FilePart,
        loose: &mut Vec<Said>,
    ) {
        let all = usize::MAX;
        let covered: Vec<Range<usize>> = match asked {
            None => vec![Range { start: 0, end: all }],
            Some(ranges) => ranges.iter().map(|it| to_range(*it, all)).collect(),
        };
        for hunk in self.hunks.iter_mut().filter(|it| it.fate == Fate::Open) {
            hunk.covered.extend(covered.iter().cloned());
        }
        for finding in &file.findings {
            let is_here = finding.tier == Tier::File || self.hunk_of(finding).is_some();
            if is_here {
                self.said.push(finding.clone());
            } else {
                loose.push(answers::there(finding, file));
            }
        }
    }
    /// The open hunk that holds a finding and its fix.
    fn hunk_of(&self, finding: &Finding) -> Option<usize> {
        let fix = finding.fix.as_ref().map(|it| it.range);
        let within =
            |outer: TextRange, it: TextRange| outer.start <= it.start && it.end <= outer.end;
        self.hunks.iter().position(|hunk| {
            hunk.fate == Fate::Open
                && within(hunk.bytes, finding.range)
                && fix.is_none_or(|it| within(hunk.bytes, it))
        })
    }
    /// The hunks that are answered in full and not kept yet; the first of them takes along what is loose.
    pub(super) fn take_answered(&mut self, loose: &mut Vec<Said>) -> Vec<HunkAnswer> {
        let is_new = |it: &Hunk| it.fate == Fate::Open && !it.is_kept && it.is_covered();
        let new: Vec<usize> = (0..self.hunks.len())
            .filter(|it| is_new(&self.hunks[*it]))
            .collect();
        let Some(first) = new.first().copied() else {
            return Vec::new();
        };
        let mut said: BTreeMap<usize, Vec<Said>> = BTreeMap::new();
        let mut left = Vec::new();
        let mut of_file = Vec::new();
        for finding in std::mem::take(&mut self.said) {
            match self.hunk_of(&finding) {
                _ if finding.tier == Tier::File => {
                    of_file.push(Said::Whole(answers::bare(finding)))
                }
                Some(hunk) if new.contains(&hunk) => {
                    let start = self.hunks[hunk].bytes.start;
                    let here = Said::Here(answers::relative(finding, start));
                    said.entry(hunk).or_default().push(here);
                }
                _ => left.push(finding),
            }
        }
        self.said = left;
        let mut keys: Vec<Key> = new.iter().map(|it| self.hunks[*it].key).collect();
        let together = (!of_file.is_empty()).then(|| (key::of_all(&mut keys), new.len()));
        let more = said.entry(first).or_default();
        more.extend(of_file);
        more.append(loose);
        let answers = new.into_iter().map(|index| {
            self.hunks[index].is_kept = true;
            HunkAnswer {
                key: self.hunks[index].key,
                together,
                said: said.remove(&index).unwrap_or_default(),
            }
        });
        answers.collect()
    }
}
