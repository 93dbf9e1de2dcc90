//! Merging the findings of several agents into clusters: the same remark shown once.
//!
//! The rule here is the plain one: same place and similar text.

use crate::finding::{Category, Finding, FindingId, Severity};
use crate::text::TextRange;

/// Findings that are the same remark; what a door shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Id of the primary finding; stable while that finding lives.
    pub id: FindingId,
    /// The findings, the primary one first.
    pub findings: Vec<Finding>,
    /// Where to show it: the primary finding's place.
    pub range: TextRange,
    /// The highest severity among them.
    pub severity: Severity,
    /// The primary finding's category.
    pub category: Category,
}

impl Cluster {
    /// The finding that gives the cluster its title, place and fix.
    pub fn primary(&self) -> &Finding {
        &self.findings[0]
    }
    /// Names of the agents that said it, each once, sorted.
    pub fn agents(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.findings.iter().map(|it| it.agent.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
    /// Number of different providers that said it.
    pub fn providers(&self) -> usize {
        let mut names: Vec<&str> = self.findings.iter().map(|it| it.provider.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }
}

/// Merges findings of one file. The same findings in any order give the same clusters, sorted by place.
pub fn merge(findings: &[Finding]) -> Vec<Cluster> {
    let _ = findings;
    unimplemented!()
}
