//! The beginning of a conversation, in both eras of MCP.
//!
//! Servers up to revision 2025-11-25 want `initialize`; those of 2026-07-28 have only `server/discover`. We begin
//! with `initialize` unless the agent is known to be of the later era: a server that does not know the method
//! must say so at once, whereas an old server may stay silent on `server/discover`, end, or start costly work.
//! Only a clear rejection makes us try the other way, never silence: a late second greeting would upset servers
//! that are merely slow to start.

use super::requests;
use crate::ServerInfo;
use crate::transport::{explain, is_final, same_id};
use rmcp::model::{
    ClientCapabilities, ClientConfig, ClientNotification, ClientRequest, CustomResult,
    DiscoverRequest, DiscoverRequestParams, Implementation, InitializeRequest,
    InitializedNotification, JsonRpcMessage, NumberOrString, ProtocolVersion, RequestId,
    RequestMetaObject, ServerRequest, ServerResult,
};
use rmcp::service::RoleClient;
use rmcp::transport::Transport;
use serde_json::{Value, json};

/// Ids of the greetings: rmcp numbers the calls from 0, and no id may be used twice.
const INITIALIZE: RequestId = NumberOrString::Number(1_000_000_001);
const DISCOVER: RequestId = NumberOrString::Number(1_000_000_002);
/// Longest name or version of a server, in characters.
const NAME: usize = 80;
/// Where a server of the later era says who it is.
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// How a conversation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    /// With `initialize`: revisions up to 2025-11-25.
    Initialize,
    /// With `server/discover`: revision 2026-07-28.
    Discover,
}

/// What a server said of itself.
#[derive(Debug)]
pub(super) struct Greeting {
    pub(super) era: Era,
    pub(super) version: ProtocolVersion,
    pub(super) server: ServerInfo,
}

/// Why there is no conversation.
#[derive(Debug)]
pub(super) enum HandshakeError {
    /// The server answered, but not with what we need. The other era may work.
    Rejected(String),
    /// The stream ended.
    Ended,
    /// The greeting was not taken. The other era may work.
    NotSent(String),
    /// There is no way to the server, or it wants authorization first.
    Unreachable(String),
}

/// Who we are, and what a server may ask of us.
pub(super) fn client() -> ClientConfig {
    // Made of JSON because roots are deprecated in the later era and needed in the earlier.
    let capabilities = json!({ "roots": {}, "elicitation": { "form": {}, "url": {} } });
    let capabilities: ClientCapabilities = serde_json::from_value(capabilities).unwrap_or_default();
    let ourselves = Implementation::new("crosscheck", env!("CARGO_PKG_VERSION"));
    ClientConfig::new(capabilities, ourselves)
        .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
}

/// Begins in one era; when that is rejected, in the other, on the same connection.
pub(super) async fn shake_hands(
    transport: &mut impl Transport<RoleClient>,
    first: Era,
) -> Result<Greeting, HandshakeError> {
    let rejection = match begin(transport, first).await {
        Err(HandshakeError::Rejected(reason)) => reason,
        done => return done,
    };
    tracing::debug!(?first, "greeting was rejected");
    match begin(transport, first.other()).await {
        // What matters is why the usual way did not work.
        Err(HandshakeError::Rejected(_)) if first == Era::Initialize => {
            Err(HandshakeError::Rejected(rejection))
        }
        done => done,
    }
}

/// Begins in one era.
pub(super) async fn begin(
    transport: &mut impl Transport<RoleClient>,
    era: Era,
) -> Result<Greeting, HandshakeError> {
    match era {
        Era::Initialize => initialize(transport).await,
        Era::Discover => discover(transport).await,
    }
}

impl Era {
    pub(super) fn other(self) -> Self {
        match self {
            Era::Initialize => Era::Discover,
            Era::Discover => Era::Initialize,
        }
    }
}

