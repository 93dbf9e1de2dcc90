//! Doing what was planned: prepare, look once more, let the files change places, and take it all back if one cannot.

use super::hold::Found;
use super::plan::Action;
use super::take_back::{Done, Identity};
use super::{DiskError, Hook, attributes, because, names};
use crate::read;
use domain::path::RelPath;
use domain::text::Text;
use std::collections::BTreeSet;
use std::fs::{self, Metadata, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is about to happen, for the hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// A directory is made.
    Directory,
    /// A temporary file is written.
    Prepare,
    /// A target is looked at once more.
    Check,
    /// Two files change places.
    Exchange,
    /// The old file gets a second name, where files cannot change places.
    Keep,
    /// A file gets the name of another.
    Rename,
    /// A file gets a name that nothing has.
    Place,
    /// The mode of a file changes.
    Mode,
    /// Something done is taken back.
    TakeBack,
    /// A temporary file goes.
    CleanUp,
}

/// Why it cannot go on.
pub(super) struct Failure {
    pub(super) path: RelPath,
    /// In words that follow the file's name.
    pub(super) why: String,
}

/// Carries out all actions or none; what is to be told though all is done comes back.
///
/// # Errors
/// What failed, when everything was taken back, and what is left where that failed too.
pub(super) fn all(
    root: &Path,
    actions: &[Action<'_>],
    hook: Hook<'_>,
) -> Result<Vec<String>, DiskError> {
    let mut job = Job {
        root,
        hook,
        directories: Vec::new(),
        temporary: BTreeSet::new(),
        done: Vec::new(),
    };
    match job.run(actions) {
        Ok(()) => Ok(job.finish(actions)),
        Err(failure) => Err(job.take_back(failure)),
    }
}

pub(super) struct Job<'j> {
    pub(super) root: &'j Path,
    hook: Hook<'j>,
    /// Those that were made, each after the one that it is in.
    pub(super) directories: Vec<PathBuf>,
    /// Files that must not stay, whatever happens.
    pub(super) temporary: BTreeSet<PathBuf>,
    pub(super) done: Vec<Done>,
}

