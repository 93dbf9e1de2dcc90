//! The other doors: the language server, and the MCP servers around agents that have none.

use crate::args::{AgentArgs, AgentCommand, ChatArgs, CliAgentArgs, ExecArgs, LspArgs};
use anyhow::Context;
use engine::paths::Paths;
use std::ffi::OsString;
use std::time::Duration;

/// `crosscheck lsp`.
pub(crate) fn lsp(args: &LspArgs) -> anyhow::Result<u8> {
    let paths = Paths::from_environment()?;
    let code = lsp::run(lsp::Options {
        paths,
        client_process_id: args.client_process_id,
    });
    Ok(u8::try_from(code).unwrap_or(crate::FAILED))
}

/// `crosscheck agent …`.
pub(crate) fn agent(args: AgentArgs) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let serving = runtime.block_on(async {
        match args.command {
            AgentCommand::Builtin => adapters::builtin::serve_stdio().await,
            AgentCommand::Codex(CliAgentArgs { program, model }) => {
                adapters::codex::serve_stdio(adapters::codex::Options { program, model }).await
            }
            AgentCommand::Claude(CliAgentArgs { program, model }) => {
                adapters::claude::serve_stdio(adapters::claude::Options { program, model }).await
            }
            AgentCommand::Chat(chat) => adapters::chat::serve_stdio(chat_options(chat)?).await,
            AgentCommand::Exec(exec) => adapters::exec::serve_stdio(exec_options(exec)?).await,
        }
        .context("the adapter failed")
    });
    // A read of standard input that is still pending must not hold the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    serving.map(|()| crate::CLEAN)
}

fn chat_options(args: ChatArgs) -> anyhow::Result<adapters::chat::Options> {
    let key = args.key_env.map(|variable| {
        std::env::var(&variable)
            .with_context(|| format!("the environment variable `{variable}` holds no key; set it"))
    });
    Ok(adapters::chat::Options {
        url: args.url,
        model: args.model,
        key: key.transpose()?,
    })
}

/// clap has seen to it that there is a program.
fn exec_options(args: ExecArgs) -> anyhow::Result<adapters::exec::Options> {
    let mut words = args.command.into_iter().map(OsString::from);
    let program = words.next().context("no command was given")?;
    let mut options = adapters::exec::Options::new(program, words.collect());
    options.timeout = Duration::from_secs(args.timeout);
    Ok(options)
}

/// `crosscheck guard`.
#[expect(clippy::unnecessary_wraps, reason = "all commands answer alike")]
pub(crate) fn guard() -> anyhow::Result<u8> {
    process::guard::serve();
    Ok(crate::CLEAN)
}
