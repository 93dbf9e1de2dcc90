//! Going from directory to directory, so that paths that come in order open each directory once.

use super::{Directory, Handle};
use std::io;
use std::path::Path;

/// Opens the directories of paths below a start, one after the other; those that the next path shares stay open.
#[derive(Debug)]
pub(in super::super) struct Walker {
    start: Directory,
    /// The directories on the way to where it is, each with the length of its path.
    way: Vec<(usize, Directory)>,
    at: Vec<u8>,
}

impl Walker {
    /// From the directory at `path`.
    ///
    /// # Errors
    /// The system's.
    pub(in super::super) fn new(path: &Path) -> io::Result<Self> {
        Directory::open(path).map(Self::from)
    }

    /// The directory at `path`, `/` between names; empty for the start. Fails at a link.
    ///
    /// # Errors
    /// The system's.
    pub(in super::super) fn enter(&mut self, path: &[u8]) -> io::Result<&Directory> {
        self.go(path, Directory::child)
    }

    /// The same, with directories made where there are none. What else is in their place is deleted.
    ///
    /// # Errors
    /// The system's.
    pub(in super::super) fn enter_or_make(&mut self, path: &[u8]) -> io::Result<&Directory> {
        self.go(path, Directory::child_or_new)
    }

    /// The same, but what else is there stays, and is an error.
    ///
    /// # Errors
    /// The system's.
    pub(in super::super) fn make_missing(&mut self, path: &[u8]) -> io::Result<&Directory> {
        self.go(path, |here, name| match here.child(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                here.make(name)?;
                here.child(name)
            }
            child => child,
        })
    }

    /// True when the walker is in that directory already.
    pub(in super::super) fn is_at(&self, path: &[u8]) -> bool {
        self.at == path
    }

    fn go(
        &mut self,
        path: &[u8],
        step: impl Fn(&Directory, &[u8]) -> io::Result<Directory>,
    ) -> io::Result<&Directory> {
        while !is_within(&self.at, path) {
            self.way.pop();
            self.at.truncate(self.way.last().map_or(0, |it| it.0));
        }
        while self.at.len() < path.len() {
            let from = if self.at.is_empty() {
                0
            } else {
                self.at.len() + 1
            };
            let rest = &path[from..];
            let end = rest.iter().position(|it| *it == b'/');
            let end = end.map_or(path.len(), |it| from + it);
            let here = self.way.last().map_or(&self.start, |it| &it.1);
            let next = step(here, &path[from..end])?;
            self.way.push((end, next));
            self.at = path[..end].to_vec();
        }
        Ok(self.way.last().map_or(&self.start, |it| &it.1))
    }
}

impl From<Directory> for Walker {
    fn from(start: Directory) -> Self {
        Self {
            start,
            way: Vec::new(),
            at: Vec::new(),
        }
    }
}

/// True when `path` is `directory` or lies in it; everything lies in the start.
fn is_within(directory: &[u8], path: &[u8]) -> bool {
    directory.is_empty()
        || path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}
