//! From an agent's answer to findings in files: read, find each file and place, make safe to show.

use super::agent::{Gaps, Part};
use super::files::{Files, Source};
use super::place::{self, Placed, Views};
use crate::scope::{LineRange, Target};
use agents::spec::Reads;
use agents::{Answer, Operation};
use domain::answer::{Format, Parsed, Skipped, Usage};
use domain::board::Reviewed;
use domain::finding::{Category, Finding, FindingId, RawFinding, Severity};
use domain::locate::Tier;
use domain::path::RelPath;
use domain::sanitize;
use domain::text::{Text, TextRange};
use std::collections::{BTreeMap, BTreeSet};

/// Longest title, in characters.
const MAX_TITLE: usize = 200;
/// Longest body, in bytes.
const MAX_BODY: usize = 16 * 1024;
/// Longest code (an agent's own rule), in characters.
const MAX_CODE: usize = 80;
/// Longest summary of one answer, in bytes.
const MAX_SUMMARY: usize = 4 * 1024;

/// What a call asked about.
pub(super) struct Asked {
    files: Vec<AskedFile>,
}

struct AskedFile {
    /// Index into the targets.
    target: usize,
    path: RelPath,
    /// The lines asked about; all of them when `None`.
    ranges: Option<Vec<LineRange>>,
}

impl Asked {
    /// From what the call's templates get: `targets` there says which lines of a file this call is about.
    pub(super) fn new(part: &Part, targets: &[usize], variables: &serde_json::Value) -> Self {
        let told = variables
            .get("targets")
            .and_then(serde_json::Value::as_array)
            // To an agent that reads the disk the lines of the disk are told.
            .filter(|_| part.manner().reads == Reads::Text);
        let files = targets.iter().filter_map(|&index| {
            let Target { path, ranges, .. } = part.gathered.targets.get(index)?;
            let told = told.and_then(|all| {
                all.iter()
                    .find(|it| it.get("path").is_some_and(|it| it == path.as_str()))
            });
            let ranges = match told.map(|it| it.get("ranges")) {
                Some(ranges) => ranges.and_then(line_ranges),
                None => ranges.clone(),
            };
            Some(AskedFile {
                target: index,
                path: path.clone(),
                ranges,
            })
        });
        Self {
            files: files.collect(),
        }
    }
    /// Nothing.
    pub(super) fn none() -> Self {
        Self { files: Vec::new() }
    }
    /// The files, and the lines of each; all of them when `None`.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&str, Option<&[LineRange]>)> {
        let files = self.files.iter();
        files.map(|it| (it.path.as_str(), it.ranges.as_deref()))
    }
    /// For people: the file, or how many.
    pub(super) fn name(&self) -> String {
        match self.files.as_slice() {
            [one] => one.path.to_string(),
            files => format!("{} files", files.len()),
        }
    }
    /// For an agent that reads the disk: the files of which something else stands there than is reviewed.
    fn unseen(&self, part: &Part) -> BTreeSet<RelPath> {
        let targets = &part.gathered.targets;
        let differs = |it: &&AskedFile| targets.get(it.target).is_some_and(|it| it.disk.is_some());
        let files = self.files.iter().filter(differs);
        match part.manner().reads {
            Reads::Text => BTreeSet::new(),
            Reads::Disk => files.map(|it| it.path.clone()).collect(),
        }
    }
    pub(super) fn targets(&self) -> impl ExactSizeIterator<Item = usize> {
        self.files.iter().map(|it| it.target)
    }
}

fn line_ranges(value: &serde_json::Value) -> Option<Vec<LineRange>> {
    let number =
        |it: &serde_json::Value, key| it.get(key)?.as_u64().and_then(|it| u32::try_from(it).ok());
    let ranges = value.as_array()?.iter();
    ranges
        .map(|it| {
            Some(LineRange {
                start_line: number(it, "start_line")?,
                end_line: number(it, "end_line")?,
            })
        })
        .collect()
}

/// A readable answer.
#[derive(Default)]
pub(super) struct Read {
    /// All files asked about but the skipped ones, and others that the agent spoke of.
    pub(super) files: Vec<FilePart>,
    /// All that it says was understood; nothing was left out.
    pub(super) is_whole: bool,
    pub(super) problems: Vec<String>,
    pub(super) summary: Option<String>,
    pub(super) usage: Option<Usage>,
    pub(super) gaps: Gaps,
}

