//! Before anybody is asked: who checks what, and the files that it is about.

use super::choose;
use crate::config::{LimitsConfig, Loaded};
use crate::event::Skipped;
use crate::guidelines::{Guideline, Reader};
use crate::request::{OpenBuffers, Scope, Verify};
use crate::run::Job;
use crate::run::own::Own;
use crate::run::prepare::{guidelines, too_long};
use crate::scope::{self, Gathered, ScopeError};
use agents::AgentSpec;
use domain::finding::Finding;
use domain::locate::Tier;
use domain::text::{Text, TextRange};
use domain::written::{Counts, Place};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Most findings checked in one run; the rest is told.
const MAX_CLUSTERS: usize = 100;

/// All that is needed to ask agents.
pub(super) struct Prepared {
    /// The agents that are asked.
    pub(super) agents: Vec<AgentSpec>,
    pub(super) wanted: Vec<Wanted>,
    /// What is not checked, and why.
    pub(super) unverified: Vec<Skipped>,
    pub(super) shared: Shared,
}

/// One check that is to be made.
#[derive(Clone)]
pub(super) struct Wanted {
    /// Who makes it, by the place among the agents.
    pub(super) agent: usize,
    /// The finding that is checked.
    pub(super) finding: Finding,
    /// Names of the agents that said it and of their providers.
    pub(super) hidden: Vec<String>,
    /// The providers that may not check it: they said it, or wrote what it is about.
    pub(super) barred: BTreeSet<String>,
    /// Its file, by the place among the targets.
    pub(super) target: usize,
    /// Its place there; `None` for the whole file.
    pub(super) place: Option<TextRange>,
    /// Its place in words: `src/main.rs:3`.
    pub(super) spot: String,
}

/// What the checks have in common.
pub(super) struct Shared {
    pub(super) gathered: Arc<Gathered>,
    pub(super) guidelines: Vec<Guideline>,
    pub(super) open: OpenBuffers,
    pub(super) limits: LimitsConfig,
}

/// Finds out what is to be asked of whom. The run's limit holds here, too, from `started` on.
///
/// # Errors
/// A sentence when nothing can be asked at all.
pub(super) async fn prepare(
    job: &Job,
    verify: Verify,
    started: Instant,
) -> Result<Prepared, String> {
    let Some(loaded) = job.root.fresh().await else {
        return Err("crosscheck is ending".to_owned());
    };
    let limits = loaded.config.limits.clone();
    let preparing = gather(job, verify, &loaded);
    match started.checked_add(limits.run) {
        Some(deadline) => timeout_at(deadline, preparing)
            .await
            .map_err(|_| too_long("verification", &limits))?,
        None => preparing.await,
    }
}

