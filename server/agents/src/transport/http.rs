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
use std::path::Path;
use std::sync::Arc;

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
