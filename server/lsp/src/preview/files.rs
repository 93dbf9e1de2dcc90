//! The temporary files of previews: read-only, in a directory that only this user can look into, gone when the server is.
//!
//! Next to the directory lies a file that is locked as long as its server lives, so that the next one can tell what was
//! left behind by a server that was killed.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Ending of the files whose lock says that a server lives.
const LOCK: &str = "lock";

/// The temporary files of this server.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The directory of the directories of all servers; canonical where it exists. `None` when no files may be made.
    parent: Option<PathBuf>,
    own: Option<Own>,
    written: u32,
}

/// The directory of this server.
#[derive(Debug)]
struct Own {
    directory: PathBuf,
    lock: PathBuf,
    /// Held for its lock.
    _locked: File,
}

impl Files {
    /// Files below `parent`, which is made when the first one is.
    pub(crate) fn new(parent: PathBuf) -> Self {
        Self {
            parent: Some(parent.canonicalize().unwrap_or(parent)),
            own: None,
            written: 0,
        }
    }

    /// Whether a file (canonical path) is a preview of this server or another.
    pub(crate) fn has(&self, file: &Path) -> bool {
        self.parent.as_ref().is_some_and(|it| file.starts_with(it))
    }

    /// Writes a file and returns its path; `None` when that is not possible. Each call makes a new one, so that no editor
    /// shows an older text.
    pub(crate) fn write(&mut self, name: &str, ending: &str, text: &str) -> Option<PathBuf> {
        match self.try_write(name, ending, text) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::warn!("a preview could not be written: {error}");
                None
            }
        }
    }

    /// Removes what servers left behind that do not live any more.
    pub(crate) fn sweep(&self) {
        let Some(Ok(entries)) = self.parent.as_ref().map(std::fs::read_dir) else {
            return;
        };
        for lock in entries.flatten().map(|it| it.path()) {
            if lock.extension().is_none_or(|it| it != LOCK) {
                continue;
            }
            let is_dead = File::open(&lock).is_ok_and(|it| it.try_lock().is_ok());
            if is_dead {
                remove(&lock.with_extension(""));
                let _ = std::fs::remove_file(&lock);
            }
        }
    }

    fn try_write(&mut self, name: &str, ending: &str, text: &str) -> io::Result<PathBuf> {
        let directory = self.directory()?.to_owned();
        self.written += 1;
        let file = directory.join(format!("{name}-{}.{ending}", self.written));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
        options.open(&file)?.write_all(text.as_bytes())?;
        if !cfg!(unix) {
            let mut permissions = std::fs::metadata(&file)?.permissions();
            permissions.set_readonly(true);
            std::fs::set_permissions(&file, permissions)?;
        }
        Ok(file)
    }

    fn directory(&mut self) -> io::Result<&Path> {
        if self.own.is_none() {
            let parent = self.parent.as_ref();
            let parent = parent.ok_or_else(|| io::Error::other("there is no place for files"))?;
            private(parent, true)?;
            let parent = parent.canonicalize()?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let now = now.unwrap_or_default().as_nanos();
            let directory = parent.join(format!("{}-{now}", std::process::id()));
            let lock = directory.with_extension(LOCK);
            let locked = File::create_new(&lock)?;
            locked.lock()?;
            private(&directory, false)?;
            self.parent = Some(parent);
            self.own = Some(Own {
                directory,
                lock,
                _locked: locked,
            });
        }
        let own = self.own.as_ref();
        own.map(|it| it.directory.as_path())
            .ok_or_else(|| io::Error::other("there is no directory"))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        remove(&self.directory);
        let _ = std::fs::remove_file(&self.lock);
    }
}

/// Makes a directory that only this user can look into.
fn private(directory: &Path, may_exist: bool) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(may_exist);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Removes a directory of ours; what cannot be removed now is left to the next server.
fn remove(directory: &Path) {
    if !cfg!(unix) {
        // A file that may not be written cannot be removed there.
        for file in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            if let Ok(mut permissions) = file.metadata().map(|it| it.permissions()) {
                #[expect(
                    clippy::permissions_set_readonly_false,
                    reason = "elsewhere than on Unix it means no more than that"
                )]
                permissions.set_readonly(false);
                let _ = std::fs::set_permissions(file.path(), permissions);
            }
        }
    }
    if let Err(error) = std::fs::remove_dir_all(directory) {
        tracing::debug!("previews were left behind: {error}");
    }
}
