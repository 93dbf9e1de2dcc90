//! How bad a cluster is, how likely it is right, and what that rests on.
//!
//! The priors come from 137 known faults of fifty changes and the findings of twelve tools on them: what one tool says
//! alone is right in 0.26 of the cases, what two say in 0.76, what three say in 0.91 (medians over pairs and triples).

use super::panel::Panel;
use super::records::Records;
use crate::check::{Check, Outcome};
use crate::finding::{Category, Finding, FindingId, Severity};
use crate::looked::Looked;
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Share of findings that are right of those that one provider reports.
const ONE: f32 = 0.26;
/// The same of those that two report.
const TWO: f32 = 0.76;
/// The same of those that three or more report.
const THREE: f32 = 0.91;
/// The same of those that one reports and another confirms. A guess, to be measured.
const CONFIRMED: f32 = 0.6;
/// The same of those that one reports and another refutes. A guess, to be measured.
const REFUTED: f32 = 0.1;
/// The same of those that a rule reports. A guess: a rule applies for certain, but it need not matter here.
const RULE: f32 = 0.8;
/// A confidence is never further than this from 0 or 1: records are no proof.
const DOUBT: f32 = 0.01;
/// Severities that are this many steps apart, with nobody between, are a disagreement.
const DISAGREEMENT: u8 = 2;

/// Words in the text of a finding that speaks of lost data, which weighs like security.
const DATA_LOSS: &[&str] = &[
    "data loss",
    "loss of data",
    "lose data",
    "loses data",
    "lost data",
    "data is lost",
    "data are lost",
    "data corruption",
    "corrupts data",
    "corrupts the data",
];

/// What a cluster rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// One provider said it, another one refutes it. Doors hide it, and count it.
    Refuted,
    /// It was checked, and nobody can tell.
    Unsure,
    /// One provider said it.
    Lone,
    /// A rule said it, which applies for certain.
    Rule,
    /// One provider said it, another one confirms it.
    Confirmed,
    /// Several providers said it.
    Agreed,
}

impl Standing {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuted => "refuted",
            Self::Unsure => "unsure",
            Self::Lone => "lone",
            Self::Rule => "rule",
            Self::Confirmed => "confirmed",
            Self::Agreed => "agreed",
        }
    }
}

/// What is known beside the findings of a file.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Who the agents are.
    pub panel: &'a Panel,
    /// What became of their earlier findings.
    pub records: &'a Records,
    /// Who looked at what.
    pub looked: &'a Looked,
    /// Who is not asked about what, and so cannot agree there.
    pub excused: &'a Looked,
    /// The checks of each finding.
    pub checks: &'a FxHashMap<FindingId, Vec<Check>>,
}

impl Default for Circumstances<'_> {
    /// Nothing is known.
    fn default() -> Self {
        type Nothing = (Panel, Records, Looked, FxHashMap<FindingId, Vec<Check>>);
        static NOTHING: LazyLock<Nothing> = LazyLock::new(Nothing::default);
        Self {
            panel: &NOTHING.0,
            records: &NOTHING.1,
            looked: &NOTHING.2,
            excused: &NOTHING.2,
            checks: &NOTHING.3,
        }
    }
}

/// What is made of a cluster.
pub(super) struct Judgement {
    pub(super) severity: Severity,
    pub(super) claimed: Severity,
    pub(super) is_disputed: bool,
    pub(super) standing: Standing,
    pub(super) confidence: f32,
    pub(super) asked: Vec<String>,
    pub(super) providers_asked: usize,
    pub(super) checks: Vec<Check>,
}

/// Judges the findings of a cluster, of which there is at least one; the first is the primary one.
pub(super) fn judge(findings: &[&Finding], around: Circumstances<'_>) -> Judgement {
    let panel = around.panel;
    // Each provider has one voice, its loudest.
    let mut voices: BTreeMap<&str, Severity> = BTreeMap::new();
    for it in findings {
        let voice = voices.entry(&it.provider).or_insert(it.severity);
        *voice = it.severity.max(*voice);
    }
    let checks = checks(findings, &voices, around);
    let is_rule = findings.iter().any(|it| panel.is_by_rules(&it.agent));
    let standing = standing(&voices, is_rule, &checks);
    let audience = Audience::of(findings, standing, around);
    let claimed = voices.values().copied().max().unwrap_or(Severity::Hint);
    let (middle, is_disputed) = weigh(&voices);
    let severity = match standing {
        Standing::Agreed => middle,
        Standing::Rule | Standing::Confirmed => claimed,
        Standing::Lone | Standing::Unsure | Standing::Refuted => {
            claimed.min(cap(findings, audience.could_agree))
        }
    };
    Judgement {
        severity,
        claimed,
        is_disputed: is_disputed && standing == Standing::Agreed,
        standing,
        confidence: confidence(findings, standing, voices.len(), around.records),
        asked: audience.asked,
        providers_asked: audience.providers,
        checks,
    }
}

/// Who might have said it.
struct Audience {
    /// Agents that looked at the place, those that said it among them.
    asked: Vec<String>,
    /// Number of their providers.
    providers: usize,
    /// There is more than one provider among them and those that are still to look, of which nobody is excused there.
    could_agree: bool,
}

