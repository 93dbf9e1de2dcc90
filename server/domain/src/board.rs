//! What is known about the files of a workspace right now: each agent owns its share of the findings of each file.

use crate::carry::Carried;
use crate::check::Check;
use crate::edit::{Change, TextEdit};
use crate::finding::{Finding, FindingId};
use crate::locate::{Locator, Tier};
use crate::looked::Looked;
use crate::merge::{self, Caps, Circumstances, Cluster, Panel, Records, Withheld};
use crate::path::RelPath;
use crate::text::{Text, TextRange};
use checks::Checks;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

mod checks;
#[cfg(test)]
mod tests;

/// The findings of a workspace, by file and agent. A producer replaces only its own share, and only of what it
/// reviewed. Doors read clusters from it and ask [`Board::take_changed`] which files to show anew.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Only files with findings.
    files: BTreeMap<RelPath, File>,
    /// Where the findings of an id are, once for each of them.
    places: FxHashMap<FindingId, Vec<RelPath>>,
    changed: BTreeSet<RelPath>,
    /// Who looked at what, also in files without findings.
    looked: BTreeMap<RelPath, Looked>,
    /// Who is not asked about what.
    excused: BTreeMap<RelPath, Looked>,
    checks: Checks,
    panel: Panel,
    records: Records,
}

/// Most findings whose checks are kept; those of findings that are not here any more are forgotten first.
const MAX_CHECKED: usize = 20_000;

/// The findings of one file.
#[derive(Clone, Debug, Default)]
struct File {
    /// By agent; no share is empty.
    shares: BTreeMap<String, Vec<Finding>>,
    /// Merged from the shares; `None` until somebody asks.
    clusters: Option<Vec<Cluster>>,
}

/// The part of a file that an agent looked at, so that its older findings there are superseded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reviewed {
    /// All of it.
    Whole,
    /// These bytes of the current text.
    Ranges(Vec<TextRange>),
}

impl Board {
    /// Who the agents are. What is known of them decides how much weight their findings have.
    pub fn set_panel(&mut self, panel: Panel) {
        if self.panel == panel {
            return;
        }
        self.panel = panel;
        self.weigh_all_anew();
    }

    /// What became of the agents' earlier findings: it decides how likely their next ones are right.
    pub fn set_records(&mut self, records: Records) {
        if self.records != records {
            self.records = records;
            self.weigh_all_anew();
        }
    }

    /// Notes that `agent` looked at a part of `path`, whatever it found there. Ranges are bytes of the current text.
    pub fn looked(&mut self, agent: &str, path: &RelPath, reviewed: &Reviewed) {
        let looked = self.looked.entry(path.clone()).or_default();
        if looked.add(agent, reviewed) {
            self.weigh_anew(path);
        }
    }

    /// Notes that `agent`, although it takes part, is not asked about these bytes of the current text of `path`: nobody waits for
    /// it to agree there.
    pub fn excuse(&mut self, agent: &str, path: &RelPath, places: Vec<TextRange>) {
        let excused = self.excused.entry(path.clone()).or_default();
        if excused.add(agent, &Reviewed::Ranges(places)) {
            self.weigh_anew(path);
        }
    }

    /// Notes what an agent says of a finding that it was asked to refute; it replaces what the same agent said of it
    /// before. The finding need not be here (yet). `text` is what the finding's text was known by ([`crate::check::text_key`]).
    pub fn check(&mut self, id: &FindingId, check: Check, text: String) {
        if self.checks.len() >= MAX_CHECKED && !self.checks.has(id) {
            self.checks.retain(|id| self.places.contains_key(id));
        }
        self.checks.add(id, check, text);
        for path in self.places.get(id).cloned().unwrap_or_default() {
            self.weigh_anew(&path);
        }
    }

    /// A person says that a finding is right: what refuted it is forgotten.
    pub fn accept(&mut self, id: &FindingId) {
        if self.checks.forget_refuting(id) {
            for path in self.places.get(id).cloned().unwrap_or_default() {
                self.weigh_anew(&path);
            }
        }
    }

