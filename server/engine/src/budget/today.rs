//! What this process spent today, as long as the ledger cannot be asked what all have spent.

use super::{Rule, Spent};
use crate::ledger::Opening;
use std::collections::BTreeMap;

/// Most calls remembered of a day; beyond, the oldest count no more. The ledger knows them all.
const MAX_CALLS: usize = 10_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The calls of this process today.
#[derive(Default)]
pub(crate) struct Today {
    calls: BTreeMap<u64, Made>,
}

struct Made {
    day: i64,
    root: String,
    agent: String,
    spent: Spent,
    is_open: bool,
}

impl Today {
    /// Notes a call that is to be made. `now` is in milliseconds since 1970.
    pub(super) fn open(&mut self, number: u64, opening: &Opening, expected: Spent, now: i64) {
        let day = now.div_euclid(DAY_MS);
        self.calls.retain(|_, it| it.day == day || it.is_open);
        while self.calls.len() >= MAX_CALLS {
            self.calls.pop_first();
        }
        let made = Made {
            day,
            root: opening.root.clone(),
            agent: opening.agent.clone(),
            spent: expected,
            is_open: true,
        };
        self.calls.insert(number, made);
    }
    /// Notes what a call took.
    pub(super) fn settle(&mut self, number: u64, spent: Spent) {
        if let Some(made) = self.calls.get_mut(&number) {
            made.spent = spent;
            made.is_open = false;
        }
    }
    /// Forgets a call.
    pub(super) fn release(&mut self, number: u64) {
        self.calls.remove(&number);
    }
    /// What was spent of a budget, and what is under way of the calls noted before this one.
    pub(super) fn of(&self, rule: &Rule, root: &str, before: u64, now: i64) -> (Spent, Spent) {
        let (mut spent, mut open) = (Spent::default(), Spent::default());
        let day = now.div_euclid(DAY_MS);
        for (number, made) in &self.calls {
            if made.day != day
                || !rule.concerns(&made.agent)
                || (rule.by_project && made.root != root)
            {
                continue;
            }
            if !made.is_open {
                spent += &made.spent;
            } else if *number < before {
                open += &made.spent;
            }
        }
        (spent, open)
    }
}
