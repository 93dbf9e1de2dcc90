//! Holding changes against the files as they are on the disk now.

use super::{Standing, attributes};
use crate::protected::Protected;
use crate::read;
use domain::edit::TextEdit;
use domain::path::RelPath;
use domain::proposal::{self, FileAction, FileChange, Hunk, PartKind};
use domain::text::Text;
use std::fs::Metadata;
use std::io;
use std::path::Path;

/// Largest file that is changed, in bytes; agents are shown much smaller ones.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Who wants a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// An agent.
    Agent,
    /// The user, who wants back what was there.
    User,
}

/// The changes of one file, held against the disk.
pub(super) struct Held<'c> {
    pub(super) change: &'c FileChange,
    pub(super) parts: Vec<HeldPart>,
    /// Where the file is now; its new path when it was renamed already.
    pub(super) at: RelPath,
    /// The file there.
    pub(super) found: Option<Found>,
}

/// A part, held against the disk.
pub(super) struct HeldPart {
    pub(super) standing: Standing,
    /// What to do for an open hunk, in bytes of the text that was found.
    pub(super) edits: Vec<TextEdit>,
}

/// A file as it was read.
pub(super) struct Found {
    pub(super) text: Text,
    pub(super) about: Metadata,
}

impl Held<'_> {
    pub(super) fn into_standings(self) -> impl Iterator<Item = Standing> {
        self.parts.into_iter().map(|it| it.standing)
    }
    /// True when the file is as it was when the change was made.
    pub(super) fn is_as_it_was(&self) -> bool {
        match (&self.change.action, &self.found) {
            (FileAction::Create { .. }, found) => found.is_none(),
            (FileAction::Edit { base, .. } | FileAction::Delete { base }, Some(found)) => {
                self.at == self.change.path && found.text == *base
            }
            (_, None) => false,
        }
    }
}

impl Found {
    /// Whether its owner can run it.
    pub(super) fn is_executable(&self) -> bool {
        attributes::is_executable(&self.about)
    }
}

impl From<Standing> for HeldPart {
    fn from(standing: Standing) -> Self {
        Self {
            standing,
            edits: Vec::new(),
        }
    }
}

/// Holds all these changes against the files below `root`.
pub(super) fn all<'c>(
    root: &Path,
    exclude: &[String],
    files: &'c [FileChange],
    origin: Origin,
) -> Vec<Held<'c>> {
    let mut disk = Disk {
        root,
        protected: Protected::new(root, exclude),
        origin,
    };
    files.iter().map(|it| disk.hold(it)).collect()
}

struct Disk<'r> {
    root: &'r Path,
    protected: Protected,
    origin: Origin,
}

/// What is at a path.
enum There {
    Nothing,
    File(Found),
    /// Something that is not touched: why, in words that follow its name.
    Forbidden(String),
}

