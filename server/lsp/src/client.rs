//! What is said to the client: an outgoing queue of framed messages, and our own requests that wait for answers.

use crate::preview::{Grade, Subject};
use domain::sanitize;
use engine::RunId;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tower_lsp::gen_lsp_types::MessageType;
use tower_lsp::jsonrpc::Response;

/// Above this many unsent bytes nothing is queued that can be said later or not at all.
const CONGESTED: usize = 1 << 20;
/// Above this many unsent bytes no further message is read from the client.
const FULL: usize = 64 << 20;
/// A buffer that grew above this is given back once it is empty, in bytes.
const KEEP_CAPACITY: usize = 1 << 20;
/// Longest message shown to a person, in bytes.
const MAX_MESSAGE: usize = 4 << 10;

/// Why we asked the client something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The answer does not matter.
    Nothing,
    /// For the editor's settings.
    Settings,
    /// To make room for a run's progress.
    Progress(RunId),
    /// Whether to trust what a workspace brings.
    Trust {
        /// Its root.
        root: PathBuf,
        /// The content shown.
        hash: String,
    },
    /// To pull diagnostics again.
    Refresh,
    /// To apply ready fixes.
    Edit,
    /// To apply a proposal, or to take it back.
    Change,
    /// To show a proposal.
    Preview {
        /// What of it.
        subject: Subject,
        /// In which way.
        grade: Grade,
    },
    /// For the user's answer to an agent.
    Question,
}

/// The way to the client.
#[derive(Debug, Default)]
pub(crate) struct Client {
    queue: Vec<u8>,
    sent: usize,
    scratch: Vec<u8>,
    asked: BTreeMap<i64, Asked>,
    last_id: i64,
}

#[derive(Serialize)]
struct Message<'a, P> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<P>,
}

#[derive(Serialize)]
struct Shown<'a> {
    r#type: MessageType,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<Action<'a>>>,
}

#[derive(Serialize)]
struct Action<'a> {
    title: &'a str,
}

impl Client {
    /// Tells something.
    pub(crate) fn notify(&mut self, method: &str, params: impl Serialize) {
        self.push(&Message {
            jsonrpc: "2.0",
            id: None,
            method,
            params: Some(params),
        });
    }

    /// Asks something; the answer comes back as [`crate::event::Event::Response`] with the id that is returned.
    pub(crate) fn request(
        &mut self,
        method: &str,
        params: Option<impl Serialize>,
        why: Asked,
    ) -> i64 {
        self.last_id += 1;
        self.asked.insert(self.last_id, why);
        self.push(&Message {
            jsonrpc: "2.0",
            id: Some(self.last_id),
            method,
            params,
        });
        self.last_id
    }

    /// Shows a message with buttons to the person; the answer has the title of one of them, or is null.
    pub(crate) fn ask<'a>(
        &mut self,
        kind: MessageType,
        message: &str,
        titles: impl Iterator<Item = &'a str>,
        why: Asked,
    ) -> i64 {
        let message = safe(message);
        let shown = Shown {
            r#type: kind,
            message: &message,
            actions: Some(titles.map(|title| Action { title }).collect()),
        };
        self.request("window/showMessageRequest", Some(shown), why)
    }

    /// Why we asked; `None` when we did not, or were answered already.
    pub(crate) fn take_asked(&mut self, id: i64) -> Option<Asked> {
        self.asked.remove(&id)
    }

    /// True while an answer to such a question is due.
    pub(crate) fn is_asking(&self, why: &Asked) -> bool {
        self.asked.values().any(|it| it == why)
    }

    /// Answers a request.
    pub(crate) fn respond(&mut self, response: &Response) {
        self.push(response);
    }

    /// Answers what was no request.
    pub(crate) fn respond_invalid(&mut self, invalid: &crate::message::Invalid) {
        match serde_json::to_string(&invalid.error) {
            Ok(error) => {
                self.push_body(
                    format!(r#"{{"jsonrpc":"2.0","error":{error},"id":{}}}"#, invalid.id)
                        .as_bytes(),
                );
            }
            Err(error) => tracing::error!("an error could not be written: {error}"),
        }
    }

    /// Shows a message to the person.
    pub(crate) fn show(&mut self, kind: MessageType, message: &str) {
        tracing::info!("shown to the user: {message}");
        let message = safe(message);
        self.notify(
            "window/showMessage",
            Shown {
                r#type: kind,
                message: &message,
                actions: None,
            },
        );
    }

    /// Writes to the client's log; dropped while the client does not read.
    pub(crate) fn log(&mut self, kind: MessageType, message: &str) {
        if !self.is_congested() {
            let message = safe(message);
            self.notify(
                "window/logMessage",
                Shown {
                    r#type: kind,
                    message: &message,
                    actions: None,
                },
            );
        }
    }

    /// True while the client reads so slowly that whatever can wait should.
    pub(crate) fn is_congested(&self) -> bool {
        self.unsent().len() > CONGESTED
    }

    /// True while no further message should be read from the client.
    pub(crate) fn is_full(&self) -> bool {
        self.unsent().len() > FULL
    }

    /// The bytes to be written next.
    pub(crate) fn unsent(&self) -> &[u8] {
        &self.queue[self.sent..]
    }

    /// Tells that the first `count` unsent bytes were written.
    pub(crate) fn advance(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.queue.len() {
            self.queue.clear();
            self.queue.shrink_to(KEEP_CAPACITY);
            self.sent = 0;
        } else if self.sent > FULL {
            self.queue.drain(..self.sent);
            self.sent = 0;
        }
    }

    fn push(&mut self, message: &impl Serialize) {
        let mut body = std::mem::take(&mut self.scratch);
        body.clear();
        match serde_json::to_writer(&mut body, message) {
            Ok(()) => self.push_body(&body),
            Err(error) => tracing::error!("a message could not be written: {error}"),
        }
        body.shrink_to(KEEP_CAPACITY);
        self.scratch = body;
    }

    fn push_body(&mut self, body: &[u8]) {
        self.queue
            .extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        self.queue.extend_from_slice(body);
    }
}

/// A message without anything but text; agents' words may be part of it.
fn safe(message: &str) -> String {
    let message = &message[..message.floor_char_boundary(MAX_MESSAGE)];
    let lines = message.lines().map(|it| sanitize::line(it, MAX_MESSAGE));
    let lines: Vec<String> = lines.map(|it| without_links(&it)).collect();
    lines.join("\n")
}

/// The same text, in which no editor finds a link with a text of its own: VS Code makes one of `[text](scheme:…)`,
/// behind which a command of the editor may hide.
fn without_links(line: &str) -> String {
    let mut parts = line.split("](");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let scheme = part.split(':').next().filter(|it| it.len() < part.len());
        let is_link = scheme.is_some_and(|it| it.bytes().all(|it| it.is_ascii_alphanumeric()));
        out.push_str(if is_link { "] (" } else { "](" });
        out.push_str(part);
    }
    out
}
