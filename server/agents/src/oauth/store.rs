//! Where logins are kept between runs: in the system's keyring, else in a file that only the user can read.

use super::Grant;
use super::keyring::Keyring;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// The file, and the one that is locked by whoever changes it.
const FILE: &str = "logins.json";
const LOCK: &str = "logins.lock";
/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;
/// How long another process may take for its change; it may be renewing a token.
const PATIENCE: Duration = Duration::from_secs(45);
/// Pause between looks whether the lock is free.
const PAUSE: Duration = Duration::from_millis(20);

/// Where the login of one agent is kept.
pub(crate) struct Store {
    /// Without it, a login lasts as long as this process.
    directory: Option<PathBuf>,
    /// The agent and its address: a token is for one place only.
    key: String,
    keyring: Option<Keyring>,
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
struct Logins {
    #[serde(default)]
    logins: BTreeMap<String, Entry>,
}

/// One login.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// Here.
    Here(Box<Grant>),
    /// In the system's keyring.
    Keyring,
}

/// Others wait while it lives.
pub(super) struct Locked {
    _file: Option<File>,
}

impl Store {
    /// Nothing is read yet.
    pub(crate) fn new(directory: Option<PathBuf>, agent: &str, url: &Url) -> Self {
        Self {
            keyring: directory.as_ref().and_then(|_| Keyring::of_system()),
            directory,
            // Without the query, which may hold a secret: others can see what a keyring's tool is asked for.
            key: format!(
                "{agent} {}{}",
                url.origin().ascii_serialization(),
                url.path()
            ),
        }
    }

    /// With this keyring instead of the system's.
    #[cfg(test)]
    pub(super) fn with_keyring(self, keyring: Option<Keyring>) -> Self {
        Self { keyring, ..self }
    }

    /// What is kept, if it can be had.
    pub(super) async fn load(&self) -> Option<Grant> {
        let directory = self.directory.as_deref()?;
        let read = read(directory);
        let logins = read.map_err(|error| tracing::warn!(%error, "logins cannot be read"));
        match logins.ok()?.logins.remove(&self.key)? {
            Entry::Here(grant) => Some(*grant),
            Entry::Keyring => {
                let text = self.keyring.as_ref()?.load(&self.key).await?;
                serde_json::from_str(&text).ok()
            }
        }
    }

    /// Keeps a login in place of the one before. Needs the lock.
    ///
    /// # Errors
    /// Why it is not kept, for people.
    pub(super) async fn save(&self, grant: &Grant) -> Result<(), String> {
        let Some(directory) = self.directory.as_deref() else {
            return Ok(());
        };
        let text = serde_json::to_string(grant).map_err(|error| error.to_string())?;
        let in_keyring = match &self.keyring {
            Some(keyring) => keyring.save(&self.key, &text).await,
            None => false,
        };
        let entry = match in_keyring {
            true => Entry::Keyring,
            false => Entry::Here(Box::new(grant.clone())),
        };
        let changed = change(directory, &self.key, entry);
        changed.map_err(|error| format!("{}: {error}", directory.join(FILE).display()))
    }

    /// Waits until no other process changes logins.
    ///
    /// # Errors
    /// Why that cannot be had, for people.
    pub(super) async fn lock(&self) -> Result<Locked, String> {
        let Some(directory) = self.directory.as_deref() else {
            return Ok(Locked { _file: None });
        };
        let failed = |error: io::Error| format!("{}: {error}", directory.join(LOCK).display());
        let file = lock_file(directory).map_err(failed)?;
        let end = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Locked { _file: Some(file) }),
                Err(TryLockError::WouldBlock) if Instant::now() < end => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err("another process does not finish changing logins".to_owned());
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }
}

fn lock_file(directory: &Path) -> io::Result<File> {
    make_directory(directory)?;
    private()
        .create(true)
        .truncate(false)
        .open(directory.join(LOCK))
}

fn read(directory: &Path) -> io::Result<Logins> {
    let path = directory.join(FILE);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Logins::default()),
        Err(error) => return Err(error),
    };
    keep_private(&file)?;
    let mut text = String::new();
    Read::by_ref(&mut file)
        .take(MAX_FILE)
        .read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

/// Writes a new file beside and puts it in place, so that there is always a whole one.
fn change(directory: &Path, key: &str, entry: Entry) -> io::Result<()> {
    make_directory(directory)?;
    // What cannot be read is of no use to anybody.
    let mut logins = read(directory).unwrap_or_default();
    logins.logins.insert(key.to_owned(), entry);
    let beside = directory.join(format!("{FILE}.{}", std::process::id()));
    let mut file = private().create(true).truncate(true).open(&beside)?;
    keep_private(&file)?;
    let written = file
        .write_all(&serde_json::to_vec(&logins)?)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, directory.join(FILE)));
    if written.is_err() {
        // It may hold half of a token.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Takes the file away from everybody else, should they have it: it may come from a backup or another program.
#[cfg(unix)]
fn keep_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    tracing::warn!("others could read the file of logins; now they cannot");
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_: &File) -> io::Result<()> {
    // The user's profile is closed to others there.
    Ok(())
}

#[cfg(test)]
mod tests;
