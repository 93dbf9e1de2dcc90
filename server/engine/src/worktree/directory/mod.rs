//! Directories by their handles: whatever lies below one is reached name by name, and never through a symbolic link.
//!
//! An agent may have put a link where a directory was. Who writes or deletes by a path would follow it, into files that are
//! the user's.

#[cfg(any(not(unix), test))]
mod portable;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod unix;
mod walker;

#[cfg(not(unix))]
pub(super) use portable::Directory;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
#[cfg(unix)]
pub(super) use unix::Directory;
pub(super) use walker::Walker;

/// How deep deleting goes by itself; what lies deeper is moved up first, so that depth costs no open directories.
const DEPTH: usize = 64;
/// How often deleting begins anew when somebody puts files there meanwhile.
const ATTEMPTS: usize = 200;
/// How often a directory is made anew when others make and delete things under its name.
const MAKE_ATTEMPTS: usize = 20;

/// What something in a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// What tells two states of a file apart without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) kind: Kind,
    /// In bytes.
    pub(super) size: u64,
    /// When the content changed, in nanoseconds since 1970.
    pub(super) modified: i64,
    /// When anything about it changed, in nanoseconds since 1970. Nobody can set it.
    pub(super) changed: i64,
    /// Its number in the file system.
    pub(super) inode: u64,
    /// The permission bits.
    pub(super) mode: u32,
}

/// A directory that is open. Names are single names, without `/`.
pub(super) trait Handle: Sized {
    /// Opens a directory by its path, which we made or which the user gave us; only its last name must be no link.
    fn open(path: &Path) -> io::Result<Self>;
    /// Opens the directory `name`; fails when it is a link.
    fn child(&self, name: &[u8]) -> io::Result<Self>;
    /// Makes the directory `name`, for the user alone.
    fn make(&self, name: &[u8]) -> io::Result<()>;
    /// What is at `name`; links are not followed.
    fn stat(&self, name: &[u8]) -> io::Result<Stat>;
    /// What is in it.
    fn names(&self) -> io::Result<Vec<(Vec<u8>, Kind)>>;
    /// Opens a regular file for reading; anything else is `InvalidInput`.
    fn open_file(&self, name: &[u8]) -> io::Result<(File, Stat)>;
    /// Makes a new file; fails when anything is there.
    fn create(&self, name: &[u8], mode: u32) -> io::Result<File>;
    /// Makes a symbolic link.
    fn create_link(&self, name: &[u8], target: &[u8]) -> io::Result<()>;
    /// Where a symbolic link leads.
    fn read_link(&self, name: &[u8]) -> io::Result<Vec<u8>>;
    /// Deletes what is no directory.
    fn unlink(&self, name: &[u8]) -> io::Result<()>;
    /// Deletes an empty directory.
    fn remove(&self, name: &[u8]) -> io::Result<()>;
    /// Moves what is at `name` to another directory of the same file system.
    fn rename(&self, name: &[u8], to: &Self, new: &[u8]) -> io::Result<()>;
    /// Lets us read and write the directory `name`.
    fn allow(&self, name: &[u8]) -> io::Result<()>;

    /// Opens the directory `name`, made if it does not exist. What else is there is deleted. Several threads may do so at
    /// the same time: a directory is never deleted here, since another one may have just made it.
    fn child_or_new(&self, name: &[u8]) -> io::Result<Self> {
        for _ in 0..MAKE_ATTEMPTS {
            match self.child_allowed(name) {
                Ok(child) => return Ok(child),
                Err(error) if error.kind() == io::ErrorKind::NotFound => match self.make(name) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    result => result?,
                },
                // Fails where it is a directory; what hinders us there is told in the end.
                Err(_) => drop(self.unlink(name)),
            }
        }
        self.child_allowed(name)
    }

    /// Opens the directory `name`, also when an agent took our permission to.
    fn child_allowed(&self, name: &[u8]) -> io::Result<Self> {
        match self.child(name) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                if self.stat(name)?.kind == Kind::Directory {
                    self.allow(name)?;
                }
                self.child(name)
            }
            result => result,
        }
    }

    /// Deletes whatever is at `name`, a directory with all that is in it. Nothing there is no error.
    fn clear(&self, name: &[u8]) -> io::Result<()> {
        match self.stat(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
            Ok(about) if about.kind != Kind::Directory => return self.unlink(name),
            Ok(_) => {}
        }
        for attempt in 0.. {
            let directory = self.child_allowed(name)?;
            empty(&directory, &directory, 0)?;
            match self.remove(name) {
                // What was moved up, or put there meanwhile.
                Err(error) if is_not_empty(&error) && attempt < ATTEMPTS => {}
                result => return result,
            }
        }
        Ok(())
    }
}

