//! The team's baseline: findings that everybody has agreed to leave for now, in a file of the repository.
//!
//! It is data of a repository, so nothing in it is trusted: it can hide findings, which are counted, and nothing else.
//! Each finding stands on a line of its own, in a fixed order, so that two branches that add some rarely conflict.

use super::elsewhere::Elsewhere;
use super::remark::Judged;
use super::verdicts::Known;
use crate::read;
use domain::finding::Finding;
use domain::identity::{Lines, Subject};
use domain::sanitize;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Where the baseline is, relative to the root.
pub const BASELINE_FILE: &str = ".crosscheck/baseline.json";

/// The version that is written and read.
const VERSION: u64 = 1;
/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Most findings that are heeded.
const MAX_FINDINGS: usize = 20_000;
/// Longest title and explanation that are heeded, in characters.
const MAX_TEXT: usize = 1000;
/// Most lines of one place that are heeded.
const MAX_LINES: usize = 100;
/// Most malformed findings that are named; the others are counted.
const MAX_NAMED: usize = 3;

/// The findings of a baseline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Baseline {
    known: Known,
    /// What is wrong with the file, with its name and line.
    pub(crate) problems: Vec<String>,
}

/// What writing a baseline did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaselineChange {
    /// Findings added.
    pub added: usize,
    /// Findings removed, because nothing matches them any more.
    pub removed: usize,
    /// Findings in it now.
    pub total: usize,
    /// What was wrong with the file before.
    pub problems: Vec<String>,
}

impl Baseline {
    /// True when there is no finding in it.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
    /// True when a finding is in it.
    pub(super) fn has(
        &self,
        finding: &Finding,
        subject: &Subject<'_>,
        lines: &Lines,
        elsewhere: &Elsewhere,
    ) -> bool {
        self.known
            .find(finding, subject, lines, elsewhere)
            .is_some()
    }
    fn remarks(&self) -> Vec<Judged> {
        self.known.remarks().cloned().collect()
    }
    fn at(root: &Path) -> Self {
        let there = std::fs::symlink_metadata(root.join(BASELINE_FILE));
        if there.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Self::default();
        }
        let opened = read::open_inside(root, BASELINE_FILE).map_err(|it| it.to_string());
        match opened.and_then(|(file, _)| file.text(MAX_BYTES)) {
            Ok(text) => Self::parse(&text.to_string()),
            Err(reason) => Self::unreadable(&format!("{BASELINE_FILE} {reason}")),
        }
    }
    fn unreadable(problem: &str) -> Self {
        Self {
            problems: vec![format!("{problem}; nothing of it is hidden")],
            ..Self::default()
        }
    }
    fn parse(text: &str) -> Self {
        let file: File = match serde_json::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let line = error.line();
                return Self::unreadable(&format!("{BASELINE_FILE}:{line}: {error}"));
            }
        };
        if file.version != VERSION {
            return Self::unreadable(&format!(
                "{BASELINE_FILE} has version {}, and this crosscheck reads version {VERSION}",
                file.version
            ));
        }
        let mut problems = Vec::new();
        let dropped = file.findings.len().saturating_sub(MAX_FINDINGS);
        if dropped > 0 {
            problems.push(format!(
                "{BASELINE_FILE} has more than {MAX_FINDINGS} findings; {dropped} are left out"
            ));
        }
        let mut remarks = Vec::new();
        let mut malformed = 0;
        for value in file.findings.iter().take(MAX_FINDINGS) {
            match read_one(value.get()) {
                Ok(remark) => remarks.push(remark),
                Err(error) => {
                    malformed += 1;
                    if malformed <= MAX_NAMED {
                        let at = value.get().as_ptr() as usize - text.as_ptr() as usize;
                        let line = text[..at].matches('\n').count() + 1;
                        problems.push(format!("{BASELINE_FILE}:{line}: {error}; it is left out"));
                    }
                }
            }
        }
        if malformed > MAX_NAMED {
            problems.push(format!(
                "{BASELINE_FILE}: {} more findings are malformed and left out",
                malformed - MAX_NAMED
            ));
        }
        Self {
            known: Known::of(remarks),
            problems,
        }
    }
}

#[derive(Deserialize)]
struct File<'t> {
    version: u64,
    #[serde(borrow)]
    findings: Vec<&'t serde_json::value::RawValue>,
}

fn read_one(text: &str) -> Result<Judged, String> {
    let mut remark: Judged = serde_json::from_str(text).map_err(|error| {
        // Its own line and column are those of this finding alone.
        let message = error.to_string();
        let end = message.rfind(" at line ").unwrap_or(message.len());
        sanitize::line(&message[..end], MAX_TEXT)
    })?;
    if remark.mark.lines.len() > MAX_LINES {
        return Err(format!("a place of more than {MAX_LINES} lines"));
    }
    remark.title = sanitize::line(&remark.title, MAX_TEXT);
    remark.body = sanitize::line(&remark.body, MAX_TEXT);
    Ok(remark)
}

