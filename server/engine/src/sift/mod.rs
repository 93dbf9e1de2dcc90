//! What is not shown: findings that people dismissed, kinds that they dismiss again and again, the team's baseline, and
//! comments in the code. Whatever is hidden is counted, and the ledger keeps it with its reason.

mod baseline;
mod elsewhere;
mod remark;
mod verdicts;

#[cfg(test)]
mod tests;

use crate::event::{Hidden, Why};
pub use baseline::{BASELINE_FILE, BaselineChange};
pub(crate) use baseline::{Baseline, CachedBaseline, Present, update};
use domain::finding::Finding;
use domain::identity::{Lines, Mark, Subject, Words};
use domain::path::RelPath;
use domain::suppression::Suppressions;
use domain::text::Text;
pub(crate) use elsewhere::Elsewhere;
pub(crate) use remark::Judged;
pub(crate) use verdicts::{Entry, Verdicts};

/// Everything that can hide a finding.
pub(crate) struct Sieve<'a> {
    pub(crate) verdicts: &'a Verdicts,
    pub(crate) baseline: &'a Baseline,
    /// Markers of other tools that count.
    pub(crate) honour: &'a [String],
    pub(crate) elsewhere: &'a Elsewhere,
}

/// Findings of one file, parted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sifted {
    pub(crate) shown: Vec<Finding>,
    pub(crate) hidden: Vec<Hidden>,
}

impl Sieve<'_> {
    /// Parts the findings of the file `path`, whose text is `text`; `lines` are those of the text.
    pub(crate) fn sift(
        &self,
        path: &RelPath,
        text: &Text,
        lines: &Lines,
        findings: Vec<Finding>,
    ) -> Sifted {
        let mut sifted = Sifted::default();
        if findings.is_empty() {
            return sifted;
        }
        let comments = Suppressions::of(path.as_str(), text, self.honour);
        if comments.is_empty() && self.verdicts.is_empty() && self.baseline.is_empty() {
            sifted.shown = findings;
            return sifted;
        }
        for finding in findings {
            let mark = Mark::of(&finding, text, lines);
            let subject = Subject {
                id: &finding.id.0,
                category: &finding.category,
                words: Words::of(&finding),
                mark: &mark,
                elsewhere: false,
            };
            let why = match comments.hides(&finding, text) {
                Some(comment) => Some(Why::Comment {
                    line: u32::try_from(comment.line).unwrap_or(u32::MAX),
                    reason: comment.reason.clone(),
                }),
                None => self.decided(&finding, &subject, lines),
            };
            match why {
                Some(why) => sifted.hidden.push(Hidden { finding, why }),
                None => sifted.shown.push(finding),
            }
        }
        sifted
    }
    fn decided(&self, finding: &Finding, subject: &Subject<'_>, lines: &Lines) -> Option<Why> {
        match self
            .verdicts
            .decide(finding, subject, lines, self.elsewhere)
        {
            verdicts::Decision::Shown => None,
            verdicts::Decision::Hidden(why) => Some(why),
            verdicts::Decision::None => self
                .baseline
                .has(finding, subject, lines, self.elsewhere)
                .then_some(Why::Baseline),
        }
    }
}
