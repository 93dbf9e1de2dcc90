//! Processes that have calls under way, told apart from those that are gone: each holds the lock of a file of its own.

use crate::lock;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Most files of gone processes that are removed in one go.
const MAX_TIDIED: usize = 100;
/// Tries to make the file of this process.
const TRIES: usize = 3;
/// Ending of the files' names.
const SUFFIX: &str = ".lock";

/// A process with calls under way. The lock ends with this, or with the process.
#[derive(Debug)]
pub(super) struct Owner {
    /// What the ledger knows it by.
    pub(super) name: String,
    file: PathBuf,
    _lock: File,
}

impl Owner {
    /// This process. `None` where no such file can be made; then nobody can tell that it is gone, and what it has reserved counts
    /// until the day is over.
    pub(super) fn this(directory: &Path) -> Option<Self> {
        (0..TRIES).find_map(|_| Self::attempt(directory))
    }
    fn attempt(directory: &Path) -> Option<Self> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).ok()?;
        let name = format!("{}-{:016x}", std::process::id(), u64::from_le_bytes(random));
        fs::create_dir_all(directory).ok()?;
        let file = path(directory, &name);
        let lock = lock::exclusive(&file, Duration::ZERO).ok()?;
        // Where the file system has no locks, `exclusive` keeps nobody out; a second handle shows it.
        let again = File::open(&file).ok()?;
        let is_kept_out = matches!(again.try_lock(), Err(fs::TryLockError::WouldBlock));
        // Somebody who tidies up may have taken it for left behind before it was locked.
        (is_kept_out && file.exists()).then_some(Self {
            name,
            file,
            _lock: lock,
        })
    }
    /// A process that is gone; `None` while it lives, or where that cannot be told.
    pub(super) fn of_gone(directory: &Path, name: &str) -> Option<Gone> {
        let plain = |it: char| it.is_ascii_alphanumeric() || it == '-';
        if !name.chars().all(plain) {
            return None;
        }
        let file = path(directory, name);
        // Only a process that has nothing under way removes its file.
        if !file.exists() {
            return Some(Gone(None));
        }
        let held = File::open(&file).ok()?;
        held.try_lock().ok()?;
        Some(Gone(Some((file, held))))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// A process that is gone, and the file that it left.
pub(super) struct Gone(Option<(PathBuf, File)>);

impl Gone {
    /// Removes the file.
    pub(super) fn remove(self) {
        if let Some((file, _)) = self.0 {
            let _ = fs::remove_file(file);
        }
    }
}

/// Removes the files of processes that are gone and had nothing under way.
pub(super) fn tidy(directory: Option<&Path>) {
    let entries = directory.and_then(|it| fs::read_dir(it).ok());
    for entry in entries.into_iter().flatten().flatten().take(MAX_TIDIED) {
        let name = entry.file_name();
        let name = name.to_str().and_then(|it| it.strip_suffix(SUFFIX));
        let Some(name) = name else { continue };
        let Some(directory) = directory else { continue };
        if let Some(gone) = Owner::of_gone(directory, name) {
            gone.remove();
        }
    }
}

fn path(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}{SUFFIX}"))
}
