//! The guard: a second process that outlives a killed server just long enough to end its children.
//!
//! A server that is killed cannot end its children. So the first child makes us start ourselves again as a
//! guard (own group, nothing but a pipe from the server): it is told each process group that begins (`+12`) and
//! ends (`-12`), one per line, and when the pipe closes it ends the groups that are left. On Windows a job object
//! does this without a guard.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;

#[cfg(unix)]
pub(crate) use unix::{began, ended};

static PROGRAM: OnceLock<(PathBuf, Vec<OsString>)> = OnceLock::new();

/// Names the program that acts as guard when run with `args`; it must call [`serve`]. Without this call no guard
/// is started, and children of a killed server depend on noticing the end of their input. Only the first call
/// counts.
pub fn set_program(program: PathBuf, args: Vec<OsString>) {
    let _ = PROGRAM.set((program, args));
}

/// Is the guard: reads group announcements from standard input until its end, then ends what is left. Blocks.
pub fn serve() {
    #[cfg(unix)]
    unix::serve();
}

#[cfg(unix)]
mod unix {
    use super::PROGRAM;
    use crate::sys::is_running;
    use rustix::process::{Pid, Signal, kill_process_group};
    use std::collections::BTreeSet;
    use std::io::{BufRead, PipeReader, PipeWriter, Write};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, ExitStatus, Stdio};
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    /// How long groups get to end themselves after SIGTERM.
    const GRACE: Duration = Duration::from_millis(500);
    /// How often they are looked at meanwhile.
    const POLL: Duration = Duration::from_millis(10);
    /// How often a guard that somebody ended is started again.
    const STARTS: usize = 5;

    /// Number of a process group, greater than 1: as a group, 1 would mean every process there is.
    type Group = i32;

    static GUARD: Mutex<Guard> = Mutex::new(Guard {
        live: BTreeSet::new(),
        pipe: None,
        starts: 0,
    });

    /// What we know of our guard.
    struct Guard {
        live: BTreeSet<Group>,
        /// Never blocks.
        pipe: Option<PipeWriter>,
        starts: usize,
    }

    /// Tells the guard that a group began.
    pub(crate) fn began(group: Pid) {
        tell(|guard| {
            let group = group.as_raw_nonzero().get();
            guard.live.insert(group);
            format!("+{group}\n")
        });
    }

    /// Tells the guard that a group has ended or was killed, so that its number may be used again.
    pub(crate) fn ended(group: Pid) {
        tell(|guard| {
            let group = group.as_raw_nonzero().get();
            guard.live.remove(&group);
            format!("-{group}\n")
        });
    }

    /// Puts a line into the pipe before returning: from then on a guard that runs will act on it, even if we are
    /// killed at once.
    fn tell(line: impl FnOnce(&mut Guard) -> String) {
        if PROGRAM.get().is_none() {
            return;
        }
        let mut guard = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
        let line = line(&mut guard);
        let written = |pipe: &mut PipeWriter| pipe.write_all(line.as_bytes()).is_ok();
        if guard.pipe.as_mut().is_some_and(written) {
            return;
        }
        // There is no guard yet, or somebody ended it.
        guard.pipe = None;
        if guard.live.is_empty() || guard.starts == STARTS {
            return;
        }
        guard.starts += 1;
        guard.pipe = start(&guard.live)
            .inspect_err(|error| tracing::warn!(%error, "the guard could not be started"))
            .ok();
    }

    /// Starts a guard on a thread of its own, so that nobody is delayed; what it is told meanwhile waits in the
    /// pipe.
    fn start(live: &BTreeSet<Group>) -> std::io::Result<PipeWriter> {
        let (reader, mut writer) = std::io::pipe()?;
        let flags = rustix::fs::fcntl_getfl(&writer)?;
        rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK)?;
        let lines: String = live.iter().map(|group| format!("+{group}\n")).collect();
        writer.write_all(lines.as_bytes())?;
        let thread = std::thread::Builder::new().name("guard".to_owned());
        thread.spawn(move || {
            if let Err(error) = run(reader) {
                tracing::warn!(%error, "the guard could not be started");
            }
        })?;
        Ok(writer)
    }

    /// Runs a guard to its end. When it does not start, the pipe breaks, and the next announcement tries again.
    fn run(reader: PipeReader) -> std::io::Result<ExitStatus> {
        let Some((program, args)) = PROGRAM.get() else {
            return Err(std::io::ErrorKind::NotFound.into());
        };
        #[expect(clippy::disallowed_methods, reason = "this is the place")]
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir("/")
            .env_clear()
            .process_group(0)
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut guard = command.spawn()?;
        // Our end of what the guard reads: while it is open, a guard that ended would not be noticed.
        drop(command);
        guard.wait()
    }

    pub(super) fn serve() {
        // Whoever kills all processes of our name should not get the guard as well.
        #[cfg(target_os = "linux")]
        let _ = rustix::thread::set_name(c"cc-guard");
        end(&listen(std::io::stdin().lock()));
    }

    /// The groups that began and did not end.
    pub(super) fn listen(lines: impl BufRead) -> BTreeSet<Group> {
        let mut live = BTreeSet::new();
        for line in lines.lines().map_while(Result::ok) {
            let group = |digits: &str| digits.parse().ok().filter(|group: &Group| *group > 1);
            if let Some(group) = line.strip_prefix('+').and_then(group) {
                live.insert(group);
            } else if let Some(group) = line.strip_prefix('-').and_then(group) {
                live.remove(&group);
            }
        }
        live
    }

    fn end(groups: &BTreeSet<Group>) {
        let mut left: Vec<Pid> = groups.iter().copied().filter_map(Pid::from_raw).collect();
        left.retain(|group| kill_process_group(*group, Signal::TERM).is_ok());
        let killing = Instant::now() + GRACE;
        while !left.is_empty() && Instant::now() < killing {
            std::thread::sleep(POLL);
            left.retain(|group| is_running(*group));
        }
        for group in left {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    #[test]
    fn only_groups_that_began_and_did_not_end_are_left() {
        let cases: &[(&str, &[i32])] = &[
            ("", &[]),
            ("+10\n+11\n-10\n", &[11]),
            ("-10\n+10\n", &[10]),
            ("+1\n+0\n+-5\n+x\n12\n+\n+99999999999\n", &[]),
            ("+10\n+11", &[10, 11]),
        ];
        for (lines, expected) in cases {
            let left = super::unix::listen(lines.as_bytes());
            let left: Vec<i32> = left.into_iter().collect();
            assert_eq!(left, *expected, "{lines:?}");
        }
    }
}
