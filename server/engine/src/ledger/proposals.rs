//! Proposals in the ledger: kept until they are applied or discarded, and for a while after.

use super::store::Store;
use super::{Listed, applications, records, room, runs, sound};
use crate::event::RunId;
use domain::proposal::{Proposal, ProposalId};
use rusqlite::{Connection, Result, Row, TransactionBehavior, params};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Largest proposal kept, in bytes of JSON; also the largest of what takes an application back.
pub(super) const MAX_DATA: u32 = 16 * 1024 * 1024;
/// Most open proposals of one root; beyond, the oldest are discarded.
const MAX_OPEN: i64 = 200;
/// Most bytes of all proposals together; beyond, those that are not open are forgotten, then the oldest open ones.
const MAX_BYTES: i64 = 64 * 1024 * 1024;
/// Most proposals handed out at once, newest first.
const MAX_LISTED: u32 = 1000;
/// Letters and digits of a name.
const ID_LEN: u32 = 8;
const ID_LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

pub(super) const SELECT: &str = "
    SELECT id, state, created, changed, iif(octet_length(data) <= ?4, data, NULL) AS data FROM proposals
    WHERE root = ?1 AND (state = 'open' OR ?2) AND substr(id, 1, length(?3)) = ?3 ORDER BY row DESC LIMIT ?5";
const COUNT: &str = "
    SELECT count(*) FROM proposals WHERE root = ?1 AND (state = 'open' OR ?2) AND substr(id, 1, length(?3)) = ?3";

/// What has become of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProposalState {
    /// There is something of it that can be applied or discarded.
    Open,
    /// All of it was applied.
    Applied,
    /// The user does not want the rest of it.
    Discarded,
}

/// Which proposals of a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are open.
    Open,
    /// Those that were applied or discarded lately, too.
    All,
    /// Whatever has a name that begins so.
    Named(String),
}

/// A proposal as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeptProposal {
    /// The proposal, as it was made.
    pub(crate) proposal: Proposal,
    /// What has become of it.
    pub(crate) state: ProposalState,
    /// When it was kept first.
    pub(crate) created: SystemTime,
    /// When it came to its state.
    pub(crate) changed: SystemTime,
    /// Numbers of the parts that were applied and not taken back, in order.
    pub(crate) applied: Vec<usize>,
}

/// A name for a new proposal.
pub fn new_id() -> ProposalId {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut random = [0_u8; 16];
    // Without randomness the process and the time tell names apart.
    let _ = getrandom::fill(&mut random);
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut hash = blake3::Hasher::new();
    hash.update(&random);
    hash.update(&std::process::id().to_le_bytes());
    hash.update(&since.as_nanos().to_le_bytes());
    hash.update(&COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    let letter = |byte: &u8| char::from(ID_LETTERS[usize::from(*byte) % ID_LETTERS.len()]);
    let bytes = hash.finalize();
    let name = bytes.as_bytes().iter().take(ID_LEN as usize).map(letter);
    ProposalId(name.collect())
}

/// True for what [`new_id`] makes.
pub(super) fn is_id(name: &str) -> bool {
    name.len() == ID_LEN as usize && name.bytes().all(|it| ID_LETTERS.contains(&it))
}

/// Keeps a proposal; one that is kept already stays as it is.
pub(super) fn keep(
    store: &mut Store,
    run: Option<RunId>,
    root: &str,
    proposal: &Proposal,
) -> Result<()> {
    let Some(data) = json(proposal) else {
        store.tell(format!(
            "the proposal {} of {} ({}) is larger than {} MB and is kept only until crosscheck ends",
            proposal.id.0,
            proposal.agent,
            proposal.title,
            MAX_DATA / (1024 * 1024),
        ));
        return Ok(());
    };
    let run = match run {
        Some(run) => runs::row(store, run)?,
        None => 0,
    };
    let now = store.now();
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .prepare_cached(
            "INSERT INTO proposals (root, id, run, agent, provider, title, state, created, changed, size, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            root,
            proposal.id.0,
            run,
            proposal.agent,
            proposal.provider,
            proposal.title,
            now,
            i64::try_from(data.len()).unwrap_or(i64::MAX),
            data,
        ])?;
    let too_many = discard_excess(&transaction, root, now)?;
    let too_large = forget_excess(&transaction, root, &proposal.id)?;
    transaction.commit()?;
    if too_many > 0 {
        store.tell(format!(
            "{} discarded: at most {MAX_OPEN} open ones are kept of a workspace; apply or discard what you have seen",
            older(too_many)
        ));
    }
    if too_large > 0 {
        store.tell(format!(
            "{} discarded: at most {} MB of proposals are kept; apply or discard what you have seen",
            older(too_large),
            MAX_BYTES / (1024 * 1024),
        ));
    }
    Ok(())
}

fn older(count: usize) -> String {
    match count {
        1 => "the oldest open proposal was".to_owned(),
        count => format!("the {count} oldest open proposals were"),
    }
}

