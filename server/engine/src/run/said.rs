//! What an agent said in a run, file by file: named as it was before, and what is shown parted from what is not.

use super::agent::{Answered, Part, Recalled};
use super::answer::{FilePart, Read};
use super::identity::identify;
use super::memory::Memory;
use super::names::{Before, Names};
use super::report::Counts;
use crate::event::{FileFindings, Hidden, Why};
use crate::parallel;
use crate::sift::{Elsewhere, Sifted};
use domain::board::Reviewed;
use domain::finding::{Finding, FindingId};
use domain::identity::{Lines, Mark};
use domain::locate::Tier;
use domain::path::RelPath;
use domain::text::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for the ledger to tell what was decided. It only ever counts for a review right at the start.
const VERDICTS_WAIT: Duration = Duration::from_millis(500);
/// So many files are named at once, with one question to the ledger.
const FILES_AT_ONCE: usize = 64;

/// What an agent said in this run, by file: a file may be reviewed in several calls.
#[derive(Default)]
pub(super) struct Known {
    files: BTreeMap<RelPath, KnownFile>,
    /// The names of what it said before the run.
    before: BTreeSet<FindingId>,
    names: Names,
    /// Whether the ledger had its time to tell the verdicts.
    waited: bool,
}

/// What an agent said of one file so far, and the text that this is in bytes of.
struct KnownFile {
    reviewed: Reviewed,
    findings: Vec<Finding>,
    text: Text,
}

impl Known {
    /// Asks the ledger what will be needed, while nobody waits.
    pub(super) async fn prepare(&mut self, part: &Part) {
        let elsewhere = part.root.elsewhere(part.shared.open.clone());
        let (ledger, root, agent) = (&part.ledger, &part.root.path, &part.spec.name);
        let names = &mut self.names;
        names.look_for_gone(ledger, root, agent, &elsewhere).await;
    }
    /// Notes the names of what was said before the run.
    pub(super) fn note_earlier(&mut self, names: Vec<FindingId>) {
        self.before.extend(names);
    }
    /// Adds what memory says.
    pub(super) async fn recall(&mut self, part: &Arc<Part>, memory: Memory) -> (Memory, Recalled) {
        let reading = part.clone();
        // It may read files, and the workers have other runs to serve.
        let reading = tokio::task::spawn_blocking(move || {
            let remembered = memory.remembered(&reading);
            (memory, remembered)
        });
        // After a panic there, which is a bug, what was known counts as not reviewed.
        let (memory, remembered) = reading.await.unwrap_or_default();
        let answered = match remembered.read {
            Some(read) => Some(self.take(part, memory.mark(read).await).await),
            None => None,
        };
        let answered = answered.map(|mut it| {
            for (file, counts) in &mut it.files {
                counts.known = counts.findings;
                let names = file.findings.iter().map(|it| it.id.clone());
                self.before.extend(names);
            }
            it
        });
        let recalled = Recalled {
            answered,
            held_back: remembered.held_back,
            not_asked: remembered.not_asked,
            counts: remembered.counts,
            own: remembered.own,
        };
        (memory, recalled)
    }
    /// Adds an answer; returns all that is known of the files in it.
    pub(super) async fn take(&mut self, part: &Part, read: Read) -> Answered {
        let Read {
            files,
            mut problems,
            summary,
            usage,
            gaps,
            ..
        } = read;
        if !std::mem::replace(&mut self.waited, true)
            && timeout(VERDICTS_WAIT, part.root.verdicts_known())
                .await
                .is_err()
        {
            problems.push(
                "the ledger is slow; findings that were dismissed may be shown again".to_owned(),
            );
        }
        let mut taken = Vec::new();
        let mut files = files.into_iter();
        loop {
            let next: Vec<FilePart> = files.by_ref().take(FILES_AT_ONCE).collect();
            if next.is_empty() {
                break;
            }
            taken.extend(self.take_files(part, next).await);
        }
        Answered {
            files: taken,
            problems,
            summary,
            usage,
            gaps,
        }
    }
    /// Names what was said of these files, and parts what is shown from what is not.
    async fn take_files(
        &mut self,
        part: &Part,
        files: Vec<FilePart>,
    ) -> Vec<(FileFindings, Counts)> {
        let elsewhere = part.root.elsewhere(part.shared.open.clone());
        let files = tokio::task::block_in_place(|| parallel::map(files, Marked::of));
        let asked = files.iter().filter(|it| !it.marks.is_empty());
        let asked: Vec<(&RelPath, &[Mark])> =
            asked.map(|it| (&it.path, it.marks.as_slice())).collect();
        let (ledger, root, agent) = (&part.ledger, &part.root.path, &part.spec.name);
        let names = &mut self.names;
        let before = names.before(ledger, root, agent, &asked, &elsewhere).await;
        let mut before = before.unwrap_or_default().into_iter();
        // Files may be read.
        tokio::task::block_in_place(|| {
            let named = files.into_iter().map(|it| {
                // Only files of which something was said were asked about.
                let before = (!it.marks.is_empty()).then(|| before.next());
                self.name(it, before.flatten(), &elsewhere)
            });
            let named: Vec<Named> = named.collect();
            let sifted = parallel::map(named, |it| it.sift(part, &elsewhere));
            let counted = sifted.into_iter().map(|(file, mut counts)| {
                let known = file
                    .findings
                    .iter()
                    .filter(|it| self.before.contains(&it.id));
                counts.known = known.count();
                (file, counts)
            });
            counted.collect()
        })
    }
    /// Adds what was said of a file to what was said of it before.
    fn name(&mut self, marked: Marked, before: Option<Before>, elsewhere: &Elsewhere) -> Named {
        let Marked {
            path,
            text,
            version,
            reviewed,
            lines,
            findings,
            marks,
        } = marked;
        // A file that was not asked about, and changed on disk since: what was said before is told already.
        let known = self.files.remove(&path).filter(|it| it.text == text);
        let (reviewed, mut all) = match known {
            Some(known) => (both(known.reviewed, reviewed), known.findings),
            None => (reviewed, Vec::new()),
        };
        if !findings.is_empty() {
            let names = &mut self.names;
            let named = names.give(findings, marks, &all, &lines, before, elsewhere);
            all.extend(named);
            all.sort_by(|a, b| (a.range, &a.id).cmp(&(b.range, &b.id)));
        }
        let known = KnownFile {
            reviewed: reviewed.clone(),
            findings: all.clone(),
            text: text.clone(),
        };
        self.files.insert(path.clone(), known);
        Named {
            path,
            text,
            lines,
            version,
            reviewed,
            findings: all,
        }
    }
}

