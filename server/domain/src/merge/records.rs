//! What became of the agents' earlier findings, and how much their next ones weigh for it.

use crate::finding::Category;
use std::collections::BTreeMap;

/// The records of agents, by category: one that is good at one thing need not be good at another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records(BTreeMap<String, BTreeMap<Category, Record>>);

impl Records {
    /// Takes in the record of an agent in a category, in place of an earlier one.
    pub fn set(&mut self, agent: &str, category: Category, record: Record) {
        let of_agent = self.0.entry(agent.to_owned()).or_default();
        of_agent.insert(category, record);
    }

    /// The record of an agent in a category; an empty one where nothing is known.
    pub fn of(&self, agent: &str, category: &Category) -> Record {
        let record = self.0.get(agent).and_then(|it| it.get(category));
        record.copied().unwrap_or_default()
    }
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
