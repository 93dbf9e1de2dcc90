//! The database's schema: its versions and how to get from one to the next.

use rusqlite::{Connection, Result, TransactionBehavior};

/// One script per version; the first makes version 1. Scripts are never edited once released.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001-base.sql"),
    include_str!("migrations/0002-proposals.sql"),
    include_str!("migrations/0003-calls.sql"),
    include_str!("migrations/0004-answers.sql"),
    include_str!("migrations/0005-verdicts.sql"),
    include_str!("migrations/0006-checks.sql"),
    include_str!("migrations/0007-records.sql"),
    include_str!("migrations/0008-indices.sql"),
];

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

/// Fails when a table or column that a database of `version` has is missing.
pub(super) fn check(connection: &Connection, version: i64) -> Result<()> {
    const RUNS: &str =
        "SELECT id, root, agents, started, ended, cancelled, complete, error FROM runs";
    const FINDINGS: &str = "SELECT root, path, agent, id, state, quote, last_seen FROM findings";
    const DISMISSALS: &str = "SELECT root, reach, path, category, text, kind FROM dismissals";
    // The versions in which each is as the statement says.
    for (versions, statement) in [
        (1..=VERSION, RUNS),
        (1..=VERSION, FINDINGS),
        (1..=4, DISMISSALS),
        (2..=VERSION, super::proposals::SELECT),
        (2..=VERSION, super::applications::SELECT),
        (2..=VERSION, super::applications::MADE),
        (3..=VERSION, super::calls::SELECT),
        (3..=VERSION, super::calls::SELECT_NOTICES),
        (4..=VERSION, super::answers::SELECT),
        (4..=VERSION, super::answers::ROUNDS),
        (5..=VERSION, super::findings::SELECT),
        (5..=VERSION, super::verdicts::SELECT),
        (6..=VERSION, super::checks::SELECT),
        (7..=VERSION, super::records::FIXED),
    ] {
        if versions.contains(&version) {
            connection.prepare(statement)?;
        }
    }
    Ok(())
}
