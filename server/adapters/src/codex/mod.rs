//! Codex as an MCP agent: the contract's tools around one long-lived `codex app-server`.
//!
//! Each call is one turn of a Codex thread; the thread's id is the contract's session. Codex keeps its threads on disk,
//! so a session outlives both the child and us.

mod answer;
mod app_server;
mod approval;
mod call;
mod failure;
mod host;
mod program;
mod progress;
mod protocol;
mod sessions;
#[cfg(test)]
mod tests;
mod thread;
mod turn;
mod wire;

use crate::contract::{AskAnswer, AskRequest, EditAnswer, EditRequest, ReviewRequest};
use crate::server::{
    CallError, Caller, Description, ServeError, Toolbox, arguments, contract_tool, spoken,
    structured,
};
use crate::{prompt, schema};
use call::{Job, Outcome, Rights};
use host::Host;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Nobody is there to hear an answer after the end of the input, so the turns end with it.
const GRACE: Duration = Duration::ZERO;

/// Which Codex it is and how it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The program: a path, or a name looked up in `PATH`; `codex` when `None`.
    pub program: Option<OsString>,
    /// The model, where it is not the one that Codex is configured for.
    pub model: Option<String>,
}

/// Is the agent on standard input and output until the input ends. Needs a tokio runtime with I/O and time.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve_stdio(options: Options) -> Result<(), ServeError> {
    let (stdin, stdout) = rmcp::transport::stdio_pipes();
    let program = options.program.unwrap_or_else(|| "codex".into());
    let host = Host::new(Box::new(move || program::launch(&program)));
    serve(host, options.model, stdin, stdout).await
}

/// Is the agent on any pair of streams until the first ends; then `host` is gone as well.
async fn serve<R, W>(host: Host, model: Option<String>, read: R, write: W) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let host = Arc::new(host);
    let codex = Codex {
        host: Arc::clone(&host),
        model,
    };
    let served = crate::server::serve(codex, read, write, GRACE).await;
    host.shut_down().await;
    served
}

struct Codex {
    host: Arc<Host>,
    model: Option<String>,
}

impl Toolbox for Codex {
    fn describe(&self) -> Description {
        Description {
            name: "crosscheck-codex",
            title: "Codex through Crosscheck".to_owned(),
            instructions: "Codex, OpenAI's coding agent, as configured on this machine. `review` and `ask` only read; \
                           `edit` changes files under `root` and asks for approval of what goes further. Give back \
                           `session` to go on with a conversation."
                .to_owned(),
        }
    }

    fn tools(&self) -> Vec<Tool> {
        let reads = ToolAnnotations::new().read_only(true).open_world(true);
        let writes = ToolAnnotations::new().read_only(false).destructive(true);
        vec![
            // Without an output schema: an answer that does not follow it is given as text.
            contract_tool::<ReviewRequest>(
                "review",
                "Has Codex review files, a change or a whole project.",
            )
            .with_annotations(reads.clone()),
            contract_tool::<EditRequest>(
                "edit",
                "Has Codex change files under `root`, in a sandbox without network.",
            )
            .with_output_schema::<EditAnswer>()
            .with_annotations(writes.open_world(true)),
            contract_tool::<AskRequest>("ask", "Asks Codex about the project in `root`.")
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
            "review" => self.review(arguments(tool, given)?, caller).await,
            "edit" => self.edit(arguments(tool, given)?, caller).await,
            "ask" => self.ask(arguments(tool, given)?, caller).await,
            _ => Err(CallError::NoSuchTool(tool.to_owned())),
        }
    }
}

impl Codex {
    async fn review(
        &self,
        request: ReviewRequest,
        caller: Caller,
    ) -> Result<CallToolResult, CallError> {
        let job = Job {
            prompt: prompt::review(&request, prompt::Shape::BySchema),
            schema: Some(schema::review()),
            ..self.job(&request.root, Rights::Read)?
        };
        answer::review(self.run(job, caller).await?)
    }

    async fn edit(
        &self,
        request: EditRequest,
        caller: Caller,
    ) -> Result<CallToolResult, CallError> {
        let job = Job {
            prompt: prompt::edit(&request),
            session: request.session,
            ..self.job(&request.root, Rights::Write)?
        };
        let outcome = self.run(job, caller).await?;
        structured(&EditAnswer {
            summary: outcome.text,
            patch: None,
            usage: outcome.usage,
            session: Some(outcome.session),
        })
    }

    async fn ask(&self, request: AskRequest, caller: Caller) -> Result<CallToolResult, CallError> {
        let job = Job {
            prompt: request.prompt,
            session: request.session,
            ..self.job(&request.root, Rights::Read)?
        };
        let outcome = self.run(job, caller).await?;
        spoken(AskAnswer {
            text: outcome.text,
            usage: outcome.usage,
            session: Some(outcome.session),
        })
    }

    /// A job without its prompt. Codex takes a directory that does not exist without a word, so it is looked at here.
    fn job(&self, root: &str, rights: Rights) -> Result<Job, CallError> {
        let path = Path::new(root);
        if !path.is_absolute() || !path.is_dir() {
            let reason = format!("the root `{root}` is not the absolute path of a directory");
            return Err(CallError::Failed(reason));
        }
        Ok(Job {
            root: PathBuf::from(root),
            rights,
            prompt: String::new(),
            schema: None,
            session: None,
            model: self.model.clone(),
        })
    }

    async fn run(&self, job: Job, caller: Caller) -> Result<Outcome, CallError> {
        let outcome = call::run(&self.host, job, caller).await;
        outcome.map_err(|failure| CallError::Failed(failure.to_string()))
    }
}
