//! Making changes in a copy as an answer in text wants them, so that the result can be checked.

use super::directory::{self, Handle, Walker};
use super::path::{self, Path};
use super::{Inner, Worktree, WorktreeError, blocking};
use domain::edit::{self, TextEdit};
use domain::path::RelPath;
use domain::proposal::{FileAction, FileChange};
use domain::text::Text;
use std::io::{self, Write};
use std::sync::Arc;

/// Permissions of a new file.
const MODE: u32 = 0o644;
/// The bits that make it executable.
const EXECUTABLE: u32 = 0o111;

impl Worktree {
    /// Makes these changes in the copy: each file gets the text that its base has after the change.
    ///
    /// # Errors
    /// When one of them cannot be made; those before it are made then.
    pub(crate) async fn write(&self, files: &[FileChange]) -> Result<(), WorktreeError> {
        let (here, files) = (Arc::clone(&self.inner), files.to_vec());
        blocking(move || {
            let gone = |it: io::Error| match it.kind() {
                io::ErrorKind::NotFound => WorktreeError::Gone(here.tree.clone()),
                _ => WorktreeError::file(&here.tree, it),
            };
            let mut tree = Walker::new(&here.tree).map_err(gone)?;
            files.iter().try_for_each(|it| here.write(&mut tree, it))
        })
        .await
    }
}

impl Inner {
    fn write(&self, tree: &mut Walker, file: &FileChange) -> Result<(), WorktreeError> {
        let written = self.place(&file.path).and_then(|path| match &file.action {
            FileAction::Create { text, executable } => put(
                tree,
                &path,
                text,
                if *executable { MODE | EXECUTABLE } else { MODE },
            ),
            FileAction::Delete { .. } => delete(tree, &path),
            FileAction::Edit {
                base,
                hunks,
                rename,
                executable,
            } => {
                let edits: Vec<TextEdit> = hunks.iter().flat_map(|it| it.edits.clone()).collect();
                let text = edit::apply(base, &edits).map_err(io::Error::other)?;
                let mode = match executable {
                    Some(true) => mode(tree, &path) | EXECUTABLE,
                    Some(false) => mode(tree, &path) & !EXECUTABLE,
                    None => mode(tree, &path),
                };
                match rename {
                    Some(new) => {
                        let new = self.place(new)?;
                        delete(tree, &path)?;
                        put(tree, &new, &text, mode)
                    }
                    None => put(tree, &path, &text, mode),
                }
            }
        });
        written.map_err(|it| WorktreeError::file(&self.root.join(file.path.as_str()), it))
    }

    /// The place of a file in the copy.
    fn place(&self, path: &RelPath) -> io::Result<Path> {
        let path = path::join(&self.prefix, path.as_str().as_bytes());
        let is_ours = path::is_sound(&path)
            && !self.manifest.is_hollow(&path)
            && !self.manifest.is_linked(&path);
        if is_ours {
            Ok(path)
        } else {
            let reason =
                "it lies in another repository, or its path is none that a worktree can have";
            Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
        }
    }
}

/// The permissions of a file, or those of a new one.
fn mode(tree: &mut Walker, path: &[u8]) -> u32 {
    let (directory, name) = path::split(path);
    let about = tree.enter(directory).and_then(|it| it.stat(name));
    about.map_or(MODE, |it| it.mode & 0o777)
}

fn put(tree: &mut Walker, path: &[u8], text: &Text, mode: u32) -> io::Result<()> {
    let (directory, name) = path::split(path);
    let here = match tree.enter(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => tree.make_missing(directory)?,
        here => here?,
    };
    match here.unlink(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = here.create(name, mode)?;
    file.write_all(text.to_string().as_bytes())?;
    directory::finish(&file, None, mode).map(|_| ())
}

/// Nothing there is no error.
fn delete(tree: &mut Walker, path: &[u8]) -> io::Result<()> {
    let (directory, name) = path::split(path);
    match tree.enter(directory).and_then(|it| it.unlink(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