/// Deletes what is in `directory`; directories too deep for that are moved to `top`.
fn empty<D: Handle>(directory: &D, top: &D, depth: usize) -> io::Result<()> {
    for (name, kind) in directory.names()? {
        if kind != Kind::Directory {
            unlink_anyway(directory, &name)?;
        } else if depth >= DEPTH {
            match directory.rename(&name, top, &free_name()) {
                // Taken by what somebody else left; the next round takes another name.
                Err(error) if is_not_empty(&error) => {}
                result => result?,
            }
        } else {
            match directory.child_allowed(&name) {
                Ok(child) => empty(&child, top, depth + 1)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            match directory.remove(&name) {
                Err(error) if is_not_empty(&error) || error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
        }
    }
    Ok(())
}

/// A name for what is moved up.
fn free_name() -> Vec<u8> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(".deep-{}-{next}", std::process::id()).into_bytes()
}

fn unlink_anyway<D: Handle>(directory: &D, name: &[u8]) -> io::Result<()> {
    match directory.unlink(name) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            directory.allow(b".")?;
            directory.unlink(name)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn is_not_empty(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}

impl Stat {
    /// Of a file that is open.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn of_file(file: &File) -> io::Result<Self> {
        file.metadata().map(|it| Self::of(&it))
    }

    /// True when a change right after `at` could leave the same time stamps, because the clock of a file system goes in
    /// steps. `at` in nanoseconds since 1970.
    pub(super) fn is_racy(&self, at: i64) -> bool {
        let last = self.modified.max(self.changed);
        // A stamp without a part of a second is one of a file system that counts seconds.
        let step = if last % SECOND == 0 {
            COARSE_STEP
        } else {
            STEP
        };
        last >= at.saturating_sub(step)
    }

    /// True when somebody may run it.
    pub(super) fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }

    fn of(about: &Metadata) -> Self {
        let kind = about.file_type();
        let kind = if kind.is_file() {
            Kind::File
        } else if kind.is_dir() {
            Kind::Directory
        } else if kind.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        };
        let nanoseconds = |it: io::Result<SystemTime>| it.map_or(0, nanoseconds);
        #[cfg(unix)]
        let (changed, inode, mode) = {
            use std::os::unix::fs::MetadataExt;
            let changed = about.ctime().saturating_mul(SECOND);
            (
                changed.saturating_add(about.ctime_nsec()),
                about.ino(),
                about.mode() & 0o7777,
            )
        };
        #[cfg(not(unix))]
        let (changed, inode, mode) = (nanoseconds(about.created()), 0, 0o644);
        Self {
            kind,
            size: about.len(),
            modified: nanoseconds(about.modified()),
            changed,
            inode,
            mode,
        }
    }
}

/// In nanoseconds.
pub(super) const SECOND: i64 = 1_000_000_000;
/// Longest step of the clock of a file system that counts parts of a second: a tick of the system's at 100 per second,
/// and as much again.
const STEP: i64 = 20_000_000;
/// The same for one that counts seconds, or every second one.
const COARSE_STEP: i64 = 3 * SECOND;

/// Nanoseconds since 1970.
pub(super) fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |it| -it),
    }
}

/// The time that is so many nanoseconds since 1970.
pub(super) fn time(nanoseconds: i64) -> SystemTime {
    let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
    if nanoseconds < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}

/// Sets time of change and permissions of a new file, and tells how it is then.
///
/// # Errors
/// The system's.
pub(super) fn finish(file: &File, modified: Option<i64>, mode: u32) -> io::Result<Stat> {
    if let Some(modified) = modified {
        file.set_modified(time(modified))?;
    }
    let about = Stat::of_file(file)?;
    #[cfg(unix)]
    if about.mode != mode {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        return Stat::of_file(file);
    }
    #[cfg(not(unix))]
    let _ = mode;
    Ok(about)
}
