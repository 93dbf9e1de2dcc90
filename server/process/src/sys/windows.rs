//! A program in its own job object, which ends with its last handle, so with this process at the latest.

use crate::Exit;
use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

/// A running program and its job. Dropping it kills the job.
#[derive(Debug)]
pub(crate) struct Process {
    child: Box<dyn ChildWrapper>,
}

impl Process {
    pub(crate) fn spawn(command: Command) -> std::io::Result<Self> {
        let child = CommandWrap::from(command)
            .wrap(JobObject)
            .wrap(KillOnDrop)
            .spawn()?;
        Ok(Self { child })
    }

    pub(crate) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin().take()
    }

    pub(crate) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout().take()
    }

    pub(crate) fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr().take()
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the program itself, not for what else runs in its job.
    pub(crate) async fn wait(&mut self) -> Exit {
        match self.child.inner_mut().wait().await {
            Ok(status) => status.code().map_or(Exit::Unknown, Exit::Code),
            Err(_) => Exit::Unknown,
        }
    }

    /// There is no gentle way: the job is terminated.
    pub(crate) fn terminate(&mut self) {
        self.kill();
    }

    /// Kills everything in the job.
    pub(crate) fn kill(&mut self) {
        // Fails only when nothing is left to kill.
        let _ = self.child.start_kill();
    }

    /// Not asked here: [`Process::kill`] ends whatever is left.
    pub(crate) fn remains(&self) -> bool {
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