async fn initialize(
    transport: &mut impl Transport<RoleClient>,
) -> Result<Greeting, HandshakeError> {
    let request = ClientRequest::InitializeRequest(InitializeRequest::new(client()));
    let result = exchange(transport, request, INITIALIZE).await?;
    let Some(version) = result.get("protocolVersion").and_then(version) else {
        return Err(HandshakeError::Rejected(
            "its answer to `initialize` names no protocol version".into(),
        ));
    };
    let initialized = InitializedNotification {
        method: Default::default(),
        extensions: Default::default(),
    };
    let initialized = ClientNotification::InitializedNotification(initialized);
    send(transport, JsonRpcMessage::notification(initialized)).await?;
    let server = server(result.get("serverInfo"), &version);
    Ok(Greeting {
        era: Era::Initialize,
        version,
        server,
    })
}

async fn discover(transport: &mut impl Transport<RoleClient>) -> Result<Greeting, HandshakeError> {
    let ours = ProtocolVersion::V_2026_07_28;
    let client = client();
    let meta = RequestMetaObject::with_client_context(
        ours.clone(),
        client.client_info,
        client.capabilities,
    );
    let mut request = DiscoverRequest::new(DiscoverRequestParams {});
    request.extensions.insert(meta);
    let result = exchange(transport, ClientRequest::DiscoverRequest(request), DISCOVER).await?;
    let supported = result.get("supportedVersions").and_then(Value::as_array);
    let supported: Vec<&str> = supported
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !supported.contains(&ours.as_str()) {
        let theirs = domain::sanitize::line(&supported.join(", "), NAME);
        let reason = format!("it speaks none of our protocol versions, only: {theirs}");
        return Err(HandshakeError::Rejected(reason));
    }
    let about = result.get("_meta").and_then(|meta| meta.get(SERVER_INFO));
    let server = server(about.or_else(|| result.get("serverInfo")), &ours);
    Ok(Greeting {
        era: Era::Discover,
        version: ours,
        server,
    })
}

/// Sends a request and waits for its answer; answers what the server asks meanwhile.
async fn exchange(
    transport: &mut impl Transport<RoleClient>,
    request: ClientRequest,
    id: RequestId,
) -> Result<Value, HandshakeError> {
    send(transport, JsonRpcMessage::request(request, id.clone())).await?;
    loop {
        match transport.receive().await.ok_or(HandshakeError::Ended)? {
            JsonRpcMessage::Response(response) if same_id(&id, &response.id) => {
                return Ok(raw(response.result));
            }
            // An error without an id can only be about the one request there is.
            JsonRpcMessage::Error(error) if error.id.as_ref().is_none_or(|of| same_id(&id, of)) => {
                let reason = domain::sanitize::line(&error.error.message, requests::SHOWN);
                return Err(HandshakeError::Rejected(reason));
            }
            JsonRpcMessage::Request(request) => {
                let answer = match request.request {
                    ServerRequest::CustomRequest(asked) => {
                        requests::before_handshake(&asked.method)
                    }
                    _ => Err(requests::unknown("this")),
                };
                let message = match answer {
                    Ok(result) => JsonRpcMessage::response(requests::result(result), request.id),
                    Err(error) => JsonRpcMessage::error(error, Some(request.id)),
                };
                send(transport, message).await?;
            }
            _ => {}
        }
    }
}

async fn send<T: Transport<RoleClient>>(
    transport: &mut T,
    message: rmcp::service::TxJsonRpcMessage<RoleClient>,
) -> Result<(), HandshakeError> {
    transport.send(message).await.map_err(|error| {
        let reason = explain(&error);
        if is_final(&error) {
            HandshakeError::Unreachable(reason)
        } else {
            HandshakeError::NotSent(reason)
        }
    })
}

/// An answer as it was on the wire.
pub(super) fn raw(result: ServerResult) -> Value {
    match result {
        ServerResult::CustomResult(CustomResult(raw)) => raw,
        read => serde_json::to_value(read).unwrap_or_default(),
    }
}

fn version(value: &Value) -> Option<ProtocolVersion> {
    let text = value.as_str()?;
    serde_json::from_value(Value::String(domain::sanitize::line(text, NAME))).ok()
}

fn server(about: Option<&Value>, version: &ProtocolVersion) -> ServerInfo {
    let text = |key| {
        about
            .and_then(|about| about.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    ServerInfo {
        name: domain::sanitize::line(text("name"), NAME),
        version: domain::sanitize::line(text("version"), NAME),
        protocol: version.to_string(),
    }
}
