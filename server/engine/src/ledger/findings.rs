//! Findings in the ledger: kept per root, file and agent, and placed again in whatever the text has become.

use super::store::Store;
use super::{Listed, runs};
use crate::event::{FileFindings, RunId};
use domain::anchor::Anchor;
use domain::board::Reviewed;
use domain::edit::TextEdit;
use domain::finding::{Category, Finding, FindingId};
use domain::identity::{Fingerprint, Lines, Mark};
use domain::locate::{Locator, Tier};
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use rusqlite::{Connection, Result, Row, TransactionBehavior, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most findings recalled for one file, newest first.
const MAX_RECALLED: i64 = 5000;
/// Most texts that are looked for in other files at once, and most findings handed out for one of them.
const MAX_TEXTS: usize = 2000;
const MAX_PER_TEXT: i64 = 16;
/// Most files told of.
const MAX_PATHS: i64 = 2000;
/// Most findings listed of a whole root, newest first.
const MAX_LISTED: u32 = 10_000;

/// The `+` keeps the index by age away: it knows no root, and would be read as far as there are open findings in any.
pub(super) const SELECT: &str = "
    SELECT path, agent, id, provider, tier, severity, category, code, title, body, confidence,
           quote, before, after, symbol, line, fix_offset, fix_old, fix_new, mark, hidden
    FROM findings WHERE root = ?1 AND +state = 'open'";
const NEWEST_FIRST: &str = "ORDER BY last_seen DESC, row";

/// The index is named since another one has all columns, but reads all findings of the root.
pub(super) const MOVE: &str = "
    UPDATE OR REPLACE findings INDEXED BY findings_by_name SET path = ?3 WHERE root = ?1 AND agent = ?2 AND id = ?4 AND path != ?3";

const UPSERT: &str = "
    INSERT INTO findings (root, path, agent, id, provider, state, first_run, last_run, first_seen, last_seen,
                          tier, severity, category, code, title, body, confidence,
                          quote, before, after, symbol, line, fix_offset, fix_old, fix_new, mark, text, hidden)
    VALUES (?1, ?2, ?3, ?4, ?5, 'open', ?6, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
            ?23, ?24, ?25)
    ON CONFLICT (root, path, agent, id) DO UPDATE SET
        provider = excluded.provider, state = 'open', last_run = excluded.last_run, last_seen = excluded.last_seen,
        tier = excluded.tier, severity = excluded.severity, category = excluded.category, code = excluded.code,
        title = excluded.title, body = excluded.body, confidence = excluded.confidence, quote = excluded.quote,
        before = excluded.before, after = excluded.after, symbol = excluded.symbol, line = excluded.line,
        fix_offset = excluded.fix_offset, fix_old = excluded.fix_old, fix_new = excluded.fix_new,
        mark = excluded.mark, text = excluded.text, hidden = excluded.hidden";

/// A finding as it was kept. Its range means nothing until [`Remembered::place`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    finding: Finding,
    fix: Option<RememberedFix>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct RememberedFix {
    /// Where it starts relative to the finding, in bytes.
    offset: i64,
    old: String,
    new: String,
}

impl Remembered {
    /// A finding as it is to be kept; `text` is the one that it is placed in.
    pub(crate) fn of(mut finding: Finding, text: &Text) -> Self {
        let fix = RememberedFix::of(&finding, text);
        finding.fix = None;
        Self { finding, fix }
    }
    /// What it is known by.
    #[cfg(test)]
    pub(crate) fn id(&self) -> &FindingId {
        &self.finding.id
    }
    /// The file.
    pub(crate) fn path(&self) -> &RelPath {
        &self.finding.path
    }
    /// The agent that said it.
    pub(crate) fn agent(&self) -> &str {
        &self.finding.agent
    }
    /// The finding in `text`, for which `locator` is; `None` when its place is gone or no longer certain. A fix comes along only where exactly
    /// the text stands that it replaces.
    pub(crate) fn place(self, text: &Text, locator: &Locator<'_>) -> Option<Finding> {
        let mut finding = self.finding;
        if finding.tier == Tier::File {
            return Some(finding);
        }
        let (range, tier) = finding.anchor.find_with(locator)?;
        finding.range = range;
        // An exact hit of the anchor makes an approximate place no better than it was.
        finding.tier = finding.tier.max(tier);
        let fix = self.fix.filter(|_| finding.tier.allows_edit());
        finding.fix = fix.and_then(|fix| fix.place(range, text));
        Some(finding)
    }
}

impl RememberedFix {
    fn of(finding: &Finding, text: &Text) -> Option<Self> {
        let fix = finding.fix.as_ref()?;
        let offset =
            i64::try_from(fix.range.start).ok()? - i64::try_from(finding.range.start).ok()?;
        Some(Self {
            offset,
            old: text.slice(fix.range).into_owned(),
            new: fix.new_text.clone(),
        })
    }
    fn place(self, at: TextRange, text: &Text) -> Option<TextEdit> {
        let start = usize::try_from(i64::try_from(at.start).ok()? + self.offset).ok()?;
        let range = TextRange::new(start, start.checked_add(self.old.len())?);
        // An insertion away from the finding has no text of its own that would tell whether its place still fits.
        let fits = text.clamp(range) == range
            && text.slice(range) == self.old.as_str()
            && (!range.is_empty() || (at.start <= start && start <= at.end));
        fits.then_some(TextEdit {
            range,
            new_text: self.new,
        })
    }
}

pub(super) fn save(store: &mut Store, run: RunId, root: &str, file: &FileFindings) -> Result<()> {
    let run = runs::row(store, run)?;
    let now = store.now();
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    let locator = Locator::new(&file.text);
    let lines = Lines::of(&file.text);
    let hidden = file.hidden.iter().map(|it| (&it.finding, Some(&it.why)));
    let said = file.findings.iter().map(|it| (it, None)).chain(hidden);
    let kept: BTreeSet<&FindingId> = said.clone().map(|(it, _)| &it.id).collect();
    for old in read(&transaction, root, &file.path)? {
        if old.finding.agent == file.agent
            && !kept.contains(&old.finding.id)
            && is_superseded(&old, file, &locator)
        {
            set_resolved(&transaction, root, &file.path, &old.finding)?;
        }
    }
    for (finding, why) in said {
        let mark = Mark::of(finding, &file.text, &lines);
        let said = Said {
            finding,
            text: &file.text,
            mark: &mark,
            hidden: why.map(ToString::to_string),
        };
        upsert(&transaction, root, run, now, &said)?;
    }
    transaction.commit()
}

/// True when the agent looked again at the place of `old` and did not say it again.
fn is_superseded(old: &Remembered, file: &FileFindings, locator: &Locator<'_>) -> bool {
    match &file.reviewed {
        Reviewed::Whole => true,
        Reviewed::Ranges(ranges) => {
            old.finding.tier != Tier::File
                && old
                    .finding
                    .anchor
                    .find_with(locator)
                    .is_some_and(|(place, _)| ranges.iter().any(|range| range.intersects(place)))
        }
    }
}

fn upsert(connection: &Connection, root: &str, run: i64, now: i64, said: &Said<'_>) -> Result<()> {
    let finding = said.finding;
    let fix = RememberedFix::of(finding, said.text);
    // Its text may have been in another file.
    connection.prepare_cached(MOVE)?.execute(params![
        root,
        finding.agent,
        finding.path.as_str(),
        finding.id.0
    ])?;
    let anchor = &finding.anchor;
    connection.prepare_cached(UPSERT)?.execute(params![
        root,
        finding.path.as_str(),
        finding.agent,
        finding.id.0,
        finding.provider,
        run,
        now,
        word(&finding.tier),
        word(&finding.severity),
        word(&finding.category),
        finding.code,
        finding.title,
        finding.body,
        finding.confidence,
        anchor.quote,
        anchor.before,
        anchor.after,
        anchor.symbol,
        anchor.line,
        fix.as_ref().map(|it| it.offset),
        fix.as_ref().map(|it| it.old.as_str()),
        fix.as_ref().map(|it| it.new.as_str()),
        serde_json::to_string(said.mark).ok(),
        said.mark.text.to_string(),
        said.hidden,
    ])?;
    Ok(())
}

/// A finding to keep.
struct Said<'a> {
    finding: &'a Finding,
    text: &'a Text,
    mark: &'a Mark,
    hidden: Option<String>,
}

