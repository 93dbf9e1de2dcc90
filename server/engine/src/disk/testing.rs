//! Files for the tests of writing changes, and what is there of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use domain::proposal::FileAction;
use domain::text::Text;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// A directory with files.
pub(super) struct Place {
    directory: tempfile::TempDir,
}

/// Everything in it but temporary files that are ours: for each path the mode and the content; no content for a directory.
pub(super) type Snapshot = BTreeMap<String, (u32, Option<Vec<u8>>)>;

impl Place {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = Self { directory };
        for (path, text) in files {
            place.write(path, text);
        }
        place
    }
    pub(super) fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }
    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }
    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }
    #[cfg(unix)]
    pub(super) fn set_mode(&self, path: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    pub(super) fn apply(
        &self,
        files: &[FileChange],
        parts: &[usize],
    ) -> Result<Written, DiskError> {
        let parts = match parts {
            [] => Selection::All,
            parts => Selection::Parts(parts.to_vec()),
        };
        apply(&self.root(), &[], files, &parts, Onto::Now)
    }
    pub(super) fn standings(&self, files: &[FileChange]) -> Vec<Standing> {
        standings(&self.root(), &[], files)
    }
    /// Like [`apply`] of everything, with a hook.
    pub(super) fn apply_with(
        &self,
        files: &[FileChange],
        hook: Hook<'_>,
    ) -> Result<Written, DiskError> {
        let root = self.root();
        let held = hold::all(&root, &[], files, hold::Origin::Agent);
        write(&root, &held, &Selection::All, Onto::Now, hook)
    }
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new();
        self.walk(&self.root(), &mut snapshot);
        snapshot
    }
    fn walk(&self, directory: &Path, snapshot: &mut Snapshot) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let about = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(self.root()).unwrap();
            let name = name.to_str().unwrap().to_owned();
            if about.is_dir() {
                snapshot.insert(name, (mode(&about), None));
                self.walk(&path, snapshot);
            } else {
                let bytes = fs::read(&path).unwrap_or_default();
                snapshot.insert(name, (mode(&about), Some(bytes)));
            }
        }
    }
}

#[cfg(unix)]
fn mode(about: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}

pub(super) fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

pub(super) fn edit(at: &str, base: &str, new: &str) -> FileChange {
    edit_more(at, base, new, None, None)
}

pub(super) fn edit_more(
    at: &str,
    base: &str,
    new: &str,
    to: Option<&str>,
    mode: Option<bool>,
) -> FileChange {
    let base = Text::new(base);
    let change = FileChange::edit(path(at), base.clone(), &Text::new(new));
    let hunks = match change.map(|it| it.action) {
        Some(FileAction::Edit { hunks, .. }) => hunks,
        _ => Vec::new(),
    };
    FileChange {
        path: path(at),
        action: FileAction::Edit {
            base,
            hunks,
            rename: to.map(path),
            executable: mode,
        },
    }
}

pub(super) fn create(at: &str, text: &str) -> FileChange {
    FileChange {
        path: path(at),
        action: FileAction::Create {
            text: Text::new(text),
            executable: false,
        },
    }
}

pub(super) fn delete(at: &str, base: &str) -> FileChange {
    FileChange {
        path: path(at),
        action: FileAction::Delete {
            base: Text::new(base),
        },
    }
}
