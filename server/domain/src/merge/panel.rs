//! Who the agents are, as far as it matters for how much their findings weigh.

use crate::finding::Category;
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
    /// What became of its earlier findings, by category.
    pub records: BTreeMap<Category, Record>,
}

/// What became of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Accepted by the user, or fixed.
    pub accepted: u32,
    /// Dismissed by the user.
    pub dismissed: u32,
}

impl Record {
    /// Imagined findings on each side, which keep a short record from saying much.
    const PRIOR: u32 = 2;

    /// The odds that a finding is right, compared with those of an agent without a record: of the mean of
    /// Beta(accepted + 2, dismissed + 2).
    pub fn odds(self) -> f32 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a few millions of findings more or less change no odds"
        )]
        let count = |it: u32| it.saturating_add(Self::PRIOR) as f32;
        count(self.accepted) / count(self.dismissed)
    }
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

    /// The agent's record in a category.
    pub(super) fn record(&self, agent: &str, category: &Category) -> Record {
        let records = self.reviewers.get(agent).map(|it| &it.records);
        let record = records.and_then(|it| it.get(category));
        record.copied().unwrap_or_default()
    }
}
