//! Making a worktree: of a repository by difference, of anything else by copying the files that were named.

use super::directory::{Directory, Handle, Walker, nanoseconds};
use super::error::WorktreeError;
use super::manifest::{Entry, Manifest, Reason};
use super::path::{self, Path};
use super::plan::{self, Terms};
use super::slots::{KEY_LEN, Slot, Slots, Wish};
use super::survey::{self, Theirs};
use super::transfer::{Done, Transfer, place};
use super::update::Update;
use super::want::{self, Asked};
use super::{Inner, Wanted, Worktree, blocking, notes};
use crate::git::repository::Repository;
use crate::git::{Git, GitError};
use crate::request::OpenBuffers;
use domain::path::RelPath;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

/// Longest time for a worktree to be ready.
const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// See [`super::Worktrees::acquire`].
pub(super) async fn acquire(
    slots: &Slots,
    wanted: Wanted,
    cancel: &CancellationToken,
) -> Result<Worktree, WorktreeError> {
    // What runs on other threads ends with this, however it ends.
    let cancel = cancel.child_token();
    let _ends = cancel.clone().drop_guard();
    let top = wanted.root.clone();
    let work = async {
        let git = Git::new(&wanted.root, wanted.environment.clone(), &cancel);
        match git.repository().await {
            Ok(repository) => {
                let update = Update::new(slots, &wanted, &git, repository, &cancel);
                match update.run().await? {
                    Some(worktree) => Ok(worktree),
                    // The root is ignored in the repository around it.
                    None => of_named(slots, &wanted, &cancel).await,
                }
            }
            Err(GitError::NotARepository) => of_named(slots, &wanted, &cancel).await,
            Err(error) => Err(WorktreeError::git(&wanted.root, error)),
        }
    };
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(done) => done,
        Err(_) => Err(WorktreeError::Deadline {
            top,
            after: DEADLINE,
        }),
    }
}

/// A copy of the files that were named. Used once.
async fn of_named(
    slots: &Slots,
    wanted: &Wanted,
    cancel: &CancellationToken,
) -> Result<Worktree, WorktreeError> {
    let (slots, wanted, cancel) = (slots.clone(), wanted.clone(), cancel.clone());
    blocking(move || {
        let wish = Wish {
            key: &key(&[&wanted.root]),
            once: true,
            most: wanted.max_worktrees,
        };
        let slot = slots.take(wish, &cancel)?;
        let (tree, _) =
            make_places(slot.path()).map_err(|it| WorktreeError::place(slot.path(), it))?;
        drop(tree);
        let at = nanoseconds(SystemTime::now());
        let asked = Asked {
            top: wanted.root.clone(),
            root: wanted.root.clone(),
            buffers: buffers(&wanted.root, &[], &wanted.open),
            named: named(&wanted.root, &[], &wanted.named),
            exclude: wanted.exclude.clone(),
            at,
            ..Asked::default()
        };
        let asked = only_named(asked);
        let (old, mut theirs) = (Manifest::default(), Theirs::default());
        let wants = want::find(asked, &old, &mut theirs, &cancel);
        let mut wants = wants.map_err(|it| theirs_error(&wanted.root, it))?;
        let terms = Terms {
            linked: &[],
            file_bytes: wanted.file_bytes,
            at,
        };
        let plan = plan::make(
            Manifest::default(),
            survey::Copy::default(),
            &mut wants,
            terms,
        );
        let size = Size::of(&plan);
        size.check(&wanted.root, wanted.max_bytes)?;
        slots.make_room(slot.path(), size.bytes, wanted.max_bytes)?;
        let transfer = Transfer {
            top: wanted.root.clone(),
            slot: slot.path().to_owned(),
            file_bytes: wanted.file_bytes,
            touched: None,
            at,
            cancel: cancel.clone(),
        };
        let done = transfer.run(plan.jobs).map_err(|it| size.explain(it))?;
        let mut manifest = Manifest {
            top: wanted.root.as_os_str().as_encoded_bytes().to_vec(),
            left_out: wants.left_out,
            modes: cfg!(unix),
            ..Manifest::default()
        };
        settle(&mut manifest, done, &mut Vec::new(), &wanted.root)?;
        let finished = Finished {
            slot: Arc::new(slot),
            manifest,
            notes: Vec::new(),
        };
        finished.into_worktree(&wanted, &wanted.root, Vec::new(), None)
    })
    .await
}

/// Buffers of files that were not named stay out.
fn only_named(mut asked: Asked) -> Asked {
    let named = std::mem::take(&mut asked.named);
    asked.buffers.retain(|path, _| named.contains(path));
    Asked { named, ..asked }
}

/// A copy that holds what it shall.
pub(super) struct Finished {
    pub(super) slot: Arc<Slot>,
    pub(super) manifest: Manifest,
    pub(super) notes: Vec<String>,
}

impl Finished {
    /// Hands it out. Makes the root where nothing is in it.
    pub(super) fn into_worktree(
        self,
        wanted: &Wanted,
        top: &FilePath,
        prefix: Path,
        git: Option<(Git, Repository)>,
    ) -> Result<Worktree, WorktreeError> {
        let tree = self.slot.path().join(place::TREE);
        let root = path::below(&tree, &prefix).unwrap_or_else(|| tree.clone());
        let made = Walker::new(&tree).and_then(|mut it| it.enter_or_make(&prefix).map(|_| ()));
        made.map_err(|it| WorktreeError::file(&root, it))?;
        let mut all = notes::left_out(&self.manifest.left_out);
        all.extend(notes::hollow(&self.manifest.hollow));
        all.extend(self.notes);
        let inner = Inner {
            root,
            users_top: top.to_owned(),
            users_root: wanted.root.clone(),
            prefix,
            manifest: self.manifest,
            git,
            exclude: wanted.exclude.clone(),
            file_bytes: wanted.file_bytes,
            counting: CancellationToken::new(),
            tree,
            slot: self.slot,
        };
        let inner = Arc::new(inner);
        Ok(Worktree { inner, notes: all })
    }
}

