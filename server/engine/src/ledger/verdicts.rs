//! Verdicts in the ledger: what people decided about findings.

use super::Listed;
use super::findings::word;
use super::proposals::time;
use super::store::Store;
use crate::event::Verdict;
use crate::request::Reach;
use crate::sift::{Entry, Judged};
use rusqlite::{Result, Row, TransactionBehavior, params};

/// Most decisions of a root that are looked at, newest first.
const MAX_LOADED: u32 = 20_000;
/// Longest list of remarks that is read, in bytes.
const MAX_DATA: i64 = 1024 * 1024;
/// Most remarks of one decision that are kept.
const MAX_REMARKS: usize = 32;

pub(super) const SELECT: &str = "
    SELECT id, verdict, reach, reason, created, iif(octet_length(remarks) <= ?2, remarks, '[]') AS remarks
    FROM verdicts WHERE root = ?1 ORDER BY id DESC LIMIT ?3";

/// A decision to keep.
#[derive(Clone, Debug)]
pub(crate) struct New {
    pub(crate) verdict: Verdict,
    pub(crate) reach: Reach,
    pub(crate) reason: Option<String>,
    pub(crate) remarks: Vec<Judged>,
}

pub(super) fn store(store: &mut Store, root: &str, new: &New) -> Result<()> {
    let now = store.now();
    let remarks: Vec<&Judged> = new.remarks.iter().take(MAX_REMARKS).collect();
    let remarks = serde_json::to_string(&remarks)
        .map_err(|it| rusqlite::Error::ToSqlConversionFailure(it.into()))?;
    store
        .connection
        .prepare_cached(
            "INSERT INTO verdicts (root, verdict, reach, reason, created, remarks) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            root,
            match new.verdict {
                Verdict::Dismissed => "dismissed",
                Verdict::Accepted => "accepted",
            },
            word(&new.reach),
            new.reason,
            now,
            remarks,
        ])?;
    Ok(())
}

/// Takes decisions back; those of other roots stay.
pub(super) fn undo(store: &mut Store, root: &str, ids: &[i64]) -> Result<()> {
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut delete =
            transaction.prepare_cached("DELETE FROM verdicts WHERE root = ?1 AND id = ?2")?;
        for id in ids {
            delete.execute(params![root, id])?;
        }
    }
    transaction.commit()
}

/// Takes back the decisions that hold for this very finding.
pub(super) fn undo_of(store: &mut Store, root: &str, finding: &str) -> Result<()> {
    let about = |it: &Entry| it.remarks.iter().any(|it| it.finding == finding);
    let ids: Vec<i64> = list(store, root)?
        .items
        .iter()
        .filter(|it| about(it))
        .map(|it| it.id)
        .collect();
    undo(store, root, &ids)
}

/// The decisions of a root, newest first.
pub(super) fn list(store: &Store, root: &str) -> Result<Listed<Entry>> {
    let connection = &store.connection;
    let mut select = connection.prepare_cached(SELECT)?;
    let rows = select.query(params![root, MAX_DATA, MAX_LOADED])?;
    Listed::take(rows, MAX_LOADED, from_row, || {
        connection
            .prepare_cached("SELECT count(*) FROM verdicts WHERE root = ?1")?
            .query_row([root], |row| row.get(0))
    })
}

/// A decision; `None` when what is there is none, or is in words that another version wrote.
fn from_row(row: &Row<'_>) -> Result<Option<Entry>> {
    let verdict = match row.get_ref("verdict")?.as_str()? {
        "dismissed" => Verdict::Dismissed,
        "accepted" => Verdict::Accepted,
        _ => return Ok(None),
    };
    let reach = serde_json::from_value(serde_json::Value::String(row.get("reach")?)).ok();
    let remarks: Option<Vec<Judged>> = serde_json::from_str(row.get_ref("remarks")?.as_str()?).ok();
    let (Some(reach), Some(remarks)) = (reach, remarks) else {
        return Ok(None);
    };
    Ok(Some(Entry {
        id: row.get("id")?,
        verdict,
        reach,
        reason: row.get("reason")?,
        created: time(row.get("created")?),
        remarks,
    }))
}
