//! Calls in the ledger: reserved before they are made, settled after, summed up in between.
//!
//! All processes of a user share one budget. So a call is reserved in one transaction with the look at what is spent: two
//! processes cannot both take the last one. A process that reserves holds the lock of a file of its own; where that lock can be
//! taken the process is gone, and what it only had reserved is free again.

use super::owner::{self, Owner};
use super::store::Store;
use super::{Listed, runs};
use crate::budget::{Cost, Expected, History, Refusal, Rule, Spent};
use crate::event::RunId;
use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior, named_params, params};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The parts of a day's budget that are told, in percent.
const NOTICES: [i64; 4] = [50, 75, 90, 100];
/// Latest calls of an agent that expectations are made from.
const HISTORY: i64 = 10;
/// Latest calls of all agents among which one's model is looked for, where its calls of a kind do not tell it.
const MAX_LOOKED: i64 = 1000;
/// Most agents told of by one question for what was spent.
const MAX_AGENTS: i64 = 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) const SELECT: &str = "
    SELECT row, ticket, owner, root, run, agent, provider, operation, state, started, ended, counted, model, input, output,
           tokens_told, usd, usd_told FROM calls";
pub(super) const SELECT_NOTICES: &str = "SELECT day, budget, percent FROM budget_notices";

/// The sum of some calls. Those under way count with what is expected of them.
pub(super) const SUMS: &str = "
    count(*), coalesce(sum(input), 0), coalesce(sum(output), 0), coalesce(min(tokens_told), 1),
    total(usd), coalesce(min(usd_told) FILTER (WHERE usd IS NOT NULL), 1), count(*) FILTER (WHERE usd IS NULL),
    coalesce(sum(max(coalesce(ended, :now) - started, 0)), 0)";

/// A call that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    /// What it is known by; no two calls have the same.
    pub(crate) ticket: String,
    pub(crate) run: RunId,
    /// The root, as the ledger knows it.
    pub(crate) root: String,
    pub(crate) agent: String,
    pub(crate) provider: String,
    pub(crate) operation: &'static str,
    /// False for an agent without a model.
    pub(crate) counted: bool,
    pub(crate) expected: Expected,
    /// The budgets of the day that concern it.
    pub(crate) rules: Vec<Rule>,
}

/// Whether a call may be made.
#[derive(Clone, Debug)]
pub(crate) enum Admission {
    /// It is reserved. `lasting` is false when the ledger lives in memory, so that no other process knows of it.
    Admitted {
        /// See above.
        lasting: bool,
    },
    /// It does not fit.
    Refused(Refusal),
}

/// What an agent's calls took.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentSpent {
    /// The agent.
    pub agent: String,
    /// Its provider.
    pub provider: String,
    /// What they took, those under way with what is expected of them.
    pub spent: Spent,
}

/// Reserves a call if it fits into the budgets of the day.
pub(super) fn open(store: &mut Store, opening: &Opening) -> Result<Admission> {
    let (now, lasting) = (store.now(), store.is_lasting());
    let owner = store.owner().map(str::to_owned);
    let directory = store.owners();
    let run = runs::row(store, opening.run)?;
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !opening.rules.is_empty() {
        release_dead(&transaction, owner.as_deref(), directory.as_deref(), now)?;
    }
    for rule in &opening.rules {
        let (spent, open) = of_day(&transaction, rule, &opening.root, now)?;
        if let Err(refusal) = rule.admit(&spent, &open, &opening.expected, left_of_day(now)) {
            // What was released stays so.
            transaction.commit()?;
            return Ok(Admission::Refused(refusal));
        }
    }
    insert(&transaction, opening, owner.as_deref(), run, now)?;
    transaction.commit()?;
    Ok(Admission::Admitted { lasting })
}

fn insert(
    connection: &Connection,
    opening: &Opening,
    owner: Option<&str>,
    run: i64,
    now: i64,
) -> Result<()> {
    let Expected { input, output, usd } = opening.expected;
    connection
        .prepare_cached(
            "INSERT INTO calls (ticket, owner, root, run, agent, provider, operation, state, started, counted, input, output,
                                tokens_told, usd, usd_told)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'reserved', ?8, ?9, ?10, ?11, 0, ?12, 0)",
        )?
        .execute(params![
            opening.ticket,
            owner,
            opening.root,
            run,
            opening.agent,
            opening.provider,
            opening.operation,
            now,
            opening.counted,
            whole(input),
            whole(output),
            usd,
        ])?;
    Ok(())
}

