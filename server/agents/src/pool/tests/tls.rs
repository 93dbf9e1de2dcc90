//! Agents behind TLS, with certificates of a company's own.

use super::*;
use crate::OAuth;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

const AUTHORITY: &str = include_str!("tls/authority.pem");
const CERTIFICATE: &str = include_str!("tls/server.pem");
/// Of a server on this machine only; it opens nothing.
const KEY: &[u8] = include_bytes!("tls/server.key.der");

/// Signed by itself, for a server only.
const OWN: &str = include_str!("tls/own.pem");
/// Signed by itself, as an authority.
const OWN_AUTHORITY: &str = include_str!("tls/own_authority.pem");

/// Serves each connection once, until the test's process ends.
fn serve() -> u16 {
    serve_as(CERTIFICATE, KEY)
}

fn serve_as(certificate: &str, key: &'static [u8]) -> u16 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::try_from(key).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let stream = StreamOwned::new(connection, stream.unwrap());
            // Whoever does not trust us goes away.
            std::thread::spawn(move || talk(stream));
        }
    });
    port
}

fn talk(stream: impl Read + Write) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? <= 2 {
            break;
        }
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let result = match message["method"].as_str() {
        Some("initialize") => {
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": { "name": "safe", "version": "1" } })
        }
        _ => json!({ "content": [{ "type": "text", "text": "safe" }] }),
    };
    let body = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string();
    let head = match message["id"].is_null() {
        true => {
            "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
        }
        false => format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    };
    stream.get_mut().write_all(head.as_bytes())?;
    stream.get_mut().flush()
}

async fn call(url: String, ca: Option<PathBuf>) -> String {
    let endpoint = Endpoint::Http {
        url,
        headers: BTreeMap::new(),
        ca,
        oauth: OAuth::default(),
    };
    let agent = AgentSpec {
        endpoint,
        ..spec("", limits())
    };
    stage_of(agent).text().await
}

#[tokio::test]
async fn certificates_of_ones_own_are_trusted_where_they_are_named() {
    let port = serve();
    let directory = tempfile::tempdir().unwrap();
    let ca = directory.path().join("company.pem");
    std::fs::write(&ca, AUTHORITY).unwrap();
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{port}/mcp");
        assert_eq!(call(url.clone(), Some(ca.clone())).await, "safe");
        let text = call(url, None).await;
        assert!(
            text.starts_with(&format!(
                "agent `fake` could not be started: no connection to `{host}:{port}`: "
            )) && text
                .ends_with("UnknownIssuer; if that is a company's own, name its file by `ca`"),
            "{text}"
        );
    }
    // Trusted, but not for this name.
    let url = format!("https://other.localhost:{port}/mcp");
    let text = call(url, Some(ca)).await;
    assert!(
        text.contains("certificate") || text.contains("dns"),
        "{text}"
    );
}

#[tokio::test]
async fn a_ca_file_that_is_none_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let ca = directory.path().join("company.pem");
    let url = "https://localhost:1/mcp".to_owned();
    for (content, expected) in [
        (None, "cannot be read"),
        (Some(""), "holds no certificates in PEM form"),
        (
            Some("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"),
            "holds no certificates in PEM form",
        ),
    ] {
        if let Some(content) = content {
            std::fs::write(&ca, content).unwrap();
        }
        let text = call(url.clone(), Some(ca.clone())).await;
        assert!(
            text.contains(expected) && text.contains("company.pem"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_trusted_where_it_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let port = serve_as(OWN, KEY);
    let url = format!("https://localhost:{port}/mcp");
    let text = call(url.clone(), None).await;
    assert!(text.ends_with("name its file by `ca`"), "{text}");
    let ca = directory.path().join("own.pem");
    std::fs::write(&ca, OWN).unwrap();
    assert_eq!(call(url, Some(ca.clone())).await, "safe");

    let url = format!("https://localhost:{}/mcp", serve_as(OWN_AUTHORITY, KEY));
    std::fs::write(&ca, OWN_AUTHORITY).unwrap();
    for ca in [None, Some(ca)] {
        let text = call(url.clone(), ca).await;
        assert!(
            text.contains("let that authority sign one for the server"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn tls_and_none_are_not_to_be_mixed_up() {
    let (plain, _) = http::serve(|_| http::http("404 Not Found", "text/html", "")).await;
    let plain = plain.replace("http:", "https:");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hangs_up = format!("https://{}/mcp?token=secret", silent.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in silent.incoming() {
            // Without this it would be a reset, which may mean anything.
            let _ = stream.unwrap().read(&mut [0; 4096]);
        }
    });
    let safe = format!("http://127.0.0.1:{}/mcp?token=secret", serve());
    for (url, expected) in [
        (
            plain,
            "it seems to speak no TLS: then its `url` begins with `http:`",
        ),
        (
            hangs_up,
            "it seems to speak no TLS: then its `url` begins with `http:`",
        ),
        (
            safe,
            "it may speak TLS: then its `url` begins with `https:`",
        ),
    ] {
        let text = call(url.clone(), None).await;
        let address = url.split('/').nth(2).unwrap();
        assert!(text.ends_with(expected), "{url}: {text}");
        assert!(
            url.starts_with("http:") || text.contains(&format!("`{address}`")),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }
}
