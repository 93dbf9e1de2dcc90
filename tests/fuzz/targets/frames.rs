//! What an editor sends: bytes as they are, and lines as well-framed messages. The server ends, and speaks JSON-RPC.
#![no_main]

use engine::paths::Paths;
use engine::{Engine, Options};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::runtime::{Builder, Runtime};

/// Longest time from the end of the input to the end of the server.
const PATIENCE: Duration = Duration::from_secs(4);
/// Bytes between server and client under way.
const PIPE: usize = 64 * 1024;

static BASE: LazyLock<PathBuf> = LazyLock::new(|| tempfile::tempdir().expect("a directory").keep());
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
});

fuzz_target!(|data: &[u8]| {
    // A first line `lines` saves the fuzzer from counting lengths.
    let input = match data.strip_prefix(b"lines\n") {
        Some(lines) => lines.split(|it| *it == b'\n').flat_map(framed).collect(),
        None => data.to_vec(),
    };
    let output = RUNTIME.block_on(async {
        tokio::time::timeout(PATIENCE, serve(&input))
            .await
            .expect("the server ends with its input")
    });
    check(&output);
});

fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    frame.extend_from_slice(body);
    frame
}

async fn serve(input: &[u8]) -> Vec<u8> {
    let (mut client, server) = tokio::io::duplex(PIPE);
    let mut output = Vec::new();
    let factory = Box::new(|events| {
        Engine::new(Options {
            paths: paths(),
            events,
        })
    });
    let served = async {
        let code = lsp::serve(input, server, factory, None).await;
        assert!(code == 0 || code == 1);
    };
    let (_, read) = tokio::join!(served, client.read_to_end(&mut output));
    read.expect("the stream ends");
    output
}

fn paths() -> Paths {
    Paths {
        config_dir: BASE.join("config"),
        state_dir: BASE.join("state"),
        home: BASE.clone(),
        program: BASE.join("no-such-program"),
        environment: BTreeMap::new(),
    }
}

/// Whole messages with the right lengths and nothing between them.
fn check(mut output: &[u8]) {
    while !output.is_empty() {
        let text = output.strip_prefix(b"Content-Length: ").expect("a header");
        let end = text
            .windows(4)
            .position(|it| it == b"\r\n\r\n")
            .expect("an end of headers");
        let length: usize = std::str::from_utf8(&text[..end])
            .expect("ASCII")
            .parse()
            .expect("a length");
        let (body, rest) = text[end + 4..]
            .split_at_checked(length)
            .expect("a whole body");
        let message: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!(message["jsonrpc"], "2.0");
        output = rest;
    }
}
