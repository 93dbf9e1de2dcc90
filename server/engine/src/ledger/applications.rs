//! Applications in the ledger: what of proposals was taken over, and what takes it back.

use super::proposals::{self, MAX_DATA, ProposalState, is_id, json, time};
use super::store::{DAY_MS, Store};
use super::{Listed, room, sound};
use domain::proposal::{FileChange, Proposal, ProposalId};
use rusqlite::{Connection, Result, Row, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

/// Most bytes of what takes applications back, of all together; beyond, the oldest can no longer be taken back.
const MAX_BYTES: i64 = 64 * 1024 * 1024;
/// Most applications handed out at once, newest first.
const MAX_LISTED: u32 = 1000;
/// Most applications that tell who wrote what, newest first.
const MAX_MADE: u32 = 50;
/// Applications older than this many days do not tell it any more.
const MADE_DAYS: i64 = 30;
/// Most bytes of them all together.
const MAX_MADE_BYTES: usize = 16 * 1024 * 1024;

pub(super) const SELECT: &str = "
    SELECT row, proposal, agent, title, parts, applied, reverted,
           iif(octet_length(inverse) <= ?2, inverse, NULL) AS inverse
    FROM applications WHERE root = ?1 ORDER BY row DESC LIMIT ?3";

pub(super) const MADE: &str = "
    SELECT row, proposal, agent, title, parts, applied, reverted,
           iif(octet_length(inverse) <= ?2, inverse, NULL) AS inverse,
           (SELECT provider FROM proposals
            WHERE proposals.root = applications.root AND proposals.id = applications.proposal) AS provider
    FROM applications WHERE root = ?1 AND reverted IS NULL AND size > 0 AND applied >= ?4 ORDER BY row DESC LIMIT ?3";

/// Parts of a proposal that were taken over together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Application {
    /// What it is known by, to be given to [`super::Ledger::proposal_reverted`].
    pub(crate) row: i64,
    /// The proposal.
    pub(crate) proposal: ProposalId,
    /// The agent that made the proposal.
    pub(crate) agent: String,
    /// What the proposal was for.
    pub(crate) title: String,
    /// Numbers of the parts, from 1.
    pub(crate) parts: Vec<usize>,
    /// When.
    pub(crate) applied: SystemTime,
    /// When it was taken back, if it was.
    pub(crate) reverted: Option<SystemTime>,
    /// What takes it back, told against the texts after it; `None` when that was too large to keep.
    pub(crate) inverse: Option<Vec<FileChange>>,
}

/// An application that holds, and who made its proposal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Made {
    pub(crate) application: Application,
    /// The agent's provider then; `None` where the proposal is forgotten.
    pub(crate) provider: Option<String>,
}

/// Notes that `parts` of a proposal were applied. It happened, whatever other processes did to the proposal meanwhile.
pub(super) fn add(
    store: &mut Store,
    root: &str,
    proposal: &Proposal,
    parts: &[usize],
    inverse: &[FileChange],
    done: bool,
) -> Result<()> {
    let now = store.now();
    let inverse = json(&inverse);
    if inverse.is_none() {
        store.tell(format!(
            "what was applied of the proposal {} ({}) is too large to be taken back later; use your editor's undo",
            proposal.id.0, proposal.title
        ));
    }
    let size = inverse.as_ref().map_or(0, String::len);
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .prepare_cached(
            "INSERT INTO applications (root, proposal, agent, title, parts, applied, size, inverse)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            root,
            proposal.id.0,
            proposal.agent,
            proposal.title,
            serde_json::Value::from(parts).to_string(),
            now,
            i64::try_from(size).unwrap_or(i64::MAX),
            inverse,
        ])?;
    let new = transaction.last_insert_rowid();
    // Another process may have applied the other parts.
    let applied = applied(&transaction, root)?.remove(&proposal.id.0);
    let rest = applied.unwrap_or_default();
    if done || proposal.parts().all(|it| rest.contains(&it.number)) {
        proposals::set_state(
            &transaction,
            root,
            &proposal.id,
            ProposalState::Open,
            ProposalState::Applied,
            now,
        )?;
    }
    let forgotten = forget_excess(&transaction, new)?;
    transaction.commit()?;
    if forgotten > 0 {
        let what = match forgotten {
            1 => "the oldest applied change".to_owned(),
            count => format!("the {count} oldest applied changes"),
        };
        store.tell(format!(
            "{what} can no longer be taken back: at most {} MB are kept for that",
            MAX_BYTES / (1024 * 1024),
        ));
    }
    Ok(())
}

/// Forgets how applications are taken back until the rest has room, but never `new`; returns how many of them still
/// held.
fn forget_excess(connection: &Connection, new: i64) -> Result<usize> {
    let going = room::surplus(
        connection,
        MAX_BYTES,
        "SELECT total(size) FROM applications",
        "SELECT row, size, reverted IS NULL FROM applications WHERE size > 0 AND row != ?1
         ORDER BY reverted IS NULL, row",
        [new],
    )?;
    let mut forget = connection
        .prepare_cached("UPDATE applications SET inverse = NULL, size = 0 WHERE row = ?1")?;
    for (row, _) in &going {
        forget.execute([row])?;
    }
    Ok(going.iter().filter(|(_, holds)| *holds).count())
}

