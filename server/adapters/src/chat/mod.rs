//! Any endpoint that speaks the chat completions protocol of OpenAI, a model on this machine among them, as an MCP agent.
//!
//! The model sees nothing but its prompt: files that a request only names are read here and put into it.

mod answer;
mod client;
mod completion;
mod endpoint;
mod events;
mod manner;
mod material;
mod models;
mod news;
#[cfg(test)]
mod tests;
mod trouble;

use crate::contract::{AskAnswer, AskRequest, ReviewRequest};
use crate::prompt;
use crate::server::{
    CallError, Caller, Description, ServeError, Toolbox, arguments, contract_tool, structured,
};
use endpoint::{Endpoint, Limits, Question};
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Nobody is there to hear an answer after the end of the input, so the calls end with it.
const GRACE: Duration = Duration::ZERO;

/// Which endpoint, and what it is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The base of the endpoint, up to and with its version: `http://127.0.0.1:11434/v1`.
    pub url: String,
    /// The model's name; the only one that the endpoint has when `None`.
    pub model: Option<String>,
    /// The key, sent as a bearer token, where the endpoint wants one.
    pub key: Option<String>,
}

/// Is the agent on standard input and output until the input ends. Needs a tokio runtime with I/O and time.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve_stdio(options: Options) -> Result<(), ServeError> {
    let (stdin, stdout) = rmcp::transport::stdio_pipes();
    serve(options, stdin, stdout).await
}

/// Is the agent on any pair of streams until the first ends. Needs a tokio runtime with I/O and time.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve<R, W>(options: Options, read: R, write: W) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    serve_within(Limits::default(), options, read, write).await
}

async fn serve_within<R, W>(
    limits: Limits,
    options: Options,
    read: R,
    write: W,
) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let endpoint = Endpoint::new(options, limits).map_err(ServeError::Options)?;
    crate::server::serve(Chat { endpoint }, read, write, GRACE).await
}

struct Chat {
    endpoint: Endpoint,
}

impl Toolbox for Chat {
    fn describe(&self) -> Description {
        let name = self.endpoint.name();
        Description {
            name: "crosscheck-chat",
            title: format!("{name} through Crosscheck"),
            instructions: format!(
                "Asks a model: {name}. It sees only what the call brings and the files that a review names."
            ),
        }
    }

    fn tools(&self) -> Vec<Tool> {
        let annotations = ToolAnnotations::new().read_only(true);
        vec![
            contract_tool::<ReviewRequest>(
                "review",
                "Has the model review files. The answer holds the contract's findings, or under `text` what the model \
                 said instead.",
            )
            .with_annotations(annotations.clone()),
            contract_tool::<AskRequest>(
                "ask",
                "Asks the model. It sees no files and remembers nothing: `session` is not used and none is answered.",
            )
            .with_output_schema::<AskAnswer>()
            .with_annotations(annotations),
        ]
    }

    async fn call(
        &self,
        tool: &str,
        given: JsonObject,
        caller: Caller,
    ) -> Result<CallToolResult, CallError> {
        match tool {
            "review" => self.review(arguments(tool, given)?, caller).await,
            "ask" => self.ask(arguments(tool, given)?, caller).await,
            _ => Err(CallError::NoSuchTool(tool.to_owned())),
        }
    }
}

impl Chat {
    async fn review(
        &self,
        request: ReviewRequest,
        caller: Caller,
    ) -> Result<CallToolResult, CallError> {
        let gathering = tokio::task::spawn_blocking(|| material::gather(request));
        let material = gathering
            .await
            .map_err(|error| CallError::Failed(error.to_string()))?
            .map_err(CallError::Failed)?;
        let question = Question {
            // Also where the endpoint takes a schema: some take it and do not hold the model to it.
            prompt: prompt::review(&material.request, prompt::Shape::InPrompt),
            schema: Some(crate::schema::review()),
        };
        let completion = self.endpoint.ask(&question, caller.progress).await?;
        let asked = answer::Asked {
            request: &material.request,
            skipped: material.skipped,
            prompt: question.prompt.len(),
        };
        answer::review(&completion, asked).map_err(|why| self.failed(&why))
    }

    async fn ask(&self, request: AskRequest, caller: Caller) -> Result<CallToolResult, CallError> {
        let question = Question {
            prompt: request.prompt,
            schema: None,
        };
        let completion = self.endpoint.ask(&question, caller.progress).await?;
        let answer = answer::ask(&completion).map_err(|why| self.failed(&why))?;
        structured(&answer)
    }

    fn failed(&self, why: &str) -> CallError {
        CallError::Failed(format!("{}: {why}", self.endpoint.name()))
    }
}