/// Notes that a call has reached its agent.
pub(super) fn sent(store: &mut Store, ticket: &str) -> Result<()> {
    store
        .connection
        .prepare_cached("UPDATE calls SET state = 'sent' WHERE ticket = ?1 AND state = 'reserved'")?
        .execute([ticket])?;
    Ok(())
}

/// Forgets a call that never reached its agent.
pub(super) fn release(store: &mut Store, ticket: &str) -> Result<()> {
    store
        .connection
        .prepare_cached("DELETE FROM calls WHERE ticket = ?1 AND ended IS NULL")?
        .execute([ticket])?;
    Ok(())
}

/// Notes what a call took, and tells when that was a good part of a day's budget. `took` is its time.
pub(super) fn settle(
    store: &mut Store,
    opening: &Opening,
    cost: &Cost,
    took: Duration,
    answered: bool,
) -> Result<()> {
    let now = store.now();
    let run = runs::row(store, opening.run)?;
    let state = if answered { "answered" } else { "failed" };
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = |connection: &Connection| {
        let mut select =
            connection.prepare_cached("SELECT started FROM calls WHERE ticket = ?1")?;
        select
            .query_row([&opening.ticket], |row| row.get::<_, i64>(0))
            .optional()
    };
    let started = match known(&transaction)? {
        Some(started) => started,
        // Another process took us for gone, or the ledger was set aside meanwhile.
        None => {
            let started = now - milliseconds(took);
            insert(&transaction, opening, None, run, started)?;
            started
        }
    };
    transaction
        .prepare_cached(
            "UPDATE calls SET state = ?2, owner = NULL, ended = ?3, model = ?4, input = ?5, output = ?6, tokens_told = ?7,
                              usd = ?8, usd_told = ?9 WHERE ticket = ?1",
        )?
        .execute(params![
            opening.ticket,
            state,
            started + milliseconds(took),
            cost.model,
            whole(cost.input),
            whole(cost.output),
            cost.tokens_told,
            cost.usd,
            cost.usd_told,
        ])?;
    let notices = notices(&transaction, opening, now)?;
    transaction.commit()?;
    for notice in notices {
        store.tell(notice);
    }
    Ok(())
}

/// What of the budgets of the day is to be told now.
fn notices(connection: &Connection, opening: &Opening, now: i64) -> Result<Vec<String>> {
    let mut notices = Vec::new();
    for rule in &opening.rules {
        let (spent, _) = of_day(connection, rule, &opening.root, now)?;
        let share = rule.limits.share(&spent).unwrap_or_default();
        let mut newest = None;
        for percent in NOTICES {
            // A percent that is reached to the last bit is reached.
            #[expect(clippy::cast_precision_loss, reason = "these are exact")]
            if share * 100.0 + 1e-9 < percent as f64 {
                break;
            }
            let is_new = connection
                .prepare_cached("INSERT OR IGNORE INTO budget_notices (day, budget, percent) VALUES (?1, ?2, ?3)")?
                .execute(params![now.div_euclid(DAY_MS), rule.key(&opening.root), percent])?;
            newest = (is_new > 0).then_some(percent);
        }
        notices.extend(newest.map(|percent| rule.notice(percent, &spent, left_of_day(now))));
    }
    Ok(notices)
}

/// What was spent today of a budget, and what is under way.
fn of_day(connection: &Connection, rule: &Rule, root: &str, now: i64) -> Result<(Spent, Spent)> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {SUMS}, ended IS NULL FROM calls
         WHERE started >= :since AND counted AND (:agent IS NULL OR agent = :agent) AND (:root IS NULL OR root = :root)
         GROUP BY ended IS NULL"
    ))?;
    let mut rows = select.query(named_params! {
        ":now": now,
        ":since": now - now.rem_euclid(DAY_MS),
        ":agent": rule.agent,
        ":root": rule.by_project.then_some(root),
    })?;
    let (mut spent, mut open) = (Spent::default(), Spent::default());
    while let Some(row) = rows.next()? {
        let sums = sums(row)?;
        if row.get(8)? {
            open = sums;
        } else {
            spent = sums;
        }
    }
    Ok((spent, open))
}

