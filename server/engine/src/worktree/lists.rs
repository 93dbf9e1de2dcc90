//! The ignored files that a build needs: what the configuration wants linked or copied.

use super::directory::{Directory, Handle, Kind, Walker};
use super::path::{self, Path};
use crate::git::{Git, GitError};
use crate::scope::ignored::Ignored;
use crate::scope::secrets;
use domain::path::RelPath;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

/// Most files copied because of the configuration.
const MAX_FILES: usize = 20_000;
/// How deep such directories are copied.
const MAX_DEPTH: usize = 64;

/// What the configuration wants, checked.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Where links to the user's own are made. Sorted.
    pub(super) linked: Vec<Path>,
    /// The files that are copied.
    pub(super) extra: BTreeSet<Path>,
    /// Remarks a person should see.
    pub(super) notes: Vec<String>,
}

/// Where the lists count.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) top: PathBuf,
    pub(super) root: PathBuf,
    /// The root below the top.
    pub(super) prefix: Path,
    pub(super) link: Vec<String>,
    pub(super) copy: Vec<String>,
    pub(super) exclude: Vec<String>,
}

/// Checks the lists, and finds the files of what is copied. `git` is at the top.
pub(super) async fn find(git: &Git, place: Place) -> Result<Lists, GitError> {
    if place.link.is_empty() && place.copy.is_empty() {
        return Ok(Lists::default());
    }
    let (mut lists, named) = check(&place);
    let paths: Vec<Path> = named.iter().map(|it| it.path.clone()).collect();
    let ignored = git.ignored(&paths).await?;
    let work = move || {
        for named in named {
            if ignored.contains(&named.path) {
                take(&place, &mut lists, named);
            } else {
                lists.notes.push(format!(
                    "`{}` is not {} because git does not ignore it: what is not ignored is in the worktree anyway.",
                    named.said,
                    named.verb(),
                ));
            }
        }
        lists.linked.sort();
        lists.linked.dedup();
        lists
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| GitError::Cancelled)
}

/// An element of a list.
struct Named {
    said: String,
    path: Path,
    kind: Kind,
    is_link: bool,
}

impl Named {
    fn verb(&self) -> &'static str {
        if self.is_link {
            "linked into worktrees"
        } else {
            "copied to worktrees"
        }
    }
}

/// What of the lists is a path that exists.
fn check(place: &Place) -> (Lists, Vec<Named>) {
    let (mut lists, mut all) = (Lists::default(), Vec::new());
    let mut ignored = Ignored::new(&place.root, &place.exclude);
    let links = place.link.iter().map(|it| (it, true));
    for (said, is_link) in links.chain(place.copy.iter().map(|it| (it, false))) {
        match named(place, &mut ignored, said, is_link) {
            Ok(named) => all.push(named),
            Err(reason) => lists.notes.push(format!(
                "`{}` is not {} because it {reason}.",
                domain::sanitize::line(said, 200),
                if is_link {
                    "linked into worktrees"
                } else {
                    "copied to worktrees"
                },
            )),
        }
    }
    (lists, all)
}

fn named(place: &Place, ignored: &mut Ignored, said: &str, is_link: bool) -> Result<Named, String> {
    let relative = said.trim_end_matches('/').to_owned();
    let relative = RelPath::try_from(relative).map_err(|_| "is no path inside of the workspace")?;
    let path = path::join(&place.prefix, relative.as_str().as_bytes());
    if !path::is_sound(&path) {
        return Err("is no path that a worktree can have".to_owned());
    }
    let (directory, name) = path::split(&path);
    let kind = Walker::new(&place.top)
        .and_then(|mut top| top.enter(directory)?.stat(name))
        .map_err(|_| "does not exist, or lies behind a symbolic link")?
        .kind;
    if kind == Kind::Other || (kind == Kind::Link && !is_link) {
        return Err("is no file and no directory".to_owned());
    }
    match ignored.reason(relative.as_str(), kind == Kind::Directory) {
        Some(reason) => Err(reason),
        None => Ok(Named {
            said: said.to_owned(),
            path,
            kind,
            is_link,
        }),
    }
}

fn take(place: &Place, lists: &mut Lists, named: Named) {
    if named.is_link {
        lists.linked.push(named.path);
        return;
    }
    if named.kind == Kind::File {
        lists.extra.insert(named.path);
        return;
    }
    let mut files = Files {
        found: BTreeSet::new(),
        ignored: Ignored::new(&place.root, &place.exclude),
        top: &place.top,
    };
    let (directory, name) = path::split(&named.path);
    let opened = Walker::new(&place.top).and_then(|mut top| top.enter(directory)?.child(name));
    let reason = match opened.and_then(|it| files.add(&it, &named.path, 0)) {
        Ok(()) if lists.extra.len() + files.found.len() <= MAX_FILES => {
            lists.extra.append(&mut files.found);
            return;
        }
        Ok(()) => format!("has more than {MAX_FILES} files; link it instead"),
        Err(error) => format!("cannot be read: {error}"),
    };
    lists.notes.push(format!(
        "`{}` is not copied to worktrees because it {reason}.",
        named.said
    ));
}

/// The files in a directory that may be copied.
struct Files<'p> {
    found: BTreeSet<Path>,
    ignored: Ignored,
    top: &'p std::path::Path,
}

impl Files<'_> {
    fn add(&mut self, directory: &Directory, at: &[u8], depth: usize) -> io::Result<()> {
        for (name, kind) in directory.names()? {
            if self.found.len() > MAX_FILES || depth > MAX_DEPTH {
                break;
            }
            let path = path::join(at, &name);
            let is_secret = std::str::from_utf8(&path).is_ok_and(secrets::is_secret_file);
            let full = path::below(self.top, &path);
            let is_directory = kind == Kind::Directory;
            let is_kept = full.is_none_or(|it| self.ignored.reason_at(&it, is_directory).is_some());
            if !path::is_sound(&path) || is_secret || is_kept {
                continue;
            }
            if is_directory {
                self.add(&directory.child(&name)?, &path, depth + 1)?;
            } else {
                self.found.insert(path);
            }
        }
        Ok(())
    }
}
