//! What a copy shall hold: the files that git lists, with the open buffers over them, without what agents must not have.

use super::directory::{Handle, Kind, Stat, Walker};
use super::manifest::{self, Content, Hash, Manifest, Reason};
use super::path::{self, Path};
use super::survey::{Theirs, stop_if};
use crate::git::listing::{Listed, ListedKind, ObjectName};
use crate::scope::ignored::Ignored;
use crate::scope::secrets;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use tokio_util::sync::CancellationToken;

/// What is asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The top of the user's working tree.
    pub(super) top: std::path::PathBuf,
    /// The workspace root.
    pub(super) root: std::path::PathBuf,
    /// What git lists, sorted.
    pub(super) listing: Vec<Listed>,
    /// The open buffers.
    pub(super) buffers: BTreeMap<Path, Vec<u8>>,
    /// Files that the agent is sent to: they are copied also when their names say that they hold secrets.
    pub(super) named: BTreeSet<Path>,
    /// Ignored files that the configuration wants copied.
    pub(super) extra: BTreeSet<Path>,
    /// The globs of `review.exclude`.
    pub(super) exclude: Vec<String>,
    /// Our own place, where it lies in the working tree.
    pub(super) own: Option<Path>,
    /// When the user's files were looked at, in nanoseconds since 1970.
    pub(super) at: i64,
}

/// What a copy shall hold.
#[derive(Debug, Default)]
pub(super) struct Wants {
    /// Files and links, sorted by path, each once.
    pub(super) files: Vec<Want>,
    /// Directories that stay empty. Sorted.
    pub(super) hollow: Vec<Path>,
    /// What is left out, sorted by path, each once.
    pub(super) left_out: Vec<(Path, Reason)>,
    /// Of what is left out, what is in the index. Sorted.
    pub(super) hidden: Vec<Path>,
    /// Hash of the rules that keep files from agents.
    pub(super) rules: Hash,
    /// The index has files that are not checked out.
    pub(super) sparse: bool,
}

/// A file or link that the copy shall hold.
#[derive(Debug)]
pub(super) struct Want {
    pub(super) path: Path,
    /// The user's, now; `None` for a buffer of no file.
    pub(super) theirs: Option<Stat>,
    /// What the index has.
    pub(super) object: Option<ObjectName>,
    /// What it is.
    pub(super) kind: WantKind,
}

/// What is wanted.
#[derive(Debug)]
pub(super) enum WantKind {
    /// The file as it is on disk; true when it is ignored.
    Disk { extra: bool },
    /// The text of an open buffer.
    Buffer(Vec<u8>),
    /// A symbolic link.
    Link(Vec<u8>),
}

/// Finds out what the copy shall hold. Looks at the user's files that `theirs` does not know yet.
///
/// # Errors
/// `Interrupted` when cancelled.
pub(super) fn find(
    mut asked: Asked,
    old: &Manifest,
    theirs: &mut Theirs,
    cancel: &CancellationToken,
) -> io::Result<Wants> {
    let mut top = Walker::new(&asked.top)?;
    let mut wants = Wants::default();
    let candidates = candidates(&mut asked, &mut wants);
    let unseen = candidates.keys().map(Vec::as_slice);
    let unseen: Vec<&[u8]> = unseen
        .filter(|it| !theirs.files.contains_key(*it))
        .collect();
    theirs.look(&mut top, unseen, cancel)?;
    let mut rules = Rules::new(&asked, old, theirs);
    wants.rules = rules.name;
    for (index, (path, candidate)) in candidates.into_iter().enumerate() {
        if index % 1024 == 0 {
            stop_if(cancel)?;
        }
        let reason = rules.reason(&path, &candidate).map_or_else(
            || want(&mut top, old, theirs, path.clone(), &candidate, &mut asked),
            Err,
        );
        match reason {
            Ok(Some(want)) => wants.files.push(want),
            Ok(None) => {}
            Err(reason) => {
                if candidate.is_tracked {
                    wants.hidden.push(path.clone());
                }
                wants.left_out.push((path, reason));
            }
        }
    }
    wants.drop_impossible_buffers();
    wants.hollow.retain(|path| {
        let (directory, name) = path::split(path);
        let about = top.enter(directory).and_then(|it| it.stat(name));
        about.is_ok_and(|it| it.kind == Kind::Directory)
    });
    wants.left_out.sort();
    wants.left_out.dedup_by(|next, kept| next.0 == kept.0);
    Ok(wants)
}

