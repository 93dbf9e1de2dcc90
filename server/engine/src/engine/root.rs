//! An open workspace root: its configuration, its agents and what is not to be shown in it.

use super::{Sink, checks};
use crate::config::{self, Config, Loaded, Problem, ReviewConfig};
use crate::event::{Checked, Event, FileFindings, Verdict};
use crate::ledger::{Ledger, Remembered};
use crate::paths::Paths;
use crate::questions::Questions;
use crate::request::OpenBuffers;
use crate::sift::{CachedBaseline, Elsewhere, Entry, Sieve, Sifted, Verdicts};
use crate::trust::Trust;
use agents::Pool;
use domain::board::Reviewed;
use domain::finding::{Finding, FindingId};
use domain::identity::Lines;
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
    verdicts: RwLock<Verdicts>,
    /// True once the ledger's verdicts are in `verdicts`, or cannot be had.
    verdicts_known: watch::Sender<bool>,
    baseline: CachedBaseline,
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
            verdicts: RwLock::default(),
            verdicts_known: watch::Sender::new(false),
            baseline: CachedBaseline::default(),
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
    /// Takes a decision in at once, also for runs under way.
    pub(super) fn decide(&self, entry: Entry) {
        self.verdicts_mut(|it| it.add(entry));
    }
    /// Takes a decision back at once.
    pub(super) fn undecide(&self, id: i64) {
        self.verdicts_mut(|it| it.undo(id));
    }
    /// Takes the decisions about a finding back at once.
    pub(super) fn undecide_of(&self, finding: &FindingId) {
        self.verdicts_mut(|it| it.undo_of(&finding.0));
    }
    /// True when the last thing that was decided about this very finding is that it is right.
    pub(crate) fn is_accepted(&self, finding: &FindingId) -> bool {
        self.verdicts_ref(|it| {
            let about = |it: &&Entry| it.remarks.iter().any(|it| it.finding == finding.0);
            let last = it.entries().filter(about).last();
            last.is_some_and(|it| it.verdict == Verdict::Accepted)
        })
    }
    /// Asks the ledger what was decided, by other processes too.
    pub(crate) fn recall_verdicts(self: &Arc<Self>, ledger: &Ledger) {
        let root = self.clone();
        // Dropped with the job when the ledger cannot answer.
        let known = Known(self.clone());
        let since = self.verdicts_ref(Verdicts::changes);
        ledger.verdicts(&self.path, move |listed| {
            let mut oldest_first = listed.items;
            oldest_first.reverse();
            // What cannot be read is not known to be nothing.
            if listed.unread.is_none() || !oldest_first.is_empty() {
                root.verdicts_mut(|it| it.load(oldest_first, since));
            }
            drop(known);
        });
    }
    /// Waits until the ledger has told its verdicts at least once.
    pub(crate) async fn verdicts_known(&self) {
        let mut known = self.verdicts_known.subscribe();
        // The sender lives as long as `self`.
        let _ = known.wait_for(|known| *known).await;
    }
    /// Parts the findings of a file whose text is `text`: what is to be shown, and what is not. Reads files; `elsewhere`
    /// are those of this root.
    pub(crate) fn sift(
        &self,
        path: &RelPath,
        text: &Text,
        lines: &Lines,
        findings: Vec<Finding>,
        elsewhere: &Elsewhere,
    ) -> Sifted {
        let loaded = self.loaded();
        let honour = loaded.as_ref().map(|it| it.config.review.honour.as_slice());
        let baseline = self.baseline.get(&self.path);
        self.verdicts_ref(|verdicts| {
            let sieve = Sieve {
                verdicts,
                baseline: &baseline,
                honour: honour.unwrap_or_default(),
                elsewhere,
            };
            sieve.sift(path, text, lines, findings)
        })
    }
    /// What is wrong with the team's baseline.
    pub(crate) fn baseline_problems(&self) -> Vec<String> {
        self.baseline.get(&self.path).problems.clone()
    }
    /// The files of this root as they are, those that are open as they are in the editor.
    pub(crate) fn elsewhere(&self, open: OpenBuffers) -> Elsewhere {
        let limits = self.loaded().map(|it| it.config.limits.clone());
        Elsewhere::new(&self.path, open, limits.unwrap_or_default().file_bytes)
    }
    fn verdicts_ref<T>(&self, look: impl FnOnce(&Verdicts) -> T) -> T {
        look(&self.verdicts.read().unwrap_or_else(PoisonError::into_inner))
    }
    fn verdicts_mut(&self, change: impl FnOnce(&mut Verdicts)) {
        change(
            &mut self
                .verdicts
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
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
        // Another process may have decided something; the ledger answers in this order.
        self.recall_verdicts(ledger);
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
        let elsewhere = self.elsewhere(OpenBuffers::new());
        let mut by_agent: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for remembered in remembered {
            let agent = remembered.agent().to_owned();
            let finding = remembered.place(text, &locator);
            by_agent.entry(agent).or_default().extend(finding);
        }
        if by_agent.is_empty() {
            return;
        }
        let lines = Lines::of(text);
        for (agent, findings) in by_agent {
            let Sifted {
                shown: mut findings,
                hidden,
            } = self.sift(path, text, &lines, findings, &elsewhere);
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
                hidden,
                text: text.clone(),
                version,
            };
            let files = std::slice::from_ref(&file);
            checks::tell(checks, self, files, &elsewhere, &self.sink);
            (self.sink)(Event::Recalled {
                root: self.path.clone(),
                file,
            });
        }
    }
}

/// Says on its end that the verdicts are known, however the job that holds it ended.
struct Known(Arc<Root>);

impl Drop for Known {
    fn drop(&mut self) {
        self.0.verdicts_known.send_replace(true);
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
