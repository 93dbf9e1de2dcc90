//! Memory instead of calls: what an agent is asked about falls apart into hunks, and those that it has answered for before
//! are answered from the ledger. Only what is left is asked.

mod answers;
mod blocks;
mod hunks;
mod key;
mod known;
mod narrow;
mod own;
#[cfg(test)]
mod tests;
mod undone;

use super::agent::Part;
use super::answer::{Asked, Read};
use super::own::OwnHunks;
use crate::event::{MemoryUse, NotAsked, Skipped};
use crate::ledger::{HunkAnswer, Key, NewAnswers, Recall, Recollection, ask};
use crate::prompt;
use crate::request::Occasion;
use crate::scope::{Gathered, LineRange};
use domain::finding::{Finding, FindingId};
use hunks::{FileHunks, Hunk};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use undone::Fixes;

/// Longest wait for the ledger; then everything is asked.
const WAIT: Duration = Duration::from_secs(2);
/// So often a place is reviewed without the user asking; then only the user can have it asked about.
const MAX_ROUNDS: u32 = 2;

/// What is remembered for one agent's part of a run, and what its answers add.
#[derive(Default)]
pub(super) struct Memory {
    files: Vec<FileHunks>,
    occasion: Occasion,
    /// The ledger did not answer in time.
    is_late: bool,
    open: Arc<Gathered>,
    fixes: Arc<Fixes>,
    own: OwnHunks,
    /// What answers of this run said and no hunk has taken along yet.
    loose: Vec<crate::ledger::Said>,
}

/// What becomes of a hunk.
#[derive(Clone, Debug, Default, PartialEq)]
enum Fate {
    /// It is asked about.
    #[default]
    Open,
    /// It is answered from memory.
    Known(HunkAnswer),
    /// It was reviewed often enough without the user.
    HeldBack,
    /// The agent's provider wrote it, and others review it.
    Own,
}

/// What memory says before the agent is asked.
#[derive(Default)]
pub(super) struct Remembered {
    /// What is known of files, as if the agent had just said it; `None` when nothing is.
    pub(super) read: Option<Read>,
    /// What is not asked about although nothing is known.
    pub(super) held_back: Vec<Skipped>,
    /// What is not asked about because the agent's provider wrote it.
    pub(super) not_asked: Vec<NotAsked>,
    pub(super) counts: MemoryUse,
    pub(super) own: OwnHunks,
}

