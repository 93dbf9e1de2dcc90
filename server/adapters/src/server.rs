//! What all adapters share: an MCP server around a set of tools, for both MCP eras, that answers every call
//! exactly once and ends with its input.

use crate::contract;
use crate::transport::Lines;
use futures::FutureExt as _;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, JsonObject, ListToolsResult, MetaObject, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{QuitReason, RequestContext, ServerInitializeError};
use rmcp::{RoleServer, ServerHandler, ServiceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

mod progress;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use progress::{PROGRESS_INTERVAL, Progress};

/// Longest time between the end of the calls and the end of the server, for answers that nobody reads.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Why an adapter ended other than by the end of its input.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The client and we could not agree how to talk.
    #[error("the MCP client did not open the connection as it should: {0}")]
    Handshake(String),
    /// Something in the server itself broke.
    #[error("the MCP server broke: {0}")]
    Broken(String),
}

/// The tools of one adapter.
pub(crate) trait Toolbox: Send + Sync + 'static {
    /// Who we are, and how to use the tools.
    fn describe(&self) -> Description;
    /// The tools, always in the same order.
    fn tools(&self) -> Vec<Tool>;
    /// Does one call. Dropping the future cancels it.
    fn call(
        &self,
        tool: &str,
        arguments: JsonObject,
        progress: Progress,
    ) -> impl Future<Output = Result<CallToolResult, CallError>> + Send;
}

/// What a server tells about itself.
pub(crate) struct Description {
    /// Name in the protocol.
    pub(crate) name: &'static str,
    /// Name for people.
    pub(crate) title: String,
    /// How to use it, for the client's model.
    pub(crate) instructions: String,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// There is no such tool; the only one that is an error of the protocol.
    #[error("there is no tool `{0}` here")]
    NoSuchTool(String),
    /// The arguments do not fit.
    #[error("the arguments of `{tool}` are not as its schema says: {reason}")]
    BadArguments {
        /// Which tool.
        tool: String,
        /// What does not fit.
        reason: serde_json::Error,
    },
    /// It did not work out, in words for a person.
    #[error("{0}")]
    Failed(String),
}

/// Serves `toolbox` until `read` ends; then calls in flight have `grace` to finish before they are dropped.
pub(crate) async fn serve<T, R, W>(
    toolbox: T,
    read: R,
    write: W,
    grace: Duration,
) -> Result<(), ServeError>
where
    T: Toolbox,
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (ended, closing) = (CancellationToken::new(), CancellationToken::new());
    let lines = Lines::new(read, write, ended.clone());
    let server = Server {
        toolbox,
        closing: closing.clone(),
    };
    let running = match server.serve(lines).await {
        Ok(running) => running,
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(ServeError::Handshake(error.to_string())),
    };
    let mut end = pin!(running.waiting());
    let reason = tokio::select! {
        reason = &mut end => reason,
        () = close_after(&ended, grace, &closing) => match tokio::time::timeout(LAST_WORDS, end).await {
            Ok(reason) => reason,
            Err(_) => return Ok(()),
        },
    };
    match reason {
        Ok(QuitReason::JoinError(error)) | Err(error) => Err(ServeError::Broken(error.to_string())),
        Ok(_) => Ok(()),
    }
}

/// Reads the arguments of a call.
pub(crate) fn arguments<T: DeserializeOwned>(
    tool: &str,
    arguments: JsonObject,
) -> Result<T, CallError> {
    serde_json::from_value(arguments.into()).map_err(|reason| CallError::BadArguments {
        tool: tool.to_owned(),
        reason,
    })
}

/// An answer as structured content, with the same as JSON text for clients that know only text.
pub(crate) fn structured(answer: &impl Serialize) -> Result<CallToolResult, CallError> {
    let value =
        serde_json::to_value(answer).map_err(|error| CallError::Failed(error.to_string()))?;
    Ok(CallToolResult::structured(value))
}

/// A tool of the contract, marked with the contract's version.
pub(crate) fn contract_tool<Request: schemars::JsonSchema + 'static>(
    name: &'static str,
    description: &'static str,
) -> Tool {
    let mut meta = MetaObject::new();
    meta.insert(contract::VERSION_KEY.to_owned(), contract::VERSION.into());
    Tool::new(name, description, JsonObject::new())
        .with_input_schema::<Request>()
        .with_meta(meta)
}

struct Server<T> {
    toolbox: T,
    closing: CancellationToken,
}

impl<T: Toolbox> ServerHandler for Server<T> {
    fn get_info(&self) -> ServerConfig {
        let Description {
            name,
            title,
            instructions,
        } = self.toolbox.describe();
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(
                Implementation::new(name, env!("CARGO_PKG_VERSION")).with_title(title),
            )
            .with_instructions(instructions)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.toolbox.tools()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let cancelled = context.ct.clone();
        let progress = Progress::new(&context);
        let call = self.toolbox.call(
            &request.name,
            request.arguments.unwrap_or_default(),
            progress,
        );
        let result = tokio::select! {
            // The call comes first, so that one that is done is answered and not dropped.
            biased;
            result = AssertUnwindSafe(call).catch_unwind() => result,
            // Nobody hears these two: the client has given up, or is gone.
            () = cancelled.cancelled() => Ok(Err(CallError::Failed("the call was cancelled".to_owned()))),
            () = self.closing.cancelled() => Ok(Err(CallError::Failed("the adapter is ending".to_owned()))),
        };
        match result {
            Ok(Ok(answer)) => Ok(answer.into()),
            Ok(Err(error @ CallError::NoSuchTool(_))) => {
                Err(ErrorData::invalid_params(error.to_string(), None))
            }
            Ok(Err(error)) => Ok(failure(error.to_string())),
            Err(panic) => Ok(failure(format!(
                "the tool `{}` has a bug and gave up: {}",
                request.name,
                panic_message(panic.as_ref())
            ))),
        }
    }
}

fn failure(message: String) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(message)]).into()
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it did not say why")
}

async fn close_after(ended: &CancellationToken, grace: Duration, closing: &CancellationToken) {
    ended.cancelled().await;
    tokio::time::sleep(grace).await;
    closing.cancel();
}