/// What a new answer's findings may have been before.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    /// The agent that answered.
    pub(crate) agent: String,
    /// All of these files are handed out.
    pub(crate) paths: Vec<RelPath>,
    /// What is about these texts is, in whatever file.
    pub(crate) texts: Vec<Fingerprint>,
}

/// A finding that was kept, open or settled, as it is recognised.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeptFinding {
    pub(crate) id: FindingId,
    pub(crate) path: RelPath,
    pub(crate) category: Category,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) mark: Mark,
}

/// Findings that may be those of a new answer, most recently seen first.
pub(super) fn sought(store: &Store, root: &str, sought: &Sought) -> Result<Vec<KeptFinding>> {
    const COLUMNS: &str = "SELECT id, path, category, title, body, mark FROM findings
                           WHERE root = ?1 AND agent = ?2 AND mark IS NOT NULL";
    let connection = &store.connection;
    let mut found = Vec::new();
    let mut select = connection.prepare_cached(&format!(
        "{COLUMNS} AND path = ?3 ORDER BY state = 'open' DESC, last_seen DESC, row LIMIT ?4"
    ))?;
    for path in &sought.paths {
        let rows = select.query_map(
            params![root, sought.agent, path.as_str(), MAX_RECALLED],
            kept_from_row,
        )?;
        found.extend(rows.collect::<Result<Vec<_>>>()?.into_iter().flatten());
    }
    let mut select = connection.prepare_cached(&format!(
        "{COLUMNS} AND text = ?3 ORDER BY state = 'open' DESC, last_seen DESC, row LIMIT ?4"
    ))?;
    for text in sought.texts.iter().take(MAX_TEXTS) {
        let rows = select.query_map(
            params![root, sought.agent, text.to_string(), MAX_PER_TEXT],
            |row| {
                let path = row.get_ref("path")?.as_str()?;
                if sought.paths.iter().any(|it| it.as_str() == path) {
                    // Found above.
                    return Ok(None);
                }
                kept_from_row(row)
            },
        )?;
        found.extend(rows.collect::<Result<Vec<_>>>()?.into_iter().flatten());
    }
    Ok(found)
}

