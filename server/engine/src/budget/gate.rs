//! The gate that every call of a run passes: whether there is budget for it, and what it took in the end.
//!
//! Budgets of a run are counted here, budgets of a day in the ledger, where all processes of the user meet. Calls are let through
//! in an order (the first agent's first call first), so that it does not depend on luck what a small budget is spent on. A call
//! that does not fit only because of what others under way may take waits until it is known what they really take.

use super::estimate::Estimate;
use super::ticket::Ticket;
use super::today::Today;
use super::{BudgetConfig, Expected, History, Period, Refusal, Rule, Spent};
use crate::engine::Sink;
use crate::event::{Event, RunId};
use crate::ledger::{Admission, AgentSpent, Clock, Ledger, Opening, ask, left_of_day};
use agents::{AgentSpec, Endpoint, Operation, preset};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::time::Instant;

/// Longest wait for the ledger's verdict on a call; it waits itself for other processes. Then this process counts alone.
const VERDICT_WAIT: Duration = Duration::from_secs(8);
/// Longest wait for what the ledger knows of earlier calls; expectations work without it.
const HISTORY_WAIT: Duration = Duration::from_millis(500);

/// The budgets of this process, beside the ledger that all share.
pub(crate) struct Budgets {
    pub(super) ledger: Ledger,
    sink: Sink,
    clock: Clock,
    /// Begins the names of all tickets of this process.
    process: String,
    tickets: AtomicU64,
    /// What this process spent today, for when the ledger cannot be asked.
    pub(super) today: Mutex<Today>,
    is_alone: AtomicBool,
}

impl Budgets {
    pub(crate) fn new(ledger: Ledger, sink: Sink, clock: Clock) -> Self {
        let mut random = [0_u8; 8];
        // Without randomness the process's number and the time tell processes apart.
        let _ = getrandom::fill(&mut random);
        let since = clock().duration_since(UNIX_EPOCH).unwrap_or_default();
        let process = format!(
            "{}-{}-{:016x}",
            std::process::id(),
            since.as_nanos(),
            u64::from_le_bytes(random)
        );
        Self {
            ledger,
            sink,
            clock,
            process,
            tickets: AtomicU64::new(1),
            today: Mutex::default(),
            is_alone: AtomicBool::new(false),
        }
    }
    /// Milliseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        let since = (self.clock)().duration_since(UNIX_EPOCH);
        i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
    }
    /// When the day of UTC began.
    pub(crate) fn day_began(&self) -> SystemTime {
        let since = (self.clock)()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UNIX_EPOCH + Duration::from_secs(since.as_secs() / 86_400 * 86_400)
    }
    /// Says once that other processes are not counted.
    fn count_alone(&self) {
        if !self.is_alone.swap(true, Ordering::Relaxed) {
            (self.sink)(Event::Notice(
                "the ledger cannot be used; until it can, the day's budget counts only what this window or terminal spends"
                    .to_owned(),
            ));
        }
    }
}

/// The gate of one run.
pub(crate) struct Gate {
    pub(super) budgets: Arc<Budgets>,
    pub(super) run: RunId,
    root: PathBuf,
    pub(super) config: BudgetConfig,
    pub(super) state: Mutex<State>,
    /// Tells everybody who waits to look again.
    pub(super) changed: watch::Sender<()>,
}

/// What a run has planned, has under way and has spent.
#[derive(Default)]
pub(super) struct State {
    history: BTreeMap<(String, Operation), History>,
    /// What each agent of the run wants to do, once it knows.
    plans: Vec<Option<AgentSpent>>,
    /// Calls may be made.
    is_open: bool,
    /// Why none may.
    closed: Option<String>,
    /// The user was asked whether to spend what the run had planned, and agreed.
    is_agreed: bool,
    /// Calls that have not been let through or refused, by agent and number.
    pending: BTreeSet<Turn>,
    /// Calls under way, with what is expected of them.
    pub(super) under_way: BTreeMap<u64, (String, Spent, Instant)>,
    /// How many calls that were let through are over.
    pub(super) settled: u64,
    /// What they took, by agent.
    pub(super) spent: BTreeMap<String, Spent>,
}

/// The place of a call in the order of a run: its agent's, and its own among that agent's calls.
type Turn = (usize, usize);

