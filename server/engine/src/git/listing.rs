//! Which files a working tree has: those in the index, and the others that no rule ignores.

use super::{Git, GitError};
use std::collections::HashSet;

/// Name of an object, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ObjectName {
    bytes: [u8; Self::LONGEST],
    len: u8,
}

/// What git lists of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Relative to the top of the working tree, as git has it: `/` between names, any bytes.
    pub(crate) path: Vec<u8>,
    /// What it is.
    pub(crate) kind: ListedKind,
}

/// What a path is to git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListedKind {
    /// A file or link in the index, with its content there; `None` while it is unmerged.
    Tracked(Option<ObjectName>),
    /// A file in the index that a sparse checkout leaves out.
    Sparse,
    /// Not in the index and not ignored.
    Untracked,
    /// Another repository: a submodule, or one that happens to lie there.
    Repository,
}

impl Git {
    /// All files, sorted by path, each once. Must be asked at the top of the working tree.
    pub(crate) async fn listing(&self) -> Result<Vec<Listed>, GitError> {
        let args = [
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "--stage",
            "-t",
            "-z",
        ];
        read(&self.run(&[], &args).await?.stdout)
    }

    /// The files in the index whose time stamps or sizes are not those of the index any more. Relative to the top, where
    /// it must be asked.
    pub(crate) async fn touched(&self) -> Result<HashSet<Vec<u8>>, GitError> {
        let filters = self.filters_off().await?;
        let args = [
            "diff-files",
            "--name-only",
            "-z",
            "--no-ext-diff",
            "--ignore-submodules=all",
        ];
        let found = self.run(&filters, &args).await?.stdout;
        let paths = found.split(|it| *it == 0).filter(|it| !it.is_empty());
        Ok(paths.map(<[u8]>::to_vec).collect())
    }
}

impl ObjectName {
    /// Bytes of the longest kind, SHA-256.
    pub(crate) const LONGEST: usize = 32;

    /// From its bytes.
    pub(crate) fn new(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::LONGEST];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        let len = u8::try_from(name.len()).ok()?;
        Some(Self { bytes, len })
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn parse(hex: &[u8]) -> Option<Self> {
        let digit = |it: u8| char::from(it).to_digit(16);
        let (pairs, []) = hex.as_chunks::<2>() else {
            return None;
        };
        let mut bytes = [0; Self::LONGEST];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
        }
        Self::new(bytes.get(..pairs.len())?)
    }
}

/// As git writes it.
impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.bytes().iter().try_for_each(|it| write!(f, "{it:02x}"))
    }
}

/// Reads `H mode object stage\tpath\0` and `? path\0`.
fn read(output: &[u8]) -> Result<Vec<Listed>, GitError> {
    let mut all = Vec::new();
    for line in output.split(|it| *it == 0).filter(|it| !it.is_empty()) {
        all.push(read_line(line).ok_or_else(|| {
            let line = domain::sanitize::line(&String::from_utf8_lossy(line), 120);
            GitError::Other(format!(
                "`git ls-files` answered `{line}`, which is not understood"
            ))
        })?);
    }
    all.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    // An unmerged file has a line for each of its sides.
    all.dedup_by(|next, kept| {
        let same = next.path == kept.path;
        if same && next.kind != kept.kind {
            kept.kind = ListedKind::Tracked(None);
        }
        same
    });
    Ok(all)
}

fn read_line(line: &[u8]) -> Option<Listed> {
    let listed = |path: &[u8], kind| Listed {
        path: path.to_vec(),
        kind,
    };
    let (tag, rest) = (line.first()?, line.get(2..)?);
    if *tag == b'?' {
        return Some(match rest.strip_suffix(b"/") {
            Some(path) => listed(path, ListedKind::Repository),
            None => listed(rest, ListedKind::Untracked),
        });
    }
    let tab = rest.iter().position(|it| *it == b'\t')?;
    let (about, path) = (&rest[..tab], &rest[tab + 1..]);
    let [mode, object, stage] = about
        .split(|it| *it == b' ')
        .collect::<Vec<_>>()
        .try_into()
        .ok()?;
    let object = ObjectName::parse(object)?;
    let kind = match (mode, stage, tag) {
        (b"160000", _, _) => ListedKind::Repository,
        (_, b"0", b'S') => ListedKind::Sparse,
        (_, b"0", _) => ListedKind::Tracked(Some(object)),
        _ => ListedKind::Tracked(None),
    };
    Some(listed(path, kind))
}

impl PartialOrd for ObjectName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes().cmp(other.bytes())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_path_is_listed_once_and_an_unmerged_one_has_no_content() {
        let object = "0123456789abcdef0123456789abcdef01234567";
        let output = format!(
            "? new\0? other/\0H 100644 {object} 0\ta b\0M 100644 {object} 1\tm\0M 100755 {object} 2\tm\0\
             H 160000 {object} 0\tsub\0S 100644 {object} 0\tsparse\0H 120000 {object} 0\tlink\0"
        );
        let shown: Vec<String> = read(output.as_bytes())
            .unwrap()
            .iter()
            .map(|it| {
                let kind = match it.kind {
                    ListedKind::Tracked(Some(name)) => {
                        assert_eq!(name.to_string(), object);
                        "tracked".to_owned()
                    }
                    other => format!("{other:?}"),
                };
                format!("{} {kind}", String::from_utf8_lossy(&it.path))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "a b tracked",
                "link tracked",
                "m Tracked(None)",
                "new Untracked",
                "other Repository",
                "sparse Sparse",
                "sub Repository"
            ]
        );
        assert!(read(b"H 100644 xyz 0\ta\0").is_err());
    }
}
