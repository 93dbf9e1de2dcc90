//! What a server asks of us, and the answers. Every request gets one, and none stays open.

use super::questions::{Asks, Questions};
use crate::transport::{Calls, QUESTION};
use rmcp::model::{
    ClientConfig, ClientResult, CustomResult, ErrorCode, ErrorData, ServerNotification,
    ServerRequest,
};
use rmcp::service::{NotificationContext, RequestContext, RoleClient, Service};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Longest piece of a server's words shown, in characters.
pub(super) const SHOWN: usize = 300;

/// Answers what a server asks. Clones answer alike.
#[derive(Clone)]
pub(super) struct Requests {
    questions: Questions,
    /// The workspace roots that calls on this connection came from.
    roots: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Requests {
    pub(super) fn new(calls: Arc<Calls>) -> Self {
        Self {
            questions: Questions::new(calls),
            roots: Arc::default(),
        }
    }

    /// A call comes from this root.
    pub(super) fn add_root(&self, root: &Path) {
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        if !roots.contains(root) {
            roots.insert(root.to_owned());
        }
    }

    /// Answers one request, which `asks` made.
    ///
    /// # Errors
    /// What the server is told when it asks for something that we do not do.
    pub(super) async fn answer(
        &self,
        method: &str,
        params: &Value,
        asks: Asks<'_>,
    ) -> Result<Value, ErrorData> {
        match method {
            "ping" => Ok(json!({})),
            "roots/list" => Ok(json!({ "roots": self.roots() })),
            QUESTION => Ok(self.questions.answer(params, asks).await),
            "sampling/createMessage" => {
                let reason = "sampling is not supported: Crosscheck has no model of its own";
                Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, reason, None))
            }
            _ => Err(unknown(method)),
        }
    }

    fn roots(&self) -> Vec<Value> {
        let roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        let uri = |root: &PathBuf| {
            let uri = url::Url::from_directory_path(root).ok()?;
            let name = root.file_name().map(|name| name.to_string_lossy());
            // Without the slash at the end, as editors write it.
            Some(json!({ "uri": uri.as_str().trim_end_matches('/'), "name": name }))
        };
        roots.iter().filter_map(uri).collect()
    }
}

/// Answers a request that comes before the handshake is done.
pub(super) fn before_handshake(method: &str) -> Result<Value, ErrorData> {
    match method {
        "ping" => Ok(json!({})),
        // There is no call yet that it could be about.
        QUESTION => Ok(json!({ "action": "decline" })),
        _ => Err(unknown(method)),
    }
}

/// Says that we do not know a method.
pub(super) fn unknown(method: &str) -> ErrorData {
    let method = domain::sanitize::line(method, SHOWN);
    ErrorData::new(
        ErrorCode::METHOD_NOT_FOUND,
        format!("`{method}` is not supported"),
        None,
    )
}

/// An answer as rmcp sends it.
pub(super) fn result(result: Value) -> ClientResult {
    ClientResult::CustomResult(CustomResult::new(result))
}

// Not a `ClientHandler`: that would see only what rmcp knows of each request, and could answer only that.
impl Service<RoleClient> for Requests {
    async fn handle_request(
        &self,
        request: ServerRequest,
        context: RequestContext<RoleClient>,
    ) -> Result<ClientResult, ErrorData> {
        match request {
            ServerRequest::CustomRequest(asked) => {
                let params = asked.params.unwrap_or_default();
                let asks = Asks::Request(&context.id);
                self.answer(&asked.method, &params, asks).await.map(result)
            }
            // Our transports make every request raw.
            _ => Err(unknown("this")),
        }
    }

    async fn handle_notification(
        &self,
        _: ServerNotification,
        _: NotificationContext<RoleClient>,
    ) -> Result<(), ErrorData> {
        // Our transports keep them.
        Ok(())
    }

    fn get_info(&self) -> ClientConfig {
        super::handshake::client()
    }
}
