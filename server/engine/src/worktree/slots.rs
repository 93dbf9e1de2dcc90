//! The slots that copies live in: who has which, how many there may be, and which of them nobody needs any more.
//!
//! A slot is a directory `<repository>/<number>` with a marker file of ours. Whoever works in it holds the lock of the file
//! `<number>.lock` beside it, which the system takes back when a process ends, however it ends. A file `busy` says that
//! somebody works there: where it is and the lock is free, that process has crashed, and what it left is not used again.
//! Slots are chosen and made only under the lock of the whole place, so two never take the same.

use super::directory::{Directory, Handle};
use super::error::WorktreeError;
use crate::lock;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio_util::sync::CancellationToken;

/// A file in each slot. What is in a directory without it is not ours, and is left alone.
const MARKER: &str = "crosscheck-worktree";
/// What is in it.
const MARK: &str = "A copy of a working tree for agents, made by crosscheck, which deletes it again. Nothing in here is kept.\n";
/// Held while slots are chosen, made and taken away.
const PLACE_LOCK: &str = "lock";
/// How files are called that are held while somebody works in a slot.
const LOCK: &str = ".lock";
/// There while somebody works in the slot.
const BUSY: &str = "busy";
/// There in slots that are used once.
const ONCE: &str = "once";
/// Bytes in the slot when they were last counted.
const BYTES: &str = "bytes";
/// How slots that are being deleted are called.
const TRASH: &str = "trash-";
/// Longest wait for the lock of the whole place. It is held for a few system calls.
const PLACE_DEADLINE: Duration = Duration::from_secs(10);
/// Longest wait for a slot to become free.
const WAIT: Duration = Duration::from_secs(60);
/// Between two looks for a free one.
const INTERVAL: Duration = Duration::from_millis(50);
/// A slot that nobody used for so long is deleted at the next start.
const UNUSED: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Digits of the name of a repository's directory.
pub(super) const KEY_LEN: usize = 16;

/// The place where all slots are.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    directory: PathBuf,
}

/// A slot that is ours alone. Dropping it gives it back, or deletes it when it is used once or broken.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    path: PathBuf,
    lock: File,
    once: bool,
    /// It is not to be used again.
    condemned: AtomicBool,
}

/// What is wanted of a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'w> {
    /// Names the working tree that the copy is of; [`KEY_LEN`] digits.
    pub(super) key: &'w str,
    /// Never used by anybody before or after.
    pub(super) once: bool,
    /// Most slots there may be of all repositories together; at least 1.
    pub(super) most: usize,
}

/// A slot as it lies there.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    key: String,
    used: SystemTime,
    bytes: u64,
}

/// What lies in the place.
#[derive(Debug, Default)]
struct Contents {
    slots: Vec<Found>,
    /// Slots that were being deleted.
    trash: Vec<PathBuf>,
    /// What is not ours.
    foreign: Vec<PathBuf>,
}

impl Slots {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Where they are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes a slot: the one of this repository that was used last, else a new one, for which a free one of another
    /// repository may have to go. Waits while all are in use. Blocks.
    pub(super) fn take(
        &self,
        wish: Wish<'_>,
        cancel: &CancellationToken,
    ) -> Result<Slot, WorktreeError> {
        self.take_within(wish, cancel, WAIT)
    }

    fn take_within(
        &self,
        wish: Wish<'_>,
        cancel: &CancellationToken,
        wait: Duration,
    ) -> Result<Slot, WorktreeError> {
        let deadline = Instant::now() + wait;
        loop {
            if cancel.is_cancelled() {
                return Err(WorktreeError::Cancelled);
            }
            if let Some(slot) = self.try_take(wish)? {
                return Ok(slot);
            }
            if Instant::now() >= deadline {
                return Err(WorktreeError::Busy {
                    worktrees: wish.most.max(1),
                    waited: wait,
                });
            }
            std::thread::sleep(INTERVAL);
        }
    }

