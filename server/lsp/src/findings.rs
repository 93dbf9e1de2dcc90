//! The findings of one root: the board, and what the editor's edits do to it.

use crate::content::hash;
use crate::tracked::{Tracked, Verdict};
use domain::board::{Board, Reviewed};
use domain::check::Check;
use domain::edit::Change;
use domain::finding::{Finding, FindingId};
use domain::merge::{Caps, Cluster, Panel, Records, Withheld};
use domain::path::RelPath;
use domain::suppression::Suppressions;
use domain::text::{Text, TextRange};
use engine::request::Reach;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

#[cfg(test)]
mod tests;

mod not_shown;

pub(crate) use not_shown::NotShown;

/// How long the editor, which shifts diagnostics itself, is left alone while the user types.
const QUIET: Duration = Duration::from_millis(50);
/// Most touched findings remembered per file; the oldest are forgotten.
const MAX_TRACKED: usize = 64;
/// Most findings that are waited for after they were opened again.
const MAX_REOPENED: usize = 1000;

/// The findings of one root.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    board: Board,
    /// How much is shown, and what is not.
    caps: Caps,
    shows_all: bool,
    withheld: Withheld,
    files: BTreeMap<RelPath, File>,
    /// How many findings of a file and agent were hidden when that was last told.
    hidden: BTreeMap<(RelPath, String), usize>,
    /// Dismissed in this session, with their texts; late answers must not bring them back.
    dismissed: BTreeMap<FindingId, String>,
    /// Settled once and open again; the ledger brings them back.
    reopened: BTreeSet<FindingId>,
    /// Brought back by undo after the ledger was told that they are settled.
    unsettled: Vec<FindingId>,
    /// When to show what edits did.
    edits_due: Option<Instant>,
    /// Something else than an edit changed the board.
    is_urgent: bool,
}

/// What is known of a file that has or had findings.
#[derive(Debug, Default)]
struct File {
    index: Option<Index>,
    tracked: Vec<Tracked>,
    is_edited: bool,
    /// Agents that spoke after the ledger was asked; what it remembers of them is older.
    spoke: BTreeSet<String>,
    /// Hash of the text that the findings are placed in, while the file is not open.
    placed_in: Option<u64>,
}

/// Finds the clusters at a place without looking at all of them.
#[derive(Debug)]
struct Index {
    starts: Vec<usize>,
    /// The furthest end of this cluster and all before it.
    reach: Vec<usize>,
}

impl Index {
    fn of(clusters: &[Cluster]) -> Self {
        let reach = clusters.iter().scan(0, |furthest: &mut usize, it| {
            *furthest = it.range.end.max(*furthest);
            Some(*furthest)
        });
        Self {
            starts: clusters.iter().map(|it| it.range.start).collect(),
            reach: reach.collect(),
        }
    }

    /// All clusters that touch `range` are among these.
    fn candidates(&self, range: TextRange) -> std::ops::Range<usize> {
        let from = self.reach.partition_point(|end| *end < range.start);
        let to = self.starts.partition_point(|start| *start <= range.end);
        from..to.max(from)
    }
}

impl Findings {
    /// Takes over who the agents are and how much is shown.
    pub(crate) fn configure(&mut self, panel: Panel, caps: Caps) {
        self.board.set_panel(panel);
        self.caps = caps;
        self.is_urgent = true;
        self.files.values_mut().for_each(|it| it.index = None);
    }

    /// What became of the agents' earlier findings.
    pub(crate) fn weigh_with(&mut self, records: Records) {
        self.board.set_records(records);
        self.is_urgent = true;
        self.files.values_mut().for_each(|it| it.index = None);
    }

    /// Shows also what the caps withhold, or does not any more.
    pub(crate) fn show_all(&mut self, all: bool) {
        self.shows_all = all;
        self.is_urgent = true;
    }

    /// What is not shown, as of the last time that anything was.
    pub(crate) fn withheld(&self) -> &Withheld {
        &self.withheld
    }

    /// An agent spoke about a file; ranges are bytes of its text now.
    pub(crate) fn show(
        &mut self,
        agent: &str,
        path: &RelPath,
        reviewed: &Reviewed,
        findings: Vec<Finding>,
    ) {
        let file = self.touch(path);
        file.spoke.insert(agent.to_owned());
        file.tracked.retain(|it| it.finding.agent != agent);
        self.board.looked(agent, path, reviewed);
        self.set(agent, path, reviewed, findings);
    }

