//! The main loop: the only place that changes the state, one event after the other.
//!
//! It reads, writes, and drives the service in one task. A turn ends when nothing is left to react to; only then
//! the files that changed are shown, each once.

use crate::backend::Backend;
use crate::client::Client;
use crate::event::{Event, Notification};
use crate::front::{self, Told};
use crate::lifeline::Lifeline;
use crate::message::{self, Incoming};
use crate::proposals::{applying, undone};
use crate::state::{Lifecycle, State};
use crate::transport::{Decoder, Frame};
use crate::{handlers, hidden, publish, status};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use serde_json::value::RawValue;
use std::io;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tower_lsp::LspService;
use tower_lsp::gen_lsp_types::MessageType;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_service::Service;

#[cfg(test)]
mod tests;

/// How long the last messages may take to be written when the server ends.
const LAST_WRITES: Duration = Duration::from_millis(200);
/// How long agents may take to end with the server.
const LAST_AGENTS: Duration = Duration::from_millis(600);
/// Most engine events handled before the client's messages get their turn again.
const MAX_EVENTS: usize = 1000;

/// How the connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The exit code: 0 after an orderly `shutdown`, else 1.
    pub(crate) code: i32,
    /// What a person should read on standard error.
    pub(crate) complaint: Option<String>,
}

/// The main loop and all it drives.
pub(crate) struct MainLoop {
    state: State,
    service: LspService<Backend>,
    events: mpsc::UnboundedReceiver<Event>,
    decoder: Decoder,
    /// Requests whose answer is not there yet.
    waiting: FuturesUnordered<BoxFuture<'static, Option<Response>>>,
}

/// Why the loop woke up.
enum Woken {
    Read(io::Result<usize>),
    Written(io::Result<usize>),
    Event(Option<Event>),
    Answer(Option<Response>),
    ClientDied,
    Due,
}

impl MainLoop {
    /// A loop that has not run yet.
    pub(crate) fn new(
        state: State,
        service: LspService<Backend>,
        events: mpsc::UnboundedReceiver<Event>,
    ) -> Self {
        Self {
            state,
            service,
            events,
            decoder: Decoder::default(),
            waiting: FuturesUnordered::new(),
        }
    }

    /// Runs until the client says `exit`, is gone, or cannot be understood any more.
    pub(crate) async fn run<R, W>(
        mut self,
        mut reader: R,
        mut writer: W,
        mut lifeline: Lifeline,
    ) -> Ended
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut complaint = None;
        while self.state.exit.is_none() {
            let woken = self.wait(&mut reader, &mut writer, &mut lifeline).await;
            if let Err(why) = self.turn(woken) {
                complaint = why;
                break;
            }
            lifeline.watch(self.state.client_process);
            let was_behind = self.state.client.is_congested();
            write_at_once(&mut writer, &mut self.state.client);
            if was_behind && !self.state.client.is_congested() {
                flush(&mut self.state);
                write_at_once(&mut writer, &mut self.state.client);
            }
        }
        let orderly = self.state.lifecycle == Lifecycle::ShutDown && complaint.is_none();
        let code = self.state.exit.unwrap_or(i32::from(!orderly));
        let last_writes = write_all(&mut writer, &mut self.state.client);
        if !matches!(
            tokio::time::timeout(LAST_WRITES, last_writes).await,
            Ok(Ok(()))
        ) {
            tracing::info!("the client did not take the last messages");
        }
        if let Some(engine) = self.state.take_engine() {
            engine.shutdown(LAST_AGENTS);
        }
        Ended { code, complaint }
    }

    async fn wait<R, W>(&mut self, reader: &mut R, writer: &mut W, lifeline: &mut Lifeline) -> Woken
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let due = self.state.due();
        let is_full = self.state.client.is_full();
        let unsent = self.state.client.unsent();
        tokio::select! {
            biased;
            count = reader.read_buf(self.decoder.space()), if !is_full => Woken::Read(count),
            event = self.events.recv() => Woken::Event(event),
            Some(answer) = self.waiting.next() => Woken::Answer(answer),
            count = writer.write(unsent), if !unsent.is_empty() => Woken::Written(count),
            () = lifeline.ended() => Woken::ClientDied,
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Woken::Due,
        }
    }

    /// Reacts to what happened and to all that follows from it. An error ends the loop; it holds what to say.
    fn turn(&mut self, woken: Woken) -> Result<(), Option<String>> {
        match woken {
            Woken::Read(Ok(0)) | Woken::ClientDied => return Err(None),
            Woken::Read(Ok(_)) | Woken::Due => {}
            Woken::Written(Ok(0)) => {
                return Err(Some("the client takes no more messages".to_owned()));
            }
            Woken::Written(Ok(count)) => self.state.client.advance(count),
            Woken::Read(Err(error)) => {
                return Err(Some(format!("the client cannot be read: {error}")));
            }
            Woken::Written(Err(error)) => {
                return Err(Some(format!("the client cannot be written to: {error}")));
            }
            Woken::Event(event) => {
                if let Some(event) = event {
                    self.react(event);
                }
            }
            Woken::Answer(response) => self.respond(response),
        }
        while self.state.exit.is_none() {
            match self.decoder.next() {
                Ok(Some(Frame::Body(range))) => self.message(range),
                Ok(Some(Frame::Broken)) => self.refuse("a message was longer than announced"),
                Ok(None) => break,
                Err(lost) => return Err(Some(lost.to_string())),
            }
        }
        self.drain_events();
        flush(&mut self.state);
        Ok(())
    }

    fn message(&mut self, range: Range<usize>) {
        let parsed = message::parse(self.decoder.body(range.clone()));
        match parsed {
            Ok(Incoming::Notification { method, params }) => {
                match front::notification(&method, params) {
                    Told::Event(event) => react(&mut self.state, event),
                    Told::Cancel => {
                        let request = Request::build("$/cancelRequest")
                            .params(value(params))
                            .finish();
                        // Its future is ready at once; whoever waits is answered in this turn.
                        let _ = self.service.call(request).now_or_never();
                    }
                    Told::Unknown => {
                        tracing::debug!("an unknown notification was ignored: {method}")
                    }
                    Told::Unreadable(error) => {
                        let text = format!(
                            "a notification was ignored, its parameters cannot be read: {method}: {error}"
                        );
                        self.state.client.log(MessageType::Warning, &text);
                    }
                }
            }
            Ok(Incoming::Request { id, method, params }) => {
                let error = refusal(self.state.lifecycle, &method);
                let (method, params) = (method.into_owned(), message::params::<Value>(params));
                match (error, params) {
                    (Some(error), _) => self.respond(Some(Response::from_error(id, error))),
                    (None, Err(error)) => {
                        self.respond(Some(Response::from_error(id, Error::invalid_params(error))));
                    }
                    (None, Ok(params)) => self.request(id, method, params),
                }
            }
            Ok(Incoming::Response {
                id: Some(id),
                result,
            }) => react(&mut self.state, Event::Response { id, result }),
            Ok(Incoming::Response { id: None, .. }) => {
                tracing::debug!("a response to nothing was ignored")
            }
            Err(invalid) => {
                if invalid.is_garbage {
                    self.decoder.reject(range);
                }
                self.state.client.respond_invalid(&invalid);
            }
        }
    }

    /// Passes a request to the service. Nearly all are answered before this returns.
    fn request(&mut self, id: Id, method: String, params: Value) {
        self.drain_events();
        let request = Request::build(method)
            .id(id.clone())
            .params(params)
            .finish();
        let answer = AssertUnwindSafe(self.service.call(request)).catch_unwind();
        let mut answer = Box::pin(answer.map(move |result| match result {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => None,
            Err(_) => Some(Response::from_error(id, Error::internal_error())),
        }));
        // The first poll asks this loop, the second takes its answer.
        let first = (&mut answer).now_or_never();
        self.drain_events();
        match first.or_else(|| (&mut answer).now_or_never()) {
            Some(response) => self.respond(response),
            None => self.waiting.push(answer),
        }
    }

    fn respond(&mut self, response: Option<Response>) {
        if let Some(response) = response {
            self.state.client.respond(&response);
        }
    }

    fn refuse(&mut self, why: &'static str) {
        let error = Error {
            message: why.into(),
            ..Error::parse_error()
        };
        self.respond(Some(Response::from_error(Id::Null, error)));
    }

    fn drain_events(&mut self) {
        for _ in 0..MAX_EVENTS {
            match self.events.try_recv() {
                Ok(event) => self.react(event),
                Err(_) => break,
            }
        }
    }

    fn react(&mut self, event: Event) {
        react(&mut self.state, event);
    }
}

