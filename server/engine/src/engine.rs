//! The handle to the engine that a door holds.

use crate::config::Loaded;
use crate::event::{Event, RunId};
use crate::paths::Paths;
use crate::request::{Dismissal, Review};
use agents::AgentStatus;
use domain::path::RelPath;
use domain::text::Text;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What an engine is made from.
#[derive(Clone)]
pub struct Options {
    /// Places and environment.
    pub paths: Paths,
    /// Gets every [`Event`]; called from any thread, must not block.
    pub events: Arc<dyn Fn(Event) + Send + Sync>,
}

/// The engine. Cheap to clone and cheap to make: threads, the ledger and agents start when first needed.
/// No method here blocks; results arrive as events.
#[derive(Clone)]
pub struct Engine {
    _private: (),
}

impl Engine {
    /// An engine that has done nothing yet.
    pub fn new(options: Options) -> Self {
        let _ = options;
        unimplemented!()
    }
    /// Reads the configuration of a root (canonical path) and keeps it; ends in [`Event::Config`]. Call again
    /// whenever one of [`Loaded::files`] changed or trust was given.
    pub fn open(&self, root: &Path) {
        let _ = root;
        unimplemented!()
    }
    /// Forgets a root and ends its agents and runs.
    pub fn close(&self, root: &Path) {
        let _ = root;
        unimplemented!()
    }
    /// The editor's settings, the last layer of the configuration of every root; re-reads all open roots.
    pub fn set_settings(&self, settings: serde_json::Value) {
        let _ = settings;
        unimplemented!()
    }
    /// The configuration of an open root as last read.
    pub fn config(&self, root: &Path) -> Option<Arc<Loaded>> {
        let _ = root;
        unimplemented!()
    }
    /// Starts a review; its end is [`crate::RunEvent::Ended`]. Opens the root if need be.
    pub fn review(&self, review: Review) -> RunId {
        let _ = review;
        unimplemented!()
    }
    /// Cancels a run: its `Ended` comes within 100 ms. Unknown or ended runs are ignored.
    pub fn cancel(&self, run: RunId) {
        let _ = run;
        unimplemented!()
    }
    /// Asks the ledger for what it remembers of a file; ends in one [`Event::Recalled`] per agent that said something.
    /// `version` comes back with it.
    pub fn recall(&self, root: &Path, path: &RelPath, text: Text, version: Option<i32>) {
        let _ = (root, path, text, version);
        unimplemented!()
    }
    /// Notes a dismissal in the ledger.
    pub fn dismiss(&self, root: &Path, dismissal: Dismissal) {
        let _ = (root, dismissal);
        unimplemented!()
    }
    /// Notes that findings are settled (their fix was applied, their text is gone), so that they are not recalled.
    pub fn resolve(&self, root: &Path, findings: Vec<domain::finding::FindingId>) {
        let _ = (root, findings);
        unimplemented!()
    }
    /// All agents of all open roots and their states.
    pub fn agents(&self) -> Vec<AgentStatus> {
        unimplemented!()
    }
    /// Ends an agent's processes and forgets its failures.
    pub fn restart(&self, agent: &str) {
        let _ = agent;
        unimplemented!()
    }
    /// Trusts what the workspace files of `root` bring, exactly as they are now (`hash` from [`crate::trust::Untrusted`]); re-reads
    /// the configuration. When the content changed meanwhile nothing is trusted and a notice says so.
    pub fn trust(&self, root: &Path, hash: &str) {
        let _ = (root, hash);
        unimplemented!()
    }
    /// Ends all runs and agents and flushes the ledger; blocks at most `deadline`.
    pub fn shutdown(&self, deadline: Duration) {
        let _ = deadline;
        unimplemented!()
    }
}

/// The root a path belongs to when no editor says: the nearest directory upwards with `.git` or `crosscheck.toml`,
/// else the directory itself.
pub fn find_root(start: &Path) -> PathBuf {
    let _ = start;
    unimplemented!()
}