impl Disk<'_> {
    fn hold<'c>(&mut self, change: &'c FileChange) -> Held<'c> {
        let there = self.look(&change.path);
        match &change.action {
            FileAction::Create { text, .. } => {
                let standing = match &there {
                    There::Nothing => self.may_be(&change.path),
                    There::File(found) if found.text == *text => Standing::Applied,
                    There::File(_) => conflict("is there already, with another text"),
                    There::Forbidden(why) => conflict(why),
                };
                held(change, vec![standing.into()], there)
            }
            FileAction::Delete { base } => {
                let standing = match &there {
                    There::Nothing => Standing::Applied,
                    There::File(found) if found.text != *base => {
                        conflict("was changed meanwhile, so it is not deleted")
                    }
                    There::File(found) => writable(self.root, &change.path, found),
                    There::Forbidden(why) => conflict(why),
                };
                held(change, vec![standing.into()], there)
            }
            FileAction::Edit {
                base,
                hunks,
                rename,
                ..
            } => self.hold_edit(change, base, hunks, rename.as_ref(), there),
        }
    }

    fn hold_edit<'c>(
        &mut self,
        change: &'c FileChange,
        base: &Text,
        hunks: &[Hunk],
        rename: Option<&RelPath>,
        there: There,
    ) -> Held<'c> {
        if let (There::Nothing, Some(to)) = (&there, rename)
            && let There::File(found) = self.look(to)
        {
            // It has its new name already; whether it is this file, each hunk finds out by the text.
            let parts = self.parts(change, to, &found, base, hunks);
            let mut held = held(change, parts, There::File(found));
            held.at = to.clone();
            return held;
        }
        let parts = match &there {
            There::File(found) => self.parts(change, &change.path, found, base, hunks),
            There::Nothing => everything(change, "does not exist any more"),
            There::Forbidden(why) => everything(change, why),
        };
        held(change, parts, there)
    }

    /// The parts of an edit whose file is at `at`.
    fn parts(
        &mut self,
        change: &FileChange,
        at: &RelPath,
        found: &Found,
        base: &Text,
        hunks: &[Hunk],
    ) -> Vec<HeldPart> {
        let mut standings = standings(base, hunks, &found.text).into_iter();
        let parts = change.parts().into_iter().map(|kind| match kind {
            PartKind::Hunk(..) => match standings.next() {
                Some(proposal::Standing::Open(edits)) => HeldPart {
                    standing: writable(self.root, at, found),
                    edits,
                },
                Some(proposal::Standing::Applied) => Standing::Applied.into(),
                Some(proposal::Standing::Conflict) | None => {
                    conflict("was changed meanwhile in the same place").into()
                }
            },
            PartKind::Rename(to) if to == at => Standing::Applied.into(),
            PartKind::Rename(to) => match self.look(to) {
                There::Nothing => match self.may_be(to) {
                    Standing::Conflict(why) => {
                        conflict(&format!("cannot be renamed: `{to}` {why}")).into()
                    }
                    other => other.into(),
                },
                There::File(_) => {
                    conflict(&format!("cannot be renamed: `{to}` is there already")).into()
                }
                There::Forbidden(why) => {
                    conflict(&format!("cannot be renamed: `{to}` {why}")).into()
                }
            },
            PartKind::Mode(executable) if attributes::has_mode(&found.about, executable) => {
                Standing::Applied.into()
            }
            PartKind::Mode(_) | PartKind::Create | PartKind::Delete => Standing::Open.into(),
        });
        parts.collect()
    }

    /// Whether a file may come to be at a path where nothing is.
    fn may_be(&mut self, path: &RelPath) -> Standing {
        let refused = match self.origin {
            Origin::Agent => self.protected.create(path),
            Origin::User => self.protected.change(path),
        };
        refused.map_or(Standing::Open, Standing::Conflict)
    }

    fn look(&mut self, path: &RelPath) -> There {
        if let Some(why) = self.protected.change(path) {
            return There::Forbidden(why);
        }
        match self.root.join(path.as_str()).symlink_metadata() {
            Ok(_) => {}
            Err(error) if is_absent(&error) => return There::Nothing,
            Err(error) => return There::Forbidden(format!("cannot be read: {error}")),
        }
        match read::open_inside(self.root, path.as_str()) {
            Ok((open, inside)) if inside == Path::new(path.as_str()) => {
                let about = open.about().clone();
                match open.text(MAX_FILE) {
                    Ok(text) => There::File(Found { text, about }),
                    Err(why) => There::Forbidden(why),
                }
            }
            Ok(_) => There::Forbidden("is behind a symbolic link".to_owned()),
            Err(error) => There::Forbidden(error.to_string()),
        }
    }
}

fn held<'c>(change: &'c FileChange, parts: Vec<HeldPart>, there: There) -> Held<'c> {
    let found = match there {
        There::File(found) => Some(found),
        There::Nothing | There::Forbidden(_) => None,
    };
    Held {
        change,
        parts,
        at: change.path.clone(),
        found,
    }
}

fn standings(base: &Text, hunks: &[Hunk], now: &Text) -> Vec<proposal::Standing> {
    proposal::rebase(base, hunks, now).standings(now)
}

/// The same for all parts of a change.
fn everything(change: &FileChange, why: &str) -> Vec<HeldPart> {
    let parts = change.parts();
    parts.iter().map(|_| conflict(why).into()).collect()
}

fn conflict(why: &str) -> Standing {
    Standing::Conflict(why.to_owned())
}

/// A file that its user has made read-only is left alone, though another could take its place.
fn writable(root: &Path, path: &RelPath, found: &Found) -> Standing {
    if found.about.permissions().readonly() || !may_write(&root.join(path.as_str())) {
        conflict("is read-only")
    } else {
        Standing::Open
    }
}

#[cfg(unix)]
fn may_write(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn may_write(_: &Path) -> bool {
    true
}

pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