/// A call that is to be made.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) spec: &'a AgentSpec,
    pub(crate) operation: Operation,
    /// Bytes that are sent.
    pub(crate) bytes: usize,
    /// Its place, where it was planned.
    pub(crate) place: Option<&'a Place>,
}

impl Gate {
    /// A gate that lets calls through at once.
    pub(crate) fn new(
        budgets: Arc<Budgets>,
        run: RunId,
        root: &Path,
        config: BudgetConfig,
    ) -> Arc<Self> {
        let state = State {
            is_open: true,
            ..State::default()
        };
        Arc::new(Self {
            budgets,
            run,
            root: root.to_owned(),
            config,
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
        })
    }
    /// Asks the ledger what earlier calls of these agents took.
    pub(crate) async fn learn(&self, agents: &[AgentSpec], operation: Operation) {
        let names: Vec<String> = agents.iter().map(|it| it.name.clone()).collect();
        let ledger = &self.budgets.ledger;
        let history = ask(|reply| ledger.call_history(names.clone(), operation.name(), reply));
        if let Some(history) = history.take(HISTORY_WAIT).await {
            let by_agent = names.into_iter().map(|it| (it, operation)).zip(history);
            self.state().history.extend(by_agent);
        }
    }
    /// From now on calls wait until so many agents have planned theirs, and [`Gate::open`].
    pub(crate) fn await_plans(&self, agents: usize) {
        let mut state = self.state();
        state.plans = vec![None; agents];
        state.is_open = false;
    }
    /// An agent knows its calls: the bytes that each one sends. Each gets a place in the order of the run.
    pub(crate) fn plan(
        self: &Arc<Self>,
        agent: usize,
        spec: &AgentSpec,
        operation: Operation,
        calls: &[usize],
    ) -> Vec<Place> {
        let turns = (0..calls.len()).map(|call| (agent, call));
        self.state().pending.extend(turns.clone());
        self.foresee(agent, spec, operation, calls);
        let place = |turn| Place {
            gate: self.clone(),
            turn,
        };
        turns.map(place).collect()
    }
    /// The same for calls that have no order.
    pub(crate) fn foresee(
        &self,
        agent: usize,
        spec: &AgentSpec,
        operation: Operation,
        calls: &[usize],
    ) {
        let mut spent = Spent::default();
        for bytes in calls.iter().filter(|_| !is_free(spec)) {
            spent += &self.expected(spec, operation, *bytes).as_spent();
        }
        let mut state = self.state();
        if let Some(plan) = state.plans.get_mut(agent) {
            *plan = Some(AgentSpent {
                agent: spec.name.clone(),
                provider: spec.provider.clone(),
                spent,
            });
        }
        drop(state);
        self.changed.send_replace(());
    }
    /// Waits until all agents have planned; what the run will probably take.
    pub(crate) async fn planned(&self) -> Estimate {
        self.until(|state| state.plans.iter().all(Option::is_some))
            .await;
        let mut plans: Vec<AgentSpent> = Vec::new();
        for plan in self.state().plans.iter().flatten() {
            match plans.iter_mut().find(|it| it.agent == plan.agent) {
                Some(known) => known.spent += &plan.spent,
                None => plans.push(plan.clone()),
            }
        }
        self.estimate(plans).await
    }
    /// What such calls are of the budgets, beside what the run has spent. What the user has agreed to is not asked about again.
    pub(crate) async fn estimate(&self, agents: Vec<AgentSpent>) -> Estimate {
        let day = |it: &&Rule| it.period == Period::Day;
        let rules: Vec<Rule> = self.config.rules.iter().filter(day).cloned().collect();
        let spent = if rules.is_empty() {
            Vec::new()
        } else {
            let ledger = &self.budgets.ledger;
            let of_day = ask(|reply| ledger.spent_of(rules.clone(), &self.root, reply));
            of_day.take(HISTORY_WAIT).await.unwrap_or_default()
        };
        let of_day = rules.into_iter().zip(spent);
        let run = self
            .config
            .rules
            .iter()
            .filter(|it| it.period == Period::Run);
        let (spent, is_agreed) = {
            let state = self.state();
            (state.spent.clone(), state.is_agreed)
        };
        let sum = |rule: Option<&Rule>| {
            let mut sum = Spent::default();
            for (_, of) in spent
                .iter()
                .filter(|it| rule.is_none_or(|rule| rule.concerns(it.0)))
            {
                sum += of;
            }
            sum
        };
        let of_run = run.map(|it| (it.clone(), sum(Some(it))));
        let before = match is_agreed {
            true => Spent::default(),
            false => sum(None),
        };
        let budgets = of_run.chain(of_day);
        Estimate::new(agents, budgets, &self.config.confirm, &before)
    }
    /// No call is let through any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed.is_some()
    }
    /// The user has agreed to what is planned.
    pub(crate) fn agree(&self) {
        self.state().is_agreed = true;
    }
    /// Lets calls through from now on.
    pub(crate) fn open(&self) {
        self.state().is_open = true;
        self.changed.send_replace(());
    }
    /// Lets no call through from now on, for this reason.
    pub(crate) fn close(&self, reason: String) {
        let mut state = self.state();
        state.closed = Some(reason);
        state.is_open = true;
        drop(state);
        self.changed.send_replace(());
    }
    /// What is known about the cost of such a call.
    fn expected(&self, spec: &AgentSpec, operation: Operation, bytes: usize) -> Expected {
        if is_free(spec) {
            return Expected {
                usd: Some(0.0),
                ..Expected::default()
            };
        }
        let state = self.state();
        let history = state.history.get(&(spec.name.clone(), operation));
        Expected::of(bytes, history, &self.config.prices)
    }
    /// The model that an agent told last.
    pub(super) fn model(&self, agent: &str) -> Option<String> {
        let state = self.state();
        let mut known = state.history.iter().filter(|it| it.0.0 == agent);
        known.find_map(|it| it.1.model.clone())
    }

    /// Lets a call through, once it is its turn.
    ///
    /// # Errors
    /// Why there is no budget for it.
    pub(crate) async fn admit(self: &Arc<Self>, wanted: Wanted<'_>) -> Result<Ticket, String> {
        let turn = wanted.place.map(|it| it.turn);
        let is_turn = |state: &State| {
            let first = state.pending.first();
            let is_first = turn.is_none_or(|it| first.is_none_or(|first| it <= *first));
            state.is_open && (is_first || self.config.rules.is_empty())
        };
        self.until(is_turn).await;
        loop {
            let closed = self.state().closed.clone();
            if let Some(reason) = closed {
                return Err(reason);
            }
            let settled = self.state().settled;
            match self.attempt(&wanted).await {
                Ok(ticket) => return Ok(ticket),
                Err(refusal) => {
                    let can_wait =
                        |state: &State| state.settled != settled || !state.under_way.is_empty();
                    if !refusal.may_fit_later || !can_wait(&self.state()) {
                        return Err(refusal.reason);
                    }
                }
            }
            self.until(|state| state.settled != settled || state.under_way.is_empty())
                .await;
        }
    }
    /// Waits until something is so.
    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        let mut changed = self.changed.subscribe();
        while !is_so(&self.state()) {
            // The sender lives as long as `self`.
            let _ = changed.changed().await;
        }
    }

    async fn attempt(self: &Arc<Self>, wanted: &Wanted<'_>) -> Result<Ticket, Refusal> {
        let Wanted {
            spec,
            operation,
            bytes,
            ..
        } = *wanted;
        let counted = !is_free(spec);
        let expected = self.expected(spec, operation, bytes);
        let concerns = |it: &&Rule| counted && it.concerns(&spec.name);
        let rules: Vec<Rule> = self.config.rules.iter().filter(concerns).cloned().collect();
        let (day, run): (Vec<Rule>, Vec<Rule>) =
            rules.into_iter().partition(|it| it.period == Period::Day);
        let number = self.budgets.tickets.fetch_add(1, Ordering::Relaxed);
        let opening = Opening {
            ticket: format!("{}-{number}", self.budgets.process),
            run: self.run,
            root: self.root.to_string_lossy().into_owned(),
            agent: spec.name.clone(),
            provider: spec.provider.clone(),
            operation: operation.name(),
            counted,
            expected,
            rules: day,
        };
        self.take_of_run(number, &run, &opening)?;
        // From here on it is given back when this is dropped.
        let mut ticket = Ticket::new(self.clone(), number, opening, bytes);
        self.take_of_day(&ticket).await?;
        ticket.let_through();
        Ok(ticket)
    }
    fn take_of_run(&self, number: u64, rules: &[Rule], opening: &Opening) -> Result<(), Refusal> {
        let mut state = self.state();
        for rule in rules {
            let (mut spent, mut open) = (Spent::default(), Spent::default());
            for (_, of_agent) in state.spent.iter().filter(|it| rule.concerns(it.0)) {
                spent += of_agent;
            }
            let others = state.under_way.values();
            for (_, expected, since) in others.filter(|it| rule.concerns(&it.0)) {
                open += expected;
                open.time += since.elapsed();
            }
            rule.admit(&spent, &open, &opening.expected, Duration::ZERO)?;
        }
        let mut expected = opening.expected.as_spent();
        if !opening.counted {
            expected = Spent::default();
        }
        let agent = opening.agent.clone();
        state
            .under_way
            .insert(number, (agent, expected, Instant::now()));
        Ok(())
    }
    async fn take_of_day(&self, ticket: &Ticket) -> Result<(), Refusal> {
        let (opening, ledger) = (&ticket.opening, &self.budgets.ledger);
        let verdict = ask(|reply| ledger.open_call(opening.clone(), reply));
        if opening.rules.is_empty() {
            // Nobody needs to wait for a note.
            return Ok(());
        }
        match verdict.take(VERDICT_WAIT).await {
            Some(Admission::Admitted { lasting }) => {
                if !lasting {
                    self.budgets.count_alone();
                }
                Ok(())
            }
            Some(Admission::Refused(refusal)) => Err(refusal),
            // Too slow, or the ledger dropped it.
            None => {
                self.budgets.count_alone();
                let now = self.budgets.now();
                let today = self.budgets.today();
                let mut rules = opening.rules.iter();
                rules.try_for_each(|rule| {
                    let (spent, open) = today.of(rule, &opening.root, ticket.number, now);
                    rule.admit(&spent, &open, &opening.expected, left_of_day(now))
                })
            }
        }
    }

    /// Waits until what was spent of the day is noted, and told where it is worth it: that comes before the end of the run.
    pub(crate) async fn noted(&self) {
        if self.config.rules.iter().any(|it| it.period == Period::Day) {
            let ledger = &self.budgets.ledger;
            let noted = ask(|reply| ledger.spent_of(Vec::new(), &self.root, reply));
            // Whatever it says, what came before is noted.
            noted.take(HISTORY_WAIT).await;
        }
    }
    /// What an agent has spent in this run, calls under way among it.
    pub(crate) fn spent(&self, agent: &str) -> Spent {
        let state = self.state();
        let mut spent = state.spent.get(agent).cloned().unwrap_or_default();
        for (_, expected, _) in state.under_way.values().filter(|it| it.0 == agent) {
            spent += expected;
        }
        spent
    }
    /// What a person should know of the account: that dollars do not hold where they are not known.
    pub(crate) fn notes(&self) -> Vec<String> {
        let state = self.state();
        let unknown = state.spent.iter().filter(|it| it.1.unpriced > 0);
        let limited = |agent: &str| {
            let mut rules = self.config.rules.iter();
            rules.any(|it| it.limits.usd.is_some() && it.concerns(agent))
        };
        let agents: Vec<String> = unknown
            .filter(|it| limited(it.0))
            .map(|it| format!("`{}`", it.0))
            .collect();
        if agents.is_empty() {
            return Vec::new();
        }
        vec![format!(
            "it is not known what calls of agent {} cost, so no budget in dollars holds for them; give the model a price in \
             `[prices]`, or set a budget of `calls` or `tokens`",
            agents.join(" and ")
        )]
    }
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is done under this lock that could leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Budgets {
    pub(super) fn today(&self) -> MutexGuard<'_, Today> {
        // As above.
        self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A planned call's place in the order of a run; dropped, it lets the next one go.
pub(crate) struct Place {
    gate: Arc<Gate>,
    turn: Turn,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.state().pending.remove(&self.turn);
        self.gate.changed.send_replace(());
    }
}

/// True for an agent without a model behind it: its calls cost nothing.
pub(crate) fn is_free(spec: &AgentSpec) -> bool {
    match &spec.endpoint {
        Endpoint::Stdio { command, .. } => preset::of_command(command).is_some_and(|it| it.free),
        Endpoint::Http { .. } => false,
    }
}

#[cfg(test)]
mod tests;
