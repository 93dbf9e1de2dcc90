//! Looking at the files as they are now, the user's and those of a copy, without reading them.

use super::directory::{Directory, Handle, Kind, Stat, Walker};
use super::manifest::Manifest;
use super::path::{self, Path};
use crate::scope::ignored;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path as FilePath;
use tokio_util::sync::CancellationToken;

/// What is in a copy.
#[derive(Debug, Default)]
pub(super) struct Copy {
    /// The entries of its manifest, in that order, as they are now.
    pub(super) entries: Vec<Option<Stat>>,
    /// What is there beside them. A directory stands for all in it.
    pub(super) unknown: Vec<Unknown>,
}

impl Copy {
    /// True when a directory is at a path that is none in the manifest.
    pub(super) fn is_directory(&self, path: &[u8]) -> bool {
        let index = self
            .unknown
            .binary_search_by(|it| it.path.as_slice().cmp(path));
        index.is_ok_and(|it| self.unknown[it].is_directory)
    }
}

/// Something in a copy that its manifest does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unknown {
    pub(super) path: Path,
    pub(super) is_directory: bool,
}

/// The user's files by path; absent where there is nothing.
#[derive(Debug, Default)]
pub(super) struct Theirs {
    pub(super) files: HashMap<Path, Stat>,
    /// Files in directories that cannot be entered.
    pub(super) unreadable: HashSet<Path>,
    /// The files that say what is kept from agents, in all directories that were looked at.
    pub(super) rules: HashMap<Path, Stat>,
    /// The directories that were looked at.
    looked_at: HashSet<Path>,
}

/// Looks at all of a copy but its `.git`.
///
/// # Errors
/// The system's, when the copy is not there or cannot be read; `Interrupted` when cancelled.
pub(super) fn copy(
    tree: &Directory,
    manifest: &Manifest,
    cancel: &CancellationToken,
) -> io::Result<Copy> {
    let entries = manifest.entries.iter().enumerate();
    let entries = entries.map(|(index, it)| (it.path.as_slice(), Known::Entry(index)));
    let hollow = manifest
        .hollow
        .iter()
        .map(|it| (it.as_slice(), Known::Hollow));
    let linked = manifest
        .linked
        .iter()
        .map(|it| (it.as_slice(), Known::Linked));
    let mut all: Vec<(&[u8], Known)> = entries.chain(hollow).chain(linked).collect();
    all.sort_by_key(|it| it.0);
    let mut survey = CopySurvey {
        found: Copy {
            entries: vec![None; manifest.entries.len()],
            unknown: Vec::new(),
        },
        cancel,
    };
    survey.directory(tree, &[], &all)?;
    survey.found.unknown.sort_unstable();
    Ok(survey.found)
}

/// What a manifest has at a path.
#[derive(Clone, Copy, Debug)]
enum Known {
    Entry(usize),
    Hollow,
    Linked,
}

/// What a manifest has at a name in a directory.
enum Child<'k> {
    Known(Known),
    /// The paths below it.
    Directory(&'k [(&'k [u8], Known)]),
}

struct CopySurvey<'c> {
    found: Copy,
    cancel: &'c CancellationToken,
}

impl CopySurvey<'_> {
    /// One directory; `known` are the paths below it, sorted.
    fn directory(
        &mut self,
        directory: &Directory,
        at: &[u8],
        known: &[(&[u8], Known)],
    ) -> io::Result<()> {
        stop_if(self.cancel)?;
        let mut children = children(at, known);
        for (name, kind) in directory.names()? {
            if at.is_empty() && name == b".git" {
                continue;
            }
            match children.remove(name.as_slice()) {
                Some(Child::Known(Known::Entry(index))) if kind != Kind::Directory => {
                    self.found.entries[index] = absent(directory.stat(&name))?;
                }
                Some(Child::Known(Known::Linked)) if kind == Kind::Link => {}
                Some(Child::Known(Known::Hollow)) if kind == Kind::Directory => {
                    let path = path::join(at, &name);
                    for (name, kind) in directory.child_allowed(&name)?.names()? {
                        self.unknown(path::join(&path, &name), kind);
                    }
                }
                Some(Child::Directory(below)) if kind == Kind::Directory => {
                    let path = path::join(at, &name);
                    self.directory(&directory.child_allowed(&name)?, &path, below)?;
                }
                _ => self.unknown(path::join(at, &name), kind),
            }
        }
        Ok(())
    }

    fn unknown(&mut self, path: Path, kind: Kind) {
        let is_directory = kind == Kind::Directory;
        self.found.unknown.push(Unknown { path, is_directory });
    }
}

