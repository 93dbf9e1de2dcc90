//! Before the agents are asked for a change: which agents, which files, and what the team wants of its code.

use crate::config::{FixConfig, LimitsConfig, Loaded};
use crate::guidelines::{Guideline, Reader};
use crate::request::{Edit, EditTarget, OpenBuffers, Remark, Scope};
use crate::run::Job;
use crate::run::prepare::{guidelines, too_long, unknown};
use crate::scope::{self, Gathered, LineRange, ScopeError};
use agents::{AgentSpec, Operation};
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Most agents that attempt one change.
const MAX_AGENTS: usize = 8;

/// All that is needed to ask agents.
pub(super) struct Prepared {
    /// The agents to ask.
    pub(super) agents: Vec<AgentSpec>,
    pub(super) shared: Shared,
}

/// What the attempts have in common.
pub(super) struct Shared {
    pub(super) title: String,
    /// From the configuration and the command.
    pub(super) instructions: Vec<String>,
    pub(super) remarks: Vec<Remark>,
    pub(super) gathered: Arc<Gathered>,
    pub(super) guidelines: Vec<Guideline>,
    pub(super) open: OpenBuffers,
    pub(super) fix: FixConfig,
    /// `review.exclude`: what no agent gets, none may change.
    pub(super) exclude: Vec<String>,
    pub(super) limits: LimitsConfig,
}

/// Finds out what the agents are to be asked. The run's limit holds here, too, from `started` on.
///
/// # Errors
/// A sentence when nothing can be asked at all.
pub(super) async fn prepare(job: &Job, edit: Edit, started: Instant) -> Result<Prepared, String> {
    let Some(loaded) = job.root.fresh().await else {
        return Err("crosscheck is ending".to_owned());
    };
    let agents = choose(&loaded, &edit.agents)?;
    let limits = loaded.config.limits.clone();
    let preparing = gather(job, edit, &loaded);
    let shared = match started.checked_add(limits.run) {
        Some(deadline) => timeout_at(deadline, preparing)
            .await
            .map_err(|_| too_long("change", &limits))??,
        None => preparing.await?,
    };
    Ok(Prepared { agents, shared })
}

async fn gather(job: &Job, edit: Edit, loaded: &Loaded) -> Result<Shared, String> {
    let Edit {
        title,
        instructions,
        remarks,
        targets,
        open,
        ..
    } = edit;
    let config = &loaded.config;
    let places = places(targets, &remarks);
    let paths: Vec<PathBuf> = places.keys().map(|it| it.as_str().into()).collect();
    let mut gathered = if paths.is_empty() {
        Gathered::default()
    } else {
        let scope = Scope::Files(paths);
        match scope::gather(&job.root.path, &scope, &open, config, &job.cancel).await {
            Ok(gathered) => gathered,
            Err(ScopeError::Cancelled) => return Err("it was cancelled".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
    };
    if let ([], [first, ..]) = (gathered.targets.as_slice(), gathered.skipped.as_slice()) {
        return Err(format!(
            "`{}` cannot be changed: it {}",
            first.path, first.reason
        ));
    }
    for target in &mut gathered.targets {
        if let Some(Some(ranges)) = places.get(&target.path) {
            let ranges = ranges.iter().map(|it| lines(&target.text, *it));
            target.ranges = Some(ranges.collect());
        }
    }
    let gathered = Arc::new(gathered);
    let guidelines = if config.review.guidelines {
        guidelines(&job.root, &gathered, Reader::Author)
            .await
            .map_err(|_| "the guideline files could not be read".to_owned())?
    } else {
        Vec::new()
    };
    let wishes = config
        .fix
        .instructions
        .iter()
        .cloned()
        .chain([instructions]);
    Ok(Shared {
        title,
        instructions: wishes.filter(|it| !it.trim().is_empty()).collect(),
        remarks,
        gathered,
        guidelines,
        open,
        fix: config.fix.clone(),
        exclude: config.review.exclude.clone(),
        limits: config.limits.clone(),
    })
}

/// The files that are meant, and the places in them; `None` for a file as a whole.
fn places(
    targets: Vec<EditTarget>,
    remarks: &[Remark],
) -> BTreeMap<RelPath, Option<Vec<TextRange>>> {
    let mut places: BTreeMap<RelPath, Option<Vec<TextRange>>> = BTreeMap::new();
    let of_remarks = remarks.iter().map(|it| EditTarget {
        path: it.path.clone(),
        range: Some(it.range),
    });
    for EditTarget { path, range } in targets.into_iter().chain(of_remarks) {
        match (
            places.entry(path).or_insert_with(|| Some(Vec::new())),
            range,
        ) {
            (Some(ranges), Some(range)) => ranges.push(range),
            (place, None) => *place = None,
            (None, Some(_)) => {}
        }
    }
    for ranges in places.values_mut().flatten() {
        ranges.sort_unstable();
        ranges.dedup();
    }
    places
}

/// The lines that a range of bytes touches.
fn lines(text: &Text, range: TextRange) -> LineRange {
    let range = text.clamp(range);
    let number = |offset: usize| u32::try_from(text.line_of(offset) + 1).unwrap_or(u32::MAX);
    LineRange {
        start_line: number(range.start),
        end_line: number(range.end.saturating_sub(1).max(range.start)),
    }
}

/// The agents to ask: those named, else the first one that the configuration has for it.
fn choose(loaded: &Loaded, named: &[String]) -> Result<Vec<AgentSpec>, String> {
    let fix = &loaded.config.fix;
    let mut wanted: Vec<&String> = Vec::new();
    for name in if named.is_empty() {
        fix.agents.get(..1).unwrap_or_default()
    } else {
        named
    } {
        if !wanted.contains(&name) {
            wanted.push(name);
        }
    }
    if wanted.len() > MAX_AGENTS {
        return Err(format!(
            "{} agents were named; at most {MAX_AGENTS} attempt one change",
            wanted.len()
        ));
    }
    if let ([], [offered, ..]) = (wanted.as_slice(), fix.offered.as_slice()) {
        return Err(format!(
            "no agent is configured for changes; `{offered}` is installed and can be asked by name, or name it in `[fix] agents`"
        ));
    }
    if wanted.is_empty() {
        return Err(
            "no agent is configured for changes; name some in `[fix] agents`, for example `agents = [\"codex\"]`"
                .to_owned(),
        );
    }
    wanted
        .into_iter()
        .map(|it| usable(loaded, it).cloned())
        .collect()
}

fn usable<'a>(loaded: &'a Loaded, name: &str) -> Result<&'a AgentSpec, String> {
    let Some(spec) = loaded.config.agents.get(name) else {
        return Err(unknown(loaded, name));
    };
    let can = |it| spec.operations.contains_key(&it);
    if can(Operation::Edit) || can(Operation::Ask) {
        Ok(spec)
    } else {
        Err(format!(
            "agent `{name}` can neither edit nor answer; give it `[agents.{name}.edit]` or `[agents.{name}.ask]` with \
             the `tool` to call"
        ))
    }
}
