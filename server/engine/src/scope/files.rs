//! Gathering named files, directories and selections. Starts no program.

use super::ignored::Ignored;
use super::{Gathered, LineRange, Place, ScopeError, Target, exclude, secrets, skipped};
use crate::event::Skipped;
use crate::read::{self, Refused};
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use ignore::gitignore::Gitignore;
use ignore::{DirEntry, WalkBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Directories of version control systems; never walked into.
const VERSION_CONTROL: &[&str] = &[".git", ".hg", ".jj", ".svn"];

/// Files and directories. In a directory everything counts that is not hidden, not ignored and no symbolic link.
pub(super) fn gather(place: &Place, paths: &[PathBuf]) -> Result<Gathered, ScopeError> {
    let mut gathered = Gathered::default();
    let mut ignored = Ignored::new(&place.root, &place.exclude);
    let (named, directories) = sort_out(place, paths, &mut gathered.skipped);
    let mut wanted: BTreeMap<RelPath, bool> = BTreeMap::new();
    for directory in &directories {
        // The walk does not ask about the place where it starts.
        let name = directory
            .strip_prefix(&place.root)
            .ok()
            .and_then(Path::to_str)
            .unwrap_or_default();
        let trap = || directory.ancestors().find_map(exclude::trap);
        if let Some(reason) = ignored.reason(name, true).or_else(trap) {
            let name = if name.is_empty() { "." } else { name };
            gathered
                .skipped
                .push(skipped(&format!("{name}/"), reason, true));
            continue;
        }
        ignored = walk(
            place,
            directory,
            ignored,
            &mut wanted,
            &mut gathered.skipped,
        )?;
    }
    wanted.extend(named.into_iter().map(|path| (path, true)));

    let mut left = 0;
    for (path, asked_for) in wanted {
        stop_if_cancelled(place)?;
        if gathered.targets.len() >= place.files {
            left += 1;
            continue;
        }
        match target(place, &mut ignored, &path, asked_for) {
            Ok(target) => gathered.targets.push(target),
            Err(reason) => gathered.skipped.push(skipped(&path, reason, asked_for)),
        }
    }
    gathered.skipped.extend(beyond_limit(place, left));
    Ok(gathered)
}

/// A part of one file.
pub(super) fn selection(place: &Place, path: &RelPath, range: TextRange) -> Gathered {
    let mut ignored = Ignored::new(&place.root, &place.exclude);
    match target(place, &mut ignored, path, true) {
        Ok(mut target) => {
            target.ranges = Some(vec![lines_of(&target.text, range)]);
            Gathered {
                targets: vec![target],
                ..Gathered::default()
            }
        }
        Err(reason) => Gathered {
            skipped: vec![skipped(path, reason, true)],
            ..Gathered::default()
        },
    }
}

/// The lines that a range of bytes touches. A range that ends at the start of a line does not touch it.
fn lines_of(text: &Text, range: TextRange) -> LineRange {
    let range = text.clamp(range);
    let first = text.line_of(range.start);
    let mut last = text.line_of(range.end);
    if last > first
        && text
            .line_range(last)
            .is_some_and(|it| it.start == range.end)
    {
        last -= 1;
    }
    LineRange {
        start_line: number(first + 1),
        end_line: number(last + 1),
    }
}

/// A count of lines in 32 bits; files are far below that.
pub(super) fn number(lines: usize) -> u32 {
    u32::try_from(lines).unwrap_or(u32::MAX)
}

pub(super) fn stop_if_cancelled(place: &Place) -> Result<(), ScopeError> {
    if place.cancel.is_cancelled() {
        Err(ScopeError::Cancelled)
    } else {
        Ok(())
    }
}

/// Reads one file, the editor's text first, if it may be sent at all.
///
/// # Errors
/// Why it is not looked at, in words that follow its name.
pub(super) fn target(
    place: &Place,
    ignored: &mut Ignored,
    path: &RelPath,
    asked_for: bool,
) -> Result<Target, String> {
    check_name(ignored, path.as_str(), asked_for)?;
    let on_disk = match read::open_inside(&place.root, path.as_str()) {
        Ok((file, inside)) => {
            // What keeps a file on this machine holds for its own name and for the one that it leads to.
            check_name(ignored, &inside.to_string_lossy(), asked_for)?;
            file.text(place.file_bytes)
        }
        Err(Refused::Unreadable(reason)) => Err(reason),
        Err(outside) => return Err(outside.to_string()),
    };
    let Some(buffer) = place.open.get(path) else {
        return Ok(plain(path, on_disk?));
    };
    read::check(&buffer.text, place.file_bytes)?;
    Ok(Target {
        version: Some(buffer.version),
        disk: on_disk.ok().filter(|it| *it != buffer.text),
        ..plain(path, buffer.text.clone())
    })
}

/// A target without anything special.
pub(super) fn plain(path: &RelPath, text: Text) -> Target {
    Target {
        path: path.clone(),
        text,
        version: None,
        ranges: None,
        disk: None,
        diff: None,
    }
}

/// Checks what a name alone says.
///
/// # Errors
/// Why it is not looked at, in words that follow its name.
pub(super) fn check_name(ignored: &mut Ignored, path: &str, asked_for: bool) -> Result<(), String> {
    if let Some(reason) = ignored.reason(path, false) {
        return Err(reason);
    }
    if !asked_for && secrets::is_secret_file(path) {
        return Err("holds secrets by its name; name it to have it reviewed".to_owned());
    }
    Ok(())
}

/// Splits what was named into files and directories.
fn sort_out(
    place: &Place,
    paths: &[PathBuf],
    skipped_paths: &mut Vec<Skipped>,
) -> (BTreeSet<RelPath>, BTreeSet<PathBuf>) {
    let (mut files, mut directories) = (BTreeSet::new(), BTreeSet::new());
    for path in paths {
        match locate(&place.root, path) {
            Ok(Named::Root) => {
                directories.insert(place.root.clone());
            }
            Ok(Named::Below(name)) => {
                let full = place.root.join(name.as_str());
                let is_directory = full.is_dir() && !place.open.contains_key(&name);
                if !is_directory {
                    files.insert(name);
                } else if read::resolve(&full).is_ok_and(|it| it.starts_with(&place.root)) {
                    directories.insert(full);
                } else {
                    let reason = "leads out of the workspace by a symbolic link";
                    skipped_paths.push(skipped(&path.display(), reason, true));
                }
            }
            Err(reason) => skipped_paths.push(skipped(&path.display(), reason, true)),
        }
    }
    (files, directories)
}

/// A path that was named.
pub(super) enum Named {
    /// The root itself.
    Root,
    /// Something below it.
    Below(RelPath),
}

/// The place of a path, absolute or relative to the root, in the words of the root.
///
/// # Errors
/// Why there is none, in words that follow its name.
pub(super) fn locate(root: &Path, path: &Path) -> Result<Named, String> {
    let full = normalise(&root.join(path));
    let inside = match full.strip_prefix(root) {
        Ok(inside) => inside.to_owned(),
        // The root has no symbolic links in it; the named path may.
        Err(_) => match read::resolve(&full) {
            Ok(resolved) => resolved
                .strip_prefix(root)
                .map_err(|_| "is outside of the workspace")?
                .to_owned(),
            Err(reason)
                if reason == "does not exist" && full.parent().is_some_and(|it| !it.exists()) =>
            {
                return Err(reason);
            }
            Err(_) => return Err("is outside of the workspace".to_owned()),
        },
    };
    if inside.as_os_str().is_empty() {
        return Ok(Named::Root);
    }
    rel_path(&inside).map(Named::Below)
}

/// Resolves `.` and `..` by the letters, as shells show paths.
fn normalise(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            component => normal.push(component),
        }
    }
    normal
}

