//! An open workspace root: its configuration, its agents and what was dismissed in it.

use super::{Sink, checks};
use crate::config::{self, Config, Loaded, Problem, ReviewConfig};
use crate::event::{Checked, Event, FileFindings};
use crate::ledger::{Dismissals, Ledger, Remembered};
use crate::paths::Paths;
use crate::questions::Questions;
use crate::request::Dismissal;
use crate::trust::Trust;
use agents::Pool;
use domain::board::Reviewed;
use domain::finding::Finding;
use domain::locate::Locator;
use domain::path::RelPath;
use domain::text::Text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// An open root. Names of agents may mean different things in different roots, so each has its own pool.
pub(crate) struct Root {
    pub(crate) path: PathBuf,
    pub(crate) pool: Pool,
    sink: Sink,
    /// How often the configuration was asked to be read.
    wanted: AtomicU64,
    /// What was read, and for which asking.
    current: watch::Sender<(u64, Option<Arc<Loaded>>)>,
    /// Held while a configuration takes effect, so that an older one never comes after a newer one.
    publishing: Mutex<()>,
    dismissals: RwLock<Dismissals>,
    /// True once the ledger's dismissals are in `dismissals`, or cannot be had.
    dismissals_known: watch::Sender<bool>,
    /// When each file was last answered for by each agent, counted in answers; a recollection asked for before is old.
    answered: Mutex<BTreeMap<(RelPath, String), u64>>,
    answers: AtomicU64,
}

