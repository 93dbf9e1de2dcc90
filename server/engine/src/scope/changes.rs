//! Gathering changes: git says which files may differ, we compare their texts ourselves, so that unsaved text
//! counts and no program of the repository's runs.

use super::diff::{Diff, Header};
use super::files::{self, Named};
use super::ignored::Ignored;
use super::{
    Gathered, LineRange, Place, ScopeError, Target, blocking, read, renames, scope_error, secrets,
    skipped,
};
use crate::event::Skipped;
use crate::git::Git;
use crate::git::changes::{Changes, Entry, Kind};
use crate::git::objects::Objects;
use crate::request::Base;
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use std::path::PathBuf;

/// Files compared at once; bounds the memory for earlier texts.
const CHUNK: usize = 256;
/// How much larger than the limit for a file its earlier text may be.
const OLD_FACTOR: u64 = 8;
/// How a file starts that Git LFS keeps elsewhere.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A file that may differ.
#[derive(Clone, Debug)]
struct Candidate {
    path: RelPath,
    asked_for: bool,
    /// Name of its earlier text for git; `None` for a new file.
    old: Option<String>,
    /// Name of its text in the index, when that is compared.
    new: Option<String>,
    /// It is only known that the editor's text is not the disk's: the earlier text may not exist.
    probe: bool,
}

/// Everything that moves between the threads.
struct Work {
    place: Place,
    ignored: Ignored,
    staged: bool,
    gathered: Gathered,
    /// Deleted files and the names of their texts.
    deleted: Vec<(RelPath, String)>,
    diff: String,
    masked: Option<String>,
}

