//! The database's schema: its versions and how to get from one to the next.

use rusqlite::{Connection, Result, TransactionBehavior};

/// One script per version; the first makes version 1. Scripts are never edited once released.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001-base.sql")];

/// Marks a database file as ours (`CRCS`).
pub(super) const APPLICATION_ID: i64 = 0x4352_4353;

/// The version that this program reads and writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Version of the schema in the database; 0 for a new one.
pub(super) fn version(connection: &Connection) -> Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// True when the database belongs to another program.
pub(super) fn is_foreign(connection: &Connection) -> Result<bool> {
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id == APPLICATION_ID {
        return Ok(false);
    }
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(id != 0 || tables > 0)
}

/// Brings the database to [`VERSION`], all steps or none. Safe when several processes do it at once.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    if version(connection)? >= VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while we waited for the lock.
    let from = usize::try_from(version(&transaction)?).unwrap_or(0);
    for script in MIGRATIONS.iter().skip(from) {
        transaction.execute_batch(script)?;
    }
    if from < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    transaction.commit()
}

/// Fails when a table or column that this program needs is missing.
pub(super) fn check(connection: &Connection) -> Result<()> {
    for statement in [
        "SELECT id, root, agents, started, ended, cancelled, complete, error FROM runs",
        super::findings::SELECT_OPEN,
        super::dismissals::SELECT,
    ] {
        connection.prepare_cached(statement)?;
    }
    Ok(())
}
