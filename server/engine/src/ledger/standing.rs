//! Which parts of a proposal stand in the files: an editor's undo takes back what was applied, its redo does it again.

use super::applications;
use super::proposals::{self, ProposalState};
use super::store::Store;
use domain::proposal::ProposalId;
use rusqlite::{Connection, Result, TransactionBehavior, params};
use std::collections::BTreeSet;

/// Most applications of one proposal that are looked at, newest first.
const MAX_LOOKED_AT: u32 = 1000;

/// An application, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    row: i64,
    parts: BTreeSet<usize>,
    is_reverted: bool,
}

/// Notes which of the parts of a proposal that were applied at some time stand in the files now. `done`: nothing of it is
/// left open. A proposal that was discarded stays so.
pub(super) fn set(
    store: &mut Store,
    root: &str,
    id: &ProposalId,
    standing: &BTreeSet<usize>,
    done: bool,
) -> Result<()> {
    let now = store.now();
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    for it in restated(&rows(&transaction, root, id)?, standing) {
        let parts: Vec<usize> = it.parts.into_iter().collect();
        let reverted = it.is_reverted.then_some(now);
        transaction
            .prepare_cached("UPDATE applications SET parts = ?2, reverted = ?3 WHERE row = ?1")?
            .execute(params![
                it.row,
                serde_json::Value::from(parts).to_string(),
                reverted
            ])?;
    }
    let (from, to) = match done {
        true => (ProposalState::Open, ProposalState::Applied),
        false => (ProposalState::Applied, ProposalState::Open),
    };
    proposals::set_state(&transaction, root, id, from, to, now)?;
    transaction.commit()
}

/// The applications of a proposal, newest first.
fn rows(connection: &Connection, root: &str, id: &ProposalId) -> Result<Vec<Row>> {
    let mut select = connection.prepare_cached(
        "SELECT row, parts, reverted IS NOT NULL AS reverted FROM applications
         WHERE root = ?1 AND proposal = ?2 ORDER BY row DESC LIMIT ?3",
    )?;
    let mut found = select.query(params![root, id.0, MAX_LOOKED_AT])?;
    let mut rows = Vec::new();
    while let Some(it) = found.next()? {
        // A damaged row says nothing, and one without parts wrote nothing.
        let parts = applications::parts(it).ok().flatten().unwrap_or_default();
        if !parts.is_empty() {
            rows.push(Row {
                row: it.get("row")?,
                parts: parts.into_iter().collect(),
                is_reverted: it.get("reverted")?,
            });
        }
    }
    Ok(rows)
}

/// The applications that are to be changed, so that those that were not taken back have just the parts that stand. One
/// keeps its parts when all of them are gone: it may be done again. `before` is the newest first.
fn restated(before: &[Row], standing: &BTreeSet<usize>) -> Vec<Row> {
    let mut rows = before.to_vec();
    let mut missing = standing.clone();
    for it in rows.iter_mut().filter(|it| !it.is_reverted) {
        let kept: BTreeSet<usize> = it.parts.intersection(standing).copied().collect();
        if kept.is_empty() {
            it.is_reverted = true;
        } else {
            missing.retain(|part| !kept.contains(part));
            it.parts = kept;
        }
    }
    for it in rows.iter_mut().filter(|it| it.is_reverted) {
        let again: BTreeSet<usize> = it.parts.intersection(&missing).copied().collect();
        if !again.is_empty() {
            missing.retain(|part| !again.contains(part));
            it.parts = again;
            it.is_reverted = false;
        }
    }
    // Parts that one lost before come back to the newest that stands: what takes that back knows them.
    let newest = rows.iter().position(|it| !it.is_reverted).unwrap_or(0);
    if let (false, Some(it)) = (missing.is_empty(), rows.get_mut(newest)) {
        if it.is_reverted {
            it.parts.clear();
        }
        it.parts.append(&mut missing);
        it.is_reverted = false;
    }
    let changed = rows
        .into_iter()
        .zip(before)
        .filter(|(now, was)| now != *was);
    changed.map(|it| it.0).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    fn row(row: i64, parts: &[usize], is_reverted: bool) -> Row {
        Row {
            row,
            parts: parts.iter().copied().collect(),
            is_reverted,
        }
    }

    fn check(before: &[Row], standing: &[usize], expected: &[Row]) {
        let standing = standing.iter().copied().collect();
        assert_eq!(restated(before, &standing), expected);
    }

    #[test]
    fn undone_and_done_again() {
        let all = [row(1, &[1, 2, 3], false)];
        check(&all, &[1, 2, 3], &[]);
        check(&all, &[2, 3], &[row(1, &[2, 3], false)]);
        check(&all, &[], &[row(1, &[1, 2, 3], true)]);
        check(&[row(1, &[2, 3], false)], &[1, 2, 3], &all);
        check(&[row(1, &[1, 2, 3], true)], &[1, 2, 3], &all);
        // Only one of its files was done again.
        check(&[row(1, &[1, 2, 3], true)], &[2], &[row(1, &[2], false)]);
        // What it had lost before it was undone.
        check(&[row(1, &[2, 3], true)], &[1], &[row(1, &[1], false)]);
    }

    #[test]
    fn each_application_has_its_own_parts() {
        let two = [row(2, &[3], false), row(1, &[1, 2], false)];
        check(&two, &[1, 2], &[row(2, &[3], true)]);
        check(&two, &[1, 3], &[row(1, &[1], false)]);
        // The newest that has them is what was done again.
        let again = [row(3, &[1], true), row(2, &[1], true), row(1, &[2], false)];
        check(&again, &[1, 2], &[row(3, &[1], false)]);
        check(&[], &[1], &[]);
    }

    fn parts() -> impl Strategy<Value = BTreeSet<usize>> {
        prop::collection::btree_set(1..6_usize, 0..6)
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_stands(
            applied in prop::collection::vec((parts(), any::<bool>()), 1..4),
            looks in prop::collection::vec(parts(), 1..12),
        ) {
            let rows = (1..).zip(applied).filter(|it| !it.1.0.is_empty());
            let mut rows: Vec<Row> = rows
                .map(|(row, (parts, is_reverted))| Row { row, parts, is_reverted })
                .collect();
            rows.reverse();
            let known: BTreeSet<usize> = rows.iter().flat_map(|it| it.parts.clone()).collect();
            for look in looks {
                let standing: BTreeSet<usize> = look.intersection(&known).copied().collect();
                for changed in restated(&rows, &standing) {
                    let it = rows.iter_mut().find(|it| it.row == changed.row);
                    *it.expect("a row that is there") = changed;
                }
                let kept = rows.iter().filter(|it| !it.is_reverted);
                let kept: BTreeSet<usize> = kept.flat_map(|it| it.parts.clone()).collect();
                prop_assert_eq!(kept, standing.clone());
                prop_assert!(rows.iter().all(|it| !it.parts.is_empty()));
                prop_assert_eq!(restated(&rows, &standing), vec![]);
            }
        }
    }
}
