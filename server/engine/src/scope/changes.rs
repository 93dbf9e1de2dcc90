//! Gathering changes: git says which files may differ, we compare their texts ourselves, so that unsaved text
//! counts and no program of the repository's runs.

use super::files::{self, Named};
use super::ignored::Ignored;
use super::{Gathered, Place, ScopeError, Target, blocking, renames, scope_error, skipped};
use crate::event::Skipped;
use crate::git::Git;
use crate::git::changes::{Changes, Entry, Kind};
use crate::read;
use crate::request::Base;
use domain::path::RelPath;
use domain::text::Text;
use std::path::PathBuf;

/// Files compared at once; bounds the memory for earlier texts.
const CHUNK: usize = 256;

/// A file that may differ.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path: RelPath,
    pub(super) asked_for: bool,
    /// Name of its earlier text for git; `None` for a new file.
    pub(super) old: Option<String>,
    /// Name of its text in the index, when that is compared.
    pub(super) new: Option<String>,
    /// It is only known that the editor's text is not the disk's: the earlier text may not exist.
    pub(super) probe: bool,
}

/// A file that is gone; its text may have moved.
pub(super) struct Deleted {
    pub(super) path: RelPath,
    /// Name of its text for git.
    pub(super) old: String,
    /// It belongs to what was asked for.
    pub(super) included: bool,
}

/// Everything that moves between the threads.
pub(super) struct Work {
    pub(super) place: Place,
    pub(super) ignored: Ignored,
    pub(super) staged: bool,
    pub(super) gathered: Gathered,
    pub(super) deleted: Vec<Deleted>,
    pub(super) diff: String,
    pub(super) masked: Option<String>,
}

/// A new text and where it comes from.
pub(super) type New = (Candidate, Target);

pub(super) async fn gather(
    git: &Git,
    place: Place,
    base: &Base,
    paths: &[PathBuf],
) -> Result<Gathered, ScopeError> {
    let (root, cancel) = (place.root.clone(), place.cancel.clone());
    let changes = git
        .changes(base)
        .await
        .map_err(|it| scope_error(it, &root))?;
    let (staged, paths) = (*base == Base::Staged, paths.to_vec());
    let (mut work, candidates) =
        blocking(&cancel, move || Work::begin(place, staged, changes, &paths)).await?;

    for (index, chunk) in candidates.chunks(CHUNK).enumerate() {
        let rest = candidates.len() - index * CHUNK;
        if work.gathered.targets.len() >= work.place.files {
            work.gathered
                .skipped
                .extend(files::beyond_limit(&work.place, rest));
            break;
        }
        let chunk = chunk.to_vec();
        let (next, new) = blocking(&cancel, move || {
            let new = work.read_new(chunk);
            (work, new)
        })
        .await?;
        work = next;
        let names = work.objects_wanted(&new);
        let objects = git
            .objects(&names)
            .await
            .map_err(|it| scope_error(it, &root))?;
        work = blocking(&cancel, move || {
            work.compare(new, &objects);
            work
        })
        .await?;
    }
    Ok(work.end())
}

impl Work {
    /// Nothing compared yet.
    pub(super) fn of(place: Place, gathered: Gathered) -> Self {
        Self {
            ignored: Ignored::new(&place.root, &place.exclude),
            place,
            staged: false,
            gathered,
            deleted: Vec::new(),
            diff: String::new(),
            masked: None,
        }
    }

    fn begin(
        place: Place,
        staged: bool,
        changes: Changes,
        paths: &[PathBuf],
    ) -> (Self, Vec<Candidate>) {
        let ignored = Ignored::new(&place.root, &place.exclude);
        let Changes {
            base,
            base_name,
            entries,
            notes,
        } = changes;
        let gathered = Gathered {
            base: Some(base_name),
            notes,
            ..Gathered::default()
        };
        let mut work = Self {
            place,
            ignored,
            staged,
            gathered,
            deleted: Vec::new(),
            diff: String::new(),
            masked: None,
        };
        let only = Only::new(&work.place, paths, &mut work.gathered.skipped);
        let mut candidates = work.sort_out(entries, &only);
        if !staged {
            work.add_unsaved(&base, &only, &mut candidates);
        }
        candidates.sort_by(|a, b| a.path.cmp(&b.path));
        let known = |path: &RelPath| {
            work.place.open.contains_key(path)
                || std::fs::symlink_metadata(work.place.root.join(path.as_str())).is_ok()
                || work.deleted.iter().any(|it| is_below(&it.path, path))
        };
        let absent = only.paths.iter().flatten().filter(|it| !known(it));
        let absent: Vec<Skipped> = absent
            .map(|it| skipped(it, "does not exist", true))
            .collect();
        work.gathered.skipped.extend(absent);
        (work, candidates)
    }