impl Job<'_> {
    fn run(&mut self, actions: &[Action<'_>]) -> Result<(), Failure> {
        let mut prepared = Vec::new();
        for action in actions {
            prepared.push(self.for_file(action, Self::prepare)?);
        }
        for action in actions {
            self.for_file(action, Self::check)?;
        }
        for (action, prepared) in actions.iter().zip(prepared) {
            self.for_file(action, |job, action| job.carry_out(action, prepared))?;
        }
        // What somebody went on writing to a file that was put aside is seen now, before that file goes.
        for action in actions {
            self.for_file(action, |job, action| job.check_aside(action))?;
        }
        Ok(())
    }

    fn for_file<T>(
        &mut self,
        action: &Action<'_>,
        does: impl FnOnce(&mut Self, &Action<'_>) -> io::Result<T>,
    ) -> Result<T, Failure> {
        does(self, action).map_err(|error| Failure {
            path: action.path().clone(),
            why: because(&error),
        })
    }

    pub(super) fn step(&mut self, step: Step, path: &Path) -> io::Result<()> {
        (self.hook)(step, path)
    }

    fn at(&self, path: &RelPath) -> PathBuf {
        self.root.join(path.as_str())
    }

    /// Writes the temporary file of an action that needs one.
    fn prepare(&mut self, action: &Action<'_>) -> io::Result<Option<(PathBuf, Identity)>> {
        match action {
            Action::Replace {
                path,
                old,
                text,
                executable,
            } => {
                let permissions = attributes::with_mode(&old.about, *executable);
                let like = Some((&old.about, permissions));
                self.write(&self.at(path), text, false, like).map(Some)
            }
            Action::Create {
                path,
                text,
                executable,
                like,
            } => {
                let path = self.at(path);
                self.make_parents(&path)?;
                let like = like.map(|it| {
                    let permissions = attributes::with_mode(&it.about, *executable);
                    (&it.about, permissions)
                });
                let executable = *executable == Some(true);
                self.write(&path, text, executable, like).map(Some)
            }
            Action::Move { to, .. } => {
                self.make_parents(&self.at(to))?;
                Ok(None)
            }
            Action::Remove { .. } | Action::Mode { .. } => Ok(None),
        }
    }

    fn write(
        &mut self,
        target: &Path,
        text: &Text,
        executable: bool,
        like: Option<(&Metadata, Permissions)>,
    ) -> io::Result<(PathBuf, Identity)> {
        let temporary = names::beside(target);
        self.step(Step::Prepare, &temporary)?;
        let mut file = attributes::create(&temporary, executable)?;
        self.temporary.insert(temporary.clone());
        // Before there is anything to read in it.
        if let Some((like, permissions)) = like {
            attributes::take_over(&file, like, permissions)?;
        }
        file.write_all(text.to_string().as_bytes())?;
        file.sync_all()?;
        let identity = Identity::of(&file.metadata()?);
        Ok((temporary, identity))
    }

    fn make_parents(&mut self, path: &Path) -> io::Result<()> {
        let inside = path.ancestors().skip(1).take_while(|it| *it != self.root);
        let mut missing = Vec::new();
        for directory in inside {
            match directory.symlink_metadata() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(directory),
                Err(error) => return Err(error),
            }
        }
        for directory in missing.into_iter().rev() {
            self.step(Step::Directory, directory)?;
            fs::create_dir(directory)?;
            self.directories.push(directory.to_owned());
        }
        Ok(())
    }

    /// Looks once more whether everything is as it was when the change was planned.
    fn check(&mut self, action: &Action<'_>) -> io::Result<()> {
        let path = self.at(action.path());
        self.step(Step::Check, &path)?;
        if let Some(old) = action.old() {
            is_real_directory(path.parent())?;
            is_still(&path, old)?;
        }
        if let Some(new) = action.new_path() {
            let new = self.at(new);
            is_real_directory(new.parent())?;
            if new.symlink_metadata().is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
        }
        Ok(())
    }

    fn check_aside(&mut self, action: &Action<'_>) -> io::Result<()> {
        let path = self.at(action.path());
        let aside = self.done.iter().find_map(|it| it.aside(&path));
        match (aside.map(Path::to_owned), action.old()) {
            (Some(aside), Some(old)) => {
                self.step(Step::Check, &aside)?;
                is_still(&aside, old)
            }
            _ => Ok(()),
        }
    }

    fn carry_out(
        &mut self,
        action: &Action<'_>,
        prepared: Option<(PathBuf, Identity)>,
    ) -> io::Result<()> {
        let path = self.at(action.path());
        match (action, prepared) {
            (Action::Replace { old, .. }, Some((temporary, ours))) => {
                let aside = self.replace(&path, temporary, ours)?;
                // Whatever was saved in the last moment is in the file that was put aside.
                is_still(&aside, old)
            }
            (Action::Create { .. }, Some((temporary, ours))) => {
                self.step(Step::Place, &path)?;
                names::rename_to_new(&temporary, &path)?;
                self.done.push(Done::Placed { path, ours });
                Ok(())
            }
            (Action::Remove { old, .. }, _) => {
                let aside = names::beside(&path);
                self.step(Step::Place, &aside)?;
                names::rename_to_new(&path, &aside)?;
                self.temporary.insert(aside.clone());
                let set_aside = aside.clone();
                self.done.push(Done::SetAside { path, aside });
                is_still(&set_aside, old)
            }
            (Action::Move { to, .. }, _) => {
                let to = self.at(to);
                self.step(Step::Place, &to)?;
                names::rename_to_new(&path, &to)?;
                self.done.push(Done::Moved { from: path, to });
                Ok(())
            }
            (
                Action::Mode {
                    old, executable, ..
                },
                _,
            ) => {
                self.step(Step::Mode, &path)?;
                let new = attributes::with_mode(&old.about, Some(*executable));
                fs::set_permissions(&path, new)?;
                let old = old.about.permissions();
                self.done.push(Done::Mode { path, old });
                Ok(())
            }
            // `prepare` has made a file for each of these.
            (Action::Replace { .. } | Action::Create { .. }, None) => {
                Err(io::ErrorKind::NotFound.into())
            }
        }
    }

    /// Puts a file of ours in the place of another, and says where that is now.
    fn replace(&mut self, path: &Path, temporary: PathBuf, ours: Identity) -> io::Result<PathBuf> {
        let exchanged = self
            .step(Step::Exchange, path)
            .and_then(|()| names::exchange(&temporary, path));
        let aside = match exchanged {
            Ok(()) => temporary,
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                let aside = names::beside(path);
                self.step(Step::Keep, &aside)?;
                self.temporary.insert(aside.clone());
                names::keep(path, &aside)?;
                self.step(Step::Rename, path)?;
                fs::rename(&temporary, path)?;
                aside
            }
            Err(error) => return Err(error),
        };
        self.done.push(Done::Replaced {
            path: path.to_owned(),
            ours,
            aside: aside.clone(),
        });
        Ok(aside)
    }

    /// Tidies up after success.
    fn finish(mut self, actions: &[Action<'_>]) -> Vec<String> {
        let remarks = self.remove_temporary();
        let mut directories = BTreeSet::new();
        for action in actions {
            let path = self.at(action.path());
            directories.extend(path.parent().map(Path::to_owned));
            directories.extend(
                action
                    .new_path()
                    .and_then(|it| self.at(it).parent().map(Path::to_owned)),
            );
            if let Action::Remove { .. } | Action::Move { .. } = action {
                self.remove_emptied(&path);
            }
        }
        for directory in directories.iter().filter(|it| it.is_dir()) {
            names::settle(directory);
        }
        remarks
    }

    /// Removes the directories that have nothing in them any more, now that this file is gone; git does so, too.
    fn remove_emptied(&self, path: &Path) {
        let inside = path.ancestors().skip(1).take_while(|it| *it != self.root);
        for directory in inside {
            // Fails as soon as there is something in it.
            if fs::remove_dir(directory).is_err() {
                break;
            }
        }
    }
}