impl Root {
    /// A root whose configuration was not read yet. Called inside of the runtime.
    pub(super) fn new(path: &Path, paths: &Paths, sink: Sink, questions: &Arc<Questions>) -> Self {
        let events = sink.clone();
        let current = watch::Sender::new((0, None));
        let asker = questions.asker(path, current.subscribe());
        Self {
            path: path.to_owned(),
            pool: Pool::new(Arc::new(move |event| events(Event::Agent(event))))
                .with_program(paths.program.clone())
                .with_logins(paths.state_dir.clone())
                .with_asker(asker),
            sink,
            wanted: AtomicU64::new(0),
            current,
            publishing: Mutex::new(()),
            dismissals: RwLock::default(),
            dismissals_known: watch::Sender::new(false),
            answered: Mutex::default(),
            answers: AtomicU64::new(0),
        }
    }
    /// The configuration as last read.
    pub(crate) fn loaded(&self) -> Option<Arc<Loaded>> {
        self.current.borrow().1.clone()
    }
    /// The configuration, not older than this call.
    pub(crate) async fn fresh(&self) -> Option<Arc<Loaded>> {
        let wanted = self.wanted.load(Ordering::SeqCst);
        let mut current = self.current.subscribe();
        let read = current
            .wait_for(|(generation, _)| *generation >= wanted)
            .await;
        read.ok()?.1.clone()
    }
    /// Reads the configuration anew and lets it take effect.
    pub(super) fn reload(
        self: Arc<Self>,
        handle: &Handle,
        paths: Arc<Paths>,
        settings: Arc<Value>,
    ) {
        let generation = self.wanted.fetch_add(1, Ordering::SeqCst) + 1;
        handle.spawn(async move {
            let path = self.path.clone();
            let reading = tokio::task::spawn_blocking(move || {
                config::load(&paths, &path, &settings, &Trust::at(paths.trust()))
            });
            let loaded = match reading.await {
                Ok(loaded) => loaded,
                Err(error) => unreadable(&self.path, &error.to_string()),
            };
            self.publish(generation, loaded);
        });
    }
    fn publish(&self, generation: u64, loaded: Loaded) {
        let _guard = self
            .publishing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if generation != self.wanted.load(Ordering::SeqCst) {
            // A newer reading is under way and will be told instead.
            return;
        }
        self.pool
            .configure(loaded.config.agents.values().cloned().collect());
        self.current
            .send_replace((generation, Some(Arc::new(loaded.clone()))));
        (self.sink)(Event::Config(Box::new(loaded)));
    }
    /// Trusts the content with this hash, if it still is what the workspace brings.
    pub(super) fn trust(&self, paths: &Paths, settings: &Value, hash: &str) -> Result<(), String> {
        let trust = Trust::at(paths.trust());
        let brings = config::load(paths, &self.path, settings, &trust).untrusted;
        match brings {
            Some(untrusted) if untrusted.hash == hash => trust
                .grant(&self.path, hash)
                .map_err(|error| error.to_string()),
            Some(_) => Err(format!(
                "the configuration of {} changed after it was shown; nothing was trusted, look at it again",
                self.path.display()
            )),
            None => Ok(()),
        }
    }
    /// Takes a dismissal in at once, also for runs under way.
    pub(super) fn dismiss(&self, dismissal: &Dismissal) {
        self.dismissals
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .add(dismissal);
    }
    /// Asks the ledger what was dismissed, by other processes too.
    pub(crate) fn recall_dismissals(self: &Arc<Self>, ledger: &Ledger) {
        let root = self.clone();
        // Dropped with the job when the ledger cannot answer.
        let known = Known(self.clone());
        ledger.dismissals(&self.path, move |dismissals| {
            root.dismissals
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .merge(dismissals);
            drop(known);
        });
    }
    /// Waits until the ledger has told its dismissals at least once.
    pub(crate) async fn dismissals_known(&self) {
        let mut known = self.dismissals_known.subscribe();
        // The sender lives as long as `self`.
        let _ = known.wait_for(|known| *known).await;
    }
    /// True when a finding was dismissed.
    pub(crate) fn hides(&self, finding: &Finding) -> bool {
        self.dismissals
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .hides(finding)
    }
    /// Notes that an agent answered for a file, before that is told.
    pub(crate) fn note_answer(&self, path: &RelPath, agent: &str) {
        let count = self.answers.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.insert((path.clone(), agent.to_owned()), count);
    }
    /// Tells what the ledger remembers of a file.
    pub(super) fn recall(
        self: &Arc<Self>,
        path: &RelPath,
        text: Text,
        version: Option<i32>,
        handle: Handle,
        ledger: &Ledger,
    ) {
        // Another process may have dismissed something; the ledger answers in this order.
        self.recall_dismissals(ledger);
        let since = self.answers.load(Ordering::SeqCst);
        let checks = checks::ask(ledger, &self.path);
        let (root, file) = (self.clone(), path.clone());
        ledger.recall(&self.path, path, move |remembered| {
            // Finding the places may take long; the ledger's thread has other things to do.
            handle.spawn_blocking(move || {
                let checks = checks.take();
                root.tell_recalled(&file, &text, version, remembered, since, &checks)
            });
        });
    }
    fn tell_recalled(
        &self,
        path: &RelPath,
        text: &Text,
        version: Option<i32>,
        remembered: Vec<Remembered>,
        since: u64,
        checks: &[Checked],
    ) {
        let locator = Locator::new(text);
        let mut by_agent: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for remembered in remembered {
            let agent = remembered.agent().to_owned();
            let finding = remembered
                .place(text, &locator)
                .filter(|it| !self.hides(it));
            by_agent.entry(agent).or_default().extend(finding);
        }
        for (agent, mut findings) in by_agent {
            findings.sort_by_key(|it| it.range);
            let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            let answered_since = answered
                .get(&(path.clone(), agent.clone()))
                .is_some_and(|at| *at > since);
            drop(answered);
            if findings.is_empty() || answered_since {
                continue;
            }
            let file = FileFindings {
                path: path.clone(),
                agent,
                reviewed: Reviewed::Ranges(Vec::new()),
                findings,
                text: text.clone(),
                version,
            };
            checks::tell(checks, &self.path, std::slice::from_ref(&file), &self.sink);
            (self.sink)(Event::Recalled {
                root: self.path.clone(),
                file,
            });
        }
    }
}

/// Says on its end that the dismissals are known, however the job that holds it ended.
struct Known(Arc<Root>);

impl Drop for Known {
    fn drop(&mut self) {
        self.0.dismissals_known.send_replace(true);
    }
}

/// What holds when the configuration could not even be looked at, which is a bug.
fn unreadable(root: &Path, error: &str) -> Loaded {
    Loaded {
        root: root.to_owned(),
        config: Config {
            review: ReviewConfig {
                agents: Vec::new(),
                ..ReviewConfig::default()
            },
            ..Config::default()
        },
        problems: vec![Problem {
            file: None,
            line: None,
            key: None,
            message: format!(
                "the configuration could not be read because of a fault in crosscheck: {error}"
            ),
            warning: false,
        }],
        untrusted: None,
        files: Vec::new(),
    }
}
