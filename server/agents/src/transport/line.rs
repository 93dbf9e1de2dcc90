//! One JSON message per line, over a program's standard streams.

use super::calls::{Calls, QUESTION};
use super::message::{self, Message};
use super::oversize::IdFinder;
use rmcp::model::{
    CustomRequest, CustomResult, ErrorData, JsonRpcMessage, RequestId, ServerRequest, ServerResult,
};
use rmcp::service::{RoleClient, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;
/// Lines longer than this are parsed on another thread, so that they delay nobody.
const PARSE_HERE: usize = 256 * 1024;
/// Requests of the server that may be open; while they are, nothing more is read from it.
const MAX_OPEN: usize = 64;
/// Longest piece of a line that is no message shown, in characters.
const SHOWN: usize = 80;
/// Longest time, at the end, for answering the questions that are open.
const FAREWELL: Duration = Duration::from_millis(100);

/// One JSON message per line. What cannot be a message is skipped; a message that is too long ends its call.
pub(crate) struct LineTransport<R> {
    reader: BufReader<R>,
    writer: Option<UnboundedSender<Vec<u8>>>,
    calls: Arc<Calls>,
    /// Longest line accepted, in bytes.
    limit: usize,
    line: Vec<u8>,
    dropping: Option<Dropping>,
    parsing: Option<JoinHandle<Parsed>>,
    ready: VecDeque<Message>,
    /// Requests of the server that we have not answered.
    open: HashSet<RequestId>,
    /// Bytes skipped since the last message.
    skipped: usize,
}

/// The rest of a line that was too long is dropped.
struct Dropping {
    finder: IdFinder,
    length: usize,
}

struct Parsed {
    line: Vec<u8>,
    messages: Result<Vec<Message>, String>,
}

/// What the stream gave next.
enum Next {
    Line(Vec<u8>),
    TooLong(Dropping),
    End,
}

impl<R: AsyncRead + Unpin + Send> LineTransport<R> {
    /// Writes on a task of its own, in the order of sending, until the connection is lost; then closes `output`.
    pub(crate) fn new(
        input: R,
        output: impl AsyncWrite + Send + Unpin + 'static,
        calls: Arc<Calls>,
        limit: usize,
    ) -> Self {
        let (writer, lines) = unbounded_channel();
        tokio::spawn(write(output, lines, Arc::clone(&calls)));
        Self {
            reader: BufReader::with_capacity(CHUNK, input),
            writer: Some(writer),
            calls,
            limit,
            line: Vec::new(),
            dropping: None,
            parsing: None,
            ready: VecDeque::new(),
            open: HashSet::new(),
            skipped: 0,
        }
    }

    /// Reads more. May be given up at any time: what was read is kept.
    async fn next(&mut self) -> Next {
        loop {
            let (used, complete) = match self.reader.fill_buf().await {
                Ok(bytes) if !bytes.is_empty() => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let used = end.map_or(bytes.len(), |end| end + 1);
                    let bytes = &bytes[..used];
                    if let Some(dropping) = &mut self.dropping {
                        dropping.finder.feed(bytes);
                        dropping.length += used;
                    } else if self.line.len() + used <= self.limit {
                        self.line.extend_from_slice(bytes);
                    } else {
                        let mut finder = IdFinder::default();
                        finder.feed(&self.line);
                        finder.feed(bytes);
                        let length = std::mem::take(&mut self.line).len() + used;
                        self.dropping = Some(Dropping { finder, length });
                    }
                    (used, end.is_some())
                }
                // The program closed its output, or it was closed for it.
                Ok(_) | Err(_) => return Next::End,
            };
            self.reader.consume(used);
            if complete {
                return match self.dropping.take() {
                    Some(dropping) => Next::TooLong(dropping),
                    None => Next::Line(std::mem::take(&mut self.line)),
                };
            }
        }
    }

    /// Puts what the next line holds into `ready`. `None` at the end.
    async fn advance(&mut self) -> Option<()> {
        let parsed = if let Some(parsing) = &mut self.parsing {
            let parsed = parsing.await;
            self.parsing = None;
            let Ok(parsed) = parsed else {
                let reason = "a message of it could not be parsed, which is a bug in Crosscheck";
                self.calls.fall_silent(Some(reason.to_owned()));
                return None;
            };
            parsed
        } else {
            match self.next().await {
                Next::Line(line) if line.len() > PARSE_HERE => {
                    self.parsing = Some(tokio::task::spawn_blocking(|| parse(line)));
                    return Some(());
                }
                Next::Line(line) => parse(line),
                Next::TooLong(dropping) => {
                    self.too_long(&dropping);
                    return Some(());
                }
                Next::End => {
                    self.calls.fall_silent(None);
                    return None;
                }
            }
        };
        match parsed.messages {
            Ok(messages) => {
                self.skipped = 0;
                self.ready.extend(messages);
            }
            Err(reason) => self.skip(&parsed.line, &reason)?,
        }
        Some(())
    }

    /// Passes over a line that is no message. `None` when it is time to give up.
    fn skip(&mut self, line: &[u8], reason: &str) -> Option<()> {
        if line.trim_ascii().is_empty() {
            return Some(());
        }
        let mut finder = IdFinder::default();
        finder.feed(line);
        if let Some(id) = finder.answer().filter(|id| self.is_waiting(id)) {
            self.spoil(&id, &format!("it is not valid JSON ({reason})"));
            return Some(());
        }
        self.skipped += line.len();
        self.calls.note("garbage", || {
            let shown = String::from_utf8_lossy(&line[..line.len().min(4 * SHOWN)]);
            let shown = domain::sanitize::line(&shown, SHOWN);
            format!("writes lines that are no MCP messages to its standard output; they are skipped: `{shown}`")
        });
        if self.skipped <= self.limit {
            return Some(());
        }
        let reason = format!(
            "it wrote {} that are no MCP messages",
            mebibytes(self.skipped)
        );
        self.calls.fall_silent(Some(reason));
        None
    }

    fn is_waiting(&self, id: &RequestId) -> bool {
        self.calls.ids().iter().any(|ours| super::same_id(ours, id))
    }

    fn too_long(&mut self, dropping: &Dropping) {
        let (length, limit) = (mebibytes(dropping.length), mebibytes(self.limit));
        if dropping.finder.is_no_answer() {
            self.calls.note("too long", || {
                format!("sent a message of {length}, more than {limit}; it was skipped")
            });
            return;
        }
        // When it cannot be told whose answer it was, no call may wait for ever.
        let of = dropping
            .finder
            .answer()
            .map_or_else(|| self.calls.ids(), |id| vec![id]);
        for id in of {
            self.spoil(
                &id,
                &format!("it has {length}, more than the limit of {limit}"),
            );
        }
    }

    /// Ends a call whose answer cannot be used.
    fn spoil(&mut self, id: &RequestId, reason: &str) {
        let error = ErrorData::internal_error(reason.to_owned(), None);
        self.ready.push_back(Message::Error {
            id: Some(id.clone()),
            error,
        });
        self.calls.spoil(id, reason);
    }

    /// Gives rmcp what it needs to see, and keeps the rest.
    fn pass(&mut self, message: Message) -> Option<RxJsonRpcMessage<RoleClient>> {
        match message {
            Message::Notification { method, params } => {
                self.calls.notified(&method, &params);
                None
            }
            Message::Request { id, method, params } => {
                self.open.insert(id.clone());
                if method == QUESTION {
                    // Here already: what takes it back may be the next message.
                    self.calls.open(&id);
                }
                let request = ServerRequest::CustomRequest(CustomRequest::new(method, params));
                Some(JsonRpcMessage::request(request, id))
            }
            Message::Response { id, result } => {
                self.calls.answered(&id);
                let result = ServerResult::CustomResult(CustomResult::new(result));
                Some(JsonRpcMessage::response(result, id))
            }
            Message::Error { id, error } => {
                // A server that could not read a request does not know its id. It is clear if there is but one.
                let id = id.or_else(|| self.calls.only_id());
                if let Some(id) = &id {
                    self.calls.answered(id);
                }
                Some(JsonRpcMessage::error(error, id))
            }
        }
    }
}

