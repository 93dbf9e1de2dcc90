//! AI-ignore files: what a team wants no agent to see.
//!
//! Each of [`FILES`] has the syntax and the rules of `.gitignore`: in every directory, the nearest one decides,
//! and what lies in an ignored directory cannot be taken back. A path is kept from agents when any one kind of
//! file says so. Those of directories above the root count too, up to the top of the repository.

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Names of the AI-ignore files.
pub(crate) const FILES: &[&str] = &[
    ".aiignore",
    ".cursorignore",
    ".agentignore",
    ".codexignore",
    ".clineignore",
];

/// Names of the files that keep paths from git, and from tools that go by them.
const GIT_FILES: &[&str] = &[".gitignore", ".ignore"];

/// Whose ignore files are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Those that keep paths from agents, [`FILES`].
    Agents,
    /// git's: `.gitignore`, `.git/info/exclude` and `.ignore`.
    Git,
}

/// Largest ignore file read, in bytes. A larger one keeps everything beside and below it from agents.
const MAX_BYTES: u64 = 256 * 1024;

/// Answers whether a path may be sent; reads only the ignore files on the paths it is asked about, each once.
#[derive(Debug)]
pub(crate) struct Ignored {
    names: Names,
    root: PathBuf,
    /// The top of the repository, or the root.
    top: PathBuf,
    exclude: Option<Gitignore>,
    directories: HashMap<PathBuf, Vec<Rules>>,
    /// The reasons of directories that were asked about.
    decided: HashMap<PathBuf, Option<String>>,
}

/// One ignore file.
#[derive(Debug)]
struct Rules {
    /// Its name.
    name: &'static str,
    /// `None` when it cannot be read: then it ignores everything.
    globs: Option<Gitignore>,
}

impl Ignored {
    /// For paths below `root`, with the configuration's globs. A bad glob in them ignores nothing.
    pub(crate) fn new(root: &Path, exclude: &[String]) -> Self {
        let mut builder = GitignoreBuilder::new(root);
        for glob in exclude {
            if let Err(error) = builder.add_line(None, glob) {
                tracing::warn!("review.exclude: {error}");
            }
        }
        let exclude = (!exclude.is_empty())
            .then(|| builder.build().ok())
            .flatten();
        Self::with(root, Names::Agents, exclude)
    }

    /// For paths below `root`, by the ignore files of one kind alone.
    pub(crate) fn of(root: &Path, names: Names) -> Self {
        let exclude = match names {
            Names::Agents => None,
            Names::Git => super::exclude::of_repository(root),
        };
        Self::with(root, names, exclude)
    }

    fn with(root: &Path, names: Names, exclude: Option<Gitignore>) -> Self {
        let top = root
            .ancestors()
            .find(|it| it.join(".git").exists())
            .unwrap_or(root);
        let (root, top) = (root.to_owned(), top.to_owned());
        Self {
            names,
            root,
            top,
            exclude,
            directories: HashMap::new(),
            decided: HashMap::new(),
        }
    }

    /// Why `path` (relative to the root, `/` between names) must not be sent; `None` when it may.
    pub(crate) fn reason(&mut self, path: &str, is_directory: bool) -> Option<String> {
        self.reason_at(&self.root.join(path), is_directory)
    }

    /// As [`Self::reason`], for an absolute path below the top of the repository.
    pub(crate) fn reason_at(&mut self, full: &Path, is_directory: bool) -> Option<String> {
        if *full == self.top || !full.starts_with(&self.top) {
            return None;
        }
        let directory = full.parent().unwrap_or(full);
        if !self.decided.contains_key(directory) {
            let reason = self.reason_at(directory, true);
            self.decided.insert(directory.to_owned(), reason);
        }
        let of_directory = self.decided[directory].clone();
        of_directory.or_else(|| self.own_reason(full, is_directory))
    }

    /// The reason that lies in this path and not in a directory around it.
    fn own_reason(&mut self, full: &Path, is_directory: bool) -> Option<String> {
        let exclude = self.exclude.as_ref();
        let exclude = exclude.filter(|_| full.starts_with(&self.root));
        if exclude.is_some_and(|it| it.matched(full, is_directory).is_ignore()) {
            let reason = match self.names {
                Names::Agents => "is kept from agents by `review.exclude` in the configuration",
                Names::Git => "is ignored by .git/info/exclude",
            };
            return Some(reason.to_owned());
        }
        let file = self.matched(full, is_directory)?;
        Some(match self.names {
            Names::Agents => format!("is kept from agents by {file}"),
            Names::Git => format!("is ignored by {file}"),
        })
    }

    /// The ignore file that ignores exactly this path.
    fn matched(&mut self, full: &Path, is_directory: bool) -> Option<String> {
        let mut decided: Vec<&'static str> = Vec::new();
        for directory in full
            .ancestors()
            .skip(1)
            .take_while(|it| it.starts_with(&self.top))
        {
            if !self.directories.contains_key(directory) {
                let names = match self.names {
                    Names::Agents => FILES,
                    Names::Git => GIT_FILES,
                };
                self.directories
                    .insert(directory.to_owned(), read(directory, names));
            }
            for rules in &self.directories[directory] {
                if decided.contains(&rules.name) {
                    continue;
                }
                let Some(globs) = &rules.globs else {
                    return Some(format!("{} (which cannot be read)", rules.name));
                };
                match globs.matched(full, is_directory) {
                    Match::None => {}
                    Match::Whitelist(_) => decided.push(rules.name),
                    Match::Ignore(_) => return Some(self.name_of(globs.path(), rules.name)),
                }
            }
        }
        None
    }

    fn name_of(&self, directory: &Path, name: &str) -> String {
        match directory.strip_prefix(&self.root) {
            Ok(below) if !below.as_os_str().is_empty() => format!("{}/{name}", below.display()),
            Ok(_) => name.to_owned(),
            Err(_) => format!("{}/{name}", directory.display()),
        }
    }
}

fn read(directory: &Path, names: &'static [&'static str]) -> Vec<Rules> {
    let rules = names.iter().map(|name| {
        let path = directory.join(name);
        let globs = match crate::read::text(&path, MAX_BYTES) {
            Ok(text) => Some(build(
                directory,
                text.to_string().trim_start_matches('\u{feff}'),
            )),
            // Nothing there, or a directory of that name.
            Err(_) if std::fs::metadata(&path).ok().is_none_or(|it| it.is_dir()) => return None,
            Err(_) => None,
        };
        Some(Rules { name, globs })
    });
    rules.flatten().collect()
}

fn build(directory: &Path, text: &str) -> Gitignore {
    let mut builder = GitignoreBuilder::new(directory);
    for line in text.lines() {
        // As git does, a line that is no glob is passed over.
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}
