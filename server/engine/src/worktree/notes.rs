//! What is said about a new worktree: mainly what of the user's files is not in it.

use super::manifest::Reason;
use super::path::{self, Path};

/// Remarks about what is left out, one for each reason.
pub(super) fn left_out(left_out: &[(Path, Reason)]) -> Vec<String> {
    let mut notes = Vec::new();
    for reason in [
        Reason::Rules,
        Reason::Secret,
        Reason::Outside,
        Reason::Unreadable,
        Reason::Changing,
        Reason::Odd,
    ] {
        let paths = left_out
            .iter()
            .filter(|it| it.1 == reason)
            .map(|it| it.0.as_slice());
        let paths: Vec<&[u8]> = paths.collect();
        if !paths.is_empty() {
            let count = paths.len();
            let why = words(reason, count == 1);
            notes.push(format!(
                "Not in the worktree because {why}: {}.",
                path::named(paths)
            ));
        }
    }
    notes
}

/// A remark about repositories inside of the repository.
pub(super) fn hollow(hollow: &[Path]) -> Option<String> {
    let words = match hollow.len() {
        0 => return None,
        1 => "A submodule or other repository is an empty directory",
        _ => "Submodules and other repositories are empty directories",
    };
    let paths = path::named(hollow.iter().map(Vec::as_slice));
    Some(format!("{words} in the worktree: {paths}."))
}

fn words(reason: Reason, is_one: bool) -> &'static str {
    match (reason, is_one) {
        (Reason::Rules, true) => "an ignore file or `review.exclude` keeps it from agents",
        (Reason::Rules, false) => "ignore files or `review.exclude` keep them from agents",
        (Reason::Secret, true) => "its name says that it holds secrets",
        (Reason::Secret, false) => "their names say that they hold secrets",
        (Reason::Outside, true) => "it is a symbolic link that leads out of the repository, or may",
        (Reason::Outside, false) => {
            "they are symbolic links that lead out of the repository, or may"
        }
        (Reason::Unreadable, true) => "it cannot be read",
        (Reason::Unreadable, false) => "they cannot be read",
        (Reason::Changing, true) => "it did not stop changing while it was copied",
        (Reason::Changing, false) => "they did not stop changing while they were copied",
        (Reason::Odd, true) => "it is not a regular file, or no copy can have its path",
        (Reason::Odd, false) => "they are not regular files, or no copy can have their paths",
    }
}