fn kept_from_row(row: &Row<'_>) -> Result<Option<KeptFinding>> {
    let path = RelPath::try_from(row.get::<_, String>("path")?);
    let mark = serde_json::from_str(row.get_ref("mark")?.as_str()?);
    let (Ok(path), Ok(mark), Some(category)) = (path, mark, from_word(row, "category")?) else {
        return Ok(None);
    };
    Ok(Some(KeptFinding {
        id: FindingId(row.get("id")?),
        path,
        category,
        title: row.get("title")?,
        body: row.get("body")?,
        mark,
    }))
}

/// The files that an agent said something of that is open, most recent first.
pub(super) fn files(store: &Store, root: &str, agent: &str) -> Result<Vec<RelPath>> {
    let mut select = store.connection.prepare_cached(
        "SELECT path FROM findings WHERE root = ?1 AND agent = ?2 GROUP BY path ORDER BY max(last_seen) DESC LIMIT ?3",
    )?;
    let rows = select.query_map(params![root, agent, MAX_PATHS], |row| {
        row.get::<_, String>(0)
    })?;
    let paths = rows.collect::<Result<Vec<_>>>()?.into_iter();
    Ok(paths.filter_map(|it| RelPath::try_from(it).ok()).collect())
}

fn set_resolved(
    connection: &Connection,
    root: &str,
    path: &RelPath,
    finding: &Finding,
) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE findings SET state = 'resolved' WHERE root = ?1 AND path = ?2 AND agent = ?3 AND id = ?4",
        )?
        .execute(params![root, path.as_str(), finding.agent, finding.id.0])?;
    Ok(())
}

