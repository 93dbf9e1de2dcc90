//! What became of each agent's findings, summed up by the database.

use super::calls::{SUMS, sums};
use super::store::{DAY_MS, Store};
use super::{Ledger, Listed, key};
use crate::budget::Spent;
use crate::event::AgentStats;
use crate::request::REASONS;
use rusqlite::{Result, Row, named_params};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Most agents told of.
const MAX_AGENTS: u32 = 1000;
/// Most decisions that are looked at, newest first.
const MAX_LOADED: u32 = 20_000;
/// Runs begin at most so long before what they find is seen, in milliseconds.
const LONGEST_RUN: i64 = DAY_MS;
/// Longest JSON of one of them that is looked at, in bytes.
pub(super) const MAX_DATA: u32 = 1024 * 1024;

pub(super) const FOUND: &str = "
    SELECT agent, max(provider) AS provider, count(*) AS found FROM findings
    WHERE first_seen >= :since AND (:root IS NULL OR root = :root) GROUP BY agent LIMIT :agents";

/// Findings that another agent was told to refute, by what it said. The index is named since another one has all columns, but reads
/// all findings of the root for each check.
pub(super) const CHECKED: &str = "
    SELECT findings.agent, checks.verdict AS word, count(DISTINCT findings.row) AS count FROM checks
    JOIN findings INDEXED BY findings_by_name ON findings.root = checks.root AND findings.id = checks.finding
    WHERE checks.checked >= :since AND (:root IS NULL OR checks.root = :root)
    GROUP BY findings.agent, checks.verdict LIMIT 3 * :agents";

/// The latest decision about each finding, one row for each agent that said it, by reason. A finding whose fix was applied
/// is accepted, whatever was said of it.
const DECIDED: &str = "
    WITH said AS (
        SELECT v.id, v.root, v.verdict, coalesce(v.reason, '') AS reason, remark.value ->> '$.agent' AS agent,
               coalesce(remark.value ->> '$.finding', '') AS finding
        FROM (SELECT * FROM verdicts WHERE created >= :since AND (:root IS NULL OR root = :root) ORDER BY id DESC LIMIT :loaded) AS v,
             json_each(iif(octet_length(v.remarks) <= :data AND json_valid(v.remarks), v.remarks, '[]')) AS remark
        WHERE remark.type = 'object'
    ), latest AS (
        SELECT *, row_number() OVER (PARTITION BY root, agent, iif(finding = '', id, finding) ORDER BY id DESC) AS place FROM said
    ), applied AS (
        SELECT DISTINCT root, agent, finding FROM fixed WHERE applied >= :since AND (:root IS NULL OR root = :root)
    ), decided AS (
        SELECT agent, verdict = 'accepted' AS accepted, reason FROM latest
        WHERE place = 1 AND agent IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM applied
            WHERE applied.root = latest.root AND applied.agent = latest.agent AND applied.finding = latest.finding)
        UNION ALL SELECT agent, 1, '' FROM applied
    )
    SELECT agent, accepted, iif(accepted, '', iif(reason IN ('', :r0, :r1, :r2, :r3), reason, 'other')) AS word, count(*) AS count
    FROM decided GROUP BY 1, 2, 3 LIMIT 7 * :agents";

/// Findings that were dismissed and that their agent said again, to a call that it got afterwards.
pub(super) const REPEATED: &str = "
    SELECT agent, '' AS word, count(*) AS count FROM findings
    WHERE hidden IS NOT NULL AND last_seen >= :since AND (:root IS NULL OR root = :root)
      AND hidden LIKE 'dismissed %' AND last_run != first_run
      AND (agent, last_run) IN (
          SELECT agent, run FROM calls INDEXED BY calls_by_time
          WHERE started >= :since - :longest AND operation = 'review' AND state = 'answered')
    GROUP BY agent LIMIT :agents";

