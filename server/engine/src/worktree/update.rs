//! Bringing the copy of a repository up to date.

use super::acquire::{Finished, Size, buffers, key, make_places, named, settle, theirs_error};
use super::directory::{Directory, Handle, Walker, nanoseconds};
use super::error::WorktreeError;
use super::lists::{self, Lists};
use super::manifest::{Base, Content, Manifest};
use super::own;
use super::path::{self, Path};
use super::plan::{self, Plan, Terms};
use super::slots::{self, Slot, Slots, Wish};
use super::survey::{self, Theirs, Unknown};
use super::transfer::{Transfer, place};
use super::want::{self, Asked, Wants};
use super::{Wanted, Worktree, blocking};
use crate::git::listing::Listed;
use crate::git::repository::Repository;
use crate::git::settings::Settings;
use crate::git::{Git, GitError};
use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio_util::sync::CancellationToken;

/// So many files can be copied without asking git which of them differ from the index: their texts are simply kept.
const FEW: usize = 512;
/// The manifest of a slot, and the name that it is written under.
const MANIFEST: &str = "manifest";
const NEW_MANIFEST: &str = "manifest.new";
/// Largest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 512 * 1024 * 1024;

/// A copy of a repository that is brought up to date.
pub(super) struct Update<'u> {
    slots: &'u Slots,
    wanted: &'u Wanted,
    git: Git,
    repository: Repository,
    prefix: Path,
    cancel: &'u CancellationToken,
}

/// A slot that was entered.
struct Entered {
    slot: Arc<Slot>,
    manifest: Manifest,
    /// What builds left there may stay.
    keeps: bool,
}

/// What was found out before anything is changed.
struct Surveyed {
    copy: survey::Copy,
    theirs: Theirs,
    old: Manifest,
    listing: Vec<Listed>,
    lists: Lists,
    settings: Settings,
    /// When the files were looked at.
    at: i64,
}

/// A copy with all its files, which may have others beside them.
struct Filled {
    manifest: Manifest,
    unknown: Vec<Unknown>,
    /// Files of the index that are left out.
    hidden: Vec<Path>,
    notes: Vec<String>,
}

impl<'u> Update<'u> {
    pub(super) fn new(
        slots: &'u Slots,
        wanted: &'u Wanted,
        git: &Git,
        repository: Repository,
        cancel: &'u CancellationToken,
    ) -> Self {
        Self {
            slots,
            wanted,
            git: git.within(&repository.top),
            prefix: path::of(&repository.top, &wanted.root).unwrap_or_default(),
            repository,
            cancel,
        }
    }

    /// The worktree; `None` when git does not know the root at all.
    pub(super) async fn run(self) -> Result<Option<Worktree>, WorktreeError> {
        let Entered {
            slot,
            manifest,
            keeps,
        } = self.enter().await?;
        let filled = match self.fill(&slot, manifest, keeps).await {
            Ok(Some(filled)) => filled,
            Ok(None) => return Ok(None),
            Err(error) => {
                // A full disk needs the room, and what cannot be written is of no use.
                if matches!(
                    error,
                    WorktreeError::DiskFull { .. } | WorktreeError::File { .. }
                ) {
                    slot.condemn();
                }
                return Err(error);
            }
        };
        let finished = Finished {
            slot,
            manifest: filled.manifest,
            notes: filled.notes,
        };
        let top = self.repository.top.clone();
        let git = Some((self.git, self.repository));
        let worktree = finished.into_worktree(self.wanted, &top, self.prefix, git)?;
        worktree.count();
        Ok(Some(worktree))
    }

    /// Takes a slot and reads its manifest.
    async fn enter(&self) -> Result<Entered, WorktreeError> {
        let (slots, cancel) = (self.slots.clone(), self.cancel.clone());
        let key = key(&[&self.repository.common_dir, &self.repository.top]);
        let top = self.repository.top.clone();
        let (most, max_bytes) = (self.wanted.max_worktrees, self.wanted.max_bytes);
        blocking(move || {
            let wish = Wish {
                key: &key,
                once: false,
                most,
            };
            let slot = slots.take(wish, &cancel)?;
            let manifest = prepare(slot.path(), &top);
            let manifest = manifest.map_err(|it| WorktreeError::place(slot.path(), it))?;
            Ok(Entered {
                keeps: slot.bytes() <= max_bytes,
                slot: Arc::new(slot),
                manifest,
            })
        })
        .await
    }

