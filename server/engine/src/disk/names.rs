//! Names in directories: temporary ones, and names that change hands without anything in between.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// A name that nothing has, most probably, in the directory of `path`.
pub(super) fn beside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut hash = blake3::Hasher::new();
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    hash.update(&since.unwrap_or_default().as_nanos().to_le_bytes());
    hash.update(&std::process::id().to_le_bytes());
    hash.update(&COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    let hash = hash.finalize().to_hex();
    path.with_file_name(format!(".crosscheck-{}.tmp", &hash[..16]))
}

/// Lets two files change places at one stroke.
///
/// # Errors
/// The system's; `Unsupported` where it cannot do that.
#[cfg(any(target_vendor = "apple", target_os = "linux", target_os = "android"))]
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    rename_with(one, other, rustix::fs::RenameFlags::EXCHANGE)
}

/// Not known here.
#[cfg(not(any(target_vendor = "apple", target_os = "linux", target_os = "android")))]
pub(super) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Gives a file a name that nothing has.
///
/// # Errors
/// The system's; `AlreadyExists` when something has it.
pub(super) fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_vendor = "apple", target_os = "linux", target_os = "android"))]
    match rename_with(from, to, rustix::fs::RenameFlags::NOREPLACE) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
        done => return done,
    }
    // Not at one stroke, but all that there is.
    match to.symlink_metadata() {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if super::hold::is_absent(&error) => std::fs::rename(from, to),
        Err(error) => Err(error),
    }
}

#[cfg(any(target_vendor = "apple", target_os = "linux", target_os = "android"))]
fn rename_with(from: &Path, to: &Path, flags: rustix::fs::RenameFlags) -> io::Result<()> {
    use rustix::fs::CWD;
    use rustix::io::Errno;
    rustix::fs::renameat_with(CWD, from, CWD, to, flags).map_err(|error| match error {
        // What file systems say that do not know the flag.
        Errno::INVAL | Errno::NOSYS | Errno::NOTSUP => io::ErrorKind::Unsupported.into(),
        error => error.into(),
    })
}

/// Keeps the old file of a name that is about to get another one: by a second name, or as a copy where that cannot be.
///
/// # Errors
/// The system's.
pub(super) fn keep(path: &Path, aside: &Path) -> io::Result<()> {
    if std::fs::hard_link(path, aside).is_ok() {
        return Ok(());
    }
    let mut from = std::fs::File::open(path)?;
    let mut to = super::attributes::create(aside, false)?;
    io::copy(&mut from, &mut to)?;
    let about = from.metadata()?;
    super::attributes::take_over(&to, &about, about.permissions())?;
    to.sync_all()
}

/// Makes what happened to the names in a directory outlast a power failure, where that can be asked for.
pub(super) fn settle(directory: &Path) {
    #[cfg(unix)]
    if let Err(error) = std::fs::File::open(directory).and_then(|it| it.sync_all()) {
        tracing::debug!("{}: {error}", directory.display());
    }
    #[cfg(not(unix))]
    let _ = directory;
}
