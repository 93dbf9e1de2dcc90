//! Budgets as rules, and whether one more call fits.

use super::amount::{Spent, about, calls, dollars, grouped};
use super::expect::Expected;
use std::time::Duration;

/// A budget in up to four units; what is not said is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Calls.
    pub calls: Option<u64>,
    /// Tokens read and written.
    pub tokens: Option<u64>,
    /// US dollars.
    pub usd: Option<f64>,
    /// Minutes that agents work; of calls at the same time, the sum.
    pub minutes: Option<u64>,
}

/// How long a budget lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// One run.
    Run,
    /// One day of UTC.
    Day,
}

/// A budget: of whom, for how long, how much.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The agent whose calls count; all agents' when `None`.
    pub agent: Option<String>,
    /// How long it lasts.
    pub period: Period,
    /// Only calls in this root count: the project's own file says it.
    pub by_project: bool,
    /// How much.
    pub limits: Limits,
}

/// Why a call does not fit a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// A sentence for people: what is used up, and what to do.
    pub(crate) reason: String,
    /// It may fit when it is known what the calls under way really take.
    pub(crate) may_fit_later: bool,
}

impl Limits {
    /// True when nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
    /// What is left of it.
    pub(crate) fn less(&self, spent: &Spent) -> Self {
        Self {
            calls: self.calls.map(|it| it.saturating_sub(spent.calls)),
            tokens: self.tokens.map(|it| it.saturating_sub(spent.tokens())),
            usd: self.usd.map(|it| (it - spent.usd).max(0.0)),
            minutes: self
                .minutes
                .map(|it| it.saturating_sub(spent.time.as_secs() / 60)),
        }
    }
    /// True when something is more than it says.
    pub(crate) fn is_exceeded_by(&self, spent: &Spent) -> bool {
        self.share(spent).is_some_and(|it| it > 1.0)
    }
    /// The largest part of a limit that `spent` is; `None` where nothing is limited. More than 1 when it is exceeded.
    pub fn share(&self, spent: &Spent) -> Option<f64> {
        let minutes = spent.time.as_secs_f64() / 60.0;
        #[expect(clippy::cast_precision_loss, reason = "a part need not be exact")]
        let parts = [
            self.calls.map(|most| part(spent.calls as f64, most as f64)),
            self.tokens
                .map(|most| part(spent.tokens() as f64, most as f64)),
            self.usd.map(|most| part(spent.usd, most)),
            self.minutes.map(|most| part(minutes, most as f64)),
        ];
        parts.into_iter().flatten().max_by(f64::total_cmp)
    }
}

/// Anything is more than all of nothing.
fn part(spent: f64, most: f64) -> f64 {
    match (most > 0.0, spent > 0.0) {
        (true, _) => spent / most,
        (false, true) => f64::INFINITY,
        (false, false) => 1.0,
    }
}

impl Rule {
    /// True when calls of this agent count.
    pub(crate) fn concerns(&self, agent: &str) -> bool {
        self.agent.as_deref().is_none_or(|it| it == agent)
    }
    /// Whether one more call fits beside what is spent and what is under way.
    ///
    /// # Errors
    /// Why it does not.
    pub(crate) fn admit(
        &self,
        spent: &Spent,
        open: &Spent,
        next: &Expected,
        left_of_day: Duration,
    ) -> Result<(), Refusal> {
        let Some((what, may_fit_later)) = self.excess(spent, open, next) else {
            return Ok(());
        };
        let table = self.table();
        let renewed = match self.period {
            Period::Run => String::new(),
            Period::Day => format!("; it is renewed at 00:00 UTC, in {}", in_time(left_of_day)),
        };
        Err(Refusal {
            reason: format!("budget: {what} (`{table}`); raise it there to go on{renewed}"),
            may_fit_later,
        })
    }

    /// The first limit that would be exceeded, in words, and whether that may change.
    fn excess(&self, spent: &Spent, open: &Spent, next: &Expected) -> Option<(String, bool)> {
        let (limits, period) = (&self.limits, self.period_words());
        if let Some(most) = limits.calls
            && spent.calls + open.calls >= most
        {
            let said = match most {
                0 => format!("no call is allowed {period}"),
                1 => format!("the only call {period} is taken"),
                most => format!("all {} {period} are taken", calls(most)),
            };
            return Some((said, false));
        }
        if let Some(most) = limits.tokens
            && spent.tokens() + open.tokens() + next.tokens() > most
        {
            let mark = about(spent.tokens_estimated);
            let said = format!(
                "of {} tokens {period}, {mark}{} are spent{} and this call may take ~{}",
                grouped(most),
                grouped(spent.tokens()),
                under_way(open, &grouped(open.tokens())),
                grouped(next.tokens()),
            );
            return Some((said, spent.tokens() + next.tokens() <= most));
        }
        let price = next.usd.unwrap_or_default();
        if let Some(most) = limits.usd
            && (spent.usd + open.usd + price > most || (most == 0.0 && next.usd.is_none()))
        {
            let mark = about(spent.usd_estimated);
            let said = format!(
                "of {} {period}, {mark}{} are spent{} and this call may cost {}",
                dollars(most),
                dollars(spent.usd),
                under_way(open, &dollars(open.usd)),
                next.usd
                    .map_or_else(|| "anything".to_owned(), |it| format!("~{}", dollars(it))),
            );
            return Some((said, most > 0.0 && spent.usd + price <= most));
        }
        if let Some(most) = limits.minutes
            && spent.time + open.time >= Duration::from_secs(most.saturating_mul(60))
        {
            let said = format!("agents have worked the {most} min that they may {period}");
            return Some((said, false));
        }
        None
    }
    /// What the ledger knows it by: another amount is another budget.
    pub(crate) fn key(&self, root: &str) -> String {
        let root = if self.by_project { root } else { "" };
        format!("{} {root} {:?}", self.table(), self.limits)
    }
    /// A sentence for people: a part of it is spent.
    pub(crate) fn notice(&self, percent: i64, spent: &Spent, left_of_day: Duration) -> String {
        let whose = match &self.agent {
            None => String::new(),
            Some(agent) => format!(" for agent `{agent}`"),
        };
        format!(
            "{percent} % of the day's budget{whose} is used: {spent} (`{}`; it is renewed at 00:00 UTC, in {})",
            self.table(),
            in_time(left_of_day)
        )
    }
    /// The table of the configuration that says it.
    pub fn table(&self) -> String {
        let period = match self.period {
            Period::Run => "run",
            Period::Day => "day",
        };
        let table = match &self.agent {
            None => format!("[budget] {period}"),
            Some(agent) => format!("[agents.{agent}.budget] {period}"),
        };
        if self.by_project {
            format!("{table}, in this project's crosscheck.toml")
        } else {
            table
        }
    }
    /// `in one run`, `a day for agent codex`.
    fn period_words(&self) -> String {
        let period = match self.period {
            Period::Run => "in one run",
            Period::Day => "a day",
        };
        match &self.agent {
            None => period.to_owned(),
            Some(agent) => format!("{period} for agent {agent}"),
        }
    }
}

