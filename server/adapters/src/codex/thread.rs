//! A thread of Codex: opened anew or taken up again, and put away after each call.

use super::app_server::{AppServer, OnDuty};
use super::call::Job;
use super::failure::Failure;
use super::host::Host;
use super::sessions::Turnstile;
use super::wire::{Inbox, RequestError};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// A thread that is ours until it is closed.
pub(super) struct Thread {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) server: Arc<AppServer>,
    pub(super) inbox: Inbox,
    _duty: OnDuty,
    _turnstile: Turnstile,
}

impl Thread {
    /// Opens the thread of a job. `turnstile` is that of the job's session, where it has one.
    pub(super) async fn open(
        host: &Host,
        job: &Job,
        turnstile: Option<Turnstile>,
    ) -> Result<Self, Failure> {
        let mut server = host.server().await?;
        let mut duty = server.on_duty();
        let mut opened = request(&server, job).await;
        if matches!(opened, Err(RequestError::Closed)) {
            // It had ended since the last call; nothing was begun yet.
            server = host.server().await?;
            duty = server.on_duty();
            opened = request(&server, job).await;
        }
        let Opened {
            thread: Named { id },
            model,
        } = match opened {
            Ok(opened) => opened,
            Err(error) => return Err(not_opened(&server, job, error).await),
        };
        if !server.is_logged_in() {
            // It would not notice a login.
            server.retire();
            return Err(Failure::NotLoggedIn);
        }
        // Codex may know a session by more than one name, such as in capital letters; two users would take each other's
        // events away.
        let turnstile = match (turnstile, &job.session) {
            (Some(turnstile), Some(session)) if *session == id => turnstile,
            _ => host.sessions.enter(&id).await,
        };
        Ok(Self {
            inbox: server.connection.subscribe(&id),
            _turnstile: turnstile,
            _duty: duty,
            server,
            model,
            id,
        })
    }

    /// Ends what its commands left running, and lets Codex forget the thread until it is taken up again.
    pub(super) async fn close(self) {
        if !self.server.is_open() {
            return;
        }
        for method in ["thread/backgroundTerminals/clean", "thread/unsubscribe"] {
            let params = json!({ "threadId": self.id });
            // Where it fails, the end of the program does the same.
            let _ = self
                .server
                .connection
                .request::<serde::de::IgnoredAny>(method, params)
                .await;
        }
    }
}

#[derive(Deserialize)]
struct Opened {
    thread: Named,
    #[serde(default)]
    model: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

/// The rights of a turn are given with the turn; a thread that may write from its start makes older versions note in the
/// user's configuration that they trust the directory.
async fn request(server: &AppServer, job: &Job) -> Result<Opened, RequestError> {
    let mut params = json!({
        "cwd": job.root,
        "sandbox": "read-only",
        "approvalPolicy": "never",
    });
    if let Some(model) = &job.model {
        params["model"] = json!(model);
    }
    let method = match &job.session {
        Some(session) => {
            params["threadId"] = json!(session);
            params["excludeTurns"] = json!(true);
            "thread/resume"
        }
        None => "thread/start",
    };
    server.connection.request(method, params).await
}

async fn not_opened(server: &AppServer, job: &Job, error: RequestError) -> Failure {
    match (error, &job.session) {
        (RequestError::Closed, _) => Failure::Ended(server.last_words().await),
        (RequestError::Refused(reason), _) if reason.contains("configuration") => {
            // It reads some of it only at its start.
            server.retire();
            Failure::BadConfiguration(reason)
        }
        (RequestError::Refused(reason), Some(session)) => Failure::NoSuchSession {
            session: session.clone(),
            reason,
        },
        (error, _) => Failure::Refused {
            what: "open a thread",
            reason: error.to_string(),
        },
    }
}
