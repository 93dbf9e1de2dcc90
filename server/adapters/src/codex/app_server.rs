//! One running `codex app-server`: its start, its end, and what it said at its end.

use super::failure::Failure;
use super::protocol::UNWANTED;
use super::wire::{Connection, RequestError};
use process::{Child, Exit, Shutdown, Tail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Longest time from the start of the program to its readiness.
const START_LIMIT: Duration = Duration::from_secs(20);

/// Each step of the end. An idle app-server takes 0.2 s after its input was closed, and ends its commands itself.
const STEPS: Shutdown = Shutdown {
    close: Duration::from_secs(1),
    terminate: Duration::from_secs(1),
};

/// How long the reason of an unexpected end is waited for.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Lines of standard error in a message.
const LAST_LINES: usize = 6;

/// The oldest version whose app-server has what we use.
const OLDEST: (u32, u32) = (0, 100);

/// A program that was started a moment ago.
pub(super) struct Launched {
    pub(super) read: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) write: Box<dyn AsyncWrite + Send + Unpin>,
    /// The process behind the streams, where it is one.
    pub(super) child: Option<Child>,
}

/// An app-server that is ready. It ends with the last of its users, or when it has retired and is idle.
pub(super) struct AppServer {
    pub(super) connection: Connection,
    end: CancellationToken,
    _end: DropGuard,
    exit: watch::Receiver<Option<Exit>>,
    stderr: Tail,
    /// False when the provider needs a login and there is none.
    is_logged_in: AtomicBool,
    duty: Mutex<Duty>,
}

#[derive(Default)]
struct Duty {
    calls: usize,
    retired: bool,
}

/// Holds off the end of a retired app-server.
pub(super) struct OnDuty(Arc<AppServer>);

impl AppServer {
    /// Makes a started program ready. `end` ends it; its shutdown is among `tasks`.
    pub(super) async fn start(
        launched: Launched,
        end: CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<Self, Failure> {
        let Launched { read, write, child } = launched;
        let stderr = child.as_ref().map(Child::stderr).unwrap_or_default();
        let (ended, exit) = watch::channel(None);
        if let Some(child) = child {
            tasks.spawn(supervise(child, end.clone(), ended));
        }
        let server = Self {
            connection: Connection::open(read, write, end.clone()),
            _end: end.clone().drop_guard(),
            end,
            exit,
            stderr,
            is_logged_in: AtomicBool::new(true),
            duty: Mutex::default(),
        };
        match tokio::time::timeout(START_LIMIT, server.initialize()).await {
            Ok(Ok(())) => Ok(server),
            Ok(Err(StartError::Failed(failure))) => Err(failure),
            Ok(Err(StartError::Request(RequestError::Closed))) => {
                Err(Failure::NotReady(server.last_words().await))
            }
            Ok(Err(StartError::Request(error))) => Err(Failure::Refused {
                what: "start",
                reason: error.to_string(),
            }),
            Err(_) => Err(Failure::SlowStart {
                limit: START_LIMIT,
                stderr: server.stderr.last(LAST_LINES),
            }),
        }
    }

    async fn initialize(&self) -> Result<(), StartError> {
        let client = json!({
            "name": "crosscheck",
            "title": "Crosscheck",
            "version": env!("CARGO_PKG_VERSION"),
        });
        // Ending the commands that a turn left running counts as experimental.
        let capabilities =
            json!({ "experimentalApi": true, "optOutNotificationMethods": UNWANTED });
        let params = json!({ "clientInfo": client, "capabilities": capabilities });
        let ready: Ready = self.connection.request("initialize", params).await?;
        if version(&ready.user_agent).is_some_and(|version| version < OLDEST) {
            return Err(StartError::Failed(Failure::TooOld));
        }
        self.connection.notify("initialized");
        let account = json!({ "refreshToken": false });
        match self.connection.request("account/read", account).await {
            Ok(Account {
                account: None,
                requires_openai_auth: true,
            }) => self.is_logged_in.store(false, Ordering::Relaxed),
            Err(RequestError::Closed) => return Err(RequestError::Closed.into()),
            // Where it is not told, the first turn will tell.
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }

    /// False when no turn can succeed for want of a login. A configuration that does not load looks the same, so this is
    /// asked after a thread was opened.
    pub(super) fn is_logged_in(&self) -> bool {
        self.is_logged_in.load(Ordering::Relaxed)
    }

    /// True while new calls may use it.
    pub(super) fn is_open(&self) -> bool {
        !self.end.is_cancelled() && !self.duty().retired
    }

    /// Counts a call in.
    pub(super) fn on_duty(self: &Arc<Self>) -> OnDuty {
        self.duty().calls += 1;
        OnDuty(Arc::clone(self))
    }

    /// Takes no new calls any more, and ends with the last of its calls.
    pub(super) fn retire(&self) {
        self.duty().retired = true;
    }

    /// What is to be told after an end that nobody asked for: how it ended and what it said.
    pub(super) async fn last_words(&self) -> LastWords {
        let mut exit = self.exit.clone();
        let told = tokio::time::timeout(LAST_WORDS, exit.wait_for(Option::is_some)).await;
        LastWords {
            exit: told.ok().and_then(Result::ok).and_then(|exit| exit.clone()),
            stderr: self.stderr.last(LAST_LINES),
            ignored: self.connection.ignored(),
        }
    }

    fn duty(&self) -> MutexGuard<'_, Duty> {
        self.duty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OnDuty {
    fn drop(&mut self) {
        let mut duty = self.0.duty();
        duty.calls -= 1;
        if duty.retired && duty.calls == 0 {
            self.0.end.cancel();
        }
    }
}

/// What a program left behind.
#[derive(Debug, Default)]
pub(super) struct LastWords {
    pub(super) exit: Option<Exit>,
    /// The last lines of its standard error.
    pub(super) stderr: String,
    /// Lines of its output that made no sense.
    pub(super) ignored: u64,
}

enum StartError {
    Request(RequestError),
    Failed(Failure),
}

impl From<RequestError> for StartError {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    #[serde(default)]
    user_agent: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    #[serde(default)]
    account: Option<Value>,
    #[serde(default)]
    requires_openai_auth: bool,
}

/// Waits for the end of the program, or brings it about.
async fn supervise(mut child: Child, end: CancellationToken, ended: watch::Sender<Option<Exit>>) {
    let by_itself = tokio::select! {
        exit = child.wait() => Some(exit),
        () = end.cancelled() => None,
    };
    let exit = match by_itself {
        Some(exit) => exit,
        None => child.shutdown(STEPS).await,
    };
    end.cancel();
    ended.send_replace(Some(exit));
}

/// Major and minor version in `client/0.169.0 (…)`.
fn version(user_agent: &str) -> Option<(u32, u32)> {
    let (_, rest) = user_agent.split_once('/')?;
    let mut numbers = rest.split(['.', ' ', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_behind_our_name() {
        let cases = [
            (
                "crosscheck/0.169.0 (Debian 12.0.0; x86_64) unknown (crosscheck; 0)",
                Some((0, 169)),
            ),
            ("crosscheck/0.99.0-alpha.1 (x)", Some((0, 99))),
            ("crosscheck/1.2", Some((1, 2))),
            ("codex", None),
            ("", None),
            ("a/b.c", None),
        ];
        for (user_agent, expected) in cases {
            assert_eq!(version(user_agent), expected, "{user_agent}");
        }
    }
}
