//! Who the agents are, as far as it matters for how much their findings weigh.

use std::collections::{BTreeMap, BTreeSet};

/// The agents of a root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panel {
    /// The agents that are known, by name.
    pub reviewers: BTreeMap<String, Reviewer>,
    /// Names of those that are to review, whether they have spoken yet or not.
    pub asked: BTreeSet<String>,
}

/// An agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reviewer {
    /// The vendor of the model behind it.
    pub provider: String,
    /// It goes by fixed rules (a linter, a spell checker): what it says, it would say again, and no second opinion is
    /// needed. It is not expected to find what a model does.
    pub by_rules: bool,
}

impl Panel {
    /// True when an agent goes by fixed rules. One that is not known is taken for a model.
    pub fn is_by_rules(&self, agent: &str) -> bool {
        self.reviewers.get(agent).is_some_and(|it| it.by_rules)
    }

    /// The provider of an agent; its name where none is known.
    pub(super) fn provider<'a>(&'a self, agent: &'a str) -> &'a str {
        let provider = self.reviewers.get(agent).map(|it| it.provider.as_str());
        provider.filter(|it| !it.is_empty()).unwrap_or(agent)
    }
}