/// Puts what was copied into the manifest. What could not be and is in the index is added to `hidden`.
pub(super) fn settle(
    manifest: &mut Manifest,
    done: Vec<Done>,
    hidden: &mut Vec<Path>,
    top: &FilePath,
) -> Result<(), WorktreeError> {
    for done in done {
        match done {
            Done::Entry(entry) => manifest.entries.push(entry),
            Done::Absent => {}
            Done::LeftOut(want, Reason::Changing) if want.object.is_some() => {
                let path = path::below(top, &want.path);
                return Err(WorktreeError::Changing(
                    path.unwrap_or_else(|| top.to_owned()),
                ));
            }
            Done::LeftOut(want, reason) => {
                if want.object.is_some() {
                    hidden.push(want.path.clone());
                }
                manifest.left_out.push((want.path, reason));
            }
        }
    }
    manifest.entries.sort_by(|a, b| a.path.cmp(&b.path));
    manifest.left_out.sort();
    hidden.sort();
    // An agent may change them in the very moment that it gets them.
    let now = nanoseconds(SystemTime::now());
    let set = |entry: &mut Entry| entry.ours_racy = entry.ours.is_racy(now);
    manifest.entries.iter_mut().for_each(set);
    Ok(())
}

/// How much a copy is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) files: usize,
    pub(super) bytes: u64,
}

impl Size {
    pub(super) fn of(plan: &plan::Plan) -> Self {
        let same = plan.same.iter().map(|it| it.ours.size);
        let sizes = same.chain(plan.jobs.iter().map(plan::Job::size));
        let mut size = Self::default();
        for bytes in sizes {
            size.files += 1;
            size.bytes = size.bytes.saturating_add(bytes);
        }
        size
    }

    /// Refuses what is too much.
    pub(super) fn check(&self, top: &FilePath, max: u64) -> Result<(), WorktreeError> {
        let (top, files) = (top.to_owned(), self.files);
        if files > MAX_FILES {
            return Err(WorktreeError::TooMany {
                top,
                files,
                max: MAX_FILES,
            });
        }
        if self.bytes > max {
            return Err(WorktreeError::TooLarge {
                top,
                bytes: self.bytes,
                files,
                max,
            });
        }
        Ok(())
    }

    /// Says how much room is needed where there was none.
    pub(super) fn explain(&self, error: WorktreeError) -> WorktreeError {
        match error {
            WorktreeError::DiskFull { directory, .. } => WorktreeError::DiskFull {
                directory,
                needed: self.bytes,
            },
            error => error,
        }
    }
}

/// Most files in a copy.
const MAX_FILES: usize = 500_000;

/// The directories of a slot: that of the copy, and that of the texts beside it.
pub(super) fn make_places(slot: &FilePath) -> io::Result<(Directory, Directory)> {
    let slot = Directory::open(slot)?;
    let tree = slot.child_or_new(place::TREE.as_bytes())?;
    Ok((tree, slot.child_or_new(place::BASE.as_bytes())?))
}

/// A name for what is at these paths.
pub(super) fn key(paths: &[&PathBuf]) -> String {
    let mut hasher = blake3::Hasher::new();
    for path in paths {
        hasher.update(path.as_os_str().as_encoded_bytes());
        hasher.update(&[0]);
    }
    hasher.finalize().to_hex()[..KEY_LEN].to_owned()
}

/// The open buffers, each at the file that it is of: an editor may have come to it by a symbolic link.
pub(super) fn buffers(
    top: &FilePath,
    prefix: &[u8],
    open: &OpenBuffers,
) -> BTreeMap<Path, Vec<u8>> {
    let place = |path: &RelPath| {
        let said = path::join(prefix, path.as_str().as_bytes());
        resolved(top, &said)
    };
    let texts = open
        .iter()
        .filter_map(|(path, buffer)| Some((place(path)?, buffer.text.to_string().into_bytes())));
    texts.collect()
}

/// The files that were named, and those that they are links to.
pub(super) fn named(top: &FilePath, prefix: &[u8], named: &[RelPath]) -> BTreeSet<Path> {
    let mut all = BTreeSet::new();
    for path in named {
        let said = path::join(prefix, path.as_str().as_bytes());
        all.extend(resolved(top, &said));
        all.insert(said);
    }
    all
}

/// Where a path leads, links followed; `None` for a place outside. The last names need not exist.
fn resolved(top: &FilePath, said: &[u8]) -> Option<Path> {
    let full = path::below(top, said)?;
    let existing = full.ancestors().find(|it| it.symlink_metadata().is_ok())?;
    let rest = full.strip_prefix(existing).ok()?;
    let real = existing.canonicalize().ok()?;
    // Nothing can lie in a file. Joining an empty path would add a slash.
    if !rest.as_os_str().is_empty() && !real.is_dir() {
        return None;
    }
    let real = if rest.as_os_str().is_empty() {
        real
    } else {
        real.join(rest)
    };
    path::of(top, &real)
}

/// An error about the user's files.
pub(super) fn theirs_error(top: &FilePath, error: io::Error) -> WorktreeError {
    match error.kind() {
        io::ErrorKind::Interrupted => WorktreeError::Cancelled,
        _ => WorktreeError::place(top, error),
    }
}
