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
    use std::io::{BufRead, Write};
    use std::os::unix::process::CommandExt;
    use std::process::{Child, ChildStdin, Command, Stdio};
    use std::sync::OnceLock;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::{Duration, Instant};

    /// How long groups get to end themselves after SIGTERM.
    const GRACE: Duration = Duration::from_millis(500);
    /// How often they are looked at meanwhile.
    const POLL: Duration = Duration::from_millis(10);
    /// How often a guard that somebody ended is started again.
    const STARTS: usize = 5;

    static ANNOUNCEMENTS: OnceLock<Sender<Announcement>> = OnceLock::new();

    #[derive(Clone, Copy)]
    enum Announcement {
        Began(Group),
        Ended(Group),
    }

    /// Number of a process group, greater than 1: as a group, 1 would mean every process there is.
    type Group = i32;

    /// Tells the guard that a group began.
    pub(crate) fn began(group: Pid) {
        announce(Announcement::Began(group.as_raw_nonzero().get()));
    }

    /// Tells the guard that a group has ended or was killed, so that its number may be used again.
    pub(crate) fn ended(group: Pid) {
        announce(Announcement::Ended(group.as_raw_nonzero().get()));
    }

    /// Hands over to a thread of its own, so that starting the guard delays nobody.
    fn announce(announcement: Announcement) {
        if PROGRAM.get().is_none() {
            return;
        }
        let announcements = ANNOUNCEMENTS.get_or_init(|| {
            let (sender, receiver) = channel();
            let thread = std::thread::Builder::new().name("guard".to_owned());
            if let Err(error) = thread.spawn(move || tell(&receiver)) {
                tracing::warn!(%error, "no guard: its thread could not be started");
            }
            sender
        });
        // Fails only if the thread could not be started, which was said.
        let _ = announcements.send(announcement);
    }

    fn tell(announcements: &Receiver<Announcement>) {
        let mut live = BTreeSet::new();
        let mut guard: Option<(Child, ChildStdin)> = None;
        let mut starts = 0;
        for announcement in announcements {
            let line = match announcement {
                Announcement::Began(group) => {
                    live.insert(group);
                    format!("+{group}\n")
                }
                Announcement::Ended(group) => {
                    live.remove(&group);
                    format!("-{group}\n")
                }
            };
            if guard
                .as_mut()
                .is_some_and(|(_, pipe)| pipe.write_all(line.as_bytes()).is_ok())
            {
                continue;
            }
            if let Some((mut ended, pipe)) = guard.take() {
                drop(pipe);
                let _ = ended.wait();
            }
            if !live.is_empty() && starts < STARTS {
                starts += 1;
                guard = start(&live)
                    .inspect_err(|error| tracing::warn!(%error, "the guard did not start"))
                    .ok();
            }
        }
    }

    fn start(live: &BTreeSet<Group>) -> std::io::Result<(Child, ChildStdin)> {
        let Some((program, args)) = PROGRAM.get() else {
            return Err(std::io::ErrorKind::NotFound.into());
        };
        #[expect(clippy::disallowed_methods, reason = "this is the place")]
        let mut guard = Command::new(program)
            .args(args)
            .current_dir("/")
            .env_clear()
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut pipe = guard.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
        let lines: String = live.iter().map(|group| format!("+{group}\n")).collect();
        pipe.write_all(lines.as_bytes())?;
        Ok((guard, pipe))
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
