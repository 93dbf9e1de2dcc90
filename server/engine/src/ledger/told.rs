//! What an agent is told of a file before it is asked about it again: what was said of it, and what was dismissed.

use super::findings::{self, Remembered};
use super::store::Store;
use crate::prompt::Dismissed;
use domain::path::RelPath;
use rusqlite::{Result, params};

/// Most dismissed findings of a file, newest first.
const MAX_DISMISSED: i64 = 20;

/// The open findings of a file, and what was dismissed in it or in the whole root.
pub(super) fn of(
    store: &Store,
    root: &str,
    path: &RelPath,
) -> Result<(Vec<Remembered>, Vec<Dismissed>)> {
    let said = findings::open(store, root, path)?;
    let mut select = store.connection.prepare_cached(
        "SELECT json_extract(value, '$.title') AS title, max(reason) FROM verdicts, json_each(verdicts.remarks)
         WHERE verdicts.root = ?1 AND verdict = 'dismissed' AND (json_extract(value, '$.path') = ?2 OR reach = 'kind')
         GROUP BY title ORDER BY max(verdicts.id) DESC LIMIT ?3",
    )?;
    let dismissed = select.query_map(params![root, path.as_str(), MAX_DISMISSED], |row| {
        let (title, reason) = (row.get(0)?, row.get(1)?);
        Ok(Dismissed { title, reason })
    })?;
    Ok((said, dismissed.collect::<Result<_>>()?))
}