/// What was said of a file, each remark once, and what their places are known by.
struct Marked {
    path: RelPath,
    text: Text,
    version: Option<i32>,
    reviewed: Reviewed,
    lines: Lines,
    findings: Vec<Finding>,
    marks: Vec<Mark>,
}

impl Marked {
    fn of(file: FilePart) -> Self {
        let lines = Lines::of(&file.text);
        let findings = identify(file.findings);
        let marks = findings.iter().map(|it| Mark::of(it, &file.text, &lines));
        Self {
            marks: marks.collect(),
            path: file.path,
            text: file.text,
            version: file.version,
            reviewed: file.reviewed,
            lines,
            findings,
        }
    }
}

/// All that was said of a file in this run, by the names that it keeps.
struct Named {
    path: RelPath,
    text: Text,
    lines: Lines,
    version: Option<i32>,
    reviewed: Reviewed,
    findings: Vec<Finding>,
}

impl Named {
    fn sift(self, part: &Part, elsewhere: &Elsewhere) -> (FileFindings, Counts) {
        let Self {
            path,
            text,
            lines,
            version,
            reviewed,
            findings,
        } = self;
        let Sifted { shown, hidden } = part.root.sift(&path, &text, &lines, findings, elsewhere);
        let counts = counts(&shown, &hidden);
        let file = FileFindings {
            path,
            agent: part.spec.name.clone(),
            reviewed,
            findings: shown,
            hidden,
            text,
            version,
        };
        (file, counts)
    }
}

fn counts(shown: &[Finding], hidden: &[Hidden]) -> Counts {
    let mut counts = Counts {
        findings: shown.len(),
        unlocated: shown.iter().filter(|it| it.tier == Tier::File).count(),
        ..Counts::default()
    };
    for it in hidden {
        match it.why {
            Why::Dismissed { .. } => counts.dismissed += 1,
            Why::Kind { .. } => counts.left_out.kind += 1,
            Why::Baseline => counts.left_out.baseline += 1,
            Why::Comment { .. } => counts.left_out.comments += 1,
        }
    }
    counts
}

fn both(a: Reviewed, b: Reviewed) -> Reviewed {
    match (a, b) {
        (Reviewed::Ranges(mut a), Reviewed::Ranges(b)) => {
            a.extend(b);
            a.sort_unstable();
            a.dedup();
            Reviewed::Ranges(a)
        }
        _ => Reviewed::Whole,
    }
}
