//! The handle to the engine that a door holds.

mod answer;
mod checks;
mod proposals;
mod root;
mod runtime;
mod stats;
mod verdicts;

use crate::budget::gate::Budgets;
use crate::config::Loaded;
use crate::event::{Event, QuestionId, Reply, RunId};
use crate::ledger::{Clock, Ledger};
use crate::paths::Paths;
use crate::questions::Questions;
use crate::request::{Edit, Review, Verify};
use crate::run;
use crate::worktree::Worktrees;
use agents::AgentStatus;
pub(crate) use checks::holds;
use domain::path::RelPath;
use domain::text::Text;
pub(crate) use root::Root;
use runtime::LazyRuntime;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Gets every event.
pub(crate) type Sink = Arc<dyn Fn(Event) + Send + Sync>;

/// What an engine is made from.
#[derive(Clone)]
pub struct Options {
    /// Places and environment.
    pub paths: Paths,
    /// Gets every [`Event`]; called from any thread, must not block.
    pub events: Arc<dyn Fn(Event) + Send + Sync>,
}

/// The engine. Cheap to clone and cheap to make: threads, the ledger and agents start when first needed.
/// No method here blocks; results arrive as events. The last clone to go ends runs and agents without ceremony;
/// [`Engine::shutdown`] is the orderly way.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    paths: Arc<Paths>,
    sink: Sink,
    ledger: Ledger,
    budgets: Arc<Budgets>,
    runtime: LazyRuntime,
    /// What agents ask, and who is to answer.
    questions: Arc<Questions>,
    /// Disposable copies for agents that edit.
    worktrees: Arc<Worktrees>,
    is_tidied: AtomicBool,
    /// The runs, so that shutdown can wait for their ends.
    tasks: TaskTracker,
    next_run: AtomicU64,
    state: Mutex<State>,
}

struct State {
    settings: Arc<serde_json::Value>,
    roots: BTreeMap<PathBuf, Arc<Root>>,
    runs: BTreeMap<RunId, Running>,
}

struct Running {
    root: PathBuf,
    cancel: CancellationToken,
}