impl Action<'_> {
    /// The file, where it is now or will be.
    fn path(&self) -> &RelPath {
        match self {
            Action::Replace { path, .. }
            | Action::Create { path, .. }
            | Action::Remove { path, .. }
            | Action::Mode { path, .. } => path,
            Action::Move { from, .. } => from,
        }
    }
    /// The file as it was read; `None` for one that is not there yet.
    fn old(&self) -> Option<&Found> {
        match self {
            Action::Replace { old, .. }
            | Action::Remove { old, .. }
            | Action::Move { old, .. }
            | Action::Mode { old, .. } => Some(old),
            Action::Create { .. } => None,
        }
    }
    /// The path at which nothing is yet.
    fn new_path(&self) -> Option<&RelPath> {
        match self {
            Action::Create { path, .. } => Some(path),
            Action::Move { to, .. } => Some(to),
            _ => None,
        }
    }
}

pub(super) fn changed() -> io::Error {
    io::Error::other("it was changed at the same moment")
}

/// Nobody has laid a link in the way.
fn is_real_directory(directory: Option<&Path>) -> io::Result<()> {
    match directory {
        Some(directory) if directory.canonicalize()? == directory => Ok(()),
        _ => Err(changed()),
    }
}

/// The file has the text and the mode that it had when it was read.
fn is_still(path: &Path, old: &Found) -> io::Result<()> {
    let about = path.symlink_metadata()?;
    let same_mode = about.permissions() == old.about.permissions();
    if !about.is_file() || about.len() != old.text.len() as u64 || !same_mode {
        return Err(changed());
    }
    let bytes = read::open(path)?.start(about.len() + 1)?;
    if bytes == old.text.to_string().as_bytes() {
        Ok(())
    } else {
        Err(changed())
    }
}
