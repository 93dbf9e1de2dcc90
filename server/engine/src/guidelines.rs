//! Guideline files (AGENTS.md and its kin): what a team wants of its code, nearest to the file wins.
//!
//! Which files hold for a target:
//!
//! * Of each kind in [`NEAREST`] the nearest one upwards from the target's directory to the root holds, and no
//!   other of that kind ("the closest AGENTS.md to the edited file wins"). `AGENT.md` is the older name of
//!   `AGENTS.md` and counts where that is absent. A kind may be a directory of files: then all of it holds.
//! * `.cursor/BUGBOT.md` holds in every directory from the root to the target's, as its own tool reads it.
//! * `.github/copilot-instructions.md` of the root holds for everything, `.github/instructions/*.instructions.md`
//!   for what their `applyTo` names (everything without one).
//! * A rule of Cursor's with front matter holds where its `globs` match or `alwaysApply` is true.
//!
//! What is sent of them: to a reviewer, of a file with a section `Code Review Rules` (or `Review guidelines`) that section
//! only, else the whole file; to who changes code, the whole file. A file that only imports another (`@AGENTS.md`) or says the same as another that holds
//! is not sent twice. Files are cut at [`MAX_FILE`] and all together at [`MAX_ALL`], nearest first; a cut file
//! says so. AI-ignore files count here as well.

mod content;
#[cfg(test)]
mod tests;

use crate::read;
use crate::scope::ignored::Ignored;
use content::Content;
use domain::path::RelPath;
use std::collections::BTreeMap;
use std::path::Path;

/// Most bytes of one file that are sent.
pub(crate) const MAX_FILE: usize = 32 * 1024;
/// Most bytes of all files together that are sent for one review.
pub(crate) const MAX_ALL: usize = 64 * 1024;
/// Most files taken from one directory of rules; the last one is told to be cut when there are more.
const MAX_RULES: usize = 50;

/// Kinds of which the nearest holds; the names of a kind in order of preference.
pub(crate) const NEAREST: &[&[&str]] = &[
    &["AGENTS.md", "AGENT.md"],
    &["CLAUDE.md"],
    &["GEMINI.md"],
    &["REVIEW.md"],
    &[".cursorrules"],
    &[".cursor/rules"],
    &[".windsurfrules"],
    &[".clinerules"],
    &[".rules"],
];
/// Holds in every directory on the way.
const EVERY: &str = ".cursor/BUGBOT.md";
/// Hold for the whole repository.
const COPILOT: &str = ".github/copilot-instructions.md";
const INSTRUCTIONS: &str = ".github/instructions";

/// Whom guidelines are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Who reviews code.
    Reviewer,
    /// Who changes it: what a file asks of reviewers is only part of what its author should know.
    Author,
}

/// A guideline file and the files it holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guideline {
    /// The file.
    pub(crate) path: RelPath,
    /// Its text, bounded.
    pub(crate) text: String,
    /// The targets it holds for.
    pub(crate) applies_to: Vec<RelPath>,
    /// True when it was longer than the bound.
    pub(crate) cut: bool,
}

/// The guidelines for `targets`, general ones first. Reads files under `root` only, symbolic links resolved, and
/// looks only at directories on the targets' paths.
pub(crate) fn collect(root: &Path, targets: &[&RelPath], reader: Reader) -> Vec<Guideline> {
    let mut collector = Collector {
        root,
        reader,
        ignored: Ignored::new(root, &[]),
        contents: BTreeMap::new(),
        directories: BTreeMap::new(),
        everywhere: Vec::new(),
    };
    collector.everywhere = collector.for_everything();
    let mut applies: BTreeMap<String, Vec<RelPath>> = BTreeMap::new();
    for target in targets {
        for path in collector.holding_for(target) {
            applies.entry(path).or_default().push((*target).clone());
        }
    }
    bounded(applies, &collector.contents)
}

struct Collector<'a> {
    root: &'a Path,
    reader: Reader,
    ignored: Ignored,
    /// Everything read, by path; `None` for what is not there or must not be sent.
    contents: BTreeMap<String, Option<Content>>,
    /// Files that hold in a directory, by directory (empty for the root), general ones first.
    directories: BTreeMap<String, Vec<Vec<String>>>,
    everywhere: Vec<String>,
}

