//! The manifest as bytes: numbers as LEB128, byte strings behind their length, a BLAKE3 hash of all at the end.

use super::{Base, Content, Entry, Hash, Manifest, Reason, Source};
use crate::git::listing::ObjectName;
use crate::worktree::directory::{Kind, Stat};
use crate::worktree::path::{self, Path};

/// Begins each manifest. The number is that of the form: another one is not read.
const MAGIC: &[u8] = b"crosscheck worktree manifest 1\n";
/// Most elements of any list.
const MAX_COUNT: u64 = 10_000_000;

pub(super) fn write(manifest: &Manifest) -> Vec<u8> {
    let mut out = Vec::with_capacity(MAGIC.len() + manifest.entries.len() * 160 + 1024);
    out.extend_from_slice(MAGIC);
    bytes(&mut out, &manifest.top);
    out.extend_from_slice(&manifest.rules);
    number(&mut out, u64::from(manifest.sparse));
    number(&mut out, u64::from(manifest.modes));
    for list in [&manifest.hollow, &manifest.linked, &manifest.kept] {
        number(&mut out, list.len() as u64);
        list.iter().for_each(|it| bytes(&mut out, it));
    }
    number(&mut out, manifest.left_out.len() as u64);
    for (path, reason) in &manifest.left_out {
        bytes(&mut out, path);
        number(
            &mut out,
            REASONS.iter().position(|it| it == reason).unwrap_or(0) as u64,
        );
    }
    number(&mut out, manifest.entries.len() as u64);
    manifest.entries.iter().for_each(|it| entry(&mut out, it));
    let hash = blake3::hash(&out);
    out.extend_from_slice(hash.as_bytes());
    out
}

pub(super) fn read(all: &[u8]) -> Option<Manifest> {
    let (body, hash) = all.split_at_checked(all.len().checked_sub(blake3::OUT_LEN)?)?;
    if *blake3::hash(body).as_bytes() != *hash {
        return None;
    }
    let mut reader = Reader(body.strip_prefix(MAGIC)?);
    let manifest = Manifest {
        top: reader.bytes()?.to_vec(),
        rules: reader.hash()?,
        sparse: reader.flag()?,
        modes: reader.flag()?,
        hollow: reader.paths()?,
        linked: reader.paths()?,
        kept: reader.paths()?,
        left_out: reader.list(Reader::left_out)?,
        entries: reader.list(Reader::entry)?,
    };
    let sorted = manifest.left_out.is_sorted_by(|a, b| a.0 < b.0)
        && manifest.entries.is_sorted_by(|a, b| a.path < b.path);
    (sorted && reader.0.is_empty()).then_some(manifest)
}

const REASONS: [Reason; 6] = [
    Reason::Rules,
    Reason::Secret,
    Reason::Outside,
    Reason::Unreadable,
    Reason::Changing,
    Reason::Odd,
];
const SOURCES: [Source; 3] = [Source::Disk, Source::Buffer, Source::Extra];

/// Bits that say what an entry has.
mod bit {
    pub(super) const LINK: u64 = 1;
    pub(super) const OURS_RACY: u64 = 2;
    pub(super) const THEIRS: u64 = 4;
    pub(super) const THEIRS_RACY: u64 = 8;
    pub(super) const HASH: u64 = 16;
    pub(super) const KEPT: u64 = 32;
    pub(super) const OBJECT: u64 = 64;
    /// The number of the source begins here.
    pub(super) const SOURCE: u32 = 8;
}

