//! The workspace roots: which one a document belongs to, and what is known of each.

use crate::documents::Place;
use crate::findings::Findings;
use crate::uri;
use domain::path::RelPath;
use engine::config::Loaded;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// A directory with its own configuration and findings.
#[derive(Debug)]
pub(crate) struct Root {
    /// Its canonical path, which names it everywhere inside.
    pub(crate) path: Arc<Path>,
    /// Its path as the client writes it; made into the URIs that the client sees.
    named: PathBuf,
    /// True for a workspace folder, false for one that a document led to.
    pub(crate) is_folder: bool,
    /// Whether the engine was told of it.
    pub(crate) is_open: bool,
    /// Its configuration as last read.
    pub(crate) loaded: Option<Loaded>,
    /// The files that were saved before the configuration said whether that starts a review.
    pub(crate) saved_early: BTreeSet<RelPath>,
    /// Its findings.
    pub(crate) findings: Findings,
}

impl Root {
    /// The URI of a file in it that is not open.
    pub(crate) fn uri_of(&self, path: &RelPath) -> String {
        uri::from_path(&self.named.join(path.as_str()))
    }

    /// The name of a file in it, by its canonical path.
    pub(crate) fn rel_path(&self, file: &Path) -> Option<RelPath> {
        rel_path(file.strip_prefix(&self.path).ok()?)
    }

    /// The file's path on this machine.
    pub(crate) fn path_of(&self, path: &RelPath) -> PathBuf {
        self.path.join(path.as_str())
    }
}

/// All roots by canonical path.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    by_path: BTreeMap<Arc<Path>, Root>,
}

impl Roots {
    /// Adds a workspace folder.
    pub(crate) fn add_folder(&mut self, uri: &str) -> Result<(), uri::NoPath> {
        let named = uri::to_path(uri)?;
        self.insert(named, true).is_folder = true;
        Ok(())
    }

    /// The path of a workspace folder.
    pub(crate) fn folder(&self, uri: &str) -> Option<Arc<Path>> {
        let path = canonical(&uri::to_path(uri).ok()?);
        self.get(&path).map(|it| Arc::clone(&it.path))
    }

    /// Takes a root away.
    pub(crate) fn remove(&mut self, path: &Path) -> Option<Root> {
        self.by_path.remove(path)
    }

    /// A root.
    pub(crate) fn get(&self, path: &Path) -> Option<&Root> {
        self.by_path.get(path)
    }

    /// A root.
    pub(crate) fn get_mut(&mut self, path: &Path) -> Option<&mut Root> {
        self.by_path.get_mut(path)
    }

    /// All roots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Root> {
        self.by_path.values()
    }

    /// All roots.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Root> {
        self.by_path.values_mut()
    }

    /// Where a document lies: in the deepest workspace folder around it, else in the repository around it, which
    /// becomes a root.
    ///
    /// # Errors
    /// A sentence when it cannot be reviewed.
    pub(crate) fn place(&mut self, uri: &str) -> Result<Place, String> {
        let path = uri::to_path(uri).map_err(|error| error.to_string())?;
        if path
            .components()
            .any(|it| matches!(it, Component::ParentDir))
        {
            return Err(format!("{} has `..` in its path", path.display()));
        }
        let path = canonical(&path);
        if !self.by_path.keys().any(|it| path.starts_with(it)) {
            self.insert(
                engine::engine::find_root(path.parent().unwrap_or(&path)),
                false,
            );
        }
        self.locate(&path)
            .ok_or_else(|| format!("{} is not a usable file name", path.display()))
    }

    /// Where a file belongs that `root` names `path`: one root may lie in another, and a review of the outer one
    /// looks at the files of both.
    pub(crate) fn home(&self, root: &Arc<Path>, path: &RelPath) -> Place {
        let file = root.join(path.as_str());
        self.locate(&file).unwrap_or_else(|| Place {
            root: Arc::clone(root),
            path: path.clone(),
        })
    }

    /// The name that a file has in `root`, which may lie around its own; `None` when it is not in there.
    pub(crate) fn path_in(root: &Path, place: &Place) -> Option<RelPath> {
        if *place.root == *root {
            return Some(place.path.clone());
        }
        let outer = place.root.strip_prefix(root).ok()?;
        rel_path(&outer.join(place.path.as_str()))
    }

    /// The place of a file that lies in a root known already.
    pub(crate) fn locate(&self, file: &Path) -> Option<Place> {
        let around = self
            .by_path
            .values()
            .filter(|it| file.starts_with(&it.path));
        let root = around.max_by_key(|it| (it.is_folder, it.path.components().count()))?;
        Some(Place {
            root: Arc::clone(&root.path),
            path: root.rel_path(file)?,
        })
    }

    fn insert(&mut self, named: PathBuf, is_folder: bool) -> &mut Root {
        let path: Arc<Path> = canonical(&named).into();
        self.by_path
            .entry(Arc::clone(&path))
            .or_insert_with(|| Root {
                path,
                named,
                is_folder,
                is_open: false,
                loaded: None,
                saved_early: BTreeSet::new(),
                findings: Findings::default(),
            })
    }
}

/// The path without symbolic links, as far as it exists.
pub(crate) fn canonical(path: &Path) -> PathBuf {
    if let Ok(canonical) = path.canonicalize() {
        return canonical;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => canonical(parent).join(name),
        _ => path.to_owned(),
    }
}

fn rel_path(path: &Path) -> Option<RelPath> {
    let names: Option<Vec<&str>> = path
        .components()
        .map(|it| it.as_os_str().to_str())
        .collect();
    RelPath::try_from(names?.join("/")).ok()
}