/// Notes that an application was taken back. A proposal that was applied as a whole is open again.
pub(super) fn revert(store: &mut Store, root: &str, id: &ProposalId, row: i64) -> Result<()> {
    let now = store.now();
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    let changed = transaction
        .prepare_cached(
            "UPDATE applications SET reverted = ?4
             WHERE row = ?3 AND root = ?1 AND proposal = ?2 AND reverted IS NULL",
        )?
        .execute(params![root, id.0, row, now])?;
    if changed > 0 {
        proposals::set_state(
            &transaction,
            root,
            id,
            ProposalState::Applied,
            ProposalState::Open,
            now,
        )?;
    }
    transaction.commit()
}

/// The numbers of the parts that were applied and not taken back, by the name of their proposal.
pub(super) fn applied(
    connection: &Connection,
    root: &str,
) -> Result<BTreeMap<String, BTreeSet<usize>>> {
    let mut select = connection.prepare_cached(
        "SELECT proposal, parts FROM applications WHERE root = ?1 AND reverted IS NULL",
    )?;
    let mut rows = select.query([root])?;
    let mut applied: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        // A damaged row says nothing.
        let (Ok(proposal), Ok(Some(parts))) = (row.get::<_, String>("proposal"), parts(row)) else {
            continue;
        };
        applied.entry(proposal).or_default().extend(parts);
    }
    Ok(applied)
}

/// What was applied in a root, newest first.
pub(super) fn list(store: &Store, root: &str) -> Result<Listed<Application>> {
    let connection = &store.connection;
    let mut select = connection.prepare_cached(SELECT)?;
    let rows = select.query(params![root, MAX_DATA, MAX_LISTED])?;
    Listed::take(rows, MAX_LISTED, from_row, || {
        connection
            .prepare_cached("SELECT count(*) FROM applications WHERE root = ?1")?
            .query_row([root], |row| row.get(0))
    })
}

/// The newest applications of an agent's proposals that were not taken back, at most `most`.
pub(super) fn of_agent(
    store: &Store,
    root: &str,
    agent: &str,
    most: u32,
) -> Result<Vec<Application>> {
    let mut select = store.connection.prepare_cached(
        "SELECT row, proposal, agent, title, parts, applied, reverted,
                iif(octet_length(inverse) <= ?2, inverse, NULL) AS inverse
         FROM applications WHERE root = ?1 AND agent = ?4 AND reverted IS NULL ORDER BY row DESC LIMIT ?3",
    )?;
    let mut rows = select.query(params![root, MAX_DATA, most, agent])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        // A damaged row says nothing.
        found.extend(from_row(row).ok().flatten());
    }
    Ok(found)
}

/// What of proposals was applied lately and not taken back, newest first, as far as it is known how to take it back.
pub(super) fn made(store: &Store, root: &str) -> Result<Vec<Made>> {
    let mut select = store.connection.prepare_cached(MADE)?;
    let since = store.now() - MADE_DAYS * DAY_MS;
    let mut rows = select.query(params![root, MAX_DATA, MAX_MADE, since])?;
    let (mut made, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        bytes += row
            .get_ref("inverse")?
            .as_str_or_null()?
            .map_or(0, str::len);
        if bytes > MAX_MADE_BYTES {
            break;
        }
        // A damaged row says nothing.
        if let Ok(Some(application)) = from_row(row) {
            made.push(Made {
                application,
                provider: row.get("provider").ok().flatten(),
            });
        }
    }
    Ok(made)
}

/// An application; `None` when what is there is none.
fn from_row(row: &Row<'_>) -> Result<Option<Application>> {
    let proposal: String = row.get("proposal")?;
    let inverse = match row.get_ref("inverse")?.as_str_or_null()? {
        Some(inverse) => {
            let inverse = serde_json::from_str::<Vec<FileChange>>(inverse).ok();
            let Some(inverse) = inverse.filter(|it| sound::are_sound(it)) else {
                return Ok(None);
            };
            Some(inverse)
        }
        None => None,
    };
    let (Some(parts), true) = (parts(row)?, is_id(&proposal)) else {
        return Ok(None);
    };
    let reverted: Option<i64> = row.get("reverted")?;
    Ok(Some(Application {
        row: row.get("row")?,
        proposal: ProposalId(proposal),
        agent: row.get("agent")?,
        title: row.get("title")?,
        parts,
        applied: time(row.get("applied")?),
        reverted: reverted.map(time),
        inverse,
    }))
}

/// The parts of an application; `None` when what is there is no list of numbers.
pub(super) fn parts(row: &Row<'_>) -> Result<Option<Vec<usize>>> {
    let parts = row.get_ref("parts")?.as_str().ok();
    Ok(parts.and_then(|it| serde_json::from_str(it).ok()))
}
