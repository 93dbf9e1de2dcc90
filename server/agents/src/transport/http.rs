//! Streamable HTTP by rmcp's client, with order kept and answers left raw.

use super::calls::{Calls, QUESTION};
use super::client::{self, Client};
use crate::oauth::Login;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::model::{CustomRequest, CustomResult, JsonRpcMessage, ServerRequest, ServerResult};
use rmcp::service::{RoleClient, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig, StreamableHttpError,
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

/// Longest piece of a server's words shown in an error, in characters.
const SHOWN: usize = 300;

/// How rustls calls an authority that nobody told it to trust.
const UNKNOWN_ISSUER: &str = "UnknownIssuer";

/// A streamable HTTP endpoint.
pub(crate) struct HttpTransport {
    inner: StreamableHttpClientTransport<Client>,
    calls: Arc<Calls>,
}

/// What goes wrong on the way to an endpoint.
pub(crate) type HttpError = StreamableHttpError<reqwest::Error>;

impl HttpTransport {
    /// Prepares a connection; nothing is sent yet.
    ///
    /// # Errors
    /// Why this URL or these headers cannot be used.
    pub(crate) fn new(
        url: &str,
        headers: &BTreeMap<String, String>,
        ca: Option<&Path>,
        login: Option<Arc<Login>>,
        calls: Arc<Calls>,
        limit: usize,
    ) -> Result<Self, String> {
        let parsed =
            url::Url::parse(url).map_err(|error| format!("its URL is not valid: {error}"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(format!(
                "its URL begins with `{}:`, not with `http:` or `https:`",
                parsed.scheme()
            ));
        }
        let mut config = StreamableHttpClientTransportConfig::with_uri(url)
            .custom_headers(self::headers(headers)?)
            .max_sse_event_size(limit)
            .max_json_response_size(limit);
        config.retry_config = Arc::new(client::resumption());
        let inner =
            StreamableHttpClientTransport::with_client(Client::new(&parsed, ca, login)?, config);
        Ok(Self { inner, calls })
    }

    fn pass(&self, message: RxJsonRpcMessage<RoleClient>) -> Option<RxJsonRpcMessage<RoleClient>> {
        match message {
            JsonRpcMessage::Notification(notification) => {
                let (method, params) =
                    taken_apart(serde_json::to_value(&notification.notification));
                self.calls.notified(&method, &params.unwrap_or_default());
                None
            }
            JsonRpcMessage::Request(request) => {
                let (method, params) = taken_apart(serde_json::to_value(&request.request));
                if method == QUESTION {
                    // Here already: what takes it back may be the next message.
                    self.calls.open(&request.id);
                }
                let raw = ServerRequest::CustomRequest(CustomRequest::new(method, params));
                Some(JsonRpcMessage::request(raw, request.id))
            }
            JsonRpcMessage::Response(response) => {
                self.calls.answered(&response.id);
                let raw = match response.result {
                    ServerResult::CustomResult(raw) => raw,
                    read => CustomResult::new(serde_json::to_value(read).unwrap_or_default()),
                };
                Some(JsonRpcMessage::response(
                    ServerResult::CustomResult(raw),
                    response.id,
                ))
            }
            JsonRpcMessage::Error(error) => {
                // What came in a stream of events may be about any call. It is clear if there is but one.
                let id = error.id.or_else(|| self.calls.only_id());
                if let Some(id) = &id {
                    self.calls.answered(id);
                }
                Some(JsonRpcMessage::error(error.error, id))
            }
        }
    }
}

impl Transport<RoleClient> for HttpTransport {
    type Error = HttpError;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), HttpError>> + Send + 'static {
        self.calls.sending(&item);
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let Some(message) = self.inner.receive().await else {
                self.calls.fall_silent(None);
                return None;
            };
            if let Some(message) = self.pass(message) {
                return Some(message);
            }
        }
    }

    async fn close(&mut self) -> Result<(), HttpError> {
        self.inner.close().await
    }
}