impl Ledger {
    /// Hands what became of each agent's findings since a time to `reply`, in one root or in all, by the agents' names, on the
    /// ledger's thread; nothing when it cannot be read.
    pub(crate) fn stats(
        &self,
        root: Option<&Path>,
        since: SystemTime,
        reply: impl FnOnce(Listed<AgentStats>) + Send + 'static,
    ) {
        let root = root.map(key);
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        self.worker.submit(move |store| {
            let listed = of(store, root.as_deref(), since).map(|agents| Listed {
                items: agents.into_values().collect(),
                ..Listed::default()
            });
            Listed::hand(store, listed, reply)
        });
    }
}

type Agents = BTreeMap<String, AgentStats>;

fn of(store: &Store, root: Option<&str>, since: i64) -> Result<Agents> {
    let mut agents = Agents::new();
    let connection = &store.connection;
    let mut select = connection.prepare_cached(FOUND)?;
    let mut rows =
        select.query(named_params! { ":since": since, ":root": root, ":agents": MAX_AGENTS })?;
    while let Some(row) = rows.next()? {
        let of = entry(&mut agents, row)?;
        of.provider = row.get("provider")?;
        of.found = row.get("found")?;
    }
    let mut select = connection.prepare_cached(CHECKED)?;
    let mut rows =
        select.query(named_params! { ":since": since, ":root": root, ":agents": MAX_AGENTS })?;
    while let Some(row) = rows.next()? {
        let count = row.get("count")?;
        let of = entry(&mut agents, row)?;
        match row.get_ref("word")?.as_str()? {
            "confirmed" => of.confirmed = count,
            "refuted" => of.refuted = count,
            _ => of.unsure = count,
        }
    }
    let [r0, r1, r2, r3] = REASONS.map(|it| it.0);
    let mut select = connection.prepare_cached(DECIDED)?;
    let mut rows = select.query(named_params! {
        ":since": since, ":root": root, ":agents": MAX_AGENTS, ":loaded": MAX_LOADED, ":data": MAX_DATA,
        ":r0": r0, ":r1": r1, ":r2": r2, ":r3": r3,
    })?;
    while let Some(row) = rows.next()? {
        let (is_accepted, word, count) = (
            row.get("accepted")?,
            row.get::<_, String>("word")?,
            row.get("count")?,
        );
        let of = entry(&mut agents, row)?;
        if is_accepted {
            of.accepted = count;
        } else {
            of.dismissed.insert(word, count);
        }
    }
    let mut select = connection.prepare_cached(REPEATED)?;
    let mut rows = select.query(named_params! {
        ":since": since, ":root": root, ":agents": MAX_AGENTS, ":longest": LONGEST_RUN,
    })?;
    while let Some(row) = rows.next()? {
        entry(&mut agents, row)?.repeated = row.get("count")?;
    }
    for (agent, provider, spent) in reviewing(store, root, since)? {
        let of = agents.entry(agent.clone()).or_default();
        of.agent = agent;
        of.provider = provider;
        of.spent += &spent;
    }
    Ok(agents)
}

fn entry<'a>(agents: &'a mut Agents, row: &Row<'_>) -> Result<&'a mut AgentStats> {
    let agent: String = row.get("agent")?;
    let of = agents.entry(agent.clone()).or_default();
    of.agent = agent;
    Ok(of)
}

/// What calls for reviews took, by agent and provider.
fn reviewing(
    store: &Store,
    root: Option<&str>,
    since: i64,
) -> Result<Vec<(String, String, Spent)>> {
    let mut select = store.connection.prepare_cached(&format!(
        "SELECT {SUMS}, agent, provider FROM calls INDEXED BY calls_by_time
         WHERE started >= :since AND operation = 'review' AND state != 'reserved' AND (:root IS NULL OR root = :root)
         GROUP BY agent, provider ORDER BY max(started) LIMIT :agents"
    ))?;
    let found = select.query_map(
        named_params! { ":now": store.now(), ":since": since, ":root": root, ":agents": MAX_AGENTS },
        |row| Ok((row.get("agent")?, row.get("provider")?, sums(row)?)),
    )?;
    found.collect()
}
