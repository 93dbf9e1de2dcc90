//! The part of the handle that is about decisions: what people dismissed and accepted, and the team's baseline.

use super::Engine;
use super::answer::once;
use crate::event::{Decided, DecidedAbout, Event, Verdict, unread};
use crate::ledger::{Listed, NewVerdict, Remembered};
use crate::request::{Dismissal, MAX_REASON, OpenBuffers};
use crate::sift::{self, Entry, Judged};
use domain::finding::{Finding, FindingId};
use domain::sanitize;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

impl Engine {
    /// Notes a dismissal in the ledger; it holds from now on, also for runs under way.
    pub fn dismiss(&self, root: &Path, dismissal: Dismissal) {
        self.decide(root, Verdict::Dismissed, dismissal);
    }
    /// Notes that findings are right. They are shown whatever was dismissed before, and findings like them count for
    /// more. The reach is [`crate::request::Reach::Here`], or for a kind that is to be shown again, that of the kind.
    pub fn accept(&self, root: &Path, acceptance: Dismissal) {
        self.decide(root, Verdict::Accepted, acceptance);
    }
    /// Takes decisions of a root back, by their numbers. What they hid is recalled again, and reported by the next review.
    pub fn undo_verdicts(&self, root: &Path, ids: &[i64]) {
        if let Some((root, _)) = self.root(root) {
            ids.iter().for_each(|it| root.undecide(*it));
        }
        self.inner.ledger.undecide(root, ids.to_vec());
    }
    /// Takes back all decisions that were made about a finding, by its name.
    pub fn undo_verdicts_of(&self, root: &Path, finding: &FindingId) {
        if let Some((root, _)) = self.root(root) {
            root.undecide_of(finding);
        }
        self.inner.ledger.undecide_of(root, finding.clone());
    }
    /// Asks the ledger for what was decided in a root; ends in one [`Event::Verdicts`].
    pub fn recall_verdicts(&self, root: &Path) {
        let (sink, path) = (self.inner.sink.clone(), root.to_owned());
        let answer = once(move |listed: Listed<Entry>| {
            sink(Event::Verdicts {
                root: path,
                left_out: listed.unreadable + listed.left_out,
                unread: listed.unread,
                verdicts: listed.items.into_iter().map(decided).collect(),
            });
        });
        self.inner.ledger.verdicts(root, answer);
    }
    /// Adds findings that are open to the team's baseline: those with these names, all of them when there are none. With
    /// `prune`, what matches nothing any more is removed, and only named findings are added. Ends in one [`Event::Baseline`].
    pub fn update_baseline(&self, root: &Path, names: Vec<FindingId>, prune: bool) {
        let (Some((root, _)), Some(handle)) = (self.root(root), self.handle()) else {
            return;
        };
        root.recall_verdicts(&self.inner.ledger);
        let (sink, path) = (self.inner.sink.clone(), root.path.clone());
        let listing = path.clone();
        let answer = once(move |listed: Listed<Remembered>| {
            if let Some(why) = listed.unread {
                // What matches nothing would be removed.
                return sink(Event::Baseline {
                    root: path,
                    change: Err(unread(&why)),
                });
            }
            handle.spawn_blocking(move || {
                let limit = root.loaded().map(|it| it.config.limits.file_bytes);
                let limit = limit.unwrap_or(crate::config::LimitsConfig::default().file_bytes);
                let files = super::proposals::placed(&root, listed.items, limit);
                let shown: BTreeSet<&FindingId> = files
                    .iter()
                    .flat_map(|it| &it.findings)
                    .map(|it| &it.id)
                    .collect();
                let is_wanted = |it: &Finding| {
                    if names.is_empty() {
                        !prune && shown.contains(&it.id)
                    } else {
                        names.contains(&it.id)
                    }
                };
                let present: Vec<sift::Present> = files
                    .iter()
                    .map(|file| sift::Present {
                        findings: file
                            .findings
                            .iter()
                            .chain(file.hidden.iter().map(|it| &it.finding))
                            .cloned()
                            .collect(),
                        text: file.text.clone(),
                    })
                    .collect();
                let elsewhere = root.elsewhere(OpenBuffers::new());
                let change = sift::update(&root.path, &is_wanted, prune, &present, &elsewhere);
                sink(Event::Baseline {
                    root: root.path.clone(),
                    change: change.map_err(|it| it.to_string()),
                });
            });
        });
        self.inner.ledger.open_findings(&listing, "", answer);
    }
    fn decide(&self, root: &Path, verdict: Verdict, decision: Dismissal) {
        let Dismissal {
            findings,
            texts,
            reach,
            reason,
        } = decision;
        let remarks: Vec<Judged> = findings
            .iter()
            .map(|it| Judged::of(it, texts.get(&it.path)))
            .collect();
        let reason = reason.map(|it| sanitize::line(&it, MAX_REASON));
        let reason = reason.filter(|it| !it.is_empty());
        if let Some((root, _)) = self.root(root) {
            root.decide(Entry {
                id: 0,
                verdict,
                reach,
                reason: reason.clone(),
                created: SystemTime::now(),
                remarks: remarks.clone(),
            });
        }
        let new = NewVerdict {
            verdict,
            reach,
            reason,
            remarks,
        };
        self.inner.ledger.decide(root, new);
    }
}

fn decided(entry: Entry) -> Decided {
    let about = entry.remarks.into_iter().map(|it| DecidedAbout {
        finding: FindingId(it.finding),
        agent: it.agent,
        path: it.path,
        category: it.category,
        title: it.title,
    });
    Decided {
        id: entry.id,
        verdict: entry.verdict,
        reach: entry.reach,
        reason: entry.reason,
        created: entry.created,
        about: about.collect(),
    }
}
