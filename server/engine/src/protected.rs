//! What no agent changes, wherever its answer came from: paths that lead elsewhere, that mean something to a system, or
//! that the team keeps from agents.

use crate::scope::ignored::{Ignored, Names};
use domain::path::RelPath;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Directories of version control systems.
const VERSION_CONTROL: &[&str] = &[".git", ".hg", ".jj", ".svn"];
/// Names that are devices on Windows, with any ending.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];
/// Most entries of a directory looked at for names that differ by case only.
const MAX_ENTRIES: usize = 50_000;

/// Says of paths below a root whether they may be changed.
pub(crate) struct Protected {
    root: PathBuf,
    from_agents: Ignored,
    from_git: Ignored,
    /// The names in the directories looked at, by lower-case name.
    directories: HashMap<PathBuf, HashMap<String, Vec<OsString>>>,
}

impl Protected {
    /// For `root` (symbolic links resolved), with the globs of `review.exclude`.
    pub(crate) fn new(root: &Path, exclude: &[String]) -> Self {
        Self {
            root: root.to_owned(),
            from_agents: Ignored::new(root, exclude),
            from_git: Ignored::of(root, Names::Git),
            directories: HashMap::new(),
        }
    }

    /// Why a file that is there must not be changed or deleted, in words that follow its name.
    pub(crate) fn change(&mut self, path: &RelPath) -> Option<String> {
        self.anything(path)
    }

    /// Why a file must not come to be here, in words that follow its name.
    pub(crate) fn create(&mut self, path: &RelPath) -> Option<String> {
        self.anything(path).or_else(|| {
            let name = path.as_str().rsplit('/').next().unwrap_or_default();
            if path.as_str().split('/').any(is_device) {
                return Some("has the name of a device on Windows".to_owned());
            }
            if path
                .as_str()
                .split('/')
                .any(|it| it.ends_with(['.', ' ']) || it.starts_with(' '))
            {
                return Some("has a name that Windows cannot have".to_owned());
            }
            if name.contains(['<', '>', ':', '"', '|', '?', '*', '\\']) {
                return Some("has a name that Windows cannot have".to_owned());
            }
            self.from_git.reason(path.as_str(), false)
        })
    }

    fn anything(&mut self, path: &RelPath) -> Option<String> {
        if path.as_str().split('/').any(is_version_control) {
            return Some("belongs to version control".to_owned());
        }
        self.leads_elsewhere(path)
            .or_else(|| self.other_case(path))
            .or_else(|| self.from_agents.reason(path.as_str(), false))
    }

    /// A link or a directory on the way, or at its end.
    fn leads_elsewhere(&self, path: &RelPath) -> Option<String> {
        let full = self.root.join(path.as_str());
        let mut way: Vec<&Path> = full
            .ancestors()
            .take_while(|it| **it != self.root)
            .collect();
        way.reverse();
        for (index, step) in way.iter().enumerate() {
            let is_last = index + 1 == way.len();
            let Ok(about) = std::fs::symlink_metadata(step) else {
                return None;
            };
            if about.is_symlink() {
                return Some(if is_last {
                    "is a symbolic link".to_owned()
                } else {
                    format!("is behind the symbolic link `{}`", self.shown(step))
                });
            }
            if !is_last && !about.is_dir() {
                return Some(format!("cannot be: `{}` is no directory", self.shown(step)));
            }
            if !is_last && step.join(".git").exists() {
                return Some(format!(
                    "belongs to another repository, `{}`",
                    self.shown(step)
                ));
            }
            if is_last && about.is_dir() {
                return Some("is a directory".to_owned());
            }
            if is_last && !about.is_file() {
                return Some("is no regular file".to_owned());
            }
        }
        None
    }

    /// A name on the way that is there in another spelling: on many systems they would be the same file.
    fn other_case(&mut self, path: &RelPath) -> Option<String> {
        let mut directory = self.root.clone();
        for name in path.as_str().split('/') {
            let names = self
                .directories
                .entry(directory.clone())
                .or_insert_with(|| names(&directory));
            match names.get(&name.to_lowercase()).map(Vec::as_slice) {
                None | Some([]) => return None,
                Some(there) if there.iter().any(|it| it == name) => directory.push(name),
                Some([there, ..]) => {
                    let there = directory.join(there);
                    return Some(format!(
                        "differs only by case from `{}`",
                        self.shown(&there)
                    ));
                }
            }
        }
        None
    }

    fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        domain::sanitize::line(&path.to_string_lossy(), 200)
    }
}

/// The names in a directory, by lower-case name.
fn names(directory: &Path) -> HashMap<String, Vec<OsString>> {
    let mut names: HashMap<String, Vec<OsString>> = HashMap::new();
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    for name in entries.take(MAX_ENTRIES).map(|it| it.file_name()) {
        let lower = name.to_string_lossy().to_lowercase();
        names.entry(lower).or_default().push(name);
    }
    names
}

/// As a file system sees it that ignores case, trailing dots and spaces, and what comes after a colon.
fn is_version_control(name: &str) -> bool {
    let name = name.split(':').next().unwrap_or_default();
    // HFS+ passes over characters that cannot be seen.
    let name: String = name.chars().filter(|it| !is_invisible(*it)).collect();
    let name = name.trim_end_matches(['.', ' ']).to_lowercase();
    VERSION_CONTROL.contains(&name.as_str()) || name == "git~1"
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn is_device(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or_default();
    let stem = stem.trim_end().to_lowercase();
    let is_port = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            matches!(
                rest,
                "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
            )
        })
    };
    DEVICES.contains(&stem.as_str()) || is_port("com") || is_port("lpt")
}

#[cfg(test)]
mod tests;
