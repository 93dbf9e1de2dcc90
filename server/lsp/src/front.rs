//! The ordered front: turns each message, as it is read, into an event.
//!
//! Document changes and cancellations never pass through the service, whose handlers may run in any order.

use crate::event::{Event, Notification};
use crate::message;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// What to do with a notification.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is moved once, and a box would cost each keystroke an allocation"
)]
pub(crate) enum Told {
    /// It is for the main loop.
    Event(Event),
    /// It cancels a request, which is the service's business.
    Cancel,
    /// It is unknown, which LSP allows.
    Unknown,
    /// Its parameters cannot be read.
    Unreadable(String),
}

/// Reads a notification.
pub(crate) fn notification(method: &str, params: Option<&RawValue>) -> Told {
    let notification = match method {
        "textDocument/didChange" => read(params, Notification::DidChange),
        "textDocument/didOpen" => read(params, Notification::DidOpen),
        "textDocument/didClose" => read(params, Notification::DidClose),
        "textDocument/didSave" => read(params, Notification::DidSave),
        "$/cancelRequest" => return Told::Cancel,
        "window/workDoneProgress/cancel" => read(params, Notification::ProgressCancel),
        "workspace/didChangeConfiguration" => read(params, Notification::DidChangeConfiguration),
        "workspace/didChangeWatchedFiles" => read(params, Notification::DidChangeWatchedFiles),
        "workspace/didChangeWorkspaceFolders" => {
            read(params, Notification::DidChangeWorkspaceFolders)
        }
        "initialized" => Ok(Notification::Initialized),
        "exit" => Ok(Notification::Exit),
        _ => return Told::Unknown,
    };
    match notification {
        Ok(notification) => Told::Event(Event::Notification(notification)),
        Err(error) => Told::Unreadable(error),
    }
}

fn read<T: DeserializeOwned>(
    params: Option<&RawValue>,
    wrap: impl FnOnce(T) -> Notification,
) -> Result<Notification, String> {
    message::params(params).map(wrap)
}
