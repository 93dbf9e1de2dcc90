//! Dismissals: what the user does not want to see again, and how it is recognised.
//!
//! A finding is recognised by its text without white space and its category, because agents word the same remark
//! differently each time. Of several equal texts in a file the dismissed one is told by its neighbour lines.

use super::findings::word;
use super::store::Store;
use crate::request::{Dismissal, Reach};
use domain::finding::Finding;
use domain::path::RelPath;
use rusqlite::{Result, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet};

/// Most dismissals of a root that are looked at, newest first.
const MAX_LOADED: i64 = 20_000;

pub(super) const SELECT: &str = "
    SELECT reach, path, category, text, before, after, kind
    FROM dismissals WHERE root = ?1 ORDER BY row DESC LIMIT ?2";

/// All dismissals of a root, ready to ask.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dismissals {
    here: BTreeMap<(String, Remark), BTreeSet<Neighbours>>,
    text: BTreeSet<Remark>,
    kind: BTreeSet<(String, String)>,
}

/// What a remark is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Remark {
    category: String,
    /// Hash of the text; for a finding without a place, its kind.
    text: String,
}

/// Hashes of the lines before and after.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Neighbours {
    before: String,
    after: String,
}

/// Everything by which one finding is recognised.
struct Keys {
    path: String,
    remark: Remark,
    neighbours: Neighbours,
    kind: String,
}

impl Dismissals {
    /// True when `finding` was dismissed.
    pub(crate) fn hides(&self, finding: &Finding) -> bool {
        let keys = Keys::of(finding);
        if self.text.contains(&keys.remark)
            || self
                .kind
                .contains(&(keys.remark.category.clone(), keys.kind))
        {
            return true;
        }
        let here = self.here.get(&(keys.path, keys.remark));
        here.is_some_and(|all| all.iter().any(|it| it.resemble(&keys.neighbours)))
    }
    /// Takes a dismissal in.
    pub(crate) fn add(&mut self, dismissal: &Dismissal) {
        for finding in &dismissal.findings {
            self.insert(dismissal.reach, Keys::of(finding));
        }
    }
    /// Takes all of `other` in.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, neighbours) in other.here {
            self.here.entry(key).or_default().extend(neighbours);
        }
        self.text.extend(other.text);
        self.kind.extend(other.kind);
    }
    fn insert(&mut self, reach: Reach, keys: Keys) {
        match reach {
            Reach::Here => {
                self.here
                    .entry((keys.path, keys.remark))
                    .or_default()
                    .insert(keys.neighbours);
            }
            Reach::Text => {
                self.text.insert(keys.remark);
            }
            Reach::Kind => {
                self.kind.insert((keys.remark.category, keys.kind));
            }
        }
    }
}

impl Neighbours {
    /// One side may have been edited meanwhile; blank lines alone say nothing.
    fn resemble(&self, other: &Self) -> bool {
        self == other
            || (!self.before.is_empty() && self.before == other.before)
            || (!self.after.is_empty() && self.after == other.after)
    }
}

impl Keys {
    fn of(finding: &Finding) -> Self {
        let kind = finding
            .code
            .clone()
            .unwrap_or_else(|| plain_words(&finding.title));
        let anchor = &finding.anchor;
        let text = match hash(&anchor.quote) {
            // Two findings without a place are not the same for that.
            text if text.is_empty() => kind.clone(),
            text => text,
        };
        Self {
            path: finding.path.as_str().to_owned(),
            remark: Remark {
                category: word(&finding.category),
                text,
            },
            neighbours: Neighbours {
                before: hash(&anchor.before),
                after: hash(&anchor.after),
            },
            kind,
        }
    }
}

/// Hash of a text without its white space; empty for a blank text.
fn hash(text: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut blank = true;
    for part in text.split_whitespace() {
        hasher.update(part.as_bytes());
        blank = false;
    }
    if blank {
        String::new()
    } else {
        hasher.finalize().to_hex().chars().take(32).collect()
    }
}

/// A title in lower case, letters and digits only.
fn plain_words(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower
        .split(|it: char| !it.is_alphanumeric())
        .filter(|it| !it.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

pub(super) fn store(store: &mut Store, root: &str, dismissal: &Dismissal) -> Result<()> {
    let now = store.now();
    let transaction = store
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO dismissals (root, reach, path, category, text, before, after, kind, agent, title, reason, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        for finding in &dismissal.findings {
            let keys = Keys::of(finding);
            insert.execute(params![
                root,
                word(&dismissal.reach),
                keys.path,
                keys.remark.category,
                keys.remark.text,
                keys.neighbours.before,
                keys.neighbours.after,
                keys.kind,
                finding.agent,
                finding.title,
                dismissal.reason,
                now,
            ])?;
        }
    }
    transaction.commit()
}

pub(super) fn load(store: &Store, root: &str) -> Result<Dismissals> {
    let mut dismissals = Dismissals::default();
    let mut select = store.connection.prepare_cached(SELECT)?;
    let mut rows = select.query(params![root, MAX_LOADED])?;
    while let Some(row) = rows.next()? {
        let reach = match row.get_ref("reach")?.as_str()? {
            "here" => Reach::Here,
            "text" => Reach::Text,
            _ => Reach::Kind,
        };
        let Ok(path) = RelPath::try_from(row.get::<_, String>("path")?) else {
            continue;
        };
        let keys = Keys {
            path: path.as_str().to_owned(),
            remark: Remark {
                category: row.get("category")?,
                text: row.get("text")?,
            },
            neighbours: Neighbours {
                before: row.get("before")?,
                after: row.get("after")?,
            },
            kind: row.get("kind")?,
        };
        dismissals.insert(reach, keys);
    }
    Ok(dismissals)
}