fn entry(out: &mut Vec<u8>, entry: &Entry) {
    let has = |it: bool, bit: u64| if it { bit } else { 0 };
    let mut bits = has(entry.ours_racy, bit::OURS_RACY)
        | has(entry.theirs.is_some(), bit::THEIRS)
        | has(entry.theirs_racy, bit::THEIRS_RACY);
    match &entry.content {
        Content::Link(_) => bits |= bit::LINK,
        Content::File { hash, source, base } => {
            bits |= has(hash.is_some(), bit::HASH)
                | has(*base == Base::Kept, bit::KEPT)
                | has(matches!(base, Base::Object(_)), bit::OBJECT)
                | ((*source as u64) << bit::SOURCE);
        }
    }
    bytes(out, &entry.path);
    number(out, bits);
    stat(out, &entry.ours);
    if let Some(theirs) = &entry.theirs {
        stat(out, theirs);
    }
    match &entry.content {
        Content::Link(target) => bytes(out, target),
        Content::File { hash, base, .. } => {
            if let Some(hash) = hash {
                out.extend_from_slice(hash);
            }
            if let Base::Object(name) = base {
                bytes(out, name.bytes());
            }
        }
    }
}

fn stat(out: &mut Vec<u8>, stat: &Stat) {
    let kind = if stat.kind == Kind::Link { 1 } else { 0 };
    number(out, (u64::from(stat.mode) << 1) | kind);
    number(out, stat.size);
    out.extend_from_slice(&stat.modified.to_le_bytes());
    out.extend_from_slice(&stat.changed.to_le_bytes());
    number(out, stat.inode);
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Takes from the front; `None` when there is not enough, or not what must be there.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            let part = u64::from(byte & 0x7f);
            number |= part.checked_mul(1u64.checked_shl(shift)?)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn flag(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn bytes(&mut self) -> Option<&'b [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        self.take(len)
    }

    fn hash(&mut self) -> Option<Hash> {
        self.take(size_of::<Hash>())?.try_into().ok()
    }

    fn time(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn list<T>(&mut self, element: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        // Each element has a byte at least.
        if count > MAX_COUNT.min(self.0.len() as u64) {
            return None;
        }
        (0..count).map(|_| element(self)).collect()
    }

    fn path(&mut self) -> Option<Path> {
        let path = self.bytes()?;
        path::is_sound(path).then(|| path.to_vec())
    }

    fn paths(&mut self) -> Option<Vec<Path>> {
        let paths = self.list(Self::path)?;
        paths.is_sorted_by(|a, b| a < b).then_some(paths)
    }

    fn left_out(&mut self) -> Option<(Path, Reason)> {
        // Some of them are left out because of their paths.
        let path = self.bytes()?.to_vec();
        let reason = usize::try_from(self.number()?).ok()?;
        Some((path, *REASONS.get(reason)?))
    }

    fn stat(&mut self) -> Option<Stat> {
        let bits = self.number()?;
        Some(Stat {
            kind: if bits & 1 == 1 {
                Kind::Link
            } else {
                Kind::File
            },
            mode: u32::try_from(bits >> 1).ok()?,
            size: self.number()?,
            modified: self.time()?,
            changed: self.time()?,
            inode: self.number()?,
        })
    }

    fn entry(&mut self) -> Option<Entry> {
        let path = self.path()?;
        let bits = self.number()?;
        let has = |bit: u64| bits & bit != 0;
        let ours = self.stat()?;
        let theirs = if has(bit::THEIRS) {
            Some(self.stat()?)
        } else {
            None
        };
        let content = if has(bit::LINK) {
            Content::Link(self.bytes()?.to_vec())
        } else {
            let hash = if has(bit::HASH) {
                Some(self.hash()?)
            } else {
                None
            };
            let base = match (has(bit::KEPT), has(bit::OBJECT)) {
                (false, false) => Base::None,
                (true, false) => Base::Kept,
                (false, true) => Base::Object(ObjectName::new(self.bytes()?)?),
                (true, true) => return None,
            };
            let source = usize::try_from(bits >> bit::SOURCE).ok()?;
            let source = *SOURCES.get(source)?;
            Content::File { hash, source, base }
        };
        Some(Entry {
            path,
            ours,
            ours_racy: has(bit::OURS_RACY),
            theirs,
            theirs_racy: has(bit::THEIRS_RACY),
            content,
        })
    }
}

#[cfg(test)]
mod tests;
