//! The embedded agent: no model, no network. Finds misspelt words, left-over merge conflicts and committed secrets.

mod conflict;
mod dictionary;
mod edit;
mod jargon;
mod review;
mod secret;
mod source;
mod spelling;
#[cfg(test)]
mod tests;

use crate::contract::{EditAnswer, EditRequest, ReviewAnswer, ReviewRequest};
use crate::server::{
    CallError, Caller, Description, ServeError, Toolbox, arguments, contract_tool, structured,
};
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// How long calls may go on after the end of the input: enough to answer what was piped in.
const GRACE: Duration = Duration::from_millis(500);

/// Is the embedded agent on standard input and output until the input ends. Needs a tokio runtime with I/O and time.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve_stdio() -> Result<(), ServeError> {
    let (stdin, stdout) = rmcp::transport::stdio_pipes();
    serve(stdin, stdout).await
}

/// Is the embedded agent on any pair of streams until the first ends. Needs a tokio runtime with time.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve<R, W>(read: R, write: W) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    crate::server::serve(Builtin, read, write, GRACE).await
}

struct Builtin;

impl Toolbox for Builtin {
    fn describe(&self) -> Description {
        Description {
            name: "crosscheck-builtin",
            title: "Crosscheck's embedded agent".to_owned(),
            instructions: "Finds misspelt words, left-over merge conflicts and committed secrets, without a model and \
                           without the network."
                .to_owned(),
        }
    }

    fn tools(&self) -> Vec<Tool> {
        let local = ToolAnnotations::new().open_world(false).idempotent(true);
        vec![
            contract_tool::<ReviewRequest>(
                "review",
                "Reviews files: misspelt words in identifiers, comments and strings, left-over merge-conflict markers, \
                 committed secrets. Reads a target from `root` where its `text` is not given.",
            )
            .with_output_schema::<ReviewAnswer>()
            .with_annotations(local.clone().read_only(true)),
            contract_tool::<EditRequest>(
                "edit",
                "Corrects misspelt words in the files under `root`, where only one correction is possible.",
            )
            .with_output_schema::<EditAnswer>()
            .with_annotations(local.read_only(false).destructive(true)),
        ]
    }

    async fn call(
        &self,
        tool: &str,
        given: JsonObject,
        Caller { progress, .. }: Caller,
    ) -> Result<CallToolResult, CallError> {
        match tool {
            "review" => structured(&review::review(&arguments(tool, given)?, progress).await?),
            "edit" => structured(&edit::edit(arguments(tool, given)?, progress).await?),
            _ => Err(CallError::NoSuchTool(tool.to_owned())),
        }
    }
}
