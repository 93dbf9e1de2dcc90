//! A client for MCP conformance suites: connects to the URL in the last argument as Crosscheck does, and calls its tools.

use agents::spec::Reads;
use agents::{AgentSpec, Call, Endpoint, Limits, OAuth, Operation, OperationSpec, Pool};
use domain::answer::Format;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

const AGENT: &str = "suite";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().next_back().unwrap_or_default();
    let pool = Pool::new(Arc::new(|_| {}));
    pool.configure(vec![agent(&url, "", json!({}))]);
    let root = std::env::current_dir()?;
    let inspection = pool.inspect(AGENT, &root).await?;
    for tool in inspection.tools {
        pool.configure(vec![agent(&url, &tool.name, arguments(&tool.input_schema))]);
        // The new connection is at rest before the call: suites take a stream that begins later for the call's own.
        pool.inspect(AGENT, &root).await?;
        pool.call(call(root.clone())).await?;
    }
    pool.shutdown().await;
    Ok(())
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
        source: "the command line".to_owned(),
        endpoint: Endpoint::Http {
            url: url.to_owned(),
            headers: BTreeMap::new(),
            ca: None,
            oauth: OAuth::default(),
        },
        operations: BTreeMap::from([(Operation::Review, review)]),
        approval: None,
        limits: Limits::default(),
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