    /// The clusters that are not to be shown unasked, of all files.
    pub fn withheld(&mut self, caps: Caps) -> Withheld {
        let Self {
            files,
            looked,
            excused,
            checks,
            panel,
            records,
            ..
        } = self;
        let clusters = files.iter_mut().flat_map(|(path, file)| {
            let seen = (looked.get(path), excused.get(path));
            let around = circumstances(panel, records, seen, checks.valid());
            file.clusters(around)
        });
        merge::withheld(clusters, caps)
    }

    /// Replaces what `agent` said about the reviewed part of `path`. Ranges are bytes of the current text.
    /// What it said about the file as a whole is replaced only by a review of the whole.
    pub fn set(
        &mut self,
        agent: &str,
        path: &RelPath,
        reviewed: &Reviewed,
        findings: Vec<Finding>,
    ) {
        let old = self
            .files
            .get(path)
            .and_then(|it| it.shares.get(agent))
            .map_or(&[][..], Vec::as_slice);
        let mut share: Vec<Finding> = old
            .iter()
            .filter(|it| !is_superseded(it, reviewed, &findings))
            .cloned()
            .collect();
        share.extend(findings);
        if share == old {
            return;
        }
        let file = self.files.entry(path.clone()).or_default();
        file.clusters = None;
        let old = file.shares.remove(agent).unwrap_or_default();
        for it in &share {
            self.places
                .entry(it.id.clone())
                .or_default()
                .push(path.clone());
        }
        if !share.is_empty() {
            file.shares.insert(agent.to_owned(), share);
        }
        self.unplace(path, &old);
        self.touched(path);
    }

    /// Carries all findings of `path` over changes of its text. A finding whose text is gone is dropped, one
    /// whose text was edited loses its fix.
    pub fn change(&mut self, path: &RelPath, changes: &[Change]) {
        for of in [&mut self.looked, &mut self.excused] {
            if let Some(looked) = of.get_mut(path) {
                looked.change(changes);
            }
        }
        let Some(file) = self.files.get_mut(path) else {
            return;
        };
        let mut effect = Effect::None;
        let mut dropped = Vec::new();
        for share in file.shares.values_mut() {
            share.retain_mut(|it| {
                let one = carry(it, changes);
                effect = effect.max(one);
                match one {
                    Effect::Dropped => dropped.push(it.clone()),
                    // What was said of the old text is not said of the new one.
                    Effect::Edited => self.checks.edited(&it.id),
                    Effect::None | Effect::Moved => {}
                }
                one != Effect::Dropped
            });
        }
        match effect {
            Effect::None => return,
            // Moving all findings alike does not change what is merged, so the clusters move along.
            Effect::Moved => file
                .clusters
                .iter_mut()
                .flatten()
                .for_each(|it| move_cluster(it, changes)),
            Effect::Edited | Effect::Dropped => file.clusters = None,
        }
        self.unplace(path, &dropped);
        self.touched(path);
    }

    /// Holds checks against the text that `path` has now: those of findings in it, and those that quote it, of findings in any file. A check
    /// is stale, and does not count, while the finding or something that it quotes is another text; it counts again when that is back.
    /// Returns the files of which now other checks count.
    pub fn recheck(&mut self, path: &RelPath, text: &Text) -> BTreeSet<RelPath> {
        let file = self.files.get(path);
        let here = file.into_iter().flat_map(|it| it.shares.values().flatten());
        let changed = self.checks.look(path, text, here);
        let places = changed.iter().filter_map(|it| self.places.get(it));
        let paths: BTreeSet<RelPath> = places.flatten().cloned().collect();
        paths.iter().for_each(|it| self.weigh_anew(it));
        paths
    }

    /// True when a check quotes `path`, so that its text matters also where nothing is found in it.
    pub fn is_quoted(&self, path: &RelPath) -> bool {
        self.checks.quote(path)
    }

    /// The other files that checks of the findings in `path` quote.
    pub fn quoted_of(&self, path: &RelPath) -> BTreeSet<RelPath> {
        let file = self.files.get(path);
        let here = file.into_iter().flat_map(|it| it.shares.values().flatten());
        let mut quoted = self.checks.quoted_of(here.map(|it| &it.id));
        quoted.remove(path);
        quoted
    }