/// Reads [`SUMS`].
pub(super) fn sums(row: &rusqlite::Row<'_>) -> Result<Spent> {
    let number =
        |index| Ok::<u64, rusqlite::Error>(u64::try_from(row.get::<_, i64>(index)?).unwrap_or(0));
    Ok(Spent {
        calls: number(0)?,
        input_tokens: number(1)?,
        output_tokens: number(2)?,
        tokens_estimated: !row.get::<_, bool>(3)?,
        usd: row.get(4)?,
        usd_estimated: !row.get::<_, bool>(5)?,
        unpriced: number(6)?,
        time: Duration::from_millis(number(7)?),
    })
}

/// What was spent since a time, in milliseconds since 1970, agent by agent; in all roots when none is given.
pub(super) fn spent(store: &Store, root: Option<&str>, since: i64) -> Result<Vec<AgentSpent>> {
    let mut select = store.connection.prepare_cached(&format!(
        "SELECT {SUMS}, agent, provider FROM calls INDEXED BY calls_by_time
         WHERE started >= :since AND state != 'reserved' AND (:root IS NULL OR root = :root)
         GROUP BY agent, provider ORDER BY agent, provider LIMIT :most"
    ))?;
    let found = select.query_map(
        named_params! { ":now": store.now(), ":since": since, ":root": root, ":most": MAX_AGENTS },
        |row| {
            Ok(AgentSpent {
                agent: row.get(8)?,
                provider: row.get(9)?,
                spent: sums(row)?,
            })
        },
    )?;
    found.collect()
}

/// What was spent today of a budget in a root, those under way with what is expected of them.
pub(super) fn spent_of(store: &mut Store, rule: &Rule, root: &str) -> Result<Spent> {
    let (mut spent, open) = of_day(&store.connection, rule, root, store.now())?;
    spent += &open;
    Ok(spent)
}

/// What the latest calls of an agent took, as it told.
pub(super) fn history(store: &Store, agent: &str, operation: &str) -> Result<History> {
    let mut select = store.connection.prepare_cached(
        "SELECT avg(input) FILTER (WHERE tokens_told), avg(output) FILTER (WHERE tokens_told),
                avg(usd) FILTER (WHERE usd_told)
         FROM (SELECT input, output, tokens_told, usd, usd_told FROM calls
               WHERE agent = ?1 AND operation = ?2 AND state = 'answered' AND counted ORDER BY started DESC LIMIT ?3)",
    )?;
    let mean = |mean: Option<f64>| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates"
        )]
        mean.map(|it| it.round() as u64)
    };
    let history = select.query_row(params![agent, operation, HISTORY], |row| {
        Ok(History {
            input: mean(row.get(0)?),
            output: mean(row.get(1)?),
            usd: row.get(2)?,
            model: None,
        })
    })?;
    // What it is asked for now tells best which model it has; else whatever it was asked last.
    let mut select = store.connection.prepare_cached(
        "SELECT model FROM (SELECT * FROM calls WHERE agent = ?1 AND operation = ?2 ORDER BY started DESC LIMIT ?3)
         WHERE model IS NOT NULL LIMIT 1",
    )?;
    let mut model = select
        .query_row(params![agent, operation, HISTORY], |row| row.get(0))
        .optional()?;
    if model.is_none() {
        let mut select = store.connection.prepare_cached(
            "SELECT model FROM (SELECT * FROM calls ORDER BY started DESC LIMIT ?2) WHERE agent = ?1 AND model IS NOT NULL LIMIT 1",
        )?;
        model = select
            .query_row(params![agent, MAX_LOOKED], |row| row.get(0))
            .optional()?;
    }
    Ok(History { model, ..history })
}