    async fn fill(
        &self,
        slot: &Arc<Slot>,
        old: Manifest,
        keeps: bool,
    ) -> Result<Option<Filled>, WorktreeError> {
        let Some(surveyed) = self.survey(slot, old).await? else {
            return Ok(None);
        };
        let at = surveyed.at;
        let (lists, settings) = (surveyed.lists, surveyed.settings);
        let (old, copy) = (surveyed.old, surveyed.copy);
        let (mut theirs, linked) = (surveyed.theirs, lists.linked.clone());
        let (cancel, file_bytes) = (self.cancel.clone(), self.wanted.file_bytes);
        let (listing, extra) = (surveyed.listing, lists.extra.clone());
        let asked = Asking {
            wanted: self.wanted.clone(),
            top: self.repository.top.clone(),
            prefix: self.prefix.clone(),
            own: self.slots.directory().to_owned(),
            at,
        };
        let (plan, wants) = in_slot(slot, move || {
            let top = asked.top.clone();
            let wants = want::find(asked.of(listing, extra), &old, &mut theirs, &cancel);
            let mut wants = wants.map_err(|it| theirs_error(&top, it))?;
            let terms = Terms {
                linked: &linked,
                file_bytes,
                at,
            };
            Ok((plan::make(old, copy, &mut wants, terms), wants))
        })
        .await?;
        let size = Size::of(&plan);
        size.check(&self.repository.top, self.wanted.max_bytes)?;
        self.make_room(slot, size).await?;
        let touched = if plan.jobs.len() <= FEW {
            None
        } else {
            Some(self.git.touched().await.map_err(|it| self.git_error(it))?)
        };
        let transfer = Transfer {
            top: self.repository.top.clone(),
            slot: slot.path().to_owned(),
            file_bytes,
            touched,
            at,
            cancel: self.cancel.clone(),
        };
        let filled = self.transfer(slot, transfer, plan, wants, lists, settings);
        let filled = filled.await;
        let filled = self.complete(slot, filled.map_err(|it| size.explain(it))?, keeps);
        filled.await.map(Some).map_err(|it| size.explain(it))
    }

    /// Looks at everything at once: git at the index and at ignore rules, two threads at the files.
    async fn survey(
        &self,
        slot: &Arc<Slot>,
        old: Manifest,
    ) -> Result<Option<Surveyed>, WorktreeError> {
        let at = nanoseconds(SystemTime::now());
        let old = Arc::new(old);
        let git = async {
            tokio::try_join!(
                self.git.listing(),
                self.git.settings(own::SETTINGS),
                lists::find(&self.git, self.lists()),
            )
            .map_err(|it| self.git_error(it))
        };
        let copy = {
            let (old, cancel) = (Arc::clone(&old), self.cancel.clone());
            let tree = slot.path().join(place::TREE);
            in_slot(slot, move || {
                let found = Directory::open(&tree).and_then(|it| survey::copy(&it, &old, &cancel));
                found.map_err(|it| WorktreeError::file(&tree, it))
            })
        };
        let theirs = {
            let (old, cancel) = (Arc::clone(&old), self.cancel.clone());
            let top = self.repository.top.clone();
            blocking(move || {
                let mut theirs = Theirs::default();
                let paths = old.entries.iter().map(|it| it.path.as_slice());
                let looked =
                    Walker::new(&top).and_then(|mut it| theirs.look(&mut it, paths, &cancel));
                looked.map_err(|it| theirs_error(&top, it))?;
                Ok(theirs)
            })
        };
        let ((listing, settings, lists), copy, theirs) = tokio::try_join!(git, copy, theirs)?;
        let mut paths = listing.iter().map(|it| it.path.as_slice());
        if !self.prefix.is_empty() && !paths.any(|it| path::is_within(it, &self.prefix)) {
            return Ok(None);
        }
        Ok(Some(Surveyed {
            copy,
            theirs,
            old: Arc::try_unwrap(old).unwrap_or_else(|it| Manifest::clone(&it)),
            listing,
            lists,
            settings,
            at,
        }))
    }

    fn lists(&self) -> lists::Place {
        lists::Place {
            top: self.repository.top.clone(),
            root: self.wanted.root.clone(),
            prefix: self.prefix.clone(),
            link: self.wanted.link.clone(),
            copy: self.wanted.copy.clone(),
            exclude: self.wanted.exclude.clone(),
        }
    }

    async fn make_room(&self, slot: &Arc<Slot>, size: Size) -> Result<(), WorktreeError> {
        let (slots, path) = (self.slots.clone(), slot.path().to_owned());
        let max = self.wanted.max_bytes;
        blocking(move || slots.make_room(&path, size.bytes, max)).await
    }