    /// Puts the findings of `path` at their anchors in a new text (`didOpen`, a file changed on disk). Those
    /// not found are dropped. Who looked at what is forgotten, as nobody knows what changed.
    pub fn relocate(&mut self, path: &RelPath, text: &Text) {
        let known = [&mut self.looked, &mut self.excused].map(|it| it.remove(path));
        if known.iter().any(Option::is_some) {
            self.weigh_anew(path);
        }
        let Some(file) = self.files.get_mut(path) else {
            return;
        };
        let locator = Locator::new(text);
        let mut effect = Effect::None;
        let mut dropped = Vec::new();
        for share in file.shares.values_mut() {
            share.retain_mut(|it| {
                let one = relocate(it, &locator);
                effect = effect.max(one);
                if one == Effect::Dropped {
                    dropped.push(it.clone());
                }
                one != Effect::Dropped
            });
        }
        if effect == Effect::None {
            return;
        }
        file.clusters = None;
        self.unplace(path, &dropped);
        self.touched(path);
    }

    /// Takes a whole cluster away (dismissed, fixed); returns its findings.
    pub fn remove(&mut self, id: &FindingId) -> Vec<Finding> {
        let Some((path, at)) = self.find(id) else {
            return Vec::new();
        };
        let Some(file) = self.files.get_mut(&path) else {
            return Vec::new();
        };
        let Some(clusters) = file.clusters.as_mut().filter(|it| at < it.len()) else {
            return Vec::new();
        };
        // The other clusters stay as they are, so that nothing else moves under the user's eyes.
        let removed = clusters.remove(at).findings;
        for finding in &removed {
            if let Some(share) = file.shares.values_mut().find(|it| it.contains(finding))
                && let Some(at) = share.iter().position(|it| it == finding)
            {
                share.remove(at);
            }
        }
        self.unplace(&path, &removed);
        self.touched(&path);
        removed
    }

    /// Takes away everything of `path`.
    pub fn forget(&mut self, path: &RelPath) {
        self.looked.remove(path);
        self.excused.remove(path);
        let Some(file) = self.files.remove(path) else {
            return;
        };
        for share in file.shares.values() {
            self.unplace(path, share);
        }
        self.touched(path);
    }

    /// The clusters of `path`, sorted by place. Merged at most once per change.
    pub fn clusters(&mut self, path: &RelPath) -> &[Cluster] {
        let seen = (self.looked.get(path), self.excused.get(path));
        let around = circumstances(&self.panel, &self.records, seen, self.checks.valid());
        let file = self.files.get_mut(path);
        file.map_or(&[], |it| it.clusters(around))
    }

    /// The cluster that holds finding `id`.
    pub fn cluster(&mut self, id: &FindingId) -> Option<(RelPath, Cluster)> {
        let (path, at) = self.find(id)?;
        let cluster = self.clusters(&path).get(at)?.clone();
        Some((path, cluster))
    }

    /// All files with findings.
    pub fn paths(&self) -> Vec<RelPath> {
        self.files.keys().cloned().collect()
    }

    /// The files whose findings or their places changed since the last call.
    pub fn take_changed(&mut self) -> BTreeSet<RelPath> {
        std::mem::take(&mut self.changed)
    }

    /// The file and the number of the cluster that holds finding `id`.
    fn find(&mut self, id: &FindingId) -> Option<(RelPath, usize)> {
        let path = self.places.get(id)?.first()?.clone();
        let at = self
            .clusters(&path)
            .iter()
            .position(|it| it.findings.iter().any(|it| it.id == *id))?;
        Some((path, at))
    }

    /// Has all findings merged and shown anew.
    fn weigh_all_anew(&mut self) {
        for (path, file) in &mut self.files {
            file.clusters = None;
            self.changed.insert(path.clone());
        }
    }

    /// Has the findings of `path` merged and shown anew.
    fn weigh_anew(&mut self, path: &RelPath) {
        if let Some(file) = self.files.get_mut(path) {
            file.clusters = None;
            self.changed.insert(path.clone());
        }
    }

    /// Notes that these findings are no longer in `path`.
    fn unplace(&mut self, path: &RelPath, findings: &[Finding]) {
        for it in findings {
            let Some(places) = self.places.get_mut(&it.id) else {
                continue;
            };
            if let Some(at) = places.iter().position(|it| it == path) {
                places.swap_remove(at);
            }
            if places.is_empty() {
                self.places.remove(&it.id);
            }
        }
    }

