//! Agents behind HTTP.

use super::*;
use crate::OAuth;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came: head in lower case, body.
pub(super) type Request = (String, Value);

/// Answers each POST by `answer`, which gives the whole response; everything else gets 405.
pub(super) async fn serve(
    answer: impl Fn(&Request) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> (String, Arc<Mutex<Vec<Request>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp?token=secret", listener.local_addr().unwrap());
    let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answer, seen) = (answer.clone(), Arc::clone(&seen));
            // A client that goes away is no concern of the test.
            tokio::spawn(async move { talk(stream, answer, &seen).await });
        }
    });
    (url, requests)
}

async fn talk(
    stream: TcpStream,
    answer: impl Fn(&Request) -> Vec<u8>,
    seen: &Mutex<Vec<Request>>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let request = hear(&mut stream).await?;
    let response = if request.0.starts_with("post") {
        let response = answer(&request);
        seen.lock().unwrap().push(request);
        response
    } else {
        http("405 Method Not Allowed", "text/plain", "")
    };
    stream.write_all(&response).await?;
    if response.is_empty() {
        std::future::pending().await
    } else {
        stream.shutdown().await
    }
}

/// Reads one request; without a body, its message is null.
pub(super) async fn hear(stream: &mut BufReader<TcpStream>) -> io::Result<Request> {
    let mut head = String::new();
    while stream.read_line(&mut head).await? > 2 {}
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    stream.read_exact(&mut body).await?;
    Ok((head, serde_json::from_slice(&body).unwrap_or_default()))
}

pub(super) fn http(status: &str, kind: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into()
}

fn json_answer(id: &Value, result: &Value) -> Vec<u8> {
    let body = json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string();
    http("200 OK", "application/json", &body)
}

/// An old-fashioned server whose calls are answered by `on_call`.
pub(super) fn classic(request: &Request, on_call: impl Fn(&Value) -> Vec<u8>) -> Vec<u8> {
    let message = &request.1;
    match message["method"].as_str() {
        Some("initialize") => json_answer(
            &message["id"],
            &json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": { "name": "web", "version": "1" } }),
        ),
        Some("tools/call") => on_call(message),
        _ => http("202 Accepted", "text/plain", ""),
    }
}

pub(super) fn stage_at(url: &str, limits: Limits) -> Stage {
    let headers = BTreeMap::from([("Authorization".into(), "Bearer hush".into())]);
    stage_of(AgentSpec {
        endpoint: Endpoint::Http {
            url: url.into(),
            headers,
            ca: None,
            oauth: OAuth::default(),
        },
        ..spec("", limits)
    })
}

#[tokio::test]
async fn json_and_event_streams_are_answers() {
    let (url, requests) = serve(|request| {
        classic(request, |message| {
            let result = json!({ "content": [{ "type": "text", "text": "fine" }, { "type": "new", "text": "kept" }] });
            if message["params"]["arguments"]["task"] == "json" {
                return json_answer(&message["id"], &result);
            }
            let token = &message["params"]["_meta"]["progressToken"];
            let mut body = String::new();
            for step in 1..=3 {
                let params = json!({ "progressToken": token, "progress": step, "message": format!("step {step}") });
                body += &format!("data: {}\n\n", json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }));
            }
            body += &format!("data: {}\n\n", json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
            http("200 OK", "text/event-stream", &body)
        })
    })
    .await;
    let stage = stage_at(&url, limits());
    let mut running = stage.start();
    for step in 1..=3 {
        running
            .until(CallProgress::Message {
                text: format!("step {step}"),
                fraction: None,
            })
            .await;
    }
    assert_eq!(running.end().await.unwrap().texts, ["fine", "kept"]);
    assert!(
        requests
            .lock()
            .unwrap()
            .iter()
            .all(|(head, _)| head.contains("authorization: bearer hush"))
    );
    let status = stage.status();
    assert_eq!(
        (status.state, status.root, status.pid),
        (State::Ready, None, None)
    );

    let mut spec = (*stage.pool.specs()[0]).clone();
    spec.operations
        .get_mut(&Operation::Review)
        .unwrap()
        .arguments = json!({ "task": "json" });
    stage.pool.configure(vec![spec]);
    assert_eq!(stage.text().await, "finekept");
}