    /// Makes the files and the repository of the copy.
    async fn transfer(
        &self,
        slot: &Arc<Slot>,
        transfer: Transfer,
        plan: Plan,
        wants: Wants,
        lists: Lists,
        settings: Settings,
    ) -> Result<Filled, WorktreeError> {
        let repository = self.repository.clone();
        in_slot(slot, move || {
            transfer.clean(&plan)?;
            let mut hidden = wants.hidden;
            let mut manifest = Manifest {
                top: repository.top.as_os_str().as_encoded_bytes().to_vec(),
                entries: plan.same,
                hollow: wants.hollow,
                linked: lists.linked,
                kept: Vec::new(),
                left_out: wants.left_out,
                rules: wants.rules,
                sparse: wants.sparse,
                modes: settings.get("core.filemode").is_none_or(|it| it != "false"),
            };
            let done = transfer.run(plan.jobs)?;
            settle(&mut manifest, done, &mut hidden, &transfer.top)?;
            let tree = transfer.tree();
            let mut walker = Walker::new(&tree).map_err(|it| WorktreeError::file(&tree, it))?;
            for path in &manifest.hollow {
                let made = walker.enter_or_make(path);
                made.map_err(|it| transfer.ours(path, it))?;
            }
            Directory::open(&tree)
                .and_then(|it| own::make(&it, &repository, &settings, &manifest.linked))
                .map_err(|it| own::trouble(&transfer.slot, it))?;
            Ok(Filled {
                manifest,
                unknown: plan.unknown,
                hidden,
                notes: lists.notes,
            })
        })
        .await
    }

    /// Deletes what else is in the copy unless it is ignored, makes the links, and puts the index there.
    async fn complete(
        &self,
        slot: &Arc<Slot>,
        mut filled: Filled,
        keeps: bool,
    ) -> Result<Filled, WorktreeError> {
        let tree = slot.path().join(place::TREE);
        let unknown: Vec<Path> = filled.unknown.iter().map(|it| it.path.clone()).collect();
        let kept = if keeps {
            // By the user's rules: those of the copy are the user's again.
            let git = self
                .git
                .elsewhere(&self.repository.git_dir, &tree, &self.repository.index);
            git.ignored(&unknown)
                .await
                .map_err(|it| self.git_error(it))?
        } else {
            if !unknown.is_empty() {
                filled.notes.push(TOO_MUCH_KEPT.to_owned());
            }
            HashSet::new()
        };
        let (path, repository) = (slot.path().to_owned(), self.repository.clone());
        let (mut filled, index, is_prepared) = in_slot(slot, move || {
            tidy_up(&path, &repository, &mut filled, &kept)?;
            let index = own::index_hash(&repository, &filled.hidden);
            let is_prepared = own::is_prepared(&path, &index);
            if !is_prepared {
                let taken = Directory::open(&path).and_then(|it| own::take_index(&it, &repository));
                taken.map_err(|it| own::trouble(&path, it))?;
            }
            Ok((filled, index, is_prepared))
        })
        .await?;
        if !is_prepared && !filled.hidden.is_empty() {
            let (git_dir, index) = (tree.join(own::GIT), slot.path().join(own::INDEX));
            let git = self.git.elsewhere(&git_dir, &tree, &index);
            git.hide(&filled.hidden)
                .await
                .map_err(|it| self.git_error(it))?;
        }
        let (path, repository) = (slot.path().to_owned(), self.repository.clone());
        filled = in_slot(slot, move || {
            let put = || {
                let directory = Directory::open(&path)?;
                if !is_prepared {
                    own::note_index(&directory, &repository, &index)?;
                }
                own::put_index(&path, &directory.child(place::TREE.as_bytes())?)?;
                save(&directory, &filled.manifest)
            };
            put().map_err(|it| own::trouble(&path, it))?;
            Ok(filled)
        })
        .await?;
        slots::note_bytes(&slot.bytes_file(), bytes(&filled.manifest));
        Ok(filled)
    }

    fn git_error(&self, error: GitError) -> WorktreeError {
        WorktreeError::git(&self.wanted.root, error)
    }
}

/// Works in a slot on a thread that may block. The slot is held until that has ended, also when nobody waits for it.
async fn in_slot<T: Send + 'static>(
    slot: &Arc<Slot>,
    work: impl FnOnce() -> Result<T, WorktreeError> + Send + 'static,
) -> Result<T, WorktreeError> {
    let held = Arc::clone(slot);
    blocking(move || {
        let done = work();
        drop(held);
        done
    })
    .await
}

