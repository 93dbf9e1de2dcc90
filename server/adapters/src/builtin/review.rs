//! The tool `review`: every check on every file, within limits.

use super::source::Source;
use super::{conflict, secret, spelling};
use crate::contract::{Finding, ReviewAnswer, ReviewRequest, Skipped};
use crate::files::Jobs;
use crate::server::{CallError, Progress};
use domain::finding::Severity;

/// Most findings told of one file.
pub(crate) const MAX_FILE_FINDINGS: usize = 500;

/// Most findings told in one answer; clients read no more.
pub(crate) const MAX_FINDINGS: usize = domain::answer::MAX_FINDINGS;

/// Most skipped files told one by one.
const MAX_SKIPPED: usize = 100;

/// Requests with fewer files end before anyone could read their progress.
pub(crate) const PROGRESS_FILES: usize = 20;

/// Reviews what the request names.
pub(crate) async fn review(
    request: &ReviewRequest,
    mut progress: Progress,
) -> Result<ReviewAnswer, CallError> {
    let Jobs { jobs, skipped } = Jobs::find(&request.root, &request.targets);
    let mut report = Report {
        skipped,
        ..Report::default()
    };
    let total = jobs.len();
    for (done, job) in jobs.iter().enumerate() {
        match job.content.text() {
            Ok(Some(text)) => report.add(check(&Source::new(&job.path, &text, job.ranges))),
            Ok(None) => report.binary += 1,
            Err(reason) => report.skipped.push(Skipped {
                path: job.path.to_string(),
                reason,
            }),
        }
        if total > PROGRESS_FILES {
            progress.tell(done + 1, Some(total), &job.path).await;
        }
        // Here the other requests are served, and here a cancelled one ends.
        tokio::task::yield_now().await;
    }
    report.answer()
}

/// All findings in a file, by place.
pub(crate) fn check(source: &Source<'_>) -> Vec<Finding> {
    let mut findings = conflict::check(source);
    findings.extend(secret::check(source));
    findings.extend(spelling::check(source));
    findings.sort_by_key(|finding| (finding.start_line, finding.start_column));
    findings
}

#[derive(Default)]
struct Report {
    findings: Vec<Finding>,
    skipped: Vec<Skipped>,
    files: usize,
    binary: usize,
    cut: usize,
}

impl Report {
    /// Takes the findings of one file. When there are too many, the worst stay.
    fn add(&mut self, mut findings: Vec<Finding>) {
        self.files += 1;
        self.cut += keep_worst(&mut findings, MAX_FILE_FINDINGS);
        if self.findings.len() >= MAX_FINDINGS {
            let before = findings.len();
            findings.retain(|finding| finding.severity > Severity::Info);
            self.cut += before - findings.len();
        }
        self.findings.append(&mut findings);
    }

    fn answer(mut self) -> Result<ReviewAnswer, CallError> {
        if self.files == 0 && !self.skipped.is_empty() {
            return Err(CallError::Failed(nothing_reviewed(&self.skipped)));
        }
        self.cut += keep_worst(&mut self.findings, MAX_FINDINGS);
        let summary = self.summary();
        self.skipped.truncate(MAX_SKIPPED);
        Ok(ReviewAnswer {
            findings: self.findings,
            summary: Some(summary),
            skipped: self.skipped,
            usage: None,
            session: None,
        })
    }

    fn summary(&self) -> String {
        let mut summary = format!(
            "{} checked, {} found.",
            files(self.files),
            findings(self.findings.len())
        );
        if self.cut > 0 {
            summary += &format!(
                " {} more left out, the worst were kept.",
                findings(self.cut)
            );
        }
        if self.binary > 0 {
            summary += &format!(" {} left out as binary.", files(self.binary));
        }
        if let [first, more @ ..] = self.skipped.as_slice() {
            summary += &format!(" Not checked: `{}` ({})", first.path, first.reason);
            summary += &if more.is_empty() {
                ".".to_owned()
            } else {
                format!(" and {} more.", more.len())
            };
        }
        summary
    }
}

/// Cuts to `max`, first the least severe, and of those the last; the order stays. Gives the number cut.
fn keep_worst(findings: &mut Vec<Finding>, max: usize) -> usize {
    let cut = findings.len().saturating_sub(max);
    if cut > 0 {
        let mut order: Vec<usize> = (0..findings.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(findings[*index].severity));
        order.truncate(max);
        order.sort_unstable();
        let mut index = 0;
        findings.retain(|_| {
            index += 1;
            order.binary_search(&(index - 1)).is_ok()
        });
    }
    cut
}

fn nothing_reviewed(skipped: &[Skipped]) -> String {
    let reasons = skipped
        .iter()
        .take(3)
        .map(|skipped| format!("`{}`: {}", skipped.path, skipped.reason));
    let more = if skipped.len() > 3 {
        format!("; and {} more", skipped.len() - 3)
    } else {
        String::new()
    };
    format!(
        "nothing could be reviewed: {}{more}",
        reasons.collect::<Vec<_>>().join("; ")
    )
}

fn files(number: usize) -> String {
    if number == 1 {
        "1 file".to_owned()
    } else {
        format!("{number} files")
    }
}

fn findings(number: usize) -> String {
    if number == 1 {
        "1 finding".to_owned()
    } else {
        format!("{number} findings")
    }
}
