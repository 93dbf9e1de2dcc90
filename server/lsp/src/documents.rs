//! The open documents: their text as the client has it, letter by letter.

use crate::proto::from::ContentChange;
use domain::carry::{Carried, ChangeLog};
use domain::edit::Change;
use domain::path::RelPath;
use domain::text::{Encoding, Text, TextRange};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Where a document lies, for documents that can be reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The root's canonical path.
    pub(crate) root: Arc<Path>,
    /// The file below it.
    pub(crate) path: RelPath,
}

/// An open document.
#[derive(Debug)]
pub(crate) struct Document {
    /// The client's name for it, verbatim.
    pub(crate) uri: String,
    /// Its text now.
    pub(crate) text: Text,
    /// The client's version of that text.
    pub(crate) version: i32,
    /// The server's own number of that text. Unlike versions, revisions are never used twice: versions begin anew
    /// when a document is opened again, and some clients do not count at all.
    pub(crate) revision: i32,
    /// The first revision at its place.
    first_revision: i32,
    /// What happened since it was opened, by revision.
    log: ChangeLog,
    /// Where it lies, or why it cannot be reviewed.
    pub(crate) place: Result<Place, String>,
}

/// Why a change was not applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Ignored {
    /// It names a document that is not open.
    #[error("a change of `{0}`, which is not open, was ignored")]
    Unknown(String),
    /// Its version is below the one we have.
    #[error("a change of `{uri}` to version {version} was ignored; version {have} is here already")]
    Stale {
        /// The document.
        uri: String,
        /// Its version according to the change.
        version: i32,
        /// Its version here.
        have: i32,
    },
}

/// All open documents.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    by_uri: BTreeMap<String, Document>,
    last_revision: i32,
}

impl Documents {
    /// Opens a document; one that is open already is replaced.
    pub(crate) fn open(
        &mut self,
        uri: &str,
        version: i32,
        text: &str,
        place: Result<Place, String>,
    ) {
        self.last_revision = self.last_revision.saturating_add(1);
        let uri = uri.to_owned();
        let document = Document {
            uri: uri.clone(),
            text: Text::new(text),
            version,
            revision: self.last_revision,
            first_revision: self.last_revision,
            log: ChangeLog::default(),
            place,
        };
        self.by_uri.insert(uri, document);
    }

    /// Closes a document.
    pub(crate) fn close(&mut self, uri: &str) -> Option<Document> {
        self.by_uri.remove(uri)
    }

    /// An open document.
    pub(crate) fn get(&self, uri: &str) -> Option<&Document> {
        self.by_uri.get(uri)
    }

    /// The open document of a file.
    pub(crate) fn at(&self, root: &Path, path: &RelPath) -> Option<&Document> {
        self.by_uri.values().find(
            |it| matches!(&it.place, Ok(place) if place.path == *path && *place.root == *root),
        )
    }

    /// The open document of a file, by its canonical path.
    pub(crate) fn at_path(&self, path: &Path) -> Option<&Document> {
        self.by_uri.values().find(|it| it.is_at(path))
    }

    /// All of them, by URI.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Document> {
        self.by_uri.values()
    }

    /// Gives a document another place; false when it has that already. Its earlier revisions are out of reach then:
    /// the file at that place had other texts.
    pub(crate) fn set_place(&mut self, uri: &str, place: Result<Place, String>) -> bool {
        let Some(document) = self.by_uri.get_mut(uri).filter(|it| it.place != place) else {
            return false;
        };
        self.last_revision = self.last_revision.saturating_add(1);
        document.revision = self.last_revision;
        document.first_revision = self.last_revision;
        document.place = place;
        true
    }

    /// Applies the changes of one notification in their order and returns them as they were done, each told in
    /// the coordinates that the one before it left. Positions outside the text mean its nearest place, as LSP
    /// says; the ends of a reversed range are swapped.
    ///
    /// # Errors
    /// When the notification does not fit what is open here; nothing is changed then.
    pub(crate) fn change(
        &mut self,
        uri: &str,
        version: Option<i32>,
        changes: &[ContentChange],
        encoding: Encoding,
    ) -> Result<(&Document, Vec<Change>), Ignored> {
        let Some(document) = self.by_uri.get_mut(uri) else {
            return Err(Ignored::Unknown(uri.to_owned()));
        };
        let have = document.version;
        let version = version.unwrap_or_else(|| have.saturating_add(1));
        if version < have {
            return Err(Ignored::Stale {
                uri: uri.to_owned(),
                version,
                have,
            });
        }
        self.last_revision = self.last_revision.saturating_add(1);
        document.revision = self.last_revision;
        document.version = version;
        let done = changes
            .iter()
            .map(|it| document.apply(it, encoding))
            .collect();
        Ok((document, done))
    }
}

impl Document {
    /// Whether it is the file with this canonical path.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let place = self.place.as_ref().ok();
        place.is_some_and(|it| path.strip_prefix(&it.root) == Ok(Path::new(it.path.as_str())))
    }

    /// Its canonical path, where it has a place.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let place = self.place.as_ref().ok()?;
        Some(place.root.join(place.path.as_str()))
    }

    /// The changes since an older revision, in order; `None` when that is out of reach, perhaps of an earlier opening.
    pub(crate) fn changes_since(&self, since: i32) -> Option<impl Iterator<Item = Change> + '_> {
        let is_known = (self.first_revision..=self.revision).contains(&since);
        is_known.then(|| self.log.since(since)).flatten()
    }

    /// Carries a range of an older revision to now; `None` when that is out of reach, perhaps of an earlier opening.
    pub(crate) fn carry(&self, range: TextRange, since: i32) -> Option<Carried> {
        let is_known = (self.first_revision..=self.revision).contains(&since);
        is_known.then(|| self.log.carry(range, since)).flatten()
    }

    fn apply(&mut self, change: &ContentChange, encoding: Encoding) -> Change {
        let done = match change.range {
            Some((start, end)) => self
                .text
                .replace(self.text.range_of(start, end, encoding), &change.text),
            None => replace_all(&mut self.text, &change.text),
        };
        self.log.push(self.revision, done);
        done
    }
}

/// Replaces the text by `new`, as the smallest edit that does it: a client that always sends the whole text
/// must not move every finding.
fn replace_all(text: &mut Text, new: &str) -> Change {
    let old = text.to_string();
    let mut prefix = old
        .bytes()
        .zip(new.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    while !(old.is_char_boundary(prefix) && new.is_char_boundary(prefix)) {
        prefix -= 1;
    }
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let mut suffix = old_rest
        .bytes()
        .rev()
        .zip(new_rest.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count();
    while !(old_rest.is_char_boundary(old_rest.len() - suffix)
        && new_rest.is_char_boundary(new_rest.len() - suffix))
    {
        suffix -= 1;
    }
    let range = TextRange::new(prefix, old.len() - suffix);
    text.replace(range, &new_rest[..new_rest.len() - suffix])
}
