//! One file that is to change: where its text is now, and what became of each part of the change.

use crate::content::{self, Content, hash};
use crate::documents::{Document, Documents};
use domain::edit::Change;
use domain::proposal::{FileAction, FileChange, PartKind};
use domain::proposal::{Follower, Standing, rebase};
use domain::text::{Text, TextRange};
use std::path::{Path, PathBuf};

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It can be applied.
    Open,
    /// What it wants is so.
    Applied,
    /// What it is about was changed in another way.
    Conflict,
}

/// A file that is to change.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its canonical path before the change.
    path: PathBuf,
    /// Its path after it, where that is another one.
    renamed: Option<PathBuf>,
    /// Which of the two its text has now.
    is_renamed: bool,
    /// Holds the hunks against the text.
    follower: Option<Follower>,
    /// The text that the follower knows.
    known: Known,
    states: Vec<State>,
    /// Where the hunks are, in bytes of the text that was looked at last.
    ranges: Vec<TextRange>,
    is_stale: bool,
}

/// A text that a follower knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// None: the hunks must find their places by their text.
    Nothing,
    /// That of an open document, by its revision.
    Document(i32),
    /// One with this hash.
    Hash(u64),
}

impl File {
    /// Nothing is known of its text yet. `root` is canonical.
    pub(super) fn new(root: &Path, change: &FileChange) -> Self {
        let renamed = match &change.action {
            FileAction::Edit { rename, .. } => rename.as_ref(),
            FileAction::Create { .. } | FileAction::Delete { .. } => None,
        };
        Self {
            path: root.join(change.path.as_str()),
            renamed: renamed.map(|it| root.join(it.as_str())),
            is_renamed: false,
            follower: None,
            known: Known::Nothing,
            states: Vec::new(),
            ranges: Vec::new(),
            is_stale: true,
        }
    }

    /// The change is told against this revision of an open document; what was edited since is carried over. Where that
    /// revision is out of reach the hunks will find their places by their text.
    pub(super) fn begin(&mut self, change: &FileChange, document: &Document, revision: i32) {
        let FileAction::Edit { base, hunks, .. } = &change.action else {
            return;
        };
        if let Some(changes) = document.changes_since(revision) {
            let mut follower = Follower::new(base, hunks);
            changes.for_each(|it| follower.follow(it));
            self.follower = Some(follower);
            self.known = Known::Document(document.revision);
        }
    }

    /// Where its text is now.
    pub(crate) fn place(&self) -> &Path {
        match &self.renamed {
            Some(renamed) if self.is_renamed => renamed,
            _ => &self.path,
        }
    }

