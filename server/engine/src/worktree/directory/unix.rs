//! Directories by file descriptors.

use super::{Handle, Kind, SECOND, Stat};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// A directory that is open.
#[derive(Debug)]
pub(in super::super) struct Directory(OwnedFd);

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

impl Handle for Directory {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(path, DIRECTORY, Mode::empty())?))
    }

    fn child(&self, name: &[u8]) -> io::Result<Self> {
        let opened = rustix::fs::openat(&self.0, name, DIRECTORY, Mode::empty())?;
        Ok(Self(opened))
    }

    fn make(&self, name: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, Mode::RWXU)?)
    }

    fn stat(&self, name: &[u8]) -> io::Result<Stat> {
        let about = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(stat(&about))
    }

    fn names(&self) -> io::Result<Vec<(Vec<u8>, Kind)>> {
        let mut all = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => match self.stat(name) {
                    Ok(about) => about.kind,
                    // Gone meanwhile.
                    Err(_) => continue,
                },
                known => kind(known),
            };
            all.push((name.to_vec(), kind));
        }
        Ok(all)
    }

    fn open_file(&self, name: &[u8]) -> io::Result<(File, Stat)> {
        // Not blocking: a named pipe would wait for a writer.
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.0, name, flags, Mode::empty())?);
        let about = Stat::of_file(&file)?;
        if about.kind == Kind::File {
            Ok((file, about))
        } else {
            Err(io::ErrorKind::InvalidInput.into())
        }
    }

    fn create(&self, name: &[u8], mode: u32) -> io::Result<File> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::from(mode))?.into())
    }

    fn create_link(&self, name: &[u8], target: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.0, name)?)
    }

    fn read_link(&self, name: &[u8]) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(&self.0, name, Vec::new())?.into_bytes())
    }

    fn unlink(&self, name: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    fn remove(&self, name: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    fn rename(&self, name: &[u8], to: &Self, new: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, name, &to.0, new)?)
    }

    fn allow(&self, name: &[u8]) -> io::Result<()> {
        let flags = AtFlags::empty();
        Ok(rustix::fs::chmodat(&self.0, name, Mode::RWXU, flags)?)
    }
}

/// The fields have other types on other systems.
#[allow(
    clippy::useless_conversion,
    clippy::unnecessary_fallible_conversions,
    reason = "the fields have other types on other systems"
)]
fn stat(about: &rustix::fs::Stat) -> Stat {
    let time = |seconds: i64, nanoseconds: i64| {
        let all = seconds.saturating_mul(SECOND);
        all.saturating_add(nanoseconds)
    };
    let small = |it: u64| i64::try_from(it).unwrap_or(0);
    Stat {
        kind: kind(FileType::from_raw_mode(about.st_mode)),
        size: u64::try_from(about.st_size).unwrap_or(0),
        modified: time(
            about.st_mtime.into(),
            small(u64::try_from(about.st_mtime_nsec).unwrap_or(0)),
        ),
        changed: time(
            about.st_ctime.into(),
            small(u64::try_from(about.st_ctime_nsec).unwrap_or(0)),
        ),
        inode: about.st_ino.into(),
        mode: u32::from(about.st_mode) & 0o7777,
    }
}

fn kind(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}
