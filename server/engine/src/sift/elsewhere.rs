//! Whether a text that was in another file is still there: what moved follows, what was copied does not.

use crate::read;
use crate::request::OpenBuffers;
use domain::identity::{Lines, Mark};
use domain::path::RelPath;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Most files that are looked into for the answers about one file or some.
const MAX_FILES: usize = 256;

/// The files of a root as they are now, read when asked for.
pub(crate) struct Elsewhere {
    root: PathBuf,
    open: OpenBuffers,
    /// Largest file that is read, in bytes.
    limit: u64,
    /// `None` for files that are not there.
    read: Mutex<BTreeMap<RelPath, Option<Lines>>>,
}

impl Elsewhere {
    pub(crate) fn new(root: &Path, open: OpenBuffers, limit: u64) -> Self {
        Self {
            root: root.to_owned(),
            open,
            limit,
            read: Mutex::default(),
        }
    }
    /// True when a file is neither on disk nor open.
    pub(crate) fn is_gone(&self, path: &RelPath) -> bool {
        !self.open.contains_key(path) && !self.root.join(path.as_str()).exists()
    }
    /// True when the lines of `mark` are no longer in the file `path`. Where that cannot be told, they are.
    pub(crate) fn has_left(&self, path: &RelPath, mark: &Mark) -> bool {
        if mark.lines.is_empty() {
            return false;
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if !read.contains_key(path) {
            if read.len() >= MAX_FILES {
                return false;
            }
            let Ok(lines) = self.lines(path) else {
                return false;
            };
            read.insert(path.clone(), lines);
        }
        let lines = read.get(path).and_then(Option::as_ref);
        lines.is_none_or(|it| !mark.stands_in(it))
    }
    /// The lines of a file; none of one that is not there. An error for one that cannot be read.
    fn lines(&self, path: &RelPath) -> Result<Option<Lines>, String> {
        if let Some(buffer) = self.open.get(path) {
            return Ok(Some(Lines::of(&buffer.text)));
        }
        if self.is_gone(path) {
            return Ok(None);
        }
        let opened = read::open_inside(&self.root, path.as_str()).map_err(|it| it.to_string());
        let text = opened.and_then(|(file, _)| file.text(self.limit))?;
        Ok(Some(Lines::of(&text)))
    }
}
