//! Agents behind HTTP, as far as the environment of the program matters: proxies, and secrets in variables.

use crate::CODE;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use tests::{Ran, Sandbox, sandbox};

/// Answers as an MCP server, whether it is asked as one or as the proxy before one.
struct Server {
    address: String,
    /// First lines and headers of what it was asked, in lower case.
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let seen = Arc::clone(&seen);
                // Whoever goes away early is no concern of the test.
                std::thread::spawn(move || talk(stream?, &seen));
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn talk(stream: TcpStream, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while stream.read_line(&mut head)? > 2 {}
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|it| it.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |it| it.trim().parse().unwrap())];
    stream.read_exact(&mut body)?;
    seen.lock().unwrap().push(head);
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let result = match message["method"].as_str() {
        Some("initialize") => {
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": { "name": "far", "version": "1" } })
        }
        Some("tools/call") => {
            json!({ "content": [{ "type": "text", "text": "src/main.rs:2:5: warning: heard" }] })
        }
        _ => {
            let nothing = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return stream.get_mut().write_all(nothing.as_bytes());
        }
    };
    let body = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.get_mut().write_all(answer.as_bytes())
}

fn review(sandbox: &mut Sandbox, url: &str) -> Ran {
    sandbox.file("src/main.rs", CODE);
    sandbox.config(&format!(
        "[agents.far]\nurl = {url:?}\nheaders = {{ Authorization = \"Bearer ${{env:FAR_TOKEN}}\" }}\n[agents.far.review]\ntool = \"look\""
    ));
    sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"])
}

#[track_caller]
fn assert_heard(ran: &Ran) {
    let document: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{document:#}");
}

#[test]
fn a_proxy_is_for_other_machines() {
    let (proxy, server) = (Server::start(), Server::start());
    let sandbox = |no_proxy: &str| {
        let mut sandbox = sandbox!();
        sandbox.env("FAR_TOKEN", "hush");
        sandbox.env("HTTP_PROXY", format!("http://{}", proxy.address));
        sandbox.env("NO_PROXY", no_proxy);
        sandbox
    };
    assert_heard(&review(&mut sandbox(""), "http://agents.example/mcp"));
    let heads = proxy.heads();
    assert!(
        heads[0].starts_with("post http://agents.example/mcp http/1.1\r\n")
            && heads[0].contains("authorization: bearer hush\r\n"),
        "{heads:?}"
    );

    let url = format!("http://{}/mcp", server.address);
    assert_heard(&review(&mut sandbox(""), &url));
    assert!(!server.heads().is_empty());

    let before = proxy.heads().len();
    let ran = review(&mut sandbox("agents.example"), "http://agents.example/mcp");
    assert_eq!(proxy.heads().len(), before, "{ran:?}");
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("`far` could not be started"), "{said}");
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    let server = Server::start();
    let mut sandbox = sandbox!();
    let ran = review(&mut sandbox, &format!("http://{}/mcp", server.address));
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("`FAR_TOKEN` is not set"), "{said}");
    assert!(server.heads().is_empty());
}
