//! Who wrote what of the files under review: an applied proposal knows who made it, and nobody reviews his own change while
//! somebody else can.

use super::Job;
use crate::config::Config;
use crate::ledger::{Made, ask};
use crate::scope::Gathered;
use agents::AgentSpec;
use domain::path::RelPath;
use domain::proposal::{FileAction, ProposalId};
use domain::text::{Text, TextRange};
use domain::written::{Counts, Place, Written};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Longest wait for the ledger; then everybody is asked about everything.
const WAIT: Duration = Duration::from_secs(2);
/// Most proposals named in one sentence; the rest is counted.
const MAX_NAMED: usize = 3;

/// What agents wrote themselves of what is reviewed.
#[derive(Default)]
pub(super) struct Own {
    /// By provider and file.
    files: BTreeMap<(String, RelPath), OwnFile>,
    /// Providers of the models that are asked.
    providers: BTreeSet<String>,
}

/// What proposals of one provider wrote in one file.
#[derive(Default)]
pub(super) struct OwnFile {
    all: Written,
    each: Vec<(Author, Written)>,
}

/// A proposal, and the agent that made it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Author {
    pub(super) proposal: ProposalId,
    pub(super) agent: String,
}

impl Own {
    /// Asks the ledger what was applied. `asked`: the agents that take part. What cannot be had is nobody's; then a sentence says so.
    pub(super) async fn recall(
        job: &Job,
        asked: &[AgentSpec],
        gathered: &Gathered,
    ) -> (Self, Option<String>) {
        let made = ask(|reply| job.ledger.made(&job.root.path, reply));
        let Ok(made) = made.within(WAIT).await else {
            let note =
                "the ledger is slow; agents may be asked about changes that they made themselves";
            return (Self::default(), Some(note.to_owned()));
        };
        let config = job.root.loaded().map(|it| it.config.clone());
        let paths: BTreeSet<RelPath> = gathered.targets.iter().map(|it| it.path.clone()).collect();
        let models = asked.iter().filter(|it| !it.rules);
        let providers: BTreeSet<String> = models.map(|it| it.provider.clone()).collect();
        let made = made.unwrap_or_default();
        let reading = tokio::task::spawn_blocking(move || {
            let files = files(made, &config.unwrap_or_default(), &paths);
            Self { files, providers }
        });
        // A panic there is a bug; it must not cost the review.
        (reading.await.unwrap_or_default(), None)
    }
    /// What was written in a file by an agent that is asked about it, or by another one of its provider. Nothing for one that goes
    /// by rules: it says the same of everybody.
    pub(super) fn of(&self, spec: &AgentSpec, path: &RelPath) -> Option<&OwnFile> {
        let key = (spec.provider.clone(), path.clone());
        self.files.get(&key).filter(|_| !spec.rules)
    }
    /// The providers of which one wrote all of some lines of a file. `all`: the lines of its text.
    pub(super) fn writers(&self, path: &RelPath, place: &Place, all: &Counts) -> BTreeSet<&str> {
        let of_file = self.files.iter().filter(|((_, file), _)| file == path);
        let wrote = of_file.filter(|(_, file)| !file.authors(place, all).is_empty());
        wrote.map(|((provider, _), _)| provider.as_str()).collect()
    }
    /// True when an agent with a model of another provider takes part.
    pub(super) fn has_others(&self, spec: &AgentSpec) -> bool {
        self.providers.iter().any(|it| *it != spec.provider)
    }
}

impl OwnFile {
    /// The proposals that wrote a place of a text; none when something of it is somebody else's. `all`: the lines of the text.
    pub(super) fn authors(&self, place: &Place, all: &Counts) -> Vec<&Author> {
        if !self.all.covers(place, all) {
            return Vec::new();
        }
        let touching = self.each.iter().filter(|it| it.1.touches(place));
        touching.map(|it| &it.0).collect()
    }
}

