//! Trust: nothing that a workspace brings is run or filled in before the user trusted that exact content.
//!
//! Trust is a list of roots with content hashes in a file of the user's. Several processes may share the file:
//! it is read at each question, and changed under a lock by writing a new file and renaming it.

use crate::lock;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Contents remembered for one root; the oldest is forgotten first. Several, since branches differ.
const MAX_PER_ROOT: usize = 32;
/// Longest wait for another process that is changing the file.
const LOCK_DEADLINE: Duration = Duration::from_secs(2);

/// What was trusted, by root and content hash. Kept in a file of the user's, never in the workspace.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    file: PathBuf,
}

/// What a workspace brings that needs trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untrusted {
    /// Hash of exactly this content; trust is given to it.
    pub hash: String,
    /// What it would do, one sentence each: `agent "house" would start: house-agent --mcp (crosscheck.toml)`.
    pub brings: Vec<String>,
}

/// The trust file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the trust file {} cannot be written: {source}", .file.display())]
pub struct TrustError {
    /// The file.
    pub file: PathBuf,
    /// The system's reason.
    pub source: io::Error,
}

impl Trust {
    /// Trust kept in `file`, which need not exist. It is read at each question, so several processes share it.
    pub fn at(file: PathBuf) -> Self {
        Self { file }
    }
    /// The file it is kept in.
    pub fn file(&self) -> &Path {
        &self.file
    }
    /// True when exactly this content of `root` was trusted. A file that cannot be read or understood
    /// trusts nothing.
    pub fn holds(&self, root: &Path, hash: &str) -> bool {
        let Ok(Some(text)) = read(&self.file) else {
            return false;
        };
        let entry = Entry::new(root, hash);
        toml::from_str::<Entries>(&text).is_ok_and(|it| it.trusted.contains(&entry))
    }
    /// Trusts content. A trust file that cannot be understood is set aside first, as `trust.toml.broken`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn grant(&self, root: &Path, hash: &str) -> Result<(), TrustError> {
        let entry = Entry::new(root, hash);
        self.update(|entries| {
            entries.retain(|it| *it != entry);
            let of_root = entries.iter().filter(|it| it.root == entry.root).count();
            if of_root >= MAX_PER_ROOT
                && let Some(oldest) = entries.iter().position(|it| it.root == entry.root)
            {
                entries.remove(oldest);
            }
            entries.push(entry);
        })
    }
    /// Takes all trust of `root` back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn revoke(&self, root: &Path) -> Result<(), TrustError> {
        let root = root.to_string_lossy();
        self.update(|entries| entries.retain(|it| it.root != root))
    }

    fn update(&self, change: impl FnOnce(&mut Vec<Entry>)) -> Result<(), TrustError> {
        self.try_update(change).map_err(|source| TrustError {
            file: self.file.clone(),
            source,
        })
    }

    fn try_update(&self, change: impl FnOnce(&mut Vec<Entry>)) -> io::Result<()> {
        if let Some(directory) = self.file.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let _lock = lock::exclusive(&self.beside("lock"), LOCK_DEADLINE)?;
        let mut entries = match read(&self.file)?.map(|text| toml::from_str::<Entries>(&text)) {
            None => Entries::default(),
            Some(Ok(entries)) => entries,
            Some(Err(_)) => {
                std::fs::rename(&self.file, self.beside("broken"))?;
                Entries::default()
            }
        };
        change(&mut entries.trusted);
        let list = toml::to_string(&entries).map_err(io::Error::other)?;
        let new = self.beside(&format!("{}.new", std::process::id()));
        write_private(&new, &format!("{HEADER}{list}"))?;
        std::fs::rename(&new, &self.file)
    }

    fn beside(&self, extension: &str) -> PathBuf {
        let mut path = self.file.clone().into_os_string();
        path.push(".");
        path.push(extension);
        PathBuf::from(path)
    }
}

/// Stands at the top of the file.
const HEADER: &str = "# What `crosscheck trust` was told to trust: workspace roots and hashes of what their \
                      files bring.\n# Remove an entry to take its trust back.\n\n";