impl Wants {
    /// Drops buffers of no file that lie in a file or have the path of a directory.
    fn drop_impossible_buffers(&mut self) {
        let is_new = |it: &Want| it.theirs.is_none();
        let new: Vec<Path> = self
            .files
            .iter()
            .filter(|it| is_new(it))
            .map(|it| it.path.clone())
            .collect();
        for path in new {
            let clashes = |other: &Path| {
                *other != path && (path::is_within(other, &path) || path::is_within(&path, other))
            };
            let other = self.files.iter().any(|it| clashes(&it.path));
            if other || self.hollow.iter().any(clashes) {
                self.files.retain(|it| it.path != path);
                self.left_out.push((path, Reason::Odd));
            }
        }
    }
}

/// A path that may be wanted.
#[derive(Clone, Copy, Debug, Default)]
struct Candidate {
    object: Option<ObjectName>,
    is_tracked: bool,
    is_extra: bool,
    is_named: bool,
}

/// All paths that git lists, that are open, or that were named.
fn candidates(asked: &mut Asked, wants: &mut Wants) -> BTreeMap<Path, Candidate> {
    let mut all: BTreeMap<Path, Candidate> = BTreeMap::new();
    let own = asked.own.take();
    for listed in std::mem::take(&mut asked.listing) {
        if own
            .as_ref()
            .is_some_and(|own| path::is_within(&listed.path, own))
        {
            continue;
        }
        if !path::is_sound(&listed.path) {
            wants.left_out.push((listed.path, Reason::Odd));
            continue;
        }
        let (object, is_tracked) = match listed.kind {
            ListedKind::Repository => {
                wants.hollow.push(listed.path);
                continue;
            }
            ListedKind::Sparse => {
                // One that is there nevertheless is a file like others.
                wants.sparse = true;
                (None, true)
            }
            ListedKind::Untracked => (None, false),
            ListedKind::Tracked(object) => (object, true),
        };
        let candidate = Candidate {
            object,
            is_tracked,
            ..Candidate::default()
        };
        all.insert(listed.path, candidate);
    }
    let hollow = &wants.hollow;
    let is_possible = |it: &Path| path::is_sound(it) && !manifest::is_in(hollow, it);
    for path in asked.extra.iter().filter(|it| is_possible(it)) {
        all.entry(path.clone()).or_default().is_extra = true;
    }
    for path in asked.named.iter().filter(|it| is_possible(it)) {
        all.entry(path.clone()).or_default().is_named = true;
    }
    asked.buffers.retain(|path, _| is_possible(path));
    for path in asked.buffers.keys() {
        // A file that exists and is not listed is an ignored one.
        let exists =
            || path::below(&asked.top, path).is_some_and(|it| it.symlink_metadata().is_ok());
        if !all.contains_key(path) && !exists() {
            all.insert(path.clone(), Candidate::default());
        }
    }
    all
}

/// What is wanted at a path, if anything is there.
fn want(
    top: &mut Walker,
    old: &Manifest,
    theirs: &Theirs,
    path: Path,
    candidate: &Candidate,
    asked: &mut Asked,
) -> Result<Option<Want>, Reason> {
    let about = theirs.files.get(&path).copied();
    if theirs.unreadable.contains(&path) {
        return Err(Reason::Unreadable);
    }
    let buffer = asked.buffers.remove(&path);
    let kind = match (about.map(|it| it.kind), buffer) {
        (Some(Kind::File) | None, Some(buffer)) => WantKind::Buffer(buffer),
        (Some(Kind::File), None) => WantKind::Disk {
            extra: candidate.is_extra && !candidate.is_named,
        },
        (Some(Kind::Link), _) => WantKind::Link(link(top, old, &path, about)?),
        (Some(Kind::Other), _) => return Err(Reason::Odd),
        (Some(Kind::Directory) | None, _) => return Ok(None),
    };
    Ok(Some(Want {
        path,
        theirs: about,
        object: candidate.object,
        kind,
    }))
}

