//! Which file an agent means, and the texts that it saw and that stands there now.

use super::agent::Part;
use super::answer::Asked;
use super::manner::Manner;
use crate::read;
use crate::scope::{Target, secrets};
use agents::spec::Reads;
use domain::path::{PathError, RelPath};
use domain::sanitize;
use domain::text::Text;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Most files beside the targets that one answer may speak of.
const MAX_OTHERS: usize = 50;

/// A file and its texts.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) path: RelPath,
    /// What stands there now, for the user; findings are placed in it.
    pub(super) now: Text,
    /// The editor's version of `now`.
    pub(super) version: Option<i32>,
    /// What the agent read, where that is another text.
    pub(super) read: Option<Text>,
    /// True when the agent certainly read exactly this text (`read`, else `now`).
    pub(super) known: bool,
    /// `now` with its secrets hidden, where the agent got that and there are any.
    pub(super) masked: Masked,
}

/// Made when the first finding of a file comes.
#[derive(Clone, Debug, Default)]
pub(super) enum Masked {
    #[default]
    No,
    Yes(OnceCell<Option<Text>>),
}

impl Source {
    /// What the agent saw: another text, or one of which each byte has its place in `now`.
    pub(super) fn seen(&self) -> &Text {
        let masked = match &self.masked {
            Masked::No => None,
            Masked::Yes(masked) => masked.get_or_init(|| secrets::masked(&self.now)).as_ref(),
        };
        self.read.as_ref().or(masked).unwrap_or(&self.now)
    }
}

/// Finds files by what an agent calls them, reading each at most once.
pub(super) struct Files<'a> {
    part: &'a Part,
    root: String,
    sources: BTreeMap<RelPath, Source>,
    /// The files asked about.
    asked: Vec<RelPath>,
    others: usize,
}

impl<'a> Files<'a> {
    pub(super) fn new(part: &'a Part, asked: &Asked) -> Self {
        let all = &part.gathered.targets;
        let targets: Vec<&Target> = asked.targets().filter_map(|it| all.get(it)).collect();
        let sources = targets
            .iter()
            .map(|it| (it.path.clone(), target(part, it)))
            .collect();
        let asked = targets.iter().map(|it| it.path.clone()).collect();
        Self {
            part,
            root: part.root.path.to_string_lossy().into_owned(),
            sources,
            asked,
            others: 0,
        }
    }
    pub(super) fn into_sources(self) -> BTreeMap<RelPath, Source> {
        self.sources
    }
    /// The file that an agent means.
    ///
    /// # Errors
    /// Why there is none: outside of the root, not there, not readable.
    pub(super) fn find(&mut self, said: Option<&str>) -> Result<&Source, String> {
        let path = match said {
            Some(said) => self.resolve(said)?,
            None => match self.asked.as_slice() {
                [only] => only.clone(),
                _ => return Err("it names no file".to_owned()),
            },
        };
        if !self.sources.contains_key(&path) {
            let source = self.other(&path)?;
            self.sources.insert(path.clone(), source);
        }
        self.sources
            .get(&path)
            .ok_or_else(|| format!("`{path}` is not there"))
    }
    /// The file asked about that an agent means; `None` when it was not asked about.
    pub(super) fn asked(&self, said: &str) -> Option<RelPath> {
        self.resolve(said).ok().filter(|it| self.asked.contains(it))
    }
    fn resolve(&self, said: &str) -> Result<RelPath, String> {
        let path = match RelPath::parse(&self.root, said) {
            Ok(path) => path,
            Err(PathError::Outside(_)) if Path::new(said.trim()).is_absolute() => {
                self.resolve_links(said)?
            }
            Err(error) => return Err(error.to_string()),
        };
        if self.sources.contains_key(&path) || self.part.root.path.join(path.as_str()).is_file() {
            return Ok(path);
        }
        // Agents shorten paths, or leave the `a/` and `b/` of diffs on them.
        let bare = path.as_str();
        let undiffed = bare.strip_prefix("a/").or_else(|| bare.strip_prefix("b/"));
        if let Some(asked) = self.asked.iter().find(|it| Some(it.as_str()) == undiffed) {
            return Ok(asked.clone());
        }
        let ending = format!("/{bare}");
        let mut meant = self
            .asked
            .iter()
            .filter(|it| it.as_str().ends_with(&ending));
        match (meant.next(), meant.next()) {
            (Some(one), None) => Ok(one.clone()),
            (Some(_), Some(_)) => Err(format!("`{bare}` may be several files")),
            (None, _) => Err(format!("there is no file `{bare}`")),
        }
    }
    /// For an absolute path that only leads into the root by symbolic links.
    fn resolve_links(&self, said: &str) -> Result<RelPath, String> {
        let resolved = fs::canonicalize(said.trim()).ok();
        let outside = || format!("`{}` is outside the workspace", sanitize::line(said, 200));
        RelPath::parse(&self.root, &resolved.ok_or_else(outside)?.to_string_lossy())
            .map_err(|_| outside())
    }
    /// A file that was not asked about.
    fn other(&mut self, path: &RelPath) -> Result<Source, String> {
        if self.others >= MAX_OTHERS {
            return Err(format!(
                "it is about `{path}`, and more than {MAX_OTHERS} files that were not asked about"
            ));
        }
        self.others += 1;
        let limits = &self.part.shared.limits;
        let disk = read_inside(&self.part.root.path, path, limits.file_bytes);
        if let Some(buffer) = self.part.shared.open.get(path) {
            // What an agent knows of a file that it was not given, it read on disk.
            let read = disk.ok().filter(|disk| *disk != buffer.text);
            let (now, version) = (buffer.text.clone(), Some(buffer.version));
            return Ok(Source {
                path: path.clone(),
                now,
                version,
                read,
                known: false,
                masked: Masked::No,
            });
        }
        let now = disk.map_err(|reason| format!("`{path}` {reason}"))?;
        Ok(Source {
            path: path.clone(),
            now,
            version: None,
            read: None,
            known: false,
            masked: Masked::No,
        })
    }
}

fn target(part: &Part, target: &Target) -> Source {
    let Manner {
        reads,
        mask_secrets,
        ..
    } = part.manner();
    let (read, known) = match reads {
        Reads::Text => (None, true),
        Reads::Disk => {
            let expected = target.disk.as_ref().unwrap_or(&target.text);
            // The file may have been saved anew during the call.
            let disk = read_inside(&part.root.path, &target.path, part.shared.limits.file_bytes);
            (
                target.disk.clone(),
                disk.is_ok_and(|disk| disk == *expected),
            )
        }
    };
    let is_masked = mask_secrets && reads == Reads::Text;
    let masked = if is_masked {
        Masked::Yes(OnceCell::new())
    } else {
        Masked::No
    };
    Source {
        path: target.path.clone(),
        now: target.text.clone(),
        version: target.version,
        read,
        known,
        masked,
    }
}

/// Reads a text file below `root`, symbolic links resolved, at most `limit` bytes.
fn read_inside(root: &Path, path: &RelPath, limit: u64) -> Result<Text, String> {
    let (file, _) = read::open_inside(root, path.as_str()).map_err(|it| it.to_string())?;
    file.text(limit)
}