fn under_way(open: &Spent, amount: &str) -> String {
    if open.calls == 0 {
        String::new()
    } else {
        format!(", ~{amount} are under way")
    }
}

/// `3 h 20 min`.
fn in_time(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rule(limits: Limits) -> Rule {
        Rule {
            agent: None,
            period: Period::Day,
            by_project: false,
            limits,
        }
    }

    fn refused(
        limits: Limits,
        spent: &Spent,
        open: &Spent,
        next: Expected,
    ) -> Option<(String, bool)> {
        let left = Duration::from_secs(3 * 3600 + 20 * 60);
        let verdict = rule(limits).admit(spent, open, &next, left);
        verdict.err().map(|it| (it.reason, it.may_fit_later))
    }

    fn spent(calls: u64, tokens: u64, usd: f64, minutes: u64) -> Spent {
        Spent {
            calls,
            input_tokens: tokens,
            usd,
            time: Duration::from_secs(minutes * 60),
            ..Spent::default()
        }
    }

    fn next(tokens: u64, usd: Option<f64>) -> Expected {
        Expected {
            input: tokens,
            output: 0,
            usd,
        }
    }

    #[test]
    fn a_call_that_does_not_fit_is_refused_with_what_to_do() {
        let limits = Limits {
            calls: Some(3),
            tokens: Some(1000),
            usd: Some(1.0),
            minutes: Some(30),
        };
        let nothing = Spent::default;
        for (of, under_way, call, expected) in [
            (nothing(), nothing(), next(1000, Some(1.0)), None),
            (spent(2, 0, 0.0, 29), nothing(), next(0, None), None),
            (
                spent(1, 0, 0.0, 0),
                spent(2, 0, 0.0, 0),
                next(0, None),
                Some(("all 3 calls a day are taken", false)),
            ),
            (
                spent(1, 600, 0.0, 0),
                spent(1, 300, 0.0, 0),
                next(200, None),
                Some((
                    "of 1,000 tokens a day, 600 are spent, ~300 are under way and this call may take ~200",
                    true,
                )),
            ),
            (
                spent(1, 900, 0.0, 0),
                nothing(),
                next(200, None),
                Some((
                    "of 1,000 tokens a day, 900 are spent and this call may take ~200",
                    false,
                )),
            ),
            (
                spent(1, 0, 0.8, 0),
                nothing(),
                next(0, Some(0.25)),
                Some((
                    "of $1.00 a day, $0.80 are spent and this call may cost ~$0.25",
                    false,
                )),
            ),
            (
                spent(1, 0, 0.0, 30),
                nothing(),
                next(0, None),
                Some(("agents have worked the 30 min that they may a day", false)),
            ),
        ] {
            let refused = refused(limits, &of, &under_way, call);
            match (refused, expected) {
                (None, None) => {}
                (Some((reason, later)), Some((words, expected))) => {
                    assert!(reason.contains(words), "{reason}");
                    assert!(reason.contains("`[budget] day`"), "{reason}");
                    assert!(reason.contains("in 3 h 20 min"), "{reason}");
                    assert_eq!(later, expected, "{reason}");
                }
                (refused, expected) => panic!("{refused:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn what_costs_an_unknown_amount_does_not_fit_no_dollars() {
        let limits = Limits {
            usd: Some(0.0),
            ..Limits::default()
        };
        let free = refused(
            limits,
            &Spent::default(),
            &Spent::default(),
            next(9, Some(0.0)),
        );
        assert_eq!(free, None);
        let nothing = Spent::default();
        let unknown = refused(limits, &nothing, &nothing, next(9, None));
        let (reason, later) = unknown.unwrap();
        assert!(reason.contains("may cost anything"), "{reason}");
        assert!(!later);
    }

    #[test]
    fn shares_are_of_the_unit_that_is_nearest_its_end() {
        let limits = Limits {
            calls: Some(10),
            usd: Some(1.0),
            ..Limits::default()
        };
        let share = limits.share(&spent(2, 0, 0.75, 0)).unwrap();
        assert!((share - 0.75).abs() < 1e-9, "{share}");
        assert_eq!(Limits::default().share(&spent(2, 0, 0.75, 0)), None);
    }
}