impl Engine {
    /// An engine that has done nothing yet.
    pub fn new(options: Options) -> Self {
        Self::with_clock(options, Arc::new(SystemTime::now))
    }
    /// An engine whose records get their time from `clock`.
    pub fn with_clock(options: Options, clock: Clock) -> Self {
        let Options {
            paths,
            events: sink,
        } = options;
        let notices = sink.clone();
        let ledger = Ledger::new(
            paths.ledger(),
            clock.clone(),
            Arc::new(move |text| notices(Event::Notice(text))),
        );
        let budgets = Arc::new(Budgets::new(ledger.clone(), sink.clone(), clock));
        let state = State {
            settings: Arc::default(),
            roots: BTreeMap::new(),
            runs: BTreeMap::new(),
        };
        let questions = Arc::new(Questions::new(sink.clone()));
        let inner = Inner {
            worktrees: Arc::new(Worktrees::new(paths.worktrees())),
            is_tidied: AtomicBool::new(false),
            paths: Arc::new(paths),
            sink,
            ledger,
            budgets,
            runtime: LazyRuntime::default(),
            questions,
            tasks: TaskTracker::new(),
            next_run: AtomicU64::new(1),
            state: Mutex::new(state),
        };
        Self {
            inner: Arc::new(inner),
        }
    }
    /// Reads the configuration of a root (canonical path) and keeps it; ends in [`Event::Config`]. Call again
    /// whenever one of [`Loaded::files`] changed or trust was given. Calls in quick succession may share one event.
    pub fn open(&self, root: &Path) {
        if let Some((root, true)) = self.root(root) {
            self.reload(&root);
        }
    }
    /// Removes the disposable copies that crashed processes left behind, once, in the background; what a person should
    /// know of it comes as [`Event::Notice`].
    fn tidy(&self, handle: &Handle) {
        if self.inner.is_tidied.swap(true, Ordering::Relaxed) {
            return;
        }
        let (worktrees, sink) = (self.inner.worktrees.clone(), self.inner.sink.clone());
        handle.spawn(async move {
            for remark in worktrees.tidy().await {
                sink(Event::Notice(remark));
            }
        });
    }
    /// Forgets a root and ends its agents and runs.
    pub fn close(&self, root: &Path) {
        let mut state = self.state();
        let closed = state.roots.remove(root);
        for running in state.runs.values().filter(|it| it.root == root) {
            running.cancel.cancel();
        }
        drop(state);
        self.inner.questions.close_root(root);
        if let (Some(root), Some(handle)) = (closed, self.handle()) {
            handle.spawn(async move { root.pool.shutdown().await });
        }
    }
    /// The editor's settings, the last layer of the configuration of every root; re-reads all open roots.
    pub fn set_settings(&self, settings: serde_json::Value) {
        let mut state = self.state();
        state.settings = Arc::new(settings);
        let roots: Vec<_> = state.roots.values().cloned().collect();
        drop(state);
        for root in roots {
            self.reload(&root);
        }
    }
    /// The configuration of an open root as last read.
    pub fn config(&self, root: &Path) -> Option<Arc<Loaded>> {
        let root = self.state().roots.get(root).cloned()?;
        root.loaded()
    }
    /// Starts a review; its end is [`crate::RunEvent::Ended`]. Opens the root if need be.
    pub fn review(&self, review: Review) -> RunId {
        self.start(run::Task::Review(review))
    }
    /// Has a change proposed: [`crate::RunEvent::Proposed`] for each agent that made one, and
    /// [`crate::RunEvent::Ended`]. Nothing of the user's is touched. Opens the root if need be.
    pub fn edit(&self, edit: Edit) -> RunId {
        self.start(run::Task::Edit(edit))
    }
    /// Has findings checked by agents of other providers than those that said them: [`crate::RunEvent::Verified`] for each one that
    /// was, and [`crate::RunEvent::Ended`]. Opens the root if need be.
    pub fn verify(&self, verify: Verify) -> RunId {
        self.start(run::Task::Verify(verify))
    }
    /// Cancels a run: its `Ended` comes within 100 ms. Unknown or ended runs are ignored.
    pub fn cancel(&self, run: RunId) {
        if let Some(running) = self.state().runs.get(&run) {
            running.cancel.cancel();
        }
    }
    /// Answers a question of an agent. One that is closed is ignored.
    pub fn answer(&self, question: QuestionId, reply: Reply) {
        self.inner.questions.answer(question, reply);
    }
    /// Says that nobody is there to answer questions: from now on, what no policy allows is denied at once, and the notes
    /// of the run say so. `why` is the middle of a sentence: `there is no terminal to ask at`.
    pub fn leave_unattended(&self, why: &str) {
        self.inner.questions.leave_unattended(why.to_owned());
    }
    /// Asks the ledger for what it remembers of a file; ends in one [`Event::Recalled`] per agent that said something.
    /// `version` comes back with it.
    pub fn recall(&self, root: &Path, path: &RelPath, text: Text, version: Option<i32>) {
        if let (Some((root, _)), Some(handle)) = (self.root(root), self.handle()) {
            root.recall(path, text, version, handle, &self.inner.ledger);
        }
    }
    /// Notes that findings are settled (their fix was applied, their text is gone), so that they are not recalled.
    pub fn resolve(&self, root: &Path, findings: Vec<domain::finding::FindingId>) {
        self.inner.ledger.resolve(root, findings);
    }
    /// Notes that findings are not settled after all (their fix was taken back), so that they are recalled where their text
    /// is there again.
    pub fn reopen(&self, root: &Path, findings: Vec<domain::finding::FindingId>) {
        self.inner.ledger.reopen(root, findings);
    }
    /// All agents of all open roots and their states.
    pub fn agents(&self) -> Vec<AgentStatus> {
        let roots: Vec<_> = self.state().roots.values().cloned().collect();
        roots.iter().flat_map(|it| it.pool.status()).collect()
    }
    /// Ends an agent's processes and forgets its failures.
    pub fn restart(&self, agent: &str) {
        let Some(handle) = self.handle() else { return };
        let _in_runtime = handle.enter();
        let roots: Vec<_> = self.state().roots.values().cloned().collect();
        for root in roots {
            root.pool.restart(agent);
        }
    }
    /// Trusts what the workspace files of `root` bring, exactly as they are now (`hash` from [`crate::trust::Untrusted`]);
    /// re-reads the configuration. When the content changed meanwhile nothing is trusted and a notice says so.
    pub fn trust(&self, root: &Path, hash: &str) {
        let (Some((root, _)), Some(handle)) = (self.root(root), self.handle()) else {
            return;
        };
        let (this, hash) = (self.clone(), hash.to_owned());
        let settings = self.state().settings.clone();
        handle.spawn_blocking(move || {
            if let Err(text) = root.trust(&this.inner.paths, &settings, &hash) {
                (this.inner.sink)(Event::Notice(text));
            }
            this.reload(&root);
        });
    }
    /// Ends all runs and agents and flushes the ledger; blocks at most `deadline`. The engine does nothing afterwards.
    pub fn shutdown(&self, deadline: Duration) {
        let start = Instant::now();
        let left = || deadline.saturating_sub(start.elapsed());
        let runtime = self.inner.runtime.end();
        let (roots, runs) = {
            let mut state = self.state();
            (
                std::mem::take(&mut state.roots),
                std::mem::take(&mut state.runs),
            )
        };
        for running in runs.values() {
            running.cancel.cancel();
        }
        self.inner.questions.shut();
        if let Some(runtime) = &runtime {
            let tasks = self.inner.tasks.clone();
            let (done, wait) = std::sync::mpsc::channel();
            runtime.spawn(async move {
                tasks.close();
                let ends = roots
                    .into_values()
                    .map(|root| tokio::spawn(async move { root.pool.shutdown().await }));
                let ends: Vec<_> = ends.collect();
                tasks.wait().await;
                for end in ends {
                    // A pool that panicked has nothing left to end.
                    let _ = end.await;
                }
                let _ = done.send(());
            });
            // Whatever is not through by the deadline is dropped with the runtime.
            let _ = wait.recv_timeout(left());
        }
        self.inner.ledger.flush(left());
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }
    /// The runtime, for work that a door awaits elsewhere; `None` after shutdown.
    pub(crate) fn handle(&self) -> Option<Handle> {
        self.inner.runtime.handle(&self.inner.sink)
    }
    /// The gate of all calls.
    pub(crate) fn budgets(&self) -> Arc<Budgets> {
        self.inner.budgets.clone()
    }
    /// Places and environment.
    pub(crate) fn paths(&self) -> &Paths {
        &self.inner.paths
    }
    /// The root, opened if need be, and whether it was open before; `None` after shutdown.
    pub(crate) fn root(&self, path: &Path) -> Option<(Arc<Root>, bool)> {
        let handle = self.handle()?;
        if let Some(root) = self.state().roots.get(path) {
            return Some((root.clone(), true));
        }
        let root = {
            let _in_runtime = handle.enter();
            let (paths, questions) = (&self.inner.paths, &self.inner.questions);
            Arc::new(Root::new(path, paths, self.inner.sink.clone(), questions))
        };
        let mut state = self.state();
        if let Some(other) = state.roots.get(path) {
            return Some((other.clone(), true));
        }
        state.roots.insert(path.to_owned(), root.clone());
        drop(state);
        root.recall_verdicts(&self.inner.ledger);
        self.reload(&root);
        self.tidy(&handle);
        Some((root, false))
    }
    fn start(&self, task: run::Task) -> RunId {
        let run = RunId(self.inner.next_run.fetch_add(1, Ordering::Relaxed));
        let emitter = run::Emitter::new(run, self.inner.sink.clone());
        // From here on the end is certain: whoever drops this without a report, tells that crosscheck is ending.
        let ending = run::Ending::new(emitter.clone(), &task);
        let (Some((root, _)), Some(handle)) = (self.root(task.root()), self.handle()) else {
            return run;
        };
        let cancel = CancellationToken::new();
        let running = Running {
            root: task.root().to_owned(),
            cancel: cancel.clone(),
        };
        self.state().runs.insert(run, running);
        self.inner.questions.begin(run);
        let job = run::Job {
            run,
            task,
            root,
            ledger: self.inner.ledger.clone(),
            budgets: self.inner.budgets.clone(),
            questions: self.inner.questions.clone(),
            worktrees: self.inner.worktrees.clone(),
            emitter,
            cancel,
        };
        let inner = Arc::downgrade(&self.inner);
        let task = async move {
            let report = run::supervise(job).await;
            if let Some(inner) = Weak::upgrade(&inner) {
                inner.state().runs.remove(&run);
            }
            ending.end(report);
        };
        self.inner.tasks.spawn_on(task, &handle);
        run
    }
    fn reload(&self, root: &Arc<Root>) {
        let Some(handle) = self.handle() else { return };
        let settings = self.state().settings.clone();
        root.clone()
            .reload(&handle, self.inner.paths.clone(), settings);
    }
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state()
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is done under this lock that could leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The root a path belongs to when no editor says: the nearest directory upwards with `.git` or `crosscheck.toml`,
/// else the directory itself. Symbolic links are resolved.
pub fn find_root(start: &Path) -> PathBuf {
    let start = std::fs::canonicalize(start)
        .or_else(|_| std::path::absolute(start))
        .unwrap_or_else(|_| start.to_owned());
    let directory = match start.parent() {
        Some(parent) if start.is_file() => parent,
        _ => &start,
    };
    let marked = directory
        .ancestors()
        .find(|it| it.join(".git").exists() || it.join("crosscheck.toml").is_file());
    marked.unwrap_or(directory).to_owned()
}
