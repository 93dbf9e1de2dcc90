//! Who wrote what is reviewed: agents of the author's provider do not review it.

use crate::config::Config;
use crate::request::Review;
use agents::AgentSpec;

/// The author of what is reviewed.
pub(super) struct Author {
    /// As it was told.
    said: Option<String>,
    /// The provider, where an author is told; as agents have it.
    pub(super) provider: Option<String>,
}

/// Who reviews, and who does not.
#[derive(Default)]
pub(super) struct Chosen {
    /// The agents to ask.
    pub(super) agents: Vec<AgentSpec>,
    /// Those that are asked about nothing, and so cannot agree with anybody.
    pub(super) excused: Vec<String>,
    /// What is to be said of it.
    pub(super) notes: Vec<String>,
}

impl Author {
    /// The author that a review names: an agent, else a provider.
    pub(super) fn of(review: &Review, config: &Config) -> Self {
        let said = review.author.as_deref().map(str::trim);
        let said = said.filter(|it| !it.is_empty());
        let agents = config.agents.values();
        let provider = said.map(|said| {
            let is_same = |other: &str| other.eq_ignore_ascii_case(said);
            let named = config
                .agents
                .get(said)
                .or_else(|| agents.clone().find(|it| is_same(&it.provider)));
            named.map_or_else(|| said.to_owned(), |it| it.provider.clone())
        });
        Self {
            said: said.map(str::to_owned),
            provider,
        }
    }
    /// Parts the agents that may review from the author's.
    ///
    /// # Errors
    /// A sentence when none is left.
    pub(super) fn leave_out(&self, agents: Vec<AgentSpec>) -> Result<Chosen, String> {
        let (Some(said), Some(provider)) = (&self.said, &self.provider) else {
            return Ok(Chosen {
                agents,
                ..Chosen::default()
            });
        };
        let (authors, others): (Vec<AgentSpec>, Vec<AgentSpec>) =
            agents.into_iter().partition(|it| it.provider == *provider);
        let names = names(&authors);
        if others.is_empty() {
            return Err(format!(
                "nobody is left to review this: {names} would review what is of {provider}, too (the author is `{said}`); name an \
                 agent of another provider, or configure one in `[review] agents`"
            ));
        }
        let notes = match authors.as_slice() {
            [] => Vec::new(),
            _ => vec![format!(
                "not asked: {names}, since the author is `{said}`, and nobody reviews what is of the same provider ({provider})"
            )],
        };
        Ok(Chosen {
            agents: others,
            excused: authors.into_iter().map(|it| it.name).collect(),
            notes,
        })
    }
}

/// Agents as a sentence names them.
pub(super) fn names(agents: &[AgentSpec]) -> String {
    let names: Vec<String> = agents.iter().map(|it| format!("`{}`", it.name)).collect();
    names.join(" and ")
}
