//! Where the browser comes back to after a login: a listener on this machine, for one answer.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

/// Where the browser is sent.
const PATH: &str = "/callback";
/// Longest head of a request, in bytes.
const MAX_HEAD: u64 = 16 * 1024;
/// Longest time for one request.
const REQUEST: Duration = Duration::from_secs(10);
/// Requests that are answered at the same time; browsers open some in advance.
const MAX_REQUESTS: usize = 32;

/// Waits for the browser to come back.
pub(super) struct Redirect {
    listener: TcpListener,
    port: u16,
}

/// What the browser brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A code, to be exchanged for a token.
    Code {
        code: String,
        /// Who says to have issued it.
        issuer: Option<String>,
    },
    /// No, and the server's words for why.
    Denied(String),
}

/// What one request turned out to be.
enum Request {
    Answer(Outcome),
    Foreign,
    Elsewhere,
    NotGet,
}

impl Redirect {
    /// Listens on this port, or on any.
    pub(super) async fn bind(port: Option<u16>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// Where the browser is to be sent.
    pub(super) fn uri(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits for the answer that carries `state`; everything else is turned away.
    pub(super) async fn outcome(&self, state: &str) -> Outcome {
        let mut requests = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) if requests.len() < MAX_REQUESTS => {
                        let state = state.to_owned();
                        requests.spawn(async move {
                            let served = tokio::time::timeout(REQUEST, serve(stream, &state));
                            served.await.ok()?.ok()?
                        });
                    }
                    Ok(_) => {}
                    // Too many open files, say: it passes.
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                },
                Some(served) = requests.join_next() => {
                    if let Ok(Some(outcome)) = served {
                        return outcome;
                    }
                }
            }
        }
    }
}

async fn serve(stream: TcpStream, state: &str) -> io::Result<Option<Outcome>> {
    let (input, mut output) = stream.into_split();
    let mut input = BufReader::new(input.take(MAX_HEAD));
    let mut first = String::new();
    input.read_line(&mut first).await?;
    let mut line = String::new();
    // The rest of the head is read so that the browser sees our answer, not a broken connection.
    while input.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let request = read(&first, state);
    let (status, text) = match &request {
        Request::Answer(Outcome::Code { .. }) => (
            "200 OK",
            "Crosscheck has got the answer. You can close this page and go back to your editor.",
        ),
        Request::Answer(Outcome::Denied(_)) => (
            "200 OK",
            "Crosscheck was not let in. You can close this page and go back to your editor.",
        ),
        Request::Foreign => (
            "400 Bad Request",
            "This page does not belong to a login that Crosscheck waits for.",
        ),
        Request::Elsewhere => ("404 Not Found", "There is nothing here."),
        Request::NotGet => ("405 Method Not Allowed", "Only GET is answered."),
    };
    output.write_all(page(status, text).as_bytes()).await?;
    output.shutdown().await?;
    Ok(match request {
        Request::Answer(outcome) => Some(outcome),
        _ => None,
    })
}

fn read(first: &str, state: &str) -> Request {
    let mut words = first.split(' ');
    let (method, target) = (words.next(), words.next());
    if method != Some("GET") {
        return Request::NotGet;
    }
    let base = "http://127.0.0.1";
    let url = target.and_then(|target| Url::parse(&format!("{base}{target}")).ok());
    let Some(url) = url.filter(|url| url.path() == PATH) else {
        return Request::Elsewhere;
    };
    let value = |key: &str| {
        let mut pairs = url.query_pairs().filter(|(name, _)| name == key);
        let (_, value) = pairs.next()?;
        // Said twice, it is not clear which one is meant.
        pairs.next().is_none().then(|| value.into_owned())
    };
    if value("state").as_deref() != Some(state) {
        return Request::Foreign;
    }
    match (value("code"), value("error")) {
        (Some(code), None) => Request::Answer(Outcome::Code {
            code,
            issuer: value("iss"),
        }),
        (None, Some(error)) => {
            let words = value("error_description").map(|it| format!(": {it}"));
            let text = format!("{error}{}", words.unwrap_or_default());
            let text = domain::sanitize::line(&text, super::SHOWN);
            Request::Answer(Outcome::Denied(text))
        }
        _ => Request::Foreign,
    }
}

fn page(status: &str, text: &str) -> String {
    let body = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Crosscheck</title><p>{text}</p></html>\n"
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: default-src 'none'\r\nReferrer-Policy: no-referrer\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