    /// An agent is not asked about these bytes of a file's text now.
    pub(crate) fn excuse(&mut self, agent: &str, path: &RelPath, places: Vec<TextRange>) {
        self.touch(path);
        self.board.excuse(agent, path, places);
    }

    /// The ledger remembers what an agent said; ignored when the agent spoke since.
    pub(crate) fn recall(&mut self, agent: &str, path: &RelPath, findings: Vec<Finding>) {
        let is_news = !self.touch(path).spoke.contains(agent);
        let mut reopened = Vec::new();
        for it in &findings {
            if self.reopened.remove(&it.id) && !is_news {
                reopened.push(it.clone());
            }
        }
        if is_news {
            self.set(agent, path, &Reviewed::Whole, findings);
        }
        // What was settled and is open again comes back beside what the agent said since.
        reopened.retain(|it| self.dismissed.get(&it.id) != Some(&it.anchor.quote));
        for finding in reopened {
            if self.board.cluster(&finding.id).is_none() {
                self.restore(path, finding, None);
            }
        }
    }

    /// These were settled and are open again; the ledger is asked for them.
    pub(crate) fn reopened(&mut self, ids: &[FindingId]) {
        if self.reopened.len() + ids.len() > MAX_REOPENED {
            self.reopened.clear();
        }
        self.reopened.extend(ids.iter().take(MAX_REOPENED).cloned());
    }

    /// The findings that came back after the ledger was told that they are settled. Each is returned once.
    pub(crate) fn take_unsettled(&mut self) -> Vec<FindingId> {
        std::mem::take(&mut self.unsettled)
    }

    /// Another agent said something of a finding that it was told to refute.
    pub(crate) fn check(&mut self, id: &FindingId, check: Check, text: String) {
        for it in &check.evidence {
            // From now on the texts of these files matter, too.
            self.files.entry(it.path.clone()).or_default();
        }
        self.board.check(id, check, text);
        self.is_urgent = true;
        // It may change what is shown of its file.
        if let Some((path, _)) = self.board.cluster(id) {
            self.touch(&path);
        }
    }

    /// Holds checks against the text that a file has now.
    pub(crate) fn recheck(&mut self, path: &RelPath, text: &Text) {
        for changed in self.board.recheck(path, text) {
            self.touch(&changed);
        }
    }

    /// True when a check quotes a file, so that its text matters also where nothing is found in it.
    pub(crate) fn is_quoted(&self, path: &RelPath) -> bool {
        self.board.is_quoted(path)
    }

    /// The other files that checks of the findings in a file quote.
    pub(crate) fn quoted_of(&self, path: &RelPath) -> BTreeSet<RelPath> {
        self.board.quoted_of(path)
    }

    /// The ledger was asked about a file that was opened with this text.
    pub(crate) fn opened(&mut self, path: &RelPath, text: &Text) {
        let Some(file) = self.files.get_mut(path) else {
            return;
        };
        file.spoke.clear();
        let placed_in = file.placed_in.take();
        if placed_in.is_some_and(|it| it != hash(text)) {
            self.touch(path);
            self.board.relocate(path, text);
        }
        self.recheck(path, text);
        self.is_urgent = true;
    }

    /// The text of a file that is not open, for findings in it; `None` when it cannot be read any more.
    pub(crate) fn placed(&mut self, path: &RelPath, text: Option<&Text>) {
        let Some(file) = self.files.get_mut(path) else {
            return;
        };
        match text {
            Some(text) => {
                let hash = hash(text);
                if file.placed_in.replace(hash).is_some_and(|it| it != hash) {
                    self.touch(path);
                    self.board.relocate(path, text);
                }
                self.recheck(path, text);
            }
            None => {
                self.board.forget(path);
                self.touch(path);
                self.recheck(path, &Text::new(""));
            }
        }
    }

    /// A file that was open with `text` was closed.
    pub(crate) fn closed(&mut self, path: &RelPath, text: &Text) {
        if let Some(file) = self.files.get_mut(path) {
            file.placed_in = Some(hash(text));
            file.tracked.clear();
            self.is_urgent = true;
        }
    }

    /// True when a file has or had findings, so that its edits matter.
    pub(crate) fn knows(&self, path: &RelPath) -> bool {
        self.files.contains_key(path)
    }

