//! What a run will probably take, told before it begins.

use super::{Limits, Period, Rule, Spent};
use crate::ledger::AgentSpent;

/// A run that takes more than this part of what is left of a day's budget is worth a word before it begins.
const LARGE_SHARE: f64 = 0.5;
/// So is one with more than this, whatever the budget.
const LARGE: Limits = Limits {
    calls: Some(20),
    tokens: Some(500_000),
    usd: Some(1.0),
    minutes: None,
};

/// What a run will probably take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// All of it.
    pub total: Spent,
    /// Each agent's part.
    pub agents: Vec<AgentSpent>,
    /// The part of what is left of a budget that it would take, and the key of that budget: of the one that it strains most. More
    /// than 1 when it does not fit.
    pub share: Option<(f64, String)>,
    /// It is large enough for a word before it begins.
    pub is_large: bool,
    /// It is more than `[budget] confirm` lets begin without asking.
    pub needs_consent: bool,
}

impl Estimate {
    /// `budgets` are those that hold, with what was spent of each; `before` is what the run has spent and nobody was asked about.
    pub(super) fn new(
        agents: Vec<AgentSpent>,
        budgets: impl Iterator<Item = (Rule, Spent)>,
        confirm: &Limits,
        before: &Spent,
    ) -> Self {
        let of = |rule: Option<&Rule>| {
            let mut total = Spent::default();
            let concerned = |it: &&AgentSpent| rule.is_none_or(|rule| rule.concerns(&it.agent));
            for agent in agents.iter().filter(concerned) {
                total += &agent.spent;
            }
            total
        };
        let total = of(None);
        let mut is_large = LARGE.is_exceeded_by(&total);
        let mut nearest: Option<(f64, f64, String)> = None;
        for (rule, spent) in budgets {
            let Some(part) = rule.limits.less(&spent).share(&of(Some(&rule))) else {
                continue;
            };
            // A run may well take all that one may; a day has more of them.
            let most = match rule.period {
                Period::Run => 1.0,
                Period::Day => LARGE_SHARE,
            };
            is_large |= part > most;
            let weight = part / most;
            if nearest.as_ref().is_none_or(|it| it.0 < weight) {
                nearest = Some((weight, part, rule.table()));
            }
        }
        let share = nearest.map(|(_, part, table)| (part, table));
        Self {
            is_large: is_large && !total.is_nothing(),
            needs_consent: !total.is_nothing() && confirm.is_exceeded_by(&with(before, &total)),
            total,
            agents,
            share,
        }
    }
    /// One line for people: `about 3 calls, ~41,200 tokens, ~$0.32, 64 % of what is left of \`[budget] day\``.
    pub fn in_words(&self) -> String {
        let part = match &self.share {
            Some((share, table)) if *share > 1.0 => {
                format!(", more than is left of `{table}`")
            }
            Some((share, table)) if *share > LARGE_SHARE => {
                format!(", {:.0} % of what is left of `{table}`", share * 100.0)
            }
            _ => String::new(),
        };
        format!("about {}{part}", self.total)
    }
}

fn with(before: &Spent, more: &Spent) -> Spent {
    let mut all = before.clone();
    all += more;
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(agent: &str, calls: u64, usd: Option<f64>) -> AgentSpent {
        AgentSpent {
            agent: agent.to_owned(),
            provider: agent.to_owned(),
            spent: Spent {
                calls,
                input_tokens: calls * 1000,
                tokens_estimated: true,
                usd: usd.unwrap_or_default(),
                usd_estimated: usd.is_some(),
                unpriced: if usd.is_none() { calls } else { 0 },
                ..Spent::default()
            },
        }
    }

    fn budget(agent: Option<&str>, calls: u64) -> Rule {
        Rule {
            agent: agent.map(str::to_owned),
            period: Period::Day,
            by_project: false,
            limits: Limits {
                calls: Some(calls),
                ..Limits::default()
            },
        }
    }

    #[test]
    fn an_estimate_says_how_much_of_what_is_left_it_takes() {
        let agents = vec![of("a", 2, Some(0.25)), of("b", 1, None)];
        let spent = Spent {
            calls: 6,
            ..Spent::default()
        };
        let confirm = Limits {
            usd: Some(0.2),
            ..Limits::default()
        };
        for (rule, words) in [
            (budget(None, 10), ", 75 % of what is left of `[budget] day`"),
            (budget(None, 8), ", more than is left of `[budget] day`"),
            (budget(None, 6), ", more than is left of `[budget] day`"),
            (budget(None, 60), ""),
            (budget(Some("b"), 8), ""),
        ] {
            let budgets = [(rule, spent.clone())].into_iter();
            let estimate = Estimate::new(agents.clone(), budgets, &confirm, &Spent::default());
            assert_eq!(
                estimate.in_words(),
                format!("about 3 calls, ~3,000 tokens, ~$0.25 and 1 call of unknown cost{words}")
            );
            assert_eq!(estimate.is_large, !words.is_empty());
            assert!(estimate.needs_consent);
        }
    }

    #[test]
    fn what_was_spent_before_counts_for_the_question() {
        let confirm = Limits {
            calls: Some(3),
            ..Limits::default()
        };
        for (before, more, expected) in [
            (0, 3, false),
            (0, 4, true),
            (2, 1, false),
            (2, 2, true),
            (9, 0, false),
        ] {
            let before = of("a", before, None).spent;
            let estimate = Estimate::new(
                vec![of("b", more, None)],
                std::iter::empty(),
                &confirm,
                &before,
            );
            assert_eq!(estimate.needs_consent, expected, "{before} {more}");
        }
    }
}