/// The file of remarks, each on a line of its own.
fn write(remarks: &[Judged]) -> io::Result<String> {
    let mut lines = BTreeSet::new();
    for remark in remarks {
        let mut value = serde_json::to_value(remark)?;
        if let Some(mark) = value.get_mut("mark").and_then(|it| it.as_object_mut()) {
            // Numbers of lines are another each time.
            mark.remove("line");
        }
        let key = (
            remark.path.as_str(),
            remark.category.as_str(),
            remark.mark.text,
        );
        lines.insert((key, value.to_string()));
    }
    let lines: Vec<String> = lines
        .into_iter()
        .map(|(_, line)| format!("  {line}"))
        .collect();
    let version = json!(VERSION);
    Ok(if lines.is_empty() {
        format!("{{\n \"version\": {version},\n \"findings\": []\n}}\n")
    } else {
        format!(
            "{{\n \"version\": {version},\n \"findings\": [\n{}\n ]\n}}\n",
            lines.join(",\n")
        )
    })
}

/// Findings of one file, with their text.
pub(crate) struct Present {
    pub(crate) findings: Vec<Finding>,
    pub(crate) text: domain::text::Text,
}

/// Adds findings to the baseline of a root; those that are in it already are not added again. With `prune`, those in it
/// that none of `present` matches are removed.
///
/// # Errors
/// When the file that is there cannot be read as a baseline, or the new one cannot be written. Nothing is changed then.
pub(crate) fn update(
    root: &Path,
    add: &dyn Fn(&Finding) -> bool,
    prune: bool,
    present: &[Present],
    elsewhere: &Elsewhere,
) -> io::Result<BaselineChange> {
    let old = Baseline::at(root);
    if !old.problems.is_empty() {
        return Err(io::Error::other(format!(
            "{}; repair or remove the file first",
            old.problems.join("; ")
        )));
    }
    let mut remarks: Vec<Option<Judged>> = old.remarks().into_iter().map(Some).collect();
    let mut is_matched = vec![false; remarks.len()];
    let mut change = BaselineChange::default();
    for Present { findings, text } in present {
        let lines = Lines::of(text);
        for finding in findings {
            let judged = Judged {
                // Names are those of one user's ledger.
                finding: String::new(),
                ..Judged::of(finding, Some(text))
            };
            let subject = judged.subject(&judged.words());
            match old.known.find(finding, &subject, &lines, elsewhere) {
                Some(number) => is_matched[number] = true,
                None if add(finding) => {
                    change.added += 1;
                    remarks.push(Some(judged));
                }
                None => {}
            }
        }
    }
    if prune {
        for (remark, _) in remarks.iter_mut().zip(&is_matched).filter(|it| !it.1) {
            *remark = None;
            change.removed += 1;
        }
    }
    let remarks: Vec<Judged> = remarks.into_iter().flatten().collect();
    change.total = remarks.len();
    if change.added + change.removed > 0 {
        replace(root, &write(&remarks)?)?;
    }
    Ok(change)
}

/// Writes the file beside the old one and puts it in its place. A repository's symbolic links lead nowhere.
fn replace(root: &Path, content: &str) -> io::Result<()> {
    let file = root.join(BASELINE_FILE);
    let directory = file.parent().unwrap_or(root);
    match std::fs::symlink_metadata(directory) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => {
            let what = format!("{} is not a directory", directory.display());
            return Err(io::Error::other(what));
        }
        Err(_) => std::fs::create_dir(directory)?,
    }
    let new = file.with_extension(format!("json.{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    let mut beside = options.write(true).create_new(true).open(&new)?;
    let written = beside.write_all(content.as_bytes());
    written
        .and_then(|()| beside.sync_all())
        .and_then(|()| std::fs::rename(&new, &file))
        .inspect_err(|_| drop(std::fs::remove_file(&new)))
}

/// A baseline that is read again when its file changed.
#[derive(Debug, Default)]
pub(crate) struct CachedBaseline {
    read: Mutex<Option<(Stamp, Arc<Baseline>)>>,
}

type Stamp = Option<(u64, Option<SystemTime>)>;

impl CachedBaseline {
    /// The baseline of a root as its file is now.
    pub(crate) fn get(&self, root: &Path) -> Arc<Baseline> {
        let file: PathBuf = root.join(BASELINE_FILE);
        let about = std::fs::symlink_metadata(file).ok();
        let stamp = about.map(|it| (it.len(), it.modified().ok()));
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match &*read {
            Some((known, baseline)) if *known == stamp => baseline.clone(),
            _ => {
                let baseline = Arc::new(Baseline::at(root));
                *read = Some((stamp, baseline.clone()));
                baseline
            }
        }
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    pub(in crate::sift) fn parse(text: &str) -> Baseline {
        Baseline::parse(text)
    }
}
