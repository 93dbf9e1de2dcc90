//! The ledger's own thread: does its jobs one after the other, and tidies up while there are none.

use super::store::Store;
use super::{Clock, Notify};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

/// Most jobs waiting; more are dropped, and said so.
const QUEUE: usize = 4096;

/// Something to do with the database.
pub(super) type Job = Box<dyn FnOnce(&mut Store) -> rusqlite::Result<()> + Send>;

/// The thread, started with its first job. It ends when this is dropped and the queue is empty.
pub(super) struct Worker {
    file: PathBuf,
    clock: Clock,
    notify: Notify,
    /// `None` inside when no thread could be started.
    jobs: OnceLock<Option<SyncSender<Job>>>,
    overflowing: AtomicBool,
}

impl Worker {
    pub(super) fn new(file: PathBuf, clock: Clock, notify: Notify) -> Self {
        Self {
            file,
            clock,
            notify,
            jobs: OnceLock::new(),
            overflowing: AtomicBool::new(false),
        }
    }
    pub(super) fn is_started(&self) -> bool {
        self.jobs.get().is_some()
    }
    /// Queues a job. Never blocks: when the queue is full, or there is no thread, the job is dropped.
    pub(super) fn submit(
        &self,
        job: impl FnOnce(&mut Store) -> rusqlite::Result<()> + Send + 'static,
    ) {
        let Some(jobs) = self.jobs.get_or_init(|| self.start()) else {
            return;
        };
        match jobs.try_send(Box::new(job)) {
            Ok(()) => self.overflowing.store(false, Ordering::Relaxed),
            Err(TrySendError::Full(_)) => {
                if !self.overflowing.swap(true, Ordering::Relaxed) {
                    (self.notify)(
                        "the ledger cannot keep up; some of what was found or decided will not be remembered".into(),
                    );
                }
            }
            Err(TrySendError::Disconnected(_)) => {}
        }
    }
    fn start(&self) -> Option<SyncSender<Job>> {
        let (jobs, queue) = sync_channel(QUEUE);
        let (file, clock, notify) = (self.file.clone(), self.clock.clone(), self.notify.clone());
        let thread = std::thread::Builder::new().name("ledger".into());
        match thread.spawn(move || serve(file, clock, &notify, &queue)) {
            Ok(_) => Some(jobs),
            Err(error) => {
                (self.notify)(format!(
                    "the ledger has no thread: {error}; nothing will be remembered"
                ));
                None
            }
        }
    }
}

fn serve(file: PathBuf, clock: Clock, notify: &Notify, queue: &Receiver<Job>) {
    let mut store = match Store::open(file, clock, notify.clone()) {
        Ok(store) => store,
        Err(error) => {
            notify(format!(
                "the ledger cannot be opened: {error}; nothing will be remembered"
            ));
            return;
        }
    };
    let mut untidy = true;
    loop {
        let job = match queue.try_recv() {
            Ok(job) => job,
            Err(TryRecvError::Empty) if untidy => {
                untidy = store.prune().unwrap_or(false);
                continue;
            }
            Err(TryRecvError::Empty) => match queue.recv() {
                Ok(job) => job,
                Err(_) => return,
            },
            Err(TryRecvError::Disconnected) => return,
        };
        // A job's panic is a bug; it must not take the jobs after it along.
        if catch_unwind(AssertUnwindSafe(|| store.perform(job))).is_err() {
            tracing::error!("a job of the ledger panicked");
        }
    }
}
