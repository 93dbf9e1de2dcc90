//! An endpoint that answers by a script: raw HTTP on loopback, one reply for each request in turn.

use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// The first byte of a TLS connection. It gets its reply without more ado, as from any server that speaks none.
const TLS: u8 = 0x16;

/// One reply: what is written, and whether the connection stays open after it.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pieces: Vec<String>,
    hangs: bool,
}

impl Reply {
    /// A status with headers and a body.
    pub(super) fn new(status: &str, headers: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n");
        Self {
            pieces: vec![head, body.to_owned()],
            hangs: false,
        }
    }

    /// A JSON body.
    pub(super) fn json(status: &str, body: &Value) -> Self {
        Self::new(
            status,
            "content-type: application/json\r\n",
            &body.to_string(),
        )
    }

    /// A stream of events.
    pub(super) fn stream(events: &[Value]) -> Self {
        let mut reply = Self::new("200 OK", "content-type: text/event-stream\r\n", "");
        let events = events.iter().map(|event| format!("data: {event}\n\n"));
        reply.pieces.extend(events);
        reply.pieces.push("data: [DONE]\n\n".to_owned());
        reply
    }

    /// Without the last piece.
    pub(super) fn cut(mut self) -> Self {
        self.pieces.pop();
        self
    }

    /// Goes silent instead of ending.
    pub(super) fn hanging(mut self) -> Self {
        self.hangs = true;
        self
    }

    /// Nothing at all.
    pub(super) fn silence() -> Self {
        Self {
            pieces: Vec::new(),
            hangs: true,
        }
    }
}

/// What a request was.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: Value,
}

/// The endpoint.
pub(super) struct Script {
    pub(super) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    _serving: AbortOnDropHandle<()>,
}

impl Script {
    /// Answers the first request with the first reply and so on, and all that come after with the last.
    pub(super) async fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let serving = tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = receive(&mut stream).await;
                let count = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(request);
                    seen.len()
                };
                let reply = replies[count.min(replies.len()) - 1].clone();
                for piece in &reply.pieces {
                    // The client may have heard enough.
                    let _ = stream.write_all(piece.as_bytes()).await;
                    let _ = stream.flush().await;
                    tokio::task::yield_now().await;
                }
                if reply.hangs {
                    open.push(stream);
                }
            }
        });
        Self {
            url,
            requests,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// What came so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn receive(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    let mut buffer = [0; 64 * 1024];
    loop {
        let length = stream.read(&mut buffer).await.unwrap_or(0);
        bytes.extend_from_slice(&buffer[..length]);
        if bytes.first() == Some(&TLS) {
            return Request {
                head: String::new(),
                body: Value::Null,
            };
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(length > 0, "no request: {text}");
            continue;
        };
        let head = head.to_lowercase();
        let expected: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |it| it.parse().unwrap());
        if body.len() >= expected {
            let body = serde_json::from_str(body).unwrap_or_default();
            return Request { head, body };
        }
        assert!(length > 0, "half a request: {text}");
    }
}
