//! Who stands in when an agent has no quota left, and for what.

use super::prepare::Shared;
use crate::config::Config;
use crate::scope::Gathered;
use agents::AgentSpec;
use domain::path::RelPath;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// The fallbacks of a run.
pub(super) struct Relief {
    fallbacks: BTreeMap<String, String>,
    agents: BTreeMap<String, AgentSpec>,
    /// The provider of the author, which reviews nothing of this run.
    author: Option<String>,
    state: Mutex<State>,
}

struct State {
    /// What each agent is asked about; everything when `None`.
    asked: BTreeMap<String, Option<BTreeSet<RelPath>>>,
    /// How many agents take part.
    count: usize,
}

impl Relief {
    /// `asked` are asked about everything.
    pub(super) fn new(config: &Config, asked: &[AgentSpec], author: Option<String>) -> Self {
        let state = State {
            asked: asked.iter().map(|it| (it.name.clone(), None)).collect(),
            count: asked.len(),
        };
        Self {
            fallbacks: config.fallbacks.clone(),
            agents: config.agents.clone(),
            author,
            state: Mutex::new(state),
        }
    }
    /// Finds who does the work of `short` instead.
    ///
    /// # Errors
    /// As [`Relief::take_over`].
    pub(super) fn instead_of(&self, short: &str) -> Result<AgentSpec, Option<String>> {
        let spec = self.fallback(short)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.asked.insert(spec.name.clone(), None).is_some() {
            return Err(Some(in_run(&spec.name)));
        }
        Ok(spec.clone())
    }
    fn fallback(&self, short: &str) -> Result<&AgentSpec, Option<String>> {
        let name = self.fallbacks.get(short).ok_or(None)?;
        let gone = || Some(format!("its fallback `{name}` is not there any more"));
        let spec = self.agents.get(name).ok_or_else(gone)?;
        if self.author.as_ref() == Some(&spec.provider) {
            return Err(Some(format!(
                "its fallback `{name}` is of the author's provider, {}, and may not review this",
                spec.provider
            )));
        }
        Ok(spec)
    }
    /// Finds who takes over what `short` was asked about; `join` is told the newcomer's place in the run, one newcomer after the
    /// other.
    ///
    /// # Errors
    /// Why nobody does; `None` where no fallback is configured.
    pub(super) fn take_over(
        &self,
        short: &str,
        paths: &BTreeSet<RelPath>,
        join: impl FnOnce(&AgentSpec, usize),
    ) -> Result<(AgentSpec, usize), Option<String>> {
        let spec = self.fallback(short)?;
        let name = &spec.name;
        // Nothing is done under this lock that could leave the state half changed.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let same = state.asked.get(name).is_some_and(|asked| {
            let has = |it: &RelPath| asked.as_ref().is_none_or(|asked| asked.contains(it));
            paths.iter().any(has)
        });
        if same {
            return Err(Some(in_run(name)));
        }
        let asked = state
            .asked
            .entry(name.clone())
            .or_insert_with(|| Some(BTreeSet::new()));
        if let Some(asked) = asked {
            asked.extend(paths.iter().cloned());
        }
        let index = state.count;
        state.count += 1;
        join(spec, index);
        Ok((spec.clone(), index))
    }
}

fn in_run(name: &str) -> String {
    format!(
        "its fallback `{name}` is asked the same in this run already, so that nobody takes over"
    )
}

/// What a run has in common, with only these files of what is still open to look at.
pub(super) fn narrowed(shared: &Shared, open: &Gathered, paths: &BTreeSet<RelPath>) -> Shared {
    let mut gathered = open.clone();
    gathered.targets.retain(|it| paths.contains(&it.path));
    Shared {
        gathered: Arc::new(gathered),
        guidelines: shared.guidelines.clone(),
        instructions: shared.instructions.clone(),
        open: shared.open.clone(),
        limits: shared.limits.clone(),
        occasion: shared.occasion,
        panel: shared.panel.clone(),
        verify: shared.verify,
        own: shared.own.clone(),
        is_proposed: shared.is_proposed,
    }
}