/// What one answer says of one file. The findings have no names yet.
pub(super) struct FilePart {
    pub(super) path: RelPath,
    pub(super) text: Text,
    pub(super) version: Option<i32>,
    pub(super) reviewed: Reviewed,
    pub(super) findings: Vec<Finding>,
    /// The agent certainly read exactly this text.
    pub(super) is_seen: bool,
}

/// Reads an answer. Blocks: it may read files and searches texts.
///
/// # Errors
/// A sentence when nothing in the answer can be understood; that is never taken for "no findings".
pub(super) fn read(part: &Part, asked: &Asked, answer: &Answer) -> Result<Read, String> {
    let parsed = domain::answer::parse(answer.structured.as_ref(), &answer.texts, answer.format);
    let agent = &part.spec.name;
    if parsed.findings.is_empty() && !parsed.clean {
        let why = parsed
            .problems
            .first()
            .map(|it| format!(": {}", sanitize::line(it, MAX_TITLE)));
        return Err(format!(
            "the answer of agent `{agent}` could not be read{}",
            why.unwrap_or_default()
        ));
    }
    let mut problems: Vec<String> = parsed
        .problems
        .iter()
        .map(|it| sanitize::line(it, MAX_TITLE))
        .collect();
    problems.extend(
        answer
            .left_out
            .iter()
            .map(|it| format!("left out of the answer: {it}")),
    );
    // Numbers of a tool are only as good as the promise that it is one; a model may write any format.
    let promised = part
        .spec
        .operations
        .get(&Operation::Review)
        .map_or(Format::Auto, |it| it.answer);
    let numbers_count = promised == parsed.format && place::is_tool_format(promised);

    let mut is_whole = problems.is_empty();
    let mut files = Files::new(part, asked);
    let mut remarks = BTreeMap::new();
    let mut said: BTreeMap<RelPath, Vec<(usize, &RawFinding)>> = BTreeMap::new();
    for (number, raw) in (1..).zip(&parsed.findings) {
        match files.find(raw.path.as_deref()) {
            Ok(source) => said
                .entry(source.path.clone())
                .or_default()
                .push((number, raw)),
            Err(problem) => {
                is_whole = false;
                remarks.insert(number, left_out(number, &problem));
            }
        }
    }
    let gaps = gaps(part, &parsed, asked, &files, &mut problems);
    let sources = files.into_sources();
    let mut found: BTreeMap<RelPath, Vec<Finding>> = BTreeMap::new();
    for (path, raws) in said {
        let Some(source) = sources.get(&path) else {
            continue;
        };
        let views = Views::of(source);
        for (number, raw) in raws {
            match locate(part, &views, raw, numbers_count) {
                Ok((finding, remark)) => {
                    let remark = remark.map(|it| (number, format!("finding {number}: {it}")));
                    remarks.extend(remark);
                    found.entry(path.clone()).or_default().push(finding);
                }
                Err(problem) => {
                    is_whole = false;
                    remarks.insert(number, left_out(number, &problem));
                }
            }
        }
    }
    problems.extend(remarks.into_values());
    Ok(Read {
        files: sort_into_files(asked, &gaps, sources, found),
        is_whole,
        problems,
        summary: parsed
            .summary
            .map(|it| sanitize::markdown(&it, MAX_SUMMARY))
            .filter(|it| !it.is_empty()),
        usage: parsed.usage,
        gaps,
    })
}

/// What the answer leaves open. A file that it was not asked about cannot be skipped; that is a problem.
fn gaps(
    part: &Part,
    parsed: &Parsed,
    asked: &Asked,
    files: &Files<'_>,
    problems: &mut Vec<String>,
) -> Gaps {
    let mut gaps = Gaps::default();
    for Skipped { path, reason } in &parsed.skipped {
        match files.asked(path) {
            Some(path) => {
                gaps.skipped.entry(path).or_insert_with(|| reason.clone());
            }
            None => problems.push(format!(
                "it says that it skipped `{}`, which it was not asked about",
                sanitize::line(path, MAX_TITLE)
            )),
        }
    }
    gaps.unsure = asked.unseen(part);
    gaps.reason = unseen(&gaps.unsure);
    if parsed.incomplete {
        let why = parsed
            .problems
            .first()
            .map_or("its answer is incomplete", String::as_str);
        gaps.reason = Some(sanitize::line(why, MAX_TITLE));
        gaps.unsure = asked.files.iter().map(|it| it.path.clone()).collect();
    }
    gaps
}

