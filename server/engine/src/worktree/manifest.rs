//! The manifest: what a copy was when it was last brought up to date, file by file.
//!
//! It lies beside the copy, where an agent can reach it, so what is read back is hostile: it is checked, and one that is
//! not whole, not ours or not of this version counts as none. Then the copy is made anew.

mod form;

use super::directory::Stat;
use super::path::{self, Path};
use crate::git::listing::ObjectName;

/// The first bytes of a content's BLAKE3 hash.
pub(super) type Hash = [u8; 16];

/// What a copy was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The top of the user's working tree.
    pub(super) top: Path,
    /// The files and links of the copy, sorted by path, each once.
    pub(super) entries: Vec<Entry>,
    /// The directories that stay empty: submodules and other repositories. Sorted.
    pub(super) hollow: Vec<Path>,
    /// Links to the user's own ignored files and directories. Sorted.
    pub(super) linked: Vec<Path>,
    /// What was in the copy beside that, and stays because it is ignored. A directory stands for all in it. Sorted.
    pub(super) kept: Vec<Path>,
    /// What was left out. Sorted by path, each once.
    pub(super) left_out: Vec<(Path, Reason)>,
    /// Hash of the rules that keep files from agents.
    pub(super) rules: Hash,
    /// The working tree has not all files of its index.
    pub(super) sparse: bool,
    /// Which files are executable counts.
    pub(super) modes: bool,
}

/// A file or link of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path.
    pub(super) path: Path,
    /// The copy, right after it was made.
    pub(super) ours: Stat,
    /// A change of the copy may have the same time stamps.
    pub(super) ours_racy: bool,
    /// The user's, when it was copied; `None` for a buffer of no file.
    pub(super) theirs: Option<Stat>,
    /// A change of the user's may have the same time stamps.
    pub(super) theirs_racy: bool,
    /// What it is.
    pub(super) content: Content,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A file.
    File {
        /// Of its bytes; `None` for a file too large to be edited.
        hash: Option<Hash>,
        /// Where its text came from.
        source: Source,
        /// Where its bytes can be had again when the copy has changed.
        base: Base,
    },
    /// A symbolic link, by its target.
    Link(Vec<u8>),
}

/// Where the text of a file came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From the disk.
    Disk,
    /// From the editor.
    Buffer,
    /// From the disk, although it is ignored: the configuration wants it copied.
    Extra,
}

/// Where the bytes of a file can be had again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// There is no text in it to be had.
    None,
    /// Beside the copy.
    Kept,
    /// It seems to be what the index has, so in the repository.
    Object(ObjectName),
}

/// Why a path of the user's is not in the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// A rule keeps it from agents.
    Rules,
    /// Its name says that it holds secrets.
    Secret,
    /// It is a link that leads out, or may.
    Outside,
    /// It cannot be read.
    Unreadable,
    /// It did not stop changing.
    Changing,
    /// It is no file, no link and no directory, or its path is none that a copy can have.
    Odd,
}

impl Manifest {
    /// The entry at a path.
    pub(super) fn entry(&self, path: &[u8]) -> Option<&Entry> {
        let index = self
            .entries
            .binary_search_by(|it| it.path.as_slice().cmp(path));
        index.ok().map(|it| &self.entries[it])
    }

    /// Why a path is not in the copy, itself or a directory that it is in.
    pub(super) fn left_out(&self, path: &[u8]) -> Option<Reason> {
        let find = |path: &[u8]| {
            let index = self
                .left_out
                .binary_search_by(|it| it.0.as_slice().cmp(path));
            index.ok().map(|it| self.left_out[it].1)
        };
        std::iter::once(path)
            .chain(path::directories(path))
            .find_map(find)
    }

    /// True for an empty directory of the copy and what is in it.
    pub(super) fn is_hollow(&self, path: &[u8]) -> bool {
        is_in(&self.hollow, path)
    }

    /// True for what was in the copy before, ignored.
    pub(super) fn is_kept(&self, path: &[u8]) -> bool {
        is_in(&self.kept, path)
    }

    /// True for a link to the user's own, and what is in it.
    pub(super) fn is_linked(&self, path: &[u8]) -> bool {
        is_in(&self.linked, path)
    }

    /// Its bytes, to be written.
    pub(super) fn write(&self) -> Vec<u8> {
        form::write(self)
    }

    /// From its bytes; `None` when they are not a whole manifest of this version.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        form::read(bytes)
    }
}

impl Reason {
    /// In words that follow the name of a path.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Rules => "is kept from agents by an ignore file or by `review.exclude`",
            Self::Secret => "holds secrets by its name",
            Self::Outside => "is a symbolic link that leads out of the repository, or may",
            Self::Unreadable => "cannot be read",
            Self::Changing => "did not stop changing while it was copied",
            Self::Odd => "is not a regular file, or has a path that no copy can have",
        }
    }
}

/// The hash of a content.
pub(super) fn hash(bytes: &[u8]) -> Hash {
    shorten(&blake3::hash(bytes))
}

/// A whole hash as a [`Hash`].
pub(super) fn shorten(hash: &blake3::Hash) -> Hash {
    let mut short = Hash::default();
    short.copy_from_slice(&hash.as_bytes()[..size_of::<Hash>()]);
    short
}

/// True when `sorted` has the path or a directory that it is in.
pub(super) fn is_in(sorted: &[Path], path: &[u8]) -> bool {
    let has = |path: &[u8]| {
        sorted
            .binary_search_by(|it| it.as_slice().cmp(path))
            .is_ok()
    };
    has(path) || path::directories(path).any(has)
}
