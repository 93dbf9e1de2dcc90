//! What becomes of each change that an agent made: an edit for the proposal, or a problem that is told.

use super::changes::Found;
use super::directory::{Handle, Kind, Stat, Walker};
use super::manifest::{Content, Source, hash};
use super::names::{Spellings, impossible};
use super::path::{self, Path};
use super::{Changed, Inner};
use crate::read;
use crate::scope::ignored::Ignored;
use crate::scope::renames;
use domain::path::RelPath;
use domain::proposal::{FileAction, FileChange};
use domain::text::Text;
use std::collections::BTreeSet;

/// Most problems that are told one by one.
const MAX_PROBLEMS: usize = 100;
/// How a file begins whose content is somewhere else, kept by Git LFS.
const LFS_POINTER: &str = "version https://git-lfs";

/// Collects what becomes of changes.
pub(super) struct Verdict<'i> {
    inner: &'i Inner,
    /// Files of the index that are not checked out.
    sparse: &'i BTreeSet<Path>,
    rules: Ignored,
    /// Made when the first new file comes.
    spellings: Option<Spellings>,
    files: Vec<FileChange>,
    deleted: Vec<(RelPath, Text)>,
    created: Vec<Created>,
    ignored: Vec<Path>,
    problems: Vec<String>,
    untold: usize,
}

/// A new file.
struct Created {
    path: RelPath,
    text: Text,
    executable: bool,
}

impl<'i> Verdict<'i> {
    pub(super) fn new(inner: &'i Inner, sparse: &'i BTreeSet<Path>) -> Self {
        Self {
            inner,
            sparse,
            rules: Ignored::new(&inner.users_root, &inner.exclude),
            spellings: None,
            files: Vec::new(),
            deleted: Vec::new(),
            created: Vec::new(),
            ignored: Vec::new(),
            problems: Vec::new(),
            untold: 0,
        }
    }

    /// What was a file or a link and is something else now.
    pub(super) fn other(&mut self, path: &[u8], kind: Kind) {
        let reason = match kind {
            Kind::Link => "is a symbolic link now, or leads to another place",
            Kind::Directory => "is a directory now",
            Kind::File => "is a file now and was a symbolic link",
            Kind::Other => "is not a regular file any more",
        };
        self.refuse(path, reason);
    }

    /// Another repository that came to be, or what came to be in one.
    pub(super) fn repository(&mut self, path: &[u8]) {
        self.refuse(path, "is a git repository, or a part of one");
    }

    /// What is new and ignored.
    pub(super) fn ignored(&mut self, path: Path, tree: &mut Walker) {
        let (directory, name) = path::split(&path);
        let here = tree.enter(directory);
        let is_empty = here.is_ok_and(|it| {
            it.child(name)
                .and_then(|it| it.names())
                .is_ok_and(|it| it.is_empty())
        });
        if path::is_git(name) || self.inner.manifest.is_hollow(&path) {
            self.repository(&path);
        } else if !is_empty {
            self.ignored.push(path);
        }
    }

    /// A file that is gone. `blocked`: a directory that it was in is a file or link now.
    pub(super) fn deleted(
        &mut self,
        path: &[u8],
        base: Option<Result<Vec<u8>, String>>,
        blocked: bool,
    ) {
        if self.is_extra(path) {
            self.ignored.push(path.to_vec());
            return;
        }
        let judged = self.relative(path).and_then(|relative| {
            if blocked {
                return Err(
                    "is gone, and a directory that it was in is a file or link now".to_owned(),
                );
            }
            let base = base.unwrap_or_else(|| Err("is a symbolic link".to_owned()))?;
            Ok((relative, self.text(&base)?))
        });
        match judged {
            Ok(deleted) => self.deleted.push(deleted),
            Err(reason) => self.refuse(path, &format!("{reason} (it was deleted)")),
        }
    }

