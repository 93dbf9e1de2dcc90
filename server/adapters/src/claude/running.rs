//! The processes of the calls: one at a time per session, ended gently, with nothing left over.

use super::root::Root;
use super::turn::{self, Ending, Limits, Report};
use crate::server::Caller;
use process::{Child, Exit, Shutdown, SpawnError, Spec, Tail};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio_util::task::TaskTracker;

/// After the result: it has 2 s to end by itself. SIGKILL comes late, because the commands that Claude Code runs are in
/// groups of their own, which only it can end.
const AFTER_RESULT: Shutdown = Shutdown {
    close: Duration::from_secs(2),
    terminate: Duration::from_secs(3),
};
/// When nobody waits for the result any more.
const AT_ONCE: Shutdown = Shutdown {
    close: Duration::ZERO,
    terminate: Duration::from_secs(3),
};
/// How long the end of the adapter waits for its processes.
const LAST_WAIT: Duration = Duration::from_millis(1_500);
/// How long output may still come after the end of the program.
const DRAIN: Duration = Duration::from_secs(1);
/// Lines of standard error that an error message tells.
const LAST_LINES: usize = 10;

/// All processes of an adapter. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Processes {
    /// Those that are being ended.
    ending: TaskTracker,
    /// The sessions in use. A conversation is a file that two processes would both write.
    sessions: Arc<Mutex<HashMap<String, Weak<AsyncMutex<()>>>>>,
}

/// The right to use a session.
pub(super) type Hold = Option<OwnedMutexGuard<()>>;

/// A process and its call. Dropping it ends the process in the background.
pub(super) struct Running {
    ending: TaskTracker,
    child: Option<(Child, Hold)>,
}

impl Processes {
    /// Waits until no other process uses the session.
    pub(super) async fn hold(&self, session: Option<&str>) -> Hold {
        let session = session?;
        let lock = {
            let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.retain(|_, lock| lock.strong_count() > 0);
            let known = sessions.get(session).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let lock = Arc::default();
                sessions.insert(session.to_owned(), Arc::downgrade(&lock));
                lock
            })
        };
        Some(lock.lock_owned().await)
    }

    /// Starts a process.
    pub(super) fn start(&self, spec: &Spec, hold: Hold) -> Result<Running, SpawnError> {
        Ok(Running {
            child: Some((Child::spawn(spec)?, hold)),
            ending: self.ending.clone(),
        })
    }

    /// Waits, but not for long, until those that are being ended have ended.
    pub(super) async fn ended(&self) {
        self.ending.close();
        // What remains is killed as its task is dropped.
        let _ = tokio::time::timeout(LAST_WAIT, self.ending.wait()).await;
    }
}

impl Running {
    /// Does the turn that the process was started for.
    pub(super) async fn turn(
        &mut self,
        root: &Root,
        prompt: &str,
        caller: Caller,
        limits: Limits,
    ) -> Report {
        let silence = Report {
            ending: Ending::Closed {
                noise: String::new(),
            },
            trouble: None,
        };
        let Some((child, _)) = &mut self.child else {
            return silence;
        };
        let (Some(stdout), Some(stdin)) = (child.take_stdout(), child.take_stdin()) else {
            return silence;
        };
        let mut turn = pin!(turn::run(stdout, stdin, prompt, root, caller, limits));
        tokio::select! {
            biased;
            report = &mut turn => report,
            _ = child.wait() => {
                // What it has left running may hold the pipe open for ever.
                tokio::time::timeout(DRAIN, turn).await.unwrap_or(silence)
            }
        }
    }

    /// Ends the process; tells how it ended, and the last lines of its standard error. It ends even if the future is
    /// dropped.
    pub(super) async fn end(mut self, ending: &Ending) -> (Exit, String) {
        let steps = match ending {
            Ending::Outcome(_) | Ending::Closed { .. } => AFTER_RESULT,
            Ending::Silent(_) | Ending::TooLong(_) => AT_ONCE,
        };
        let Some((child, hold)) = self.child.take() else {
            return (Exit::Unknown, String::new());
        };
        let stderr: Tail = child.stderr();
        let ended = self.ending.spawn(shutdown(child, hold, steps));
        let exit = ended.await.unwrap_or(Exit::Unknown);
        (exit, stderr.last(LAST_LINES))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Without a runtime, dropping the child kills it.
        if let (Some((child, hold)), Ok(runtime)) = (self.child.take(), Handle::try_current()) {
            self.ending
                .spawn_on(shutdown(child, hold, AT_ONCE), &runtime);
        }
    }
}

/// The session is free again when the process is gone.
async fn shutdown(child: Child, hold: Hold, steps: Shutdown) -> Exit {
    let exit = child.shutdown(steps).await;
    drop(hold);
    exit
}
