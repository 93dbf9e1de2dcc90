//! Whether a text that was in another file is still there: what moved follows, what was copied does not, and what a check quotes holds it.

use crate::event::Checked;
use crate::read;
use crate::request::OpenBuffers;
use domain::identity::{Lines, Mark};
use domain::locate::Locator;
use domain::path::RelPath;
use domain::text::Text;
use std::collections::{BTreeMap, BTreeSet};
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
    /// Those checks that hold as far as they quote other files than that of their finding. Where that cannot be told, they do.
    pub(crate) fn standing(&self, mut checks: Vec<Checked>) -> Vec<Checked> {
        let quoted = |it: &Checked| {
            let others = it.check.evidence.iter().map(|it| &it.path);
            others.filter(|path| **path != it.path).cloned().collect()
        };
        let paths: BTreeSet<RelPath> = checks
            .iter()
            .flat_map(|it| -> Vec<RelPath> { quoted(it) })
            .collect();
        for path in paths.into_iter().take(MAX_FILES) {
            match self.text(&path) {
                Ok(Some(text)) => {
                    let locator = Locator::new(&text);
                    checks.retain(|it| it.path == path || it.check.stands_in(&path, &locator));
                }
                Ok(None) => checks.retain(|it| it.path == path || !it.check.quotes(&path)),
                Err(_) => {}
            }
        }
        checks
    }
    /// The lines of a file; none of one that is not there. An error for one that cannot be read.
    fn lines(&self, path: &RelPath) -> Result<Option<Lines>, String> {
        Ok(self.text(path)?.as_ref().map(Lines::of))
    }
    /// The text of a file, likewise.
    fn text(&self, path: &RelPath) -> Result<Option<Text>, String> {
        if let Some(buffer) = self.open.get(path) {
            return Ok(Some(buffer.text.clone()));
        }
        if self.is_gone(path) {
            return Ok(None);
        }
        let opened = read::open_inside(&self.root, path.as_str()).map_err(|it| it.to_string());
        opened.and_then(|(file, _)| file.text(self.limit)).map(Some)
    }
}