    /// Whether something that happens to `path` matters.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        self.path == path || self.renamed.as_deref() == Some(path)
    }

    /// All its names.
    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        std::iter::once(&self.path).chain(&self.renamed)
    }

    /// An open document went from one revision to another.
    pub(super) fn follow(&mut self, path: &Path, revisions: (i32, i32), changes: &[Change]) {
        if !self.concerns(path) {
            return;
        }
        self.is_stale = true;
        let is_known = self.known == Known::Document(revisions.0) && self.place() == path;
        if let (Some(follower), true) = (&mut self.follower, is_known) {
            changes.iter().for_each(|it| follower.follow(*it));
            self.known = Known::Document(revisions.1);
        }
    }

    /// A document was closed with this text; the file on disk counts again.
    pub(super) fn closed(&mut self, path: &Path, revision: i32, text: &Text) {
        if !self.concerns(path) {
            return;
        }
        self.is_stale = true;
        if self.known == Known::Document(revision) {
            self.known = Known::Hash(hash(text));
        }
    }

    /// Something may have happened to the file.
    pub(super) fn touch(&mut self, path: &Path) {
        self.is_stale |= self.concerns(path);
    }

    /// Whether [`File::look`] would find anything new.
    pub(super) fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Looks anew even if nothing seems to have happened, unless the file is open.
    pub(super) fn doubt(&mut self) {
        self.is_stale |= !matches!(self.known, Known::Document(_));
    }

    /// Finds out what became of the change; true when that is something else than before.
    pub(super) fn look(&mut self, change: &FileChange, documents: &Documents) -> bool {
        let renamed = self.renamed.as_deref();
        let was = (self.place().to_owned(), std::mem::take(&mut self.states));
        self.is_renamed = renamed.is_some_and(|it| {
            !content::exists(&self.path)
                && (content::exists(it)
                    || (documents.at_path(&self.path).is_none() && documents.at_path(it).is_some()))
        });
        let (content, document) = content::now(documents, self.place());
        self.states = match &change.action {
            FileAction::Edit { .. } => self.edited(change, &content, document),
            FileAction::Create { text, .. } => vec![created(text, &content)],
            FileAction::Delete { base } => vec![deleted(base, &content, &self.path)],
        };
        self.is_stale = false;
        was != (self.place().to_owned(), self.states.clone())
    }

    /// What became of each part, in their order; empty before the first look.
    pub(crate) fn states(&self) -> &[State] {
        &self.states
    }

    /// Where a hunk is, in bytes of the text that was looked at last; `hunk` counts from 0.
    pub(crate) fn range(&self, hunk: usize) -> Option<TextRange> {
        self.ranges.get(hunk).copied()
    }

    /// What became of each hunk, with edits in bytes of `text`, which is the one that was looked at last.
    pub(super) fn standings(&self, text: &Text) -> Vec<Standing> {
        let standings = self.follower.as_ref().map(|it| it.standings(text));
        standings.unwrap_or_default()
    }

    fn edited(
        &mut self,
        change: &FileChange,
        content: &Content,
        document: Option<&Document>,
    ) -> Vec<State> {
        let standings = match content {
            Content::Text(text) => {
                self.get_to_know(change, text, document);
                self.standings(text)
            }
            Content::Missing | Content::Unreadable => {
                self.follower = None;
                self.known = Known::Nothing;
                Vec::new()
            }
        };
        self.ranges = self.find_ranges(change, &standings);
        let is_there = matches!(content, Content::Text(_));
        let parts = change.parts().into_iter().map(|kind| match kind {
            PartKind::Hunk(index, _) => match standings.get(index) {
                Some(Standing::Open(_)) => State::Open,
                Some(Standing::Applied) => State::Applied,
                Some(Standing::Conflict) | None => State::Conflict,
            },
            PartKind::Rename(_) => self.rename(),
            PartKind::Mode(executable) => match content::is_executable(self.place()) {
                Some(is) if is == executable => State::Applied,
                _ if is_there => State::Open,
                _ => State::Conflict,
            },
            // These are never parts of an edited file.
            PartKind::Create | PartKind::Delete => State::Conflict,
        });
        parts.collect()
    }

    /// Where each hunk is: the lines that it would change, or else what became of them.
    fn find_ranges(&self, change: &FileChange, standings: &[Standing]) -> Vec<TextRange> {
        let (FileAction::Edit { hunks, .. }, Some(follower)) = (&change.action, &self.follower)
        else {
            return Vec::new();
        };
        let ranges = hunks.iter().zip(standings).enumerate();
        let ranges = ranges.map(|(index, (hunk, standing))| {
            let edits = match standing {
                Standing::Open(edits) => edits.first().zip(hunk.edits.first()),
                Standing::Applied | Standing::Conflict => None,
            };
            edits.map_or_else(
                || follower.range(index),
                |(now, then)| {
                    let before = then.range.start - hunk.range.start;
                    let start = now.range.start.saturating_sub(before);
                    TextRange::new(start, start + hunk.range.len())
                },
            )
        });
        ranges.collect()
    }

    /// Makes the follower know this text.
    fn get_to_know(&mut self, change: &FileChange, text: &Text, document: Option<&Document>) {
        let FileAction::Edit { base, hunks, .. } = &change.action else {
            return;
        };
        let known = match document {
            Some(document) => Known::Document(document.revision),
            None => Known::Hash(hash(text)),
        };
        let is_known = self.follower.is_some()
            && (self.known == known
                || matches!(self.known, Known::Hash(before) if before == hash(text)));
        if !is_known {
            self.follower = Some(rebase(base, hunks, text));
        }
        self.known = known;
    }

    fn rename(&self) -> State {
        match &self.renamed {
            _ if self.is_renamed => State::Applied,
            Some(renamed) if content::exists(&self.path) && !content::exists(renamed) => {
                State::Open
            }
            _ => State::Conflict,
        }
    }
}

fn created(text: &Text, content: &Content) -> State {
    match content {
        Content::Missing => State::Open,
        Content::Text(now) if is_same(now, text) => State::Applied,
        // It has nothing of anybody's. The undo of an editor leaves such a file behind.
        Content::Text(now) if is_blank(now) => State::Open,
        Content::Text(_) | Content::Unreadable => State::Conflict,
    }
}

/// Whether a text is empty, or one line end, as some editors tell of an empty file.
fn is_blank(text: &Text) -> bool {
    text.len() <= "\r\n".len() && text.lines().all(|it| it.is_empty())
}

/// What counts is the disk: some editors keep showing the text of a file that they deleted.
fn deleted(base: &Text, content: &Content, path: &Path) -> State {
    match content {
        _ if !content::exists(path) => State::Applied,
        Content::Text(now) if now == base => State::Open,
        Content::Text(_) | Content::Missing | Content::Unreadable => State::Conflict,
    }
}

/// Whether two texts are the same but for their line ends, which some editors make all alike, and the last of them.
pub(super) fn is_same(a: &Text, b: &Text) -> bool {
    a == b || {
        let lines = |it: &Text| -> Vec<String> {
            let mut lines: Vec<String> = it.lines().map(|it| it.into_owned()).collect();
            if lines.last().is_some_and(String::is_empty) {
                lines.pop();
            }
            lines
        };
        lines(a) == lines(b)
    }
}
