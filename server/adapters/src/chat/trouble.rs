//! What goes wrong with an endpoint, in words that say what to do.

use super::manner::is_about_length;
use reqwest::StatusCode;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;

/// Longest piece of a server's words in a message, in characters.
const MAX_WORDS: usize = 300;

/// Whom a message is about.
pub(super) struct Party<'a> {
    /// The URL, without what in it may be secret.
    pub(super) url: &'a str,
    pub(super) model: &'a str,
    pub(super) has_key: bool,
}

impl Party<'_> {
    /// The endpoint refused the request.
    pub(super) fn refused(
        &self,
        status: StatusCode,
        body: &str,
        retry_after: Option<Duration>,
    ) -> String {
        let Self { url, model, .. } = self;
        let code = status.as_u16();
        let said = said(body);
        let is_about_model = said.to_lowercase().contains("model");
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if self.has_key => format!(
                "{url} does not take the key (HTTP {code}{said}); check the variable that `--key-env` names"
            ),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!(
                "{url} wants a key (HTTP {code}{said}); put it in an environment variable and name that by `--key-env`"
            ),
            StatusCode::NOT_FOUND if is_about_model => format!(
                "{url} does not have the model {model} (HTTP {code}{said}); see {url}/models for those that it has"
            ),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => format!(
                "there is no {url}/chat/completions (HTTP {code}{said}); check `--url`, which mostly ends with `/v1`"
            ),
            StatusCode::TOO_MANY_REQUESTS => {
                let when = retry_after.map_or_else(
                    || "try again later".to_owned(),
                    |it| format!("try again in {} s", it.as_secs()),
                );
                format!(
                    "{url} has had too many requests, or the quota is used up (HTTP {code}{said}); {when}"
                )
            }
            status if status.is_redirection() => format!(
                "{url} sends elsewhere (HTTP {code}), which is followed only on the same host; put the final address in `--url`"
            ),
            _ if is_about_length(body) || status == StatusCode::PAYLOAD_TOO_LARGE => format!(
                "the prompt is too long for {model} (HTTP {code}{said}); lower `limits.prompt_size`, or raise the \
                 context length on the server"
            ),
            status if status.is_server_error() => {
                format!("{url} failed (HTTP {code}{said}); its own log may say why")
            }
            _ => format!("{url} refused the request (HTTP {code}{said})"),
        }
    }

    /// The request did not get there, or its answer not back.
    pub(super) fn unreachable(&self, error: &reqwest::Error) -> String {
        let url = self.url;
        let why = reasons(error);
        let is = |words: &[&str]| words.iter().any(|it| why.to_lowercase().contains(it));
        if is(&["certificate", "tls", "handshake", "corrupt message"]) {
            return format!(
                "no secure connection to {url}: {why}; check its certificate, or write `http://` if it speaks no TLS"
            );
        }
        if error.is_timeout() {
            return format!("no connection to {url} in time; is the server running there?");
        }
        if is(&["refused"]) {
            return format!(
                "nothing listens at {url} (connection refused); is the server running there?"
            );
        }
        if is(&["dns", "lookup", "resolve"]) {
            return format!(
                "the host of {url} is not known: {why}; check `--url`, and the network"
            );
        }
        if error.is_connect() {
            return format!("no connection to {url}: {why}; is the server running there?");
        }
        format!("the connection to {url} broke: {why}")
    }

    /// What came back is not what was asked for.
    pub(super) fn strange(&self, body: &[u8]) -> String {
        let start = String::from_utf8_lossy(&body[..body.len().min(4 * MAX_WORDS)]).into_owned();
        let start = domain::sanitize::line(&start, 80);
        let what = if start.is_empty() {
            "nothing".to_owned()
        } else {
            format!("something else, which starts: {start}")
        };
        format!(
            "{} answered with no chat completion but {what}; check `--url`, which mostly ends with `/v1`",
            self.url
        )
    }

    /// An error in the midst of an answer.
    pub(super) fn broke_off(&self, error: &Value) -> String {
        let said = said(&serde_json::json!({ "error": error }).to_string());
        format!("{} broke off its answer{said}", self.url)
    }
}

/// `: what the server says`, out of the body of an error; nothing when it says nothing in words.
fn said(body: &str) -> String {
    let words = match serde_json::from_str::<Value>(body) {
        Ok(body) => message(&body).unwrap_or_else(|| body.to_string()),
        // A page for a browser.
        Err(_) if body.trim_start().starts_with('<') => String::new(),
        Err(_) => body.to_owned(),
    };
    let words = domain::sanitize::line(&words, MAX_WORDS);
    if words.is_empty() {
        words
    } else {
        format!(": {words}")
    }
}

fn message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.iter().find_map(message),
        Value::Object(map) => ["error", "message", "detail", "msg"]
            .iter()
            .find_map(|key| message(map.get(*key)?)),
        _ => None,
    }
}

/// An error and its causes. Addresses are left out: they may hold secrets.
fn reasons(error: &reqwest::Error) -> String {
    let mut reasons: Vec<String> = Vec::new();
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = next {
        let reason = domain::sanitize::line(&error.to_string(), MAX_WORDS);
        if !reasons.iter().any(|known| known.contains(&reason)) {
            reasons.push(reason);
        }
        next = error.source();
    }
    if reasons.is_empty() {
        "no reason given".to_owned()
    } else {
        reasons.join(": ")
    }
}