impl<R: AsyncRead + Unpin + Send> Transport<RoleClient> for LineTransport<R> {
    type Error = Infallible;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        let answered = match &item {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        match answered {
            Some(id) => _ = self.open.remove(id),
            // Before it goes out, so that no answer can be quicker.
            None => self.calls.sending(&item),
        }
        // Queued here and not in the future, which keeps the order. The writer ends only with the connection, and
        // then all calls end.
        if let (Some(writer), Ok(mut line)) = (&self.writer, serde_json::to_vec(&item)) {
            line.push(b'\n');
            let _ = writer.send(line);
        }
        if answered.is_some() {
            self.calls.sending(&item);
        }
        std::future::ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            if self.open.len() >= MAX_OPEN {
                // Called again after each answer that was sent.
                std::future::pending::<()>().await;
            }
            match self.ready.pop_front() {
                Some(message) => {
                    if let Some(message) = self.pass(message) {
                        return Some(message);
                    }
                }
                None => self.advance().await?,
            }
            // A flood that needs no waiting must still let others run.
            tokio::task::consume_budget().await;
        }
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        self.writer = None;
        Ok(())
    }
}

fn parse(line: Vec<u8>) -> Parsed {
    let messages = message::read(&line);
    Parsed { line, messages }
}

async fn write(
    mut output: impl AsyncWrite + Unpin,
    mut lines: UnboundedReceiver<Vec<u8>>,
    calls: Arc<Calls>,
) {
    let writing = async {
        while let Some(line) = lines.recv().await {
            // When nobody reads any more, the connection is about to be lost.
            if output.write_all(&line).await.is_err() || output.flush().await.is_err() {
                return;
            }
        }
    };
    let ending = async {
        calls.loss().await;
        // The loss itself answers them. An agent that waits for an answer may not notice that its input ended.
        let _ = timeout(FAREWELL, calls.all_closed()).await;
    };
    tokio::select! {
        biased;
        () = writing => {}
        () = ending => {}
    }
}

fn mebibytes(bytes: usize) -> String {
    const MEBIBYTE: usize = 1024 * 1024;
    if bytes < MEBIBYTE {
        format!("{bytes} bytes")
    } else {
        format!("{} MiB", bytes / MEBIBYTE)
    }
}