    fn try_take(&self, wish: Wish<'_>) -> Result<Option<Slot>, WorktreeError> {
        let _place = self.enter()?;
        let mut slots = self.contents()?.slots;
        // The one used last is the most like what is wanted, and the one used first the least missed.
        slots.sort_by_key(|it| std::cmp::Reverse(it.used));
        let (own, others): (Vec<Found>, Vec<Found>) =
            slots.into_iter().partition(|it| it.key == wish.key);
        let mut count = own.len() + others.len();
        for found in &own {
            let Some(slot) = self.try_lock(&found.path)? else {
                continue;
            };
            if slot.once || wish.once || found.path.join(BUSY).exists() {
                self.throw_away(slot);
                count -= 1;
            } else {
                return slot.begin().map(Some);
            }
        }
        for found in others.iter().rev() {
            if count < wish.most.max(1) {
                break;
            }
            if let Some(slot) = self.try_lock(&found.path)? {
                self.throw_away(slot);
                count -= 1;
            }
        }
        if count < wish.most.max(1) {
            self.make(wish)?.begin().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Deletes free slots, those used longest ago first, until all of them together have at most `max` bytes, with
    /// `coming` in the one at `kept`. Blocks.
    pub(super) fn make_room(
        &self,
        kept: &Path,
        coming: u64,
        max: u64,
    ) -> Result<(), WorktreeError> {
        let _place = self.enter()?;
        let mut others = self.contents()?.slots;
        others.retain(|it| it.path != kept);
        others.sort_by_key(|it| it.used);
        let mut all = others
            .iter()
            .fold(coming, |sum, it| sum.saturating_add(it.bytes));
        for found in others {
            if all <= max {
                break;
            }
            if let Some(slot) = self.try_lock(&found.path)? {
                self.throw_away(slot);
                all = all.saturating_sub(found.bytes);
            }
        }
        Ok(())
    }

    /// Deletes what crashed processes left and what nobody used for long; tells what is not ours. Blocks.
    pub(super) fn tidy(&self) -> Result<Vec<String>, WorktreeError> {
        if !self.directory.exists() {
            return Ok(Vec::new());
        }
        let place = self.enter()?;
        let contents = self.contents()?;
        let mut left = 0;
        for found in &contents.slots {
            let Some(slot) = self.try_lock(&found.path)? else {
                continue;
            };
            let is_left = slot.once || found.path.join(BUSY).exists();
            let is_old = found.used.elapsed().is_ok_and(|it| it > UNUSED);
            if is_left || is_old {
                left += usize::from(is_left);
                self.throw_away(slot);
            }
        }
        drop(place);
        for path in self.contents()?.trash {
            delete(&path);
        }
        let mut remarks: Vec<String> = contents.foreign.iter().map(|path| foreign(path)).collect();
        if left > 0 {
            remarks.push(format!(
                "{left} {} that a crash had left {} deleted.",
                if left == 1 { "worktree" } else { "worktrees" },
                if left == 1 { "was" } else { "were" },
            ));
        }
        Ok(remarks)
    }

    /// The lock of the whole place, which is made where it does not exist.
    fn enter(&self) -> Result<File, WorktreeError> {
        let place = |source| WorktreeError::place(&self.directory, source);
        private()
            .recursive(true)
            .create(&self.directory)
            .map_err(place)?;
        lock::exclusive(&self.directory.join(PLACE_LOCK), PLACE_DEADLINE).map_err(place)
    }

    fn contents(&self) -> Result<Contents, WorktreeError> {
        let place = |source| WorktreeError::place(&self.directory, source);
        let mut contents = Contents::default();
        for (path, name, is_directory) in entries(&self.directory).map_err(place)? {
            if name == PLACE_LOCK {
                continue;
            }
            if is_directory && name.starts_with(TRASH) && is_ours(&path) {
                contents.trash.push(path);
            } else if is_directory && is_key(&name) {
                for (path, slot, is_directory) in entries(&path).map_err(place)? {
                    if is_directory && is_number(&slot) && is_ours(&path) {
                        contents.slots.push(Found::at(path, name.clone()));
                    } else if is_directory || !slot.strip_suffix(LOCK).is_some_and(is_number) {
                        contents.foreign.push(path);
                    }
                }
            } else {
                contents.foreign.push(path);
            }
        }
        Ok(contents)
    }

    /// The slot at `path` if nobody is in it. Only under the lock of the place.
    fn try_lock(&self, path: &Path) -> Result<Option<Slot>, WorktreeError> {
        let file = lock_of(path);
        let error = |source| WorktreeError::place(&file, source);
        let mut options = OpenOptions::new();
        let lock = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(&file)
            .map_err(error)?;
        match lock.try_lock() {
            // Whoever had it may just have taken it away.
            Ok(()) if !is_ours(path) => Ok(None),
            Ok(()) => Ok(Some(Slot {
                slots: self.clone(),
                path: path.to_owned(),
                lock,
                once: path.join(ONCE).exists(),
                condemned: AtomicBool::new(false),
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(error(source)),
        }
    }

    /// A new slot. Only under the lock of the place.
    fn make(&self, wish: Wish<'_>) -> Result<Slot, WorktreeError> {
        let repository = self.directory.join(wish.key);
        let place = |source| WorktreeError::place(&repository, source);
        match private().create(&repository) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // A link would lead somewhere else.
                Directory::open(&repository).map_err(place)?;
            }
            result => result.map_err(place)?,
        }
        let free = (0u32..).map(|it| repository.join(it.to_string()));
        for path in free {
            match private().create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                result => result.map_err(place)?,
            }
            fs::write(path.join(MARKER), MARK).map_err(place)?;
            if wish.once {
                fs::write(path.join(ONCE), b"").map_err(place)?;
            }
            if let Some(slot) = self.try_lock(&path)? {
                return Ok(slot);
            }
        }
        Err(place(io::ErrorKind::AlreadyExists.into()))
    }

    /// Takes a slot out of the place at once, and deletes it in its own time.
    fn throw_away(&self, slot: Slot) {
        slot.condemn();
        drop(slot);
    }
}

impl Slot {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes were in it when they were last counted.
    pub(super) fn bytes(&self) -> u64 {
        noted_bytes(&self.path)
    }

    /// Where it is noted how many bytes are in it.
    pub(super) fn bytes_file(&self) -> PathBuf {
        self.path.join(BYTES)
    }

    /// It is not to be used again.
    pub(super) fn condemn(&self) {
        self.condemned.store(true, Ordering::Relaxed);
    }

    fn begin(self) -> Result<Self, WorktreeError> {
        let busy = self.path.join(BUSY);
        let written = fs::write(&busy, std::process::id().to_string());
        written.map_err(|it| WorktreeError::place(&busy, it))?;
        Ok(self)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.once && !self.condemned.load(Ordering::Relaxed) {
            let _ = fs::remove_file(self.path.join(BUSY));
            let _ = self.lock.set_modified(SystemTime::now());
            return;
        }
        // Out of the way first, so that nobody waits for the deleting. What is not deleted then is at the next start.
        let trash = self.slots.directory.join(format!("{TRASH}{}", unique()));
        match fs::rename(&self.path, &trash) {
            Ok(()) => {
                let _ = fs::remove_file(lock_of(&self.path));
                let _ = fs::remove_dir(self.path.parent().unwrap_or(&self.path));
                let _ = std::thread::Builder::new().spawn(move || delete(&trash));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!("{} cannot be moved away: {error}", self.path.display()),
        }
    }
}

impl Found {
    fn at(path: PathBuf, key: String) -> Self {
        let lock = fs::symlink_metadata(lock_of(&path));
        let used = lock
            .and_then(|it| it.modified())
            .unwrap_or(SystemTime::UNIX_EPOCH);
        let bytes = noted_bytes(&path);
        Self {
            path,
            key,
            used,
            bytes,
        }
    }
}

/// Notes how many bytes are in a slot.
pub(super) fn note_bytes(file: &Path, bytes: u64) {
    // Not knowing it only means that it counts as empty.
    let _ = fs::write(file, bytes.to_string());
}

fn noted_bytes(slot: &Path) -> u64 {
    let text = fs::read_to_string(slot.join(BYTES)).ok();
    text.and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// Deletes a slot that is out of the way; its marker last, so that what is left of it can be told for ours.
fn delete(path: &Path) {
    let deleted = Directory::open(path).and_then(|directory| {
        for (name, _) in directory.names()? {
            if name != MARKER.as_bytes() {
                directory.clear(&name)?;
            }
        }
        directory.clear(MARKER.as_bytes())?;
        drop(directory);
        fs::remove_dir(path)
    });
    match deleted {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!("{} cannot be deleted: {error}", path.display());
        }
        _ => {}
    }
}

/// The names in a directory and whether they are directories; links are none. No such directory is an empty one.
fn entries(directory: &Path) -> io::Result<Vec<(PathBuf, String, bool)>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        Ok((entry.path(), name, entry.file_type()?.is_dir()))
    };
    entries.map(entry).collect()
}

fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path.join(MARKER)).is_ok_and(|it| it.is_file())
}

/// The file whose lock says that somebody is in a slot.
fn lock_of(slot: &Path) -> PathBuf {
    let mut path = slot.as_os_str().to_owned();
    path.push(LOCK);
    PathBuf::from(path)
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.len() < 10 && name.bytes().all(|it| it.is_ascii_digit())
}

fn is_key(name: &str) -> bool {
    name.len() == KEY_LEN && name.bytes().all(|it| it.is_ascii_hexdigit())
}

fn foreign(path: &Path) -> String {
    format!(
        "{} is among the worktrees but not one of crosscheck's; it is left alone.",
        path.display()
    )
}

/// A name that no other thread or process has.
fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanoseconds = since.map_or(0, |it| it.as_nanos());
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{next}-{nanoseconds:x}", std::process::id())
}

/// Makes directories that are for the user alone.
fn private() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there are no modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(test)]
mod tests;
