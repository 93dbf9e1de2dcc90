//! Runs in the ledger.

use super::store::Store;
use crate::event::RunId;
use rusqlite::{OptionalExtension, Result, params};

/// How a run ended.
pub(super) struct End {
    pub(super) cancelled: bool,
    pub(super) complete: bool,
    pub(super) error: Option<String>,
}

pub(super) fn begin(store: &mut Store, run: RunId, root: &str, agents: &[String]) -> Result<()> {
    let agents = serde_json::Value::from(agents).to_string();
    let mut insert = store.connection.prepare_cached(
        "INSERT INTO runs (root, agents, started) VALUES (?1, ?2, ?3) RETURNING id",
    )?;
    let row = insert.query_row(params![root, agents, store.now()], |row| row.get(0))?;
    drop(insert);
    store.runs.insert(run, row);
    Ok(())
}

pub(super) fn end(store: &mut Store, run: RunId, end: &End) -> Result<()> {
    let Some(row) = store.runs.remove(&run) else {
        return Ok(());
    };
    store.connection.execute(
        "UPDATE runs SET ended = ?2, cancelled = ?3, complete = ?4, error = ?5 WHERE id = ?1",
        params![row, store.now(), end.cancelled, end.complete, end.error],
    )?;
    Ok(())
}

/// The row of a run; 0 for one whose beginning was lost with a damaged database.
pub(super) fn row(store: &Store, run: RunId) -> Result<i64> {
    let Some(row) = store.runs.get(&run) else {
        return Ok(0);
    };
    let known = store
        .connection
        .query_row("SELECT id FROM runs WHERE id = ?1", [row], |row| row.get(0))
        .optional()?;
    Ok(known.unwrap_or(0))
}
