//! What all adapters share: an MCP server around a set of tools, for both MCP eras, that answers every call
//! exactly once and ends with its input.

use crate::contract;
use crate::transport::Lines;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, JsonObject, ListToolsResult, MetaObject, PaginatedRequestParams,
    ProtocolVersion, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{QuitReason, RequestContext, ServerInitializeError};
use rmcp::{RoleServer, ServerHandler, ServiceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::Any;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

mod caller;
mod news;
mod progress;
mod task;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use caller::{Approvals, Caller, Verdict};
pub(crate) use news::News;
pub(crate) use progress::{PROGRESS_INTERVAL, Progress};
use task::{Parked, Step, Task};

/// Longest time between the end of the calls and the end of the server, for answers that nobody reads.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Why an adapter ended other than by the end of its input.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What it was started with cannot be used.
    #[error("{0}")]
    Options(String),
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
        caller: Caller,
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
        toolbox: Arc::new(toolbox),
        parked: Parked::default(),
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

/// An answer in words, of `ask`, or of a review that is not in the contract's form: as text, and as structured content with
/// what it cost and the session.
pub(crate) fn spoken(answer: contract::AskAnswer) -> Result<CallToolResult, CallError> {
    let structured = structured(&answer)?.structured_content;
    let mut result = CallToolResult::success(vec![ContentBlock::text(answer.text)]);
    result.structured_content = structured;
    Ok(result)
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
    toolbox: Arc<T>,
    parked: Parked,
    closing: CancellationToken,
}

impl<T: Toolbox> Server<T> {
    /// Begins the call of a request, or takes up the one that it brings the answer for.
    fn task(
        &self,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Task, CallError> {
        if let Some(state) = &request.request_state {
            let task = self.parked.resume(state, request.input_responses)?;
            task.listener.set(context);
            return Ok(task);
        }
        let listener = Arc::new(progress::Listener::default());
        listener.set(context);
        let capabilities = context.client_capabilities();
        let token = context.meta.get_progress_token();
        let (approvals, questions) = Approvals::new(capabilities.as_ref(), token);
        let caller = Caller {
            progress: Progress::new(Arc::clone(&listener)),
            approvals,
        };
        let toolbox = Arc::clone(&self.toolbox);
        let work = tokio::spawn(async move {
            let arguments = request.arguments.unwrap_or_default();
            toolbox.call(&request.name, arguments, caller).await
        });
        Ok(Task {
            work: AbortOnDropHandle::new(work),
            questions,
            listener,
        })
    }

    /// Goes on with a call until it ends, or until the client must come back with an answer.
    async fn proceed(
        &self,
        tool: &str,
        mut task: Task,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, CallError> {
        loop {
            let question = match task.step(tool).await {
                Step::Ended(result) => return result.map(Into::into),
                Step::Asked(question) => question,
            };
            if asks_by_result(context) {
                let too_many = "too many calls wait for approval; answer some of them first";
                let parked = self.parked.park(task, question);
                return parked
                    .map(Into::into)
                    .ok_or_else(|| CallError::Failed(too_many.to_owned()));
            }
            if let Some(result) = task.ask(tool, question, &context.peer).await {
                return result.map(Into::into);
            }
        }
    }
}

/// True in the later era, where a server sends no requests of its own.
fn asks_by_result(context: &RequestContext<RoleServer>) -> bool {
    let version = context.protocol_version();
    version.is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
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
        let tool = request.name.clone();
        let call = async {
            let task = self.task(request, &context)?;
            self.proceed(&tool, task, &context).await
        };
        let result = tokio::select! {
            // The call comes first, so that one that is done is answered and not dropped.
            biased;
            result = call => result,
            // Nobody hears these two: the client has given up, or is gone.
            () = context.ct.cancelled() => Err(CallError::Failed("the call was cancelled".to_owned())),
            () = self.closing.cancelled() => Err(CallError::Failed("the adapter is ending".to_owned())),
        };
        match result {
            Ok(answer) => Ok(answer),
            Err(error @ CallError::NoSuchTool(_)) => {
                Err(ErrorData::invalid_params(error.to_string(), None))
            }
            Err(error) => Ok(failure(error.to_string())),
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
