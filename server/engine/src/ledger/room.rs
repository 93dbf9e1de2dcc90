//! What has to go so that the rest has room.

use rusqlite::{Connection, Params, Result};

/// The rows that have to go so that a sum of sizes is at most `most` bytes, each with what the third column says of it. `total`
/// selects that sum; `candidates` selects what may go, as row, size and a truth, in the order in which it goes.
pub(super) fn surplus(
    connection: &Connection,
    most: i64,
    total: &str,
    candidates: &str,
    params: impl Params,
) -> Result<Vec<(i64, bool)>> {
    let total: f64 = connection
        .prepare_cached(total)?
        .query_row([], |row| row.get(0))?;
    // A sum of sizes is far below what a float holds exactly.
    let mut surplus = total as i64 - most;
    let mut going = Vec::new();
    if surplus <= 0 {
        return Ok(going);
    }
    let mut select = connection.prepare_cached(candidates)?;
    let mut rows = select.query(params)?;
    while let Some(row) = rows.next()?
        && surplus > 0
    {
        surplus = surplus.saturating_sub(row.get(1)?);
        going.push((row.get(0)?, row.get(2)?));
    }
    Ok(going)
}
