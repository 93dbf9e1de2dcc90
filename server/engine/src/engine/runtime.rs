//! The engine's threads, started when first needed.

use super::Sink;
use crate::event::Event;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::runtime::{Builder, Handle, Runtime};

/// Threads for what waits: agents, timers, git.
const WORKERS: usize = 2;
/// Most threads for what reads files or computes for long.
const BLOCKING_THREADS: usize = 32;

/// A runtime that starts with its first use and can be ended once.
#[derive(Default)]
pub(super) struct LazyRuntime {
    stage: Mutex<Stage>,
}

#[derive(Default)]
enum Stage {
    #[default]
    NotStarted,
    Running(Runtime),
    Ended,
}

impl LazyRuntime {
    /// The runtime, started if need be; `None` when it has ended or cannot be started.
    pub(super) fn handle(&self, sink: &Sink) -> Option<Handle> {
        let mut stage = self.stage();
        match &*stage {
            Stage::Running(runtime) => return Some(runtime.handle().clone()),
            Stage::Ended => return None,
            Stage::NotStarted => {}
        }
        let built = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("engine")
            .enable_all()
            .build();
        match built {
            Ok(runtime) => {
                let handle = runtime.handle().clone();
                *stage = Stage::Running(runtime);
                Some(handle)
            }
            Err(error) => {
                drop(stage);
                sink(Event::Notice(format!(
                    "threads could not be started: {error}; nothing can be reviewed"
                )));
                None
            }
        }
    }
    /// Takes the runtime out for ending it; from now on there is none.
    pub(super) fn end(&self) -> Option<Runtime> {
        match std::mem::replace(&mut *self.stage(), Stage::Ended) {
            Stage::Running(runtime) => Some(runtime),
            Stage::NotStarted | Stage::Ended => None,
        }
    }
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LazyRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.end() {
            // The last handle may go in one of the runtime's own threads, where waiting for them is not possible.
            runtime.shutdown_background();
        }
    }
}
