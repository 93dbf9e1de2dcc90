//! What has to be done so that a copy holds what it shall: told from the file attributes alone.

use super::directory::Stat;
use super::manifest::{self, Content, Entry, Manifest, Source, hash};
use super::path::{self, Path};
use super::survey::{self, Unknown};
use super::want::{Want, WantKind, Wants};
use std::collections::{BTreeSet, HashSet};

/// What has to be done.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What stays as it is.
    pub(super) same: Vec<Entry>,
    /// What is looked at or written, sorted by path.
    pub(super) jobs: Vec<Job>,
    /// What is deleted: entries that nobody wants any more. Sorted.
    pub(super) removed: Vec<Path>,
    /// What is in the way of something that is written.
    pub(super) in_the_way: Vec<Path>,
    /// What else is in the copy; whether it goes, git's rules say.
    pub(super) unknown: Vec<Unknown>,
    /// Directories that are empty now, or have nothing in them but what is ignored. Those inside of others come first.
    pub(super) emptied: Vec<Path>,
}

/// A file or link that is looked at or written.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) want: Want,
    /// Something is there.
    pub(super) replaces: bool,
    /// Its time stamps do not decide: it is as before if the contents are.
    pub(super) compare: Option<Entry>,
}

/// What a plan depends on beside the files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'t> {
    /// Where links to the user's own will be. Sorted.
    pub(super) linked: &'t [Path],
    /// The largest file that can be edited.
    pub(super) file_bytes: u64,
    /// When the user's files were looked at, in nanoseconds since 1970.
    pub(super) at: i64,
}

/// Makes the plan.
pub(super) fn make(old: Manifest, copy: survey::Copy, wants: &mut Wants, terms: Terms<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut directories = Directories::default();
    let mut gone = Directories::default();
    let mut before = old.entries.into_iter().zip(copy.entries).peekable();
    for want in std::mem::take(&mut wants.files) {
        directories.add_around(&want.path);
        while let Some(entry) = before.next_if(|it| it.0.path < want.path) {
            plan.remove(entry, &mut gone);
        }
        let before = before.next_if(|it| it.0.path == want.path);
        plan.decide(want, before, terms);
    }
    before.for_each(|it| plan.remove(it, &mut gone));
    for path in &wants.hollow {
        directories.add(path);
    }
    for path in terms.linked {
        directories.add_around(path);
    }
    for path in &old.hollow {
        gone.add(path);
    }
    gone.0.retain(|it| !directories.0.contains(it));
    let jobs: HashSet<&[u8]> = plan.jobs.iter().map(|it| it.want.path.as_slice()).collect();
    for unknown in copy.unknown {
        let path = unknown.path.as_slice();
        let name = path::split(path).1;
        let is_gone = path::directories(path).any(|it| gone.0.contains(it));
        if is_gone || manifest::is_in(terms.linked, path) {
            continue;
        }
        let is_in_the_way = jobs.contains(path) || directories.0.contains(path);
        if is_in_the_way
            || manifest::is_in(&wants.hollow, path)
            || path::is_git(name)
            || name == IGNORE_FILE
        {
            plan.in_the_way.push(unknown.path);
        } else {
            plan.unknown.push(unknown);
        }
    }
    plan.emptied = gone.0.into_iter().rev().collect();
    plan
}

/// An agent must not decide what stays in the copy.
const IGNORE_FILE: &[u8] = b".gitignore";

/// Directories and those that they are in.
#[derive(Default)]
struct Directories(BTreeSet<Path>);

impl Directories {
    fn add(&mut self, directory: &[u8]) {
        if !directory.is_empty() && !self.0.contains(directory) {
            self.0.insert(directory.to_vec());
            self.add_around(directory);
        }
    }

    fn add_around(&mut self, path: &[u8]) {
        self.add(path::split(path).0);
    }
}

impl Plan {
    fn remove(&mut self, (gone, now): (Entry, Option<Stat>), directories: &mut Directories) {
        directories.add_around(&gone.path);
        // What is a directory now is among the unknown.
        if now.is_some() {
            self.removed.push(gone.path);
        }
    }

    fn decide(&mut self, want: Want, before: Option<(Entry, Option<Stat>)>, terms: Terms<'_>) {
        let replaces = before.as_ref().is_some_and(|it| it.1.is_some());
        let is_untouched = |it: &(Entry, Option<Stat>)| it.1 == Some(it.0.ours);
        let same = before
            .filter(is_untouched)
            .and_then(|(entry, _)| compare(&want, entry, terms));
        match same {
            Some(entry) if !entry.needs_reading() => self.same.push(entry),
            compare => self.jobs.push(Job {
                want,
                replaces,
                compare,
            }),
        }
    }
}

/// The entry for what is wanted, if the copy has it already, as far as can be told without reading.
fn compare(want: &Want, mut entry: Entry, terms: Terms<'_>) -> Option<Entry> {
    match (&want.kind, &mut entry.content) {
        (WantKind::Link(wanted), Content::Link(target)) => {
            // The target was just read, unless nothing has changed.
            if wanted != target {
                return None;
            }
            entry.theirs = want.theirs;
            entry.theirs_racy = want.theirs.is_some_and(|it| it.is_racy(terms.at));
            // A link does not change, it is made anew.
            entry.ours_racy = false;
            return Some(entry);
        }
        (
            WantKind::Buffer(text),
            Content::File {
                hash: Some(old),
                source,
                ..
            },
        ) => {
            let is_same_mode = want.theirs.map(|it| it.mode) == entry.theirs.map(|it| it.mode);
            if hash(text) != *old || !is_same_mode {
                return None;
            }
            // What the disk has does not matter now, and is looked at when the buffer is closed.
            if want.theirs != entry.theirs || entry.theirs_racy {
                *source = Source::Buffer;
            }
            entry.theirs_racy = false;
        }
        (WantKind::Disk { extra }, Content::File { hash, source, .. }) => {
            let is_readable = hash.is_some() || entry.ours.size > terms.file_bytes;
            if *source == Source::Buffer || want.theirs != entry.theirs || !is_readable {
                return None;
            }
            *source = if *extra { Source::Extra } else { Source::Disk };
        }
        _ => return None,
    }
    Some(entry)
}

impl Entry {
    /// The time stamps alone do not say that it is as it was.
    fn needs_reading(&self) -> bool {
        matches!(self.content, Content::File { .. }) && (self.ours_racy || self.theirs_racy)
    }
}

impl Job {
    /// Bytes that it comes to, as far as is known.
    pub(super) fn size(&self) -> u64 {
        match &self.want.kind {
            WantKind::Buffer(text) => text.len() as u64,
            WantKind::Disk { .. } => self.want.theirs.map_or(0, |it| it.size),
            WantKind::Link(_) => 0,
        }
    }
}
