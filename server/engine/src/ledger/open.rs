//! Opening the database file, and what to do when it cannot be used.
//!
//! Opening looks at the header, the version and the tables, which takes the same time at any size. SQLite's check of a whole file reads all of
//! it, ten seconds for a million findings. So it is made when a statement meets damage, before the file is set aside; until then damage in
//! pages that nobody reads harms nobody.

use super::schema;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long one statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between tries where SQLite does not wait by itself (switching a new file to WAL).
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// An open database.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// False when it lives in memory only.
    pub(super) lasting: bool,
    /// What a person should know.
    pub(super) notice: Option<String>,
    /// Why it knows nothing of earlier processes, where it lives in memory.
    pub(super) forgetful: Option<String>,
}

/// Why a file cannot be used.
#[derive(Debug)]
enum Unusable {
    /// Its content is no ledger: set aside.
    Broken(String),
    /// A newer program wrote it: left alone.
    Newer(i64),
    /// It cannot be reached or written: left alone.
    Unreachable(String),
}

/// Opens `file`. Always gives a working database, if need be one in memory.
///
/// # Errors
/// When not even a database in memory can be made.
pub(super) fn open(file: &Path, now: SystemTime) -> rusqlite::Result<Opened> {
    match attempt(file) {
        Ok(connection) => Ok(Opened {
            connection,
            lasting: true,
            notice: None,
            forgetful: None,
        }),
        Err(Unusable::Broken(_)) => replace(file, now),
        Err(other) => in_memory(file, &other),
    }
}

/// Opens `file` anew after it turned out to be damaged while in use. Another process may have replaced it already.
///
/// # Errors
/// As [`open`].
pub(super) fn reopen(file: &Path, now: SystemTime) -> rusqlite::Result<Opened> {
    replace(file, now)
}

fn attempt(file: &Path) -> Result<Connection, Unusable> {
    create(file).map_err(|error| Unusable::Unreachable(error.to_string()))?;
    let start = Instant::now();
    loop {
        match connect(file) {
            Err(Failure::Sqlite(error)) if is_busy(&error) && start.elapsed() < BUSY_TIMEOUT => {
                std::thread::sleep(BUSY_PAUSE);
            }
            Err(Failure::Sqlite(error)) => return Err(classify(&error)),
            Err(Failure::Unusable(unusable)) => return Err(unusable),
            Ok(connection) => return Ok(connection),
        }
    }
}

enum Failure {
    Sqlite(rusqlite::Error),
    Unusable(Unusable),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn connect(file: &Path) -> Result<Connection, Failure> {
    let mut connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    if schema::is_foreign(&connection)? {
        return Err(Failure::Unusable(Unusable::Broken(
            "it belongs to another program".into(),
        )));
    }
    let version = schema::version(&connection)?;
    if version > schema::VERSION {
        return Err(Failure::Unusable(Unusable::Newer(version)));
    }
    // Before anything is changed in it.
    check(&connection, version)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // In WAL mode this keeps the database whole after a power cut; only the last moments may be missing.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "journal_size_limit", 4 * 1024 * 1024)?;
    schema::migrate(&mut connection)?;
    // A file that can be read but not written would fail at the first finding; better now.
    connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?;
    Ok(connection)
}

/// Fails as broken when the tables are not those of a ledger.
fn check(connection: &Connection, version: i64) -> Result<(), Failure> {
    match schema::check(connection, version) {
        Err(error) if !is_busy(&error) && !is_damage(&error) => {
            let reason = format!("its tables are not those of a ledger: {error}");
            Err(Failure::Unusable(Unusable::Broken(reason)))
        }
        other => Ok(other?),
    }
}

/// Makes the directory and an empty file, both for the user only.
fn create(file: &Path) -> io::Result<()> {
    let mut directory = fs::DirBuilder::new();
    let mut options = fs::OpenOptions::new();
    directory.recursive(true);
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        directory.mode(0o700);
        options.mode(0o600);
    }
    if let Some(parent) = file.parent() {
        directory.create(parent)?;
    }
    options.open(file).map(drop)
}

/// Sets a broken file aside and opens a new one. One process at a time, and only what is still broken by then: another
/// process may have put a good file in its place.
fn replace(file: &Path, now: SystemTime) -> rusqlite::Result<Opened> {
    let lock = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(with_suffix(file, ".lock"));
    if let Ok(lock) = &lock {
        // Without the lock there is only a race left that has no bad end but a second renamed file.
        let _ = lock.lock();
    }
    let reason = match attempt(file).and_then(verify) {
        Ok(connection) => {
            return Ok(Opened {
                connection,
                lasting: true,
                notice: None,
                forgetful: None,
            });
        }
        Err(Unusable::Broken(reason)) => reason,
        Err(other) => return in_memory(file, &other),
    };
    let aside = match set_aside(file, now) {
        Ok(aside) => aside,
        Err(error) => {
            let reason = format!("{reason}, and it cannot be renamed: {error}");
            return in_memory(file, &Unusable::Unreachable(reason));
        }
    };
    match attempt(file) {
        Ok(connection) => Ok(Opened {
            connection,
            lasting: true,
            notice: Some(format!(
                "the ledger {} could not be used ({reason}); it was kept as {} and a new one was begun",
                file.display(),
                aside.display()
            )),
            forgetful: None,
        }),
        Err(other) => in_memory(file, &other),
    }
}

fn verify(connection: Connection) -> Result<Connection, Unusable> {
    let verdict = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(connection),
        Ok(verdict) => Err(Unusable::Broken(verdict)),
        Err(error) => Err(classify(&error)),
    }
}

/// Renames the file and what belongs to it; returns its new name.
fn set_aside(file: &Path, now: SystemTime) -> io::Result<PathBuf> {
    let stamp = stamp(now);
    let mut aside = with_suffix(file, &format!(".unusable-{stamp}"));
    let mut count = 1;
    while aside.exists() {
        count += 1;
        aside = with_suffix(file, &format!(".unusable-{stamp}-{count}"));
    }
    fs::rename(file, &aside)?;
    for suffix in ["-wal", "-shm"] {
        let part = with_suffix(file, suffix);
        if part.exists() {
            fs::rename(part, with_suffix(&aside, suffix))?;
        }
    }
    Ok(aside)
}

fn in_memory(file: &Path, why: &Unusable) -> rusqlite::Result<Opened> {
    let mut connection = Connection::open_in_memory()?;
    schema::migrate(&mut connection)?;
    let file = file.display();
    let reason = match why {
        Unusable::Newer(version) => {
            format!(
                "{file} was written by a newer version of crosscheck (schema {version}) and is left alone"
            )
        }
        Unusable::Broken(reason) | Unusable::Unreachable(reason) => {
            format!("{file} cannot be used: {reason}")
        }
    };
    let notice = Some(format!(
        "the ledger {reason}; findings, dismissals and proposals are kept only until crosscheck ends"
    ));
    Ok(Opened {
        connection,
        lasting: false,
        notice,
        forgetful: Some(reason),
    })
}

/// True when the file's content is damaged, as opposed to a passing or outside trouble.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn classify(error: &rusqlite::Error) -> Unusable {
    if is_damage(error) {
        Unusable::Broken(error.to_string())
    } else {
        Unusable::Unreachable(error.to_string())
    }
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// `20261122T171500Z`.
fn stamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// The Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that a leap day is the last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_dates() {
        for (seconds, stamped) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_795_367_700, "20261122T171500Z"),
        ] {
            assert_eq!(stamp(UNIX_EPOCH + Duration::from_secs(seconds)), stamped);
        }
    }
}
