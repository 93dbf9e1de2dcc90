//! What an agent may do without asking: the policy in the configuration, held against what it wants to do.

mod pattern;
#[cfg(test)]
mod tests;

pub use pattern::Pattern;

use agents::question::Approval;
use domain::path::{PathError, RelPath};
use std::fmt;
use std::path::Path;

/// What stands in a text for characters that are not shown as they are. Two different texts may look the same with
/// these, and what was cut off is not known.
const UNCLEAR: [char; 3] = ['⏎', '\u{fffd}', '…'];
/// Directory that no pattern allows to change: what lies there can run programs.
const GIT: &str = ".git";

/// `approve` of an agent: what becomes of its requests for approval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Approve {
    /// Denied without asking.
    Never,
    /// The user is asked.
    #[default]
    Ask,
    /// What one of these fits is allowed, for the rest the user is asked.
    Patterns(Vec<Pattern>),
}

impl Approve {
    /// True when a pattern allows all of this. Looks at the disk, for a symbolic link may lead anywhere.
    pub(crate) fn allows(&self, approval: &Approval, root: &Path) -> bool {
        let Self::Patterns(patterns) = self else {
            return false;
        };
        let any = |fits: &dyn Fn(&Pattern) -> bool| patterns.iter().any(fits);
        let command = approval.command.as_ref();
        let command_allowed = command.is_none_or(|it| any(&|pattern| pattern.fits_command(it)));
        let files_allowed = approval.more_files == 0
            && approval.files.iter().all(|said| {
                file_inside(root, said).is_some_and(|it| any(&|pattern| pattern.fits_file(&it)))
            });
        let directory = approval.directory.as_deref();
        let directory_allowed = directory.is_none_or(|it| is_directory_inside(root, it));
        let named = match (command, approval.files.is_empty(), &approval.tool) {
            (None, true, None) => false,
            (None, true, Some(tool)) => is_clear(tool) && any(&|pattern| pattern.fits_tool(tool)),
            _ => true,
        };
        named && command_allowed && files_allowed && directory_allowed
    }
}

/// As in the configuration file.
impl fmt::Display for Approve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Ask => f.write_str("ask"),
            Self::Patterns(patterns) => {
                let list: Vec<String> = patterns.iter().map(|it| format!("{it:?}")).collect();
                write!(f, "[{}]", list.join(", "))
            }
        }
    }
}

/// True when the text is shown exactly as the agent gave it.
pub(crate) fn is_clear(text: &str) -> bool {
    !text.contains(UNCLEAR)
}

/// A list of patterns that would allow this, as it is written in a configuration; `None` when none could.
pub(crate) fn suggestion(approval: &Approval, root: &Path) -> Option<String> {
    let command = approval.command.clone();
    let files = approval.files.iter().filter_map(|said| {
        let path = file_inside(root, said)?;
        Some(format!("files:{path}"))
    });
    let mut texts: Vec<String> = command.into_iter().chain(files).collect();
    if texts.is_empty() {
        texts.extend(approval.tool.as_ref().map(|it| format!("tool:{it}")));
    }
    let patterns = texts.iter().map(|it| it.parse()).collect::<Result<_, _>>();
    let approve = Approve::Patterns(patterns.ok()?);
    approve.allows(approval, root).then(|| approve.to_string())
}

/// The path of a file inside of the root that is reached without symbolic links and does not belong to git.
fn file_inside(root: &Path, said: &str) -> Option<RelPath> {
    if !is_clear(said) {
        return None;
    }
    let path = RelPath::parse(root.to_str()?, said).ok()?;
    let is_git = path
        .as_str()
        .split('/')
        .any(|it| it.eq_ignore_ascii_case(GIT));
    (!is_git && !crosses_link(root, path.as_str())).then_some(path)
}

fn is_directory_inside(root: &Path, said: &str) -> bool {
    let Some(root_text) = root.to_str() else {
        return false;
    };
    match RelPath::parse(root_text, said) {
        _ if !is_clear(said) => false,
        Ok(path) => !crosses_link(root, path.as_str()),
        // The root itself.
        Err(PathError::Empty) => !said.trim().is_empty(),
        Err(_) => false,
    }
}

/// True when a part of the path is a symbolic link, or cannot be told not to be.
fn crosses_link(root: &Path, path: &str) -> bool {
    let mut place = root.to_owned();
    for name in path.split('/') {
        place.push(name);
        match std::fs::symlink_metadata(&place) {
            Ok(metadata) if metadata.is_symlink() => return true,
            Ok(_) => {}
            // What does not exist is no link, nor is anything below it.
            Err(error) => return error.kind() != std::io::ErrorKind::NotFound,
        }
    }
    false
}
