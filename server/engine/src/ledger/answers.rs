//! Answers in the ledger: what an agent said about a hunk, by a hash of everything that shapes it, and how often it was
//! asked about a place without the user.

use super::store::{DAY_MS, Store};
use super::{Application, Remembered, applications, room, runs};
use crate::event::RunId;
use domain::finding::Finding;
use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answers older than this many days are not used, and forgotten.
const DAYS: i64 = 90;
/// How much is kept, over all roots; beyond, the oldest answers are forgotten.
pub(super) const ROOM: Room = Room {
    rows: 100_000,
    bytes: 64 * 1024 * 1024,
};
/// Largest answer about one hunk that is kept, in bytes of JSON.
const MAX_ANSWER: usize = 256 * 1024;
/// Most applications of an agent's proposals that its findings are held against, newest first.
const MAX_APPLIED: u32 = 20;
/// Places that no automatic review came to for so many days begin anew.
const ROUND_DAYS: i64 = 30;

pub(super) const SELECT: &str = "
    SELECT together, of, data FROM answers WHERE root = ?1 AND key = ?2 AND created >= ?3";
pub(super) const ROUNDS: &str =
    "SELECT region, count FROM rounds WHERE root = ?1 AND agent = ?2 AND last >= ?3";

/// How much there is room for.
#[derive(Clone, Copy)]
pub(super) struct Room {
    /// Answers.
    pub(super) rows: i64,
    /// Bytes of all of them together.
    pub(super) bytes: i64,
}

/// Hash of everything that shapes an answer, or of what names a place.
pub(crate) type Key = [u8; 32];

/// One remark in an answer about a hunk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Said {
    /// In the hunk: its ranges count bytes from the start of the hunk. It has neither name nor anchor; both are made anew.
    Here(Finding),
    /// Elsewhere, in this file or in another.
    There(Remembered),
    /// Of the file as a whole.
    Whole(Finding),
}

/// An answer about one hunk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HunkAnswer {
    /// What it is the answer to.
    pub(crate) key: Key,
    /// Name and number of the hunks with which it holds only together.
    pub(crate) together: Option<(Key, usize)>,
    /// What was said.
    pub(crate) said: Vec<Said>,
}

/// What there was to know before an agent is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recollection {
    /// The answers that are known.
    pub(crate) answers: BTreeMap<Key, HunkAnswer>,
    /// How often places were answered for without the user.
    pub(crate) rounds: BTreeMap<Key, u32>,
    /// What the agent's proposals changed lately, newest first.
    pub(crate) applied: Vec<Application>,
}

/// What is wanted of the ledger before an agent is asked.
#[derive(Clone, Debug)]
pub(crate) struct Recall {
    pub(crate) agent: String,
    /// The answers to look for.
    pub(crate) keys: Vec<Key>,
    /// The places asked about.
    pub(crate) regions: Vec<Key>,
    /// The user asks: automatic rounds are counted anew for these places.
    pub(crate) by_user: bool,
}

/// Answers to keep.
#[derive(Clone, Debug)]
pub(crate) struct NewAnswers {
    pub(crate) agent: String,
    pub(crate) answers: Vec<HunkAnswer>,
    /// The places that an automatic round was about.
    pub(crate) rounds: Vec<Key>,
}

impl NewAnswers {
    pub(crate) fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.rounds.is_empty()
    }
}

/// What is known of these hunks; settles the rounds where the user asks.
pub(super) fn recall(store: &mut Store, root: &str, wanted: &Recall) -> Result<Recollection> {
    let now = store.now();
    let mut found = Recollection {
        applied: applications::of_agent(store, root, &wanted.agent, MAX_APPLIED)?,
        ..Recollection::default()
    };
    let mut select = store.connection.prepare_cached(SELECT)?;
    for key in &wanted.keys {
        let row = select
            .query_row(params![root, key, now - DAYS * DAY_MS], |row| {
                let together: Option<Key> = row.get("together")?;
                let of: i64 = row.get("of")?;
                let said = serde_json::from_str(row.get_ref("data")?.as_str()?).ok();
                Ok((together.map(|it| (it, of)), said))
            })
            .optional();
        // What is damaged, or was written by another version in words unknown here, is no answer.
        let Ok(Some((together, Some(said)))) = row else {
            continue;
        };
        let together = together.map(|(name, of)| (name, usize::try_from(of).unwrap_or(usize::MAX)));
        let key = *key;
        found.answers.insert(
            key,
            HunkAnswer {
                key,
                together,
                said,
            },
        );
    }
    drop(select);
    let mut rounds = store.connection.prepare_cached(ROUNDS)?;
    let since = now - ROUND_DAYS * DAY_MS;
    let mut rows = rounds.query(params![root, wanted.agent, since])?;
    let mut counts: BTreeMap<Key, u32> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        if let (Ok(region), Ok(count)) = (row.get("region"), row.get("count")) {
            counts.insert(region, count);
        }
    }
    drop(rows);
    drop(rounds);
    let counted = wanted.regions.iter();
    found.rounds = counted
        .filter_map(|it| Some((*it, *counts.get(it)?)))
        .collect();
    if wanted.by_user && !found.rounds.is_empty() {
        forget_rounds(store, root, &wanted.agent, &found.rounds)?;
        found.rounds.clear();
    }
    Ok(found)
}

