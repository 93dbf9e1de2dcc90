//! The decisions of people about findings, ready to ask.

use super::elsewhere::Elsewhere;
use super::remark::Judged;
use crate::event::{Verdict, Why};
use crate::request::{NOT_NOW, Reach};
use domain::finding::{Category, Finding};
use domain::identity::{self, BLANK, Fingerprint, Lines, Subject, Words};
use domain::path::RelPath;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// A kind is hidden after this many different findings of it were dismissed (Greptile's rule).
const DISMISSED: usize = 3;
/// But not when this many were accepted.
const ACCEPTED: usize = 3;
/// Most decisions of one category that a finding is compared with, newest first.
const MAX_COMPARED: usize = 500;

/// One decision.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Its number in the ledger; 0 while it is not known to be there.
    pub(crate) id: i64,
    pub(crate) verdict: Verdict,
    pub(crate) reach: Reach,
    pub(crate) reason: Option<String>,
    pub(crate) created: SystemTime,
    /// What was decided about: the findings of one cluster.
    pub(crate) remarks: Vec<Judged>,
}

/// All decisions of a root.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    /// As the ledger told them, oldest first.
    stored: Vec<Entry>,
    /// Made here, each with its number; the ledger may not have told them yet.
    pending: Vec<(u64, Entry)>,
    /// Numbers of decisions taken back here; the ledger may still tell them.
    undone: Vec<(u64, i64)>,
    /// How many decisions were made or taken back here.
    changes: u64,
    index: Index,
}

/// What is said about a finding.
pub(super) enum Decision {
    /// Nothing.
    None,
    /// It is to be shown.
    Shown,
    Hidden(Why),
}

/// The remarks of all decisions, by what they can be found by.
#[derive(Clone, Debug, Default)]
struct Index {
    remarks: Vec<Indexed>,
    by_path: BTreeMap<RelPath, Vec<usize>>,
    by_line: BTreeMap<Fingerprint, Vec<usize>>,
    by_category: BTreeMap<Category, Vec<usize>>,
}

#[derive(Clone, Debug)]
struct Indexed {
    /// Which decision; later ones win.
    order: usize,
    id: i64,
    verdict: Verdict,
    reach: Reach,
    reason: Option<String>,
    judged: Judged,
    words: Words,
}

impl Verdicts {
    /// How many decisions were made here, for [`Verdicts::load`].
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }
    /// Takes what the ledger told; `since` is [`Verdicts::changes`] when it was asked.
    pub(crate) fn load(&mut self, stored: Vec<Entry>, since: u64) {
        self.pending.retain(|it| it.0 > since);
        self.undone.retain(|it| it.0 > since);
        self.stored = stored;
        let undone = &self.undone;
        self.stored
            .retain(|it| undone.iter().all(|(_, id)| *id != it.id));
        self.index();
    }
    /// Takes a decision in before the ledger tells it.
    pub(crate) fn add(&mut self, entry: Entry) {
        self.changes += 1;
        self.pending.push((self.changes, entry));
        self.index();
    }
    /// Takes a decision back before the ledger does.
    pub(crate) fn undo(&mut self, id: i64) {
        self.changes += 1;
        self.undone.push((self.changes, id));
        self.stored.retain(|it| it.id != id);
        self.index();
    }
    /// Takes back what was decided about a finding, before the ledger does.
    pub(crate) fn undo_of(&mut self, finding: &str) {
        let about = |it: &Entry| it.remarks.iter().any(|it| it.finding == finding);
        let ids = self.stored.iter().filter(|it| about(it)).map(|it| it.id);
        let ids: Vec<i64> = ids.collect();
        self.pending.retain(|(_, it)| !about(it));
        ids.into_iter().for_each(|it| self.undo(it));
        self.index();
    }
    /// All of them, oldest first.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.stored
            .iter()
            .chain(self.pending.iter().map(|it| &it.1))
    }
    fn index(&mut self) {
        let mut index = Index::default();
        for (order, entry) in self.entries().enumerate() {
            for judged in &entry.remarks {
                index.add(Indexed {
                    order,
                    id: entry.id,
                    verdict: entry.verdict,
                    reach: entry.reach,
                    reason: entry.reason.clone(),
                    judged: judged.clone(),
                    words: judged.words(),
                });
            }
        }
        self.index = index;
    }
    /// True when nothing was ever decided.
    pub(super) fn is_empty(&self) -> bool {
        self.index.remarks.is_empty()
    }
    /// What was decided about a finding. The latest decision wins.
    pub(super) fn decide(
        &self,
        finding: &Finding,
        subject: &Subject<'_>,
        lines: &Lines,
        elsewhere: &Elsewhere,
    ) -> Decision {
        let holding = self.index.candidates(finding, subject);
        let holding = holding
            .into_iter()
            .map(|it| &self.index.remarks[it])
            .filter(|it| it.holds(finding, subject, lines, elsewhere));
        match holding.max_by_key(|it| it.order) {
            Some(it) if it.verdict == Verdict::Accepted => Decision::Shown,
            Some(it) => Decision::Hidden(Why::Dismissed {
                id: it.id,
                reach: it.reach,
                reason: it.reason.clone(),
            }),
            None => self.index.by_kind(finding, subject),
        }
    }
}