    /// A file that may have changed.
    pub(super) fn changed(
        &mut self,
        path: &[u8],
        base: Result<Vec<u8>, String>,
        found: Result<Found, String>,
    ) {
        let Some(entry) = self.inner.manifest.entry(path) else {
            return;
        };
        let Content::File { hash: known, .. } = &entry.content else {
            return;
        };
        let mode = match &found {
            Ok(found) => {
                let is_same = *known == Some(hash(&found.bytes));
                let mode = self.mode(&entry.ours, &found.about);
                if is_same && mode.is_none() {
                    return;
                }
                mode
            }
            Err(_) => None,
        };
        if self.is_extra(path) {
            self.ignored.push(path.to_vec());
            return;
        }
        match self.edit(path, base, found, mode) {
            Ok(change) => self.files.extend(change),
            Err(reason) => self.refuse(path, &reason),
        }
    }

    fn edit(
        &self,
        path: &[u8],
        base: Result<Vec<u8>, String>,
        found: Result<Found, String>,
        mode: Option<bool>,
    ) -> Result<Option<FileChange>, String> {
        let relative = self.relative(path)?;
        let new = self.text(&found?.bytes)?;
        let base = self.text(&base?)?;
        Ok(edit(relative, base, &new, None, mode))
    }

    /// A new file.
    pub(super) fn created(&mut self, path: &[u8], found: Result<Found, String>) {
        let judged = self.relative(path).and_then(|relative| {
            self.check_new(path, &relative)?;
            let found = found?;
            let text = self.text(&found.bytes)?;
            let executable = self.inner.manifest.modes && found.about.is_executable();
            Ok(Created {
                path: relative,
                text,
                executable,
            })
        });
        match judged {
            Ok(created) => self.created.push(created),
            Err(reason) => self.refuse(path, &reason),
        }
    }

    /// Checks whether a new file may be at a path.
    fn check_new(&mut self, path: &[u8], relative: &RelPath) -> Result<(), String> {
        let manifest = &self.inner.manifest;
        if let Some(reason) = impossible(relative.as_str()) {
            return Err(reason);
        }
        let full = path::below(&self.inner.users_top, path);
        if let Some(reason) = full.and_then(|it| self.rules.reason_at(&it, false)) {
            return Err(reason);
        }
        if let Some(reason) = manifest.left_out(path) {
            return Err(format!("exists already and {}", reason.words()));
        }
        if manifest.is_hollow(path) {
            return Err("lies in a submodule or another repository".to_owned());
        }
        if self.sparse.contains(path) {
            return Err("exists already and is not checked out (sparse checkout)".to_owned());
        }
        if path::directories(path).any(|it| manifest.entry(it).is_some()) {
            return Err("lies in what was a file".to_owned());
        }
        let spellings = self.spellings.get_or_insert_with(|| {
            let entries = manifest.entries.iter().map(|it| &it.path);
            let all = entries
                .chain(&manifest.hollow)
                .chain(manifest.left_out.iter().map(|it| &it.0));
            Spellings::of(all.map(Vec::as_slice))
        });
        if spellings.has(path) {
            return Err("was a directory".to_owned());
        }
        match spellings.other(path) {
            Some(other) => Err(format!(
                "differs only by case from `{}`, which is there already",
                path::shown(other)
            )),
            None => Ok(()),
        }
    }

    /// Whether the mode is to change.
    fn mode(&self, before: &Stat, now: &Stat) -> Option<bool> {
        let (before, now) = (before.is_executable(), now.is_executable());
        (self.inner.manifest.modes && before != now).then_some(now)
    }

    fn is_extra(&self, path: &[u8]) -> bool {
        let entry = self.inner.manifest.entry(path);
        let content = entry.map(|it| &it.content);
        matches!(
            content,
            Some(Content::File {
                source: Source::Extra,
                ..
            })
        )
    }

    fn text(&self, bytes: &[u8]) -> Result<Text, String> {
        let text = read::from_bytes(bytes, self.inner.file_bytes)?;
        if bytes.starts_with(LFS_POINTER.as_bytes()) {
            return Err("is a Git LFS pointer: its content is not in the file".to_owned());
        }
        Ok(text)
    }