fn files(
    made: Vec<Made>,
    config: &Config,
    paths: &BTreeSet<RelPath>,
) -> BTreeMap<(String, RelPath), OwnFile> {
    let mut files: BTreeMap<(String, RelPath), OwnFile> = BTreeMap::new();
    for Made {
        application,
        provider,
    } in made
    {
        let agent = application.agent;
        let configured = || config.agents.get(&agent).map(|it| it.provider.clone());
        let provider = provider
            .or_else(configured)
            .unwrap_or_else(|| agent.clone());
        for change in application.inverse.into_iter().flatten() {
            if !paths.contains(&change.path) {
                continue;
            }
            let Some(written) = written(&change.action) else {
                continue;
            };
            let file = files.entry((provider.clone(), change.path)).or_default();
            file.all.add(&written);
            let author = Author {
                proposal: application.proposal.clone(),
                agent: agent.clone(),
            };
            file.each.push((author, written));
        }
    }
    files
}

/// What was written, told by what takes it back.
fn written(inverse: &FileAction) -> Option<Written> {
    let nothing = Counts::default();
    match inverse {
        FileAction::Edit { base, hunks, .. } => {
            let edits = || hunks.iter().flat_map(|it| &it.edits);
            let came = edits().flat_map(|it| lines(&base.slice(it.range)));
            let went = edits().flat_map(|it| lines(&it.new_text));
            Some(Written::of(&Counts::of(came), &Counts::of(went)))
        }
        FileAction::Delete { base } => Some(Written::of(&Counts::of(base.lines()), &nothing)),
        // The file is gone.
        FileAction::Create { .. } => None,
    }
}

fn lines(text: &str) -> Vec<String> {
    Text::new(text).lines().map(Cow::into_owned).collect()
}

/// What one agent was not asked about, or was asked about although its provider wrote it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OwnHunks {
    /// How many.
    pub(super) count: usize,
    /// Of so many.
    pub(super) of: usize,
    /// Who wrote them.
    pub(super) authors: BTreeSet<Author>,
    /// It was not asked about them.
    pub(super) is_left_out: bool,
    /// The files in which they are, and their places there.
    pub(super) places: BTreeMap<RelPath, Vec<TextRange>>,
    /// Of these, the files about which it is asked nothing for that reason.
    pub(super) whole: BTreeSet<RelPath>,
}

impl OwnHunks {
    /// A sentence for the report; `None` when there are none.
    pub(super) fn note(&self, agent: &str) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let (hunks, wrote) = (self.hunks(), self.wrote(agent));
        Some(if self.is_left_out {
            format!("not asked of `{agent}` about {hunks}: {wrote}")
        } else {
            format!(
                "{hunks} reviewed by `{agent}` alone, although {wrote}; configure an agent of another provider in `[review] agents`"
            )
        })
    }
    /// Why they are not reviewed, where nobody else is left.
    pub(super) fn gap(&self, agent: &str) -> String {
        format!(
            "it was not asked about {}: {}, and nobody else is left to review that",
            self.hunks(),
            self.wrote(agent)
        )
    }
    /// `2 of 5 hunks`.
    fn hunks(&self) -> String {
        let noun = if self.of == 1 { "hunk" } else { "hunks" };
        format!("{} of {} {noun}", self.count, self.of)
    }
    /// `it wrote them (proposal 3fa2qx7k)`.
    fn wrote(&self, agent: &str) -> String {
        let is_by_itself = self.authors.iter().any(|it| it.agent == agent);
        let others: BTreeSet<&str> = self.authors.iter().map(|it| it.agent.as_str()).collect();
        let others: Vec<String> = others.into_iter().map(|it| format!("`{it}`")).collect();
        let them = if self.count == 1 { "it" } else { "them" };
        let who = if is_by_itself {
            format!("it wrote {them}")
        } else {
            format!(
                "{}, of the same provider, wrote {them}",
                others.join(" and ")
            )
        };
        let proposals: BTreeSet<&str> = self
            .authors
            .iter()
            .map(|it| it.proposal.0.as_str())
            .collect();
        let named: Vec<&str> = proposals.iter().take(MAX_NAMED).copied().collect();
        let noun = if proposals.len() == 1 {
            "proposal"
        } else {
            "proposals"
        };
        let more = match proposals.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{who} ({noun} {}{more})", named.join(", "))
    }
}
