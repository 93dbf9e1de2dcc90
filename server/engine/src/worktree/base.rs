//! The texts that an agent found, had again after it has changed them.
//!
//! Where the bytes of a file can be had is known since it was copied ([`super::manifest::Base`]); whether what is there is
//! still the same, its hash says. So a text is either exactly what the agent found, or there is none.

use super::directory::{Directory, Handle, Walker};
use super::manifest::{self, Base, Content, Entry, Hash, Source};
use super::path::{self, Path};
use super::transfer::{base_name, place};
use super::{Inner, Worktree, WorktreeError, blocking};
use crate::git::listing::ObjectName;
use crate::read;
use domain::path::RelPath;
use domain::text::Text;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The bytes that files had, or why they cannot be had, in words that follow their names.
pub(super) type Bases = HashMap<Path, Result<Vec<u8>, String>>;

impl Worktree {
    /// The text of a file when the agent got it; `None` when there was no such file.
    ///
    /// # Errors
    /// Why there is no text, in words that follow the file's name.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "only tests look at single files")
    )]
    pub(crate) async fn base(&self, path: &RelPath) -> Result<Option<Text>, String> {
        let path = path::join(&self.inner.prefix, path.as_str().as_bytes());
        let manifest = &self.inner.manifest;
        let Some(entry) = manifest.entry(&path) else {
            return match manifest.left_out(&path) {
                Some(reason) => Err(reason.words().to_owned()),
                None => Ok(None),
            };
        };
        if matches!(entry.content, Content::Link(_)) {
            return Err("is a symbolic link".to_owned());
        }
        let cancel = CancellationToken::new();
        let bases = bases(&self.inner, vec![path.clone()], &cancel).await;
        let mut bases = bases.map_err(|it| format!("cannot be read: {it}"))?;
        let bytes = bases
            .remove(&path)
            .unwrap_or_else(|| Err(LOST.to_owned()))?;
        read::from_bytes(&bytes, self.inner.file_bytes).map(Some)
    }
}

const LOST: &str = "cannot be compared: the text that the agent found is neither on disk nor in the repository any more";

/// The bytes of files of the copy, as they were when the agent got it.
pub(super) async fn bases(
    inner: &Arc<Inner>,
    paths: Vec<Path>,
    cancel: &CancellationToken,
) -> Result<Bases, WorktreeError> {
    let here = Arc::clone(inner);
    let (mut bases, missing) = blocking(move || Ok(here.on_disk(paths))).await?;
    if missing.is_empty() {
        return Ok(bases);
    }
    let mut names: Vec<String> = missing.iter().map(|it| it.object.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    let objects = match &inner.git {
        Some((git, _)) => {
            let objects = git.until(cancel).objects(&names).await;
            objects.map_err(|it| WorktreeError::git(&inner.users_root, it))?
        }
        None => crate::git::objects::Objects::default(),
    };
    for missing in missing {
        let object = objects.get(&missing.object.to_string());
        let found = object.and_then(|it| with_hash(it, &missing.hash));
        bases.insert(missing.path, found.ok_or_else(|| LOST.to_owned()));
    }
    Ok(bases)
}

/// A file whose bytes only the repository may have.
struct Missing {
    path: Path,
    object: ObjectName,
    hash: Hash,
}

impl Inner {
    fn on_disk(&self, paths: Vec<Path>) -> (Bases, Vec<Missing>) {
        let (mut bases, mut missing) = (Bases::new(), Vec::new());
        let base = Directory::open(&self.slot.path().join(place::BASE)).ok();
        let mut theirs = Walker::new(&self.users_top).ok();
        for path in paths {
            let Some(entry) = self.manifest.entry(&path) else {
                continue;
            };
            let (hash, source, from) = match &entry.content {
                Content::File {
                    hash: Some(hash),
                    source,
                    base,
                } => (*hash, *source, *base),
                Content::File { hash: None, .. } => {
                    bases.insert(path, Err(read::too_large(self.file_bytes)));
                    continue;
                }
                Content::Link(_) => {
                    bases.insert(path, Err("is a symbolic link".to_owned()));
                    continue;
                }
            };
            if from == Base::None && source != Source::Extra {
                bases.insert(path, Err("is a binary file".to_owned()));
                continue;
            }
            let kept = match &base {
                Some(base) if from == Base::Kept => bytes(base, &base_name(&path), entry, &hash),
                _ => None,
            };
            // Most files have not changed on the user's side.
            let (directory, name) = path::split(&path);
            let theirs = || {
                let here = theirs.as_mut()?.enter(directory).ok()?;
                bytes(here, name, entry, &hash)
            };
            match (kept.or_else(theirs), from) {
                (Some(bytes), _) => {
                    bases.insert(path, Ok(bytes));
                }
                (None, Base::Object(object)) => missing.push(Missing { path, object, hash }),
                (None, _) => {
                    bases.insert(path, Err(LOST.to_owned()));
                }
            }
        }
        (bases, missing)
    }
}

/// The bytes of a file, if they are those of the entry.
fn bytes(directory: &Directory, name: &[u8], entry: &Entry, hash: &Hash) -> Option<Vec<u8>> {
    let (file, about) = directory.open_file(name).ok()?;
    if about.size != entry.ours.size {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(about.size + 1).read_to_end(&mut bytes).ok()?;
    (manifest::hash(&bytes) == *hash).then_some(bytes)
}

/// The bytes with this hash: those of the repository, or with the line ends that git writes to disk on some systems.
fn with_hash(bytes: &[u8], hash: &Hash) -> Option<Vec<u8>> {
    if manifest::hash(bytes) == *hash {
        return Some(bytes.to_vec());
    }
    let mut converted = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    let mut last = 0;
    for byte in bytes {
        if *byte == b'\n' && last != b'\r' {
            converted.push(b'\r');
        }
        converted.push(*byte);
        last = *byte;
    }
    (manifest::hash(&converted) == *hash).then_some(converted)
}