/// A new text and where it comes from.
type New = (Candidate, Target);

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
                || work.deleted.iter().any(|(it, _)| is_below(it, path))
        };
        let absent: Vec<Skipped> = only
            .paths
            .iter()
            .flatten()
            .filter(|it| !known(it))
            .collect::<Vec<_>>()
            .into_iter()
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
                    self.skip(path, "has a name that is not UTF-8", false);
                    continue;
                }
            };
            let path = match RelPath::try_from(path.clone()) {
                Ok(path) => path,
                Err(_) => {
                    let path = domain::sanitize::line(&path, RelPath::MAX_LEN);
                    self.skip(path, "has a name with control characters", false);
                    continue;
                }
            };
            let Some(asked_for) = only.includes(&path) else {
                continue;
            };
            let candidate = |old, new| Candidate {
                path: path.clone(),
                asked_for,
                old,
                new,
                probe: false,
            };
            match kind {
                Kind::Text { old, new: None } if self.staged => {
                    let _ = old;
                    self.skip(
                        &path,
                        "has merge conflicts; they have to be solved first",
                        asked_for,
                    );
                }
                Kind::Text { old, new } => candidates.push(candidate(old, new)),
                // Gone from the disk, and still open in the editor.
                Kind::Deleted { old } if !self.staged && self.place.open.contains_key(&path) => {
                    candidates.push(candidate(Some(old), None));
                }
                Kind::Deleted { old } => self.deleted.push((path, old)),
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
                Err(reason) => self.skip(path, reason, *asked_for),
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
            .map(|(_, it)| it.clone());
        let mut names: Vec<String> = own.chain(moved).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Compares a chunk with its earlier texts.
    fn compare(&mut self, new: Vec<New>, objects: &Objects) {
        let mut pairs: Vec<(Target, Option<(RelPath, Text)>)> = Vec::new();
        for (candidate, target) in new {
            let Candidate {
                path, asked_for, ..
            } = candidate.clone();
            match self.pair(candidate, target, objects) {
                Ok(Some(pair)) => pairs.push(pair),
                Ok(None) => {}
                Err(reason) => self.skip(path, reason, asked_for),
            }
        }
        self.find_renames(&mut pairs, objects);
        let mut left = 0;
        for (target, old) in pairs {
            if self.gathered.targets.len() < self.place.files {
                self.add(target, old.as_ref());
            } else {
                left += 1;
            }
        }
        self.gathered
            .skipped
            .extend(files::beyond_limit(&self.place, left));
    }

    /// A target with its earlier path and text; nothing when there is nothing to compare after all.
    #[expect(clippy::type_complexity, reason = "a pair and its absence")]
    fn pair(
        &self,
        candidate: Candidate,
        mut target: Target,
        objects: &Objects,
    ) -> Result<Option<(Target, Option<(RelPath, Text)>)>, String> {
        let Candidate {
            path,
            old,
            new,
            probe,
            ..
        } = candidate;
        let missing = || {
            if objects.cut {
                "has too much text to compare at once"
            } else {
                "has no text in git that can be read here"
            }
        };
        if let Some(new) = new {
            let bytes = objects.get(&new).ok_or_else(missing)?;
            self.read_index(&mut target, bytes)?;
        }
        let Some(name) = old else {
            return Ok(Some((target, None)));
        };
        let Some(old) = objects.get(&name) else {
            let is_on_disk =
                || std::fs::symlink_metadata(self.place.root.join(path.as_str())).is_ok();
            return match probe {
                // Neither in the base nor untracked: ignored.
                true if is_on_disk() => Ok(None),
                true => Ok(Some((target, None))),
                false => Err(missing().to_owned()),
            };
        };
        if old.starts_with(LFS_POINTER)
            && !target.text.to_string().as_bytes().starts_with(LFS_POINTER)
        {
            return Err("is kept by Git LFS".to_owned());
        }
        if old.len() as u64 > self.place.file_bytes.saturating_mul(OLD_FACTOR) {
            return Err("was much larger before than the limit for a file".to_owned());
        }
        // What was no text before is new as text.
        let old = (!read::is_binary(old)).then(|| (path, Text::new(&String::from_utf8_lossy(old))));
        Ok(Some((target, old)))
    }

    /// Gives a target the text of the index, beside that of the disk and the editor.
    fn read_index(&self, target: &mut Target, bytes: &[u8]) -> Result<(), String> {
        target.text = read::from_bytes(bytes, self.place.file_bytes)?;
        let buffer = self.place.open.get(&target.path);
        target.version = buffer
            .filter(|it| it.text == target.text)
            .map(|it| it.version);
        let on_disk = read::text(
            &self.place.root.join(target.path.as_str()),
            self.place.file_bytes,
        );
        target.disk = on_disk.ok().filter(|it| *it != target.text);
        Ok(())
    }

    /// Gives new files that were moved here their earlier text.
    fn find_renames(&mut self, pairs: &mut [(Target, Option<(RelPath, Text)>)], objects: &Objects) {
        let read = |name: &String| {
            objects
                .get(name)
                .map(|it| Text::new(&String::from_utf8_lossy(it)))
        };
        let deleted: Vec<Text> = self
            .deleted
            .iter()
            .map(|(_, it)| read(it).unwrap_or_default())
            .collect();
        let (new, texts): (Vec<usize>, Vec<Text>) = pairs
            .iter()
            .enumerate()
            .filter(|(_, (_, old))| old.is_none())
            .map(|(index, (target, _))| (index, target.text.clone()))
            .unzip();
        let found = renames::find(&deleted, &texts.iter().collect::<Vec<_>>());
        for (from, to) in &found {
            let path = self.deleted[*from].0.clone();
            pairs[new[*to]].1 = Some((path, deleted[*from].clone()));
        }
        let mut index = 0;
        self.deleted.retain(|_| {
            index += 1;
            found.iter().all(|(from, _)| *from != index - 1)
        });
    }

    /// Adds a target if any line of it differs.
    fn add(&mut self, mut target: Target, old: Option<&(RelPath, Text)>) {
        let old_text = old.map(|(_, text)| text);
        let diff = Diff::new(old_text, &target.text);
        if diff.is_empty() {
            return;
        }
        target.ranges = old.map(|_| match diff.ranges() {
            // Emptied: its one empty line stands for it.
            ranges if ranges.is_empty() => vec![LineRange {
                start_line: 1,
                end_line: 1,
            }],
            ranges => ranges,
        });
        let header = Header {
            old: old.map(|(path, _)| path.as_str()),
            new: target.path.as_str(),
        };
        let section = diff.section(header, old_text, &target.text);
        target.diff = Some(TextRange::new(
            self.diff.len(),
            self.diff.len() + section.len(),
        ));
        self.add_masked(&diff, header, old_text, &target.text, &section);
        self.diff.push_str(&section);
        self.gathered.targets.push(target);
    }

    fn add_masked(
        &mut self,
        diff: &Diff,
        header: Header<'_>,
        old: Option<&Text>,
        new: &Text,
        section: &str,
    ) {
        let (masked_old, masked_new) = (old.and_then(secrets::masked), secrets::masked(new));
        if masked_old.is_some() || masked_new.is_some() {
            let section = diff.section(
                header,
                masked_old.as_ref().or(old),
                masked_new.as_ref().unwrap_or(new),
            );
            self.masked
                .get_or_insert_with(|| self.diff.clone())
                .push_str(&section);
        } else if let Some(masked) = &mut self.masked {
            masked.push_str(section);
        }
    }

    fn end(mut self) -> Gathered {
        if self.deleted.len() > renames::LIMIT {
            self.gathered.notes.push(format!(
                "More than {} files are gone; files that were moved are taken for new ones.",
                renames::LIMIT
            ));
        }
        self.gathered.deleted = self.deleted.into_iter().map(|(path, _)| path).collect();
        self.gathered.diff = Some(self.diff);
        self.gathered.masked_diff = self.masked;
        self.gathered
    }

    fn skip(&mut self, path: impl ToString, reason: impl Into<String>, asked_for: bool) {
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
                Err(reason) => skipped_paths.push(skipped(path.display(), reason, true)),
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
