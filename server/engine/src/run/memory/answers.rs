//! From findings to what is kept of them, and back.

use super::Fate;
use super::hunks::FileHunks;
use crate::ledger::{Remembered, Said};
use crate::run::agent::{Gaps, Part};
use crate::run::answer::{Asked, FilePart, Read};
use crate::run::files::Files;
use crate::scope::Target;
use domain::anchor::Anchor;
use domain::board::Reviewed;
use domain::finding::{Finding, FindingId};
use domain::locate::{Locator, Tier};
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use std::collections::BTreeMap;

/// A finding that is elsewhere than in the hunks that were asked about.
pub(super) fn there(finding: &Finding, file: &FilePart) -> Said {
    Said::There(Remembered::of(finding.clone(), &file.text))
}

/// A finding with its ranges counted from `start`, without what is made anew.
pub(super) fn relative(mut finding: Finding, start: usize) -> Finding {
    let shifted = |it: TextRange| TextRange::new(it.start - start, it.end - start);
    finding.range = shifted(finding.range);
    if let Some(fix) = &mut finding.fix {
        fix.range = shifted(fix.range);
    }
    bare(finding)
}

/// A finding without what is made anew.
pub(super) fn bare(mut finding: Finding) -> Finding {
    finding.id = FindingId(String::new());
    finding.anchor = Anchor {
        symbol: finding.anchor.symbol.take(),
        ..Anchor::default()
    };
    finding
}

/// What is known, as if the agent had just said it; `None` when nothing is.
pub(super) fn read(part: &Part, files: &[FileHunks]) -> Option<Read> {
    let is_known = |file: &&FileHunks| {
        file.hunks
            .iter()
            .any(|it| matches!(it.fate, Fate::Known(_)))
    };
    let known: Vec<&FileHunks> = files.iter().filter(is_known).collect();
    if known.is_empty() {
        return None;
    }
    let mut others: BTreeMap<RelPath, Vec<Remembered>> = BTreeMap::new();
    let mut parts: Vec<FilePart> = known
        .into_iter()
        .filter_map(|it| {
            let target = part.shared.gathered.targets.get(it.target)?;
            Some(of_file(target, it, &mut others))
        })
        .collect();
    let mut sources = Files::new(part, &Asked::none());
    for (path, said) in others {
        add_others(&mut parts, &mut sources, &path, said);
    }
    Some(Read {
        files: parts,
        is_whole: true,
        problems: Vec::new(),
        summary: None,
        usage: None,
        gaps: Gaps::default(),
    })
}

pub(super) fn of_file(
    target: &Target,
    file: &FileHunks,
    others: &mut BTreeMap<RelPath, Vec<Remembered>>,
) -> FilePart {
    let text = &target.text;
    let (mut findings, mut reviewed, mut is_all) = (Vec::new(), Vec::new(), true);
    for hunk in &file.hunks {
        let Fate::Known(answer) = &hunk.fate else {
            is_all = false;
            continue;
        };
        reviewed.push(hunk.bytes);
        for said in &answer.said {
            match said {
                Said::Here(finding) => findings.push(placed(finding, hunk.bytes.start, text)),
                Said::Whole(finding) => findings.push(placed(finding, 0, text)),
                Said::There(remembered) => others
                    .entry(remembered.path().clone())
                    .or_default()
                    .push(remembered.clone()),
            }
        }
    }
    let here = others.remove(&target.path).unwrap_or_default();
    if !here.is_empty() {
        let locator = Locator::new(text);
        let is_open = |at: TextRange| {
            let open = file.hunks.iter().filter(|it| it.fate == Fate::Open);
            open.map(|it| it.bytes).any(|it| it.intersects(at))
        };
        let placed = here.into_iter().filter_map(|it| it.place(text, &locator));
        // What is asked anew is not told from memory.
        findings.extend(placed.filter(|it| !is_open(it.range)));
    }
    let reviewed = if target.ranges.is_none() && is_all {
        Reviewed::Whole
    } else {
        ranges(reviewed, &findings)
    };
    FilePart {
        path: target.path.clone(),
        text: text.clone(),
        version: target.version,
        reviewed,
        findings,
        is_seen: true,
    }
}

/// Whatever else was spoken of was looked at, too.
fn ranges(mut reviewed: Vec<TextRange>, findings: &[Finding]) -> Reviewed {
    let spoken = findings.iter().filter(|it| it.tier != Tier::File);
    reviewed.extend(spoken.map(|it| it.range));
    Reviewed::Ranges(reviewed)
}

/// A finding in the text as it is now.
fn placed(finding: &Finding, start: usize, text: &Text) -> Finding {
    let mut finding = finding.clone();
    let shifted = |it: TextRange| TextRange::new(it.start + start, it.end + start);
    finding.range = shifted(finding.range);
    if let Some(fix) = &mut finding.fix {
        fix.range = shifted(fix.range);
    }
    finding.anchor = Anchor::of(text, finding.range, finding.anchor.symbol.take());
    finding
}

/// Findings in files that were not asked about, as far as their text still stands.
fn add_others(
    parts: &mut Vec<FilePart>,
    sources: &mut Files<'_>,
    path: &RelPath,
    said: Vec<Remembered>,
) {
    if let Some(known) = parts.iter_mut().find(|it| it.path == *path) {
        let locator = Locator::new(&known.text);
        let more = said
            .into_iter()
            .filter_map(|it| it.place(&known.text, &locator));
        let more: Vec<Finding> = more.collect();
        if let Reviewed::Ranges(ranges) = &mut known.reviewed {
            ranges.extend(
                more.iter()
                    .filter(|it| it.tier != Tier::File)
                    .map(|it| it.range),
            );
        }
        known.findings.extend(more);
        return;
    }
    let Ok(source) = sources.find(Some(path.as_str())) else {
        return;
    };
    let text = source.now.clone();
    let locator = Locator::new(&text);
    let placed = said.into_iter().filter_map(|it| it.place(&text, &locator));
    let findings: Vec<Finding> = placed.collect();
    if !findings.is_empty() {
        parts.push(FilePart {
            path: path.clone(),
            version: source.version,
            reviewed: ranges(Vec::new(), &findings),
            findings,
            is_seen: false,
            text,
        });
    }
}