/// Discards the oldest open proposals of a root that are too many; returns how many.
fn discard_excess(connection: &Connection, root: &str, now: i64) -> Result<usize> {
    connection
        .prepare_cached(
            "UPDATE proposals SET state = 'discarded', changed = ?2 WHERE row IN
               (SELECT row FROM proposals WHERE root = ?1 AND state = 'open' ORDER BY row DESC LIMIT -1 OFFSET ?3)",
        )?
        .execute(params![root, now, MAX_OPEN])
}

/// Forgets proposals until the rest has room, but never `new`; returns how many of them were open.
fn forget_excess(connection: &Connection, root: &str, new: &ProposalId) -> Result<usize> {
    let going = room::surplus(
        connection,
        MAX_BYTES,
        "SELECT total(size) FROM proposals",
        "SELECT row, size, state = 'open' FROM proposals WHERE NOT (root = ?1 AND id = ?2)
         ORDER BY state = 'open', changed, row",
        params![root, new.0],
    )?;
    let mut delete = connection.prepare_cached("DELETE FROM proposals WHERE row = ?1")?;
    for (row, _) in &going {
        delete.execute([row])?;
    }
    Ok(going.iter().filter(|(_, is_open)| *is_open).count())
}

/// Discards those of `ids` that are open.
pub(super) fn discard(store: &mut Store, root: &str, ids: &[ProposalId]) -> Result<()> {
    let now = store.now();
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    for id in ids {
        set_state(
            &transaction,
            root,
            id,
            ProposalState::Open,
            ProposalState::Discarded,
            now,
        )?;
    }
    transaction.commit()
}

/// Changes the state of a proposal if it is `from`; another process may have changed it. The findings of one that is applied
/// are fixed.
pub(super) fn set_state(
    connection: &Connection,
    root: &str,
    id: &ProposalId,
    from: ProposalState,
    to: ProposalState,
    now: i64,
) -> Result<()> {
    let changed = connection
        .prepare_cached(
            "UPDATE proposals SET state = ?4, changed = ?5 WHERE root = ?1 AND id = ?2 AND state = ?3",
        )?
        .execute(params![root, id.0, from.word(), to.word(), now])?;
    match (from, to) {
        _ if changed == 0 => Ok(()),
        (_, ProposalState::Applied) => records::fix(connection, root, id, now),
        (ProposalState::Applied, _) => records::unfix(connection, root, id),
        _ => Ok(()),
    }
}

/// The proposals of a root, newest first.
pub(super) fn list(store: &Store, root: &str, which: &Which) -> Result<Listed<KeptProposal>> {
    let (all, prefix) = match which {
        Which::Open => (false, ""),
        Which::All => (true, ""),
        Which::Named(prefix) => (true, prefix.as_str()),
    };
    let connection = &store.connection;
    let applied = applications::applied(connection, root)?;
    let mut select = connection.prepare_cached(SELECT)?;
    let rows = select.query(params![root, all, prefix, MAX_DATA, MAX_LISTED])?;
    let mut listed = Listed::take(rows, MAX_LISTED, from_row, || {
        connection
            .prepare_cached(COUNT)?
            .query_row(params![root, all, prefix], |row| row.get(0))
    })?;
    for kept in &mut listed.items {
        let parts = applied.get(&kept.proposal.id.0);
        kept.applied.extend(parts.into_iter().flatten());
    }
    Ok(listed)
}

/// A proposal; `None` when what is there is none, or too large for one.
fn from_row(row: &Row<'_>) -> Result<Option<KeptProposal>> {
    let Some(data) = row.get_ref("data")?.as_str_or_null()? else {
        return Ok(None);
    };
    let proposal = serde_json::from_str::<Proposal>(data).ok();
    let state = ProposalState::from_word(row.get_ref("state")?.as_str()?);
    let (Some(proposal), Some(state)) = (proposal.filter(sound::is_sound), state) else {
        return Ok(None);
    };
    if proposal.id.0 != row.get_ref("id")?.as_str()? {
        return Ok(None);
    }
    Ok(Some(KeptProposal {
        proposal,
        state,
        created: time(row.get("created")?),
        changed: time(row.get("changed")?),
        applied: Vec::new(),
    }))
}

impl ProposalState {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Applied => "applied",
            Self::Discarded => "discarded",
        }
    }
    fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Applied, Self::Discarded]
            .into_iter()
            .find(|it| it.word() == word)
    }
}

/// `value` as JSON; `None` when it is longer than [`MAX_DATA`].
pub(super) fn json<T: serde::Serialize>(value: &T) -> Option<String> {
    let mut out = Limited(Vec::new());
    serde_json::to_writer(&mut out, value).ok()?;
    String::from_utf8(out.0).ok()
}

/// A text that refuses to become too long.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_DATA as usize {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A time as it stands in the database: milliseconds since 1970.
pub(super) fn time(milliseconds: i64) -> SystemTime {
    let since = std::time::Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