/// The open findings of a file, most recently seen first.
pub(super) fn open(store: &Store, root: &str, path: &RelPath) -> Result<Vec<Remembered>> {
    read(&store.connection, root, path)
}

/// The open findings of a root whose names begin with `prefix`, most recently seen first.
pub(super) fn list(store: &Store, root: &str, prefix: &str) -> Result<Listed<Remembered>> {
    const NAMED: &str = "substr(id, 1, length(?2)) = ?2";
    let connection = &store.connection;
    let statement = format!("{SELECT} AND {NAMED} {NEWEST_FIRST} LIMIT ?3");
    let mut select = connection.prepare_cached(&statement)?;
    let rows = select.query(params![root, prefix, MAX_LISTED])?;
    Listed::take(rows, MAX_LISTED, from_row, || {
        let count = "SELECT count(*) FROM findings WHERE root = ?1 AND state = 'open'";
        connection
            .prepare_cached(&format!("{count} AND {NAMED}"))?
            .query_row(params![root, prefix], |row| row.get(0))
    })
}

/// Settles findings, whatever they were.
pub(super) fn resolve(store: &mut Store, root: &str, ids: &[FindingId]) -> Result<()> {
    let sql = "UPDATE findings SET state = 'resolved', last_seen = ?3 WHERE root = ?1 AND id = ?2";
    update(store, root, ids, sql)
}

/// Opens findings again that were settled.
pub(super) fn reopen(store: &mut Store, root: &str, ids: &[FindingId]) -> Result<()> {
    let sql = "UPDATE findings SET state = 'open', last_seen = ?3
               WHERE root = ?1 AND id = ?2 AND state = 'resolved'";
    update(store, root, ids, sql)
}

/// Runs an update for each of these findings, all or none.
fn update(store: &mut Store, root: &str, ids: &[FindingId], sql: &str) -> Result<()> {
    let now = store.now();
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut update = transaction.prepare_cached(sql)?;
        for id in ids {
            update.execute(params![root, id.0, now])?;
        }
    }
    transaction.commit()
}

fn read(connection: &Connection, root: &str, path: &RelPath) -> Result<Vec<Remembered>> {
    let statement = format!("{SELECT} AND path = ?2 {NEWEST_FIRST} LIMIT ?3");
    let mut select = connection.prepare_cached(&statement)?;
    let rows = select.query_map(params![root, path.as_str(), MAX_RECALLED], |row| {
        from_row(row)
    })?;
    // A row that another version wrote in words unknown here is left out.
    rows.filter_map(Result::transpose).collect()
}

fn from_row(row: &Row<'_>) -> Result<Option<Remembered>> {
    let (tier, severity, category) = (
        from_word(row, "tier")?,
        from_word(row, "severity")?,
        from_word(row, "category")?,
    );
    let path = RelPath::try_from(row.get::<_, String>("path")?);
    let (Some(tier), Some(severity), Some(category), Ok(path)) = (tier, severity, category, path)
    else {
        return Ok(None);
    };
    let fix = match (
        row.get("fix_offset")?,
        row.get("fix_old")?,
        row.get("fix_new")?,
    ) {
        (Some(offset), Some(old), Some(new)) => Some(RememberedFix { offset, old, new }),
        _ => None,
    };
    let finding = Finding {
        id: FindingId(row.get("id")?),
        agent: row.get("agent")?,
        provider: row.get("provider")?,
        path,
        range: TextRange::default(),
        tier,
        severity,
        category,
        code: row.get("code")?,
        title: row.get("title")?,
        body: row.get("body")?,
        confidence: row.get("confidence")?,
        fix: None,
        anchor: Anchor {
            quote: row.get("quote")?,
            before: row.get("before")?,
            after: row.get("after")?,
            symbol: row.get("symbol")?,
            line: row.get("line")?,
        },
    };
    Ok(Some(Remembered { finding, fix }))
}

/// The word that serde gives a plain value.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn from_word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Option<T>> {
    Ok(serde_json::from_value(serde_json::Value::String(row.get(column)?)).ok())
}
