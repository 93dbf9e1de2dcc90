//! The part of the handle that is about what the agents cost and are worth.

use super::Engine;
use super::answer::once;
use crate::event::{AgentSpent, AgentStats, Event};
use crate::ledger::Listed;
use std::path::Path;
use std::time::SystemTime;

impl Engine {
    /// Asks the ledger what became of the agents' earlier findings, by agent and category; ends in [`Event::Records`], or in
    /// nothing when the ledger cannot be read.
    pub fn recall_records(&self) {
        let sink = self.inner.sink.clone();
        self.inner
            .ledger
            .records(move |records| sink(Event::Records(records)));
    }
    /// Asks the ledger what calls took since a time, in one root or in all; ends in [`Event::Spent`].
    pub fn spent(&self, root: Option<&Path>, since: SystemTime) {
        let (sink, of) = (self.inner.sink.clone(), root.map(Path::to_owned));
        let answer = once(move |listed: Listed<AgentSpent>| {
            sink(Event::Spent {
                root: of,
                since,
                unread: listed.unread,
                agents: listed.items,
            });
        });
        self.inner.ledger.spent(root, since, answer);
    }
    /// The same of all roots since the day of UTC began, as the budgets of a day have it.
    pub fn spent_today(&self) {
        self.spent(None, self.inner.budgets.day_began());
    }
    /// Asks the ledger what became of each agent's findings since a time, in one root or in all; ends in one [`Event::Stats`].
    pub fn recall_stats(&self, root: Option<&Path>, since: SystemTime) {
        let (sink, of) = (self.inner.sink.clone(), root.map(Path::to_owned));
        let answer = once(move |listed: Listed<AgentStats>| {
            sink(Event::Stats {
                root: of,
                since,
                unread: listed.unread,
                agents: listed.items,
            });
        });
        self.inner.ledger.stats(root, since, answer);
    }
}