    /// Notes that `path` is to be shown anew, and drops what is empty.
    fn touched(&mut self, path: &RelPath) {
        if let Some(file) = self.files.get_mut(path) {
            file.shares.retain(|_, share| !share.is_empty());
            if file.shares.is_empty() {
                self.files.remove(path);
            }
        }
        self.changed.insert(path.clone());
    }
}

impl File {
    fn clusters(&mut self, around: Circumstances<'_>) -> &[Cluster] {
        let shares = &self.shares;
        self.clusters
            .get_or_insert_with(|| merge::merge(shares.values().flatten(), around))
    }
}

fn circumstances<'a>(
    panel: &'a Panel,
    records: &'a Records,
    (looked, excused): (Option<&'a Looked>, Option<&'a Looked>),
    checks: &'a FxHashMap<FindingId, Vec<Check>>,
) -> Circumstances<'a> {
    Circumstances {
        panel,
        records,
        looked: looked.unwrap_or(Circumstances::default().looked),
        excused: excused.unwrap_or(Circumstances::default().excused),
        checks,
    }
}

/// True when an older finding is replaced by a new review.
fn is_superseded(old: &Finding, reviewed: &Reviewed, new: &[Finding]) -> bool {
    match reviewed {
        Reviewed::Whole => true,
        Reviewed::Ranges(_) if old.tier == Tier::File => new
            .iter()
            .any(|it| it.tier == Tier::File && it.id == old.id),
        Reviewed::Ranges(ranges) => ranges.iter().any(|it| it.intersects(old.range)),
    }
}

/// What a change did to a finding, or the most that it did to several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    None,
    /// Only the offsets are others.
    Moved,
    Edited,
    Dropped,
}

/// Carries one finding and its fix; on [`Effect::Dropped`] it is as before.
fn carry(finding: &mut Finding, changes: &[Change]) -> Effect {
    if finding.tier == Tier::File {
        return Effect::None;
    }
    let (range, effect) = match carry_range(finding.range, changes) {
        Carried::Gone => return Effect::Dropped,
        Carried::Same(range) if range == finding.range => (range, Effect::None),
        Carried::Same(range) => (range, Effect::Moved),
        Carried::Edited(range) => (range, Effect::Edited),
    };
    finding.range = range;
    let Some(fix) = &mut finding.fix else {
        return effect;
    };
    match carry_range(fix.range, changes) {
        Carried::Same(range) if effect != Effect::Edited => {
            let moved = range != fix.range;
            fix.range = range;
            if moved {
                effect.max(Effect::Moved)
            } else {
                effect
            }
        }
        _ => {
            finding.fix = None;
            Effect::Edited
        }
    }
}

fn carry_range(range: TextRange, changes: &[Change]) -> Carried {
    changes
        .iter()
        .fold(Carried::Same(range), |carried, change| {
            carried.then(*change)
        })
}

fn move_cluster(cluster: &mut Cluster, changes: &[Change]) {
    for it in &mut cluster.findings {
        carry(it, changes);
    }
    cluster.range = cluster.primary().range;
}

/// Puts one finding at its anchor. Its fix goes along only where the text is the same letter by letter.
fn relocate(finding: &mut Finding, locator: &Locator<'_>) -> Effect {
    if finding.tier == Tier::File {
        return Effect::None;
    }
    let Some((range, tier)) = finding.anchor.find_with(locator) else {
        return Effect::Dropped;
    };
    let before = (finding.range, finding.tier, finding.fix.clone());
    let fix = finding.fix.take().filter(|_| tier == Tier::Exact);
    finding.fix = fix.and_then(|it| shift(it, finding.range, range));
    finding.range = range;
    finding.tier = finding.tier.max(tier);
    if before == (finding.range, finding.tier, finding.fix.clone()) {
        Effect::None
    } else {
        Effect::Edited
    }
}

/// Moves an edit inside of `old` to the same place inside of `new`; `None` where it does not fit.
fn shift(edit: TextEdit, old: TextRange, new: TextRange) -> Option<TextEdit> {
    let start = new.start + edit.range.start.checked_sub(old.start)?;
    let end = start + edit.range.len();
    let inside = edit.range.end <= old.end && end <= new.end;
    inside.then(|| TextEdit {
        range: TextRange::new(start, end),
        ..edit
    })
}