/// Reacts to one event. A panic costs that event only: a request's reply is dropped with it, which answers the
/// request with an internal error.
fn react(state: &mut State, event: Event) {
    let is_early = state.lifecycle == Lifecycle::New
        && matches!(&event, Event::Notification(it) if !matches!(it, Notification::Exit));
    if is_early {
        tracing::debug!("a notification before `initialize` was ignored");
        return;
    }
    survive(state, |state| handlers::handle(state, event));
}

/// Shows what changed and what is due. After a panic the rest is shown when it changes again.
fn flush(state: &mut State) {
    let now = Instant::now();
    survive(state, |state| {
        state.questions.resume(now, &mut state.client);
        applying::check(state, now);
        hidden::check(state, now);
        publish::flush(state, now);
        if undone::tell(state) {
            publish::flush(state, now);
        }
        status::flush(state, now);
    });
}

fn survive(state: &mut State, step: impl FnOnce(&mut State)) {
    if std::panic::catch_unwind(AssertUnwindSafe(|| step(state))).is_err() {
        state.client.log(
            MessageType::Error,
            "an internal error was survived; please report it",
        );
    }
}

/// Why a request may not be asked now.
fn refusal(lifecycle: Lifecycle, method: &str) -> Option<Error> {
    match lifecycle {
        Lifecycle::New if method != "initialize" => Some(Error {
            code: ErrorCode::ServerError(-32002),
            message: "not initialized yet".into(),
            data: None,
        }),
        Lifecycle::ShutDown => Some(Error {
            message: "shut down already".into(),
            ..Error::invalid_request()
        }),
        _ => None,
    }
}

/// Raw parameters as a value; `null` when they cannot be read.
fn value(params: Option<&RawValue>) -> Value {
    message::params(params).unwrap_or_default()
}

/// Writes as much as is taken without waiting. What fails here fails again in [`MainLoop::wait`].
fn write_at_once<W: AsyncWrite + Unpin>(writer: &mut W, client: &mut Client) {
    while !client.unsent().is_empty() {
        match writer.write(client.unsent()).now_or_never() {
            Some(Ok(count @ 1..)) => client.advance(count),
            _ => break,
        }
    }
}

async fn write_all<W: AsyncWrite + Unpin>(writer: &mut W, client: &mut Client) -> io::Result<()> {
    while !client.unsent().is_empty() {
        let count = writer.write(client.unsent()).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        client.advance(count);
    }
    writer.flush().await
}
