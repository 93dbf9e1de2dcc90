//! A review of a proposal: who is asked about it, and how.

use super::author::{Author, Chosen, names};
use super::manner::Manner;
use agents::spec::Reads;
use agents::{AgentSpec, Operation};
use domain::proposal::Proposal;
use domain::sanitize;

/// Longest title in a note, in characters.
const MAX_TITLE: usize = 120;
/// What agents are told beside the texts.
pub(super) const INSTRUCTION: &str = "What you review is proposed and not applied: the files on disk are as they were before it. \
    The code and the changes given here are what the files would become; where the disk differs, what is given here counts.";

/// How an agent is asked about texts that stand in no file: it gets them.
pub(super) fn manner(spec: &AgentSpec) -> Manner {
    Manner {
        reads: Reads::Text,
        ..Manner::of(spec, Operation::Review)
    }
}

/// True when an agent can be shown a text.
fn takes_texts(spec: &AgentSpec) -> bool {
    let manner = Manner::of(spec, Operation::Review);
    manner.reads == Reads::Text || manner.needs_prompt
}

/// Of the agents, those that review the proposal: not those of its author's provider where there is a model of another one.
///
/// # Errors
/// A sentence when nobody is left.
pub(super) fn choose(
    proposal: &Proposal,
    chosen: Chosen,
    author: &mut Author,
) -> Result<Chosen, String> {
    let Chosen {
        agents,
        mut excused,
        mut notes,
    } = chosen;
    let id = &proposal.id.0;
    let title = sanitize::line(&proposal.title, MAX_TITLE);
    notes.insert(
        0,
        format!(
            "this is about proposal {id} of `{}` ({title}), as if it were applied; nothing of it is in your files, and what is found is \
             not remembered",
            proposal.agent
        ),
    );
    let (agents, blind): (Vec<_>, Vec<_>) = agents.into_iter().partition(takes_texts);
    if !blind.is_empty() {
        notes.push(format!(
            "not asked: {}, which can only look at the files on disk, where the proposal is not",
            names(&blind)
        ));
    }
    let (own, others): (Vec<_>, Vec<_>) = agents
        .into_iter()
        .partition(|it| !it.rules && it.provider == proposal.provider);
    let has_others = others.iter().any(|it| !it.rules);
    match (own.is_empty(), has_others) {
        (true, _) if others.is_empty() => Err(format!(
            "nobody is left to review proposal {id}; configure an agent with a model in `[review] agents`"
        )),
        (true, _) => Ok(Chosen {
            agents: others,
            excused,
            notes,
        }),
        (false, true) => {
            notes.push(format!(
                "not asked: {}, since `{}` made it, and nobody reviews what is of the same provider ({})",
                names(&own),
                proposal.agent,
                proposal.provider
            ));
            author
                .provider
                .get_or_insert_with(|| proposal.provider.clone());
            excused.extend(own.into_iter().map(|it| it.name));
            Ok(Chosen {
                agents: others,
                excused,
                notes,
            })
        }
        (false, false) => {
            notes.push(format!(
                "reviewed by {} alone, although `{}` made it; configure an agent of another provider in `[review] agents`",
                names(&own),
                proposal.agent
            ));
            Ok(Chosen {
                agents: [own, others].concat(),
                excused,
                notes,
            })
        }
    }
}
