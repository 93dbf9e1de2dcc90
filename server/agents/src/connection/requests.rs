//! What a server asks of us, and the answers. Every request gets one, and none stays open.

use crate::transport::Calls;
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
    calls: Arc<Calls>,
    /// The workspace roots that calls on this connection came from.
    roots: Arc<Mutex<BTreeSet<PathBuf>>>,
}

/// What is done about a question of the agent.
enum Decision {
    /// It gets no answer, and a person is told that it asked.
    Decline,
}

impl Requests {
    pub(super) fn new(calls: Arc<Calls>) -> Self {
        Self {
            calls,
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

    /// Answers one request.
    ///
    /// # Errors
    /// What the server is told when it asks for something that we do not do.
    pub(super) async fn answer(&self, method: &str, params: &Value) -> Result<Value, ErrorData> {
        match method {
            "ping" => Ok(json!({})),
            "roots/list" => Ok(json!({ "roots": self.roots() })),
            "elicitation/create" => Ok(match decide(params).await {
                Decision::Decline => {
                    self.note_question(params);
                    json!({ "action": "decline" })
                }
            }),
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

    fn note_question(&self, params: &Value) {
        let question = params
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let question = domain::sanitize::line(question, SHOWN);
        self.calls
            .note("question", || format!("asked “{question}” and was told no"));
    }
}

/// Decides about a question or a request for approval. The one place that does: whoever brings the user's own
/// decision brings it here, with a deadline after which the answer is no.
async fn decide(_question: &Value) -> Decision {
    Decision::Decline
}

/// Answers a request that comes before the handshake is done.
pub(super) fn before_handshake(method: &str) -> Result<Value, ErrorData> {
    if method == "ping" {
        Ok(json!({}))
    } else {
        Err(unknown(method))
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
        _: RequestContext<RoleClient>,
    ) -> Result<ClientResult, ErrorData> {
        match request {
            ServerRequest::CustomRequest(asked) => {
                let params = asked.params.unwrap_or_default();
                self.answer(&asked.method, &params).await.map(result)
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
