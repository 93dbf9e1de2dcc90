//! Reading one file without being surprised by what it is.

use domain::text::Text;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes at the start of a file in which a NUL makes it binary.
const BINARY_PROBE: usize = 8 * 1024;

/// The text of a regular file of at most `max` bytes.
///
/// # Errors
/// Why there is none, in words that follow the file's name.
pub(crate) fn text(path: &Path, max: u64) -> Result<Text, String> {
    let (mut file, size) = open(path)?;
    if size > max {
        return Err(too_large(max));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    // One more than allowed: the file may grow meanwhile.
    file.by_ref()
        .take(max + 1)
        .read_to_end(&mut bytes)
        .map_err(|it| unreadable(&it))?;
    from_bytes(&bytes, max)
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

/// Opens a regular file and nothing else, without waiting for a writer of a named pipe.
fn open(path: &Path) -> Result<(File, u64), String> {
    let file = open_at_once(path).map_err(|it| unreadable(&it))?;
    let about = file.metadata().map_err(|it| unreadable(&it))?;
    if about.is_dir() {
        Err("is a directory".to_owned())
    } else if about.is_file() {
        Ok((file, about.len()))
    } else {
        Err("is not a regular file".to_owned())
    }
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
        // A socket cannot be opened.
        _ if error.raw_os_error() == Some(6) => "is not a regular file".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn too_large(max: u64) -> String {
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
