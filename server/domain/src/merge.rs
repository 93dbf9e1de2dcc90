//! Merging the findings of several agents into clusters: the same remark is shown once, and counts for more.
//!
//! Two findings of different agents in one file are the same remark when ([`likeness`](fn@likeness::likeness)):
//!
//! - their fixes change the same text into the same: the strongest evidence;
//! - or they lie near each other (ranges overlap, or at most 3 lines between) and their words are alike, s ≥ 0.20;
//! - or both are in the symbol of the same name, and s ≥ 0.23;
//! - or one has no sure place, or one names what stands at the place of the other and not at its own, and s ≥ 0.26;
//! - or two identifiers are in both, in any of these cases;
//!
//! where s is the cosine of the words of title and explanation by TF-IDF, without half of what one is longer than the other.
//! Of a name the whole is a word, and each part counts 0.3 of one.
//! They are different, whatever their words, when the two are the same sentence about two things, or one kind of remark on
//! two cases: in the same words on different texts. Clusters grow by average link. What an agent says twice stays apart,
//! unless it says it twice of the same text.
//!
//! What that brings is measured (bench, section `likeness`) on the remarks of twelve tools on fifty changes, which the offline
//! Code Review Bench (Martian, 2026) publishes without places and has a model judge: 1,547 pairs of two tools that are the
//! same and 2,279 that are not. Without places the precision is 0.92 and the recall 0.89 (F1 0.905), with all of them two
//! lines apart 0.86 and 0.94 (F1 0.898). The overlap of words alone, with the threshold that hindsight makes best, has F1 0.886.
//! Remarks that lie near each other are the same more often than half of these, so the
//! lower threshold there is the better one.
//!
//! Then the cluster is judged ([`judge`](fn@judge::judge)): not agents are counted but providers, as two agents of one
//! provider are not independent.

use crate::check::Check;
use crate::finding::{Category, Finding, FindingId, Severity};
use crate::text::TextRange;
pub use judge::{Circumstances, Standing};
pub use panel::{Panel, Reviewer};
pub use records::{Record, Records};
use remark::Remarks;
pub use shown::{Caps, Withheld, by_importance, withheld};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

mod candidates;
mod fix;
mod frequency;
mod judge;
mod likeness;
mod linkage;
mod numbers;
mod panel;
mod records;
mod remark;
mod shown;
#[cfg(test)]
mod tests;

/// Findings that are the same remark; what a door shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Id of the primary finding; stable while that finding lives.
    pub id: FindingId,
    /// The findings: the primary one, then the best one of each other agent, then what agents said more than once.
    pub findings: Vec<Finding>,
    /// Where to show it: the primary finding's place.
    pub range: TextRange,
    /// How bad it is, all in all; see [`Cluster::claimed`].
    pub severity: Severity,
    /// The highest severity that anybody gave it.
    pub claimed: Severity,
    /// Those who said it disagree on how bad it is, and [`Cluster::severity`] is the middle.
    pub is_disputed: bool,
    /// How well it is founded.
    pub standing: Standing,
    /// How likely it is right, 0 to 1: by the number of providers and the agents' records, not by what agents say.
    pub confidence: f32,
    /// The primary finding's category.
    pub category: Category,
    /// Names of the agents that looked at the place and might have said it, sorted; those that did are among them.
    pub asked: Vec<String>,
    /// Number of their different providers, never less than [`Cluster::providers`].
    pub providers_asked: usize,
    /// What agents of other providers said when they were told to refute it, by agent.
    pub checks: Vec<Check>,
}

impl Cluster {
    /// The finding that gives the cluster its title, place and fix.
    pub fn primary(&self) -> &Finding {
        &self.findings[0]
    }
    /// The other findings, which tell the same.
    pub fn others(&self) -> &[Finding] {
        &self.findings[1..]
    }
    /// Names of the agents that said it, each once, sorted.
    pub fn agents(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self.findings.iter().map(|it| it.agent.as_str()).collect();
        names.into_iter().collect()
    }
    /// Number of different providers that said it.
    pub fn providers(&self) -> usize {
        let names: BTreeSet<&str> = self
            .findings
            .iter()
            .map(|it| it.provider.as_str())
            .collect();
        names.len()
    }
    /// How many providers said it, of how many that looked; `None` where there was only one.
    pub fn votes(&self) -> Option<(usize, usize)> {
        (self.providers_asked > 1).then(|| (self.providers(), self.providers_asked))
    }
}

/// Merges findings of one file. The same findings in any order give the same clusters, sorted by place.
pub fn merge<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    around: Circumstances<'_>,
) -> Vec<Cluster> {
    let mut sorted: Vec<&Finding> = findings.into_iter().collect();
    sorted.sort_by(|a, b| by_place(a, b));
    let groups = linkage::groups(&Remarks::new(&sorted, around.panel));
    let mut clusters: Vec<Cluster> = groups
        .into_iter()
        .map(|it| {
            let members = it.iter().map(|it| sorted[*it as usize]).collect();
            cluster(members, around)
        })
        .collect();
    clusters.sort_by(|a, b| {
        a.range
            .cmp(&b.range)
            .then_with(|| by_place(a.primary(), b.primary()))
    });
    clusters
}

fn cluster(mut findings: Vec<&Finding>, around: Circumstances<'_>) -> Cluster {
    findings.sort_by(|a, b| by_quality(a, b));
    let mut agents = BTreeSet::new();
    let (first, again): (Vec<&Finding>, Vec<&Finding>) = findings
        .into_iter()
        .partition(|it| agents.insert(it.agent.as_str()));
    let findings = [first, again].concat();
    let primary = findings[0];
    let judgement = judge::judge(&findings, around);
    Cluster {
        id: primary.id.clone(),
        range: primary.range,
        severity: judgement.severity,
        claimed: judgement.claimed,
        is_disputed: judgement.is_disputed,
        standing: judgement.standing,
        confidence: judgement.confidence,
        category: primary.category.clone(),
        asked: judgement.asked,
        providers_asked: judgement.providers_asked,
        checks: judgement.checks,
        findings: findings.into_iter().cloned().collect(),
    }
}

/// The best finding of a cluster first: a sure place, a fix, the surest place, the highest severity, an
/// explanation, the agent's own confidence, the agent's name.
fn by_quality(a: &Finding, b: &Finding) -> Ordering {
    let key = |it: &Finding| {
        let place = (it.tier.is_approximate(), it.fix.is_none(), it.tier);
        (place, Reverse(it.severity), it.body.is_empty())
    };
    let own = |it: &Finding| it.confidence.unwrap_or_default();
    key(a)
        .cmp(&key(b))
        .then_with(|| own(b).total_cmp(&own(a)))
        .then_with(|| a.agent.cmp(&b.agent))
        .then_with(|| by_place(a, b))
}

/// An order of findings that depends on nothing but themselves.
fn by_place(a: &Finding, b: &Finding) -> Ordering {
    let key = |it: &Finding| (it.range, it.tier, Reverse(it.severity));
    let fix = |it: &Finding| it.fix.as_ref().map(|it| (it.range, it.new_text.clone()));
    key(a)
        .cmp(&key(b))
        .then_with(|| {
            (&a.title, &a.agent, &a.id, &a.body).cmp(&(&b.title, &b.agent, &b.id, &b.body))
        })
        .then_with(|| {
            let fix = |it: &Finding| (fix(it), it.anchor.line, it.confidence.map(f32::to_bits));
            (&a.category, &a.code, fix(a)).cmp(&(&b.category, &b.code, fix(b)))
        })
}