/// A path below the root in its plain form.
///
/// # Errors
/// Why there is none, in words that follow its name.
fn rel_path(inside: &Path) -> Result<RelPath, String> {
    let text = inside.to_str().ok_or("has a name that is not UTF-8")?;
    let text = if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.to_owned()
    };
    RelPath::try_from(text).map_err(|_| "has a name with control characters".to_owned())
}

/// Adds the files of one directory to `wanted`.
fn walk(
    place: &Place,
    directory: &Path,
    ignored: Ignored,
    wanted: &mut BTreeMap<RelPath, bool>,
    skipped_paths: &mut Vec<Skipped>,
) -> Result<Ignored, ScopeError> {
    // The walk wants its filter to be shareable; only this thread uses it.
    let state = Arc::new(Mutex::new((ignored, Vec::new())));
    let filter = {
        let (state, root, start) = (Arc::clone(&state), place.root.clone(), directory.to_owned());
        let excluded = exclude::of_repository(directory);
        move |entry: &DirEntry| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let (ignored, kept) = &mut *state;
            let is_directory = entry.file_type().is_some_and(|it| it.is_dir());
            let is_excluded = |it: &Gitignore| it.matched(entry.path(), is_directory).is_ignore();
            !excluded.as_ref().is_some_and(is_excluded)
                && is_wanted(ignored, kept, &root, &start, entry)
        }
    };
    let walk = WalkBuilder::new(directory)
        .require_git(false)
        .git_exclude(false)
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .filter_entry(filter)
        .build();
    for entry in walk {
        stop_if_cancelled(place)?;
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|it| it.is_file()) => {
                let inside = entry
                    .path()
                    .strip_prefix(&place.root)
                    .unwrap_or(entry.path());
                match rel_path(inside) {
                    Ok(path) => {
                        wanted.entry(path).or_insert(false);
                    }
                    Err(reason) => skipped_paths.push(skipped(&inside.display(), reason, false)),
                }
            }
            Ok(_) => {}
            Err(error) => {
                skipped_paths.push(skipped(&directory.display(), error.to_string(), false))
            }
        }
    }
    add_unsaved(place, directory, wanted);
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    skipped_paths.append(&mut state.1);
    Ok(std::mem::replace(
        &mut state.0,
        Ignored::new(&place.root, &place.exclude),
    ))
}