#[derive(Default, Serialize, Deserialize)]
struct Entries {
    #[serde(default)]
    trusted: Vec<Entry>,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Entry {
    /// For people and for revoking; the hash is made over the exact path, too.
    root: String,
    hash: String,
}

impl Entry {
    fn new(root: &Path, hash: &str) -> Self {
        Self {
            root: root.to_string_lossy().into_owned(),
            hash: hash.to_owned(),
        }
    }
}

/// The text of a file; `None` when there is no such file. Bytes that are not UTF-8 make it fail to parse.
fn read(file: &Path) -> io::Result<Option<String>> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a new file that only the user may read, down to the disk.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    // Left over from a process that died here; the options below must make the file anew.
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Place {
        directory: tempfile::TempDir,
        trust: Trust,
    }

    fn place() -> Place {
        let directory = tempfile::tempdir().unwrap();
        let trust = Trust::at(directory.path().join("state/trust.toml"));
        Place { directory, trust }
    }

    const A: &str = "/work/a";
    const B: &str = "/work/b";

    #[test]
    fn trust_is_given_to_one_content_of_one_root() {
        let Place { trust, .. } = &place();
        assert!(!trust.holds(Path::new(A), "1"), "nothing at first");
        trust.grant(Path::new(A), "1").unwrap();
        trust.grant(Path::new(B), "2").unwrap();
        assert!(trust.holds(Path::new(A), "1"));
        assert!(!trust.holds(Path::new(A), "2"), "another content");
        assert!(!trust.holds(Path::new(B), "1"), "another root");
        trust.revoke(Path::new(A)).unwrap();
        assert!(!trust.holds(Path::new(A), "1"));
        assert!(trust.holds(Path::new(B), "2"));
    }

    #[test]
    fn the_oldest_content_of_a_root_is_forgotten_at_the_limit() {
        let Place { trust, .. } = &place();
        trust.grant(Path::new(B), "kept").unwrap();
        for n in 0..=MAX_PER_ROOT {
            trust.grant(Path::new(A), &n.to_string()).unwrap();
        }
        assert!(!trust.holds(Path::new(A), "0"));
        assert!(trust.holds(Path::new(A), "1"));
        assert!(trust.holds(Path::new(A), &MAX_PER_ROOT.to_string()));
        assert!(trust.holds(Path::new(B), "kept"));
    }

    #[test]
    fn a_broken_file_trusts_nothing_and_is_set_aside() {
        for broken in [
            &b"[[trusted"[..],
            b"trusted = 1",
            b"\xff\xfe",
            b"[[trusted]]\nroot = \"/work/a\"",
        ] {
            let Place { directory, trust } = &place();
            std::fs::create_dir(directory.path().join("state")).unwrap();
            std::fs::write(trust.file(), broken).unwrap();
            assert!(!trust.holds(Path::new(A), "1"));
            trust.grant(Path::new(A), "1").unwrap();
            assert!(trust.holds(Path::new(A), "1"));
            assert_eq!(std::fs::read(trust.beside("broken")).unwrap(), broken);
        }
    }

    #[test]
    fn an_unwritable_place_is_an_error_that_names_the_file() {
        let Place { directory, .. } = &place();
        let occupied = directory.path().join("occupied");
        std::fs::write(&occupied, "").unwrap();
        let trust = Trust::at(occupied.join("trust.toml"));
        let error = trust.grant(Path::new(A), "1").unwrap_err().to_string();
        assert!(error.contains("occupied/trust.toml"), "{error}");
    }

    #[test]
    fn concurrent_writers_lose_nothing() {
        let Place { trust, .. } = &place();
        std::thread::scope(|scope| {
            for n in 0..8 {
                scope.spawn(move || trust.grant(Path::new(&format!("/work/{n}")), "1").unwrap());
            }
        });
        for n in 0..8 {
            assert!(
                trust.holds(Path::new(&format!("/work/{n}")), "1"),
                "root {n}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let Place { trust, .. } = &place();
        trust.grant(Path::new(A), "1").unwrap();
        let mode = std::fs::metadata(trust.file())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