/// Says what went wrong, for people. Addresses are left out: they may hold secrets.
pub(crate) fn explain(error: &(dyn Error + 'static)) -> String {
    if let Some(error) = error.downcast_ref::<HttpError>() {
        match error {
            HttpError::AuthRequired(_) => {
                return "it wants authorization (HTTP 401); set its `headers`".to_owned();
            }
            HttpError::InsufficientScope(_) => {
                return "its authorization is not sufficient (HTTP 403)".to_owned();
            }
            HttpError::TransportChannelClosed => return "its connection was closed".to_owned(),
            _ => {}
        }
    }
    let mut reasons: Vec<String> = Vec::new();
    let mut next = match error.downcast_ref::<HttpError>() {
        // It does not name this as its source.
        Some(HttpError::Client(cause)) => Some(cause as &(dyn Error + 'static)),
        _ => Some(error),
    };
    while let Some(error) = next {
        let reason = domain::sanitize::line(&without_address(error), SHOWN);
        if !reasons.iter().any(|known| known.contains(&reason)) {
            reasons.push(reason);
        }
        next = error.source();
    }
    let text = reasons.join(": ");
    if text.contains(UNKNOWN_ISSUER) {
        return format!("{text}; if that is a company's own, name its file by `ca`");
    }
    text
}

/// Whether another greeting cannot help either.
pub(crate) fn is_final(error: &(dyn Error + 'static)) -> bool {
    match error.downcast_ref::<HttpError>() {
        Some(HttpError::Client(error)) => error.is_connect() || error.is_timeout(),
        Some(HttpError::AuthRequired(_) | HttpError::InsufficientScope(_)) => true,
        _ => false,
    }
}

/// What kind of trouble a failed sending is.
pub(crate) fn kind(error: &(dyn Error + 'static)) -> Trouble {
    match error.downcast_ref::<HttpError>() {
        Some(HttpError::AuthRequired(_) | HttpError::InsufficientScope(_)) => Trouble::Unauthorized,
        Some(HttpError::UnexpectedServerResponse(text)) if text.starts_with("HTTP 401") => {
            Trouble::Unauthorized
        }
        Some(HttpError::HttpStatus(_) | HttpError::UnexpectedServerResponse(_)) => Trouble::Refused,
        Some(HttpError::ResponseBodyTooLarge { .. } | HttpError::UnexpectedContentType(_)) => {
            Trouble::Unusable
        }
        _ => Trouble::Gone,
    }
}

/// Kinds of trouble with a message that was to be sent.
pub(crate) enum Trouble {
    /// The server wants to know who we are first, or we may not do this.
    Unauthorized,
    /// The server did not want it.
    Refused,
    /// The server's answer to it cannot be read.
    Unusable,
    /// It did not get there.
    Gone,
}

fn without_address(error: &(dyn Error + 'static)) -> String {
    let text = error.to_string();
    let url = match (
        error.downcast_ref::<reqwest::Error>(),
        error.downcast_ref::<HttpError>(),
    ) {
        (Some(error), _) | (None, Some(HttpError::Client(error))) => error.url(),
        _ => None,
    };
    let Some(url) = url else { return text };
    text.replace(&format!(" for url ({url})"), "")
        .replace(url.as_str(), "its URL")
}

fn taken_apart(message: serde_json::Result<Value>) -> (String, Option<Value>) {
    let mut message = message.unwrap_or_default();
    let method = message
        .get("method")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    (method, message.get_mut("params").map(Value::take))
}

fn headers(headers: &BTreeMap<String, String>) -> Result<HashMap<HeaderName, HeaderValue>, String> {
    headers
        .iter()
        .map(|(name, value)| {
            let bad = |what| format!("the {what} of its header `{name}` is not valid");
            let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("name"))?;
            let mut value = HeaderValue::from_str(value).map_err(|_| bad("value"))?;
            value.set_sensitive(true);
            Ok((parsed, value))
        })
        .collect()
}