    /// The path in the words of the root.
    fn relative(&self, path: &[u8]) -> Result<RelPath, String> {
        let prefix = self.inner.prefix.as_slice();
        if !path::is_within(path, prefix) || path == prefix {
            return Err("is outside of the workspace".to_owned());
        }
        let rest = if prefix.is_empty() {
            path
        } else {
            &path[prefix.len() + 1..]
        };
        let text = std::str::from_utf8(rest).map_err(|_| "has a name that is not UTF-8")?;
        let odd = "has a name with control characters, or too long a path";
        RelPath::try_from(text.to_owned()).map_err(|_| odd.to_owned())
    }

    fn refuse(&mut self, path: &[u8], reason: &str) {
        if self.problems.len() >= MAX_PROBLEMS {
            self.untold += 1;
            return;
        }
        let prefix = self.inner.prefix.as_slice();
        let inside = path::is_within(path, prefix) && !prefix.is_empty() && path != prefix;
        let shown = if inside {
            &path[prefix.len() + 1..]
        } else {
            path
        };
        let shown = path::shown(shown);
        self.problems
            .push(format!("`{shown}` is not taken over: it {reason}."));
    }

    /// All of it; `refused` files were more than is taken over.
    pub(super) fn close(mut self, refused: usize) -> Changed {
        self.pair();
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        if !self.ignored.is_empty() {
            self.ignored.sort();
            let files = self.ignored.iter().map(Vec::as_slice);
            let words = format!(
                "Changes of what git ignores are not taken over: {}.",
                path::named(files)
            );
            self.problems.push(words);
        }
        if self.untold > 0 {
            let untold = self.untold;
            self.problems
                .push(format!("{untold} more changes are not taken over."));
        }
        if refused > 0 {
            self.problems.push(format!(
                "{refused} more changed files are not taken over: that many files, or files that large, are too much \
                 for one proposal."
            ));
        }
        Changed {
            files: self.files,
            problems: self.problems,
        }
    }

    /// Finds the files that were renamed among those that are gone and those that are new.
    fn pair(&mut self) {
        let deleted = std::mem::take(&mut self.deleted);
        let created = std::mem::take(&mut self.created);
        let old: Vec<Text> = deleted.iter().map(|it| it.1.clone()).collect();
        let new: Vec<&Text> = created.iter().map(|it| &it.text).collect();
        let pairs = renames::find(&old, &new);
        let (mut renamed, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for (from, to) in pairs {
            let ((path, base), target) = (&deleted[from], &created[to]);
            let mode = self.was_executable(path) != target.executable;
            let mode = (self.inner.manifest.modes && mode).then_some(target.executable);
            let rename = Some(target.path.clone());
            self.files
                .extend(edit(path.clone(), base.clone(), &target.text, rename, mode));
            renamed.insert(from);
            taken.insert(to);
        }
        for (index, (path, base)) in deleted.into_iter().enumerate() {
            if !renamed.contains(&index) {
                let action = FileAction::Delete { base };
                self.files.push(FileChange { path, action });
            }
        }
        for (index, created) in created.into_iter().enumerate() {
            if !taken.contains(&index) {
                let action = FileAction::Create {
                    text: created.text,
                    executable: created.executable,
                };
                let path = created.path;
                self.files.push(FileChange { path, action });
            }
        }
    }

    fn was_executable(&self, path: &RelPath) -> bool {
        let path = path::join(&self.inner.prefix, path.as_str().as_bytes());
        let entry = self.inner.manifest.entry(&path);
        entry.is_some_and(|it| it.ours.is_executable())
    }
}

/// A change of text, name or mode; `None` when none of them changes.
fn edit(
    path: RelPath,
    base: Text,
    new: &Text,
    rename: Option<RelPath>,
    executable: Option<bool>,
) -> Option<FileChange> {
    let change = FileChange::edit(path.clone(), base.clone(), new);
    let hunks = match change.map(|it| it.action) {
        Some(FileAction::Edit { hunks, .. }) => hunks,
        _ => Vec::new(),
    };
    if hunks.is_empty() && rename.is_none() && executable.is_none() {
        return None;
    }
    let action = FileAction::Edit {
        base,
        hunks,
        rename,
        executable,
    };
    Some(FileChange { path, action })
}