#[tokio::test]
async fn the_later_era_is_found_over_http() {
    let (url, requests) = serve(|(_, message)| {
        let id = &message["id"];
        match message["method"].as_str() {
            Some("server/discover") => json_answer(id, &json!({
                "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {},
                "ttlMs": 0, "cacheScope": "private",
            })),
            Some("tools/call") => json_answer(id, &json!({ "resultType": "complete", "content": [{ "type": "text", "text": "modern" }] })),
            _ => http("400 Bad Request", "application/json",
                &json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": "no" } }).to_string()),
        }
    })
    .await;
    let stage = stage_at(&url, limits());
    assert_eq!(stage.text().await, "modern");
    assert_eq!(stage.status().server.unwrap().protocol, "2026-07-28");
    // What was learnt is remembered.
    stage.pool.restart("fake");
    assert_eq!(stage.text().await, "modern");
    let initializes = requests
        .lock()
        .unwrap()
        .iter()
        .filter(|(_, message)| message["method"] == "initialize")
        .count();
    assert_eq!(initializes, 1);
}

/// Its session ends after each answer, as if it was started anew.
fn forgetful(request: &Request, session: &AtomicUsize, refusal: &[u8]) -> Vec<u8> {
    let (head, message) = request;
    let now = session.load(Ordering::SeqCst);
    let id = format!("mcp-session-id: s{now}\r\n");
    if message["method"] == "initialize" {
        let answer = String::from_utf8(classic(request, |_| Vec::new())).unwrap();
        return answer.replacen("\r\n", &format!("\r\n{id}"), 1).into();
    }
    if !head.contains(&id) {
        return refusal.to_vec();
    }
    classic(request, |message| {
        session.fetch_add(1, Ordering::SeqCst);
        let content = json!([{ "type": "text", "text": format!("from s{now}") }]);
        json_answer(&message["id"], &json!({ "content": content }))
    })
}

#[tokio::test]
async fn a_session_that_is_gone_is_begun_anew() {
    let error = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}"#;
    let refusals = [
        http("404 Not Found", "application/json", ""),
        http("400 Bad Request", "application/json", error),
        http(
            "400 Bad Request",
            "text/plain",
            "Invalid or missing session ID",
        ),
    ];
    for refusal in refusals {
        let session = Arc::new(AtomicUsize::new(1));
        let (url, _) = serve(move |request| forgetful(request, &session, &refusal)).await;
        let stage = stage_at(&url, limits());
        for text in ["from s1", "from s2", "from s3"] {
            assert_eq!(stage.text().await, text);
        }
        assert_eq!(stage.status().starts, 1);
    }
}

#[tokio::test]
async fn an_error_without_an_id_ends_the_call_that_it_answers() {
    let (url, _) = serve(|request| {
        classic(request, |_| {
            let error = r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"cannot read it"}}"#;
            http("400 Bad Request", "application/json", error)
        })
    })
    .await;
    let stage = stage_at(&url, limits());
    assert!(stage.text().await.ends_with("error: cannot read it"));
}

#[tokio::test]
async fn trouble_on_the_way_is_told_without_secrets() {
    let (not_found, _) = serve(|_| http("404 Not Found", "text/html", "<h1>no</h1>")).await;
    let (locked, _) = serve(|_| {
        b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()
    })
    .await;
    let (broken, _) =
        serve(|request| classic(request, |_| http("500 Oops", "text/html", "<h1>oops</h1>"))).await;
    let (long, _) = serve(|request| {
        classic(request, |message| {
            json_answer(&message["id"], &json!({ "content": "x".repeat(100_000) }))
        })
    })
    .await;
    let (cut, _) = serve(|request| {
        classic(request, |_| {
            http(
                "200 OK",
                "text/event-stream",
                "data: {\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n\n",
            )
        })
    })
    .await;
    let (silent, _) = serve(|_| Vec::new()).await;
    let gone = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let gone = format!("http://{gone}/?token=secret");
    let short = Limits {
        start: Duration::from_millis(500),
        idle: Duration::from_secs(5),
        message: 50_000,
        ..limits()
    };
    let cases = [
        (not_found.as_str(), "404"),
        (
            &locked,
            "agent `fake` could not be started: it wants authorization (HTTP 401); set its `headers`",
        ),
        (&broken, "agent `fake` answered with an error: HTTP 500"),
        (
            &long,
            "the answer of agent `fake` is not usable: HTTP response body exceeded",
        ),
        (
            &cut,
            "agent `fake` went away during the call: its connection was closed",
        ),
        (
            &silent,
            "agent `fake` could not be started: it did not complete the handshake within 500ms",
        ),
        (&gone, "Connection refused"),
        ("ftp://example.org", "its URL begins with `ftp:`"),
        ("nonsense", "its URL is not valid"),
    ];
    for (url, expected) in cases {
        let limits = if url == silent {
            short
        } else {
            Limits {
                start: LIMIT,
                ..short
            }
        };
        let text = stage_at(url, limits).text().await;
        assert!(text.contains(expected), "{expected}: {text}");
        assert!(!text.contains("secret") && !text.contains("hush"), "{text}");
    }
}
