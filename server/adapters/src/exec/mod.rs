//! Any command-line agent as an MCP agent: the prompt goes to its standard input, its standard output is the answer.

mod command;
#[cfg(test)]
mod tests;

use crate::contract::{AskAnswer, AskRequest, ReviewRequest};
use crate::program::absolute;
use crate::prompt;
use crate::server::{
    CallError, Caller, Description, Progress, ServeError, Toolbox, arguments, contract_tool,
};
use command::Answer;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Nobody is there to hear an answer after the end of the input, so the commands end with it.
const GRACE: Duration = Duration::ZERO;

/// Which command is the agent, and how far it may go. It runs in the request's root with our environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The program: a path, or a name looked up in `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Longest time for one call.
    pub timeout: Duration,
    /// Longest time without any output, where there is such a limit.
    pub idle: Option<Duration>,
    /// Most bytes of its standard output that are taken.
    pub max_output: usize,
}

impl Options {
    /// Longest time for one call, if nothing else is said.
    pub const TIMEOUT: Duration = Duration::from_secs(10 * 60);
    /// Most bytes of output taken, if nothing else is said.
    pub const MAX_OUTPUT: usize = 8 * 1024 * 1024;

    /// A command within the usual limits.
    pub fn new(program: impl Into<OsString>, args: Vec<OsString>) -> Self {
        Self {
            program: program.into(),
            args,
            timeout: Self::TIMEOUT,
            idle: None,
            max_output: Self::MAX_OUTPUT,
        }
    }
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
    let program = absolute(&options.program);
    let exec = Exec {
        options: Options { program, ..options },
    };
    crate::server::serve(exec, read, write, GRACE).await
}

struct Exec {
    options: Options,
}

impl Toolbox for Exec {
    fn describe(&self) -> Description {
        let program = command::name(&self.options);
        Description {
            name: "crosscheck-exec",
            title: format!("`{program}` through Crosscheck"),
            instructions: format!(
                "Runs `{program}` for each call: the prompt is its input, its output is the answer."
            ),
        }
    }

    fn tools(&self) -> Vec<Tool> {
        let annotations = ToolAnnotations::new().read_only(true);
        vec![
            contract_tool::<ReviewRequest>(
                "review",
                "Has the command review files; its answer is text, which should be the contract's findings as JSON.",
            )
            .with_annotations(annotations.clone()),
            contract_tool::<AskRequest>(
                "ask",
                "Asks the command. It remembers nothing: `session` is not used and none is answered.",
            )
            .with_output_schema::<AskAnswer>()
            .with_annotations(annotations),
        ]
    }

    async fn call(
        &self,
        tool: &str,
        given: JsonObject,
        Caller { progress, .. }: Caller,
    ) -> Result<CallToolResult, CallError> {
        match tool {
            "review" => {
                let request: ReviewRequest = arguments(tool, given)?;
                let prompt = prompt::review(&request, prompt::Shape::InPrompt);
                let answer = self.run(&request.root, &prompt, progress).await?;
                Ok(CallToolResult::success(texts(answer)))
            }
            "ask" => {
                let request: AskRequest = arguments(tool, given)?;
                let answer = self.run(&request.root, &request.prompt, progress).await?;
                let structured = AskAnswer {
                    text: answer.text.clone(),
                    ..AskAnswer::default()
                };
                let mut result = CallToolResult::success(texts(answer));
                result.structured_content = serde_json::to_value(structured).ok();
                Ok(result)
            }
            _ => Err(CallError::NoSuchTool(tool.to_owned())),
        }
    }
}

impl Exec {
    async fn run(&self, root: &str, prompt: &str, progress: Progress) -> Result<Answer, CallError> {
        let root = Path::new(root);
        if !root.is_absolute() {
            let said = root.display();
            return Err(CallError::Failed(format!(
                "the root `{said}` is not an absolute path"
            )));
        }
        command::run(&self.options, root, prompt, progress).await
    }
}

/// The answer, and in a text of its own that it was cut.
fn texts(answer: Answer) -> Vec<ContentBlock> {
    let cut = answer.cut.map(|cut| ContentBlock::text(format!("[{cut}]")));
    std::iter::once(ContentBlock::text(answer.text))
        .chain(cut)
        .collect()
}