    /// The text of an open file changed.
    pub(crate) fn edit(&mut self, path: &RelPath, changes: &[Change], now: Instant) {
        let Some(file) = self.files.get_mut(path) else {
            return;
        };
        for change in changes {
            let clusters = self.board.clusters(path);
            let index = file.index.take().unwrap_or_else(|| Index::of(clusters));
            let touched = clusters[index.candidates(change.range)]
                .iter()
                .filter(|it| touches(it.range, change.range));
            for finding in touched.flat_map(|it| &it.findings) {
                if !file.tracked.iter().any(|it| it.finding.id == finding.id) {
                    file.tracked.extend(Tracked::new(finding));
                }
            }
            file.tracked.iter_mut().for_each(|it| it.follow(*change));
            self.board.change(path, std::slice::from_ref(change));
        }
        let surplus = file.tracked.len().saturating_sub(MAX_TRACKED);
        file.tracked.drain(..surplus);
        file.is_edited = true;
        self.edits_due.get_or_insert(now + QUIET);
    }

    /// When the editor should be told of edits.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.edits_due
    }

    /// True when there is something to tell the editor now.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.is_urgent || self.edits_due.is_some_and(|it| it <= now)
    }

    /// The files to show anew; `text` gives the text of open files, in which edited ones are settled first.
    pub(crate) fn take_changed<'a>(
        &mut self,
        text: impl Fn(&RelPath) -> Option<&'a Text>,
    ) -> BTreeSet<RelPath> {
        self.is_urgent = false;
        self.edits_due = None;
        let edited = self.files.iter_mut().filter_map(|(path, file)| {
            let is_edited = std::mem::take(&mut file.is_edited);
            is_edited.then(|| path.clone())
        });
        let edited: Vec<RelPath> = edited.collect();
        for path in edited {
            if let Some(text) = text(&path) {
                self.settle(&path, text);
                self.recheck(&path, text);
            }
        }
        let mut changed = self.board.take_changed();
        let caps = if self.shows_all {
            Caps::NONE
        } else {
            self.caps
        };
        let withheld = self.board.withheld(caps);
        changed.extend(self.withheld.differing(&withheld).cloned());
        self.withheld = withheld;
        changed
    }

    /// The findings that were taken from a file since it was opened and are not on the board: their text was
    /// repaired or is gone. Each is returned once.
    pub(crate) fn take_settled(&mut self, path: &RelPath) -> Vec<FindingId> {
        let Some(file) = self.files.get_mut(path) else {
            return Vec::new();
        };
        let board = &mut self.board;
        let settled = file
            .tracked
            .iter_mut()
            .filter(|it| !it.resolved && !it.is_ignored && board.cluster(&it.finding.id).is_none());
        settled
            .map(|it| {
                it.resolved = true;
                it.finding.id.clone()
            })
            .collect()
    }

    /// Takes away findings that an applied change settled. Returns those that are settled for good; the text of the others
    /// was changed in the editor, where undo may bring it back until it is saved. `text` gives the text of open files.
    pub(crate) fn settle_by_change<'a>(
        &mut self,
        ids: &[FindingId],
        text: impl Fn(&RelPath) -> Option<&'a Text>,
    ) -> Vec<FindingId> {
        let mut settled = Vec::new();
        for id in ids {
            let Some((path, cluster)) = self.board.cluster(id) else {
                continue;
            };
            let gone = self.board.remove(&cluster.id);
            let file = self.touch(&path);
            for finding in gone {
                let of_it = |it: &Tracked| it.finding.id == finding.id;
                let is_touched = file.tracked.iter().any(|it| {
                    let is_intact = |text| matches!(it.verdict(text), Verdict::Intact(_));
                    of_it(it) && text(&path).is_some_and(|text| !is_intact(text))
                });
                if !is_touched {
                    file.tracked.retain(|it| !of_it(it));
                    settled.push(finding.id);
                }
            }
        }
        settled
    }

    /// All clusters of a file, sorted by place.
    pub(crate) fn clusters(&mut self, path: &RelPath) -> &[Cluster] {
        if self.files.contains_key(path) {
            self.board.clusters(path)
        } else {
            &[]
        }
    }

    /// The clusters of a file that the editor shows, sorted by place.
    pub(crate) fn shown(&mut self, path: &RelPath) -> impl Iterator<Item = &Cluster> {
        let withheld = &self.withheld;
        let clusters = if self.files.contains_key(path) {
            self.board.clusters(path)
        } else {
            &[]
        };
        clusters.iter().filter(|it| !withheld.has(path, &it.id))
    }

    /// How many clusters the editor shows.
    pub(crate) fn count_shown(&mut self) -> usize {
        let paths = self.board.paths();
        paths.iter().map(|it| self.shown(it).count()).sum()
    }

    /// The shown clusters that touch a range, sorted by place; an empty range touches what begins or ends there.
    pub(crate) fn at(&mut self, path: &RelPath, range: TextRange) -> Vec<&Cluster> {
        let Some(file) = self.files.get_mut(path) else {
            return Vec::new();
        };
        let clusters = self.board.clusters(path);
        let index = file.index.get_or_insert_with(|| Index::of(clusters));
        let candidates = clusters[index.candidates(range)].iter();
        let withheld = &self.withheld;
        candidates
            .filter(|it| it.range.intersects(range) && !withheld.has(path, &it.id))
            .collect()
    }

    /// The cluster that holds a finding, and its file.
    pub(crate) fn cluster(&mut self, id: &FindingId) -> Option<(RelPath, Cluster)> {
        self.board.cluster(id)
    }

    /// Takes away a cluster, and what is like it as far as `reach` goes. Returns the findings of that cluster.
    pub(crate) fn dismiss(&mut self, id: &FindingId, reach: Reach) -> Vec<Finding> {
        let Some((_, cluster)) = self.board.cluster(id) else {
            return Vec::new();
        };
        let mut gone = vec![cluster.id.clone()];
        if reach != Reach::Here {
            for path in self.board.paths() {
                let alike = self
                    .board
                    .clusters(&path)
                    .iter()
                    .filter(|it| is_alike(it, &cluster, reach));
                gone.extend(alike.map(|it| it.id.clone()));
            }
        }
        for id in gone {
            for finding in self.board.remove(&id) {
                self.touch(&finding.path)
                    .tracked
                    .retain(|it| it.finding.id != finding.id);
                let of = (finding.path.clone(), finding.agent.clone());
                *self.hidden.entry(of).or_default() += 1;
                self.dismissed.insert(finding.id, finding.anchor.quote);
            }
        }
        cluster.findings
    }

    /// A person says that a cluster is right: whatever refuted it counts no more.
    pub(crate) fn accept(&mut self, cluster: &Cluster) {
        for finding in &cluster.findings {
            self.board.accept(&finding.id);
        }
        self.is_urgent = true;
    }

    /// Forgets what was dismissed in this session: the ledger knows what still is.
    pub(crate) fn forget_dismissals(&mut self) {
        self.dismissed.clear();
        self.hidden.clear();
    }

    /// All files with findings.
    pub(crate) fn paths(&self) -> Vec<RelPath> {
        self.board.paths()
    }

    /// True when there is any.
    pub(crate) fn has_any(&self) -> bool {
        !self.board.paths().is_empty()
    }

    /// Takes away all findings of a file and forgets it; the caller shows them somewhere else.
    pub(crate) fn take(&mut self, path: &RelPath) -> Vec<Finding> {
        let clusters = self.board.clusters(path).iter();
        let taken = clusters.flat_map(|it| it.findings.clone()).collect();
        self.board.forget(path);
        self.files.remove(path);
        self.is_urgent = true;
        taken
    }

    /// Shows findings that another root held, in the same text.
    pub(crate) fn adopt(&mut self, path: &RelPath, findings: Vec<Finding>) {
        let mut by_agent: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for mut finding in findings {
            finding.path = path.clone();
            let share = by_agent.entry(finding.agent.clone()).or_default();
            share.push(finding);
        }
        for (agent, share) in by_agent {
            self.set(&agent, path, &Reviewed::Ranges(Vec::new()), share);
        }
    }

    /// Takes away everything.
    pub(crate) fn clear(&mut self) {
        for path in self.board.paths() {
            self.board.forget(&path);
        }
        self.files.clear();
        self.hidden.clear();
        self.is_urgent = true;
    }

    fn set(
        &mut self,
        agent: &str,
        path: &RelPath,
        reviewed: &Reviewed,
        mut findings: Vec<Finding>,
    ) {
        findings.retain(|it| self.dismissed.get(&it.id) != Some(&it.anchor.quote));
        self.board.set(agent, path, reviewed, findings);
        self.touch(path);
    }

    /// Notes that the board changes for a file.
    fn touch(&mut self, path: &RelPath) -> &mut File {
        self.is_urgent = true;
        let file = self.files.entry(path.clone()).or_default();
        file.index = None;
        file
    }

    /// Decides what became of the findings whose text was touched.
    fn settle(&mut self, path: &RelPath, text: &Text) {
        let Some(file) = self.files.get_mut(path) else {
            return;
        };
        file.index = None;
        let tracked = std::mem::take(&mut file.tracked);
        if tracked.is_empty() && self.board.clusters(path).is_empty() {
            return;
        }
        let comments = Suppressions::of(path.as_str(), text, &[]);
        for mut tracked in tracked {
            let on_board = self
                .board
                .cluster(&tracked.finding.id)
                .map(|(_, cluster)| cluster);
            let verdict = tracked.verdict(text);
            tracked.is_ignored =
                matches!(&verdict, Verdict::Intact(it) if comments.hides(it, text).is_some());
            match (verdict, on_board) {
                (Verdict::Intact(_), on_board) if tracked.is_ignored => {
                    if let Some(cluster) = on_board {
                        self.board.remove(&cluster.id);
                    }
                    self.keep(path, tracked);
                }
                (Verdict::Intact(finding), on_board) => {
                    if tracked.resolved {
                        self.unsettled.push(finding.id.clone());
                    }
                    self.restore(path, *finding, on_board.as_ref());
                }
                (Verdict::Settled, Some(cluster)) => {
                    self.board.remove(&cluster.id);
                    self.keep(path, tracked);
                }
                (Verdict::Settled | Verdict::Open, _) => self.keep(path, tracked),
            }
        }
        self.ignore(path, text, &comments);
    }

    /// Takes away what comments in the code keep away, for as long as they stand there. A finding that cannot be brought back
    /// stays until the next review.
    fn ignore(&mut self, path: &RelPath, text: &Text, comments: &Suppressions) {
        if comments.is_empty() {
            return;
        }
        let clusters = self.board.clusters(path).iter();
        let ignored: Vec<Cluster> = clusters
            .filter(|it| {
                it.findings
                    .iter()
                    .all(|it| comments.hides(it, text).is_some())
            })
            .cloned()
            .collect();
        for cluster in ignored {
            let tracked: Option<Vec<Tracked>> = cluster.findings.iter().map(Tracked::new).collect();
            for mut tracked in tracked.into_iter().flatten() {
                self.board.remove(&cluster.id);
                tracked.is_ignored = true;
                self.keep(path, tracked);
            }
        }
    }

    fn keep(&mut self, path: &RelPath, tracked: Tracked) {
        if let Some(file) = self.files.get_mut(path) {
            file.tracked.push(tracked);
        }
    }

    /// Puts a finding back whose text is there again, unless it is on the board just so.
    fn restore(&mut self, path: &RelPath, finding: Finding, on_board: Option<&Cluster>) {
        let shown = on_board.and_then(|it| it.findings.iter().find(|it| it.id == finding.id));
        if shown.is_some_and(|it| it.range == finding.range && it.fix == finding.fix) {
            return;
        }
        // What the same agent says about the same text stays.
        let agent = finding.agent.clone();
        let range = finding.range;
        let near = self.board.clusters(path).iter().flat_map(|it| &it.findings);
        let mut findings: Vec<Finding> = near
            .filter(|it| it.agent == agent && it.id != finding.id && touches(it.range, range))
            .cloned()
            .collect();
        let mut replaced: Vec<TextRange> =
            findings.iter().chain(shown).map(|it| it.range).collect();
        replaced.push(range);
        findings.push(finding);
        self.board
            .set(&agent, path, &Reviewed::Ranges(replaced), findings);
    }
}

/// True when both share a byte or touch.
fn touches(a: TextRange, b: TextRange) -> bool {
    a.start <= b.end && b.start <= a.end
}

fn is_alike(a: &Cluster, b: &Cluster, reach: Reach) -> bool {
    let (first, second) = (a.primary(), b.primary());
    let same_kind =
        first.title == second.title || (first.code.is_some() && first.code == second.code);
    a.category == b.category
        && match reach {
            Reach::Here => a.id == b.id,
            Reach::Text => first.anchor.quote == second.anchor.quote,
            Reach::Kind => same_kind,
            Reach::KindInFile => same_kind && first.path == second.path,
            Reach::KindInDirectory => {
                let directory = second.path.as_str().rsplit_once('/').map(|it| it.0);
                same_kind
                    && directory.is_none_or(|it| first.path.as_str().starts_with(&format!("{it}/")))
            }
        }
}
