//! A call that was let through: reserved until it reaches its agent, settled when it is known what it took.

use super::gate::Gate;
use super::{Cost, Spent};
use crate::ledger::Opening;
use domain::answer::Usage;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A call that was let through. Dropped without having been settled it is given back, or, once it has reached its agent, counts
/// with what was expected of it.
pub(crate) struct Ticket {
    gate: Arc<Gate>,
    pub(super) number: u64,
    pub(super) opening: Opening,
    /// Bytes sent.
    bytes: usize,
    /// When the agent got it.
    sent: Option<Instant>,
    /// Bytes received.
    received: Option<usize>,
    is_let_through: bool,
    is_settled: bool,
}

impl Ticket {
    pub(super) fn new(gate: Arc<Gate>, number: u64, opening: Opening, bytes: usize) -> Self {
        let now = gate.budgets.now();
        let expected = if opening.counted {
            opening.expected.as_spent()
        } else {
            Spent::default()
        };
        gate.budgets.today().open(number, &opening, expected, now);
        Self {
            gate,
            number,
            opening,
            bytes,
            sent: None,
            received: None,
            is_let_through: false,
            is_settled: false,
        }
    }
    /// All budgets have room for it.
    pub(super) fn let_through(&mut self) {
        self.is_let_through = true;
    }
    /// The agent has the call.
    pub(crate) fn sent(&mut self) {
        if self.sent.is_none() {
            self.sent = Some(Instant::now());
            self.gate.budgets.ledger.call_sent(&self.opening.ticket);
        }
    }
    /// Its answer is there, and has so many bytes.
    pub(crate) fn received(&mut self, bytes: usize) {
        self.sent();
        self.received = Some(bytes);
    }
    /// It is known what the call took, as far as the agent tells.
    pub(crate) fn settle(mut self, usage: Option<&Usage>) {
        let cost = self.told(usage);
        self.account(cost, true);
    }
    /// The agent refused the call for want of quota: it did nothing.
    pub(crate) fn refused(mut self) {
        self.account(Cost::nothing(), false);
    }

    fn told(&self, usage: Option<&Usage>) -> Cost {
        if !self.opening.counted {
            return Cost::nothing();
        }
        let model = self.gate.model(&self.opening.agent);
        let received = self.received.unwrap_or_default();
        let prices = &self.gate.config.prices;
        Cost::of(usage, self.bytes, received, prices, model.as_deref())
    }
    fn account(&mut self, cost: Cost, answered: bool) {
        self.is_settled = true;
        let took = self.sent.map_or(Duration::ZERO, |it| it.elapsed());
        let mut spent = cost.as_spent(took);
        if !self.opening.counted {
            spent.calls = 0;
        }
        let gate = &self.gate;
        gate.budgets.today().settle(self.number, spent.clone());
        let ledger = &gate.budgets.ledger;
        ledger.settle_call(self.opening.clone(), cost, took, answered);
        let mut state = gate.state();
        state.under_way.remove(&self.number);
        state.settled += 1;
        *state.spent.entry(self.opening.agent.clone()).or_default() += &spent;
        drop(state);
        gate.changed.send_replace(());
    }
    fn give_back(&self) {
        let gate = &self.gate;
        gate.budgets.today().release(self.number);
        gate.budgets.ledger.release_call(&self.opening.ticket);
        let mut state = gate.state();
        state.under_way.remove(&self.number);
        // Whoever waits for its end need not look again because it was refused.
        state.settled += u64::from(self.is_let_through);
        drop(state);
        gate.changed.send_replace(());
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        match (self.sent, self.received) {
            (None, _) => self.give_back(),
            // What could not be read was paid for.
            (Some(_), Some(_)) => self.account(self.told(None), false),
            (Some(_), None) if self.opening.counted => {
                self.account(Cost::expected(&self.opening.expected), false);
            }
            (Some(_), None) => self.account(Cost::nothing(), false),
        }
    }
}