impl Memory {
    /// Looks everything up. Never fails: what cannot be had is asked.
    pub(super) async fn recall(part: &Part) -> Self {
        let (gathered, shared) = (part.gathered.clone(), part.shared.clone());
        let occasion = shared.occasion;
        let (spec, manner) = (part.spec.clone(), part.manner());
        let cutting = tokio::task::spawn_blocking(move || {
            let agent = key::of_agent(&spec, !manner.mask_secrets, &shared.instructions);
            let guidelines = &shared.guidelines;
            let mut files = hunks::of(&gathered, guidelines, &agent, manner.takes_ranges);
            let own = own::mark(&mut files, &gathered, &shared.own, &spec);
            (files, own)
        });
        // A panic there is a bug; it must not cost the review.
        let (files, own) = cutting.await.unwrap_or_default();
        let mut memory = Self {
            files,
            own,
            occasion,
            open: part.gathered.clone(),
            ..Self::default()
        };
        match memory.ask_ledger(part).await {
            Some(found) => memory.settle(found),
            None => memory.is_late = true,
        }
        memory.open = narrow::to_open(&part.gathered, &memory.files);
        memory
    }
    async fn ask_ledger(&self, part: &Part) -> Option<Recollection> {
        let hunks = || self.files.iter().flat_map(|it| &it.hunks);
        let is_fresh = self.occasion == Occasion::Afresh;
        let wanted = Recall {
            agent: part.spec.name.clone(),
            keys: hunks().filter(|_| !is_fresh).map(|it| it.key).collect(),
            regions: hunks().map(|it| it.region).collect(),
            by_user: self.occasion != Occasion::Automatic,
        };
        let path = &part.root.path;
        let found = ask(|reply| part.ledger.recall_answers(path, wanted, reply));
        Some(found.within(WAIT).await.ok()?.unwrap_or_default())
    }
    fn settle(&mut self, mut found: Recollection) {
        self.fixes = Arc::new(Fixes::of(std::mem::take(&mut found.applied)));
        for file in &mut self.files {
            for hunk in file.hunks.iter_mut().filter(|it| it.fate != Fate::Own) {
                let rounds = found.rounds.get(&hunk.region).copied().unwrap_or_default();
                hunk.fate = match found.answers.remove(&hunk.key) {
                    Some(answer) if hunk.fits(&answer) => Fate::Known(answer),
                    _ if self.occasion == Occasion::Automatic && rounds >= MAX_ROUNDS => {
                        Fate::HeldBack
                    }
                    _ => Fate::Open,
                };
            }
            file.part_from_incomplete(self.occasion == Occasion::Automatic, &found.rounds);
        }
    }
    /// What is left to ask.
    pub(super) fn open(&self) -> Arc<Gathered> {
        self.open.clone()
    }
    /// What is known. Blocks: it may read files.
    pub(super) fn remembered(&self, part: &Part) -> Remembered {
        let count = |fate: fn(&Fate) -> bool| {
            let hunks = self.files.iter().flat_map(|it| &it.hunks);
            hunks.filter(|it| fate(&it.fate)).count()
        };
        let counts = MemoryUse {
            hunks: count(|_| true),
            remembered: count(|it| matches!(it, Fate::Known(_))),
            held_back: count(|it| *it == Fate::HeldBack),
            own: count(|it| *it == Fate::Own),
        };
        let mut read = answers::read(part, &self.files);
        if self.is_late {
            let problem = "the ledger is slow; what it knows was asked again".to_owned();
            read.get_or_insert_default().problems.push(problem);
        }
        Remembered {
            read,
            held_back: self.held_back(part),
            not_asked: self.not_asked(part),
            counts,
            own: self.own.clone(),
        }
    }
    fn not_asked(&self, part: &Part) -> Vec<NotAsked> {
        let left_out = self.own.places.iter().filter(|_| self.own.is_left_out);
        let not_asked = left_out.filter_map(|(path, places)| {
            let mut targets = part.shared.gathered.targets.iter();
            let target = targets.find(|it| it.path == *path)?;
            Some(NotAsked {
                path: path.clone(),
                agent: part.spec.name.clone(),
                places: places.clone(),
                text: target.text.clone(),
                version: target.version,
            })
        });
        not_asked.collect()
    }
    fn held_back(&self, part: &Part) -> Vec<Skipped> {
        let skipped = self.files.iter().filter_map(|file| {
            let held = file.hunks.iter().filter(|it| it.fate == Fate::HeldBack);
            let lines: Vec<LineRange> = held.map(|it| it.lines()).collect();
            let path = &part.shared.gathered.targets.get(file.target)?.path;
            (!lines.is_empty()).then(|| Skipped {
                path: path.to_string(),
                reason: format!(
                    "{} changed again after {MAX_ROUNDS} automatic reviews by agent `{}`, which asks no more until you \
                     ask for a review",
                    prompt::lines(&narrow::joined(lines)),
                    part.spec.name
                ),
                asked_for: false,
            })
        });
        skipped.collect()
    }
    /// What the agent is to be told of earlier rounds; nothing when it is asked anew, or is no model.
    /// And the names of what it said of the same files before.
    pub(super) async fn known(&self, part: &Arc<Part>) -> (Vec<prompt::Known>, Vec<FindingId>) {
        if self.occasion == Occasion::Afresh {
            return Default::default();
        }
        let (mut known, names) = known::of(part).await;
        let manner = part.manner();
        if !manner.takes_words || !manner.mask_secrets {
            known.clear();
        }
        (known, names)
    }
    /// Says in what was said where the agent speaks of its own fixes.
    pub(super) async fn mark(&self, mut read: Read) -> Read {
        if self.fixes.is_empty() {
            return read;
        }
        let fixes = self.fixes.clone();
        let marking = tokio::task::spawn_blocking(move || {
            fixes.mark(&mut read);
            read
        });
        // A panic there is a bug.
        marking.await.unwrap_or_default()
    }
    /// What an answer adds; to be given to the ledger.
    pub(super) fn learn(&mut self, part: &Part, asked: &Asked, read: &Read) -> NewAnswers {
        let mut new = NewAnswers {
            agent: part.spec.name.clone(),
            answers: Vec::new(),
            rounds: Vec::new(),
        };
        if self.occasion == Occasion::Automatic {
            new.rounds = self.regions_of(asked);
        }
        if !read.is_whole {
            // It said more than could be understood: the next answer may tell it better.
            return new;
        }
        let mut loose = std::mem::take(&mut self.loose);
        let asked: BTreeMap<&str, Option<&[LineRange]>> = asked.lines().collect();
        for file in &read.files {
            let hunks = self.files.iter_mut().find(|it| it.path == file.path);
            match (hunks, asked.get(file.path.as_str())) {
                (Some(hunks), Some(ranges)) if !read.gaps.concern(&file.path) => {
                    if file.is_seen {
                        hunks.cover(*ranges, file, &mut loose);
                    }
                }
                _ => loose.extend(file.findings.iter().map(|it| answers::there(it, file))),
            }
        }
        for file in &mut self.files {
            new.answers.extend(file.take_answered(&mut loose));
        }
        self.loose = loose;
        new
    }
    fn regions_of(&self, asked: &Asked) -> Vec<Key> {
        let asked: BTreeMap<&str, Option<&[LineRange]>> = asked.lines().collect();
        let files = self
            .files
            .iter()
            .filter(|it| asked.contains_key(it.path.as_str()));
        let open = files.flat_map(|file| file.hunks.iter().filter(|it| it.fate == Fate::Open));
        let regions: BTreeSet<Key> = open.map(|it| it.region).collect();
        regions.into_iter().collect()
    }
}

impl Hunk {
    /// True when all of the answer is about this text; a row of the database may be damaged.
    fn fits(&self, answer: &HunkAnswer) -> bool {
        answer.said.iter().all(|it| match it {
            crate::ledger::Said::Here(finding) => self.holds(finding),
            crate::ledger::Said::There(_) | crate::ledger::Said::Whole(_) => true,
        })
    }
    fn holds(&self, finding: &Finding) -> bool {
        let fix = finding.fix.as_ref().map(|it| it.range);
        [Some(finding.range), fix]
            .into_iter()
            .flatten()
            .all(|it| it.start <= it.end && it.end <= self.bytes.len())
    }
}
