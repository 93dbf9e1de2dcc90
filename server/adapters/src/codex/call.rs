//! One call from beginning to end: wait for the session, open the thread, run the turn, put the thread away.
//!
//! The work is a task of its own: when the caller gives up, the turn must still be interrupted in peace.

use super::failure::Failure;
use super::host::Host;
use super::thread::Thread;
use super::turn;
use crate::contract::Usage;
use crate::server::Caller;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// What is to be done.
pub(super) struct Job {
    pub(super) root: PathBuf,
    pub(super) rights: Rights,
    pub(super) prompt: String,
    /// The JSON Schema of the answer.
    pub(super) schema: Option<Value>,
    /// The thread to go on with.
    pub(super) session: Option<String>,
    pub(super) model: Option<String>,
}

/// How far Codex may go under the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    Read,
    Write,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) text: String,
    pub(super) usage: Option<Usage>,
    pub(super) session: String,
}

/// Does a job. Dropping the future interrupts it.
pub(super) async fn run(host: &Arc<Host>, job: Job, caller: Caller) -> Result<Outcome, Failure> {
    let given_up = CancellationToken::new();
    let _guard = given_up.clone().drop_guard();
    let (answer, outcome) = oneshot::channel();
    tokio::spawn(work(Arc::clone(host), job, caller, given_up, answer));
    outcome.await.unwrap_or(Err(Failure::Lost))
}

async fn work(
    host: Arc<Host>,
    job: Job,
    caller: Caller,
    given_up: CancellationToken,
    answer: oneshot::Sender<Result<Outcome, Failure>>,
) {
    let turnstile = match &job.session {
        Some(session) => tokio::select! {
            turnstile = host.sessions.enter(session) => Some(turnstile),
            () = given_up.cancelled() => return,
        },
        None => None,
    };
    let mut thread = match Thread::open(&host, &job, turnstile).await {
        Ok(thread) => thread,
        Err(failure) => {
            // Nobody hears it when the caller has given up.
            let _ = answer.send(Err(failure));
            return;
        }
    };
    let outcome = turn::run(&mut thread, job, caller, &given_up).await;
    let _ = answer.send(outcome);
    thread.close().await;
}
