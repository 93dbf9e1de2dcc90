//! Before the agents are asked: which agents, what to look at, and what the team wants of it.

use super::author::{Author, Chosen};
use super::own::Own;
use super::proposed;
use crate::config::{AfterReview, Config, LimitsConfig, Loaded};
use crate::engine::Root;
use crate::event::{AgentOutcome, AgentReport, Report, Skipped};
use crate::guidelines::{self, Guideline, Reader};
use crate::request::{Occasion, OpenBuffers, Review, Scope};
use crate::scope::{self, Gathered, ScopeError};
use agents::{AgentSpec, Operation};
use domain::merge::Panel;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// All that is needed to ask agents.
pub(super) struct Prepared {
    /// The agents to ask.
    pub(super) agents: Vec<AgentSpec>,
    /// Configured for reviews, but cannot be asked.
    pub(super) unusable: Vec<AgentReport>,
    /// The provider of the author, where that is known: its agents are not asked.
    pub(super) author: Option<String>,
    /// Those that are asked about nothing, and so cannot agree with anybody.
    pub(super) excused: Vec<String>,
    /// Remarks a person should see.
    pub(super) notes: Vec<String>,
    pub(super) shared: Shared,
}

/// What the agents' parts of a run have in common.
pub(super) struct Shared {
    pub(super) gathered: Arc<Gathered>,
    pub(super) guidelines: Vec<Guideline>,
    pub(super) instructions: Vec<String>,
    pub(super) open: OpenBuffers,
    pub(super) occasion: Occasion,
    pub(super) limits: LimitsConfig,
    /// Who the agents are, for weighing what they say.
    pub(super) panel: Panel,
    /// What is checked at the end, and how much of it.
    pub(super) verify: (AfterReview, usize),
    /// What agents wrote themselves.
    pub(super) own: Arc<Own>,
    /// It is about texts that stand in no file.
    pub(super) is_proposed: bool,
}

/// Why no agent is asked.
pub(super) enum Nothing {
    Cancelled,
    Failed(String),
    /// There is nothing to look at.
    Empty {
        skipped: Vec<Skipped>,
        notes: Vec<String>,
    },
}

impl Nothing {
    pub(super) fn report(self, elapsed: Duration) -> Report {
        let empty = Report::empty(elapsed);
        match self {
            Nothing::Cancelled => Report {
                cancelled: true,
                ..empty
            },
            Nothing::Failed(error) => Report::failed(error, elapsed),
            Nothing::Empty { skipped, notes } => Report {
                skipped,
                notes,
                ..empty
            },
        }
    }
}

/// Finds out what the agents are to be asked. The run's limit holds here, too, from `started` on.
pub(super) async fn prepare(
    review: &Review,
    root: &Arc<Root>,
    cancel: &CancellationToken,
    started: Instant,
) -> Result<Prepared, Nothing> {
    let Some(loaded) = root.fresh().await else {
        return Err(Nothing::Cancelled);
    };
    let (agents, unusable) = choose(&loaded, &review.agents).map_err(Nothing::Failed)?;
    let mut author = Author::of(review, &loaded.config);
    let mut chosen = author.leave_out(agents).map_err(Nothing::Failed)?;
    let proposal = match &review.scope {
        Scope::Proposal { proposal, .. } => Some(proposal),
        Scope::Changes { .. } | Scope::Files(_) | Scope::Selection { .. } => None,
    };
    if let Some(proposal) = proposal {
        chosen = proposed::choose(proposal, chosen, &mut author).map_err(Nothing::Failed)?;
    }
    let Chosen {
        agents,
        excused,
        notes,
    } = chosen;
    let config = &loaded.config;
    // What blocks on files cannot be dropped; this ends it.
    let cancel = cancel.child_token();
    let _ended = cancel.clone().drop_guard();
    let gathering = gather(review, root, config, &cancel);
    let (gathered, guidelines) = match started.checked_add(config.limits.run) {
        Some(deadline) => timeout_at(deadline, gathering)
            .await
            .map_err(|_| Nothing::Failed(too_long("review", &config.limits)))??,
        None => gathering.await?,
    };
    let instructions = config
        .review
        .instructions
        .iter()
        .map(String::as_str)
        .chain(review.instructions.as_deref())
        .chain(proposal.map(|_| proposed::INSTRUCTION));
    let shared = Shared {
        gathered,
        guidelines,
        instructions: instructions.map(str::to_owned).collect(),
        open: review.open.clone(),
        occasion: review.occasion,
        limits: config.limits.clone(),
        panel: config.panel(&review.agents),
        verify: match proposal {
            None => (
                review.verify.unwrap_or(config.verify.after_review),
                config.verify.limit,
            ),
            // A check is held against the files.
            Some(_) => (AfterReview::Off, 0),
        },
        own: Arc::default(),
        is_proposed: proposal.is_some(),
    };
    Ok(Prepared {
        agents,
        unusable,
        author: author.provider,
        excused,
        notes,
        shared,
    })
}