fn forget_rounds(
    store: &mut Store,
    root: &str,
    agent: &str,
    regions: &BTreeMap<Key, u32>,
) -> Result<()> {
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut delete = transaction
            .prepare_cached("DELETE FROM rounds WHERE root = ?1 AND agent = ?2 AND region = ?3")?;
        for region in regions.keys() {
            delete.execute(params![root, agent, region])?;
        }
    }
    transaction.commit()
}

/// Keeps answers as far as there is room, and counts the rounds.
pub(super) fn keep(
    store: &mut Store,
    run: RunId,
    root: &str,
    kept: &NewAnswers,
    room: Room,
) -> Result<()> {
    let run = runs::row(store, run)?;
    let now = store.now();
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    for answer in &kept.answers {
        insert(&transaction, root, run, now, answer)?;
    }
    for region in &kept.rounds {
        transaction
            .prepare_cached(
                "INSERT INTO rounds (root, agent, region, count, last) VALUES (?1, ?2, ?3, 1, ?4)
                 ON CONFLICT (root, agent, region) DO UPDATE SET
                     count = iif(last >= ?5, count + 1, 1), last = excluded.last",
            )?
            .execute(params![
                root,
                kept.agent,
                region,
                now,
                now - ROUND_DAYS * DAY_MS
            ])?;
    }
    forget_excess(&transaction, room)?;
    transaction.commit()
}

fn insert(
    connection: &Connection,
    root: &str,
    run: i64,
    now: i64,
    answer: &HunkAnswer,
) -> Result<()> {
    let data = serde_json::to_string(&answer.said).unwrap_or_default();
    if data.is_empty() || data.len() > MAX_ANSWER {
        // An older answer to the same would be none to what was asked last.
        connection
            .prepare_cached("DELETE FROM answers WHERE root = ?1 AND key = ?2")?
            .execute(params![root, answer.key])?;
        return Ok(());
    }
    let (together, of) = match answer.together {
        Some((name, of)) => (Some(name), i64::try_from(of).unwrap_or(i64::MAX)),
        None => (None, 1),
    };
    connection
        .prepare_cached(
            "INSERT INTO answers (root, key, run, created, together, of, size, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (root, key) DO UPDATE SET
                 run = excluded.run, created = excluded.created, together = excluded.together, of = excluded.of,
                 size = excluded.size, data = excluded.data",
        )?
        .execute(params![
            root,
            answer.key,
            run,
            now,
            together,
            of,
            i64::try_from(data.len()).unwrap_or(i64::MAX),
            data
        ])?;
    Ok(())
}

/// Forgets the oldest answers until the rest has room.
fn forget_excess(connection: &Connection, room: Room) -> Result<()> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM answers")?
        .query_row([], |row| row.get(0))?;
    if count > room.rows {
        connection
            .prepare_cached(
                "DELETE FROM answers WHERE row IN (SELECT row FROM answers ORDER BY created, row LIMIT ?1)",
            )?
            .execute([count - room.rows])?;
    }
    let going = room::surplus(
        connection,
        room.bytes,
        "SELECT total(size) FROM answers",
        "SELECT row, size, 1 FROM answers ORDER BY created, row",
        [],
    )?;
    let mut delete = connection.prepare_cached("DELETE FROM answers WHERE row = ?1")?;
    for (row, _) in going {
        delete.execute([row])?;
    }
    Ok(())
}

/// Forgets a bounded number of answers and rounds that are too old; returns how many.
pub(super) fn prune(connection: &Connection, now: i64, most: i64) -> Result<usize> {
    let answers = connection.execute(
        "DELETE FROM answers WHERE row IN (SELECT row FROM answers WHERE created < ?1 LIMIT ?2)",
        [now - DAYS * DAY_MS, most],
    )?;
    let rounds = connection.execute(
        "DELETE FROM rounds WHERE last < ?1",
        [now - ROUND_DAYS * DAY_MS],
    )?;
    Ok(answers.max(rounds))
}
