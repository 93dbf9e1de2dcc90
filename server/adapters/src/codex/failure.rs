//! Why a call has no answer, in words that say what to do.

use super::app_server::LastWords;
use super::protocol::TurnError;
use crate::quote;
use serde_json::Value;
use std::time::Duration;

/// How to get a current Codex.
const INSTALL: &str = "npm install -g @openai/codex@latest";

/// Longest text of Codex in a message, in characters.
const LONGEST: usize = 600;

/// How Codex begins to tell of an answer that was cut off.
const CUT: &str = "stream disconnected before completion";

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(
        "Codex is not installed: {0}; install it with `{INSTALL}`, or name the program with `--program`"
    )]
    NotInstalled(String),
    #[error("Codex did not start: {0}")]
    NotStarted(String),
    #[error("this Codex is too old to be an agent; update it with `{INSTALL}`")]
    TooOld,
    #[error("{}", not_ready(.0))]
    NotReady(LastWords),
    #[error("Codex was not ready within {} s and was stopped{}", .limit.as_secs(), said(.stderr))]
    SlowStart { limit: Duration, stderr: String },
    #[error("Codex is not logged in; run `codex login` in a terminal, then try again")]
    NotLoggedIn,
    #[error("Codex's configuration does not load: {}; correct the file and try again", clean(.0))]
    BadConfiguration(String),
    #[error("Codex has no session `{session}` ({}); leave `session` out to begin a new one", clean(.reason))]
    NoSuchSession { session: String, reason: String },
    #[error("Codex did not {what}: {}", clean(.reason))]
    Refused { what: &'static str, reason: String },
    #[error("{}", ended(.0))]
    Ended(LastWords),
    #[error("{0}")]
    Turn(String),
    #[error("Codex did not finish within {} minutes and was interrupted", .0.as_secs() / 60)]
    TurnLimit(Duration),
    #[error("Codex's turn was interrupted by somebody else")]
    Interrupted,
    #[error("Codex ended its turn without an answer")]
    NoAnswer,
    #[error("the call was cancelled")]
    Cancelled,
    #[error("the call was lost by a bug in the adapter")]
    Lost,
}

impl Failure {
    /// The failure of a turn, from what Codex says of it.
    pub(super) fn of_turn(error: &TurnError) -> Self {
        let (kind, status) = kind(error.codex_error_info.as_ref());
        let message = readable(&error.message);
        let no_connection = status.is_none() && is_connection(&kind);
        let (what, advice) = match (kind.as_str(), status) {
            ("usageLimitExceeded" | "sessionBudgetExceeded", _) => (
                "Codex is out of quota",
                "wait until it is renewed, or use another account or model",
            ),
            ("rateLimitExceeded", _) | (_, Some(429)) => (
                "the model's provider limits the rate of requests",
                "try again later",
            ),
            ("contextWindowExceeded", _) | (_, Some(413)) => (
                "this is more than the model's context window holds",
                "ask about fewer files at a time, or begin a new session",
            ),
            ("unauthorized", _) | (_, Some(401 | 403)) => (
                "the model's provider does not accept Codex's login",
                "run `codex login` in a terminal, or correct the key of the provider that its configuration names",
            ),
            ("modelNotFound", _) => (
                "the model is not there for this account",
                "name another with `--model` or in Codex's configuration",
            ),
            ("serverOverloaded" | "internalServerError" | "flexUnavailable", _)
            | (_, Some(500..=599)) => ("the model's provider has trouble", "try again later"),
            ("sandboxError", _) => (
                "Codex's sandbox does not work on this machine",
                "see https://developers.openai.com/codex/concepts/sandboxing",
            ),
            // However it was classed; the model may have begun to answer.
            _ if message.starts_with(CUT) => (
                "the connection to the model's provider broke off",
                "try again, and check the network if it happens again",
            ),
            _ if no_connection => (
                "Codex cannot reach the model's provider",
                "check the network and the provider's address",
            ),
            _ if message.starts_with("Missing environment variable") => (
                "Codex lacks the key of the model's provider",
                "set the variable where this program is started",
            ),
            _ => return Self::Turn(format!("Codex failed: {message}")),
        };
        Self::Turn(format!("{what}: {message}; {advice}"))
    }
}

/// The word for an error, and the HTTP status in it.
fn kind(info: Option<&Value>) -> (String, Option<u64>) {
    match info {
        Some(Value::String(word)) => (word.clone(), None),
        Some(Value::Object(words)) => match words.iter().next() {
            Some((word, details)) => (word.clone(), details["httpStatusCode"].as_u64()),
            None => (String::new(), None),
        },
        _ => (String::new(), None),
    }
}

fn is_connection(kind: &str) -> bool {
    matches!(
        kind,
        "httpConnectionFailed"
            | "responseStreamConnectionFailed"
            | "responseStreamDisconnected"
            | "responseTooManyFailedAttempts"
    )
}

/// The message of a provider may be the whole body of its answer.
fn readable(message: &str) -> String {
    let body: Option<Value> = serde_json::from_str(message).ok();
    let inner = body
        .as_ref()
        .and_then(|body| body["error"]["message"].as_str());
    match clean(inner.unwrap_or(message)) {
        message if message.is_empty() => "it did not say why".to_owned(),
        message => message,
    }
}

fn clean(text: &str) -> String {
    let text = quote::line(text, LONGEST);
    text.trim_end_matches('.').to_owned()
}

fn not_ready(words: &LastWords) -> String {
    let no_app_server = [
        "not a terminal",
        "unrecognized subcommand",
        "interactive TUI",
    ];
    if no_app_server.iter().any(|it| words.stderr.contains(it)) {
        return Failure::TooOld.to_string();
    }
    format!(
        "Codex {} before it was ready{}",
        exit(words),
        said(&words.stderr)
    )
}

fn ended(words: &LastWords) -> String {
    let garbage = match words.ignored {
        0 => String::new(),
        count => format!("; {count} lines of its output made no sense"),
    };
    format!(
        "Codex {} in the middle of the call; the next call starts it again{garbage}{}",
        exit(words),
        said(&words.stderr)
    )
}

fn exit(words: &LastWords) -> String {
    match &words.exit {
        Some(exit) => format!("ended with {exit}"),
        None => "closed its output".to_owned(),
    }
}

fn said(stderr: &str) -> String {
    match stderr {
        "" => String::new(),
        stderr => format!(
            "; the end of its standard error:\n{}",
            quote::without_secrets(stderr)
        ),
    }
}
