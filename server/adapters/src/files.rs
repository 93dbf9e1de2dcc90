//! From the targets of a request to files: what is there, what must not be read, and why.

use crate::contract::{LineRange, Skipped, Target};
use ignore::WalkBuilder;
use std::borrow::Cow;
use std::cell::LazyCell;
use std::fs;
use std::path::{Path, PathBuf};

/// Largest text looked at, in bytes.
pub(crate) const MAX_FILE: u64 = 5 * 1024 * 1024;

/// Most files taken from directories in one request.
pub(crate) const MAX_FILES: usize = 100_000;

/// Files that say what agents must not read, besides `.gitignore` and `.ignore`.
pub(crate) const IGNORE_FILES: &[&str] = &[
    ".aiignore",
    ".cursorignore",
    ".agentignore",
    ".codexignore",
    ".clineignore",
];

/// A file to look at.
pub(crate) struct Job<'a> {
    /// Relative to the root, or as in the request.
    pub(crate) path: Cow<'a, str>,
    /// Limits what is looked at.
    pub(crate) ranges: Option<&'a [LineRange]>,
    /// Where its text is.
    pub(crate) content: Content<'a>,
}

/// Where the text of a file is.
pub(crate) enum Content<'a> {
    /// In the request.
    Given(&'a str),
    /// On disk, inside the root. `named` when the request names it, and not only a directory above it.
    OnDisk { file: PathBuf, named: bool },
}

/// The files of a request, and the targets that lead to none.
#[derive(Default)]
pub(crate) struct Jobs<'a> {
    pub(crate) jobs: Vec<Job<'a>>,
    pub(crate) skipped: Vec<Skipped>,
}

impl<'a> Jobs<'a> {
    /// Finds the files of `targets`; none means everything under `root`.
    pub(crate) fn find(root: &str, targets: &'a [Target]) -> Self {
        let mut found = Self::default();
        let real_root = LazyCell::new(|| canonical_root(root));
        for target in targets {
            let ranges = target.ranges.as_deref();
            match &target.text {
                Some(text) => found.add(Cow::Borrowed(&target.path), ranges, Content::Given(text)),
                None => found.add_from_disk(real_root.as_deref(), &target.path, ranges),
            }
        }
        if targets.is_empty() {
            match real_root.as_deref() {
                Ok(root) => found.add_directory(root, root),
                Err(reason) => found.skip(root, reason.clone()),
            }
        }
        found
    }

    fn add_from_disk(
        &mut self,
        root: Result<&Path, &String>,
        said: &'a str,
        ranges: Option<&'a [LineRange]>,
    ) {
        let file = root
            .map_err(Clone::clone)
            .and_then(|root| Ok((root, inside(root, said)?)));
        match file {
            Ok((root, file)) => self.add_path(root, said, &file, ranges),
            Err(reason) => self.skip(said, reason),
        }
    }

    fn add_path(
        &mut self,
        root: &Path,
        said: &'a str,
        file: &Path,
        ranges: Option<&'a [LineRange]>,
    ) {
        if file.is_dir() {
            self.add_directory(root, file);
        } else if file.is_file() {
            let content = Content::OnDisk {
                file: file.to_owned(),
                named: true,
            };
            self.add(Cow::Borrowed(said), ranges, content);
        } else {
            self.skip(said, "it is no regular file".to_owned());
        }
    }

    /// Adds what a directory holds, by the ignore rules. Symbolic links in it are not followed.
    fn add_directory(&mut self, root: &Path, directory: &Path) {
        let mut walk = WalkBuilder::new(directory);
        walk.hidden(false)
            .require_git(false)
            .sort_by_file_name(Ord::cmp)
            .filter_entry(|entry| entry.file_name() != ".git");
        for name in IGNORE_FILES {
            walk.add_custom_ignore_filename(name);
        }
        for entry in walk.build() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.skip(&relative(root, directory), error.to_string());
                    continue;
                }
            };
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let path = relative(root, entry.path());
            if self.jobs.len() >= MAX_FILES {
                self.skip(&path, format!("there are more than {MAX_FILES} files; this one and all after it were left out"));
                break;
            }
            let content = Content::OnDisk {
                file: entry.into_path(),
                named: false,
            };
            self.add(Cow::Owned(path), None, content);
        }
    }

    fn add(&mut self, path: Cow<'a, str>, ranges: Option<&'a [LineRange]>, content: Content<'a>) {
        self.jobs.push(Job {
            path,
            ranges,
            content,
        });
    }

    fn skip(&mut self, path: &str, reason: String) {
        self.skipped.push(Skipped {
            path: path.to_owned(),
            reason,
        });
    }
}

impl<'a> Content<'a> {
    /// The text, or why there is none. `Ok(None)` for a binary file that was not asked for by name.
    pub(crate) fn text(&self) -> Result<Option<Cow<'a, str>>, String> {
        match self {
            Content::Given(text) if text.len() as u64 > MAX_FILE => {
                Err(too_large(text.len() as u64))
            }
            Content::Given(text) => Ok(Some(Cow::Borrowed(text))),
            Content::OnDisk { file, named } => read(file, *named),
        }
    }
}

fn read(file: &Path, named: bool) -> Result<Option<Cow<'static, str>>, String> {
    let size = fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > MAX_FILE {
        return Err(too_large(size));
    }
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    if bytes.contains(&0) {
        return if named {
            Err("it is a binary file".to_owned())
        } else {
            Ok(None)
        };
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    Ok(Some(Cow::Owned(text)))
}

fn too_large(size: u64) -> String {
    format!("it has {size} bytes, more than the {MAX_FILE} that are looked at")
}

fn canonical_root(root: &str) -> Result<PathBuf, String> {
    if !Path::new(root).is_absolute() {
        return Err(format!("the root `{root}` is not an absolute path"));
    }
    let real = fs::canonicalize(root)
        .map_err(|error| format!("the root `{root}` cannot be read: {error}"))?;
    if real.is_dir() {
        Ok(real)
    } else {
        Err(format!("the root `{root}` is no directory"))
    }
}

/// The real path of `said`, with symbolic links resolved, if that is inside `root`.
fn inside(root: &Path, said: &str) -> Result<PathBuf, String> {
    let real =
        fs::canonicalize(root.join(said)).map_err(|error| format!("it cannot be read: {error}"))?;
    if real.starts_with(root) {
        Ok(real)
    } else {
        Err("it lies outside the root".to_owned())
    }
}

/// Path relative to the root, with `/` between names.
fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    let names: Vec<_> = path
        .components()
        .map(|name| name.as_os_str().to_string_lossy())
        .collect();
    names.join("/")
}
