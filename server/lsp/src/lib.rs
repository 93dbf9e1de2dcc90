//! The LSP front door: open documents, this client's abilities, and what the editor sees of the engine.
//!
//! It knows LSP and nothing of MCP, git or the ledger. One loop owns all state; see the module `main_loop`.

mod backend;
mod capabilities;
mod client;
mod commands;
mod configuration;
mod content;
mod documents;
mod event;
mod findings;
mod front;
mod handlers;
mod hidden;
mod lifeline;
mod main_loop;
mod message;
mod preview;
mod proposals;
mod proto;
mod publish;
mod questions;
mod roots;
mod runs;
mod settings;
mod state;
mod status;
mod stdio;
mod tracked;
mod transport;
mod uri;

pub use state::EngineFactory;

use engine::Engine;
use engine::paths::Paths;
use lifeline::Lifeline;
use main_loop::{Ended, MainLoop};
use state::State;
use std::io::Write;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

/// What the server is made from.
#[derive(Clone, Debug)]
pub struct Options {
    /// Crosscheck's places and the environment.
    pub paths: Paths,
    /// The client's process, where the client does not name it itself in `initialize`.
    pub client_process_id: Option<u32>,
}

/// Serves one client over standard input and output. Returns the exit code: 0 after an orderly shutdown, else 1.
pub fn run(options: Options) -> i32 {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("the server cannot start: {error}")),
    };
    let client_process_id = options.client_process_id;
    let previews = preview::Files::new(options.paths.state_dir.join("previews"));
    let factory: EngineFactory = Box::new(|events| {
        Engine::new(engine::Options {
            paths: options.paths,
            events,
        })
    });
    let ended = runtime.block_on(async {
        let (input, output) = (stdio::input(), stdio::output());
        listen(input, output, factory, client_process_id, previews).await
    });
    // A thread that still reads a terminal must not keep the process alive.
    runtime.shutdown_timeout(Duration::ZERO);
    ended.complaint.map_or(ended.code, |it| complain(&it))
}

/// Serves one client over any pair of streams, with an engine that `factory` makes when it is first needed. No files are
/// made for previews.
/// Returns the exit code: 0 after an orderly shutdown, else 1.
pub async fn serve<R, W>(
    reader: R,
    writer: W,
    factory: EngineFactory,
    client_process_id: Option<u32>,
) -> i32
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let previews = preview::Files::default();
    let ended = listen(reader, writer, factory, client_process_id, previews).await;
    if let Some(complaint) = ended.complaint {
        tracing::error!("{complaint}");
    }
    ended.code
}

async fn listen<R, W>(
    reader: R,
    writer: W,
    factory: EngineFactory,
    client_process_id: Option<u32>,
    previews: preview::Files,
) -> Ended
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (sender, events) = mpsc::unbounded_channel();
    let mut state = State::new(factory, sender.clone());
    state.client_process = client_process_id;
    state.preview_files = previews;
    MainLoop::new(state, backend::service(sender), events)
        .run(reader, writer, Lifeline::Unknown)
        .await
}

/// Says on standard error why the server ends, and returns the exit code for it.
fn complain(why: &str) -> i32 {
    // Nobody can be told when standard error is gone, too.
    let _ = writeln!(std::io::stderr(), "crosscheck: {why}");
    1
}
