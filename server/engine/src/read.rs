//! Reading one file without being surprised by what it is.

use domain::text::Text;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes at the start of a file in which a NUL makes it binary.
const BINARY_PROBE: usize = 8 * 1024;

/// The text of a regular file of at most `max` bytes.
///
/// # Errors
/// Why there is none, in words that follow the file's name.
pub(crate) fn text(path: &Path, max: u64) -> Result<Text, String> {
    open(path).map_err(|it| unreadable(&it))?.text(max)
}

/// A regular file that is open, so that whatever happens to its name, it stays this file.
pub(crate) struct Open {
    file: File,
    about: Metadata,
}

impl Open {
    /// What was known of it when it was opened.
    pub(crate) fn about(&self) -> &Metadata {
        &self.about
    }

    /// Its text, of at most `max` bytes.
    ///
    /// # Errors
    /// As [`text`].
    pub(crate) fn text(self, max: u64) -> Result<Text, String> {
        if self.about.len() > max {
            return Err(too_large(max));
        }
        // One more than allowed: the file may grow meanwhile.
        let bytes = self.start(max + 1).map_err(|it| unreadable(&it))?;
        from_bytes(&bytes, max)
    }

    /// Its first `max` bytes.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn start(self, max: u64) -> io::Result<Vec<u8>> {
        let expected = self.about.len().min(max);
        let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0) + 1);
        self.file.take(max).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Opens a regular file and nothing else, without waiting for a writer of a named pipe. Follows symbolic links.
///
/// # Errors
/// The system's; `InvalidInput` for what is no file and no directory.
pub(crate) fn open(path: &Path) -> io::Result<Open> {
    let file = open_at_once(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else if about.is_file() {
        Ok(Open { file, about })
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ))
    }
}

/// Why a file below a root is not opened, in words that follow its name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("leads out of the workspace by a symbolic link")]
    Outside,
    #[error("{0}")]
    Unreadable(String),
}

/// Opens a regular file below `root` (which has no symbolic links in it), and tells its path relative to the root with
/// symbolic links resolved.
///
/// # Errors
/// Also when somebody lays a link in its way meanwhile.
pub(crate) fn open_inside(root: &Path, path: &str) -> Result<(Open, PathBuf), Refused> {
    let resolved = resolve(&root.join(path)).map_err(Refused::Unreadable)?;
    let inside = resolved.strip_prefix(root).map_err(|_| Refused::Outside)?;
    let open = open(&resolved).map_err(|it| Refused::Unreadable(unreadable(&it)))?;
    if resolve(&resolved).as_ref() != Ok(&resolved) || !is_at(&open.about, &resolved) {
        return Err(Refused::Unreadable("changed while it was read".to_owned()));
    }
    let inside = inside.to_owned();
    Ok((open, inside))
}

#[cfg(unix)]
fn is_at(about: &Metadata, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |it: Metadata| (it.dev(), it.ino()) == (about.dev(), about.ino());
    std::fs::symlink_metadata(path).is_ok_and(same)
}

#[cfg(not(unix))]
fn is_at(_: &Metadata, path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|it| it.is_file())
}

/// The text in `bytes`.
///
/// # Errors
/// As [`text`].
pub(crate) fn from_bytes(bytes: &[u8], max: u64) -> Result<Text, String> {
    if bytes.len() as u64 > max {
        return Err(too_large(max));
    }
    if is_binary(bytes) {
        return Err("is a binary file".to_owned());
    }
    std::str::from_utf8(bytes).map(Text::new).map_err(|error| {
        let line = bytes[..error.valid_up_to()]
            .split(|it| *it == b'\n')
            .count();
        format!("is not UTF-8 (line {line})")
    })
}

/// Checks a text that is in an editor.
///
/// # Errors
/// As [`text`].
pub(crate) fn check(text: &Text, max: u64) -> Result<(), String> {
    if text.len() as u64 > max {
        return Err(too_large(max));
    }
    let probe = text.clamp(domain::text::TextRange::new(0, BINARY_PROBE));
    if is_binary(text.slice(probe).as_bytes()) {
        Err("is a binary file".to_owned())
    } else {
        Ok(())
    }
}

/// True when there is a NUL at the start, as in UTF-16 text too.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(BINARY_PROBE)].contains(&0)
}

/// Follows symbolic links, all of them.
///
/// # Errors
/// As [`text`].
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, String> {
    path.canonicalize().map_err(|it| unreadable(&it))
}

#[cfg(unix)]
fn open_at_once(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "cannot be read: permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        io::ErrorKind::InvalidInput => "is not a regular file".to_owned(),
        // ENXIO: a socket cannot be opened.
        _ if error.raw_os_error() == Some(6) => "is not a regular file".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

/// Why a larger file is not read, in words that follow its name.
pub(crate) fn too_large(max: u64) -> String {
    format!(
        "is larger than {}, the limit for a file",
        bytes_in_words(max)
    )
}

/// `1 MB`, `300 kB`, `12 bytes`; units of 1024.
pub(crate) fn bytes_in_words(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} kB", bytes / 1024),
        _ => format!("{} MB", bytes / 1024 / 1024),
    }
}