/// The names right below a directory.
fn children<'k>(at: &[u8], mut known: &'k [(&'k [u8], Known)]) -> HashMap<&'k [u8], Child<'k>> {
    let from = if at.is_empty() { 0 } else { at.len() + 1 };
    let mut children = HashMap::new();
    while let Some((path, kind)) = known.first() {
        let name = &path[from..];
        match name.iter().position(|it| *it == b'/') {
            None => {
                children.insert(name, Child::Known(*kind));
                known = &known[1..];
            }
            Some(end) => {
                let directory = &path[..=from + end];
                let (below, rest) =
                    known.split_at(known.partition_point(|it| it.0.starts_with(directory)));
                children.insert(&name[..end], Child::Directory(below));
                known = rest;
            }
        }
    }
    children
}

impl Theirs {
    /// Looks at paths of the user's, sorted, that were not looked at yet.
    ///
    /// # Errors
    /// `Interrupted` when cancelled. What cannot be looked at is absent.
    pub(super) fn look<'p>(
        &mut self,
        top: &mut Walker,
        paths: impl IntoIterator<Item = &'p [u8]>,
        cancel: &CancellationToken,
    ) -> io::Result<()> {
        for path in paths {
            let (directory, name) = path::split(path);
            if !top.is_at(directory) {
                stop_if(cancel)?;
                self.look_for_rules(top, directory);
            }
            match top.enter(directory).and_then(|it| it.stat(name)) {
                Ok(about) => {
                    self.files.insert(path.to_vec(), about);
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    self.unreadable.insert(path.to_vec());
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Looks for rules in a directory and in those that it is in.
    fn look_for_rules(&mut self, top: &mut Walker, directory: &[u8]) {
        if self.looked_at.contains(directory) {
            return;
        }
        self.looked_at.insert(directory.to_vec());
        if !directory.is_empty() {
            self.look_for_rules(top, path::split(directory).0);
        }
        let Ok(here) = top.enter(directory) else {
            return;
        };
        for name in ignored::FILES {
            if let Ok(about) = here.stat(name.as_bytes()) {
                self.rules
                    .insert(path::join(directory, name.as_bytes()), about);
            }
        }
    }
}

/// Bytes of all files at and below these paths.
///
/// # Errors
/// `Interrupted` when cancelled; else the system's for the copy itself. What cannot be looked at counts as nothing.
pub(super) fn bytes(
    tree: &FilePath,
    paths: &[Path],
    cancel: &CancellationToken,
) -> io::Result<u64> {
    let mut walker = Walker::new(tree)?;
    let mut bytes = 0;
    for path in paths {
        let (directory, name) = path::split(path);
        if let Ok(here) = walker.enter(directory) {
            bytes += bytes_at(here, name, MAX_COUNTED_DEPTH, cancel)?;
        }
    }
    Ok(bytes)
}

/// How deep bytes are counted.
const MAX_COUNTED_DEPTH: usize = 64;

fn bytes_at(
    directory: &Directory,
    name: &[u8],
    depth: usize,
    cancel: &CancellationToken,
) -> io::Result<u64> {
    stop_if(cancel)?;
    match directory.stat(name) {
        Ok(about) if about.kind == Kind::File => Ok(about.size),
        Ok(about) if about.kind == Kind::Directory && depth > 0 => {
            let Ok(child) = directory.child(name) else {
                return Ok(0);
            };
            let mut bytes = 0;
            for (name, _) in child.names().unwrap_or_default() {
                bytes += bytes_at(&child, &name, depth - 1, cancel)?;
            }
            Ok(bytes)
        }
        _ => Ok(0),
    }
}

/// Nothing there is no error.
pub(super) fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(it) => Ok(Some(it)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// `Interrupted` when cancelled.
pub(super) fn stop_if(cancel: &CancellationToken) -> io::Result<()> {
    if cancel.is_cancelled() {
        Err(io::ErrorKind::Interrupted.into())
    } else {
        Ok(())
    }
}