async fn gather(job: &Job, verify: Verify, loaded: &Loaded) -> Result<Prepared, String> {
    let Verify {
        mut clusters,
        agents: named,
        author,
        open,
        ..
    } = verify;
    clusters.retain(|it| !it.is_empty());
    if clusters.is_empty() {
        return Err("no finding was named to verify".to_owned());
    }
    let verifiers = choose::chosen(loaded, &named)?;
    let mut unverified: Vec<Skipped> = Vec::new();
    for cluster in clusters.drain(clusters.len().min(MAX_CLUSTERS)..) {
        let why = format!("more than {MAX_CLUSTERS} findings were named");
        unverified.extend(cluster.first().map(|it| unverified_of(it, None, &why)));
    }
    let paths: BTreeSet<PathBuf> = clusters
        .iter()
        .filter_map(|it| it.first())
        .map(|it| it.path.as_str().into())
        .collect();
    let scope = Scope::Files(paths.into_iter().collect());
    let config = &loaded.config;
    let gathered = match scope::gather(&job.root.path, &scope, &open, config, &job.cancel).await {
        Ok(gathered) => Arc::new(gathered),
        Err(ScopeError::Cancelled) => return Err("it was cancelled".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    // Whom the user names may judge what is said of its own change.
    let own = match named.is_empty() {
        true => Own::recall(job, &[], &gathered).await.0,
        false => Own::default(),
    };
    let mut agents: Vec<AgentSpec> = Vec::new();
    let mut paired: Vec<(usize, BTreeSet<String>, Vec<Finding>)> = Vec::new();
    let mut first_reason = None;
    for cluster in clusters {
        let wrote = writers(&own, &cluster, &gathered);
        match choose::independent(loaded, &verifiers, &cluster, author.as_deref(), &wrote) {
            Ok(spec) => {
                let known = agents.iter().position(|it| it.name == spec.name);
                let agent = known.unwrap_or_else(|| {
                    agents.push(spec.clone());
                    agents.len() - 1
                });
                let author = author.as_deref().map(|it| choose::provider(loaded, it));
                let said = cluster.iter().map(|it| it.provider.as_str());
                let barred = said.chain(wrote).chain(author).map(str::to_owned);
                paired.push((agent, barred.collect(), cluster));
            }
            Err(why) => {
                unverified.extend(cluster.first().map(|it| unverified_of(it, None, &why)));
                first_reason.get_or_insert(why);
            }
        }
    }
    if let (true, Some(why)) = (paired.is_empty(), first_reason) {
        return Err(why);
    }
    let mut wanted = Vec::new();
    for (agent, barred, cluster) in paired {
        match want(agent, barred, cluster, &gathered) {
            Ok(one) => wanted.push(one),
            Err(skipped) => unverified.push(skipped),
        }
    }
    if let (true, Some(first)) = (wanted.is_empty(), unverified.first()) {
        return Err(format!("{} was not verified: {}", first.path, first.reason));
    }
    let guidelines = if config.review.guidelines {
        guidelines(&job.root, &gathered, Reader::Reviewer)
            .await
            .map_err(|_| "the guideline files could not be read".to_owned())?
    } else {
        Vec::new()
    };
    let shared = Shared {
        gathered,
        guidelines,
        open,
        limits: config.limits.clone(),
    };
    Ok(Prepared {
        agents,
        wanted,
        unverified,
        shared,
    })
}

/// The providers whose change a finding is about.
fn writers<'o>(own: &'o Own, cluster: &[Finding], gathered: &Gathered) -> BTreeSet<&'o str> {
    let Some(finding) = cluster.first() else {
        return BTreeSet::new();
    };
    let target = gathered.targets.iter().find(|it| it.path == finding.path);
    let Some((text, at)) = target.and_then(|it| Some((&it.text, place(finding, &it.text)?))) else {
        return BTreeSet::new();
    };
    let mut lines = Place::default();
    let all = text.line_of(at.start)..=text.line_of(at.end.saturating_sub(1).max(at.start));
    lines.add(all.map(|it| text.line(it)), std::iter::empty::<&str>());
    own.writers(&finding.path, &lines, &Counts::of(text.lines()))
}

/// One check, with its finding's place in the file as it is now.
fn want(
    agent: usize,
    barred: BTreeSet<String>,
    cluster: Vec<Finding>,
    gathered: &Gathered,
) -> Result<Wanted, Skipped> {
    let hidden: BTreeSet<String> = cluster
        .iter()
        .flat_map(|it| [it.agent.clone(), it.provider.clone()])
        .collect();
    let mut cluster = cluster.into_iter();
    let Some(finding) = cluster.next() else {
        return Err(unverified("", "there is nothing to check"));
    };
    let mut targets = gathered.targets.iter().enumerate();
    let Some((index, target)) = targets.find(|it| it.1.path == finding.path) else {
        let path = finding.path.as_str();
        let skipped = gathered.skipped.iter().find(|it| it.path == path);
        let why = skipped.map_or("is not there any more", |it| it.reason.as_str());
        return Err(unverified_of(&finding, None, &format!("the file {why}")));
    };
    let place = place(&finding, &target.text);
    if place.is_none() && finding.tier != Tier::File {
        let why = "its text is not there any more";
        return Err(unverified_of(&finding, None, why));
    }
    let spot = spot(&finding, place.map(|it| target.text.line_of(it.start)));
    Ok(Wanted {
        agent,
        barred,
        hidden: hidden.into_iter().collect(),
        target: index,
        place,
        spot,
        finding,
    })
}

/// Where a finding is in a text: the range that the door knows, else its anchor's.
fn place(finding: &Finding, text: &Text) -> Option<TextRange> {
    if finding.tier == Tier::File {
        return None;
    }
    let fits = text.clamp(finding.range) == finding.range && !finding.range.is_empty();
    // A text that was edited since has no other place than the range that followed the edits.
    if fits && text.slice(finding.range) == finding.anchor.quote.as_str() {
        return Some(finding.range);
    }
    let anchored = finding.anchor.find(text).map(|it| it.0);
    anchored.or(fits.then_some(finding.range))
}

fn spot(finding: &Finding, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("{}:{}", finding.path, line + 1),
        None => finding.path.to_string(),
    }
}

fn unverified_of(finding: &Finding, line: Option<usize>, why: &str) -> Skipped {
    let known = (finding.tier != Tier::File).then_some(finding.anchor.line as usize);
    unverified(&spot(finding, line.or(known)), why)
}

/// What is told of a finding that was not checked.
pub(super) fn unverified(spot: &str, why: &str) -> Skipped {
    Skipped {
        path: spot.to_owned(),
        reason: why.to_owned(),
        asked_for: true,
    }
}