async fn gather(
    review: &Review,
    root: &Arc<Root>,
    config: &Config,
    cancel: &CancellationToken,
) -> Result<(Arc<Gathered>, Vec<Guideline>), Nothing> {
    let gathered =
        match scope::gather(&root.path, &review.scope, &review.open, config, cancel).await {
            Ok(gathered) => gathered,
            Err(ScopeError::Cancelled) => return Err(Nothing::Cancelled),
            Err(error) => return Err(Nothing::Failed(error.to_string())),
        };
    if gathered.targets.is_empty() {
        return Err(empty(review, gathered));
    }
    let gathered = Arc::new(gathered);
    let guidelines = if config.review.guidelines {
        guidelines(root, &gathered, Reader::Reviewer).await?
    } else {
        Vec::new()
    };
    Ok((gathered, guidelines))
}

/// Why a run is stopped at its limit.
pub(super) fn too_long(noun: &str, limits: &LimitsConfig) -> String {
    format!(
        "the {noun} took longer than {} s (`[limits] run`) and was stopped",
        limits.run.as_secs()
    )
}

pub(super) async fn guidelines(
    root: &Arc<Root>,
    gathered: &Arc<Gathered>,
    reader: Reader,
) -> Result<Vec<Guideline>, Nothing> {
    let (root, gathered) = (root.clone(), gathered.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let paths: Vec<_> = gathered.targets.iter().map(|it| &it.path).collect();
        guidelines::collect(&root.path, &paths, reader)
    });
    reading.await.map_err(|error| {
        Nothing::Failed(format!(
            "the guideline files could not be read because of a fault in crosscheck: {error}"
        ))
    })
}

fn empty(review: &Review, gathered: Gathered) -> Nothing {
    let Gathered {
        base,
        skipped,
        mut notes,
        ..
    } = gathered;
    if notes.is_empty() && skipped.is_empty() {
        notes.push(match (&review.scope, base) {
            (Scope::Changes { .. }, Some(base)) => format!("no changes against {base}"),
            (Scope::Changes { .. }, None) => "no changes".to_owned(),
            (Scope::Proposal { .. }, _) => "nothing is proposed".to_owned(),
            _ => "no files to review".to_owned(),
        });
    }
    Nothing::Empty { skipped, notes }
}

type Choice = (Vec<AgentSpec>, Vec<AgentReport>);

/// The agents to ask. One that the user named must exist; one that is only configured and cannot be asked is reported
/// beside the others.
fn choose(loaded: &Loaded, named: &[String]) -> Result<Choice, String> {
    let config = &loaded.config;
    let wanted = if named.is_empty() {
        &config.review.agents
    } else {
        named
    };
    let (mut chosen, mut unusable): Choice = Default::default();
    let mut seen: Vec<&str> = Vec::new();
    for name in wanted {
        if seen.contains(&name.as_str()) {
            continue;
        }
        seen.push(name);
        match usable(loaded, name) {
            Ok(spec) => chosen.push(spec.clone()),
            Err(reason) if !named.is_empty() => return Err(reason),
            Err(reason) => unusable.push(failed(loaded, name, reason)),
        }
    }
    match unusable.first() {
        _ if !chosen.is_empty() => Ok((chosen, unusable)),
        Some(AgentReport {
            outcome: AgentOutcome::Failed(reason),
            ..
        }) => Err(reason.clone()),
        _ => Err(
            "no agent is configured for reviews; name some in `[review] agents`, for example \
                  `agents = [\"builtin\"]`"
                .to_owned(),
        ),
    }
}

fn usable<'a>(loaded: &'a Loaded, name: &str) -> Result<&'a AgentSpec, String> {
    let Some(spec) = loaded.config.agents.get(name) else {
        return Err(unknown(loaded, name));
    };
    if spec.operations.contains_key(&Operation::Review) {
        Ok(spec)
    } else {
        Err(format!(
            "agent `{name}` cannot review; give it `[agents.{name}.review]` with the `tool` to call"
        ))
    }
}

/// Why an agent is not there: perhaps the workspace brings it and nobody trusted that yet.
pub(super) fn unknown(loaded: &Loaded, name: &str) -> String {
    let quoted = [format!("\"{name}\""), format!("`{name}`")];
    let brought = loaded.untrusted.iter().flat_map(|it| &it.brings);
    if brought
        .clone()
        .any(|it| quoted.iter().any(|quoted| it.contains(quoted)))
    {
        return format!(
            "agent `{name}` comes from this workspace, which is not trusted yet; look at what it would start and \
             trust it (`crosscheck trust`)"
        );
    }
    let known: Vec<String> = loaded
        .config
        .agents
        .keys()
        .map(|it| format!("`{it}`"))
        .collect();
    if known.is_empty() {
        format!("no agent named `{name}` is configured, nor any other")
    } else {
        format!(
            "no agent named `{name}` is configured; there are {}",
            known.join(", ")
        )
    }
}

pub(super) fn failed(loaded: &Loaded, name: &str, reason: String) -> AgentReport {
    let provider = loaded
        .config
        .agents
        .get(name)
        .map(|it| it.provider.as_str());
    AgentReport::new(
        name,
        provider.unwrap_or_default(),
        AgentOutcome::Failed(reason),
    )
}
