//! What agents said of findings that they were told to refute: it counts as long as the texts stand that it is about.

use crate::check::{Check, Outcome, text_key};
use crate::finding::{Finding, FindingId};
use crate::locate::{Locator, Tier};
use crate::path::RelPath;
use crate::text::Text;
use rustc_hash::FxHashMap;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

/// Each agent's last check of a finding, also of findings that are not here any more: undo brings them back.
#[derive(Clone, Debug, Default)]
pub(super) struct Checks {
    held: FxHashMap<FindingId, Vec<Held>>,
    /// Those that are not stale, as they are merged.
    valid: FxHashMap<FindingId, Vec<Check>>,
    /// The findings with a check that quotes a file, by that file.
    quoting: BTreeMap<RelPath, BTreeSet<FindingId>>,
}

/// A check. It is stale while one of the texts is another one; it counts again when that is back.
#[derive(Clone, Debug)]
struct Held {
    check: Check,
    /// What the finding's text is known by.
    text: String,
    /// The finding's text is another one.
    is_edited: bool,
    /// The files in which something that it quotes does not stand.
    gone: BTreeSet<RelPath>,
}

impl Checks {
    /// Those that count.
    pub(super) fn valid(&self) -> &FxHashMap<FindingId, Vec<Check>> {
        &self.valid
    }

    /// Number of findings that have any.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// True when a finding has any.
    pub(super) fn has(&self, id: &FindingId) -> bool {
        self.held.contains_key(id)
    }

    /// True when one quotes this file.
    pub(super) fn quote(&self, path: &RelPath) -> bool {
        self.quoting.contains_key(path)
    }

    /// The files that checks of these findings quote.
    pub(super) fn quoted_of<'f>(
        &self,
        ids: impl Iterator<Item = &'f FindingId>,
    ) -> BTreeSet<RelPath> {
        let held = ids.filter_map(|it| self.held.get(it)).flatten();
        let evidence = held.flat_map(|it| &it.check.evidence);
        evidence.map(|it| it.path.clone()).collect()
    }

    /// Takes a check in, in place of what the same agent said before. `text` is what the finding's text is known by.
    pub(super) fn add(&mut self, id: &FindingId, check: Check, text: String) {
        for it in &check.evidence {
            let quoting = self.quoting.entry(it.path.clone()).or_default();
            quoting.insert(id.clone());
        }
        let held = self.held.entry(id.clone()).or_default();
        held.retain(|it| it.check.agent != check.agent);
        held.push(Held {
            check,
            text,
            is_edited: false,
            gone: BTreeSet::new(),
        });
        self.settle(id);
    }

    /// Forgets the checks that refute a finding; true when there were any.
    pub(super) fn forget_refuting(&mut self, id: &FindingId) -> bool {
        let Some(held) = self.held.get_mut(id) else {
            return false;
        };
        let before = held.len();
        held.retain(|it| it.check.outcome != Outcome::Refuted);
        let is_news = held.len() < before;
        if held.is_empty() {
            self.held.remove(id);
        }
        if is_news {
            self.settle(id);
        }
        is_news
    }

    /// Notes that the text of a finding was edited.
    pub(super) fn edited(&mut self, id: &FindingId) {
        if let Some(held) = self.held.get_mut(id) {
            held.iter_mut().for_each(|it| it.is_edited = true);
            self.settle(id);
        }
    }

    /// Holds checks against the text of a file, in which the findings `here` are; the findings of which now others count.
    pub(super) fn look<'f>(
        &mut self,
        path: &RelPath,
        text: &Text,
        here: impl Iterator<Item = &'f Finding>,
    ) -> BTreeSet<FindingId> {
        let mut changed = BTreeSet::new();
        for finding in here {
            let Some(held) = self.held.get_mut(&finding.id) else {
                continue;
            };
            let place = (finding.tier != Tier::File).then_some(finding.range);
            let key = text_key(text, place);
            for it in held {
                let is_edited = it.text != key;
                if std::mem::replace(&mut it.is_edited, is_edited) != is_edited {
                    changed.insert(finding.id.clone());
                }
            }
        }
        let locator = LazyCell::new(|| Locator::new(text));
        for id in self.quoting.get(path).into_iter().flatten() {
            for it in self.held.get_mut(id).into_iter().flatten() {
                let is_news = if it.check.quotes(path) && !it.check.stands_in(path, &locator) {
                    it.gone.insert(path.clone())
                } else {
                    it.gone.remove(path)
                };
                if is_news {
                    changed.insert(id.clone());
                }
            }
        }
        changed.iter().for_each(|it| self.settle(it));
        changed
    }

    /// Forgets the checks of all findings but these.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&FindingId) -> bool) {
        self.held.retain(|id, _| is_kept(id));
        self.valid.retain(|id, _| is_kept(id));
        self.quoting.retain(|_, ids| {
            ids.retain(|id| is_kept(id));
            !ids.is_empty()
        });
    }

    /// Brings up to date which checks of a finding count.
    fn settle(&mut self, id: &FindingId) {
        let held = self.held.get(id).into_iter().flatten();
        let valid = held.filter(|it| !it.is_edited && it.gone.is_empty());
        let valid: Vec<Check> = valid.map(|it| it.check.clone()).collect();
        if valid.is_empty() {
            self.valid.remove(id);
        } else {
            self.valid.insert(id.clone(), valid);
        }
    }
}
