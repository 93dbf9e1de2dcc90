//! Checks in the ledger: each agent's last one of a finding, and the text of the finding that it was about.

use super::findings::word;
use super::runs;
use super::store::Store;
use crate::event::{Checked, RunId};
use domain::check::Check;
use domain::finding::FindingId;
use domain::path::RelPath;
use rusqlite::{Connection, Result, Row, params};
use std::time::{Duration, UNIX_EPOCH};

/// Most checks of a root that are recalled, newest first.
const MAX_RECALLED: i64 = 5000;
/// Checks are forgotten after this many days.
const CHECK_DAYS: i64 = 180;

pub(super) const SELECT: &str = "
    SELECT finding, path, text, agent, provider, checked, verdict, why, evidence, failing_input, caveat
    FROM checks WHERE root = ?1 ORDER BY checked DESC, row DESC LIMIT ?2";

/// Keeps a check in place of what the same agent said of the finding before.
pub(super) fn keep(store: &mut Store, run: RunId, root: &str, checked: &Checked) -> Result<()> {
    let run = runs::row(store, run)?;
    let at = checked.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
    let check = &checked.check;
    let evidence = serde_json::to_string(&check.evidence).unwrap_or_else(|_| "[]".to_owned());
    store
        .connection
        .prepare_cached(
            "INSERT OR REPLACE INTO checks (root, finding, path, text, agent, provider, run, checked,
                                            verdict, why, evidence, failing_input, caveat)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            root,
            checked.finding.0,
            checked.path.as_str(),
            checked.text,
            check.agent,
            check.provider,
            run,
            at,
            word(&check.outcome),
            check.why,
            evidence,
            check.failing_input,
            check.caveat,
        ])?;
    Ok(())
}

/// The checks of a root, newest first.
pub(super) fn of_root(store: &Store, root: &str) -> Result<Vec<Checked>> {
    let mut select = store.connection.prepare_cached(SELECT)?;
    let rows = select.query_map(params![root, MAX_RECALLED], from_row)?;
    // A row that another version wrote in words unknown here is left out.
    rows.filter_map(Result::transpose).collect()
}

/// Forgets at most `step` checks that are too old; how many.
pub(super) fn prune(connection: &Connection, now: i64, step: i64) -> Result<usize> {
    connection.execute(
        "DELETE FROM checks WHERE row IN (SELECT row FROM checks WHERE checked < ?1 LIMIT ?2)",
        [now - CHECK_DAYS * super::store::DAY_MS, step],
    )
}

fn from_row(row: &Row<'_>) -> Result<Option<Checked>> {
    let outcome = serde_json::from_value(serde_json::Value::String(row.get("verdict")?));
    let evidence = serde_json::from_str(&row.get::<_, String>("evidence")?);
    let path = RelPath::try_from(row.get::<_, String>("path")?);
    let (Ok(outcome), Ok(evidence), Ok(path)) = (outcome, evidence, path) else {
        return Ok(None);
    };
    let at = u64::try_from(row.get::<_, i64>("checked")?).unwrap_or_default();
    Ok(Some(Checked {
        finding: FindingId(row.get("finding")?),
        path,
        text: row.get("text")?,
        check: Check {
            agent: row.get("agent")?,
            provider: row.get("provider")?,
            outcome,
            why: row.get("why")?,
            evidence,
            failing_input: row.get("failing_input")?,
            caveat: row.get("caveat")?,
        },
        at: UNIX_EPOCH + Duration::from_millis(at),
    }))
}