    /// Makes candidates of what git listed.
    fn sort_out(&mut self, entries: Vec<Entry>, only: &Only) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for Entry { path, kind } in entries {
            let path = match String::from_utf8(path) {
                Ok(path) => path,
                Err(error) => {
                    let path = String::from_utf8_lossy(error.as_bytes()).into_owned();
                    self.skip(&path, "has a name that is not UTF-8", false);
                    continue;
                }
            };
            let path = match RelPath::try_from(path.clone()) {
                Ok(path) => path,
                Err(_) => {
                    let path = domain::sanitize::line(&path, RelPath::MAX_LEN);
                    self.skip(&path, "has a name with control characters", false);
                    continue;
                }
            };
            let included = only.includes(&path);
            if let Kind::Deleted { old } = &kind
                && (self.staged || !self.place.open.contains_key(&path))
            {
                self.add_deleted(path, old.clone(), included);
                continue;
            }
            let Some(asked_for) = included else { continue };
            let candidate = |old, new| Candidate {
                path: path.clone(),
                asked_for,
                old,
                new,
                probe: false,
            };
            match kind {
                Kind::Text { new: None, .. } if self.staged => {
                    self.skip(
                        &path,
                        "has merge conflicts; they have to be solved first",
                        asked_for,
                    );
                }
                Kind::Text { old, new } => candidates.push(candidate(old, new)),
                // Gone from the disk, and still open in the editor.
                Kind::Deleted { old } => candidates.push(candidate(Some(old), None)),
                Kind::Submodule => {
                    self.skip(
                        &path,
                        "is a repository of its own; review it there",
                        asked_for,
                    );
                }
                Kind::Link => self.skip(&path, "is a symbolic link", asked_for),
            }
        }
        candidates
    }

    /// Notes a file that is gone. What must not be sent is not told, and is nothing that a file was moved from.
    fn add_deleted(&mut self, path: RelPath, old: String, included: Option<bool>) {
        let asked_for = included == Some(true);
        match files::check_name(&mut self.ignored, path.as_str(), asked_for) {
            Ok(()) => self.deleted.push(Deleted {
                path,
                old,
                included: included.is_some(),
            }),
            Err(reason) if included.is_some() => self.skip(&path, reason, asked_for),
            Err(_) => {}
        }
    }

    /// Files whose text in the editor is not the disk's; git knows nothing of them.
    fn add_unsaved(&mut self, base: &str, only: &Only, candidates: &mut Vec<Candidate>) {
        let mut unsaved = Vec::new();
        for (path, buffer) in &self.place.open {
            let Some(asked_for) = only.includes(path) else {
                continue;
            };
            let listed = candidates.binary_search_by(|it| it.path.cmp(path)).is_ok();
            let on_disk =
                || read::text(&self.place.root.join(path.as_str()), self.place.file_bytes);
            if listed || on_disk().is_ok_and(|it| it == buffer.text) {
                continue;
            }
            let old = Some(format!("{base}:./{path}"));
            unsaved.push(Candidate {
                path: path.clone(),
                asked_for,
                old,
                new: None,
                probe: true,
            });
        }
        candidates.append(&mut unsaved);
    }

    /// Reads the new texts that are on disk or in the editor; those in the index come with the old ones.
    fn read_new(&mut self, chunk: Vec<Candidate>) -> Vec<New> {
        let mut new = Vec::new();
        for candidate in chunk {
            if self.place.cancel.is_cancelled() {
                break;
            }
            let Candidate {
                path, asked_for, ..
            } = &candidate;
            let full = self.place.root.join(path.as_str());
            let is_link = || std::fs::symlink_metadata(&full).is_ok_and(|it| it.is_symlink());
            let found = if self.staged {
                files::check_name(&mut self.ignored, path.as_str(), *asked_for)
                    .map(|()| files::plain(path, Text::default()))
            } else if is_link() {
                Err("is a symbolic link".to_owned())
            } else {
                files::target(&self.place, &mut self.ignored, path, *asked_for)
            };
            match found {
                Ok(target) => new.push((candidate, target)),
                Err(reason) => self.skip(&path, reason, *asked_for),
            }
        }
        new
    }

    /// Names of the objects needed for a chunk: texts in the index, earlier texts, and those of deleted files
    /// when one may have been moved.
    fn objects_wanted(&self, new: &[New]) -> Vec<String> {
        let own = new
            .iter()
            .flat_map(|(it, _)| [it.new.clone(), it.old.clone()])
            .flatten();
        let may_be_moved =
            self.deleted.len() <= renames::LIMIT && new.iter().any(|(it, _)| it.old.is_none());
        let moved = self
            .deleted
            .iter()
            .filter(|_| may_be_moved)
            .map(|it| it.old.clone());
        let mut names: Vec<String> = own.chain(moved).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    pub(super) fn end(mut self) -> Gathered {
        if self.deleted.len() > renames::LIMIT {
            self.gathered.notes.push(format!(
                "More than {} files are gone; files that were moved are taken for new ones.",
                renames::LIMIT
            ));
        }
        let deleted = self.deleted.into_iter().filter(|it| it.included);
        self.gathered.deleted.extend(deleted.map(|it| it.path));
        self.gathered.diff = Some(self.diff);
        self.gathered.masked_diff = self.masked;
        self.gathered
    }

    pub(super) fn skip(
        &mut self,
        path: &(impl ToString + ?Sized),
        reason: impl Into<String>,
        asked_for: bool,
    ) {
        self.gathered.skipped.push(skipped(path, reason, asked_for));
    }
}

/// What the changes are narrowed to.
struct Only {
    /// `None` for no narrowing.
    paths: Option<Vec<RelPath>>,
}

impl Only {
    fn new(place: &Place, paths: &[PathBuf], skipped_paths: &mut Vec<Skipped>) -> Self {
        if paths.is_empty() {
            return Self { paths: None };
        }
        let mut only = Vec::new();
        for path in paths {
            match files::locate(&place.root, path) {
                Ok(Named::Root) => return Self { paths: None },
                Ok(Named::Below(path)) => only.push(path),
                Err(reason) => skipped_paths.push(skipped(&path.display(), reason, true)),
            }
        }
        Self { paths: Some(only) }
    }

    /// Whether a file is meant, and then whether it was named itself.
    fn includes(&self, path: &RelPath) -> Option<bool> {
        match &self.paths {
            None => Some(false),
            Some(paths) if paths.contains(path) => Some(true),
            Some(paths) => paths.iter().any(|it| is_below(path, it)).then_some(false),
        }
    }
}

/// True when `path` is `directory` or in it.
fn is_below(path: &RelPath, directory: &RelPath) -> bool {
    path.as_str()
        .strip_prefix(directory.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
