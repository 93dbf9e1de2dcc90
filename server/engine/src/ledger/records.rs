//! What became of the agents' findings, by agent and category: what their next ones are weighed with.
//!
//! Numbers of decisions bound what counts, not times: a record changes when somebody decides something, and never by itself.

use super::Ledger;
use super::store::Store;
use crate::request::NOT_NOW;
use domain::finding::Category;
use domain::merge::{Record, Records};
use domain::proposal::ProposalId;
use rusqlite::{Connection, Result, named_params, params};

/// Most decisions, and most fixes, that are looked at, newest first.
const MAX_LOADED: u32 = 5000;
/// Most of them that count for an agent in a category, newest first: the model behind a name is another one after a while.
const MAX_COUNTED: u32 = 50;
/// Most records told.
const MAX_RECORDS: u32 = 2000;
/// Most fixed findings that are kept; beyond, the oldest are forgotten.
const MAX_FIXED: i64 = 20_000;

pub(super) const FIXED: &str =
    "SELECT root, finding, agent, proposal, category, applied FROM fixed WHERE root = ?1";

/// The latest decision about each finding counts, once for each agent that said it. A finding whose fix was applied is accepted,
/// whatever was said of it.
pub(super) const SELECT: &str = "
    WITH said AS (
        SELECT v.id, v.root, v.created, v.verdict, v.reason, remark.value ->> '$.agent' AS agent,
               remark.value ->> '$.category' AS category, coalesce(remark.value ->> '$.finding', '') AS finding
        FROM (SELECT * FROM verdicts ORDER BY id DESC LIMIT :loaded) AS v,
             json_each(iif(octet_length(v.remarks) <= :data AND json_valid(v.remarks), v.remarks, '[]')) AS remark
        WHERE remark.type = 'object'
    ), latest AS (
        SELECT *, row_number() OVER (PARTITION BY root, agent, iif(finding = '', id, finding) ORDER BY id DESC) AS place FROM said
        WHERE typeof(agent) = 'text' AND typeof(category) = 'text'
    ), decided AS (
        SELECT agent, category, verdict = 'accepted' AS accepted, created AS at, id AS number FROM latest
        WHERE place = 1 AND (verdict = 'accepted' OR reason IS NOT :not_now) AND NOT EXISTS (
            SELECT 1 FROM fixed
            WHERE fixed.root = latest.root AND fixed.finding = latest.finding AND fixed.agent = latest.agent)
        UNION ALL
        SELECT agent, category, 1, max(applied), max(row) FROM (SELECT * FROM fixed ORDER BY row DESC LIMIT :loaded)
        GROUP BY root, finding, agent
    ), placed AS (
        SELECT *, row_number() OVER (PARTITION BY agent, category ORDER BY at DESC, accepted, number DESC) AS place FROM decided
    )
    SELECT agent, category, sum(accepted) AS accepted, sum(NOT accepted) AS dismissed FROM placed
    WHERE place <= :counted GROUP BY agent, category ORDER BY agent, category LIMIT :records";

impl Ledger {
    /// Hands what became of the findings of all agents in all roots to `reply`, on the ledger's thread; nothing when it cannot be
    /// read.
    pub(crate) fn records(&self, reply: impl FnOnce(Records) + Send + 'static) {
        self.worker.submit(move |store| {
            reply(of(store)?);
            Ok(())
        });
    }
}

fn of(store: &Store) -> Result<Records> {
    let mut records = Records::default();
    let mut select = store.connection.prepare_cached(SELECT)?;
    let mut rows = select.query(named_params! {
        ":loaded": MAX_LOADED, ":counted": MAX_COUNTED, ":records": MAX_RECORDS, ":data": super::stats::MAX_DATA, ":not_now": NOT_NOW,
    })?;
    while let Some(row) = rows.next()? {
        let category = serde_json::Value::String(row.get("category")?);
        // What another version wrote in words unknown here says nothing.
        let Ok(category) = serde_json::from_value::<Category>(category) else {
            continue;
        };
        let record = Record {
            accepted: row.get("accepted")?,
            dismissed: row.get("dismissed")?,
        };
        records.set(&row.get::<_, String>("agent")?, category, record);
    }
    Ok(records)
}

/// Notes that the findings of a proposal are fixed.
pub(super) fn fix(connection: &Connection, root: &str, id: &ProposalId, now: i64) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO fixed (root, finding, agent, proposal, category, applied)
             SELECT findings.root, findings.id, findings.agent, proposals.id, findings.category, ?3
             FROM proposals, json_each(iif(json_valid(proposals.data), proposals.data, '{}'), '$.findings') AS named
             JOIN findings ON findings.root = proposals.root AND findings.id = named.value
             WHERE proposals.root = ?1 AND proposals.id = ?2",
        )?
        .execute(params![root, id.0, now])?;
    connection
        .prepare_cached("DELETE FROM fixed WHERE row <= (SELECT max(row) FROM fixed) - ?1")?
        .execute([MAX_FIXED])?;
    Ok(())
}

/// Notes that they are not, after all.
pub(super) fn unfix(connection: &Connection, root: &str, id: &ProposalId) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM fixed WHERE root = ?1 AND proposal = ?2")?
        .execute(params![root, id.0])?;
    Ok(())
}
