//! Taking back what was done, and tidying up.

use super::DiskError;
use super::hold::is_absent;
use super::names;
use super::write::{Failure, Job, Step, changed};
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Something that was done, as it is taken back.
pub(super) enum Done {
    /// A file of ours has the name; the old one has the name `aside`.
    Replaced {
        path: PathBuf,
        ours: Identity,
        aside: PathBuf,
    },
    /// A file of ours has a name that nothing had.
    Placed { path: PathBuf, ours: Identity },
    /// The file has the name `aside`.
    SetAside { path: PathBuf, aside: PathBuf },
    /// The file has another name.
    Moved { from: PathBuf, to: PathBuf },
    /// The file has another mode.
    Mode { path: PathBuf, old: Permissions },
}

impl Done {
    /// Where the old file of this path is.
    pub(super) fn aside(&self, of: &Path) -> Option<&Path> {
        match self {
            Done::Replaced { path, aside, .. } | Done::SetAside { path, aside } if path == of => {
                Some(aside)
            }
            _ => None,
        }
    }
}

/// What tells one state of a file from others.
#[derive(PartialEq)]
pub(super) struct Identity {
    inode: Option<(u64, u64)>,
    len: u64,
    modified: Option<SystemTime>,
}

impl Identity {
    pub(super) fn of(about: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            Some((about.dev(), about.ino()))
        };
        #[cfg(not(unix))]
        let inode = None;
        Self {
            inode,
            len: about.len(),
            modified: about.modified().ok(),
        }
    }
    fn is_at(&self, path: &Path) -> io::Result<bool> {
        match path.symlink_metadata() {
            Ok(about) => Ok(*self == Self::of(&about)),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Job<'_> {
    pub(super) fn remove_temporary(&mut self) -> Vec<String> {
        let mut remarks = Vec::new();
        for path in std::mem::take(&mut self.temporary) {
            let removed = self
                .step(Step::CleanUp, &path)
                .and_then(|()| fs::remove_file(&path));
            match removed {
                Err(error) if !is_absent(&error) => remarks.push(format!(
                    "the temporary file `{}` could not be removed: {error}",
                    self.shown(&path)
                )),
                _ => {}
            }
        }
        remarks
    }

    /// Takes back what was done, the last first.
    pub(super) fn take_back(mut self, failure: Failure) -> DiskError {
        let mut left = Vec::new();
        for done in std::mem::take(&mut self.done).into_iter().rev() {
            left.extend(self.undo(done).err());
        }
        left.extend(self.remove_temporary());
        for directory in self.directories.iter().rev() {
            // Somebody may have put something there meanwhile; then it stays.
            let _ = fs::remove_dir(directory);
        }
        let Failure { path, why } = failure;
        if left.is_empty() {
            DiskError::Failed { path, why }
        } else {
            DiskError::Torn { path, why, left }
        }
    }

    /// Takes one thing back; else says what is left of it, in a sentence.
    fn undo(&mut self, done: Done) -> Result<(), String> {
        match done {
            Done::Replaced { path, ours, aside } => {
                let undone = self.step(Step::TakeBack, &path).and_then(|()| {
                    if ours.is_at(&path)? {
                        fs::rename(&aside, &path)
                    } else {
                        Err(changed())
                    }
                });
                undone.map_err(|error| self.kept(&path, &aside, &error))
            }
            Done::SetAside { path, aside } => {
                let undone = self
                    .step(Step::TakeBack, &path)
                    .and_then(|()| names::rename_to_new(&aside, &path));
                undone.map_err(|error| self.kept(&path, &aside, &error))
            }
            Done::Placed { path, ours } => {
                let undone =
                    self.step(Step::TakeBack, &path)
                        .and_then(|()| match path.symlink_metadata() {
                            Err(error) if is_absent(&error) => Ok(()),
                            _ if ours.is_at(&path)? => fs::remove_file(&path),
                            _ => Err(changed()),
                        });
                undone.map_err(|error| format!("`{}` is new and stays: {error}", self.shown(&path)))
            }
            Done::Moved { from, to } => {
                let undone = self
                    .step(Step::TakeBack, &from)
                    .and_then(|()| names::rename_to_new(&to, &from));
                undone.map_err(|error| {
                    let (from, to) = (self.shown(&from), self.shown(&to));
                    format!("`{from}` is now `{to}`: {error}")
                })
            }
            Done::Mode { path, old } => {
                let undone = self
                    .step(Step::TakeBack, &path)
                    .and_then(|()| fs::set_permissions(&path, old));
                undone.map_err(|error| {
                    format!("`{}` has another mode now: {error}", self.shown(&path))
                })
            }
        }
    }

    /// The old file stays under its other name, so that nothing is lost.
    fn kept(&mut self, path: &Path, aside: &Path, error: &io::Error) -> String {
        self.temporary.remove(aside);
        let (path, aside) = (self.shown(path), self.shown(aside));
        format!("what `{path}` was before is in `{aside}`: {error}")
    }

    fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(self.root).unwrap_or(path);
        domain::sanitize::line(&path.to_string_lossy(), 200)
    }
}