impl Audience {
    fn of(findings: &[&Finding], standing: Standing, around: Circumstances<'_>) -> Self {
        let panel = around.panel;
        let said: BTreeMap<&str, &str> = findings
            .iter()
            .map(|it| (it.agent.as_str(), it.provider.as_str()))
            .collect();
        // No rule finds what a model is asked for.
        let models = |agent: &&str| !panel.is_by_rules(agent);
        let mut asked: BTreeSet<&str> = said.keys().copied().collect();
        if standing != Standing::Rule {
            asked.extend(around.looked.at(findings[0].range).filter(models));
        }
        let provider = |agent: &&str| {
            let said = said.get(agent).copied();
            said.unwrap_or_else(|| panel.provider(agent)).to_owned()
        };
        let providers: BTreeSet<String> = asked.iter().map(provider).collect();
        let excused: BTreeSet<&str> = around.excused.at(findings[0].range).collect();
        let to_ask = panel.asked.iter().map(String::as_str).filter(models);
        let to_ask = to_ask.filter(|it| !excused.contains(it));
        let others: BTreeSet<String> = to_ask.map(|it| provider(&it)).collect();
        Self {
            asked: asked.into_iter().map(str::to_owned).collect(),
            providers: providers.len(),
            could_agree: providers.union(&others).count() > 1,
        }
    }
}

/// The checks of a cluster by providers that did not say it themselves, each agent's last one.
fn checks(
    findings: &[&Finding],
    voices: &BTreeMap<&str, Severity>,
    around: Circumstances<'_>,
) -> Vec<Check> {
    let of_all = findings.iter().filter_map(|it| around.checks.get(&it.id));
    let mut by_agent: BTreeMap<&str, &Check> = BTreeMap::new();
    for check in of_all.flatten() {
        if !voices.contains_key(check.provider.as_str()) {
            by_agent.insert(&check.agent, check);
        }
    }
    by_agent.into_values().cloned().collect()
}

/// What no model can take back is what a rule says; what several say, only as many.
fn standing(voices: &BTreeMap<&str, Severity>, is_rule: bool, checks: &[Check]) -> Standing {
    let count = |outcome: Outcome| {
        let of_it = checks.iter().filter(|it| it.outcome == outcome);
        let providers: BTreeSet<&str> = of_it.map(|it| it.provider.as_str()).collect();
        providers.len()
    };
    let (confirmed, refuted) = (count(Outcome::Confirmed), count(Outcome::Refuted));
    match voices.len() {
        2.. if refuted > 0 && refuted >= voices.len() + confirmed => Standing::Unsure,
        2.. => Standing::Agreed,
        _ if is_rule => Standing::Rule,
        _ if confirmed > refuted => Standing::Confirmed,
        _ if refuted > confirmed => Standing::Refuted,
        _ if checks.is_empty() => Standing::Lone,
        _ => Standing::Unsure,
    }
}

/// The severity that the providers agree on, and whether they disagree: the highest one, but the middle one where two
/// severities next to each other are two or more steps apart.
fn weigh(voices: &BTreeMap<&str, Severity>) -> (Severity, bool) {
    let mut sorted: Vec<Severity> = voices.values().copied().collect();
    sorted.sort_unstable();
    let step = |it: Severity| it as u8;
    let is_disputed = sorted
        .windows(2)
        .any(|it| step(it[1]) - step(it[0]) >= DISAGREEMENT);
    let highest = sorted.last().copied().unwrap_or(Severity::Hint);
    if !is_disputed {
        return (highest, false);
    }
    let (lower, upper) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    // Of an even number the middle lies between two; half a step is rounded up.
    let middle = (step(lower) + step(upper)).div_ceil(2);
    let severities = [
        Severity::Hint,
        Severity::Info,
        Severity::Warning,
        Severity::Error,
    ];
    let middle = severities.into_iter().find(|it| step(*it) == middle);
    (middle.unwrap_or(highest), true)
}

/// The highest severity of what one model alone says. Where nobody could have agreed, its being alone means nothing.
fn cap(findings: &[&Finding], could_agree: bool) -> Severity {
    if !could_agree || findings.iter().any(|it| is_grave(it)) {
        Severity::Warning
    } else {
        Severity::Info
    }
}

fn is_grave(finding: &Finding) -> bool {
    let says = |text: &str| {
        let text = text.to_lowercase();
        DATA_LOSS.iter().any(|it| text.contains(it))
    };
    finding.category == Category::Security
        || says(&finding.title)
        || says(crate::words::first_sentence(&finding.body))
}

/// The prior by standing, its odds multiplied with those of the agents' records.
fn confidence(
    findings: &[&Finding],
    standing: Standing,
    providers: usize,
    records: &Records,
) -> f32 {
    let prior = match (standing, providers) {
        (Standing::Refuted, _) => REFUTED,
        (Standing::Unsure | Standing::Lone, _) => ONE,
        (Standing::Rule, _) => RULE,
        (Standing::Confirmed, _) => CONFIRMED,
        (Standing::Agreed, ..=2) => TWO,
        (Standing::Agreed, _) => THREE,
    };
    let mut agents = BTreeSet::new();
    let firsts = findings.iter().filter(|it| agents.insert(&it.agent));
    let of_agents: f32 = firsts
        .map(|it| records.of(&it.agent, &it.category).odds())
        .product();
    let odds = prior / (1.0 - prior) * of_agents;
    (odds / (1.0 + odds)).clamp(DOUBT, 1.0 - DOUBT)
}
