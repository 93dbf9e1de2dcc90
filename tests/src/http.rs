//! One request and its answer over HTTP/1.1; the connection ends with it.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The client closed the connection before it had its answer.
#[derive(Debug)]
pub(crate) struct Gone;

/// How often a silent service looks whether the client is still there.
const POLL: Duration = Duration::from_millis(10);

/// A request that was read, and the way to answer it.
pub(crate) struct Exchange {
    stream: TcpStream,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Exchange {
    /// Reads the request of a connection.
    pub(crate) fn read(stream: TcpStream) -> io::Result<Self> {
        let mut input = BufReader::new(stream.try_clone()?);
        let first = line(&mut input)?;
        let mut words = first.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, target) = (word(), word());
        let mut headers = BTreeMap::new();
        loop {
            let line = line(&mut input)?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let mut body = Vec::new();
        if headers
            .get("transfer-encoding")
            .is_some_and(|it| it.contains("chunked"))
        {
            while let size @ 1.. = chunk_size(&line(&mut input)?)? {
                input.by_ref().take(size).read_to_end(&mut body)?;
                line(&mut input)?;
            }
            line(&mut input)?;
        } else {
            let size = headers.get("content-length").and_then(|it| it.parse().ok());
            input.take(size.unwrap_or(0)).read_to_end(&mut body)?;
        }
        Ok(Self {
            stream,
            method,
            path: target.split('?').next().unwrap_or_default().to_owned(),
            headers,
            body,
        })
    }

    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// The path, without a query.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn headers(&self) -> &BTreeMap<String, String> {
        &self.headers
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Answers with JSON.
    pub(crate) fn json(&mut self, status: u16, value: &Value) -> Result<(), Gone> {
        self.json_with(status, "", value)
    }

    /// Answers with JSON and further header lines.
    pub(crate) fn json_with(
        &mut self,
        status: u16,
        headers: &str,
        value: &Value,
    ) -> Result<(), Gone> {
        let body = value.to_string();
        let head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let is_head = self.method == "HEAD";
        self.write(head.as_bytes())?;
        if is_head {
            Ok(())
        } else {
            self.write(body.as_bytes())
        }
    }

    /// Begins a stream of events.
    pub(crate) fn stream(&mut self) -> Result<(), Gone> {
        self.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nconnection: close\r\n\r\n")
    }

    /// Sends one event, whose data say its kind, too.
    pub(crate) fn event(&mut self, kind: &str, mut data: Value) -> Result<(), Gone> {
        data["type"] = kind.into();
        self.write(format!("event: {kind}\ndata: {data}\n\n").as_bytes())
    }

    /// Cuts the connection.
    pub(crate) fn cut(&mut self) {
        // It may be gone already.
        drop(self.stream.shutdown(Shutdown::Both));
    }

    /// Says nothing until the client is gone or the service is closed.
    pub(crate) fn wait_for_the_end(&mut self, closed: &AtomicBool) -> Result<(), Gone> {
        self.wait(Duration::MAX, closed)
    }

    /// Says nothing for a while, but notices when the client goes away.
    pub(crate) fn wait(&mut self, time: Duration, closed: &AtomicBool) -> Result<(), Gone> {
        let began = Instant::now();
        while began.elapsed() < time && !closed.load(Ordering::SeqCst) {
            let left = time.saturating_sub(began.elapsed());
            self.stream
                .set_read_timeout(Some(left.min(POLL).max(Duration::from_millis(1))))
                .map_err(|_| Gone)?;
            match self.stream.peek(&mut [0]) {
                // More of the request is of no interest.
                Ok(1..) => std::thread::sleep(POLL),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Ok(0) | Err(_) => return Err(Gone),
            }
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        self.stream.write_all(bytes).map_err(|_| Gone)
    }
}

fn line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn chunk_size(line: &str) -> io::Result<u64> {
    let size = line.split(';').next().unwrap_or_default();
    u64::from_str_radix(size, 16).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}