impl Index {
    fn add(&mut self, it: Indexed) {
        let at = self.remarks.len();
        let (judged, reach) = (&it.judged, it.reach);
        if reach == Reach::Here {
            let all = self.by_path.entry(judged.path.clone()).or_default();
            all.push(at);
        }
        if matches!(reach, Reach::Here | Reach::Text) {
            let mut keys: Vec<Fingerprint> = judged.mark.lines.clone();
            keys.push(judged.mark.text);
            keys.retain(|it| *it != BLANK);
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                self.by_line.entry(key).or_default().push(at);
            }
        }
        let all = self.by_category.entry(judged.category.clone());
        all.or_default().push(at);
        self.remarks.push(it);
    }
    /// The remarks that may hold for a finding.
    fn candidates(&self, finding: &Finding, subject: &Subject<'_>) -> Vec<usize> {
        let here = self.by_path.get(&finding.path).into_iter().flatten();
        let mark = subject.mark;
        let lines = mark.lines.iter().chain([&mark.text]);
        let by_line = lines.filter_map(|it| self.by_line.get(it)).flatten();
        let alike = self
            .by_category
            .get(&finding.category)
            .into_iter()
            .flatten();
        let alike = alike.filter(|it| {
            let remark = &self.remarks[**it];
            remark.reach.is_kind() || (remark.reach == Reach::Text && !remark.judged.is_placed())
        });
        let mut all: Vec<usize> = here.chain(by_line).chain(alike).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
    /// What earlier decisions about findings of the kind say.
    fn by_kind(&self, finding: &Finding, subject: &Subject<'_>) -> Decision {
        if finding.category == Category::Security {
            // Nobody loses a hole for having dismissed others.
            return Decision::None;
        }
        let all = self
            .by_category
            .get(&finding.category)
            .into_iter()
            .flatten();
        let all = all.rev().take(MAX_COMPARED).map(|it| &self.remarks[*it]);
        let near = all.filter(|it| {
            !it.reach.is_kind()
                && it.reason.as_deref() != Some(NOT_NOW)
                && identity::are_neighbours(&it.judged.subject(&it.words), subject)
        });
        let (mut dismissed, mut accepted) = (Vec::new(), Vec::new());
        for it in near {
            let list = match it.verdict {
                Verdict::Dismissed => &mut dismissed,
                Verdict::Accepted => &mut accepted,
            };
            // Several agents' words for one remark count once, and so does one text dismissed twice.
            let key = (it.order, it.judged.mark.text);
            if list
                .iter()
                .all(|(order, text)| *order != key.0 && *text != key.1)
            {
                list.push(key);
            }
        }
        if dismissed.len() >= DISMISSED && accepted.len() < ACCEPTED {
            Decision::Hidden(Why::Kind {
                dismissed: dismissed.len(),
            })
        } else {
            Decision::None
        }
    }
}

impl Indexed {
    /// True when the decision is about this finding.
    fn holds(
        &self,
        finding: &Finding,
        subject: &Subject<'_>,
        lines: &Lines,
        elsewhere: &Elsewhere,
    ) -> bool {
        let then = self.judged.subject(&self.words);
        let (path, other) = (&finding.path, &self.judged.path);
        match self.reach {
            Reach::Here => {
                identity::still_says(&then, subject, lines)
                    && (path == other
                        || (self.judged.is_placed()
                            && elsewhere.has_left(other, &self.judged.mark)))
            }
            Reach::Text => identity::same_text(&then, subject),
            Reach::Kind => self.is_kind_of(finding, subject),
            Reach::KindInFile => path == other && self.is_kind_of(finding, subject),
            Reach::KindInDirectory => {
                is_below(path, directory(other)) && self.is_kind_of(finding, subject)
            }
        }
    }
    /// An agent's own rules are told apart by their codes, everything else by its words.
    fn is_kind_of(&self, finding: &Finding, subject: &Subject<'_>) -> bool {
        if self.judged.category != finding.category {
            return false;
        }
        match (&self.judged.code, &finding.code) {
            (Some(a), Some(b)) if a == b => true,
            (Some(_), Some(_)) if self.judged.agent == finding.agent => false,
            _ => identity::same_kind(&self.judged.subject(&self.words), subject),
        }
    }
}

fn directory(path: &RelPath) -> &str {
    path.as_str().rsplit_once('/').map_or("", |it| it.0)
}

fn is_below(path: &RelPath, directory: &str) -> bool {
    let rest = path.as_str().strip_prefix(directory);
    directory.is_empty() || rest.is_some_and(|it| it.starts_with('/'))
}

/// Remarks that are all decided alike: those of a baseline.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    index: Index,
}

impl Known {
    pub(super) fn of(remarks: Vec<Judged>) -> Self {
        let mut index = Index::default();
        for (order, judged) in remarks.into_iter().enumerate() {
            index.add(Indexed {
                order,
                id: 0,
                verdict: Verdict::Dismissed,
                reach: Reach::Here,
                reason: None,
                words: judged.words(),
                judged,
            });
        }
        Self { index }
    }
    pub(super) fn is_empty(&self) -> bool {
        self.index.remarks.is_empty()
    }
    /// The number of a remark that is this finding.
    pub(super) fn find(
        &self,
        finding: &Finding,
        subject: &Subject<'_>,
        lines: &Lines,
        elsewhere: &Elsewhere,
    ) -> Option<usize> {
        let candidates = self.index.candidates(finding, subject).into_iter();
        candidates
            .map(|it| &self.index.remarks[it])
            .find(|it| it.holds(finding, subject, lines, elsewhere))
            .map(|it| it.order)
    }
    pub(super) fn remarks(&self) -> impl Iterator<Item = &Judged> {
        self.index.remarks.iter().map(|it| &it.judged)
    }
}
