//! The ignore files of git, where the directory walk would read whatever bears their names: a pipe never ends, and a
//! link may lead to something endless.

use crate::read;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::{Path, PathBuf};

/// Files that the walk opens by itself in each directory, and in those above its start.
const READ_BY_WALK: &[&str] = &[".gitignore", ".ignore"];
/// Largest ignore file read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// Largest file with one path in it, in bytes.
const MAX_POINTER: u64 = 8 * 1024;

/// Why a directory must not be walked, in words that follow its name; `None` when it may.
pub(super) fn trap(directory: &Path) -> Option<String> {
    READ_BY_WALK.iter().find_map(|name| {
        let about = std::fs::metadata(directory.join(name)).ok()?;
        let harmless = about.is_dir() || (about.is_file() && about.len() <= MAX_BYTES);
        (!harmless).then(|| {
            let most = read::bytes_in_words(MAX_BYTES);
            format!("is left out: its {name} is no regular file of at most {most}")
        })
    })
}

/// `.git/info/exclude` of the repository around a directory. One that cannot be read excludes nothing.
pub(super) fn of_repository(directory: &Path) -> Option<Gitignore> {
    let top = directory.ancestors().find(|it| it.join(".git").exists())?;
    let text = read::text(&common_directory(top)?.join("info/exclude"), MAX_BYTES).ok()?;
    let mut builder = GitignoreBuilder::new(top);
    for line in text.lines() {
        // As git does, a line that is no glob is passed over.
        let _ = builder.add_line(None, &line);
    }
    builder.build().ok()
}

/// Where a repository keeps what its working trees share.
fn common_directory(top: &Path) -> Option<PathBuf> {
    let own = top.join(".git");
    if own.is_dir() {
        return Some(own);
    }
    let pointer = |path: &Path| Some(read::text(path, MAX_POINTER).ok()?.line(0).into_owned());
    let directory = top.join(pointer(&own)?.strip_prefix("gitdir: ")?);
    match pointer(&directory.join("commondir")) {
        Some(common) => Some(directory.join(common)),
        None => Some(directory),
    }
}
