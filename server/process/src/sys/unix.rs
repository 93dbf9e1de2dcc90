//! A program as the leader of its own process group.

use crate::{Exit, guard};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

/// A running program and its group. Dropping it kills the group.
#[derive(Debug)]
pub(crate) struct Process {
    child: tokio::process::Child,
    /// `None` once the group was killed: its number may then belong to somebody else.
    group: Option<Pid>,
}

impl Process {
    pub(crate) fn spawn(mut command: Command) -> std::io::Result<Self> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let group = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            guard::began(group);
        }
        Ok(Self { child, group })
    }

    pub(crate) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    pub(crate) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    pub(crate) fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the leader only.
    pub(crate) async fn wait(&mut self) -> Exit {
        self.child.wait().await.map_or(Exit::Unknown, exit)
    }

    /// Asks the whole group to end.
    pub(crate) fn terminate(&mut self) {
        if let Some(group) = self.group {
            // The group may be empty already, which is what we want.
            let _ = kill_process_group(group, Signal::TERM);
        }
    }

    /// Kills the whole group at once. Must be called soon after the leader was waited for: from then on its
    /// number is kept only by other members of the group.
    pub(crate) fn kill(&mut self) {
        if let Some(group) = self.group.take() {
            let _ = kill_process_group(group, Signal::KILL);
            guard::ended(group);
        }
    }

    /// Whether anything of the group still runs.
    pub(crate) fn remains(&self) -> bool {
        self.group.is_some_and(is_running)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a group has members that run. Those that have ended and that nobody waited for do not count: in a
/// container without an `init` they stay for ever.
pub(crate) fn is_running(group: Pid) -> bool {
    test_kill_process_group(group).is_ok() && !(cfg!(target_os = "linux") && is_dead(group))
}

fn is_dead(group: Pid) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    let group = group.as_raw_nonzero().to_string();
    // `1234 (name) S 1 group …`, where the name may contain anything.
    processes.flatten().all(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let mut fields = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace();
        let state = fields.next();
        let is_member = fields.nth(1) == Some(&*group);
        !is_member || matches!(state, Some("Z" | "X"))
    })
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}
