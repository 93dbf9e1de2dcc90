//! Writing a proposal's changes to the user's files: everything that was chosen, or nothing at all.
//!
//! Each part is held against the files as they are on the disk now. Whatever shall be written is prepared in temporary
//! files beside its targets first; then each target is looked at once more, and all take their places one after the other.
//! What goes wrong on the way takes back what was done before it. All of this blocks.

mod attributes;
mod hold;
mod names;
mod plan;
mod take_back;
mod write;

use domain::path::RelPath;
use domain::proposal::FileChange;
use hold::Held;
use std::io;
use std::path::Path;

/// What has become of a part of a proposal, on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be applied.
    Open,
    /// What it wants is so already.
    Applied,
    /// It cannot be applied: why, in words that follow the file's name.
    Conflict(String),
}

/// Which parts are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    All,
    /// Those with these numbers, from 1 as in [`domain::proposal::Part`].
    Parts(Vec<usize>),
}

/// Which files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// Only those that are as they were when the change was made.
    Unchanged,
    /// Others too, where the places of the parts are as they were.
    Now,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The numbers of the parts that are applied now and were not before.
    pub parts: Vec<usize>,
    /// The numbers of the chosen parts that were so already.
    pub already: Vec<usize>,
    /// What changed, told against the files as they were.
    pub changes: Vec<FileChange>,
    /// What takes it all back, for [`revert`]; empty when nothing had to be written.
    pub inverse: Vec<FileChange>,
    /// What a person should know, though all is done: a temporary file that could not be removed.
    pub remarks: Vec<String>,
}

/// Why a part cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its number, from 1.
    pub part: usize,
    /// Its file.
    pub path: RelPath,
    /// In words that follow the file's name.
    pub why: String,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    /// A part that does not exist was chosen.
    #[error("there is no part {0}; the last one is {1}")]
    NoSuchPart(usize, usize),
    /// Some of what was chosen does not fit the files as they are now.
    #[error("nothing was changed: {}", told(.0))]
    Refused(Vec<Refusal>),
    /// The system did not do it; whatever had been done was taken back.
    #[error("nothing was changed: `{path}` {why}")]
    Failed {
        /// The file.
        path: RelPath,
        /// In words that follow the file's name.
        why: String,
    },
    /// The system did not do it, and not all that had been done before could be taken back.
    #[error("`{path}` {why}, and not everything could be taken back: {}", .left.join("; "))]
    Torn {
        /// The file.
        path: RelPath,
        /// In words that follow the file's name.
        why: String,
        /// What is not as it was before, a sentence each.
        left: Vec<String>,
    },
}

/// What has become of each part of these changes, in the order of [`domain::proposal::Proposal::parts`]. `root` has its
/// symbolic links resolved; `exclude` are the globs of `review.exclude`.
pub fn standings(root: &Path, exclude: &[String], files: &[FileChange]) -> Vec<Standing> {
    let held = hold::all(root, exclude, files, hold::Origin::Agent);
    held.into_iter().flat_map(Held::into_standings).collect()
}

/// Writes the chosen parts of a proposal's changes, all of them or none. `root` and `exclude` as in [`standings`].
///
/// # Errors
/// When a part does not fit, or the system refuses; nothing is changed then, unless the error says so.
pub fn apply(
    root: &Path,
    exclude: &[String],
    files: &[FileChange],
    parts: &Selection,
    onto: Onto,
) -> Result<Written, DiskError> {
    let held = hold::all(root, exclude, files, hold::Origin::Agent);
    write(root, &held, parts, onto, &mut |_, _| Ok(()))
}

/// What [`apply`] would write; nothing is written.
///
/// # Errors
/// When a part does not fit.
pub fn rehearse(
    root: &Path,
    exclude: &[String],
    files: &[FileChange],
    parts: &Selection,
    onto: Onto,
) -> Result<Written, DiskError> {
    let held = hold::all(root, exclude, files, hold::Origin::Agent);
    plan::make(&held, parts, onto).map(Written::from)
}

/// Takes back what [`apply`] has written, all of it or nothing; later changes elsewhere in the files stay.
///
/// # Errors
/// As [`apply`].
pub fn revert(
    root: &Path,
    exclude: &[String],
    inverse: &[FileChange],
) -> Result<Written, DiskError> {
    let held = hold::all(root, exclude, inverse, hold::Origin::User);
    write(root, &held, &Selection::All, Onto::Now, &mut |_, _| Ok(()))
}

/// Called before each step; an error makes the step fail. For tests; otherwise it does nothing.
type Hook<'h> = &'h mut dyn FnMut(write::Step, &Path) -> io::Result<()>;

fn write(
    root: &Path,
    held: &[Held<'_>],
    parts: &Selection,
    onto: Onto,
    hook: Hook<'_>,
) -> Result<Written, DiskError> {
    let plan = plan::make(held, parts, onto)?;
    let remarks = write::all(root, &plan.actions, hook)?;
    Ok(Written {
        remarks,
        ..plan.into()
    })
}

impl From<plan::Plan<'_>> for Written {
    fn from(plan: plan::Plan<'_>) -> Self {
        Self {
            parts: plan.parts,
            already: plan.already,
            changes: plan.changes,
            inverse: plan.inverse,
            remarks: Vec::new(),
        }
    }
}

/// Most refusals told in one message; the rest is counted.
const MAX_TOLD: usize = 10;

fn told(refusals: &[Refusal]) -> String {
    let shown = refusals.iter().take(MAX_TOLD);
    let mut shown: Vec<String> = shown
        .map(|it| format!("`{}` {} (part {})", it.path, it.why, it.part))
        .collect();
    if refusals.len() > MAX_TOLD {
        shown.push(format!("and {} parts more", refusals.len() - MAX_TOLD));
    }
    shown.join("; ")
}

/// A failure of the system, in words that follow the file's name.
fn because(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "cannot be written: permission denied".to_owned(),
        io::ErrorKind::StorageFull => "cannot be written: the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => {
            "cannot be written: your share of the disk is used up".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "cannot be written: the file system is read-only".to_owned()
        }
        io::ErrorKind::AlreadyExists => "has come to be meanwhile".to_owned(),
        io::ErrorKind::NotFound => "is gone".to_owned(),
        _ => format!("cannot be written: {error}"),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