/// What is asked for, but for what git and the disk say of it.
struct Asking {
    wanted: Wanted,
    top: PathBuf,
    prefix: Path,
    /// Where worktrees are.
    own: PathBuf,
    /// When the user's files were looked at.
    at: i64,
}

impl Asking {
    /// Blocks: open files may have to be found by links.
    fn of(self, listing: Vec<Listed>, extra: BTreeSet<Path>) -> Asked {
        let own = self.own.canonicalize().ok();
        Asked {
            listing,
            buffers: buffers(&self.top, &self.prefix, &self.wanted.open),
            named: named(&self.top, &self.prefix, &self.wanted.named),
            extra,
            own: own.and_then(|it| path::of(&self.top, &it)),
            top: self.top,
            root: self.wanted.root,
            exclude: self.wanted.exclude,
            at: self.at,
        }
    }
}

const TOO_MUCH_KEPT: &str = "What builds had left in the worktree was deleted, because it had become more than worktrees \
                             may have.";

/// Deletes what is neither the user's nor ignored, and makes the links.
fn tidy_up(
    slot: &FilePath,
    repository: &Repository,
    filled: &mut Filled,
    kept: &HashSet<Path>,
) -> Result<(), WorktreeError> {
    let tree = slot.join(place::TREE);
    let error = |path: &[u8], it: io::Error| {
        WorktreeError::file(
            &path::below(&tree, path).unwrap_or_else(|| tree.clone()),
            it,
        )
    };
    let mut walker = Walker::new(&tree).map_err(|it| error(b"", it))?;
    for unknown in std::mem::take(&mut filled.unknown) {
        if kept.contains(&unknown.path) {
            filled.manifest.kept.push(unknown.path);
            continue;
        }
        let (directory, name) = path::split(&unknown.path);
        let here = walker.enter(directory);
        here.and_then(|it| it.clear(name))
            .map_err(|it| error(&unknown.path, it))?;
    }
    for path in &filled.manifest.linked {
        let (directory, name) = path::split(path);
        let Some(target) = path::below(&repository.top, path) else {
            continue;
        };
        let made = walker.enter_or_make(directory).and_then(|here| {
            here.clear(name)?;
            here.create_link(name, target.as_os_str().as_encoded_bytes())
        });
        made.map_err(|it| error(path, it))?;
    }
    Ok(())
}

/// Makes the directories of a slot. Returns its manifest; an empty one when there is none that can be used, and then
/// nothing is in the copy.
fn prepare(slot: &FilePath, top: &FilePath) -> io::Result<Manifest> {
    make_places(slot)?;
    let directory = Directory::open(slot)?;
    let manifest = directory.open_file(MANIFEST.as_bytes()).ok();
    let manifest = manifest
        .filter(|it| it.1.size <= MAX_MANIFEST)
        .and_then(|(mut file, _)| {
            let mut bytes = Vec::new();
            io::Read::read_to_end(&mut file, &mut bytes).ok()?;
            Manifest::read(&bytes)
        });
    let is_ours = |it: &Manifest| it.top == top.as_os_str().as_encoded_bytes();
    if let Some(manifest) = manifest.filter(is_ours) {
        return Ok(manifest);
    }
    for name in [place::TREE, place::BASE, MANIFEST, own::INDEX] {
        directory.clear(name.as_bytes())?;
    }
    make_places(slot)?;
    Ok(Manifest::default())
}

/// Writes the manifest; whole or not at all.
fn save(directory: &Directory, manifest: &Manifest) -> io::Result<()> {
    directory.clear(NEW_MANIFEST.as_bytes())?;
    let mut file = directory.create(NEW_MANIFEST.as_bytes(), 0o600)?;
    io::Write::write_all(&mut file, &manifest.write())?;
    drop(file);
    directory.rename(NEW_MANIFEST.as_bytes(), directory, MANIFEST.as_bytes())
}

/// Bytes of a copy and of the texts beside it, without what builds leave there.
pub(super) fn bytes(manifest: &Manifest) -> u64 {
    let of = |content: &Content, size: u64| match content {
        Content::File {
            base: Base::Kept, ..
        } => size.saturating_mul(2),
        _ => size,
    };
    let sizes = manifest
        .entries
        .iter()
        .map(|it| of(&it.content, it.ours.size));
    sizes.fold(0, u64::saturating_add)
}
