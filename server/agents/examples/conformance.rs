//! A client for MCP conformance suites: connects to the URL in the last argument as Crosscheck does, and calls its tools.

use agents::question::{Ask, Field, Reply};
use agents::spec::Reads;
use agents::{AgentSpec, Call, CallError, Endpoint, Limits, OAuth, Operation, OperationSpec, Pool};
use domain::answer::Format;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

const AGENT: &str = "suite";
/// The client that suites take for published.
const PUBLISHED: &str = "https://conformance-test.local/client-metadata.json";
/// What a suite tells the client beside the URL, as JSON.
const CONTEXT: &str = "MCP_CONFORMANCE_CONTEXT";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().next_back().unwrap_or_default();
    let pool = Pool::new(Arc::new(|_| {})).with_asker(Arc::new(|question| {
        Box::pin(async { answer(question.ask).await })
    }));
    pool.configure(vec![agent(&url, "", json!({}))]);
    let root = std::env::current_dir()?;
    let mut inspected = pool.inspect(AGENT, &root).await;
    if let Err(CallError::Unauthorized { .. }) = inspected {
        // Only a call logs in. Whether this one comes to something is no matter.
        let _ = pool.call(call(root.clone())).await;
        inspected = pool.inspect(AGENT, &root).await;
    }
    for tool in inspected?.tools {
        pool.configure(vec![agent(&url, &tool.name, arguments(&tool.input_schema))]);
        // The new connection is at rest before the call: suites take a stream that begins later for the call's own.
        let _ = pool.inspect(AGENT, &root).await;
        pool.call(call(root.clone())).await?;
    }
    pool.shutdown().await;
    Ok(())
}

/// A person who says yes to everything: allows it, takes forms as they are filled in, and opens pages.
async fn answer(ask: Ask) -> Reply {
    let page = match ask {
        Ask::Approval(_) => return Reply::Allow,
        Ask::Form(fields) => return Reply::Accept(fields.into_iter().filter_map(chosen).collect()),
        Ask::Url(page) => page,
    };
    let opened = tokio::task::spawn_blocking(move || browse(page)).await;
    match opened {
        Ok(Ok(())) => Reply::Accept(serde_json::Map::new()),
        _ => Reply::Deny("the page could not be opened".to_owned()),
    }
}

/// What is proposed, or else the first that there is.
fn chosen(field: Field) -> Option<(String, Value)> {
    let first = field.choices.into_iter().next().map(|(value, _)| value);
    Some((field.name, field.default.or(first)?))
}

/// A browser for servers on this machine: goes where it is sent.
fn browse(mut page: String) -> io::Result<()> {
    loop {
        let address = page.strip_prefix("http://").unwrap_or_default();
        let (host, path) = address.split_once('/').unwrap_or((address, ""));
        let mut stream = TcpStream::connect(host)?;
        let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let location = response
            .lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("location"));
        match location {
            Some((_, next)) => page = next.to_owned(),
            None => return Ok(()),
        }
    }
}

/// An agent whose review is a call of `tool`.
fn agent(url: &str, tool: &str, arguments: Value) -> AgentSpec {
    let review = OperationSpec {
        tool: tool.to_owned(),
        arguments,
        answer: Format::default(),
        reads: Reads::default(),
    };
    AgentSpec {
        name: AGENT.to_owned(),
        provider: AGENT.to_owned(),
        rules: false,
        source: "the command line".to_owned(),
        endpoint: Endpoint::Http {
            url: url.to_owned(),
            headers: BTreeMap::new(),
            ca: None,
            oauth: oauth(),
        },
        operations: BTreeMap::from([(Operation::Review, review)]),
        approval: None,
        limits: Limits::default(),
    }
}

/// Who we are to the suite's authorization server.
fn oauth() -> OAuth {
    let context = std::env::var(CONTEXT).unwrap_or_default();
    let context: Value = serde_json::from_str(&context).unwrap_or_default();
    let text = |key: &str| context[key].as_str().map(str::to_owned);
    OAuth {
        client_id: text("client_id"),
        client_secret: text("client_secret"),
        client_metadata_url: Some(PUBLISHED.to_owned()),
        ..OAuth::default()
    }
}

/// Numbers for whatever the tool wants.
fn arguments(schema: &Value) -> Value {
    let names = schema["properties"].as_object().into_iter().flatten();
    names.map(|(name, _)| (name.clone(), json!(2))).collect()
}

fn call(root: PathBuf) -> Call {
    Call {
        agent: AGENT.to_owned(),
        operation: Operation::Review,
        root,
        run: 1,
        variables: json!({}),
        cancel: tokio_util::sync::CancellationToken::new(),
        progress: tokio::sync::mpsc::unbounded_channel().0,
    }
}
