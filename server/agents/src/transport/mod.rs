//! How messages travel: one per line over standard streams, or over streamable HTTP; always in order.
//!
//! rmcp's own line transport reorders notifications, has no back-pressure, and drops a message that is too long
//! without ending its call. So both transports here hand notifications to [`Calls`] themselves, as they are
//! read, and pass rmcp only requests and answers, unread: as raw JSON.

mod calls;
mod client;
mod http;
mod id;
mod line;
mod listener;
mod message;
mod oversize;
mod trouble;

pub(crate) use calls::{Calls, InFlight, Lost, Notice, Origin, QUESTION};
pub(crate) use client::http_client;
pub(crate) use http::HttpTransport;
pub(crate) use id::same_id;
pub(crate) use line::LineTransport;
pub(crate) use listener::{Listener, Pause, QUESTIONS};
pub(crate) use trouble::{Trouble, explain, is_final, kind};