fn unseen(files: &BTreeSet<RelPath>) -> Option<String> {
    let first = files.first()?;
    let named = match files.len() {
        1 => format!("`{first}`"),
        count => format!("`{first}` and {} more", count - 1),
    };
    Some(format!(
        "it reads the disk, and there {named} differs from what was to be reviewed; save first"
    ))
}

fn left_out(number: usize, problem: &str) -> String {
    format!("finding {number} was left out: {problem}")
}

/// One finding in its file, and a remark on what was taken from it.
fn locate(
    part: &Part,
    views: &Views<'_>,
    raw: &RawFinding,
    numbers_count: bool,
) -> Result<(Finding, Option<String>), String> {
    let (title, body) = words(raw).ok_or("it says nothing")?;
    let message = format!("{}\n{}", raw.title, raw.body);
    let Placed {
        range,
        tier,
        anchor,
        fix,
        note,
        remark,
    } = place::place(views, raw, &message, numbers_count)?;
    let body = match note {
        Some(note) if body.is_empty() => note,
        Some(note) => format!("{body}\n\n{note}"),
        None => body,
    };
    let finding = Finding {
        id: FindingId(String::new()),
        agent: part.spec.name.clone(),
        provider: part.spec.provider.clone(),
        path: views.source.path.clone(),
        range,
        tier,
        severity: raw.severity.unwrap_or(Severity::Warning),
        category: raw
            .category
            .clone()
            .unwrap_or_else(|| Category::Other("general".to_owned())),
        code: raw
            .code
            .as_deref()
            .map(|it| sanitize::line(it, MAX_CODE))
            .filter(|it| !it.is_empty()),
        title,
        body,
        confidence: raw
            .confidence
            .filter(|it| it.is_finite())
            .map(|it| it.clamp(0.0, 1.0)),
        fix,
        anchor,
    };
    Ok((finding, remark))
}

/// Title and body, safe to show; the first line of the body stands in for a missing title.
fn words(raw: &RawFinding) -> Option<(String, String)> {
    let body = sanitize::markdown(&raw.body, MAX_BODY);
    let title = sanitize::line(&raw.title, MAX_TITLE);
    let title = if title.is_empty() {
        let first = raw
            .body
            .lines()
            .map(|it| sanitize::line(it, MAX_TITLE))
            .find(|it| !it.is_empty());
        first.unwrap_or_default()
    } else {
        title
    };
    (!title.is_empty()).then_some((title, body))
}

fn sort_into_files(
    asked: &Asked,
    gaps: &Gaps,
    mut sources: BTreeMap<RelPath, Source>,
    mut found: BTreeMap<RelPath, Vec<Finding>>,
) -> Vec<FilePart> {
    let mut parts = Vec::new();
    let mut add = |path: &RelPath, ranges: Option<&[LineRange]>, findings: Vec<Finding>| {
        let Some(source) = sources.remove(path) else {
            return;
        };
        let is_seen = source.known && source.read.is_none();
        let Source { now, version, .. } = source;
        let reviewed = match ranges {
            None => Reviewed::Whole,
            // Whatever else the agent spoke of, it looked at too.
            Some(ranges) => {
                let asked = ranges.iter().filter_map(|it| bytes(&now, *it));
                let spoken = findings.iter().filter(|it| it.tier != Tier::File);
                Reviewed::Ranges(asked.chain(spoken.map(|it| it.range)).collect())
            }
        };
        let (path, text) = (path.clone(), now);
        parts.push(FilePart {
            path,
            text,
            version,
            reviewed,
            findings,
            is_seen,
        });
    };
    for file in &asked.files {
        let findings = found.remove(&file.path).unwrap_or_default();
        if !gaps.concern(&file.path) {
            add(&file.path, file.ranges.as_deref(), findings);
        } else if !findings.is_empty() {
            // Only what it speaks of was certainly looked at.
            add(&file.path, Some(&[]), findings);
        }
    }
    for (path, findings) in found {
        add(&path, Some(&[]), findings);
    }
    parts
}

/// The bytes of whole lines, the last one's line end among them.
fn bytes(text: &Text, lines: LineRange) -> Option<TextRange> {
    let first = usize::try_from(lines.start_line).ok()?.checked_sub(1)?;
    let after = usize::try_from(lines.end_line).ok()?;
    let start = text.line_range(first)?.start;
    let end = text.line_range(after).map_or(text.len(), |it| it.start);
    (start <= end).then_some(TextRange::new(start, end))
}