/// Frees what processes had reserved that are gone. A call that had reached its agent counts with what was expected of it: it
/// was probably made, and paid.
fn release_dead(
    connection: &Connection,
    own: Option<&str>,
    directory: Option<&Path>,
    now: i64,
) -> Result<()> {
    let Some(directory) = directory else {
        return Ok(());
    };
    let mut select = connection.prepare_cached(
        "SELECT DISTINCT owner FROM calls WHERE ended IS NULL AND owner IS NOT NULL",
    )?;
    let owners: Vec<String> = select
        .query_map([], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for name in owners.iter().filter(|it| Some(it.as_str()) != own) {
        let Some(gone) = Owner::of_gone(directory, name) else {
            continue;
        };
        connection.execute(
            "DELETE FROM calls WHERE owner = ?1 AND state = 'reserved'",
            [name],
        )?;
        connection.execute(
            "UPDATE calls SET state = 'lost', owner = NULL, ended = max(started, ?2) WHERE owner = ?1 AND ended IS NULL",
            params![name, now],
        )?;
        gone.remove();
    }
    Ok(())
}

/// Forgets calls that are too old, and what was told of days that are over; how many.
pub(super) fn prune(store: &Store, before: i64, step: i64) -> Result<usize> {
    let today = store.now().div_euclid(DAY_MS);
    store
        .connection
        .execute("DELETE FROM budget_notices WHERE day < ?1", [today - 1])?;
    owner::tidy(store.owners().as_deref());
    store.connection.execute(
        "DELETE FROM calls WHERE row IN (SELECT row FROM calls WHERE started < ?1 LIMIT ?2)",
        [before, step],
    )
}

/// How long the day of UTC still has.
pub(crate) fn left_of_day(now: i64) -> Duration {
    Duration::from_millis(u64::try_from(DAY_MS - now.rem_euclid(DAY_MS)).unwrap_or_default())
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl super::Ledger {
    /// Reserves a call if it fits into the budgets of the day, and hands the verdict to `reply`, on the ledger's thread; nothing
    /// when the ledger cannot be used.
    pub(crate) fn open_call(
        &self,
        opening: Opening,
        reply: impl FnOnce(Admission) + Send + 'static,
    ) {
        self.worker.submit(move |store| {
            reply(open(store, &opening)?);
            Ok(())
        });
    }
    /// Notes that a call has reached its agent.
    pub(crate) fn call_sent(&self, ticket: &str) {
        let ticket = ticket.to_owned();
        self.worker.submit(move |store| sent(store, &ticket));
    }
    /// Forgets a call that never reached its agent.
    pub(crate) fn release_call(&self, ticket: &str) {
        let ticket = ticket.to_owned();
        self.worker.submit(move |store| release(store, &ticket));
    }
    /// Notes what a call took in all its time, and whether it was answered.
    pub(crate) fn settle_call(&self, opening: Opening, cost: Cost, took: Duration, answered: bool) {
        self.worker
            .submit(move |store| settle(store, &opening, &cost, took, answered));
    }
    /// Hands what the latest calls of agents took to `reply`, in their order, on the ledger's thread; nothing when it cannot be
    /// read.
    pub(crate) fn call_history(
        &self,
        agents: Vec<String>,
        operation: &'static str,
        reply: impl FnOnce(Vec<History>) + Send + 'static,
    ) {
        self.worker.submit(move |store| {
            let histories = agents.iter().map(|it| history(store, it, operation));
            reply(histories.collect::<Result<_>>()?);
            Ok(())
        });
    }
    /// Hands what was spent today of each of these budgets to `reply`, as [`super::Ledger::call_history`] does.
    pub(crate) fn spent_of(
        &self,
        rules: Vec<Rule>,
        root: &Path,
        reply: impl FnOnce(Vec<Spent>) + Send + 'static,
    ) {
        let root = super::key(root);
        self.worker.submit(move |store| {
            let spent = rules.iter().map(|it| spent_of(store, it, &root));
            reply(spent.collect::<Result<_>>()?);
            Ok(())
        });
    }
    /// Hands what each agent's calls took since a time to `reply`, in one root or in all, on the ledger's thread; nothing, with
    /// the reason, when it cannot be read.
    pub(crate) fn spent(
        &self,
        root: Option<&Path>,
        since: SystemTime,
        reply: impl FnOnce(Listed<AgentSpent>) + Send + 'static,
    ) {
        let root = root.map(super::key);
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = milliseconds(since);
        self.worker.submit(move |store| {
            let listed = spent(store, root.as_deref(), since).map(|items| Listed {
                items,
                ..Listed::default()
            });
            Listed::hand(store, listed, reply)
        });
    }
}
