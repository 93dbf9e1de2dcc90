//! What stands in a file right now: in the editor where it is open, else on disk.

use crate::documents::{Document, Documents};
use domain::text::Text;
use std::hash::{DefaultHasher, Hasher};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Largest file that is read, in bytes.
const MAX_READ: u64 = 16 << 20;

/// What stands in a file.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A text.
    Text(Text),
    /// Nothing: there is no such file.
    Missing,
    /// Something that is no text of a bearable size, or that cannot be read.
    Unreadable,
}

impl Content {
    /// The text, where it is one.
    pub(crate) fn text(self) -> Option<Text> {
        match self {
            Self::Text(text) => Some(text),
            Self::Missing | Self::Unreadable => None,
        }
    }
}

/// What stands in a file, and the document that it comes from where it is open.
pub(crate) fn now<'a>(documents: &'a Documents, file: &Path) -> (Content, Option<&'a Document>) {
    match documents.at_path(file) {
        Some(document) => (Content::Text(document.text.clone()), Some(document)),
        None => (on_disk(file), None),
    }
}

/// What stands in a file on disk.
pub(crate) fn on_disk(file: &Path) -> Content {
    // Looked at before it is opened: opening a pipe waits for its other end.
    let about = match std::fs::metadata(file) {
        Ok(about) => about,
        Err(_) if !exists(file) => return Content::Missing,
        Err(_) => return Content::Unreadable,
    };
    if !about.is_file() || about.len() > MAX_READ {
        return Content::Unreadable;
    }
    let mut text = String::new();
    let read = std::fs::File::open(file).and_then(|it| it.take(MAX_READ).read_to_string(&mut text));
    match read {
        Ok(_) => Content::Text(Text::new(&text)),
        Err(_) => Content::Unreadable,
    }
}

/// Whether there is anything of that name on disk, be it a link to nowhere; true where that cannot be found out.
pub(crate) fn exists(file: &Path) -> bool {
    match std::fs::symlink_metadata(file) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

/// Whether a file may be executed by its owner; `None` where that is no property of files, or there is none.
#[cfg(unix)]
pub(crate) fn is_executable(file: &Path) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt;
    let about = std::fs::metadata(file).ok()?;
    Some(about.permissions().mode() & 0o100 != 0)
}

/// Whether a file may be executed by its owner; `None` where that is no property of files, or there is none.
#[cfg(not(unix))]
pub(crate) fn is_executable(_file: &Path) -> Option<bool> {
    None
}

/// A hash by which a text is known again in this process.
pub(crate) fn hash(text: &Text) -> u64 {
    struct Writer(DefaultHasher);
    impl std::fmt::Write for Writer {
        fn write_str(&mut self, piece: &str) -> std::fmt::Result {
            self.0.write(piece.as_bytes());
            Ok(())
        }
    }
    let mut writer = Writer(DefaultHasher::new());
    let _ = std::fmt::write(&mut writer, format_args!("{text}"));
    writer.0.finish()
}