impl Collector<'_> {
    fn for_everything(&mut self) -> Vec<String> {
        let mut paths = self.files_at(COPILOT);
        paths.extend(
            self.files_at(INSTRUCTIONS)
                .into_iter()
                .filter(|it| it.ends_with(".instructions.md")),
        );
        paths
    }

    /// The files that hold for a target, without those that say nothing of their own.
    fn holding_for(&mut self, target: &RelPath) -> Vec<String> {
        let directory = target
            .as_str()
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        let mut paths = self.everywhere.clone();
        paths.extend(self.holding_in(directory).into_iter().flatten());
        let mut said: Vec<&Content> = Vec::new();
        paths.retain(|path| {
            let Some(Some(content)) = self.contents.get(path) else {
                return false;
            };
            let is_new = said.iter().all(|it| !it.says_the_same(content));
            let holds = is_new && !content.is_import() && content.holds_for(path, target.as_str());
            if holds {
                said.push(content);
            }
            holds
        });
        paths
    }

    /// The files of each kind that hold in a directory: its own, else those of the directory above.
    fn holding_in(&mut self, directory: &str) -> Vec<Vec<String>> {
        if let Some(known) = self.directories.get(directory) {
            return known.clone();
        }
        let mut holding = match directory.rsplit_once('/') {
            _ if directory.is_empty() => vec![Vec::new(); NEAREST.len() + 1],
            Some((above, _)) => self.holding_in(above),
            None => self.holding_in(""),
        };
        for (kind, names) in NEAREST.iter().enumerate() {
            let own = names
                .iter()
                .map(|name| self.files_at(&join(directory, name)))
                .find(|it| !it.is_empty());
            if let Some(own) = own {
                holding[kind] = own;
            }
        }
        let own = self.files_at(&join(directory, EVERY));
        holding[NEAREST.len()].extend(own);
        self.directories
            .insert(directory.to_owned(), holding.clone());
        holding
    }

    /// The readable files at a path: itself, or those in it.
    fn files_at(&mut self, path: &str) -> Vec<String> {
        let full = self.root.join(path);
        let Ok(about) = std::fs::metadata(&full) else {
            return Vec::new();
        };
        if about.is_file() {
            return if self.read(path) {
                vec![path.to_owned()]
            } else {
                Vec::new()
            };
        }
        // A link out of the root must not even be listed.
        if !about.is_dir() || !self.is_inside(&full) {
            return Vec::new();
        }
        let Ok(entries) = std::fs::read_dir(&full) else {
            return Vec::new();
        };
        let names = entries.filter_map(|it| it.ok()?.file_name().into_string().ok());
        let mut paths: Vec<String> = names
            .filter(|it| [".md", ".mdc", ".txt"].iter().any(|end| it.ends_with(end)))
            .map(|name| join(path, &name))
            .collect();
        paths.sort_unstable();
        let is_cut = paths.len() > MAX_RULES;
        paths.truncate(MAX_RULES);
        paths.retain(|path| self.read(path));
        if let Some(Some(last)) = paths.last().and_then(|it| self.contents.get_mut(it)) {
            last.cut |= is_cut;
        }
        paths
    }

    fn is_inside(&self, full: &Path) -> bool {
        full.canonicalize()
            .is_ok_and(|it| it.starts_with(self.root))
    }

    /// Reads a file once; true when there is something to send.
    fn read(&mut self, path: &str) -> bool {
        if let Some(known) = self.contents.get(path) {
            return known.is_some();
        }
        let opened = read::open_inside(self.root, path).ok();
        let content = opened.and_then(|(file, inside)| {
            let may_be_sent = self.ignored.reason(path, false).is_none()
                && self.ignored.reason(inside.to_str()?, false).is_none();
            may_be_sent
                .then(|| Content::read(path, file, self.reader))
                .flatten()
        });
        let found = content.is_some();
        self.contents.insert(path.to_owned(), content);
        found
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

/// Cuts the texts so that all together keep the bound; the nearest files get their share first.
fn bounded(
    applies: BTreeMap<String, Vec<RelPath>>,
    contents: &BTreeMap<String, Option<Content>>,
) -> Vec<Guideline> {
    let depth = |path: &str| path.matches('/').count() - usize::from(path.starts_with(".github/"));
    let mut found: Vec<(RelPath, &Content, Vec<RelPath>)> = applies
        .into_iter()
        .filter_map(|(path, applies_to)| {
            let content = contents.get(&path)?.as_ref()?;
            Some((RelPath::try_from(path).ok()?, content, applies_to))
        })
        .collect();
    found.sort_by(|(a, _, _), (b, _, _)| (depth(a.as_str()), a).cmp(&(depth(b.as_str()), b)));
    let mut left = MAX_ALL;
    let mut guidelines: Vec<Guideline> = found
        .into_iter()
        .rev()
        .map(|(path, content, applies_to)| {
            let text = content::cut(&content.text, left.min(MAX_FILE));
            left -= text.len();
            let cut = content.cut || text.len() < content.text.len();
            Guideline {
                path,
                text: text.to_owned(),
                applies_to,
                cut,
            }
        })
        .collect();
    guidelines.reverse();
    guidelines
}