/// The target of a link that may be in the copy.
fn link(
    top: &mut Walker,
    old: &Manifest,
    path: &[u8],
    about: Option<Stat>,
) -> Result<Vec<u8>, Reason> {
    let (directory, name) = path::split(path);
    let target = match old.entry(path) {
        Some(entry) if entry.theirs == about && !entry.theirs_racy => match &entry.content {
            Content::Link(target) => Some(target.clone()),
            Content::File { .. } => None,
        },
        _ => None,
    };
    let target = match target {
        Some(target) => target,
        None => {
            let here = top.enter(directory).and_then(|it| it.read_link(name));
            here.map_err(|_| Reason::Unreadable)?
        }
    };
    if stays_inside(directory, &target) {
        Ok(target)
    } else {
        Err(Reason::Outside)
    }
}

/// True for the target of a link in `directory` that surely leads to a place in the copy: relative, first up and then
/// down. Whatever links it goes over on the way down lead to a place inside themselves; only after one of them could a
/// step up go anywhere.
pub(super) fn stays_inside(directory: &[u8], target: &[u8]) -> bool {
    let is_odd = |it: &u8| cfg!(windows) && matches!(it, b'\\' | b':');
    if target.is_empty() || target.starts_with(b"/") || target.iter().any(is_odd) {
        return false;
    }
    let names = target.split(|it| *it == b'/');
    let mut names = names.filter(|it| !matches!(*it, b"" | b".")).peekable();
    let mut up = 0;
    while names.next_if(|it| *it == b"..").is_some() {
        up += 1;
    }
    let depth = path::directories(directory).count() + usize::from(!directory.is_empty());
    up <= depth && names.all(|it| it != b"..")
}

/// The rules that keep files from agents.
struct Rules<'r> {
    /// Their hash; that of none where they may change without it.
    name: Hash,
    /// `None` when no rule says anything.
    ignored: Option<Ignored>,
    /// The rules are those by which this was made.
    same: Option<&'r Manifest>,
    top: std::path::PathBuf,
}

impl<'r> Rules<'r> {
    fn new(asked: &Asked, old: &'r Manifest, theirs: &Theirs) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut add = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        add(asked.root.as_os_str().as_encoded_bytes());
        asked.exclude.iter().for_each(|it| add(it.as_bytes()));
        let files: BTreeMap<_, _> = theirs.rules.iter().collect();
        for (path, about) in &files {
            add(path);
            for number in [about.modified, about.changed] {
                add(&number.to_le_bytes());
            }
            add(&about.inode.to_le_bytes());
            add(&about.size.to_le_bytes());
        }
        let hash = manifest::shorten(&hasher.finalize());
        // What a link leads to may change without the link.
        let is_certain = |it: &&Stat| it.kind == Kind::File && !it.is_racy(asked.at);
        let is_certain = files.values().all(is_certain);
        let is_any = !asked.exclude.is_empty() || !files.is_empty();
        Self {
            name: if is_certain { hash } else { Hash::default() },
            ignored: is_any.then(|| Ignored::new(&asked.root, &asked.exclude)),
            same: (is_certain && old.rules == hash).then_some(old),
            top: asked.top.clone(),
        }
    }

    fn reason(&mut self, path: &Path, candidate: &Candidate) -> Option<Reason> {
        let is_wanted = candidate.is_named || candidate.is_extra;
        if !is_wanted && std::str::from_utf8(path).is_ok_and(secrets::is_secret_file) {
            return Some(Reason::Secret);
        }
        let ignored = self.ignored.as_mut()?;
        if self.same.is_some_and(|it| it.entry(path).is_some()) {
            return None;
        }
        let full = path::below(&self.top, path)?;
        ignored.reason_at(&full, false).map(|_| Reason::Rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_inside_when_it_goes_up_first_and_not_too_far() {
        let cases: &[(&str, &str, bool)] = &[
            ("", "a", true),
            ("", "./a//b/", true),
            ("", "..", false),
            ("", "", false),
            ("", "/etc/passwd", false),
            ("a", "..", true),
            ("a", "../b", true),
            ("a", "../..", false),
            ("a/b", "../../c", true),
            ("a/b", "../../../c", false),
            ("a/b", "./../x", true),
            // `link/..` is above what the link leads to, wherever that is.
            ("a", "link/../x", false),
        ];
        for (directory, target, expected) in cases {
            let found = stays_inside(directory.as_bytes(), target.as_bytes());
            assert_eq!(found, *expected, "{directory}: {target}");
        }
    }
}
