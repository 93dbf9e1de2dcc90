//! Claude Code as an MCP agent: each call is one `claude -p` that speaks JSON lines, held to the root of the call.

mod command;
mod error;
mod lines;
mod message;
mod outcome;
mod permission;
mod progress;
mod root;
mod running;
#[cfg(test)]
mod tests;
mod turn;

use crate::contract::{
    AskAnswer, AskRequest, EditAnswer, EditRequest, ReviewAnswer, ReviewRequest,
};
use crate::prompt::{self, Shape};
use crate::server::{
    CallError, Caller, Description, ServeError, Toolbox, arguments, contract_tool, spoken,
    structured,
};
use command::Mode;
use outcome::Outcome;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use root::Root;
use running::Processes;
use std::ffi::OsString;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use turn::{Ending, Limits};

/// Nobody is there to hear an answer after the end of the input, so the calls end with it.
const GRACE: Duration = Duration::ZERO;

/// Which Claude Code it is and how it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The program: a path, or a name looked up in `PATH`; `claude` when `None`.
    pub program: Option<OsString>,
    /// The model, where it is not the one that Claude Code is configured for.
    pub model: Option<String>,
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
    serve_within(options, Limits::USUAL, read, write).await
}

async fn serve_within<R, W>(
    options: Options,
    limits: Limits,
    read: R,
    write: W,
) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let processes = Processes::default();
    let claude = Claude {
        options: command::settled(options),
        limits,
        processes: processes.clone(),
    };
    let served = crate::server::serve(claude, read, write, GRACE).await;
    processes.ended().await;
    served
}

struct Claude {
    options: Options,
    limits: Limits,
    processes: Processes,
}

impl Toolbox for Claude {
    fn describe(&self) -> Description {
        Description {
            name: "crosscheck-claude",
            title: "Claude Code through Crosscheck".to_owned(),
            instructions: "Claude Code reviews, edits and answers. `review` and `ask` only read under `root`; `edit` \
                           writes there and asks for approval of everything else."
                .to_owned(),
        }
    }

    fn tools(&self) -> Vec<Tool> {
        let reads = ToolAnnotations::new().read_only(true).open_world(true);
        let writes = ToolAnnotations::new()
            .read_only(false)
            .destructive(true)
            .open_world(true);
        vec![
            contract_tool::<ReviewRequest>(
                "review",
                "Has Claude Code review files or a change; answers located findings.",
            )
            .with_annotations(reads.clone()),
            contract_tool::<EditRequest>(
                "edit",
                "Has Claude Code change the files under `root`, which should be a disposable copy.",
            )
            .with_output_schema::<EditAnswer>()
            .with_annotations(writes),
            contract_tool::<AskRequest>(
                "ask",
                "Asks Claude Code, which may read the files under `root`.",
            )
            .with_output_schema::<AskAnswer>()
            .with_annotations(reads),
        ]
    }

    async fn call(
        &self,
        tool: &str,
        given: JsonObject,
        caller: Caller,
    ) -> Result<CallToolResult, CallError> {
        match tool {
            "review" => {
                let request: ReviewRequest = arguments(tool, given)?;
                let prompt = prompt::review(&request, Shape::BySchema);
                let outcome = self.run(Mode::Review, &request.root, None, &prompt, caller);
                reviewed(outcome.await?)
            }
            "edit" => {
                let request: EditRequest = arguments(tool, given)?;
                let prompt = prompt::edit(&request);
                let session = request.session.as_deref();
                let outcome = self.run(Mode::Edit, &request.root, session, &prompt, caller);
                edited(outcome.await?)
            }
            "ask" => {
                let request: AskRequest = arguments(tool, given)?;
                let session = request.session.as_deref();
                let outcome = self.run(Mode::Ask, &request.root, session, &request.prompt, caller);
                answered(outcome.await?)
            }
            _ => Err(CallError::NoSuchTool(tool.to_owned())),
        }
    }
}

impl Claude {
    /// One turn of Claude Code, in a process of its own that is gone when this ends. One at a time per session.
    async fn run(
        &self,
        mode: Mode,
        root: &str,
        session: Option<&str>,
        prompt: &str,
        caller: Caller,
    ) -> Result<Outcome, CallError> {
        let failed = CallError::Failed;
        if prompt.trim().is_empty() {
            return Err(failed(
                "there is nothing to ask: the prompt is empty".to_owned(),
            ));
        }
        let root = Root::new(root).map_err(failed)?;
        let spec = command::spec(&self.options, mode, &root, session).map_err(failed)?;
        let hold = self.processes.hold(session).await;
        let mut running = self
            .processes
            .start(&spec, hold)
            .map_err(|error| failed(error::not_started(&error)))?;
        let report = running.turn(&root, prompt, caller, self.limits).await;
        let (exit, stderr) = running.end(&report.ending).await;
        match report.ending {
            Ending::Outcome(outcome) if !outcome.is_error => Ok(*outcome),
            Ending::Outcome(outcome) => Err(failed(error::outcome(
                &outcome,
                report.trouble.as_deref(),
                session,
            ))),
            ending => Err(failed(error::no_outcome(&ending, &exit, &stderr, session))),
        }
    }
}

/// The findings. Where the model did not keep to the schema, its words go out as they are: the client may make sense of them.
fn reviewed(outcome: Outcome) -> Result<CallToolResult, CallError> {
    let Some(answer) = outcome.structured.clone() else {
        return answered(outcome);
    };
    let answer = without_nulls(answer);
    match serde_json::from_value::<ReviewAnswer>(answer.clone()) {
        Ok(answer) => structured(&ReviewAnswer {
            usage: Some(outcome.usage),
            session: outcome.session,
            ..answer
        }),
        Err(_) => answered(Outcome {
            text: answer.to_string(),
            ..outcome
        }),
    }
}

fn edited(outcome: Outcome) -> Result<CallToolResult, CallError> {
    let denied = permission::told(&outcome.denials);
    let summary = [outcome.text.trim(), &denied]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n");
    structured(&EditAnswer {
        summary,
        patch: None,
        usage: Some(outcome.usage),
        session: outcome.session,
    })
}

fn answered(outcome: Outcome) -> Result<CallToolResult, CallError> {
    if outcome.text.trim().is_empty() {
        let nothing = "Claude Code ended well but answered nothing; ask again";
        return Err(CallError::Failed(nothing.to_owned()));
    }
    spoken(AskAnswer {
        text: outcome.text,
        usage: Some(outcome.usage),
        session: outcome.session,
    })
}

/// In the strict form of the schema what is missing is null; in the contract it is missing.
fn without_nulls(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(object) => {
            let kept = object.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                kept.map(|(key, value)| (key, without_nulls(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        value => value,
    }
}
