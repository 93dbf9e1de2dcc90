//! Opening a workspace from the terminal: its root, an engine, and the stream of its events.

use crate::output::style;
use anyhow::{Context, bail};
use engine::config::{Loaded, Problem};
use engine::paths::Paths;
use engine::{Engine, Event, Options};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Longest time that ending agents may take when a command is through.
const SHUTDOWN: Duration = Duration::from_secs(3);

/// An engine with one open root. Ends its agents when dropped.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) engine: Engine,
    pub(crate) events: UnboundedReceiver<Event>,
    pub(crate) loaded: Loaded,
    /// What the engine told before that.
    notices: Vec<String>,
}

impl Workspace {
    /// Finds the root (`--root`, else upwards from the working directory), starts an engine and reads the configuration.
    pub(crate) async fn open(root: Option<&Path>) -> anyhow::Result<Self> {
        let root = find_root(root)?;
        let paths = Paths::from_environment()?;
        let (sender, mut events) = unbounded_channel();
        // The receiver is gone only when the command is over; nobody wants the event then.
        let sink = Arc::new(move |event| drop(sender.send(event)));
        let engine = Engine::new(Options {
            paths,
            events: sink,
        });
        engine.open(&root);
        let mut notices = Vec::new();
        loop {
            match events.recv().await {
                Some(Event::Config(loaded)) => {
                    return Ok(Self {
                        root,
                        engine,
                        events,
                        loaded: *loaded,
                        notices,
                    });
                }
                Some(Event::Notice(text)) => notices.push(text),
                Some(_) => {}
                None => bail!(
                    "the engine ended while reading the configuration of {}",
                    root.display()
                ),
            }
        }
    }

    /// Prints what is wrong with the configuration and the ledger, and what is not trusted yet.
    pub(crate) fn print_config_remarks(&self) {
        for notice in &self.notices {
            anstream::eprintln!("{}: {notice}", style::note("note"));
        }
        for problem in &self.loaded.problems {
            anstream::eprintln!("{}", problem_line(problem));
        }
        if let Some(untrusted) = &self.loaded.untrusted {
            anstream::eprintln!(
                "{}: this workspace's configuration is not trusted, so part of it is left out:",
                style::warning("warning")
            );
            for it in &untrusted.brings {
                anstream::eprintln!("  - {it}");
            }
            anstream::eprintln!(
                "  Look at it, then run `crosscheck trust` to allow it as it is now."
            );
        }
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        self.engine.shutdown(SHUTDOWN);
    }
}

/// A problem of the configuration as one line: `error: crosscheck.toml:3: agents.codex.timeout: …`.
pub(crate) fn problem_line(problem: &Problem) -> String {
    let kind = if problem.warning {
        style::warning("warning")
    } else {
        style::error("error")
    };
    let file = problem
        .file
        .as_ref()
        .map_or("settings".to_owned(), |it| it.display().to_string());
    let line = problem.line.map_or(String::new(), |it| format!(":{it}"));
    let key = problem
        .key
        .as_ref()
        .map_or(String::new(), |it| format!(": {it}"));
    format!("{kind}: {file}{line}{key}: {}", problem.message)
}

/// The workspace root as an absolute path without symbolic links.
pub(crate) fn find_root(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("the working directory cannot be determined")?;
    let here = std::fs::canonicalize(&here).unwrap_or(here);
    match given {
        None => Ok(engine::engine::find_root(&here)),
        Some(dir) => {
            let root = std::fs::canonicalize(dir)
                .with_context(|| format!("no such directory: {}", dir.display()))?;
            if !root.is_dir() {
                bail!("{} is not a directory", root.display());
            }
            Ok(root)
        }
    }
}

/// The root that a command works in: `given`, else with a path named and no root, the one of that path, wherever the
/// command was run.
pub(crate) fn root_for(given: Option<&Path>, first: Option<&Path>) -> Option<PathBuf> {
    if let Some(given) = given {
        return Some(given.to_owned());
    }
    let here = std::env::current_dir().ok()?;
    let here = std::fs::canonicalize(&here).unwrap_or(here);
    let first = std::fs::canonicalize(first?).ok()?;
    let start = if first.is_dir() {
        first.as_path()
    } else {
        first.parent()?
    };
    let own = engine::engine::find_root(&here);
    if start.starts_with(&own) {
        Some(own)
    } else {
        Some(engine::engine::find_root(start))
    }
}

/// Runs a command's future on a runtime of its own; the engine has another one.
pub(crate) fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?
        .block_on(future)
}