/// True when the walk goes on with this entry. What an AI-ignore file keeps is noted.
fn is_wanted(
    ignored: &mut Ignored,
    kept: &mut Vec<Skipped>,
    root: &Path,
    start: &Path,
    entry: &DirEntry,
) -> bool {
    let is_directory = entry.file_type().is_some_and(|it| it.is_dir());
    let is_system = is_directory && VERSION_CONTROL.iter().any(|it| entry.file_name() == *it);
    if is_system && entry.path() != start {
        return false;
    }
    let Some(inside) = entry.path().strip_prefix(root).ok().and_then(Path::to_str) else {
        return true;
    };
    if inside.is_empty() {
        return true;
    }
    let trap = || exclude::trap(entry.path());
    let reason = ignored.reason(inside, is_directory);
    match reason.or_else(|| is_directory.then(trap).flatten()) {
        Some(reason) => {
            let slash = if is_directory { "/" } else { "" };
            kept.push(skipped(
                &format!("{inside}{slash}"),
                reason,
                entry.path() == start,
            ));
            false
        }
        None => true,
    }
}

/// New files that are only in the editor.
fn add_unsaved(place: &Place, directory: &Path, wanted: &mut BTreeMap<RelPath, bool>) {
    for path in place.open.keys() {
        let full = place.root.join(path.as_str());
        if full.starts_with(directory) && std::fs::symlink_metadata(&full).is_err() {
            wanted.entry(path.clone()).or_insert(false);
        }
    }
}

/// Says that files were left out because there are too many.
pub(super) fn beyond_limit(place: &Place, left: usize) -> Option<Skipped> {
    let reason = format!("beyond the limit of {} files for one review", place.files);
    (left > 0).then(|| skipped(&format!("{left} more files"), reason, true))
}
